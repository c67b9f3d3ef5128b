import { describe, expect, test } from 'vitest';
import { checkKnative } from '../../src/check/knative.ts';
import { checkKserve } from '../../src/check/kserve.ts';
import { checkServing, SERVING_RULES } from '../../src/check/serving.ts';
import { formatFinding, sortFindings } from '../../src/core/finding.ts';
import { renderKserve } from '../../src/render/kserve.ts';
import { renderFunctions } from '../../src/render/knative.ts';
import { frameworks } from '../../src/service/workload.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { fc } from '../support/property.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const resources = { cpu: '1', memory: '1Gi' };
const base = { framework: 'sklearn' as const, model: { uri: 's3://ml-models/a/v46/' }, resources };
const fn = { image: 'registry.example.com/api:1.0.0', resources };

const seen = new Set<string>();

/** Findings as `field: id: message`, each once. */
function findings(options: TargetOptions): string[] {
  return sortFindings(checkServing(targetOf(options))).map(({ id, where, message }) => {
    seen.add(id);
    return `${where.field}: ${id}: ${message}`;
  });
}

function withPredictor(
  input: Partial<NonNullable<AIServiceInput['predictor']>>,
  options: TargetOptions = {},
): string[] {
  return findings({ ...options, spec: { predictor: { ...base, ...input } } });
}

function withFunction(input: Partial<NonNullable<AIServiceInput['function']>>, options: TargetOptions = {}): string[] {
  return findings({ ...options, spec: { predictor: base, function: { ...fn, ...input } } });
}

test('what the cluster can do passes', () => {
  expect(findings({})).toEqual([]);
  expect(findings({ mode: 'Knative' })).toEqual([]);
  expect(withFunction({ scaling: { min: 0, target: { rps: 10 } }, concurrency: 5 })).toEqual([]);
});

test('a finding names service, environment, cluster and the field of the source, and says what to write', () => {
  const [finding] = checkServing(targetOf({ spec: { predictor: { ...base, scaling: { min: 0, max: 3 } } } }));
  expect(formatFinding(finding!)).toBe(
    [
      'error serving/scale-to-zero: fraud-detector, prod-eu, eu-1: predictor.scaling.min',
      '  min 0 asks to scale to zero, but in Standard mode nothing starts a replica when a request comes, so one always stays',
      '  fix: write min: 1, in overrides.prod-eu if other environments scale to zero; or use a cluster where KServe is in Knative mode',
    ].join('\n'),
  );
});

