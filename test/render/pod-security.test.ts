import { describe, expect, it } from 'vitest';
import { renderTarget } from '../../src/app/render-target.ts';
import { createChecker } from '../../src/check/checker.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { valueAt } from '../../src/core/value-at.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const resources = { cpu: '1', memory: '1Gi' };
const own = { image: 'registry.example.com/own:1.4.2', resources };
const model = { uri: 's3://ml-models/fraud/v46/' };
const mounted = { uri: 'pvc://models/fraud/v46/' };
const sklearn = { framework: 'sklearn', model, resources } as const;
const llm = { framework: 'vllm', image: 'registry.example.com/llm-d:0.10.0', model, resources, llm: {} } as const;
const llmCluster = {
  kserve: { version: '0.20.0', mode: 'Standard', llm: { gatewayService: 'gateway.kserve.svc.cluster.local' } },
} as const;

/** All that Kubernetes' Pod Security level `restricted` asks of a container. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};
/** What containers go by that others add to a pod. */
const POD = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

type Objects = ReadonlyMap<string, KubeObject>;

/** The objects of a target by kind, beside those of the core group, each of which passes its checks. */
function rendered(options: TargetOptions): Objects {
  const target = targetOf(options);
  const objects = renderTarget(target, new Map());
  const check = createChecker([], []);
  expect(objects.flatMap((object) => check.check(object, target.cluster))).toEqual([]);
  return new Map(objects.filter(({ apiVersion }) => apiVersion !== 'v1').map((object) => [object.kind, object]));
}

const restricted = (options: TargetOptions): Objects =>
  rendered({ ...options, environment: { podSecurity: 'restricted' } });

/** Pods by who makes them: where they stand in which object. */
const PODS = {
  Service: ['spec', 'template', 'spec'],
  Deployment: ['spec', 'template', 'spec'],
  ServingRuntime: ['spec'],
  predictor: ['spec', 'predictor'],
  transformer: ['spec', 'transformer'],
  explainer: ['spec', 'explainer'],
  LLMInferenceService: ['spec', 'template'],
} as const;

const podOf = (objects: Objects, maker: keyof typeof PODS): unknown =>
  valueAt(objects.get(maker) ?? objects.get('InferenceService'), ...PODS[maker]);
const containerOf = (objects: Objects, maker: keyof typeof PODS): unknown =>
  valueAt(podOf(objects, maker), 'containers', 0, 'securityContext');

describe('where the namespaces take restricted pods only', () => {
  it('a function on Knative and one in a Deployment say all that is asked', () => {
    const spec = { function: own };
    expect(containerOf(restricted({ spec }), 'Service')).toEqual(RESTRICTED);
    expect(containerOf(restricted({ spec, cluster: { knative: undefined } }), 'Deployment')).toEqual(RESTRICTED);
  });

  it('so do a custom predictor, a transformer and an explainer', () => {
    const spec = { predictor: { framework: 'custom', ...own }, transformer: own, explainer: own } as const;
    const objects = restricted({ spec });
    for (const part of ['predictor', 'transformer', 'explainer'] as const)
      expect(containerOf(objects, part)).toEqual(RESTRICTED);
  });

  it('a runtime of ours has a seccomp profile too', () => {
    const objects = restricted({ spec: { predictor: sklearn } });
    expect(containerOf(objects, 'ServingRuntime')).toEqual({ ...RESTRICTED, privileged: false });
  });

  it('the pods hold what others add to it: on Knative where it takes that', () => {
    const podsOf = (options: TargetOptions): unknown[] => {
      const objects = restricted({ spec: { predictor: sklearn, function: own }, ...options });
      const makers = [objects.has('Service') ? 'Service' : 'Deployment', 'predictor'] as const;
      return makers.map((maker) => valueAt(podOf(objects, maker), 'securityContext'));
    };
    const flag = { knative: { version: '1.21.1', features: ['securitycontext'] } } as const;
    expect(podsOf({ mode: 'Knative' })).toEqual([undefined, undefined]);
    expect(podsOf({ mode: 'Knative', cluster: flag })).toEqual([POD, POD]);
    expect(podsOf({ mode: 'Standard' })).toEqual([undefined, POD]);
    expect(podsOf({ mode: 'Standard', cluster: { knative: undefined } })).toEqual([POD, POD]);
  });

  it.each([
    ['downloads its model', { ...llm }, true],
    [
      'downloads an adapter',
      { ...llm, model: mounted, llm: { adapters: [{ name: 'billing', uri: 's3://ml-models/lora/billing/v3/' }] } },
      true,
    ],
    ['mounts its model', { ...llm, model: mounted }, false],
    // Here KServe would leave the container in the pod as we wrote it, without an image.
    ['mounts an image', { ...llm, model: { uri: `oci+native://r.example.com/m@sha256:${'a'.repeat(64)}` } }, false],
  ])("an LLMInferenceService that %s has KServe's own restricted containers", (_what, predictor, downloads) => {
    const pod = podOf(restricted({ spec: { predictor }, cluster: llmCluster }), 'LLMInferenceService');
    expect(valueAt(pod, 'securityContext')).toEqual(POD);
    expect(valueAt(pod, 'initContainers')).toEqual(
      downloads ? [{ name: 'storage-initializer', securityContext: RESTRICTED }] : undefined,
    );
    expect(valueAt(pod, 'containers', 0, 'securityContext')).toBe(undefined);
  });
});

describe('elsewhere', () => {
  it.each([undefined, 'baseline'] as const)('containers of own images say nothing (%s)', (podSecurity) => {
    const spec = { predictor: { framework: 'custom', ...own }, transformer: own, function: own } as const;
    const objects = rendered({ spec, environment: { podSecurity } });
    expect(JSON.stringify([...objects.values()])).not.toContain('securityContext');
  });

  it('a runtime of ours says what that of KServe says', () => {
    const { seccompProfile: _none, ...known } = RESTRICTED;
    const objects = rendered({ spec: { predictor: sklearn } });
    expect(containerOf(objects, 'ServingRuntime')).toEqual({ ...known, privileged: false });
  });
});

describe('runAsUser', () => {
  it('is the user of an own image, with or without a level', () => {
    const spec = { function: { ...own, runAsUser: 1000 } };
    expect(containerOf(rendered({ spec }), 'Service')).toEqual({ runAsUser: 1000 });
    expect(containerOf(restricted({ spec }), 'Service')).toEqual({ ...RESTRICTED, runAsUser: 1000 });
  });

  it("is the user of a runtime's image, which then is not root, and beats that of the runtime", () => {
    const userOf = (framework: 'vllm' | 'triton', runAsUser?: number): unknown => {
      const predictor = { ...sklearn, framework, servedName: 'fraud', ...(runAsUser && { runAsUser }) };
      return containerOf(rendered({ spec: { predictor } }), 'ServingRuntime');
    };
    const limits = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, privileged: false };
    expect(userOf('vllm')).toEqual(limits);
    expect(userOf('vllm', 2000)).toEqual({ ...limits, runAsNonRoot: true, runAsUser: 2000 });
    expect(userOf('triton')).toEqual({ ...limits, runAsNonRoot: true, runAsUser: 1000 });
    expect(userOf('triton', 2000)).toEqual({ ...limits, runAsNonRoot: true, runAsUser: 2000 });
  });

  it('is the user of an LLMInferenceService', () => {
    const objects = rendered({ spec: { predictor: { ...llm, runAsUser: 2000 } }, cluster: llmCluster });
    expect(containerOf(objects, 'LLMInferenceService')).toEqual({ runAsUser: 2000 });
  });
});
