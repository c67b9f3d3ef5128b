import type { KubeObject } from '../../core/object.ts';
import { partOf, isWorkload } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import type { Reason } from '../plan.ts';
import { isKind, labelOf, shown, textAt } from './read.ts';

/** What objects run, where in them that stands, and what it is called. */

/** Fields down to a place in an object. */
export type Path = readonly (string | number)[];

/** A sentence that does not yet know what it explains. */
export interface Words {
  readonly text: string;
  readonly reasons: readonly Reason[];
}

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
  if (isKind(object, 'serving.kserve.io', 'InferenceService')) {
    return ['predictor', 'transformer', 'explainer'].map((component) => ({ component, pod: ['spec', component] }));
  }
  if (isKind(object, 'serving.kserve.io', 'ServingRuntime') || isKind(object, 'serving.kserve.io', 'ClusterServingRuntime'))
    return [{ pod: ['spec'] }];
  if (isKind(object, 'batch', 'CronJob')) return [{ pod: ['spec', 'jobTemplate', ...TEMPLATE] }];
  return isWorkload(object) || isKind(object, 'batch', 'Job') ? [{ pod: TEMPLATE }] : [];
}

/** What runs is called: `fraud-detector predictor`, and what belongs to no service as its object, `Deployment shop/api`. */
export function whoIs(unit: ChangedUnit, object: KubeObject, component?: string): string {
  const { service } = unit.place;
  const part = partOf(object);
  if (
    service === undefined ||
    part === undefined ||
    textAt(object, 'metadata', 'labels', 'app.kubernetes.io/name') !== service
  ) {
    return `${component === undefined || component === 'predictor' ? '' : `${component} of `}${labelOf(unit, object)}`;
  }
  return `${shown(service)} ${component === undefined || component === 'predictor' ? shown(part) : component}`;
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
