/** What the guard asks about the tree that is about to be written. */
export interface GuardQuestions {
  /** Whether a unit, `envs/<environment>/<cluster>/<team>/<service>`, is still there. */
  readonly remains: (unit: string) => boolean;
  /** Whether the release store knows the service there, so that its commands decide which workloads go. */
  readonly released: (environment: string, team: string, service: string) => boolean;
}

/** Kinds whose deletion takes a live service or data down, as file names start. */
const LIVE = /^(?:inferenceservice|llminferenceservice|service\.serving|deployment|statefulset|daemonset|persistentvolumeclaim|namespace)\./;

/**
 * Which deletions need `--allow-delete`, and what it must name (promise 5): a service that leaves an environment or a
 * cluster, a workload that goes without a release command, a namespace, and what Argo CD would cascade.
 */
export function deletionGuard({ remains, released }: GuardQuestions): (path: string) => string | undefined {
  return (path) => {
    const segments = path.split('/');
    const [area, environment = '', , team = '', service = '', file, manifest = ''] = segments;
    if (area === 'argocd') return path;
    if (area !== 'envs') return undefined;
    const leaves = !remains(segments.slice(0, 5).join('/'));
    if (file === 'argocd-app.json') return `${environment}/${service}`;
    if (!LIVE.test(manifest)) return undefined;
    if (leaves) return `${environment}/${service}`;
    return released(environment, team, service) ? undefined : `${environment}/${service}/${manifest.replace(/\.yaml$/, '')}`;
  };
}
