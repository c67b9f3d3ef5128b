import type { ServingRuntime } from '../../../imports/serving.kserve.io/v1alpha1.js';
import { movingImage } from '../../service/image.ts';
import type { ContainerLike } from '../knative/pod.ts';
import type { Report } from '../report.ts';

/** Name of the container that serves. */
export const CONTAINER = 'kserve-container';

/** Protocols that KServe knows; the schema takes any text. */
export const PROTOCOLS = ['v1', 'v2', 'grpc-v1', 'grpc-v2'];

/** Checks the environment of a container against what KServe refuses everywhere. */
export function checkBlockedEnv({ add }: Report, path: string, container: ContainerLike): void {
  container.env?.forEach(({ name }, index) => {
    if (name === 'PYTHONPATH') {
      add(
        'kserve/blocked-env',
        `${path}.env[${index}].name`,
        'KServe refuses PYTHONPATH: it could load other code than the image holds',
        'put the modules where the image looks for them',
      );
    }
  });
}

/** Checks a ServingRuntime or ClusterServingRuntime. */
export function checkRuntime(result: Report, runtime: ServingRuntime): void {
  const { add } = result;
  const { containers = [], supportedModelFormats = [], protocolVersions = [], workerSpec } = runtime.spec ?? {};
  if (!containers.some(({ name }) => name === CONTAINER)) {
    add(
      'kserve/container-name',
      'spec.containers',
      `no container is called ${CONTAINER}`,
      `call the one that serves ${CONTAINER}`,
    );
  }
  const workers = workerSpec?.containers ?? [];
  workers.forEach((worker, index) => checkBlockedEnv(result, `spec.workerSpec.containers[${index}]`, worker));
  containers.forEach((container, index) => {
    const path = `spec.containers[${index}]`;
    checkBlockedEnv(result, path, container);
    if (container.name === CONTAINER) checkTemplates(result, path, container);
    const moving = container.image === undefined ? undefined : movingImage(container.image);
    if (moving) {
      add(
        'kserve/runtime-image',
        `${path}.image`,
        `image ${JSON.stringify(container.image)} ${moving}`,
        'pin it: name:1.4.2 or, better, name@sha256:<64 hex digits>',
      );
    }
  });
  protocolVersions.forEach((protocol, index) => {
    if (!PROTOCOLS.includes(protocol)) {
      add(
        'kserve/protocol',
        `spec.protocolVersions[${index}]`,
        `KServe knows no protocol ${JSON.stringify(protocol)}`,
        `write one of ${PROTOCOLS.join(', ')}`,
      );
    }
  });
  // KServe compares with the first of a name, also where that has none.
  const priorities = new Map<string, number | undefined>();
  supportedModelFormats.forEach(({ name, autoSelect, priority }, index) => {
    if (!autoSelect) return;
    if (!priorities.has(name)) priorities.set(name, priority);
    const other = priorities.get(name);
    if (other !== undefined && priority !== undefined && other !== priority) {
      add(
        'kserve/runtime-priority',
        `spec.supportedModelFormats[${index}].priority`,
        `format ${name} has priorities ${other} and ${priority}`,
        'give one format one priority',
      );
    }
  });
  if (!workerSpec) return;
  if (workers.length !== 1) {
    add(
      'kserve/worker',
      'spec.workerSpec.containers',
      'a multi-node runtime has exactly one worker container',
      'describe one worker-container',
    );
  }
  checkParallelSizes(result, 'spec.workerSpec', workerSpec);
  const annotations = runtime.spec?.annotations ?? {};
  containers.forEach((container, index) => {
    if (container.name !== CONTAINER) return;
    checkParallelEnv(result, `spec.containers[${index}]`, container);
    checkGpuResources(result, `spec.containers[${index}]`, container, annotations);
  });
  workers.forEach((worker, index) => {
    if (worker.name === 'worker-container') {
      checkGpuResources(result, `spec.workerSpec.containers[${index}]`, worker, annotations);
    }
  });
}

/** Checks the sizes of a multi-node predictor or runtime. */
export function checkParallelSizes(
  { add }: Report,
  field: string,
  spec: { readonly pipelineParallelSize?: number; readonly tensorParallelSize?: number },
): void {
  for (const key of ['pipelineParallelSize', 'tensorParallelSize'] as const) {
    const size = spec[key];
    if (size !== undefined && size < 1)
      add('kserve/worker', `${field}.${key}`, `${size} is below 1`, 'write 1 or more');
  }
}

/** Checks that the sizes of a multi-node predictor or runtime are no environment variables. */
export function checkParallelEnv({ add }: Report, path: string, container: ContainerLike): void {
  for (const [index, { name }] of (container.env ?? []).entries()) {
    if (name === 'PIPELINE_PARALLEL_SIZE' || name === 'TENSOR_PARALLEL_SIZE') {
      add(
        'kserve/worker',
        `${path}.env[${index}].name`,
        `${name} comes from workerSpec`,
        'write it as a field of workerSpec',
      );
    }
  }
}

/** Resources that KServe takes for no GPU, and the GPUs that it knows. */
const KNOWN_RESOURCES = new Set([
  'cpu',
  'memory',
  'storage',
  'ephemeral-storage',
  'nvidia.com/gpu',
  'amd.com/gpu',
  'intel.com/gpu',
  'habana.ai/gaudi',
]);
const GPU_TYPES = 'serving.kserve.io/gpu-resource-types';

/** Checks the resources of a multi-node container: KServe counts GPUs, and refuses those that it does not know. */
export function checkGpuResources(
  { add }: Report,
  path: string,
  { resources = {} }: ContainerLike,
  annotations: Readonly<Record<string, string>>,
): void {
  // With the annotation the list is the user's own.
  if (annotations[GPU_TYPES] !== undefined) return;
  for (const kind of ['limits', 'requests'] as const) {
    for (const name of Object.keys(resources[kind] ?? {})) {
      if (KNOWN_RESOURCES.has(name)) continue;
      add(
        'kserve/worker',
        `${path}.resources.${kind}["${name}"]`,
        `KServe knows no GPU ${name}`,
        `name it in the annotation ${GPU_TYPES}: '["${name}"]'`,
      );
    }
  }
}

/** Checks what KServe expands as a Go template. */
export function checkTemplates({ add }: Report, path: string, { args, env }: ContainerLike): void {
  const checkText = (field: string, text: string): void => {
    if (opensTemplate(text)) {
      add(
        'kserve/template',
        `${path}.${field}`,
        'KServe expands the container as a Go template, and "{{" opens an action',
        'write {{`{{`}} for two braces, or put the text into a file of the image',
      );
    }
  };
  args?.forEach((text, index) => checkText(`args[${index}]`, text));
  env?.forEach(({ value = '' }, index) => checkText(`env[${index}].value`, value));
}

/** Whether KServe would run a text as a Go template. `{{.Name}}`, `{{.Labels.x}}` are its own, {{`…`}} is literal text. */
export function opensTemplate(text: string): boolean {
  return (
    text.includes('{{') &&
    text
      .replace(/\{\{(?:- )?\s*(?:\.(?:Name|Namespace|Labels|Annotations)[\w.]*|`[^`]*`)\s*(?: -)?\}\}/g, '')
      .includes('{{')
  );
}
