import { registriesOf } from '../app/lock-models.ts';
import { loadProject } from '../app/project.ts';
import { parseImages, parseModels } from '../app/release-arguments.ts';
import { planRelease, releaseScope, type PlannedRelease, type ReleaseScope } from '../app/release.ts';
import type { ClustersOf, Finding } from '../core/finding.ts';
import { defaultDeps } from '../release/registries/open.ts';
import { recoverJournal } from '../tree/journal.ts';
import { EXIT } from './exit.ts';
import { carryOut, type CommitOptions } from './move.ts';
import { fail, printFindings } from './report.ts';

/** Where the sources, the tree and the release store are. */
export interface ProjectOptions {
  /** The repository that holds tree and release store. Default: the project. */
  readonly gitops?: string;
  readonly out: string;
  readonly apps: string;
  /** Default: that of the platform. */
  readonly releases?: string;
}

/** Options of `ai-service release`. */
export interface ReleaseOptions extends ProjectOptions, CommitOptions {
  readonly env: string;
  readonly model?: readonly string[];
  readonly function?: string;
  readonly image?: readonly string[];
  readonly config?: boolean;
  readonly reason?: string;
  readonly force?: boolean;
  readonly pinImages?: boolean;
  readonly allowUnapproved?: boolean;
}

/**
 * Makes a release of a service: locks its models, writes the record, makes it the candidate of the environment, and renders the
 * tree. Nothing is written when a finding is an error, or when there is nothing to release.
 */
export async function release(service: string, options: ReleaseOptions): Promise<number> {
  const {
    env: environment,
    model,
    image = [],
    function: fn,
    config,
    reason,
    force,
    pinImages,
    allowUnapproved,
    out,
    prBody,
    commit,
    branch,
  } = options;
  const models = parseModels(model ?? []);
  const images = parseImages([...image, ...(fn === undefined ? [] : [`function=${fn}`])]);
  if (!models.value || !images.value) return fail([...models.findings, ...images.findings]);
  const opened = await openProject(options);
  if ('failed' in opened) return fail(opened.failed, 'writes', opened.clustersOf);
  const { scope } = opened;
  const { clustersOf } = scope.platform;
  const { value: planned, findings } = await planRelease(scope, {
    service,
    environment,
    models: models.value,
    images: images.value,
    ...(reason !== undefined && { reason }),
    ...(config && { config }),
    ...(force && { force }),
    ...(pinImages && { pinImages }),
    ...(allowUnapproved && { allowUnapproved }),
  });
  if (!planned) return fail(findings, 'writes', clustersOf);
  printFindings(findings, 'writes', clustersOf);
  if ('nothing' in planned) {
    process.stdout.write(`${service} ${environment}: nothing to release, ${planned.nothing}\n`);
    return EXIT.fine;
  }
  const committing = {
    ...(commit && { commit }),
    ...(branch !== undefined && { branch }),
    ...(prBody !== undefined && { prBody }),
  };
  return carryOutRelease(scope, { service, environment, planned }, { out, ...committing });
}

/** A release that was planned, and for what. */
export interface ReleaseToMake {
  readonly service: string;
  readonly environment: string;
  readonly planned: PlannedRelease;
}

/** Writes a release, says so, and commits it where that is asked for. */
export function carryOutRelease(
  scope: ReleaseScope,
  { service, environment, planned }: ReleaseToMake,
  options: CommitOptions & Pick<ProjectOptions, 'out'>,
): Promise<number> {
  return carryOut({ service, environment, action: 'release', planned }, planned.changes, {
    ...options,
    gitops: scope.root,
    releases: scope.config.releases,
  });
}

/** A project, or what is wrong with it, and the clusters where they are known. */
type OpenedProject =
  | { readonly scope: ReleaseScope }
  | { readonly failed: readonly Finding[]; readonly clustersOf?: ClustersOf | undefined };

/** Loads the project in the current folder, with its registries; completes first what a killed run had begun. */
export async function openProject({
  gitops,
  out,
  apps,
  releases = gitops === undefined ? undefined : 'releases',
}: ProjectOptions): Promise<OpenedProject> {
  const unfinished = recoverJournal({ root: gitops ?? process.cwd(), tree: out });
  if (unfinished.length > 0) return { failed: unfinished };
  const { platform, findings } = await loadProject(process.cwd(), apps);
  if (!platform || findings.length > 0) {
    const failed = [...findings, ...(platform?.render().findings ?? [])];
    return { failed, clustersOf: platform?.clustersOf };
  }
  const deps = await defaultDeps(process.env);
  const scope = releaseScope(
    platform,
    { ...(gitops !== undefined && { root: gitops }), tree: out, ...(releases !== undefined && { releases }) },
    ({ registries }) => registriesOf(registries, deps),
    deps,
  );
  return scope ? { scope } : { failed: platform.findings };
}
