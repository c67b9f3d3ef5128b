import { Platform } from '../../src/app/platform.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';

/** A cluster with everything installed. */
export const stack: ClusterSpec = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  knative: { version: '1.21.1' },
  istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
  prometheus: { version: '3.4', ruleLabels: { release: 'kube-prometheus-stack' }, sources: [] },
  externalSecrets: { version: '2.9' },
  domain: 'eu.example.com',
};

/** A platform with one environment in stage dev and one in stage prod, on one cluster each. */
export function platformWith(cluster: Partial<ClusterSpec> = {}, root = '/nowhere') {
  return new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
      argocd: { version: '3.5' },
      clusters: { 'dev-1': { ...stack, ...cluster }, 'eu-1': { ...stack, ...cluster } },
      environments: {
        dev: { stage: 'dev', clusters: ['dev-1'], namespace: ({ team }) => `${team}-dev` },
        'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => `${team}-prod` },
      },
    },
    { root },
  );
}
