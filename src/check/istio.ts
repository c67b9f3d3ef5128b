import type { DestinationRule, VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { AuthorizationPolicy } from '../../imports/security.istio.io/v1.js';
import type { Finding } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import type { Cluster } from '../service/platform.ts';
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

function checkAuthorizationPolicy({ add }: Report, { spec = {} }: AuthorizationPolicy): void {
  const { action = 'ALLOW', provider, rules, selector, targetRef, targetRefs } = spec;
  const id = 'istio/authorization-policy';
  if ([selector, targetRef, targetRefs?.length ? targetRefs : undefined].filter(Boolean).length > 1) {
    add(id, 'spec.selector', 'selector and targetRefs stand side by side', 'choose one');
  }
  if (action === 'CUSTOM' && !provider?.name) {
    add(id, 'spec.provider', 'action CUSTOM asks a provider, and none is named', 'write provider: { name: … }');
  }
  if (action !== 'CUSTOM' && provider) {
    add(id, 'spec.provider', `action ${action} asks no provider`, 'remove provider, or write action: CUSTOM');
  }
  if (!rules?.length) {
    if (action === 'ALLOW') {
      add('istio/denies-everything', 'spec.rules', 'ALLOW without rules denies every request', 'list what is allowed');
    } else add(id, 'spec.rules', `action ${action} has no rules, so it does nothing`, 'list what it applies to');
  }
  rules?.forEach(({ from, to }, index) => {
    const field = `spec.rules[${index}]`;
    from?.forEach(({ source }, i) => {
      if (!source || Object.keys(source).length === 0) {
        add(id, `${field}.from[${i}].source`, 'an empty source is refused', 'say who calls, or remove it');
      }
    });
    to?.forEach(({ operation }, i) => {
      if (!operation || Object.keys(operation).length === 0) {
        add(id, `${field}.to[${i}].operation`, 'an empty operation is refused', 'say what is called, or remove it');
      }
    });
  });
}
