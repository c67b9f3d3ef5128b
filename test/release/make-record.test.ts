import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  makeRecord,
  partsOf,
  withImages,
  type Choices,
  type MadeRecord,
  type RecordContext,
} from '../../src/release/make-record.ts';
import { releaseDigest, releaseRecord, type LockedModel, type ReleaseRecord } from '../../src/release/record.ts';
import type { Versions } from '../../src/core/version.ts';
import { aiService } from '../../src/service/service.ts';
import type { AIServiceSpec } from '../../src/service/spec.ts';
import type { ReleaseStore } from '../../src/release/store.ts';

const predictor = {
  framework: 'sklearn',
  model: { registry: 'corp', name: 'fraud', alias: 'champion' },
  resources: { cpu: '1', memory: '1Gi' },
  scaling: { min: 2, max: 4 },
} as const;
const fraud: AIServiceSpec = { owner: { team: 'risk-ml' }, predictor };
const api = {
  image: 'registry.example.com/api:1.0.0',
  resources: { cpu: '500m', memory: '512Mi' },
  env: { MODEL_URL: { part: 'predictor' } },
};
const withFunction: AIServiceSpec = { ...fraud, function: api };

const locked = (version: string, more: Partial<LockedModel> = {}): LockedModel => ({
  registry: 'corp',
  name: 'fraud',
  version,
  uri: `s3://ml-models/fraud/${version}/`,
  ...more,
});

const onKserve = (version: Versions): Choices['clusters'][number] => ({
  kserve: { version, mode: 'Standard' } as never,
});

interface Asked extends Partial<Choices>, Partial<Omit<RecordContext, 'store'>> {
  readonly records?: readonly ReleaseRecord[];
}

/** The record of a service whose store has some records; the last one serves. */
function made(
  spec: AIServiceSpec,
  model: LockedModel,
  { records = [], running = records.slice(-1), images = {}, clusters = [onKserve('0.20.0')], reason }: Asked = {},
): MadeRecord {
  const store: ReleaseStore = {
    state: () => undefined,
    isReleased: () => false,
    record: (_service, release) => ({
      file: '',
      value: records.find((record) => record.release === release),
      findings: [],
    }),
    releases: () => records.map(({ release }) => release).sort(),
  };
  return makeRecord(partsOf(aiService.parse(spec), { models: { predictor: model }, images, clusters }), {
    service: 'fraud',
    store,
    running,
    reason,
  });
}

/** The same, as the store gives it back: with every default filled in. */
const recorded = (...args: Parameters<typeof made>): ReleaseRecord => releaseRecord.parse(made(...args).record);

const introducedBy = ({ parts }: ReleaseRecord): Record<string, string> =>
  Object.fromEntries(Object.entries(parts).map(([part, { introduced }]) => [part, introduced]));

describe('a record', () => {
  test('carries the whole workload of each part, the image of the runtime table too, and nothing that follows the sources', () => {
    const { record, isNew } = made(
      withFunction,
      locked('47', {
        requested: '@champion',
        digest: 'etag-tree:1f',
        run: '9f3c',
        approval: 'approved',
        metrics: { auc: 0.97 },
      }),
      { reason: 'weekly retrain' },
    );
    expect(isNew).toBe(true);
    expect(record).toEqual(
      parse(`
release: v47
digest: ${releaseDigest(record.parts)}
reason: weekly retrain
parts:
  predictor:
    introduced: v47
    model:
      registry: corp
      name: fraud
      version: "47"
      requested: "@champion"
      uri: s3://ml-models/fraud/47/
      digest: etag-tree:1f
      run: 9f3c
      approval: approved
      metrics: { auc: 0.97 }
    workload:
      framework: sklearn
      image: kserve/sklearnserver:v0.20.0
      resources: { cpu: "1", memory: 1Gi }
  function:
    introduced: v47
    workload:
      image: registry.example.com/api:1.0.0
      port: 8080
      env: { MODEL_URL: { part: predictor } }
      resources: { cpu: 500m, memory: 512Mi }
`),
    );
  });

  test('has the images that were asked for, and writes the digests that were found for tags', () => {
    const { record } = made(withFunction, locked('47'), { images: { function: 'registry.example.com/api:2.0.0' } });
    expect(record.parts['function']?.workload.image).toBe('registry.example.com/api:2.0.0');
    const pinned = withImages(
      partsOf(aiService.parse(fraud), { models: {}, images: {}, clusters: [] }),
      new Map([['kserve/sklearnserver:v0.20.0', 'kserve/sklearnserver:v0.20.0@sha256:1f']]),
    );
    expect(pinned['predictor']?.workload.image).toBe('kserve/sklearnserver:v0.20.0@sha256:1f');
  });

  test('of a service with a GPU names the resource of the GPU, and the image for it', () => {
    const { record } = made(
      { ...fraud, predictor: { ...predictor, framework: 'vllm', resources: { cpu: '4', memory: '16Gi', gpu: 1 } } },
      locked('47'),
    );
    expect(record.parts['predictor']?.workload).toMatchObject({
      image: 'vllm/vllm-openai:v0.24.0',
      resources: { gpu: 1, gpuResource: 'nvidia.com/gpu' },
    });
  });
});

