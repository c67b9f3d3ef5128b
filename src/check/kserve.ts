import type { ServingRuntime } from '../../imports/serving.kserve.io/v1alpha1.js';
import type { InferenceService } from '../../imports/serving.kserve.io/v1beta1.js';
import type { Finding } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import type { Cluster } from '../service/platform.ts';
import { checkRevisionAnnotations, checkRolloutDuration, checkTimeout, KNATIVE_RULES } from './knative.ts';
import { checkKnativePod, hasFeature, type ContainerLike } from './knative/pod.ts';
import { componentNameProblem } from './kserve/names.ts';
import { checkCanary, checkWorker, type Annotations, type Component, type Predictor } from './kserve/predictor.ts';
import { KSERVE_RULES } from './kserve/rules.ts';
import { checkBlockedEnv, checkRuntime, checkTemplates, CONTAINER, PROTOCOLS } from './kserve/runtime.ts';
import { checkScaling } from './kserve/scaling.ts';
import { checkStorage } from './kserve/storage.ts';
import { reporter, type Report } from './report.ts';

export { KSERVE_RULES } from './kserve/rules.ts';
export { opensTemplate } from './kserve/runtime.ts';

/** Rules on InferenceServices and ServingRuntimes beyond their schema: the webhooks', and what fails or is ignored later. */

// InferenceServices in Knative mode meet Knative's rules too.
const report = reporter([...KSERVE_RULES, ...KNATIVE_RULES]);

const MODE = 'serving.kserve.io/deploymentMode';
const OLD_MODES: Readonly<Record<string, string>> = { RawDeployment: 'Standard', Serverless: 'Knative' };

/** Keys from before `model`; the webhook rewrites them, which Argo CD shows as a difference for ever. */
const LEGACY: ReadonlySet<string> = new Set([
  'sklearn',
  'xgboost',
  'tensorflow',
  'pytorch',
  'triton',
  'onnx',
  'huggingface',
  'pmml',
  'lightgbm',
  'paddle',
]);

/**
 * Checks an object of KServe.
 *
 * @example checkKserve(inferenceService, cluster) // [{ id: 'kserve/canary-percent', … }]
 */
export function checkKserve(object: KubeObject, cluster: Cluster): Finding[] {
  const result = report({ object: objectLabel(object) });
  if (object.kind === 'InferenceService') checkInferenceService(result, object as unknown as InferenceService, cluster);
  if (object.kind === 'ServingRuntime' || object.kind === 'ClusterServingRuntime') {
    checkRuntime(result, object as unknown as ServingRuntime);
  }
  return result.findings;
}

function checkInferenceService(result: Report, service: InferenceService, cluster: Cluster): void {
  const { add } = result;
  const { name, namespace = '', annotations = {} } = service.metadata;
  if (!cluster.kserve) add('kserve/not-installed', undefined, 'the cluster has no KServe', 'add kserve to the cluster');
  if (!/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name)) {
    add(
      'kserve/name',
      'metadata.name',
      `${JSON.stringify(name)} is no name for an InferenceService`,
      'start with a letter, then lower-case letters, digits and "-"',
    );
  }
  checkMode(result, annotations, cluster);
  const { predictor, transformer, explainer, canary } = service.spec ?? {};
  if (!predictor) {
    add(
      'kserve/one-implementation',
      'spec.predictor',
      'an InferenceService without a predictor serves nothing',
      'describe spec.predictor',
    );
  }
  const checkPart = (field: string, part: string, component: Component): void => {
    const problem = componentNameProblem(annotations[MODE] === 'Knative', name, namespace, part);
    if (problem) add('kserve/derived-name', 'metadata.name', problem.message, problem.fix);
    checkComponent(result, field, component, annotations, cluster);
  };
  if (predictor) checkPart('spec.predictor', predictor.name ? `${predictor.name}-predictor` : 'predictor', predictor);
  if (transformer) checkPart('spec.transformer', 'transformer', transformer);
  if (explainer) checkPart('spec.explainer', 'explainer', explainer);
  if (predictor) checkPredictor(result, predictor, annotations);
  if (transformer) checkOne(result, 'spec.transformer', transformer.containers?.length ? 1 : 0);
  if (explainer) checkOne(result, 'spec.explainer', (explainer.containers?.length ? 1 : 0) + (explainer.art ? 1 : 0));
  if (predictor && canary) {
    checkCanary(result, predictor, canary, annotations[MODE]);
    canary.forEach((each, index) => checkCanaryPredictor(result, `spec.canary[${index}].predictor`, each.predictor));
  }
  if (annotations[MODE] === 'Knative') {
    // KServe copies them to each Knative Service and its revisions.
    checkRevisionAnnotations(annotations, (id, key, message, fix) =>
      add(id, `metadata.annotations["${key}"]`, message, fix),
    );
    checkRolloutDuration(result, annotations);
  }
}

