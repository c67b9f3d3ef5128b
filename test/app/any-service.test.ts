import { expect, test } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { formatWhere } from '../../src/core/finding.ts';
import { frameworks } from '../../src/service/workload.ts';
import { platformWith } from '../support/platform.ts';
import { fc } from '../support/property.ts';

/**
 * Any service that the schemas accept either renders a tree that passes every check, or is refused with an error that
 * names the field in the source. What no arbitrary below may do is make our own output fail a check of objects.
 */

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/);
const duration = fc.constantFrom('500ms', '1s', '30s', '2m', '10m', '1h');
const image = fc.constantFrom(
  'registry.example.com/a/b:1.4.2',
  `registry.example.com/a/b@sha256:${'ab'.repeat(32)}`,
  'a/b:2024-01-01',
);
const uri = fc.constantFrom(
  's3://ml-models/x/v47/',
  'gs://ml-models/x/1.4.2/model.onnx',
  `hf://acme/x:${'0a'.repeat(20)}`,
  `oci://registry.example.com/x@sha256:${'ab'.repeat(32)}`,
  'pvc://models/x/v1/',
  'https://models.example.com/x/v3/model.tar.gz',
);
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom('yes', '012', '1e3', '12:30', 'E0', 'a: b', '# c', '{{ x }}', '${x}'),
);

const resources = fc.record(
  {
    cpu: fc.constantFrom('100m', '0.5', '1', '4', '1500m'),
    memory: fc.constantFrom('256Mi', '1Gi', '1.5Gi', '1024Mi', '8G'),
    gpu: fc.integer({ min: 1, max: 8 }),
    limits: fc.record(
      { cpu: fc.constantFrom('8', '8000m'), memory: fc.constantFrom('16Gi', '32Gi') },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['cpu', 'memory'] },
);

/** Mostly what fits the cluster, now and then anything at all. */
function mostly<T>(fitting: fc.Arbitrary<T>, anything: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: fitting, weight: 60 }, { arbitrary: anything, weight: 1 });
}

const cpu = fc.record({ cpu: fc.integer({ min: 1, max: 100 }) });
const memory = fc.record({ memory: fc.integer({ min: 1, max: 100 }) });
const concurrency = fc.record({ concurrency: fc.integer({ min: 1, max: 100 }) });
const rps = fc.record({ rps: fc.integer({ min: 1, max: 1000 }) });

/** Everything below depends on how workloads run: as Knative Services, or not. */
function containerFields(knative: boolean) {
  const scaling = fc
    .record(
      {
        min: mostly(fc.integer({ min: knative ? 0 : 1, max: 3 }), fc.integer({ min: 0, max: 3 })),
        max: mostly(fc.integer({ min: 3, max: 20 }), fc.integer({ min: 1, max: 20 })),
        target: mostly<object>(
          knative ? fc.oneof(concurrency, rps) : fc.oneof(cpu, memory),
          fc.oneof(cpu, memory, concurrency, rps),
        ),
      },
      { requiredKeys: [] },
    )
    .filter(({ min, max }) => min === undefined || max === undefined || min <= max);
  const envValue = mostly<unknown>(
    fc.oneof(
      text,
      fc.record({ secret: name, key: name }),
      fc.record({ configMap: name, key: name }),
      fc.record({ url: fc.webUrl({ validSchemes: ['https'] }) }),
    ),
    fc.oneof(
      fc.record({ part: fc.constantFrom('predictor', 'embedding', 'function', 'nothing') }),
      fc.record({ service: name }),
    ),
  );
  const placement = fc.record(
    {
      nodeSelector: fc.dictionary(fc.constantFrom('pool', 'example.com/pool'), fc.constantFrom('gpu', 'cpu')),
      tolerations: fc.array(
        fc.record({ key: fc.constantFrom('nvidia.com/gpu'), operator: fc.constantFrom('Exists') }),
        { maxLength: 2 },
      ),
    },
    { requiredKeys: [] },
  );
  return {
    args: fc.array(text, { maxLength: 3 }),
    command: fc.array(text, { minLength: 1, maxLength: 2 }),
    env: fc.dictionary(fc.stringMatching(/^[A-Z][A-Z_]{0,10}$/), envValue, { maxKeys: 4 }),
    resources,
    scaling,
    startup: duration,
    runAsUser: fc.integer({ min: 1, max: 65_535 }),
    placement: mostly<object>(fc.constant({}), placement),
    ...(knative && { concurrency: fc.integer({ min: 1, max: 1000 }) }),
  };
}

