import type { ServingRuntime } from '../../imports/serving.kserve.io/v1alpha1.js';
import { movingImage } from '../service/image.ts';
import type { ContainerLike } from './knative-pod.ts';
import type { Report } from './report.ts';

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
  containers.forEach((container, index) => {
    const path = `spec.containers[${index}]`;
    checkBlockedEnv(result, path, container);
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
  const priorities = new Map<string, number>();
  supportedModelFormats.forEach(({ name, autoSelect, priority }, index) => {
    if (!autoSelect || priority === undefined) return;
    const other = priorities.get(name) ?? priority;
    if (other !== priority) {
      add(
        'kserve/runtime-priority',
        `spec.supportedModelFormats[${index}].priority`,
        `format ${name} has priorities ${other} and ${priority}`,
        'give one format one priority',
      );
    }
    priorities.set(name, other);
  });
  if (workerSpec && workerSpec.containers?.length !== 1) {
    add(
      'kserve/worker',
      'spec.workerSpec.containers',
      'a multi-node runtime has exactly one worker container',
      'describe one worker-container',
    );
  }
}
