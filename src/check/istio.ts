import type {
  DestinationRule,
  Gateway,
  ServiceEntry,
  Sidecar,
  VirtualService,
} from '../../imports/networking.istio.io/v1.js';
import type { EnvoyFilter } from '../../imports/networking.istio.io/v1alpha3.js';
import type {
  AuthorizationPolicy,
  PeerAuthentication,
  RequestAuthentication,
} from '../../imports/security.istio.io/v1.js';
import type { Telemetry } from '../../imports/telemetry.istio.io/v1.js';
import type { Finding } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import type { Cluster } from '../service/platform.ts';
import { checkAuthorizationPolicy } from './istio/authorization.ts';
import { checkDestinationRule } from './istio/destination-rule.ts';
import { checkEnvoyFilter } from './istio/envoy-filter.ts';
import { checkGateway } from './istio/gateway.ts';
import { checkRequestAuthentication } from './istio/request-authentication.ts';
import { ISTIO_RULES } from './istio/rules.ts';
import { checkServiceEntry } from './istio/service-entry.ts';
import { checkSidecar } from './istio/sidecar.ts';
import { checkTargets } from './istio/targets.ts';
import { checkTelemetry } from './istio/telemetry.ts';
import { checkVirtualService } from './istio/virtual-service.ts';
import { reporter, type Report } from './report.ts';

export { ISTIO_RULES } from './istio/rules.ts';

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
  KINDS[object.kind]?.(result, object, cluster);
  return result.findings;
}

/** Rules of a kind. The schema has made sure that the object has its shape. */
type KindCheck = (result: Report, object: KubeObject, cluster: Cluster) => void;

const KINDS: Readonly<Record<string, KindCheck>> = {
  AuthorizationPolicy: (result, object) => checkAuthorizationPolicy(result, object as unknown as AuthorizationPolicy),
  DestinationRule: (result, object) => checkDestinationRule(result, object as unknown as DestinationRule),
  EnvoyFilter: (result, object) => checkEnvoyFilter(result, object as unknown as EnvoyFilter),
  Gateway: (result, object) => checkGateway(result, object as unknown as Gateway),
  PeerAuthentication: (result, object) => checkTargets(result, (object as unknown as PeerAuthentication).spec ?? {}),
  RequestAuthentication: (result, object) =>
    checkRequestAuthentication(result, object as unknown as RequestAuthentication),
  ServiceEntry: (result, object) => checkServiceEntry(result, object as unknown as ServiceEntry),
  Sidecar: (result, object) => checkSidecar(result, object as unknown as Sidecar),
  Telemetry: (result, object) => checkTelemetry(result, object as unknown as Telemetry),
  VirtualService: (result, object, cluster) =>
    checkVirtualService(result, object as unknown as VirtualService, cluster),
};

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