describe('Pod Security', () => {
  const restricted = { environment: { podSecurity: 'restricted' } } as const;
  const vllm = { framework: 'vllm' as const };
  const llm = { ...vllm, image: 'vllm/vllm-openai:v0.24.0', llm: {} };
  const kserve = {
    version: '0.20.0',
    mode: 'Standard',
    llm: { gatewayService: 'gateway.kserve.svc.cluster.local' },
  } as const;
  const root = (image: string, why: string): string =>
    `predictor.image: serving/root-image: ${image} runs as root, and ${why}: no replica would ever start`;
  const here = 'the namespaces of prod-eu take restricted pods only';

  test('of no level lets images run as root', () => {
    expect(withPredictor(vllm)).toEqual([]);
    expect(withPredictor(vllm, { environment: { podSecurity: 'baseline' } })).toEqual([]);
  });

  test('restricted refuses images that are known to run as root', () => {
    expect(withPredictor(vllm, restricted)).toEqual([root('vllm/vllm-openai-cpu', here)]);
    const image = `docker.io/vllm/vllm-openai:v0.24.0@sha256:${'a'.repeat(64)}`;
    expect(withPredictor({ ...vllm, image }, restricted)).toEqual([root('vllm/vllm-openai', here)]);
    expect(withPredictor({ ...vllm, image, runAsUser: 2000 }, restricted)).toEqual([]);
    expect(withPredictor({ ...vllm, image: 'registry.example.com/vllm-openai:1.0.0' }, restricted)).toEqual([]);
    expect(withPredictor({ framework: 'triton', servedName: 'a' }, restricted)).toEqual([]);
  });

  test('an LLMInferenceService runs no image as root anywhere', () => {
    const why = 'KServe starts the containers of an LLMInferenceService as other users only';
    expect(withPredictor(llm, { cluster: { kserve } })).toEqual([root('vllm/vllm-openai', why)]);
    expect(withPredictor({ ...llm, runAsUser: 2000 }, { cluster: { kserve } })).toEqual([]);
  });

  test('restricted is asked of what KServe makes of an image with a model', () => {
    const digest = `registry.example.com/a@sha256:${'a'.repeat(64)}`;
    expect(withPredictor({ model: { uri: `oci://${digest}` } }, restricted)).toEqual([
      "predictor.model: serving/added-containers: KServe loads oci:// by containers of the model's image, which say nothing of privileges: the namespaces of prod-eu would refuse the pods",
    ]);
    expect(withPredictor({ model: { uri: `oci+native://${digest}` } }, restricted)).toEqual([]);
    expect(withPredictor({ model: { uri: `oci://${digest}` } })).toEqual([]);
  });

  test('restricted is asked of the containers that others add, where Knative lets the pod say nothing', () => {
    const said = (field: string, who: string): string =>
      `${field}: serving/added-containers: by default ${who} no seccomp profile, and Knative on cluster eu-1 takes none for the pod: the namespaces of prod-eu would refuse it`;
    const on = (input: typeof base | object, cluster: TargetOptions['cluster'] = {}): string[] =>
      withPredictor(input, { ...restricted, mode: 'Knative', cluster });
    const ambient = { istio: { version: '1.30', dataplane: 'ambient' } } as const;
    const features = ['securitycontext', 'persistent-volume-claim'] as const;
    expect(on({})).toEqual([said('predictor', "KServe's storage-initializer and Istio's sidecar have")]);
    expect(on({}, ambient)).toEqual([said('predictor', "KServe's storage-initializer has")]);
    expect(on({ model: { uri: 'pvc://models/a/v46/' } })).toEqual([said('predictor', "Istio's sidecar has")]);
    expect(on({ model: { uri: 'pvc://models/a/v46/' } }, ambient)).toEqual([]);
    expect(on({}, { knative: { version: '1.21.1', features } })).toEqual([]);
    // KServe in Standard mode, and functions where there is no Knative, say it in the pod.
    expect(withFunction({}, restricted)).toEqual([said('function', "Istio's sidecar has")]);
    expect(withFunction({}, { ...restricted, cluster: { knative: undefined } })).toEqual([]);
    expect(withPredictor({}, restricted)).toEqual([]);
  });
});

