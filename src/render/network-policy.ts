import type { NetworkPolicy, To } from '../../imports/networking.k8s.io/v1.js';
import { runsOnKnative } from './address.ts';
import { isLlm } from './is-llm.ts';
import { serviceSelector } from './pod-selector.ts';
import { serviceLabels, type Target } from './target.ts';

/** The label that Kubernetes puts on every Namespace, with its name. */
const NAMESPACE_NAME = 'kubernetes.io/metadata.name';

/**
 * Who may open connections to the pods of a service, when it asks for that: its own namespace, the callers it lists,
 * and what has to reach it to do its work. What pods may call stays open.
 *
 * The policy sees addresses and not requests: whoever is let in may also ask a release past its weight, and whoever may
 * ask a gateway or waypoint of an allowed namespace comes in through it.
 */
export function renderNetworkPolicy(target: Target): NetworkPolicy[] {
  const { network } = target.spec;
  if (!network) return [];
  const labels = serviceLabels(target);
  const from: To[] = [
    { podSelector: {} },
    ...network.allowFrom.map(({ namespace, pods }) => ({
      namespaceSelector: named(namespace),
      ...(pods && { podSelector: { matchLabels: pods } }),
    })),
    ...platformNamespaces(target).map((name) => ({ namespaceSelector: named(name) })),
    ...(target.cluster.prometheus ? [PROMETHEUS] : []),
    ...(target.cluster.istio?.dataplane === 'ambient' ? [AMBIENT_PROBES] : []),
  ];
  return [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: target.service, namespace: target.namespace, labels },
      spec: {
        // Pods of every part and release; not those that users add to the chart, which have other names.
        podSelector: serviceSelector(target, {
          'app.kubernetes.io/managed-by': labels['app.kubernetes.io/managed-by']!,
        }),
        policyTypes: ['Ingress'],
        ingress: [{ from }],
      },
    },
  ];
}

/** The operator labels the pods of every Prometheus so, in whichever namespace they are (prometheus-operator 0.93). */
const PROMETHEUS: To = {
  namespaceSelector: {},
  podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
};

/** In ambient mode the kubelet's probes come from this address (Istio docs, ambient: Kubernetes NetworkPolicy). */
const AMBIENT_PROBES: To = { ipBlock: { cidr: '169.254.7.127/32' } };

/** Selects the Namespace of a name. */
function named(name: string): NonNullable<To['namespaceSelector']> {
  return { matchLabels: { [NAMESPACE_NAME]: name } };
}

/** Namespaces of what stands before the pods: the public gateway, Knative's local gateway, its activator and autoscaler. */
function platformNamespaces(target: Target): string[] {
  const { istio, gatewayApi, knative } = target.cluster;
  const names = new Set<string>();
  const gateway = (istio ?? gatewayApi)?.gateway;
  if (gateway !== undefined && target.spec.traffic.visibility === 'public') names.add(gateway.split('/')[0]!);
  if (knative && target.serving.workloads.some((workload) => runsOnKnative(target, workload))) {
    names.add(knative.localGatewayService.split('.')[1]!);
    names.add('knative-serving');
  }
  if (target.serving.workloads.some(isLlm)) names.add(target.cluster.kserve?.llm?.gatewayService.split('.')[1] ?? '');
  return [...names];
}
