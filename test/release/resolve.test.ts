import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { diskFiles } from '../../src/core/files.ts';
import { releaseDigest } from '../../src/release/record.ts';
import { resolveServing, type Resolved } from '../../src/release/resolve.ts';
import { openStore } from '../../src/release/store.ts';
import { mergeOverride } from '../../src/service/overrides.ts';
import { aiService } from '../../src/service/service.ts';
import type { AIServiceSpec } from '../../src/service/spec.ts';

const fraud: AIServiceSpec = {
  owner: { team: 'risk-ml' },
  predictor: {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud/v47/' },
    resources: { cpu: '4', memory: '8Gi' },
    scaling: { min: 2, max: 20 },
  },
};

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, value: unknown): void {
  const file = join(root, 'releases', path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : stringify(value));
}

function putRecord(release: string, overrides: Record<string, unknown> = {}, service = 'fraud'): void {
  const parts = {
    predictor: {
      introduced: release,
      model: { registry: 'corp', name: 'fraud', version: release.slice(1), uri: `s3://ml-models/fraud/${release}/` },
      workload: { framework: 'sklearn', image: 'kserve/sklearnserver:v0.20.0', resources: { cpu: '4', memory: '8Gi' } },
    },
    ...overrides,
  };
  const digest = releaseDigest(parts);
  put(`${service}/${release}.yaml`, { release, digest, parts });
}

function resolve(
  spec: AIServiceSpec = fraud,
  override?: object,
  rollout: 'release' | 'replace' = 'release',
  promotedFrom?: string,
): Resolved {
  return resolveServing({
    promotedFrom,
    service: 'fraud',
    environment: 'prod-eu',
    base: aiService.parse(spec),
    merged: aiService.parse(override ? mergeOverride(aiService, spec, override) : spec),
    overrides: override ? [override] : [],
    rollout,
    strategy: rollout === 'replace' ? 'replace' : 'blueGreen',
    mechanism: 'workloads',
    store: openStore(diskFiles(root), 'releases'),
  });
}

const ids = ({ findings }: Resolved): string[] => findings.map(({ id }) => id);

describe('without a state in the store', () => {
  test('the first release is made of the sources, and named after the version of the model', () => {
    const { serving, findings } = resolve();
    expect(findings).toEqual([]);
    expect(serving?.stable.release).toBe('v47');
    expect(serving?.workloads.map(({ name }) => name)).toEqual(['fraud-v47']);
    expect(serving?.candidate).toBeUndefined();
  });

  test('a release without a readable version is named after its digest', () => {
    const uri = 's3://ml-models/1/0f8e2c1d9b3a4f5e8d7c6b5a49382716/artifacts/model/';
    const { serving } = resolve({ ...fraud, predictor: { ...fraud.predictor!, model: { uri } } });
    expect(serving?.stable.release).toMatch(/^[0-9a-f]{8}$/);
  });

  test('a model by alias is refused with the command that locks it', () => {
    const { serving, findings } = resolve({
      ...fraud,
      predictor: { ...fraud.predictor!, model: { registry: 'corp', name: 'fraud', alias: 'champion' } },
    });
    expect(serving).toBeUndefined();
    expect(findings).toMatchObject([
      {
        id: 'release/not-locked',
        fix: 'npx ai-service release fraud --env prod-eu',
        where: { field: 'predictor.model' },
      },
    ]);
  });
});

test('an environment that replaces in place has one workload named main, and follows the sources', () => {
  putRecord('v46');
  put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46' });
  const { serving } = resolve(fraud, { predictor: { args: ['--debug'] } }, 'replace');
  expect(serving?.workloads.map(({ name }) => name)).toEqual(['fraud-main']);
  expect(serving?.workloads[0]).toMatchObject({
    server: { args: ['--debug'] },
    model: { uri: 's3://ml-models/fraud/v47/' },
  });
});

test('a candidate that is on its way keeps a service from being replaced in place', () => {
  for (const release of ['v46', 'v47']) putRecord(release);
  put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46', candidate: 'v47', phase: 'canary', weight: 10, step: 0 });
  const { serving, findings } = resolve(fraud, undefined, 'replace');
  expect(serving).toBeUndefined();
  expect(findings).toMatchObject([
    {
      id: 'release/in-place',
      message: 'v47 is canary, and a service that is replaced in place has no candidate',
      where: { field: 'candidate' },
    },
  ]);
});