describe('the name of a release', () => {
  const nameOf = (model: LockedModel, records: readonly ReleaseRecord[] = []): string =>
    made(fraud, model, { records, running: [] }).record.release;

  test.each([
    ['47', 'v47'],
    ['v47', 'v47'],
    ['1.4.2', '1-4-2'],
    ['2026-11-02', '2026-11-02'],
  ])('says the version %s of the main model as %s', (version, name) => {
    expect(nameOf(locked(version))).toBe(name);
  });

  test('is the start of the digest where the version cannot be said', () => {
    expect(nameOf(locked(`sha256:${'1f'.repeat(32)}`))).toMatch(/^[0-9a-f]{8}$/);
  });

  test('gets a number when it is taken by another content, and still fits', () => {
    const v47 = recorded(fraud, locked('47'));
    const other = locked('47', { uri: 's3://ml-models/fraud/47b/' });
    expect(nameOf(other, [v47])).toBe('v47-2');
    expect(nameOf(other, [v47, { ...v47, release: 'v47-2' }])).toBe('v47-3');
    const long = recorded(fraud, locked('2026-11-02-1'));
    expect(nameOf(locked('2026-11-02-1', { uri: 's3://ml-models/fraud/47b/' }), [long])).toBe('2026-11-02-2');
  });

  test.each<[string, LockedModel]>([
    ['a commit', { uri: `hf://acme/w:${'5f0b'.repeat(10)}` }],
    ['a word', { uri: 's3://m/x/v11-hotfix-of-monday/model.bst' }],
  ])('is the start of a digest for %s of a model, and never says the version of its server image', (_what, model) => {
    const named = nameOf(model);
    expect(named).toMatch(/^[0-9a-f]{8}$/);
    expect(made(fraud, model, { clusters: [onKserve('0.21.0')] }).record.release, 'whatever KServe there is').toBe(
      named,
    );
    const chosen = { ...fraud, predictor: { ...predictor, image: 'registry.example.com/sklearn:1.4.2' } };
    expect(made(chosen, model).record.release).toMatch(/^[0-9a-f]{8}$/);
    expect(made(fraud, model, { images: { predictor: 'registry.example.com/sklearn:1.4.2' } }).record.release).toMatch(
      /^[0-9a-f]{8}$/,
    );
  });

  test('says the version of an image where there is no model', () => {
    const noModel: AIServiceSpec = {
      owner: { team: 'risk-ml' },
      predictor: { framework: 'custom', image: 'registry.example.com/api:1.4.2', resources: predictor.resources },
    };
    const store: ReleaseStore = {
      state: () => undefined,
      isReleased: () => false,
      record: () => undefined,
      releases: () => [],
    };
    const parts = partsOf(aiService.parse(noModel), { models: {}, images: {}, clusters: [] });
    expect(makeRecord(parts, { service: 'fraud', store, running: [] }).record.release).toBe('1-4-2');
  });

  test('is never that of workloads which are updated in place', () => {
    expect(nameOf(locked('main'))).toBe('main-2');
  });
});

