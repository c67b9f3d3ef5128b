import { describe, expect, it } from 'vitest';
import type { VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { KubeObject } from '../../src/core/object.ts';
import { renderIstio } from '../../src/render/istio.ts';
import { renderFunctions } from '../../src/render/knative.ts';
import { renderKserve } from '../../src/render/kserve.ts';
import { protocolOf, requestPath } from '../../src/service/runtime.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import type { Framework } from '../../src/service/workload.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

/**
 * Follows a request through what is rendered, as Istio, Knative and KServe would: from the host of the service to each
 * release, and there to the name that the server gives its model.
 */

type Fields = Record<string, unknown>;
interface Hop {
  readonly weight: number;
  /** Name of the object that answers. */
  readonly object: string;
  /** What the server serves its model as. */
  readonly servedName: string | undefined;
}

const NAMESPACE = 'risk-ml-prod';

function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((each, key) => (each as Fields | undefined)?.[key], value);
}

/** Where a request to a host goes, and under which name the model is served there. */
function follow(objects: readonly KubeObject[], host: string): Hop[] {
  const routes = objects.filter(({ kind }) => kind === 'VirtualService') as unknown as VirtualService[];
  const route = routes.find(({ spec }) => spec?.hosts?.includes(host));
  const destinations = route?.spec?.http?.[0]?.route ?? [];
  expect(destinations.reduce((sum, { weight = 0 }) => sum + weight, 0)).toBe(100);
  return destinations.map(({ destination, headers, weight = 0 }) => {
    // A rewritten host is what Knative routes by; without one the Service itself is asked.
    const final = headers?.request?.set?.['Host'] ?? destination.host;
    expect(destination.port?.number).toBe(80);
    return { weight, ...answer(objects, final) };
  });
}

/** The workload behind a host of the cluster. */
function answer(objects: readonly KubeObject[], host: string): { object: string; servedName: string | undefined } {
  const [, name = ''] = new RegExp(`^([^.]+)\\.${NAMESPACE}\\.svc\\.cluster\\.local$`).exec(host) ?? [];
  const own = objects.find(({ kind, metadata }) => ['Deployment', 'Service'].includes(kind) && metadata.name === name);
  if (own) {
    const containers = (at(own, 'spec', 'template', 'spec', 'containers') ?? []) as Fields[];
    const url = containers
      .flatMap(({ env }) => env as { name: string; value?: string }[])
      .find((variable) => variable.name === 'MODEL_URL')?.value;
    if (url !== undefined) return { object: name, servedName: answer(objects, new URL(url).hostname).servedName };
  }
  const [, service = '', component = ''] = /^(.+)-(predictor|transformer)$/.exec(name) ?? [];
  const isvc = objects.find(({ kind, metadata }) => kind === 'InferenceService' && metadata.name === service);
  expect(isvc, `nothing answers at ${host}`).toBeDefined();
  if (component === 'transformer') expect(at(isvc, 'spec', 'transformer')).toBeDefined();
  return { object: service, servedName: servedName(objects, isvc!) };
}

/** The name in a request's path: what the last argument or variable says; else the release's own, as in KServe. */
function servedName(objects: readonly KubeObject[], isvc: KubeObject): string | undefined {
  const predictor = (at(isvc, 'spec', 'predictor', 'model') ??
    at(isvc, 'spec', 'predictor', 'containers', 0)) as Fields;
  const runtime = objects.find(
    ({ kind, metadata }) => kind === 'ServingRuntime' && metadata.name === predictor['runtime'],
  );
  // KServe appends the arguments of the InferenceService to those of the runtime; the last one wins.
  const args = [
    ...((at(runtime, 'spec', 'containers', 0, 'args') ?? []) as string[]),
    ...((predictor['args'] ?? []) as string[]),
  ];
  const argument = args.filter((arg) => /^--(?:model_name|served-model-name)=/.test(arg)).at(-1);
  if (argument !== undefined) return argument.slice(argument.indexOf('=') + 1);
  const env = (predictor['env'] ?? []) as { name: string; value?: string }[];
  return env.find(({ name }) => name === 'MLSERVER_MODEL_NAME' || name === 'MODEL_NAME')?.value;
}

function objectsOf(options: TargetOptions): KubeObject[] {
  const target = targetOf(options);
  return [...renderKserve(target), ...renderFunctions(target), ...renderIstio(target)];
}

/** The name in the path of an inference request. */
function nameInPath(path: string): string | undefined {
  return /^\/v[12]\/models\/([^/:]+)/.exec(path)?.[1];
}

const HOST = `fraud-detector.${NAMESPACE}.svc.cluster.local`;
const RESOURCES = { cpu: '4', memory: '8Gi' } as const;
const FRAMEWORKS: readonly Framework[] = [
  'sklearn',
  'xgboost',
  'lightgbm',
  'tensorflow',
  'mlflow',
  'pmml',
  'paddle',
  'custom',
];