function serverOf(knative: boolean) {
  const fields = {
    model: fc.record({ uri }),
    image,
    protocol: mostly<string | undefined>(fc.constant(undefined), fc.constantFrom('v1', 'v2')),
    ...containerFields(knative),
  };
  const standard = fc.record(
    {
      ...fields,
      framework: fc.constantFrom(...frameworks.filter((framework) => framework !== 'custom')),
      servedName: fc.constantFrom('resnet50', 'model_1'),
    },
    { requiredKeys: ['framework', 'model', 'resources', 'servedName'] },
  );
  const custom = fc.record(
    {
      ...fields,
      framework: fc.constant('custom'),
      port: fc.integer({ min: 1, max: 65535 }),
      readiness: fc.constantFrom('/healthz', '/v2/health/ready'),
    },
    { requiredKeys: ['framework', 'image', 'resources'] },
  );
  return fc.oneof({ arbitrary: standard, weight: 4 }, { arbitrary: custom, weight: 1 });
}

function sidecarOf(knative: boolean) {
  return fc.record(
    {
      image,
      port: mostly(fc.constant(8080), fc.integer({ min: 1, max: 65535 })),
      readiness: fc.constantFrom('/', '/healthz'),
      ...containerFields(knative),
    },
    { requiredKeys: ['image', 'resources'] },
  );
}

function serviceOf(mode: 'Standard' | 'Knative') {
  const server = serverOf(mode === 'Knative');
  const component = sidecarOf(mode === 'Knative');
  return fc.record(
    {
      owner: fc.record({ team: name, escalation: text.filter((value) => value !== '') }, { requiredKeys: ['team'] }),
      traffic: fc.record(
        {
          visibility: fc.constantFrom('cluster', 'public'),
          hosts: fc.uniqueArray(fc.constantFrom('a.example.com', 'b.old.example.com'), { maxLength: 2 }),
          timeout: duration,
          retries: fc.record(
            { attempts: fc.integer({ min: 1, max: 10 }), perTryTimeout: mostly(fc.constant('400ms'), duration) },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: [] },
      ),
      predictor: server,
      transformer: component,
      explainer: component,
      models: fc.dictionary(fc.constantFrom('embedding', 'ranker'), server, { maxKeys: 2 }),
      function: sidecarOf(true),
      monitoring: fc.record(
        {
          slos: fc.uniqueArray(
            fc.oneof(
              fc.record({ availability: fc.record({ objective: fc.constantFrom(90, 99, 99.9, 99.99) }) }),
              fc.record({
                latency: fc.record({
                  below: mostly(fc.constantFrom('250ms', '1s'), fc.constant('300ms')),
                  objective: fc.constantFrom(90, 99),
                }),
              }),
            ),
            { maxLength: 2, selector: (slo) => ('latency' in slo ? slo.latency.below : 'availability') },
          ),
        },
        { requiredKeys: [] },
      ),
      identity: fc.record(
        { serviceAccount: name, credentials: fc.uniqueArray(name, { maxLength: 2 }) },
        { requiredKeys: [] },
      ),
      secrets: fc.dictionary(
        name.map((each) => `secret-${each}`.slice(0, 20).replace(/-+$/, '')),
        fc.record({ store: name, keys: fc.dictionary(name, fc.record({ key: name }), { minKeys: 1, maxKeys: 2 }) }),
        { maxKeys: 2 },
      ),
      network: fc.record({ allowFrom: fc.array(fc.record({ namespace: name }), { maxLength: 2 }) }),
      disruption: fc.record({ maxUnavailable: fc.integer({ min: 1, max: 3 }) }),
      overrides: fc.record({ dev: fc.record({ traffic: fc.record({ timeout: duration }) }) }),
    },
    { requiredKeys: ['owner', 'predictor'] },
  );
}

const subject = fc
  .constantFrom('Standard' as const, 'Knative' as const)
  .chain((mode) => fc.record({ kserve: fc.constant({ version: '0.20.0', mode }), props: serviceOf(mode) }));

test(
  'any service renders a tree that passes every check, or is refused with an error that names the field',
  { timeout: 300_000 },
  () => {
    const runs = process.env['CI'] ? 1000 : 200;
    const refused = new Map<string, number>();
    let rendered = 0;
    fc.assert(
      fc.property(name, subject, (serviceName, { kserve, props }) => {
        const platform = platformWith({ kserve });
        new AIService(platform, serviceName, props as AIServiceProps<'dev' | 'prod-eu', 'dev' | 'prod'>);
        const { files, findings } = platform.render();
        const errors = findings.filter(({ severity }) => severity === 'error');
        if (errors.length === 0) {
          rendered += 1;
          expect(files.size).toBeGreaterThan(5);
        }
        for (const id of new Set(errors.map((error) => error.id))) refused.set(id, (refused.get(id) ?? 0) + 1);
        // An error about an object would mean that we render what the cluster refuses.
        expect(
          errors
            .filter(({ where }) => where.object !== undefined)
            .map((error) => `${error.id} ${formatWhere(error.where)}: ${error.message}`),
        ).toEqual([]);
        for (const error of errors) expect(error.where.field, JSON.stringify(error)).toMatch(/./);
      }),
      { numRuns: runs },
    );
    // The property must not hold for the reason that everything is refused.
    expect(rendered, JSON.stringify([...refused])).toBeGreaterThan(runs / 4);
  },
);