/** What KServe asks of a canary beside what makes it one. */
function checkCanaryPredictor(
  result: Report,
  field: string,
  predictor: NonNullable<NonNullable<InferenceService['spec']>['canary']>[number]['predictor'],
): void {
  const { model, containers = [], containerConcurrency } = predictor;
  const custom = (containers as readonly ContainerLike[]).some(({ name }) => name === CONTAINER);
  const legacy = Object.keys(predictor).filter((key) => LEGACY.has(key));
  checkOne(result, field, legacy.length + (model ? 1 : 0) + (custom ? 1 : 0));
  if (containerConcurrency !== undefined && containerConcurrency < 0) {
    result.add(
      'kserve/concurrency',
      `${field}.containerConcurrency`,
      `${containerConcurrency} is negative`,
      'leave it out: Standard mode has no limit of requests in flight',
    );
  }
  // The schema asks for the name of a canary's model, and KServe leaves it alone.
  if (model) checkModel(result, `${field}.model`, { ...model, name: '' });
  checkStorage(result, field, predictor, containers, model?.storageUri);
}

function checkMode({ add }: Report, annotations: Annotations, cluster: Cluster): void {
  const mode = annotations[MODE];
  const field = `metadata.annotations["${MODE}"]`;
  if (mode === undefined) {
    add(
      'kserve/deployment-mode',
      field,
      'without a mode the cluster decides, by a setting that no one sees here',
      `write ${MODE}: ${cluster.kserve?.mode ?? 'Standard'}`,
    );
  } else if (OLD_MODES[mode] !== undefined) {
    add(
      'kserve/deployment-mode',
      field,
      `${mode} is the old name, which the webhook rewrites`,
      `write ${OLD_MODES[mode]}`,
    );
  } else if (!['Standard', 'Knative', 'ModelMesh'].includes(mode)) {
    add('kserve/deployment-mode', field, `KServe knows no mode ${JSON.stringify(mode)}`, 'write Standard or Knative');
  } else if (mode === 'Knative' && !cluster.knative) {
    add('kserve/deployment-mode', field, 'the cluster has no Knative', 'write Standard, or add knative to the cluster');
  }
  const autoscaler = annotations['serving.kserve.io/autoscalerClass'];
  if (autoscaler !== undefined && !['hpa', 'keda', 'external', 'none'].includes(autoscaler)) {
    add(
      'kserve/autoscaler-class',
      'metadata.annotations["serving.kserve.io/autoscalerClass"]',
      `${JSON.stringify(autoscaler)} is no autoscaler class`,
      'write hpa, keda, external or none',
    );
  }
}

