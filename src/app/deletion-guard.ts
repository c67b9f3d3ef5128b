import { IN_PLACE } from '../release/serving.ts';

/** What the guard asks about the tree that is about to be written. */
export interface GuardQuestions {
  /** Whether a unit, `envs/<environment>/<cluster>/<team>/<service>`, is still there. */
  readonly remains: (unit: string) => boolean;
  /** Whether the release store knows the service there, and has a workload per release of the kind of a manifest, so that its commands decide which of them go. */
  readonly released: (environment: string, team: string, service: string, manifest: string) => boolean;
}

/** Kinds whose deletion takes a live service down, as file names start; releases come and go as these. */
const WORKLOAD = /^(?:inferenceservice|llminferenceservice|service\.serving|deployment)\./;

/** A workload that is one for all releases: it goes with its strategy, which is an edit and no release command. */
function isOneForAll(manifest: string, service: string): boolean {
  return manifest.endsWith(`-${IN_PLACE}.yaml`) || manifest === `service.serving.${service}-function.yaml`;
}

/** Whether a file of that name holds a workload that serves. */
export function isWorkload(manifest: string): boolean {
  return WORKLOAD.test(manifest);
}

/** Kinds whose deletion takes data or more down, and that no release command touches. */
const LASTING = /^(?:statefulset|daemonset|persistentvolumeclaim|namespace)\./;

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
    return workload && !isOneForAll(manifest, service) && released(environment, team, service, manifest) ? undefined : `${unit}/${manifest.replace(/\.yaml$/, '')}`;
  };
}
