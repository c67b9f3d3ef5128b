import { IN_PLACE } from '../release/serving.ts';

/** What the guard asks about the tree that is about to be written. */
export interface GuardQuestions {
  /** Whether a unit, `envs/<environment>/<cluster>/<team>/<service>`, is still there. */
  readonly remains: (unit: string) => boolean;
  /** Whether the release store knows the service there, and has a workload per release of the kind of a manifest, so that its commands decide which of them go. */
  readonly released: (environment: string, team: string, service: string, manifest: string) => boolean;
}

/** Kinds whose deletion takes a live service down, by the start of file names; releases come and go as these. */
const WORKLOADS: Readonly<Record<string, string>> = {
  inferenceservice: 'InferenceService',
  llminferenceservice: 'LLMInferenceService',
  'service.serving': 'Knative Service',
  deployment: 'Deployment',
};
const WORKLOAD = startOf(WORKLOADS);

/** A workload that is one for all releases: it goes with its strategy, which is an edit and no release command. */
function isOneForAll(manifest: string, service: string): boolean {
  return manifest.endsWith(`-${IN_PLACE}.yaml`) || manifest === `service.serving.${service}-function.yaml`;
}

/** Whether a file of that name holds a workload that serves. */
export function isWorkload(manifest: string): boolean {
  return WORKLOAD.test(manifest);
}

/** Kinds whose deletion takes data or more down, and that no release command touches. */
const LASTING_KINDS: Readonly<Record<string, string>> = {
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
  persistentvolumeclaim: 'PersistentVolumeClaim',
  namespace: 'Namespace',
};
const LASTING = startOf(LASTING_KINDS);

function startOf(kinds: Readonly<Record<string, string>>): RegExp {
  return new RegExp(`^(${Object.keys(kinds).join('|').replaceAll('.', '\\.')})\\.`);
}

/**
 * The object that a guarded manifest holds, for people, by the name of its file.
 *
 * @example guardedObject('envs/prod/eu-1/risk-ml/fraud/manifests/inferenceservice.fraud-v46.yaml') // 'InferenceService fraud-v46'
 */
export function guardedObject(path: string): string | undefined {
  const manifest = path.slice(path.lastIndexOf('/') + 1);
  const [start = '', kind = ''] = WORKLOAD.exec(manifest) ?? LASTING.exec(manifest) ?? [];
  return start === ''
    ? undefined
    : `${WORKLOADS[kind] ?? LASTING_KINDS[kind]} ${manifest.slice(start.length).replace(/\.yaml$/, '')}`;
}

/** What is known of the releases of a service in an environment that has no state of it. */
export interface Unknown {
  /** Where the state would be. */
  readonly file: string;
  /** Names of its recorded releases. */
  readonly records: readonly string[];
  /** The folder of the store, where somebody named one and it has no state of anybody. */
  readonly emptyStore: string | undefined;
}

/**
 * What to do about workloads of releases that would go because their state is not there. Who reads the sources only would take
 * the service for one that was never released.
 *
 * @param unknown of a service that releases decide there; `undefined` where it has a state, or none is needed.
 * @returns of a path what to do in place of bringing it back; `undefined` where nothing more is known.
 */
export function lostState(
  unknown: (environment: string, team: string, service: string) => Unknown | undefined,
): (path: string) => string | undefined {
  return (path) => {
    const [area, environment = '', , team = '', service = '', , manifest = ''] = path.split('/');
    if (area !== 'envs' || !WORKLOAD.test(manifest) || isOneForAll(manifest, service)) return undefined;
    const found = unknown(environment, team, service);
    if (found?.records.some((release) => manifest.endsWith(`-${release}.yaml`)))
      return `there are release records of ${service}, but no state at ${found.file}: restore that file from Git`;
    if (!found) return undefined;
    return found.emptyStore === undefined
      ? `bring it back; a release changes what runs, and warms the new one first: npx ai-service release ${service}`
      : `bring it back; if ${service} was released, restore ${found.file} from Git, or correct releases of the platform: there is no state in ${found.emptyStore}`;
  };
}

/**
 * Which deletions need `--allow-delete`, and what it must name: a service that leaves an environment or a
 * cluster, a workload that goes without a release command, what a team's services share (its Namespace), and what
 * Argo CD would cascade.
 */
export function deletionGuard({ remains, released }: GuardQuestions): (path: string) => string | undefined {
  return (path) => {
    const segments = path.split('/');
    const [area, environment = '', , team = '', service = '', file, manifest = ''] = segments;
    if (area === 'argocd') return path;
    if (area !== 'envs') return undefined;
    const leaves = !remains(segments.slice(0, 5).join('/'));
    // Services have names of their own; every team has its `_shared`.
    const unit = service === '_shared' ? `${environment}/${team}/_shared` : `${environment}/${service}`;
    if (file === 'argocd-app.json') return unit;
    const workload = WORKLOAD.test(manifest);
    if (!workload && !LASTING.test(manifest)) return undefined;
    if (leaves) return unit;
    return workload && !isOneForAll(manifest, service) && released(environment, team, service, manifest)
      ? undefined
      : `${unit}/${manifest.replace(/\.yaml$/, '')}`;
  };
}
