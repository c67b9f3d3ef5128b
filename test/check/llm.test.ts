import { describe, expect, it } from 'vitest';
import { checkLlm, LLM_RULES } from '../../src/check/llm.ts';
import { checkServing } from '../../src/check/serving.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

type Server = NonNullable<AIServiceInput['predictor']>;

const SERVER: Server = {
  framework: 'vllm',
  image: 'registry.example.com/llm-d:0.10.0',
  model: { uri: 's3://ml-models/support-llm/v46/' },
  resources: { cpu: '8', memory: '64Gi', gpu: 1 },
  llm: { adapters: [{ name: 'billing', uri: 's3://ml-models/lora/billing/v3/' }] },
};
const FUNCTION = { image: 'registry.example.com/api:v46', resources: { cpu: '500m', memory: '512Mi' } };
const kserve = {
  version: '0.20.0',
  mode: 'Standard',
  llm: { gatewayService: 'gateway.kserve.svc.cluster.local' },
} as const;

const target = ({ spec, cluster, ...options }: TargetOptions) =>
  targetOf({
    service: 'support-llm',
    ...options,
    spec: { predictor: SERVER, ...spec },
    cluster: { kserve, ...cluster },
  });
const found = (options: TargetOptions): string[] =>
  checkLlm(target(options)).map(({ id, where, message }) => `${id} ${where.field ?? ''}: ${message}`);
const server = (more: Partial<Server>): TargetOptions => ({ spec: { predictor: { ...SERVER, ...more } } });

const FINE: readonly (readonly [string, TargetOptions])[] = [
  ['a model with an adapter', {}],
  [
    'a canary between versions of model and adapter',
    { spec: { canary: { steps: [10] } }, candidate: { release: 'v47', weight: 10 } },
  ],
  ['a replacement in place', { spec: { replace: {} } }],
  ['KServe in Knative mode beside it', { cluster: { kserve: { ...kserve, mode: 'Knative' } } }],
  ['a fixed number of replicas, however it is written', server({ scaling: { min: 2, max: 2 } })],
  [
    'a gate on the registry',
    { spec: { canary: { steps: [10], gates: [{ registryMetric: { metric: 'auc', min: 0.9 } }] } } },
  ],
  [
    'objectives on what the vLLM counts itself',
    {
      spec: {
        monitoring: {
          slos: [{ availability: { objective: 99.9 } }, { timeToFirstToken: { below: '250ms', objective: 99 } }],
        },
      },
    },
  ],
  ['a service without one', { spec: { predictor: { ...SERVER, llm: undefined }, function: FUNCTION } }],
];

const ROUTED = 'KServe routes between LLMInferenceServices';

const WRONG: readonly (readonly [TargetOptions, string])[] = [
  [
    { cluster: { kserve: { version: '0.20.0', mode: 'Standard' } } },
    'llm/not-installed predictor.llm: cluster eu-1 has no controller of LLMInferenceServices',
  ],
  [
    { cluster: { istio: undefined } },
    "llm/not-installed predictor.llm: cluster eu-1 has no Istio to lead the address of the service to KServe's gateway",
  ],
  [
    { spec: { function: FUNCTION } },
    'llm/entry function: nothing leads requests from the function to an LLMInferenceService',
  ],
  [
    { spec: { transformer: FUNCTION } },
    'llm/entry transformer: nothing leads requests from the transformer to an LLMInferenceService',
  ],
  [
    { spec: { explainer: FUNCTION } },
    'llm/entry explainer: nothing leads requests from the explainer to an LLMInferenceService',
  ],
  [
    { spec: { predictor: { ...SERVER, llm: undefined }, function: FUNCTION, models: { draft: SERVER } } },
    'llm/entry models.draft.llm: model draft is called by a function, past the weights of its group',
  ],
  [
    { service: 's'.repeat(40) },
    `llm/name predictor: ${'s'.repeat(40)}-v46 is 1 character too long: KServe makes the Service ${'s'.repeat(40)}-v46-kserve-workload-svc of it`,
  ],
  [
    server({ servedName: 'Qwen/Qwen2.5' }),
    'llm/name predictor.servedName: "Qwen/Qwen2.5" stands in the path of requests, where "/" separates',
  ],
  [
    server({ servedName: 'billing' }),
    'llm/name predictor.llm.adapters[0].name: billing is the name of the model already',
  ],
  [
    server({ scaling: { min: 1, max: 4 } }),
    'llm/replicas predictor.scaling: min 1 and max 4 ask for an autoscaler, and an LLMInferenceService gets none from us',
  ],
  [
    server({ scaling: { min: 0 } }),
    'llm/replicas predictor.scaling: min 0 and max 0 ask for an autoscaler, and an LLMInferenceService gets none from us',
  ],
  [
    server({ args: ['--override-generation-config={"temperature":0}'] }),
    'llm/arguments predictor.args[0]: a shell would read the argument, and change it',
  ],
  [
    server({ model: { uri: 'gs://ml-models/support-llm/v46/' } }),
    'llm/storage predictor.model: an LLMInferenceService does not load gs:// here',
  ],
  [
    server({ llm: { adapters: [{ name: 'billing', uri: 'gs://ml-models/lora/billing/v3/' }] } }),
    'llm/storage predictor.llm.adapters[0].uri: an LLMInferenceService does not load gs:// here',
  ],
  [{ spec: { shadow: {} } }, `llm/strategy shadow: ${ROUTED}, by weight only`],
  [
    { spec: { abTest: { header: { name: 'x-cohort', value: 'b' } } } },
    `llm/strategy abTest: ${ROUTED}, by weight only`,
  ],
  [
    { spec: { canary: { steps: [10], mechanism: 'kserve' } } },
    `llm/strategy canary.mechanism: ${ROUTED}, and each release is one of them`,
  ],
  [
    { spec: { blueGreen: { gates: [{ latency: { quantile: 0.99, max: '1s' } }] } } },
    `llm/strategy blueGreen.gates[0]: ${ROUTED}, and latency cannot tell their releases apart`,
  ],
  [
    { spec: { canary: { steps: [10], gates: [{ errorRatio: { max: 0.01 } }] } } },
    `llm/strategy canary.gates[0]: ${ROUTED}, and errorRatio cannot tell their releases apart`,
  ],
];

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, options) => {
    expect(found(options)).toEqual([]);
  });
});

