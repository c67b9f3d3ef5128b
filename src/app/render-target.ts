import type { KubeObject } from '../core/object.ts';
import { renderExternalSecrets } from '../render/external-secrets.ts';
import { renderIstio } from '../render/istio.ts';
import { renderFunctions } from '../render/knative.ts';
import { renderKserve } from '../render/kserve.ts';
import { renderKubernetes } from '../render/kubernetes.ts';
import { renderPrometheus } from '../render/prometheus.ts';
import type { Target } from '../render/target.ts';
import type { References } from './references.ts';

/** All objects that we render for one service in one environment on one cluster, system by system. */
export function renderTarget(target: Target, references: References): KubeObject[] {
  return [
    ...renderKubernetes(target),
    ...renderExternalSecrets(target),
    ...renderKserve(target),
    ...renderFunctions(target),
    ...renderIstio(target),
    ...renderPrometheus(target, references),
  ];
}