/** What holds for predictor, transformer and explainer alike. */
function checkComponent(
  result: Report,
  field: string,
  component: Component,
  annotations: Annotations,
  cluster: Cluster,
): void {
  const { add } = result;
  const containers = (component.containers ?? []) as readonly ContainerLike[];
  const all: [string, ContainerLike][] = containers.map((container, index) => [
    `${field}.containers[${index}]`,
    container,
  ]);
  const model = 'model' in component ? component.model : undefined;
  if (model) all.push([`${field}.model`, model]);
  (component.initContainers as readonly ContainerLike[] | undefined)?.forEach((container, index) =>
    all.push([`${field}.initContainers[${index}]`, container]),
  );
  for (const [path, container] of all) checkBlockedEnv(result, path, container);
  const worker = 'workerSpec' in component ? component.workerSpec : undefined;
  (worker?.containers as readonly ContainerLike[] | undefined)?.forEach((container, index) =>
    checkBlockedEnv(result, `${field}.workerSpec.containers[${index}]`, container),
  );
  checkScaling(result, field, component, annotations);
  const { containerConcurrency, logger } = component;
  if (containerConcurrency !== undefined && containerConcurrency < 0) {
    add(
      'kserve/concurrency',
      `${field}.containerConcurrency`,
      `${containerConcurrency} is negative`,
      'write 1 or more, or 0 for no limit',
    );
  }
  if (containerConcurrency !== undefined && containerConcurrency > 0 && annotations[MODE] === 'Standard') {
    add(
      'kserve/concurrency',
      `${field}.containerConcurrency`,
      'Standard mode has no limit of requests in flight, and ignores this',
      'leave containerConcurrency out, or limit connections in the DestinationRule',
    );
  }
  if (logger) {
    if (!['all', 'request', 'response'].includes(logger.mode ?? '')) {
      add('kserve/logger', `${field}.logger.mode`, 'a logger needs a mode', 'write mode: all, request or response');
    }
    const storage = logger.storage;
    if (storage && (storage.path === undefined || storage.parameters === undefined || storage.key === undefined)) {
      add(
        'kserve/logger',
        `${field}.logger.storage`,
        'a logger that stores needs path, parameters and key',
        'write all three',
      );
    }
  }
  checkStorage(result, field, component, containers, model?.storageUri);
  if (annotations[MODE] === 'Knative') checkOnKnative(result, field, component, all, cluster);
}

/** What Knative will say about the Knative Service that KServe makes of a component. */
function checkOnKnative(
  result: Report,
  field: string,
  component: Component,
  containers: readonly (readonly [string, ContainerLike])[],
  cluster: Cluster,
): void {
  const { add } = result;
  checkTimeout(result, `${field}.timeout`, component.timeout);
  if ((component.containerConcurrency ?? 0) > 1000) {
    add(
      'knative/concurrency',
      `${field}.containerConcurrency`,
      `${component.containerConcurrency} is above 1000`,
      'write 1 to 1000, or 0 for no limit',
    );
  }
  if (component.deploymentStrategy) {
    add(
      'kserve/deployment-strategy',
      `${field}.deploymentStrategy`,
      'Knative rolls revisions out by itself',
      'leave deploymentStrategy out, or use Standard mode',
    );
  }
  checkKnativePod(
    result,
    cluster,
    field,
    component,
    containers.filter(([path]) => !path.includes('.initContainers[')),
  );
  // One storageUri is mounted when the pod is made, past Knative; storageUris go through the Knative Service.
  component.storageUris?.forEach(({ uri }, index) => {
    const flag = uri.startsWith('pvc://') ? 'persistent-volume-claim' : 'init-containers';
    if (!hasFeature(cluster, flag)) {
      add(
        'knative/feature-flag',
        `${field}.storageUris[${index}]`,
        `on Knative this needs feature ${flag}, which is not enabled on the cluster`,
        `enable kubernetes.podspec-${flag} in config-features and add '${flag}' to knative.features, or use storageUri`,
      );
    }
  });
  checkRevisionAnnotations(component.annotations ?? {}, (id, key, message, fix) =>
    add(id, `${field}.annotations["${key}"]`, message, fix),
  );
}

function checkOne({ add }: Report, field: string, implementations: number): void {
  if (implementations !== 1) {
    add(
      'kserve/one-implementation',
      field,
      `${implementations} implementations are described, but KServe takes exactly one`,
      field.endsWith('predictor')
        ? 'describe model, or containers with a kserve-container, and not both'
        : 'describe containers',
    );
  }
}