describe('scaling', () => {
  test('to zero needs Knative, also where KEDA is', () => {
    expect(withPredictor({ scaling: { min: 0 } }, { cluster: { keda: { version: '2.18.0' } } })).toEqual([
      'predictor.scaling.min: serving/scale-to-zero: min 0 asks to scale to zero, but in Standard mode nothing starts a replica when a request comes, so one always stays (KEDA does not change that: scaling.target has no metric of waiting requests)',
    ]);
    expect(withFunction({ scaling: { min: 0 } }, { cluster: { knative: undefined } })).toEqual([
      'function.scaling.min: serving/scale-to-zero: min 0 asks to scale to zero, but without Knative nothing starts a replica when a request comes, so one always stays',
    ]);
  });

  test('aims at what the mode measures', () => {
    expect(withPredictor({ scaling: { min: 1, target: { rps: 10 } } })).toEqual([
      'predictor.scaling.target: serving/scaling-target: in Standard mode nothing scales by rps',
    ]);
    expect(withPredictor({ scaling: { min: 1, target: { cpu: 70 } } }, { mode: 'Knative' })).toEqual([
      'predictor.scaling.target: serving/scaling-target: on Knative nothing scales by cpu',
    ]);
    expect(
      withFunction({ scaling: { min: 1, target: { concurrency: 7 } } }, { cluster: { knative: undefined } }),
    ).toEqual(['function.scaling.target: serving/scaling-target: without Knative nothing scales by concurrency']);
  });

  test('by CPU, which nobody asked for, is a warning for everything on GPUs', () => {
    const vllm = { framework: 'vllm' as const, resources: { ...resources, gpu: 1 } };
    const said =
      'predictor.scaling: serving/gpu-scaling: between min 1 and max 3 the autoscaler goes by CPU, at 80 %, where no target is written; how many requests wait for the GPU does not show there';
    expect(withPredictor({ ...vllm, scaling: { min: 1, max: 3 } })).toEqual([said]);
    const [finding] = checkServing(
      targetOf({ spec: { predictor: { ...base, ...vllm, scaling: { min: 1, max: 3 } } } }),
    );
    expect(finding).toMatchObject({
      severity: 'warning',
      fix: 'write min: 3 without max, or how many the busiest hour needs; or target: { cpu: 80 }, if the CPU is what you mean',
    });
    expect(
      findings({
        spec: { predictor: base, function: fn, models: { llm: { ...base, ...vllm, scaling: { min: 1, max: 3 } } } },
      }),
    ).toEqual([said.replace('predictor', 'models.llm')]);

    expect(withPredictor({ ...vllm, scaling: { min: 3 } })).toEqual([]);
    expect(withPredictor({ ...vllm, scaling: { min: 3, max: 3 } })).toEqual([]);
    expect(withPredictor({ ...vllm, scaling: { min: 1, max: 3, target: { cpu: 80 } } })).toEqual([]);
    expect(withPredictor({ ...vllm, resources, scaling: { min: 1, max: 3 } })).toEqual([]);
    expect(withPredictor({ ...vllm, scaling: { min: 1, max: 3 } }, { mode: 'Knative' })).toEqual([]);

    const onGpu = { resources: { ...resources, gpu: 1 }, scaling: { min: 1, max: 3 } };
    for (const framework of ['triton', 'huggingface', 'tensorflow', 'custom'] as const) {
      const image = framework === 'custom' ? { image: 'registry.example.com/server:1.0.0', port: 8080 } : {};
      expect(withPredictor({ ...onGpu, ...image, framework, servedName: 'x' })).toEqual([said]);
    }
    expect(withFunction(onGpu, { cluster: { knative: undefined } })).toEqual([said.replace('predictor', 'function')]);
    expect(withFunction(onGpu)).toEqual([]);
  });

  test('limits requests in flight on Knative only', () => {
    expect(withPredictor({ concurrency: 4 })).toEqual([
      'predictor.concurrency: serving/concurrency: in Standard mode nothing limits the requests in flight per replica',
    ]);
    expect(withPredictor({ concurrency: 4 }, { mode: 'Knative' })).toEqual([]);
  });
});

test('placement on Knative needs its feature flags', () => {
  const placement = { nodeSelector: { pool: 'gpu' }, tolerations: [{ key: 'gpu', operator: 'Exists' as const }] };
  expect(withPredictor({ placement })).toEqual([]);
  expect(
    withPredictor(
      { placement },
      { mode: 'Knative', cluster: { knative: { version: '1.21.1', features: ['nodeselector'] } } },
    ),
  ).toEqual([
    'predictor.placement.tolerations: serving/placement: Knative on cluster eu-1 refuses tolerations: its feature tolerations is off',
  ]);
  expect(withFunction({ placement })).toHaveLength(2);
  expect(
    withFunction(
      { placement },
      { cluster: { knative: { version: '1.21.1', features: ['nodeselector', 'tolerations'] } } },
    ),
  ).toEqual([]);
});

test('a cluster without KServe serves no model, one without Knative has no Knative mode', () => {
  expect(findings({ cluster: { kserve: undefined } })).toEqual([
    'predictor: serving/no-kserve: cluster eu-1 has no KServe to serve the model',
  ]);
  expect(findings({ mode: 'Knative', cluster: { knative: undefined } })).toEqual([
    'predictor: serving/no-knative: KServe on cluster eu-1 is in Knative mode, but the cluster has no Knative',
  ]);
});

test('the framework must speak the protocol', () => {
  expect(withPredictor({ framework: 'tensorflow', protocol: 'v2' })).toEqual([
    'predictor.protocol: serving/protocol: the server of framework tensorflow does not speak v2',
  ]);
  expect(withPredictor({ framework: 'vllm', protocol: 'v1' })).toEqual([
    'predictor.protocol: serving/protocol: the server of framework vllm does not speak v1',
  ]);
  expect(withPredictor({ framework: 'sklearn', protocol: 'v1' })).toEqual([]);
});

