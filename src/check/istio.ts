import type { DestinationRule, VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { AuthorizationPolicy } from '../../imports/security.istio.io/v1.js';
import type { Finding } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import type { Cluster } from '../service/platform.ts';
import { checkAuthorizationPolicy } from './istio-authorization.ts';
import { checkDestinationRule } from './istio-destination-rule.ts';
import { ISTIO_RULES } from './istio-rules.ts';
import { checkVirtualService } from './istio-virtual-service.ts';
import { reporter, type Report } from './report.ts';

export { ISTIO_RULES } from './istio-rules.ts';

const report = reporter(ISTIO_RULES);

/**
 * Checks an object of Istio that its schema has accepted: what the webhook refuses, and what Istio ignores.
 *
 * @example checkIstio(virtualService, cluster) // [{ id: 'istio/weights', … }]
 */
export function checkIstio(object: KubeObject, cluster: Cluster): Finding[] {
  const result = report({ object: objectLabel(object) });
  if (!cluster.istio) {
    result.add(
      'istio/not-installed',
      undefined,
      'the cluster has no Istio',
      'add istio to the cluster, or remove the object',
    );
  }
  checkAnnotations(result, object);
  switch (object.kind) {
    case 'VirtualService':
      checkVirtualService(result, object as unknown as VirtualService, cluster);
      break;
    case 'DestinationRule':
      checkDestinationRule(result, object as unknown as DestinationRule);
      break;
    case 'AuthorizationPolicy':
      checkAuthorizationPolicy(result, object as unknown as AuthorizationPolicy);
      break;
  }
  return result.findings;
}

/** Annotations by which Istio talks to itself, and one that only an AuthorizationPolicy has. */
function checkAnnotations({ add }: Report, { kind, metadata: { annotations = {} } }: KubeObject): void {
  for (const name of [
    'internal.istio.io/parents',
    'internal.istio.io/parent-namespace',
    'internal.istio.io/webhook-always-reject',
  ]) {
    if (annotations[name] === undefined) continue;
    add('istio/annotation', `metadata.annotations["${name}"]`, 'Istio alone may set it', 'remove it');
  }
  const dryRun = 'istio.io/dry-run';
  if (annotations[dryRun] === undefined || kind === 'AuthorizationPolicy') return;
  add('istio/annotation', `metadata.annotations["${dryRun}"]`, `a ${kind} cannot be tried out`, 'remove it');
}
