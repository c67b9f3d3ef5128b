import { App } from 'cdk8s';
import {
  compareText,
  FindingsError,
  foldFindings,
  formatFinding,
  type ClustersOf,
  type Finding,
  type Where,
} from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { didYouMean } from '../core/names.ts';
import { isMap } from '../service/common.ts';
import { parseWith, valueAt } from '../service/parse.ts';
import type { ClusterSpec, EnvironmentSpec, PlatformSpec, RegistrySpec } from '../service/platform-spec.ts';
import { platform as platformSchema, type PlatformConfig } from '../service/platform.ts';
import type { AIService } from './ai-service.ts';
import { appFinding } from './rules.ts';
import { renderUnit, synthesize, type Progress, type Synthesis } from './synthesize.ts';
import { writeScratch } from '../tree/scratch.ts';

/**
 * What a platform is made of. Names of clusters (`C`), environments (`E`), stages (`S`) and registries (`R`) are inferred
 * from it; an environment that names a cluster which is not there does not compile.
 */
export type PlatformProps<C extends string, E extends string, S extends string, R extends string> = Omit<
  PlatformSpec,
  'clusters' | 'environments' | 'registries'
> & {
  /** Clusters by name. */
  readonly clusters: Readonly<Record<C, ClusterSpec>>;
  /** Environments by name. */
  readonly environments: Readonly<
    Record<
      E,
      Omit<EnvironmentSpec, 'clusters' | 'stage'> & { readonly stage: S; readonly clusters: readonly NoInfer<C>[] }
    >
  >;
  /** Model registries by name. */
  readonly registries?: Readonly<Record<R, RegistrySpec>>;
};

/** Where a platform's files are. */
export interface PlatformOptions {
  /** Folder of the project; release store and reference files are below it. Default: the current folder. */
  readonly root?: string;
  /** Folder of the services, relative to the project: files of a service are relative to `<apps>/<service>`. Default: `apps`. */
  readonly apps?: string;
}

/**
 * The cdk8s `App` of a team of teams: environments, clusters, the GitOps repository, registries and defaults.
 * Services are constructs below it. Mistakes in the configuration are collected, and reported by `synth()`.
 *
 * @example
 * export const platform = new Platform({
 *   gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
 *   argocd: { version: '3.5' },
 *   clusters: { 'eu-1': { kubernetes: '1.33', kserve: { version: '0.20.0', mode: 'Standard' } } },
 *   environments: { prod: { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => `${team}-prod` } },
 * });
 */
export class Platform<
  C extends string = string,
  E extends string = string,
  S extends string = string,
  R extends string = string,
> extends App {
  /** Names of the clusters. */
  readonly clusters: readonly C[];
  /** Names of the environments. */
  readonly environments: readonly E[];
  /** Names of the stages, each once. */
  readonly stages: readonly S[];
  /** Names of the registries. */
  readonly registries: readonly R[];
  /** The configuration with every default filled in; missing when it has mistakes. @internal */
  readonly config: PlatformConfig | undefined;
  /** What is wrong so far. @internal */
  readonly findings: Finding[] = [];
  /** The services, in the order in which they were made. @internal */
  readonly made: AIService[] = [];
  /** As in the options, until the loader of the project says where it found the platform. @internal */
  root: string;
  /** @internal */
  apps: string;

  constructor(props: PlatformProps<C, E, S, R>, options: PlatformOptions = {}) {
    super();
    this.root = options.root ?? process.cwd();
    this.apps = options.apps ?? 'apps';
    const { value, findings } = parseWith(platformSchema, props, { file: `${this.apps}/platform.ts` });
    this.findings.push(
      ...findings,
      ...(value
        ? [
            ...clusterFindings(value, `${this.apps}/platform.ts`),
            ...stageFindings(value, `${this.apps}/platform.ts`),
            ...sourceFindings(value, `${this.apps}/platform.ts`),
          ]
        : []),
    );
    this.config = value;
    const { clusters, environments, stages, registries } = namesIn(value ?? props);
    this.clusters = clusters as C[];
    this.environments = environments as E[];
    this.stages = stages as S[];
    this.registries = registries as R[];
  }

  /** The services, sorted by name. */
  get services(): readonly AIService[] {
    return [...this.made].sort((a, b) => compareText(a.name, b.name));
  }

  /**
   * Renders and checks the whole tree; writes nothing, and throws nothing: look into `findings` before `files` are used.
   *
   * @param progress told after each service: how many are done, of how many.
   * @example
   * const { files, findings } = platform.render();
   * files.get('envs/prod/eu-1/growth/churn/manifests/virtualservice.churn.yaml')
   */
  render(progress?: Progress): Synthesis {
    return synthesize(this, progress);
  }

  /** The clusters of an environment, for printing findings. @internal */
  readonly clustersOf: ClustersOf = (environment) => this.config?.environments[environment]?.clusters ?? [];

  /** What is rendered for one service in one environment on one cluster. @internal */
  renderUnit(service: AIService, environment: string, cluster: string): readonly KubeObject[] {
    return renderUnit(this, service, environment, cluster);
  }

  /**
   * Writes the complete tree into cdk8s's output folder, as `cdk8s synth` expects it. The owned, incremental writer
   * is `ai-service synth`. Warnings go to stderr.
   *
   * @throws FindingsError with all findings, when one of them is an error; then nothing is written.
   */
  override synth(): void {
    const { files, findings } = this.render();
    if (findings.some(({ severity }) => severity === 'error')) throw new FindingsError(findings, this.clustersOf);
    for (const finding of foldFindings(findings, this.clustersOf)) process.stderr.write(`${formatFinding(finding)}\n`);
    const failed = writeScratch(this.outdir, files);
    if (failed.length > 0) throw new FindingsError(failed);
  }
}