describe('names', () => {
  const spec = { predictor: base };

  test('count the namespace in Standard mode, by the host name that KServe makes', () => {
    const longest = 'a'.repeat(63 - '-v46-predictor-risk-ml-prod'.length);
    expect(findings({ service: longest, spec })).toEqual([]);
    expect(checkServing(targetOf({ service: `${longest}aa`, spec }))).toEqual([
      {
        id: 'serving/name-too-long',
        severity: 'error',
        where: { service: `${longest}aa`, environment: 'prod-eu', cluster: 'eu-1', field: 'predictor' },
        message: `${longest}aa-v46 is 2 characters too long: KServe makes the host name label ${longest}aa-v46-predictor-risk-ml-prod of it, 65 characters where 63 fit`,
        fix: 'shorten the name of the service from 38 to at most 36 characters, or the namespace',
      },
    ]);
  });

  test('leave the namespace out in Knative mode, and count the longest component', () => {
    const longest = 'a'.repeat(63 - '-v46-predictor'.length);
    expect(findings({ service: longest, mode: 'Knative', spec })).toEqual([]);
    expect(findings({ service: longest, mode: 'Knative', spec: { ...spec, transformer: fn } })).toEqual([
      expect.stringContaining(`${longest}-v46-transformer`),
    ]);
  });

  test('of functions are names of Services', () => {
    const service = 'a'.repeat(63 - '-function-v46'.length);
    expect(findings({ service, spec: { function: fn } })).toEqual([]);
    expect(findings({ service: `${service}a`, spec: { function: fn } })).toEqual([
      `function: serving/name-too-long: ${service}a-function-v46 is 1 character too long: it is the name of a Service, where 63 fit`,
    ]);
  });
});

describe('environment variables', () => {
  test('refer to parts and services that there are', () => {
    expect(
      withFunction({ env: { A: { part: 'predictor' }, B: { part: 'embedding' }, C: { service: 'geo' } } }),
    ).toEqual([
      'function.env.B: serving/endpoint: the release has no model called embedding',
      'function.env.C: serving/endpoint: there is no service geo in environment prod-eu',
    ]);
    expect(withPredictor({ env: { A: { part: 'predictor' } } })).toEqual([
      'predictor.env.A: serving/endpoint: only the function can call parts of its release, but this is predictor',
    ]);
  });

  test('leave to the platform what it sets', () => {
    expect(withFunction({ env: { PORT: '8080', K_SERVICE: 'x' } }).map((text) => text.split(': ').slice(0, 2))).toEqual(
      [
        ['function.env.K_SERVICE', 'serving/reserved-env'],
        ['function.env.PORT', 'serving/reserved-env'],
      ],
    );
    expect(withPredictor({ env: { PYTHONPATH: '/x' } })).toHaveLength(1);
    expect(withPredictor({ env: { PORT: '8080' } })).toEqual([]);
  });
});

test('what the runtime sets is not set again, so that the served name stays one', () => {
  expect(withPredictor({ args: ['--model_name=other', '--workers=2', '--http_port', '9000'] })).toEqual([
    'predictor.args[0]: serving/given: --model_name is set by the runtime, and the last one wins',
    'predictor.args[2]: serving/given: --http_port is set by the runtime, and the last one wins',
  ]);
  expect(withPredictor({ framework: 'xgboost', args: ['--nthread=4'] })).toEqual([]);
  expect(
    withPredictor({
      framework: 'mlflow',
      env: { MLSERVER_MODEL_NAME: 'x', MLSERVER_HTTP_PORT: '1', MLSERVER_PARALLEL_WORKERS: '2' },
    }),
  ).toEqual([
    'predictor.env.MLSERVER_HTTP_PORT: serving/given: MLSERVER_HTTP_PORT is set by the runtime',
    'predictor.env.MLSERVER_MODEL_NAME: serving/given: MLSERVER_MODEL_NAME is set by the runtime',
  ]);
  expect(
    withPredictor({ framework: 'custom', image: 'r.example.com/x:1', env: { STORAGE_URI: 's3://a/b/' } }),
  ).toHaveLength(1);
});

test('text that KServe would run as a template is refused, in arguments and in variables', () => {
  expect(withPredictor({ args: ['--prompt={{ x }}', '--name={{.Name}}'], env: { GREETING: 'hello {{ y }}' } })).toEqual(
    [
      'predictor.args[0]: serving/template: KServe expands the text as a Go template, and "{{" opens an action',
      'predictor.env.GREETING: serving/template: KServe expands the text as a Go template, and "{{" opens an action',
    ],
  );
});

