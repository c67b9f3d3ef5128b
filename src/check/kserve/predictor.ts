import type { InferenceService } from '../../../imports/serving.kserve.io/v1beta1.js';
import type { ContainerLike } from '../knative/pod.ts';
import type { Report } from '../report.ts';
import { checkGpuResources, checkParallelEnv, checkParallelSizes, CONTAINER } from './runtime.ts';

type Spec = NonNullable<InferenceService['spec']>;

/** The predictor of an InferenceService. */
export type Predictor = NonNullable<Spec['predictor']>;
/** Predictor, transformer or explainer. */
export type Component = Predictor | NonNullable<Spec['transformer']> | NonNullable<Spec['explainer']>;
/** Annotations of an InferenceService. */
export type Annotations = Readonly<Record<string, string>>;

/** Checks `spec.canary`, KServe 0.20's own canary for Standard mode. */
export function checkCanary(
  { add }: Report,
  stable: Predictor,
  canary: NonNullable<Spec['canary']>,
  mode: string | undefined,
): void {
  const rule = 'kserve/canary';
  if (canary.length > 0 && mode !== 'Standard') {
    add(
      rule,
      'spec.canary',
      `spec.canary is for Standard mode, not ${mode ?? 'an unknown one'}`,
      'leave it out, or use Standard mode',
    );
  }
  const uri = (stable.containers as readonly ContainerLike[] | undefined)
    ?.find(({ name }) => name === CONTAINER)
    ?.env?.some(({ name }) => name === 'STORAGE_URI');
  if (canary.length > 0 && !stable.model && !uri) {
    add(rule, 'spec.canary', 'a canary needs a stable predictor with a model', 'describe spec.predictor.model');
  }
  const names = new Set([stable.name]);
  let sum = 0;
  canary.forEach(({ predictor, trafficPercent }, index) => {
    const field = `spec.canary[${index}]`;
    const { name } = predictor;
    if (!name) add(rule, `${field}.predictor.name`, 'a canary has a name', 'write predictor.name');
    else if (names.has(name)) {
      add(rule, `${field}.predictor.name`, `${name} is the name of another predictor`, 'choose another name');
    }
    names.add(name);
    sum += trafficPercent;
    if (trafficPercent < 0 || trafficPercent > 100) {
      add(rule, `${field}.trafficPercent`, `${trafficPercent} is not between 0 and 100`, 'write 0 to 100');
    }
    for (const key of ['workerSpec', 'scaleTarget', 'scaleMetric', 'autoScaling'] as const) {
      if (predictor[key] !== undefined) {
        add(rule, `${field}.predictor.${key}`, 'the replicas of a canary are fixed', `leave ${key} out`);
      }
    }
    if ((predictor.maxReplicas ?? 0) > 0) {
      add(rule, `${field}.predictor.maxReplicas`, 'the replicas of a canary are fixed', 'leave maxReplicas out');
    }
    const most = stable.minReplicas ?? 1;
    if (predictor.minReplicas !== undefined && predictor.minReplicas > most) {
      add(
        rule,
        `${field}.predictor.minReplicas`,
        `${predictor.minReplicas} is more than the stable predictor's ${most}`,
        `write ${most} or less`,
      );
    }
  });
  if (sum > 100) {
    add(
      rule,
      'spec.canary',
      `traffic sums to ${sum} per cent`,
      'make it at most 100; the stable predictor gets the rest',
    );
  }
}

/** Checks `workerSpec`, a predictor over several nodes. */
export function checkWorker(report: Report, predictor: Predictor, annotations: Annotations): void {
  const { add } = report;
  const { workerSpec, model } = predictor;
  if (!workerSpec) return;
  const rule = 'kserve/worker';
  const field = 'spec.predictor.workerSpec';
  if ((workerSpec.containers?.length ?? 0) > 1)
    add(rule, `${field}.containers`, 'a worker has one container', 'leave one');
  checkParallelSizes(report, field, workerSpec);
  (workerSpec.containers as readonly ContainerLike[] | undefined)?.forEach((container, index) =>
    checkGpuResources(report, `${field}.containers[${index}]`, container, annotations),
  );
  if (!model) return;
  checkParallelEnv(report, 'spec.predictor.model', model);
  checkGpuResources(report, 'spec.predictor.model', model, annotations);
  if (!/^(pvc|oci):\/\//.test(model.storageUri ?? '')) {
    add(
      rule,
      'spec.predictor.model.storageUri',
      'several nodes read one model from a claim or an image',
      'write pvc://<claim>/<path> or oci://…',
    );
  }
  if (annotations['serving.kserve.io/autoscalerClass'] !== 'none') {
    add(
      rule,
      'metadata.annotations["serving.kserve.io/autoscalerClass"]',
      'a predictor over several nodes has no autoscaler',
      'write none',
    );
  }
}
