import type { z } from 'zod';
import { formatFinding } from '../../src/core/finding.ts';
import { releaseDigest, type ReleaseRecord } from '../../src/release/record.ts';
import { recordOfSources } from '../../src/release/from-sources.ts';
import { resolveServing } from '../../src/release/resolve.ts';
import { releaseState, type ReleaseState } from '../../src/release/state.ts';
import type { ReleaseStore, Stored } from '../../src/release/store.ts';
import type { Target } from '../../src/render/target.ts';
import { cluster as clusterSchema, environment as environmentSchema } from '../../src/service/platform.ts';
import { policyOf, type Exposure } from '../../src/service/release-policy.ts';
import { aiService, type AIServiceInput } from '../../src/service/service.ts';

/** What a test says about its target; everything else has a default. */
export interface TargetOptions {
  /** Default: `fraud-detector`. */
  readonly service?: string;
  /** The service as written, without overrides. Default: an sklearn predictor owned by team `risk-ml`. */
  readonly spec?: Partial<AIServiceInput>;
  /** How the default cluster deploys InferenceServices. Default: `Standard`. */
  readonly mode?: 'Standard' | 'Knative';
  /** Fields of the cluster that differ from the default one; `undefined` takes one away: `{ knative: undefined }`. */
  readonly cluster?: Partial<z.input<typeof clusterSchema>>;
  /** Fields of the environment that differ from the default one, which is in stage `prod`. */
  readonly environment?: Partial<z.input<typeof environmentSchema>>;
  /** The release that serves. Default: `v46`. Ignored with `rollout: 'replace'`. */
  readonly stable?: string;
  /** A candidate and who sees it, or that it is held. Its sources are the stable's with the release's name exchanged. */
  readonly candidate?: { readonly release: string; readonly held?: true } & Exposure;
  /** The release that served before, kept warm; made like the candidate. */
  readonly previous?: string;
  /** Base URLs of other services in the environment, by service. Default: none. */
  readonly services?: Readonly<Record<string, string>>;
}

const DEFAULT_PREDICTOR: NonNullable<AIServiceInput['predictor']> = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
  scaling: { min: 2, max: 20, target: { cpu: 70 } },
};

/**
 * A target as the app builds it: parsed by the real schemas, resolved by the real release room, from an in-memory
 * store. Environment `prod-eu`, cluster `eu-1`, namespace `<team>-prod`. Throws when the input is refused.
 *
 * @example targetOf({ candidate: { release: 'v47', weight: 10 } })
 */
export function targetOf(options: TargetOptions = {}): Target {
  const { service = 'fraud-detector', mode = 'Standard', stable = 'v46', candidate, previous, services = {} } = options;
  const written: AIServiceInput = {
    owner: { team: 'risk-ml' },
    ...(!options.spec?.predictor && !options.spec?.function && { predictor: defaultPredictor(mode) }),
    ...options.spec,
  };
  const base = aiService.parse(written);
  const env = environmentSchema.parse({
    stage: 'prod',
    clusters: ['eu-1'],
    namespace: ({ team }: { team: string }) => `${team}-prod`,
    ...options.environment,
  });
  const cluster = clusterSchema.parse({ ...defaultCluster(mode), ...options.cluster });

  const { strategy, mechanism } = policyOf(base, env.rollout);

  const records = new Map<string, ReleaseRecord>();
  for (const release of [stable, candidate?.release, previous]) {
    if (release === undefined) continue;
    const sources = JSON.parse(JSON.stringify(written).replaceAll(stable, release)) as AIServiceInput;
    const { record, findings } = recordOfSources(aiService.parse(sources), release, { service });
    if (!record) throw new Error(findings.map(formatFinding).join('\n'));
    records.set(release, { ...record, digest: releaseDigest(record.parts) });
  }
  const state = releaseState.parse({
    stable,
    ...(candidate && stateOf(candidate)),
    ...(previous !== undefined && { previous }),
  });
  const { serving, findings } = resolveServing({
    service,
    environment: 'prod-eu',
    base,
    merged: base,
    overrides: [],
    rollout: env.rollout,
    strategy,
    mechanism,
    store: memoryStore(strategy === 'replace' ? undefined : state, records),
  });
  if (!serving) throw new Error(findings.map(formatFinding).join('\n'));
  const { team } = base.owner;
  const namespace = typeof env.namespace === 'string' ? env.namespace : env.namespace({ team });
  return {
    service,
    spec: base,
    serving,
    environment: 'prod-eu',
    env,
    clusterName: 'eu-1',
    cluster,
    namespace,
    annotations: cluster.serviceAccountAnnotations?.({ team, service, namespace }) ?? {},
    serviceUrl: (name) => services[name],
  };
}

function stateOf({ release, held, ...exposure }: NonNullable<TargetOptions['candidate']>): Partial<ReleaseState> {
  const seen = exposure.weight > 0 || exposure.mirror !== undefined || exposure.header !== undefined;
  return { candidate: release, phase: held ? 'held' : seen ? 'canary' : 'warming', ...exposure };
}

/** The default cluster of a mode, as a platform writes it: everything installed, no Knative feature flags. */
export function defaultCluster(mode: 'Standard' | 'Knative'): z.input<typeof clusterSchema> {
  return {
    kubernetes: '1.33',
    kserve: { version: '0.20.0', mode },
    knative: { version: '1.21.1' },
    istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
    prometheus: { version: '3.4', ruleLabels: { release: 'kube-prometheus-stack' } },
    externalSecrets: { version: '0.20' },
    domain: 'eu.example.com',
  };
}

/** Knative scales by concurrency or requests, not by processor time. */
function defaultPredictor(mode: 'Standard' | 'Knative'): NonNullable<AIServiceInput['predictor']> {
  return mode === 'Standard'
    ? DEFAULT_PREDICTOR
    : { ...DEFAULT_PREDICTOR, scaling: { min: 2, max: 20, target: { concurrency: 4 } } };
}

function memoryStore(state: ReleaseState | undefined, records: ReadonlyMap<string, ReleaseRecord>): ReleaseStore {
  const stored = <T>(file: string, value: T): Stored<T> => ({ file, value, findings: [] });
  return {
    state: (environment, team, service) => state && stored(`releases/${environment}/${team}/${service}.yaml`, state),
    isReleased: () => state !== undefined,
    record: (service, release) => {
      const record = records.get(release);
      return record && stored(`releases/${service}/${release}.yaml`, record);
    },
    releases: () => [...records.keys()],
  };
}
