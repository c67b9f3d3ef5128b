import { canonicalJson } from '../core/digest.ts';
import type { Finding, Where } from '../core/finding.ts';
import { inParallel } from '../core/in-parallel.ts';
import { unknownRegistry } from '../release/from-sources.ts';
import type { LockedModel } from '../release/record.ts';
import { openImmutable } from '../release/registries/open.ts';
import type { Drift, DriftKind, Pin } from '../release/registries/registry.ts';
import { releaseFinding } from '../release/rules.ts';
import { mirrored } from '../render/container.ts';
import { unknownPlace, type ReleaseScope } from './release.ts';
import { emptyStore } from './no-state.ts';

/** Which locks are verified. Default: all. */
export interface LockQuery {
  readonly service?: string;
  readonly environment?: string;
}

/** What verification came to: how many models were asked for, and how they differ from what was locked. */
export interface Verified {
  readonly models: number;
  /** How many of them were locked without a digest, so that their bytes were compared with nothing. */
  readonly undigested: number;
  readonly findings: readonly Finding[];
}

/** How many models are asked for at a time. */
const AT_A_TIME = 4;

/** A locked model, and who names it. */
interface Lock {
  readonly model: LockedModel;
  /** Where the records are that have it. */
  readonly records: Map<string, Where>;
  /** Where it serves: there it matters when an alias moves. */
  readonly serves: Where[];
  /** Places of its mirrors. */
  readonly mirrors: Map<string, Where>;
}

/**
 * Asks registries and storage whether what the states name (stable, candidate, previous) is still what was locked, in all
 * environments or in one. Each model is asked for once. What could not be asked is a finding too, and never taken for well; nor is what nobody
 * could ever ask for, which is no error.
 *
 * @example (await verifyLocks(scope, { environment: 'prod-eu' })).findings
 */
export async function verifyLocks(scope: ReleaseScope, query: LockQuery = {}): Promise<Verified> {
  const unknown = unknownOf(scope, query);
  if (unknown) return { models: 0, undigested: 0, findings: [unknown] };
  // Nothing to ask about is no proof that all is well: it may be the wrong folder.
  if (scope.store.states().length === 0)
    return { models: 0, undigested: 0, findings: [emptyStore(scope.config.releases)] };
  const { locks, findings } = locksOf(scope, query);
  const verified = await inParallel([...locks.values()], AT_A_TIME, (lock) => verifyLock(scope, lock));
  const undigested = [...locks.values()].filter(({ model }) => model.digest === undefined).length;
  return { models: locks.size, undigested, findings: [...findings, ...verified.flat()] };
}

function unknownOf({ platform, config }: ReleaseScope, { service, environment }: LockQuery): Finding | undefined {
  const known = service === undefined || platform.services.some(({ name }) => name === service);
  if (known && (environment === undefined || Object.hasOwn(config.environments, environment))) return undefined;
  return unknownPlace(platform, {
    service: service ?? platform.services[0]?.name ?? '',
    environment: environment ?? '',
  });
}

function locksOf(
  { platform, config, store }: ReleaseScope,
  query: LockQuery,
): { locks: Map<string, Lock>; findings: Finding[] } {
  const locks = new Map<string, Lock>();
  const findings: Finding[] = [];
  for (const { name: service, base } of platform.services) {
    if (!base || (query.service !== undefined && query.service !== service)) continue;
    for (const [environment, { clusters }] of Object.entries(config.environments)) {
      if (query.environment !== undefined && query.environment !== environment) continue;
      const state = store.state(environment, base.owner.team, service);
      findings.push(...(state?.findings ?? []));
      if (!state?.value) continue;
      const { stable, candidate, previous } = state.value;
      for (const release of [stable, candidate, previous]) {
        if (release === undefined) continue;
        const record = store.record(service, release);
        if (!record)
          findings.push(
            releaseFinding(
              'release/unknown-release',
              { service, environment, file: state.file },
              `there is no record of release ${release}`,
              'restore that record from Git',
            ),
          );
        findings.push(...(record?.findings ?? []));
        for (const [part, { model }] of Object.entries(record?.value?.parts ?? {})) {
          if (!model) continue;
          const field = `parts.${part}.model`;
          const lock = lockIn(locks, model);
          lock.records.set(`${record!.file} ${field}`, { service, file: record!.file, field });
          if (release === stable) lock.serves.push({ service, environment, file: record!.file, field });
          for (const cluster of clusters) {
            const place = mirrored(config.clusters[cluster]?.mirrors ?? {}, model.uri);
            if (place !== model.uri)
              lock.mirrors.set(place, { service, environment, cluster, file: record!.file, field });
          }
        }
      }
    }
  }
  return { locks, findings };
}

/** The lock of a model among those that are known; metrics and datasets are not verified. */
function lockIn(locks: Map<string, Lock>, model: LockedModel): Lock {
  const { metrics: _metrics, datasets: _datasets, ...asked } = model;
  const key = canonicalJson(asked);
  const lock = locks.get(key) ?? {
    model,
    records: new Map<string, Where>(),
    serves: [],
    mirrors: new Map<string, Where>(),
  };
  locks.set(key, lock);
  return lock;
}

async function verifyLock(scope: ReleaseScope, { model, records, serves, mirrors }: Lock): Promise<Finding[]> {
  const { registry: name } = model;
  const opening = name === undefined ? openImmutable(scope.deps) : scope.registries.open(name);
  const places = [...records.values()];
  if (!opening) return places.map((where) => unknownRegistry(name ?? '', scope.registries.names, where));
  const drifts = await (await opening).verify(pinOf(model));
  const findings = drifts.flatMap((drift) =>
    (drift.kind === 'alias-moved' ? serves : places).map((where) => findingOfDrift(drift, where)),
  );
  const immutable = await openImmutable(scope.deps);
  for (const [uri, where] of mirrors) {
    // What a copy is identified by may differ from the original; that it is there is what counts.
    for (const drift of await immutable.verify({ uri })) findings.push(findingOfDrift(drift, where));
  }
  return findings;
}

function pinOf({ uri, name, version, digest, run, uid, created, approval, requested }: LockedModel): Pin {
  const known = Object.entries({
    name,
    version,
    digest,
    run,
    uid,
    created,
    approval,
    alias: requested?.slice(1),
  }).filter(([, value]) => value !== undefined);
  return { uri, ...Object.fromEntries(known) };
}

/** The rule of each kind of drift. */
const RULES = {
  'alias-moved': 'lock/alias-moved',
  'version-deleted': 'lock/version-deleted',
  'version-recreated': 'lock/version-recreated',
  'version-recreated-same-bytes': 'lock/version-recreated-same-bytes',
  'approval-revoked': 'lock/approval-revoked',
  'bytes-changed': 'lock/bytes-changed',
  unreadable: 'lock/unreadable',
  'out-of-reach': 'lock/out-of-reach',
} as const satisfies Record<DriftKind, string>;

function findingOfDrift({ kind, message, fix }: Drift, where: Where): Finding {
  return releaseFinding(RULES[kind], where, message, fix);
}
