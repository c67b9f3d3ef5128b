import type { Answer } from '../../core/answer.ts';
import type { Finding, Where } from '../../core/finding.ts';
import { registryFinding } from './rules.ts';

/**
 * Model registries behind one small face. A registry answers which version is meant, where KServe finds its bytes, and
 * whether what a release once locked is still what the registry has. Adapters never throw on bad input, refusals or a
 * broken network: those are findings. They keep no state but credentials for the length of a command.
 */

/**
 * What a service asks of a registry, from its `RegistryModel`: a version, or a word that the registry resolves.
 * `alias` carries selectors of registries without aliases too: `latestApproved`, `stage=Production`.
 */
export interface ModelRequest {
  readonly name: string;
  readonly version?: string;
  readonly alias?: string;
  /** What `latest` may mean. Default: approved versions only. */
  readonly allow?: Allowance;
}

/** How far the registry is with taking the version in; only `ready` can be served. */
export type ModelStatus = 'ready' | 'pending' | 'failed';

/** What the registry says about approval; `unknown` where it knows no such thing, or is not told how to tell. */
export type Approval = 'approved' | 'pending' | 'rejected' | 'unknown';

/** One version of a model as a registry describes it: what a release locks. Nothing in it moves. */
export interface ResolvedModel {
  readonly name: string;
  readonly version: string;
  /**
   * Where KServe loads it from: `modelUriProblem(uri, { pinned: true })` has nothing to say, and without a digest
   * `modelUriProblem(uri)` neither. A directory ends in `/`, an object does not.
   */
  readonly uri: string;
  /**
   * `<algorithm>:<value>`, where something could be read. `sha256`, `content-tree` and `git-commit` stand for content;
   * `etag-tree` only notices that objects were written again.
   */
  readonly digest?: string;
  /** The run, job or pipeline that made it. */
  readonly run?: string;
  /** What stays different when a name and version are used again: logged model id, ARN, resource id. */
  readonly uid?: string;
  /** When the registry took it in, ISO 8601 in UTC. */
  readonly created?: string;
  readonly status: ModelStatus;
  readonly approval: Approval;
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Digests of the datasets that it was trained or measured on, by name, where the registry knows them. */
  readonly datasets: Readonly<Record<string, string>>;
}

/** What a release record has of a model, and the alias that was asked for, when it is known. */
export interface Pin {
  readonly uri: string;
  readonly name?: string;
  readonly version?: string;
  readonly digest?: string;
  readonly run?: string;
  readonly uid?: string;
  readonly created?: string;
  readonly approval?: string;
  readonly alias?: string;
}

/**
 * How a pin and the world may have come apart. `version-recreated-same-bytes`: another version by the registry's word, and the
 * one that was locked by its content; `bytes-changed`: also that the storage has nothing there; `unreadable`: nobody could tell,
 * and why; `out-of-reach`: nobody ever could, since the place is one that only a cluster reads.
 */
export type DriftKind =
  | 'alias-moved'
  | 'version-deleted'
  | 'version-recreated'
  | 'version-recreated-same-bytes'
  | 'approval-revoked'
  | 'bytes-changed'
  | 'unreadable'
  | 'out-of-reach';

/** One way in which a pin is no longer what the registry or the storage has. */
export interface Drift {
  readonly kind: DriftKind;
  /** What is different, with both values; lower case, no full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/**
 * A model registry. Made by `openRegistry` (`open.ts`).
 *
 * @example
 * const { value: registry, findings } = await openRegistry('corp', config, deps);
 * const model = await registry?.resolve({ name: 'fraud-detector', alias: 'champion' });
 */
export interface Registry {
  /** The one version that is meant. It may be unfit to serve; `refusal` decides. */
  resolve(request: ModelRequest): Promise<Answer<ResolvedModel>>;
  /** A version by its exact name. */
  describe(name: string, version: string): Promise<Answer<ResolvedModel>>;
  /** How a pin differs from what is there now; empty when it does not. */
  verify(pin: Pin): Promise<readonly Drift[]>;
}

/** What the caller's policy lets through. */
export interface Allowance {
  /** Take versions that wait for approval or were rejected. Default: false. */
  readonly unapproved?: boolean;
}

/**
 * Why a version must not be released: it is not ready, or its approval is pending or was refused. A registry that knows
 * no approval (`unknown`) refuses nothing.
 *
 * @param where the service and part that want it.
 * @example refusal(model, { service: 'fraud-detector' }, { unapproved: false })?.id // 'registry/not-approved'
 */
export function refusal(model: ResolvedModel, where: Where, allow: Allowance = {}): Finding | undefined {
  const said = `version ${JSON.stringify(model.version)} of ${JSON.stringify(model.name)}`;
  if (model.status !== 'ready') {
    const why = model.status === 'pending' ? 'is still being registered' : 'failed to register';
    const fix =
      model.status === 'pending'
        ? 'wait until the registry says that it is ready'
        : 'register it again, or name another version';
    return registryFinding('registry/not-ready', where, `${said} ${why}`, fix);
  }
  if (allow.unapproved === true || model.approval === 'approved' || model.approval === 'unknown') return undefined;
  const why = model.approval === 'pending' ? 'waits for approval' : 'was rejected';
  const fix =
    'have it approved in the registry, name an approved version, or let the policy take versions that are not approved';
  return registryFinding('registry/not-approved', where, `${said} ${why}`, fix);
}
