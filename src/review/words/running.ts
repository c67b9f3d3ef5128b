import type { KubeObject } from '../../core/object.ts';
import { isKind, numberAt, textAt, type Path } from '../read.ts';
import { isWorkload, partOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { labelOf } from './subject.ts';
import { shown } from './text.ts';

/** What objects run, where in them that stands, and what it is called. */

/** What an InferenceService runs, each under a field of its own. */
export const COMPONENTS = ['predictor', 'transformer', 'explainer'] as const;

/** Where in an object of a kind the things are that it runs. */
export interface Running {
  /** `predictor` of an InferenceService; missing where an object runs one thing. */
  readonly component?: string;
  readonly pod: Path;
}

/** The pod of whatever makes pods of a template. */
export const TEMPLATE: Path = ['spec', 'template', 'spec'];

/** What an object runs. */
export function runningOf(object: KubeObject): Running[] {
  if (isKind(object, 'serving.kserve.io', 'InferenceService'))
    return COMPONENTS.map((component) => ({ component, pod: ['spec', component] }));
  if (isKind(object, 'serving.kserve.io', 'ServingRuntime', 'ClusterServingRuntime')) return [{ pod: ['spec'] }];
  if (isKind(object, 'batch', 'CronJob')) return [{ pod: ['spec', 'jobTemplate', ...TEMPLATE] }];
  return isWorkload(object) || isKind(object, 'batch', 'Job') ? [{ pod: TEMPLATE }] : [];
}

/** What runs is called: `fraud-detector predictor`, and what belongs to no service as its object, `Deployment shop/api`. */
export function whoIs(unit: ChangedUnit, object: KubeObject, component = 'predictor'): string {
  const { service } = unit.place;
  const part = partOf(object);
  const beside = component === 'predictor' ? undefined : component;
  if (
    service === undefined ||
    part === undefined ||
    textAt(object, 'metadata', 'labels', 'app.kubernetes.io/name') !== service
  ) {
    return `${beside === undefined ? '' : `${beside} of `}${labelOf(unit, object)}`;
  }
  return `${shown(service)} ${beside ?? shown(part)}`;
}

/** Where KServe reads that an InferenceService shall run nothing. */
export const STOP = ['metadata', 'annotations', 'serving.kserve.io/stop'] as const;

/** Whether an object keeps what it would run, and runs nothing without requests. */
export function isAtRest(object: KubeObject): boolean {
  if (isKind(object, 'serving.knative.dev', 'Service')) {
    return textAt(object, 'spec', 'template', 'metadata', 'annotations', 'autoscaling.knative.dev/min-scale') === '0';
  }
  return textAt(object, ...STOP) === 'true' || (isWorkload(object) && numberAt(object, 'spec', 'replicas') === 0);
}

/** The names that frameworks had as fields before `model`, in InferenceServices of others. */
export const MODELS = [
  'model',
  'sklearn',
  'xgboost',
  'lightgbm',
  'tensorflow',
  'pytorch',
  'triton',
  'onnx',
  'pmml',
  'paddle',
  'huggingface',
] as const;
