import { planRelease, type ReleaseScope } from '../app/release.ts';
import { findUpdates, type Proposal, type Updates } from '../app/update.ts';
import type { Finding } from '../core/finding.ts';
import { openRepository, type Repository } from '../git/repository.ts';
import { gitFinding } from '../git/rules.ts';
import { inWords, runGit } from '../git/run.ts';
import { releaseFinding } from '../release/rules.ts';
import { EXIT } from './exit.ts';
import { carryOutRelease, openProject, type ProjectOptions } from './release.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service update`. */
export interface UpdateOptions extends ProjectOptions {
  readonly all?: boolean;
  readonly env?: readonly string[];
  readonly json?: boolean;
  readonly apply?: boolean;
}

/**
 * Proposes newer releases, one branch for each service and environment, and with `--apply` makes each of them on its branch.
 * A branch that is there was proposed before, and is left alone.
 */
export async function update(services: readonly string[], options: UpdateOptions): Promise<number> {
  const { all, env, json, apply } = options;
  if ((all === true) === services.length > 0) {
    return fail([
      releaseFinding(
        'release/request',
        {},
        all ? 'services are named, and --all too' : 'no service is named',
        'name services, or say --all',
      ),
    ]);
  }
  const opened = await openProject(options);
  if ('failed' in opened) return fail(opened.failed, 'writes', opened.clustersOf);
  const { clustersOf } = opened.scope.platform;
  const updates = await findUpdates(opened.scope, { ...(all ? {} : { services }), ...(env && { environments: env }) });
  printFindings(updates.findings, 'writes', clustersOf);
  process.stdout.write(json ? jsonOf(updates) : textOf(updates));
  const failed = updates.findings.some(({ severity }) => severity === 'error');
  const applied = apply ? await applyAll(opened.scope, updates.proposals, options) : EXIT.fine;
  return failed ? EXIT.error : applied;
}

function textOf({ proposals, skipped }: Updates): string {
  const left = skipped.map(({ service, environment, why }) => `${service} ${environment}: left alone, ${why}\n`);
  if (proposals.length === 0) return [...left, 'nothing is newer\n'].join('');
  return [...left, ...proposals.map(({ title, branch }) => `${title}\n  branch ${branch}\n`)].join('');
}

function jsonOf({ proposals, skipped }: Updates): string {
  return `${JSON.stringify({ proposals, skipped }, null, 2)}\n`;
}

async function applyAll(scope: ReleaseScope, proposals: readonly Proposal[], options: UpdateOptions): Promise<number> {
  const { root } = scope;
  const { value: repository, findings } = await openRepository(root);
  if (!repository) return fail(findings);
  const start = await headOf(root);
  let code: number = EXIT.fine;
  for (const proposal of proposals) {
    if (await isProposed(repository, proposal)) {
      process.stderr.write(`${proposal.branch} is there already\n`);
      continue;
    }
    const made = await applyOne(scope, proposal, options);
    const strayed = await goBack(root, start);
    if (strayed) return fail([strayed]);
    if (made !== EXIT.fine) code = made;
  }
  return code;
}

async function applyOne(
  scope: ReleaseScope,
  { service, environment, branch, reason }: Proposal,
  { out }: UpdateOptions,
): Promise<number> {
  const { value: planned, findings } = await planRelease(scope, { service, environment, reason });
  const { clustersOf } = scope.platform;
  if (!planned) return fail(findings, 'writes', clustersOf);
  printFindings(findings, 'writes', clustersOf);
  return 'nothing' in planned ? EXIT.fine : carryOutRelease(scope, { service, environment, planned }, { out, branch });
}

async function isProposed(repository: Repository, { branch }: Proposal): Promise<boolean> {
  return (await repository.resolve(`refs/heads/${branch}`)).value !== undefined;
}

/** Where to go back to: the branch, or in pipelines the commit. */
async function headOf(root: string): Promise<readonly string[]> {
  const branch = await runGit(root, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  if (branch.code === 0) return [branch.stdout.toString().trimEnd()];
  const commit = await runGit(root, ['rev-parse', 'HEAD']);
  return ['--detach', commit.stdout.toString().trimEnd()];
}

/** Each branch starts where the command started, so that proposals do not wait for each other. */
async function goBack(root: string, start: readonly string[]): Promise<Finding | undefined> {
  const ran = await runGit(root, ['switch', '--quiet', ...start]);
  if (ran.code === 0) return undefined;
  return gitFinding(
    'git/failed',
    {},
    `git cannot go back to ${start.at(-1) ?? ''}: ${inWords(ran.stderr)}`,
    'look at git status, and run the command again',
  );
}