describe('exactly one thing is wrong', () => {
  it.each(WRONG.map(([options, expected]) => ({ options, expected })))('$expected', ({ options, expected }) => {
    expect(found(options)).toEqual([expected]);
  });
});

describe('two releases that answer for different names', () => {
  // The candidate's sources are the stable's, with the release's name exchanged.
  const adapters = [{ name: 'billing-v46', uri: 's3://ml-models/lora/billing/v3/' }];

  it('are refused, with both sets', () => {
    expect(checkLlm(target({ ...server({ llm: { adapters } }), candidate: { release: 'v47', weight: 0 } }))).toEqual([
      {
        id: 'llm/adapters',
        severity: 'error',
        where: { service: 'support-llm', environment: 'prod-eu', cluster: 'eu-1', field: 'predictor.llm.adapters' },
        message:
          'v46 answers for billing-v46, support-llm, and v47 for billing-v47, support-llm: KServe splits no traffic between them',
        fix: 'give both the same names, or make it a service of its own; one name may load another version',
      },
    ]);
  });

  it('are refused while the one before is kept, too', () => {
    expect(found({ ...server({ llm: { adapters } }), previous: 'v45' })).toEqual([
      'llm/adapters predictor.llm.adapters: v46 answers for billing-v46, support-llm, and v45 for billing-v45, support-llm: KServe splits no traffic between them',
    ]);
  });

  it('are refused when one of them is an InferenceService', () => {
    const { serving, ...rest } = target({ candidate: { release: 'v47', weight: 0 } });
    const { candidate } = serving;
    if (candidate?.workload.kind !== 'server') throw new Error('the candidate is no server');
    const workload = { ...candidate.workload, server: { ...candidate.workload.server, llm: undefined } };
    const findings = checkLlm({ ...rest, serving: { ...serving, candidate: { ...candidate, workload } } });
    expect(findings.map(({ message }) => message)).toEqual([
      'v46 answers for billing, support-llm, and v47 for no LLMInferenceService: KServe splits no traffic between them',
    ]);
  });
});

it('every rule has an example here', () => {
  const ids = new Set(['llm/adapters', ...WRONG.map(([, expected]) => expected.split(' ')[0])]);
  expect(LLM_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
});

describe('the rules on what serves', () => {
  it('say these too', () => {
    expect(checkServing(target({ cluster: { istio: undefined } })).map(({ id }) => id)).toEqual(['llm/not-installed']);
  });

  it('do not ask for Knative, which an LLMInferenceService has no use for', () => {
    expect(checkServing(target({ cluster: { kserve: { ...kserve, mode: 'Knative' }, knative: undefined } }))).toEqual(
      [],
    );
  });

  it('keep the variable in which KServe hands arguments over', () => {
    expect(
      checkServing(target(server({ env: { VLLM_ADDITIONAL_ARGS: '--seed=1' } }))).map(
        ({ id, where }) => `${id} ${where.field ?? ''}`,
      ),
    ).toEqual(['serving/given predictor.env.VLLM_ADDITIONAL_ARGS']);
  });
});
