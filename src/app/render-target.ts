import { checkDrift } from '../check/drift.ts';
import { checkGates } from '../check/gates.ts';
import { checkHealth } from '../check/health.ts';
import { checkMonitoring } from '../check/monitoring.ts';
import { checkCustomRules } from '../check/promql.ts';
import { checkRouting } from '../check/routing.ts';
import { checkSecretReferences } from '../check/secrets.ts';
import { checkServing } from '../check/serving.ts';
import { checkTraffic } from '../check/traffic.ts';
import type { Finding } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { renderAlertmanager } from '../render/alertmanager.ts';
import { renderArgoRollouts } from '../render/argo-rollouts.ts';
import { renderExternalSecrets } from '../render/external-secrets.ts';
import { renderGatewayApi } from '../render/gateway-api.ts';
import { renderGrafana } from '../render/grafana.ts';
import { renderIstio } from '../render/istio.ts';
import { renderFunctions } from '../render/knative.ts';
import { renderKserve } from '../render/kserve.ts';
import { renderKubernetes } from '../render/kubernetes.ts';
import { builtInGroups, renderPrometheus } from '../render/prometheus.ts';
import type { Target } from '../render/target.ts';
import type { References } from './references.ts';

/** What a service asks of its cluster that it cannot give. With an error among it, nothing is rendered. */
export function checkIntent(target: Target, references: References): Finding[] {
  return [
    ...checkServing(target),
    ...checkTraffic(target),
    ...checkGates(target),
    ...checkMonitoring(target),
    ...checkDrift(target, references),
    ...checkHealth(target),
    ...checkCustomRules(target, () => builtInGroups(target, references)),
    ...checkRouting(target),
    ...checkSecretReferences(target),
  ];
}

/** All objects that we render for one service in one environment on one cluster, system by system. */
export function renderTarget(target: Target, references: References): KubeObject[] {
  const monitoring = renderPrometheus(target, references);
  return [
    ...renderKubernetes(target),
    ...renderExternalSecrets(target),
    ...renderKserve(target),
    ...renderFunctions(target),
    ...renderIstio(target),
    ...renderGatewayApi(target),
    ...monitoring,
    ...renderAlertmanager(target),
    ...renderGrafana(target, monitoring),
    ...(target.cluster.argoRollouts ? renderArgoRollouts(target) : []),
  ];
}