test('ports of the platform are left to it', () => {
  expect(withFunction({ port: 8012 })).toEqual([
    "function.port: serving/port: port 8012 belongs to Knative's queue-proxy",
  ]);
  expect(withFunction({ port: 8012 }, { cluster: { knative: undefined } })).toEqual([]);
  expect(findings({ spec: { predictor: base, explainer: { ...fn, port: 9000 } } })).toEqual([
    'explainer.port: serving/port: KServe starts an explainer with --http_port 8080, whatever else is asked, but port is 9000',
  ]);
});

test('a timeout above the usual limit of Knative is a warning', () => {
  const options = { spec: { predictor: base, traffic: { timeout: '20m' } } };
  expect(findings(options)).toEqual([]);
  expect(findings({ ...options, mode: 'Knative' })).toEqual([
    expect.stringContaining('traffic.timeout: serving/timeout: Knative refuses 1200 s'),
  ]);
});

test('both releases are checked, and what they share is said once', () => {
  expect(withPredictor({ scaling: { min: 0 } }, { candidate: { release: 'v47', weight: 10 } })).toHaveLength(1);
});

test('what these rules let pass, the rules on objects let pass too', () => {
  const shape = (knative: boolean) =>
    fc.record(
      {
        scaling: fc
          .record({
            min: fc.integer({ min: knative ? 0 : 1, max: 3 }),
            more: fc.integer({ min: 0, max: 3 }),
            metric: fc.constantFrom(...(knative ? ['concurrency', 'rps'] : ['cpu', 'memory'])),
          })
          .map(({ min, more, metric }) => ({
            min,
            max: Math.max(min + more, 1),
            target: { [metric]: 20 } as unknown as { cpu: number },
          })),
        ...(knative && { concurrency: fc.integer({ min: 1, max: 1000 }) }),
        placement: fc.constantFrom<NonNullable<AIServiceInput['function']>['placement'] & object>(
          { nodeSelector: { pool: 'gpu' } },
          { tolerations: [{ key: 'gpu' }] },
        ),
        env: fc.constantFrom({ LOG_LEVEL: 'info' }, { URL: { url: 'https://x.example.com' } }, { K_SERVICE: '1' }),
        startup: fc.constantFrom('30s', '45m'),
        resources: fc.constantFrom(resources, { ...resources, gpu: 1 }),
      },
      { requiredKeys: ['resources'] },
    );
  const input = fc.boolean().chain((knative) => {
    const code = shape(knative).map((fields) => ({ ...fields, image: fn.image }));
    return fc.record({
      mode: fc.constant(knative ? ('Knative' as const) : ('Standard' as const)),
      service: fc.constantFrom('fraud', 'f'.repeat(34), 'f'.repeat(46)),
      framework: fc.constantFrom(...frameworks),
      protocol: fc.constantFrom(undefined, 'v1' as const, 'v2' as const),
      predictor: shape(knative),
      parts: fc.record({ transformer: code, explainer: code, function: code }, { requiredKeys: [] }),
    });
  });
  fc.assert(
    fc.property(input, ({ mode, service, framework, protocol, predictor, parts }) => {
      const target = targetOf({
        service,
        mode,
        cluster: {
          knative: mode === 'Knative' ? { version: '1.21.1', features: ['nodeselector', 'tolerations'] } : undefined,
        },
        spec: {
          predictor: {
            ...predictor,
            framework,
            model: base.model,
            servedName: 'model',
            ...(protocol && { protocol }),
            ...(framework === 'custom' && { image: fn.image }),
          },
          ...parts,
        },
      });
      fc.pre(checkServing(target).length === 0);
      for (const object of renderKserve(target)) expect(checkKserve(object, target.cluster)).toEqual([]);
      for (const object of renderFunctions(target)) {
        if (object.apiVersion.startsWith('serving.knative.dev/'))
          expect(checkKnative(object, target.cluster)).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

test('every rule has been seen at work', () => {
  expect([...seen].sort()).toEqual(SERVING_RULES.map(({ id }) => id).sort());
});