describe('with a state in the store', () => {
  test('stable, candidate and previous run, and the weight is the truth', () => {
    for (const release of ['v45', 'v46', 'v47']) putRecord(release);
    put('prod-eu/risk-ml/fraud.yaml', {
      stable: 'v46',
      candidate: 'v47',
      previous: 'v45',
      phase: 'canary',
      weight: 10,
      step: 0,
    });
    const { serving } = resolve();
    expect(serving?.workloads.map(({ name }) => name)).toEqual(['fraud-v46', 'fraud-v47', 'fraud-v45']);
    expect(serving?.candidate).toMatchObject({ release: 'v47', weight: 10 });
  });

  test('a workload is stopped only when no release that runs needs it', () => {
    for (const release of ['v45', 'v46']) putRecord(release);
    putRecord('v47', {
      predictor: {
        introduced: 'v45',
        model: { uri: 's3://ml-models/fraud/v45/' },
        workload: { framework: 'sklearn', resources: { cpu: '4', memory: '8Gi' } },
      },
    });
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46', previous: 'v45', retiring: ['v47'], stopped: ['v45'] });
    expect(resolve().serving?.workloads.map(({ name, stopped }) => [name, stopped])).toEqual([
      ['fraud-v46', false],
      ['fraud-v45', false],
    ]);
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46', previous: 'v45', stopped: ['v45'] });
    expect(resolve().serving?.workloads.map(({ name, stopped }) => [name, stopped])).toEqual([
      ['fraud-v46', false],
      ['fraud-v45', true],
    ]);
  });

  test('the release says what runs, the sources say how much and where', () => {
    putRecord('v46');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46' });
    const { serving } = resolve(fraud, { predictor: { scaling: { min: 5 }, resources: { memory: '16Gi' } } });
    expect(serving?.workloads[0]).toMatchObject({
      model: { uri: 's3://ml-models/fraud/v46/' },
      scale: { scaling: { min: 5, max: 20 } },
      server: { image: 'kserve/sklearnserver:v0.20.0', resources: { cpu: '4', memory: '16Gi' } },
    });
  });

  test('an override of what a release pins is refused', () => {
    putRecord('v46');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46' });
    expect(resolve(fraud, { predictor: { args: ['--debug'] } }).findings).toMatchObject([
      { id: 'release/override-not-carried', severity: 'error', where: { field: 'overrides.predictor.args' } },
    ]);
  });

  test('an edit of the sources that no release carries is said, and changes nothing', () => {
    putRecord('v47');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v47' });
    expect(ids(resolve())).toEqual([]);
    const edited = resolve({ ...fraud, predictor: { ...fraud.predictor!, args: ['--workers=2'] } });
    expect(edited.findings).toMatchObject([{ id: 'release/unreleased-edit', severity: 'info' }]);
    expect(edited.serving).toEqual(resolve().serving);
  });

  test('a transformer that the sources added is such an edit', () => {
    putRecord('v47');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v47' });
    const added = resolve({
      ...fraud,
      transformer: { image: 'registry.example.com/enrich:1.0.0', resources: { cpu: '1', memory: '1Gi' } },
    });
    expect(added.findings).toMatchObject([
      {
        id: 'release/unreleased-edit',
        message: expect.stringMatching(/^the sources of transformer differ from release v47/) as string,
      },
    ]);
  });

  test('the edit comes by a release where releases enter, and by a promotion elsewhere', () => {
    putRecord('v47');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v47' });
    const edit: AIServiceSpec = { ...fraud, predictor: { ...fraud.predictor!, args: ['--workers=2'] } };
    const fixes = (promotedFrom?: string): (string | undefined)[] =>
      resolve(edit, undefined, 'release', promotedFrom).findings.map(({ fix }) => fix);
    expect(fixes()).toEqual(['npx ai-service release fraud --env prod-eu --config']);
    expect(fixes('staging')).toEqual([
      'npx ai-service promote fraud --from staging --to prod-eu, once a release with it serves there',
    ]);
  });

  test('a state that names a release without a record is refused, and says that the record is to be restored: a command wrote that name', () => {
    putRecord('v46');
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46', candidate: 'v47', phase: 'warming' });
    const fix = 'restore fraud/v47.yaml of the release store from Git; or the state, if somebody edited that';
    expect(resolve().findings).toMatchObject([
      { id: 'release/unknown-release', message: 'there is no record of release v47', fix },
    ]);
  });

  test('a record that was changed after it was written is refused', () => {
    put('fraud/v46.yaml', {
      release: 'v46',
      digest: `sha256:${'0'.repeat(64)}`,
      parts: {
        predictor: {
          introduced: 'v46',
          workload: { framework: 'custom', image: 'a/b:1', resources: { cpu: '1', memory: '1Gi' } },
        },
      },
    });
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46' });
    expect(ids(resolve())).toEqual(['release/digest']);
  });

  test.each([
    ['a weight above 100', { stable: 'v46', candidate: 'v47', phase: 'canary', weight: 110 }, 'weight'],
    ['a weight without a candidate', { stable: 'v46', weight: 10 }, 'weight'],
    ['a warming candidate with traffic', { stable: 'v46', candidate: 'v47', phase: 'warming', weight: 10 }, 'weight'],
    ['a phase that does not exist', { stable: 'v46', candidate: 'v47', phase: 'baking' }, 'phase'],
    ['a candidate that is stable', { stable: 'v46', candidate: 'v46', phase: 'canary' }, 'candidate'],
    ['a field that does not exist', { stable: 'v46', wieght: 10 }, 'wieght'],
  ])('%s is refused, with the line', (_name, state, field) => {
    put('prod-eu/risk-ml/fraud.yaml', state);
    const { serving, findings } = resolve();
    expect(serving).toBeUndefined();
    expect(findings).toMatchObject([
      { severity: 'error', where: { file: 'releases/prod-eu/risk-ml/fraud.yaml', field } },
    ]);
    expect(findings[0]?.where.line).toBeGreaterThan(0);
  });

  test('a file that is not YAML is refused with line and column', () => {
    put('prod-eu/risk-ml/fraud.yaml', 'stable: v46\nstable: v47\n');
    expect(resolve().findings).toMatchObject([
      { id: 'yaml/syntax', where: { file: 'releases/prod-eu/risk-ml/fraud.yaml', line: 2, column: 1 } },
    ]);
  });
});