describe('a part that did not change', () => {
  const v12 = recorded(withFunction, locked('12'));
  const newFunction: AIServiceSpec = { ...withFunction, function: { ...api, image: 'registry.example.com/api:2.0.0' } };

  test('keeps the release that introduced it', () => {
    const { record } = made(newFunction, locked('12'), { records: [v12] });
    expect(record.release).toBe('v12-2');
    expect(introducedBy(record)).toEqual({ predictor: 'v12', function: 'v12-2' });
  });

  test('keeps it over several releases', () => {
    const second = recorded(newFunction, locked('12'), { records: [v12] });
    const third: AIServiceSpec = { ...withFunction, function: { ...api, image: 'registry.example.com/api:3.0.0' } };
    expect(introducedBy(made(third, locked('12'), { records: [v12, second] }).record)).toEqual({
      predictor: 'v12',
      function: 'v12-3',
    });
  });

  test('is the one of the candidate that is held, when only that one is equal', () => {
    const held = recorded(withFunction, locked('13'), { records: [v12] });
    const { record } = made(newFunction, locked('13'), { records: [v12, held], running: [v12, held] });
    expect(introducedBy(record)).toEqual({ predictor: 'v13', function: 'v13-2' });
  });

  test('keeps its default image when KServe is upgraded', () => {
    const { record } = made(newFunction, locked('12'), { records: [v12], clusters: [onKserve('0.21.0')] });
    expect(record.parts['predictor']).toMatchObject({
      introduced: 'v12',
      workload: { image: 'kserve/sklearnserver:v0.20.0' },
    });
  });

  test('is new all the same when it is a function, and a model that it calls is new', () => {
    expect(introducedBy(made(withFunction, locked('13'), { records: [v12] }).record)).toEqual({
      predictor: 'v13',
      function: 'v13',
    });
  });

  test('is new when it runs as another user; a record says so only where the sources do', () => {
    const { record } = made({ ...withFunction, function: { ...api, runAsUser: 1000 } }, locked('12'), {
      records: [v12],
    });
    expect(introducedBy(record)).toEqual({ predictor: 'v12', function: 'v12-2' });
    expect(record.parts['function']?.workload.runAsUser).toBe(1000);
    expect(Object.values(v12.parts).filter(({ workload }) => 'runAsUser' in workload)).toEqual([]);
  });

  test('is new when it shares an InferenceService with one that changed', () => {
    const transformer = { image: 'registry.example.com/transform:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
    const first = recorded({ ...fraud, transformer }, locked('12'));
    const { record } = made(
      { ...fraud, transformer: { ...transformer, image: 'registry.example.com/transform:2.0.0' } },
      locked('12'),
      { records: [first] },
    );
    expect(introducedBy(record)).toEqual({ predictor: 'v12-2', transformer: 'v12-2' });
  });
});

describe('a release with the content of a record', () => {
  const v46 = recorded(fraud, locked('46'));
  const v47 = recorded(fraud, locked('47', { metrics: { auc: 0.9 } }), { records: [v46] });

  test('is that record, whatever serves now', () => {
    expect(made(fraud, locked('46'), { records: [v46, v47] })).toEqual({ record: v46, isNew: false });
    expect(made(fraud, locked('47'), { records: [v46, v47] })).toEqual({ record: v47, isNew: false });
  });

  test('is that record though the registry tells other metrics now, or nobody could read a digest then', () => {
    expect(
      made(fraud, locked('47', { metrics: { auc: 0.8 }, digest: 'etag-tree:1f' }), { records: [v46, v47] }),
    ).toEqual({ record: v47, isNew: false });
  });

  test('is another one when the version was made again, and nobody can tell whether its bytes are the same', () => {
    const first = recorded(fraud, locked('48', { digest: 'etag-tree:1f', created: '2026-11-02T00:00:00.000Z' }));
    expect(
      made(fraud, locked('48', { created: '2026-11-20T00:00:00.000Z' }), { records: [first] }).record.release,
    ).toBe('v48-2');
  });

  test('but for the workload keeps the digest that was known of its model, when nobody can read it now', () => {
    const digested = recorded(fraud, locked('48', { digest: 'etag-tree:1f' }));
    const more = { ...fraud, predictor: { ...predictor, resources: { cpu: '2', memory: '1Gi' } } };
    expect(made(more, locked('48'), { records: [digested] }).record).toMatchObject({
      release: 'v48-2',
      parts: { predictor: { model: { digest: 'etag-tree:1f' } } },
    });
  });

  test('is another one when the bytes changed under the version', () => {
    const digested = recorded(fraud, locked('48', { digest: 'etag-tree:1f' }));
    expect(made(fraud, locked('48', { digest: 'etag-tree:2e' }), { records: [digested] })).toMatchObject({
      isNew: true,
      record: { release: 'v48-2', parts: { predictor: { introduced: 'v48-2' } } },
    });
  });

  test('is that record when it was written by hand without an image', () => {
    const { image: _image, ...workload } = v47.parts['predictor']!.workload;
    const byHand = { ...v47, parts: { predictor: { ...v47.parts['predictor']!, workload } } } as ReleaseRecord;
    expect(made(fraud, locked('47'), { records: [byHand] })).toEqual({ record: byHand, isNew: false });
  });
});