function checkPredictor(result: Report, predictor: Predictor, annotations: Annotations): void {
  const { add } = result;
  const field = 'spec.predictor';
  const legacy = Object.keys(predictor).filter(
    (key) => LEGACY.has(key) && predictor[key as keyof Predictor] !== undefined,
  );
  for (const key of legacy)
    add(
      'kserve/legacy-framework',
      `${field}.${key}`,
      `${key} is the old form, which the webhook rewrites to model`,
      `write model with modelFormat: { name: ${key} }`,
    );
  const { model, containers = [] } = predictor;
  const custom = containers.length > 0 && (!model || containers.some(({ name }) => name === CONTAINER)) ? 1 : 0;
  checkOne(result, field, legacy.length + (model ? 1 : 0) + custom);
  if (custom && !model && !containers.some(({ name }) => name === CONTAINER)) {
    add(
      'kserve/container-name',
      `${field}.containers`,
      `no container is called ${CONTAINER}`,
      `call the one that serves ${CONTAINER}`,
    );
  }
  for (const container of containers as readonly ContainerLike[]) {
    if (container.name === 'transformer-container' && container.env?.some(({ name }) => name === 'STORAGE_URI')) {
      add(
        'kserve/storage',
        `${field}.containers`,
        'a transformer-container beside the predictor may not have STORAGE_URI',
        'move STORAGE_URI to the kserve-container',
      );
    }
    const protocol = container.env?.find(({ name }) => name === 'PROTOCOL')?.value;
    if (custom && protocol !== undefined && protocol !== 'v1' && protocol !== 'v2') {
      add('kserve/protocol', `${field}.containers`, `PROTOCOL is ${JSON.stringify(protocol)}`, 'write v1 or v2');
    }
  }
  const percent = predictor.canaryTrafficPercent;
  if (percent !== undefined && annotations[MODE] === 'Standard') {
    add(
      'kserve/canary-percent',
      `${field}.canaryTrafficPercent`,
      'Standard mode ignores it: all traffic would go to the new model at once',
      'leave it out and let the VirtualService split the traffic, or use Knative mode',
    );
  } else if (percent !== undefined && (percent < 0 || percent > 100)) {
    add(
      'kserve/canary-percent',
      `${field}.canaryTrafficPercent`,
      `${percent} is not between 0 and 100`,
      'write 0 to 100',
    );
  }
  if (model) checkModel(result, `${field}.model`, model);
  checkWorker(result, predictor, annotations);
}

function checkModel(result: Report, field: string, model: NonNullable<Predictor['model']>): void {
  const { add } = result;
  const { name, runtime, protocolVersion, storage, storageUri } = model;
  if (name)
    add('kserve/container-name', `${field}.name`, 'KServe names the container of a model itself', 'leave name out');
  if (storage?.path !== undefined && storageUri !== undefined) {
    add(
      'kserve/storage',
      `${field}.storage`,
      'storageUri and storage.path are both set, which fails when KServe reconciles',
      'keep one of them',
    );
  }
  if (runtime === undefined) {
    add(
      'kserve/runtime',
      `${field}.runtime`,
      'without a runtime KServe chooses one, and may choose another after an upgrade',
      'name a ServingRuntime',
    );
  }
  if (protocolVersion === undefined) {
    add(
      'kserve/protocol',
      `${field}.protocolVersion`,
      'without a protocol the runtime decides',
      'write protocolVersion: v2 or v1',
    );
  } else if (!PROTOCOLS.includes(protocolVersion)) {
    add(
      'kserve/protocol',
      `${field}.protocolVersion`,
      `KServe knows no protocol ${JSON.stringify(protocolVersion)}`,
      `write one of ${PROTOCOLS.join(', ')}`,
    );
  }
  if (model.modelFormat === undefined) {
    add(
      'kserve/legacy-framework',
      `${field}.modelFormat`,
      'without a format no runtime supports the model, which KServe says only when it reconciles',
      'write modelFormat: { name: sklearn }, or another format of the runtime',
    );
  }
  const { confidential } = model;
  if (confidential?.enabled === true && !storageUri) {
    add('kserve/storage', `${field}.confidential`, 'a confidential model needs a storageUri', 'write storageUri');
  }
  if (
    confidential?.enabled === true &&
    confidential.resourceId &&
    !/^kbs:\/\/(?:\/[\w.-]+){3}$/.test(confidential.resourceId)
  ) {
    add(
      'kserve/storage',
      `${field}.confidential.resourceId`,
      'the key is not named as KServe wants it',
      'write kbs:///<repository>/<type>/<tag>',
    );
  }
  checkTemplates(result, field, model);
}