function predictorOf(framework: Framework): NonNullable<AIServiceInput['predictor']> {
  const model = { uri: 's3://ml-models/fraud-detector/v46/' };
  return framework === 'custom'
    ? { framework, image: 'registry.example.com/server:v46', protocol: 'v2', model, resources: RESOURCES }
    : { framework, model, resources: RESOURCES };
}

const FUNCTION = {
  predictor: { ...predictorOf('sklearn'), servedName: 'fraud' },
  function: { image: 'registry.example.com/api:v46', env: { MODEL_URL: { part: 'predictor' } }, resources: RESOURCES },
};
const FUNCTION_HOPS: readonly Hop[] = [
  { weight: 90, object: 'fraud-detector-function-v46', servedName: 'fraud' },
  { weight: 10, object: 'fraud-detector-function-v47', servedName: 'fraud' },
];

describe.each(['Standard', 'Knative'] as const)('in %s mode a request to the service', (mode) => {
  const canary: TargetOptions = { mode, stable: 'v46', candidate: { release: 'v47', weight: 10 }, previous: 'v45' };

  it.each(FRAMEWORKS)('finds the same model path in every release of %s', (framework) => {
    const predictor = predictorOf(framework);
    const path = requestPath(framework, protocolOf(framework, predictor.protocol), 'fraud-detector')!;
    const hops = follow(objectsOf({ ...canary, spec: { predictor } }), HOST);
    expect(hops).toEqual([
      { weight: 90, object: 'fraud-detector-v46', servedName: 'fraud-detector' },
      { weight: 10, object: 'fraud-detector-v47', servedName: 'fraud-detector' },
    ]);
    expect(hops.map((hop) => hop.servedName)).toEqual(hops.map(() => nameInPath(path)));
  });

  it('finds the name that the model asks for in the body of vLLM', () => {
    const predictor = { ...predictorOf('vllm'), resources: { ...RESOURCES, gpu: 1 }, servedName: 'support-llm' };
    expect(follow(objectsOf({ ...canary, spec: { predictor } }), HOST).map((hop) => hop.servedName)).toEqual([
      'support-llm',
      'support-llm',
    ]);
  });

  it('passes through the transformer of a release', () => {
    const transformer = { image: 'registry.example.com/transformer:v46', resources: RESOURCES };
    expect(
      follow(objectsOf({ ...canary, spec: { predictor: predictorOf('sklearn'), transformer } }), HOST),
    ).toMatchObject([{ weight: 90 }, { weight: 10 }]);
  });

  it('passes through the function of a release, to the model of that release', () => {
    expect(follow(objectsOf({ ...canary, spec: FUNCTION }), HOST)).toEqual(FUNCTION_HOPS);
  });

  it('leads from every host of a public service to the same releases', () => {
    const spec = {
      predictor: predictorOf('sklearn'),
      traffic: { visibility: 'public' as const, hosts: ['fraud.example.com'] },
    };
    const objects = objectsOf({ ...canary, spec });
    const hosts = [HOST, `fraud-detector.${NAMESPACE}.eu.example.com`, 'fraud.example.com'];
    expect(new Set(hosts.map((host) => JSON.stringify(follow(objects, host)))).size).toBe(1);
  });
});

it('a request passes through a function in a Deployment, where there is no Knative', () => {
  const options: TargetOptions = {
    stable: 'v46',
    candidate: { release: 'v47', weight: 10 },
    previous: 'v45',
    cluster: { knative: undefined },
    spec: FUNCTION,
  };
  expect(follow(objectsOf(options), HOST)).toEqual(FUNCTION_HOPS);
});

describe('a caller without a proxy', () => {
  it('reaches pods of the stable release in Standard mode', () => {
    const objects = objectsOf({ candidate: { release: 'v47', weight: 10 } });
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'fraud-detector');
    const selector = at(service, 'spec', 'selector') as Record<string, string>;
    const selected = objects.filter(
      ({ kind, metadata }) =>
        kind === 'InferenceService' &&
        Object.entries(selector).every(([label, value]) => metadata.labels?.[label] === value),
    );
    expect(selected.map(({ metadata }) => metadata.name)).toEqual(['fraud-detector-v46']);
    const runtime = objects.find(({ kind }) => kind === 'ServingRuntime');
    expect(at(service, 'spec', 'ports', 0, 'targetPort')).toBe(
      at(runtime, 'spec', 'containers', 0, 'ports', 0, 'containerPort'),
    );
  });

  it('reaches the local gateway on Knative, which the route is attached to', () => {
    const objects = objectsOf({ mode: 'Knative' });
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'fraud-detector');
    expect(at(service, 'spec', 'externalName')).toBe('knative-local-gateway.istio-system.svc.cluster.local');
    const route = objects.find(({ kind }) => kind === 'VirtualService');
    expect(at(route, 'spec', 'gateways')).toContain('knative-serving/knative-local-gateway');
    expect(at(route, 'spec', 'hosts')).toContain(HOST);
  });
});