/**
 * The names in a configuration, which may have mistakes: services are checked against them all the same. Where a mistake
 * hides some names of a kind there are none, so that nobody misses one that is there.
 */
function namesIn(props: unknown): Record<'clusters' | 'environments' | 'stages' | 'registries', string[]> {
  const mapAt = (field: string): Readonly<Record<string, unknown>> => {
    const value = valueAt(props, [field]);
    return isMap(value) ? (value as Readonly<Record<string, unknown>>) : {};
  };
  const environments = mapAt('environments');
  const stages = Object.values(environments).map((environment) => valueAt(environment, ['stage']));
  const whole = stages.every((stage) => typeof stage === 'string');
  return {
    clusters: Object.keys(mapAt('clusters')),
    environments: whole ? Object.keys(environments) : [],
    stages: whole ? [...new Set(stages)] : [],
    registries: Object.keys(mapAt('registries')),
  };
}

/** Clusters of environments that are not there, or there twice. */
function clusterFindings(config: PlatformConfig, file: string): Finding[] {
  const findings: Finding[] = [];
  for (const [name, environment] of Object.entries(config.environments)) {
    environment.clusters.forEach((cluster, index) => {
      const where: Where = { file, field: `environments.${name}.clusters[${index}]` };
      if (environment.clusters.indexOf(cluster) < index) {
        findings.push(
          appFinding(
            'platform/duplicate-cluster',
            where,
            `environment ${name} has cluster ${cluster} already`,
            'remove one of the two',
          ),
        );
      }
      if (Object.hasOwn(config.clusters, cluster)) return;
      const near = didYouMean(cluster, Object.keys(config.clusters));
      const fix = near
        ? `did you mean ${JSON.stringify(near)}?`
        : `name one of ${Object.keys(config.clusters).join(', ')}`;
      findings.push(
        appFinding('platform/unknown-cluster', where, `there is no cluster ${JSON.stringify(cluster)}`, fix),
      );
    });
  }
  return findings;
}

/** What people call production. */
const LIKE_PRODUCTION = /^(?:prod|prd|production|live)(?:-|$)/;

/** Environments that look like production and are not taken for it: their stage has another name than `prod`. */
function stageFindings({ environments }: PlatformConfig, file: string): Finding[] {
  return Object.entries(environments).flatMap(([name, { stage }]) => {
    if (stage === 'prod' || !(LIKE_PRODUCTION.test(name) || LIKE_PRODUCTION.test(stage))) return [];
    const message = `stage ${JSON.stringify(stage)} is not "prod": what Git loses is deleted from the clusters, and no alert wakes anybody up`;
    return [
      appFinding(
        'platform/stage',
        { file, field: `environments.${name}.stage` },
        message,
        "write stage: 'prod', or call environment and stage otherwise",
      ),
    ];
  });
}

/** Clusters that do not say what their Prometheus scrapes, all at once: most alerts on health are not rendered there. */
function sourceFindings({ clusters }: PlatformConfig, file: string): Finding[] {
  const silent = Object.entries(clusters)
    .filter(([, { prometheus }]) => prometheus && !prometheus.sources)
    .map(([name]) => name)
    .sort(compareText);
  if (silent.length === 0) return [];
  const message = `it is not said what the Prometheus of ${silent.join(', ')} scrapes, so that there are no alerts on pods, scaling, delivery and GPUs`;
  const fix =
    "write prometheus.sources: ['argocd', 'kubeStateMetrics'] and what else there is (docs/health.md), or [] for nothing";
  return [
    appFinding('platform/metric-sources', { file, field: `clusters.${silent[0]}.prometheus.sources` }, message, fix),
  ];
}