describe('parts that a release did not change', () => {
  const fn = {
    image: 'registry.example.com/api:1.0.0',
    env: { MODEL_URL: { part: 'predictor' } },
    resources: { cpu: '1', memory: '1Gi' },
  };

  test('reuse the running workload', () => {
    const predictor = {
      introduced: 'v46',
      workload: { framework: 'custom', image: 'a/b:1', resources: { cpu: '1', memory: '1Gi' } },
    };
    putRecord('v46', { predictor, function: { introduced: 'v46', workload: fn } });
    putRecord('v47', {
      predictor,
      function: { introduced: 'v47', workload: { ...fn, image: 'registry.example.com/api:1.1.0' } },
    });
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v46', candidate: 'v47', phase: 'canary', weight: 5 });
    const { serving } = resolve({ ...fraud, function: fn });
    expect(serving?.workloads.map(({ name }) => name)).toEqual([
      'fraud-function-v46',
      'fraud-v46',
      'fraud-function-v47',
    ]);
    expect(serving?.candidate?.workload).toMatchObject({
      name: 'fraud-function-v47',
      calls: { predictor: { name: 'fraud-v46' } },
    });
  });

  test('a function that would call the model of another release is refused', () => {
    putRecord('v46', { function: { introduced: 'v46', workload: fn } });
    putRecord('v47', { function: { introduced: 'v46', workload: fn } });
    put('prod-eu/risk-ml/fraud.yaml', { stable: 'v47' });
    expect(resolve({ ...fraud, function: fn }).findings).toMatchObject([
      { id: 'release/part', where: { field: 'parts.function' } },
    ]);
  });
});
