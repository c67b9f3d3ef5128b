import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseImages, parseModels } from '../../src/app/release-arguments.ts';
import { sha256 } from '../../src/core/digest.ts';
import type { ReleaseRequest } from '../../src/app/release.ts';
import { openCheckout } from '../../src/app/checkout.ts';
import { planMove } from '../../src/app/move.ts';
import { diskFiles } from '../../src/core/files.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { compareTree, writeTree } from '../../src/tree/write.ts';
import { serve } from '../release/registries/server.ts';
import {
  fakeRegistry,
  predictor,
  RegistryProject,
  type FakeVersion,
  type ProjectOptions,
} from '../support/registry-project.ts';

const VERSIONS: Readonly<Record<string, FakeVersion>> = {
  'fraud/46': { metrics: { auc: 0.9, f1: 0.8 } },
  'fraud/47': { metrics: { auc: 0.97, f1: 0.94 } },
};

/** A project whose champion is version 46. */
async function project(options: ProjectOptions = {}, versions = VERSIONS): Promise<RegistryProject> {
  return new RegistryProject(await fakeRegistry(versions, { 'fraud@champion': '46' }), options);
}

/** The same, released once, and the champion is 47 now. */
async function releasedOnce(options: ProjectOptions = {}): Promise<RegistryProject> {
  const made = await project(options);
  expect((await made.release()).errors).toEqual([]);
  made.registry.aliases.set('fraud@champion', '47');
  return made;
}

const STATE = 'releases/staging/risk-ml/fraud.yaml';
const record = (made: RegistryProject, name: string): unknown => parse(made.read(`releases/fraud/${name}.yaml`));

describe('the first release', () => {
  test('locks what the alias means now, and serves at once', async () => {
    const made = await project({
      services: { fraud: { canary: { steps: [10], gates: [{ registryMetric: { metric: 'auc', min: 0.9 } }] } } },
    });
    const { planned, errors } = await made.release({ reason: 'the beginning' });
    expect(errors).toEqual([]);
    expect(made.read(STATE)).toBe('stable: v46\nreason: the beginning\n');
    expect(record(made, 'v46')).toEqual({
      release: 'v46',
      digest: planned?.record.digest,
      reason: 'the beginning',
      parts: {
        predictor: {
          introduced: 'v46',
          model: {
            registry: 'corp',
            name: 'fraud',
            version: '46',
            requested: '@champion',
            uri: 's3://ml-models/fraud/v46/',
            digest: expect.stringMatching(/^etag-tree:[0-9a-f]{64}$/) as string,
            run: 'run-46',
            metrics: { auc: 0.9 },
          },
          workload: {
            framework: 'sklearn',
            image: 'kserve/sklearnserver:v0.20.0',
            resources: { cpu: '1', memory: '1Gi' },
          },
        },
      },
    });
  });

  test('is written first as record, then as state, then as the tree that synth gives', async () => {
    const made = await project();
    const { planned } = await made.release();
    expect(planned?.before).toBeUndefined();
    expect(planned?.changes.slice(0, 2).map(({ path }) => path)).toEqual(['releases/fraud/v46.yaml', STATE]);
    expect([...made.files().keys()].sort()).toEqual(planned?.changes.map(({ path }) => path).sort());
    expect(compareTree({ outDir: `${made.root}/gitops`, files: made.platform().render().files })).toEqual({
      added: [],
      changed: [],
      removed: [],
      findings: [],
    });
  });

  test('locks the newest version where latest is asked for, and the pin does not hold the word', async () => {
    const made = await project();
    const { planned, errors } = await made.release({ models: { predictor: { ...predictor.model, alias: 'latest' } } });
    expect(errors).toEqual([]);
    const { requested, ...pin } = planned!.record.parts['predictor']!.model!;
    expect([requested, pin.version, pin.uri]).toEqual(['@latest', '47', 's3://ml-models/fraud/v47/']);
    expect(JSON.stringify(pin)).not.toContain('latest');
  });

  test('takes a place without a version where the digest is known, and keeps the digest when nobody may read it later', async () => {
    const trained = { place: 's3://ml-models/train-aBcDeFgHiJ/output/' };
    const made = await project({}, { ...VERSIONS, 'fraud/46': trained });
    expect((await made.release()).findings.map(({ id, severity }) => [id, severity])).toContainEqual([
      'registry/place-reused',
      'warning',
    ]);
    expect(
      made
        .platform()
        .render()
        .findings.filter(({ severity, where }) => severity === 'error' && where.environment === 'staging'),
    ).toEqual([]);
    const { errors } = await new RegistryProject(made.registry, { storage: false }).release();
    expect(errors.map(({ id }) => id)).toEqual(['registry/place']);
  });

  test('says nothing of what the platform is warned of: that is no matter of one service', async () => {
    const made = await project({ cluster: { kubernetes: '1.20' } });
    expect(
      made
        .platform()
        .render()
        .findings.map(({ id }) => id),
    ).toContain('platform/unknown-version');
    expect((await made.release()).findings).toEqual([]);
  });

  test('leaves later stages alone: synth says that the service is not released there yet', async () => {
    const made = await project();
    const waiting = { id: 'release/not-released', where: { environment: 'prod-eu' } };
    expect(made.platform().render().findings).toMatchObject([
      {
        id: 'release/not-locked',
        where: { environment: 'staging' },
        fix: 'npx ai-service release fraud --env staging',
      },
      waiting,
    ]);
    expect((await made.release()).findings).toEqual([]);
    expect(made.platform().render().findings).toEqual([
      {
        id: 'release/not-released',
        severity: 'info',
        where: { service: 'fraud', environment: 'prod-eu' },
        message: 'the service is not released here yet, and nothing is rendered',
        fix: 'npx ai-service promote fraud --from staging --to prod-eu, once it serves there',
      },
    ]);
    expect([...made.files().keys()].filter((path) => path.startsWith('gitops/envs/prod-eu'))).toEqual([]);
  });

  test('is possible while other services wait for theirs, and mistakes of others stop it', async () => {
    const made = await project({ services: { fraud: {}, geo: {} } });
    expect((await made.release()).errors).toEqual([]);
    expect([...made.files().keys()].filter((path) => path.includes('geo'))).toEqual([]);
    made.options = { services: { fraud: {}, geo: { traffic: { timeout: 'soon' } } } };
    made.registry.aliases.set('fraud@champion', '47');
    expect((await made.release()).errors).toMatchObject([{ id: 'service/value', where: { service: 'geo' } }]);
  });

  test('is refused while the tree has workloads that it does not name, until what serves is recorded', async () => {
    const uri = 's3://ml-models/fraud/v45/';
    const made = await project({ services: { fraud: { predictor: { ...predictor, model: { uri } } } } });
    made.synth();
    made.options = {};
    const before = made.files();
    const { errors } = await made.release();
    expect(errors).toEqual([
      {
        id: 'release/serves-already',
        severity: 'error',
        where: { service: 'fraud', environment: 'staging' },
        message: 'inferenceservice.fraud-v45 serves here, and release v46 does not name it',
        fix: 'record what serves first, from the sources as they are deployed: npx ai-service release fraud --env staging --config',
      },
    ]);
    expect(made.files()).toEqual(before);

    made.options = { services: { fraud: { predictor: { ...predictor, model: { uri } } } } };
    for (const environment of ['staging', 'prod-eu']) {
      const recorded = await made.release({ environment, config: true });
      expect(recorded.errors).toEqual([]);
      expect(
        recorded.planned?.changes.filter(({ path }) => path.includes('/manifests/')).map(({ path }) => path),
      ).toEqual([]);
    }
    expect(made.read(STATE)).toBe('stable: v45\n');
    made.options = {};
    expect((await made.release()).planned?.after).toMatchObject({ stable: 'v45', candidate: 'v46', phase: 'warming' });
  });
});

/** What no release of the example project shows: models by their place, whose version no number says. */
describe.each([
  ['a commit', `hf://acme/w:${'5f0b'.repeat(10)}`, `hf://acme/w:${'6e1c'.repeat(10)}`, 'huggingface'],
  ['a word', 's3://m/x/v11-hotfix-of-monday/', 's3://m/x/v12-hotfix-of-tuesday/', 'sklearn'],
] as const)('a model that is named by %s', (_what, uri, next, framework) => {
  const services = { fraud: { predictor: { ...predictor, framework, model: { uri } } } };
  const workloads = (made: RegistryProject): string[] =>
    [...made.files().keys()].flatMap((path) => /staging.*inferenceservice\.fraud-(.*)\.yaml$/.exec(path)?.[1] ?? []);

  test('is recorded under the name that synth gave it, with --config and without', async () => {
    for (const config of [true, false]) {
      const made = await project({ services });
      made.synth();
      const [name] = workloads(made);
      expect(name).toMatch(/^[0-9a-f]{8}$/);
      const { planned, errors } = await made.release({ config });
      expect(errors).toEqual([]);
      expect(planned?.record.release).toBe(name);
      expect(planned?.changes.filter(({ path }) => path.includes('/manifests/'))).toEqual([]);
    }
  });

  test('and comes by a later release, gets a name that is not the version of its server', async () => {
    const made = await project({ services });
    await made.release();
    const [first] = workloads(made);
    const { planned, errors } = await made.release({ models: { predictor: { uri: next } } });
    expect(errors).toEqual([]);
    expect(planned?.record.release).toMatch(/^[0-9a-f]{8}$/);
    expect(planned?.record.release).not.toBe(first);
  });
});

test('recording what serves changes nothing that runs while KServe is upgraded', async () => {
  const model = { uri: 's3://ml-models/fraud/v45/' };
  const made = await project({
    cluster: { kserve: { version: ['0.19.0', '0.20.0'], mode: 'Standard' } },
    services: { fraud: { predictor: { ...predictor, model } } },
  });
  made.synth();
  const { planned, errors } = await made.release({ config: true });
  expect(errors).toEqual([]);
  expect(planned?.record.parts['predictor']?.workload.image).toBe('kserve/sklearnserver:v0.19.0');
  expect(planned?.changes.map(({ path }) => path)).toEqual(['releases/fraud/v45.yaml', STATE]);
});

describe('clusters with different versions of KServe', () => {
  const kserve = (version: string): Pick<ClusterSpec, 'kserve'> => ({ kserve: { version, mode: 'Standard' } });
  const named: ProjectOptions = {
    services: { fraud: { predictor: { ...predictor, model: { uri: 's3://ml-models/fraud/v45/' } } } },
  };
  const images = (made: RegistryProject): Record<string, string> =>
    Object.fromEntries(
      [...made.files()].flatMap(([path, text]) => {
        const [, cluster = ''] = /gitops\/envs\/[^/]+\/([^/]+)\/.*\/servingruntime\.fraud-v45\.yaml$/.exec(path) ?? [];
        const image = /image: (\S+)/.exec(text)?.[1];
        return cluster === '' || image === undefined ? [] : [[cluster, image]];
      }),
    );
  const [OLD, NEW] = ['kserve/sklearnserver:v0.19.0', 'kserve/sklearnserver:v0.20.0'] as const;

  /** One environment on some of them. */
  const eu = (...clusters: readonly string[]): ProjectOptions => ({
    services: { fraud: { ...named.services?.['fraud'], environments: ['eu'] } },
    clusters: { 'eu-1': kserve('0.19.0'), 'us-1': kserve('0.20.0') },
    environments: { eu: { stage: 'prod', clusters }, us: { stage: 'prod', namespace: 'other' } },
  });

  test('serve one image each, and a first release that would restart one of them waits until somebody chose', async () => {
    const made = await project(eu('eu-1', 'us-1'));
    made.synth();
    expect(images(made)).toEqual({ 'eu-1': OLD, 'us-1': NEW });
    const before = made.files();
    const { errors } = await made.release({ environment: 'eu', config: true });
    expect(errors).toEqual([
      {
        id: 'release/image',
        severity: 'error',
        where: { service: 'fraud', environment: 'eu' },
        message: `release v45 pins one image on all clusters, and they serve predictor by ${OLD} in eu-1, ${NEW} in us-1: to record one of them restarts the others`,
        fix: `choose one: npx ai-service release fraud --env eu --config --image main=${NEW}`,
      },
    ]);
    expect(made.files()).toEqual(before);

    const chosen = await made.release({ environment: 'eu', config: true, images: { predictor: OLD } });
    expect(chosen.errors).toEqual([]);
    expect(images(made)).toEqual({ 'eu-1': OLD, 'us-1': OLD });
    // What was pinned stays pinned when the older cluster is upgraded, though the sources name no image.
    const clusters = { 'eu-1': kserve('0.20.0'), 'us-1': kserve('0.20.0') };
    made.options = { ...made.options, clusters };
    made.synth();
    expect(images(made)).toEqual({ 'eu-1': OLD, 'us-1': OLD });
    expect((await made.release({ environment: 'eu', config: true })).nothing).toBe('v45 serves already');
  });

  test('are no question where nothing serves yet, and a cluster that was added later takes what serves elsewhere', async () => {
    const made = await project(eu('eu-1', 'us-1'));
    const first = await made.release({ environment: 'eu' });
    expect(first.errors).toEqual([]);
    expect(images(made)).toEqual({ 'eu-1': NEW, 'us-1': NEW });

    const grown = await project(eu('eu-1'));
    grown.synth();
    grown.options = eu('eu-1', 'us-1');
    const recorded = await grown.release({ environment: 'eu', config: true });
    expect(recorded.errors).toEqual([]);
    expect(images(grown)).toEqual({ 'eu-1': OLD, 'us-1': OLD });
  });

  test('in two environments say why what serves cannot be recorded as it is in the second one', async () => {
    const made = await project({ ...named, clusters: { 'prod-eu-1': kserve('0.19.0') } });
    made.synth();
    expect((await made.release({ config: true })).errors).toEqual([]);
    const { errors } = await made.release({ environment: 'prod-eu', config: true });
    expect(errors).toEqual([
      {
        id: 'release/image',
        severity: 'error',
        where: { service: 'fraud', environment: 'prod-eu' },
        message: `release v45 has ${NEW} for predictor, and what serves here has ${OLD}: a release is the same in every environment`,
        fix: `take the image of v45, which replaces the pods here: npx ai-service release fraud --env prod-eu --config --image main=${NEW}`,
      },
    ]);
    const chosen = await made.release({ environment: 'prod-eu', config: true, images: { predictor: NEW } });
    expect(chosen.errors).toEqual([]);
    expect(made.read('releases/prod-eu/risk-ml/fraud.yaml')).toBe('stable: v45\n');
    expect(images(made)).toEqual({ 'staging-1': NEW, 'prod-eu-1': NEW });
  });
});

describe('sources that say another model than the release has', () => {
  const at = (version: string) => ({
    services: { fraud: { predictor: { ...predictor, model: { uri: `s3://ml-models/fraud/${version}/` } } } },
  });
  const said = (made: RegistryProject) =>
    made
      .platform()
      .render()
      .findings.filter(({ id }) => id === 'release/unreleased-edit')
      .map(({ message, fix }) => ({ message, fix }));

  test('of an older release are said to go back to it', async () => {
    const made = await project(at('v7'));
    await made.release();
    await made.release({ models: { predictor: { uri: 's3://ml-models/fraud/v8/' } } });
    made.put(STATE, 'stable: v8\n');
    expect(said(made)).toEqual([
      {
        message:
          'the sources of predictor say what release v7 has, and not what v8 has: v8 was made with --model, --function or --image, or the sources went back',
        fix: 'write what v8 has into the sources, s3://ml-models/fraud/v8/ for predictor; or release what they say, which goes to v7: npx ai-service release fraud --env staging',
      },
    ]);
  });

  test('of an older release are said where releases are promoted to, and newer ones are not mistaken for older ones', async () => {
    const made = await project(at('v7'));
    const prod = 'releases/prod-eu/risk-ml/fraud.yaml';
    await made.release();
    await made.release({ models: { predictor: { uri: 's3://ml-models/fraud/v8/' } } });
    made.put(prod, 'stable: v8\nprevious: v7\n');
    const promote = 'npx ai-service promote fraud --from staging --to prod-eu, once a release with it serves there';
    expect(said(made)[0]).toEqual({
      message:
        'the sources of predictor say what release v7 has, and not what v8 has: v8 was made with --model, --function or --image, or the sources went back',
      fix: `write what v8 has into the sources, s3://ml-models/fraud/v8/ for predictor; or release what they say, which goes to v7: ${promote}`,
    });
    made.options = at('v8');
    made.put(STATE, 'stable: v8\n');
    made.put(prod, 'stable: v7\n');
    expect(said(made)).toEqual([
      {
        message: 'the sources of predictor differ from release v7, and no release here carries the edit yet',
        fix: promote,
      },
    ]);
  });

  test('of a function, too', async () => {
    const api = { image: 'registry.example.com/api:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
    const made = await project({ services: { fraud: { predictor: undefined, function: api } } as never });
    await made.release();
    await made.release({ images: { function: 'registry.example.com/api:2.0.0' } });
    made.put(STATE, 'stable: 2-0-0\n');
    expect(said(made)).toMatchObject([
      {
        fix: 'write what 2-0-0 has into the sources, registry.example.com/api:2.0.0 for function; or release what they say, which goes to 1-0-0: npx ai-service release fraud --env staging --config',
      },
    ]);
  });

  test('that no release has may be an edit, or older than all of them', async () => {
    const made = await project(at('v7'));
    await made.release({ models: { predictor: { uri: 's3://ml-models/fraud/v8/' } } });
    expect(said(made)).toEqual([
      {
        message: 'the sources of predictor differ from release v8, and no release here carries the edit yet',
        fix: 'npx ai-service release fraud --env staging; or, where v8 was made with --model, --function or --image, write what v8 has into the sources, s3://ml-models/fraud/v8/ for predictor',
      },
    ]);
  });
});

describe('a state that got lost', () => {
  const lost =
    'there are release records of fraud, but no state at releases/staging/risk-ml/fraud.yaml: restore that file from Git';
  const model = { uri: 's3://ml-models/fraud/v7/' };

  test('is what synth says of the workloads that would go', async () => {
    const made = await project({ services: { fraud: { predictor: { ...predictor, model } } } });
    await made.release({ models: { predictor: { uri: 's3://ml-models/fraud/v8/' } } });
    rmSync(join(made.root, STATE));
    const { files, guard, instead } = made.platform().render();
    const { findings, written } = writeTree({ outDir: join(made.root, 'gitops'), files, guard, instead });
    expect(findings.map(({ fix }) => fix)).toEqual([
      `${lost}, or say --allow-delete staging/fraud/inferenceservice.fraud-v8`,
    ]);
    expect(written).toEqual([]);
    const serves = `${lost}; where it was never released here, record what serves first, from the sources as they are deployed: npx ai-service release fraud --env staging --config`;
    expect((await made.release()).errors).toMatchObject([{ id: 'release/serves-already', fix: serves }]);
  });

  test('is what a move says', async () => {
    const made = await project();
    await made.release();
    rmSync(join(made.root, STATE));
    const checkout = openCheckout(diskFiles(made.root), { tree: 'gitops', releases: 'releases' });
    const { findings } = await planMove(checkout, {
      service: 'fraud',
      environment: 'staging',
      move: { action: 'rollback' },
    });
    expect(findings).toMatchObject([
      {
        id: 'release/no-state',
        message: 'there are release records of fraud, but no state at releases/staging/risk-ml/fraud.yaml',
        fix: 'restore that file from Git; where the service was never released here, record what serves first: npx ai-service release fraud --env staging --config',
      },
    ]);
  });
});

test('a registry that the platform does not have is said by synth, in each kind of environment, with what may be meant', async () => {
  const made = await project({
    environments: { dev: { stage: 'dev', rollout: 'replace' }, staging: { stage: 'staging' } },
    services: { fraud: { predictor: { ...predictor, model: { ...predictor.model, registry: 'corpp' } } } },
  });
  const where = (environment: string) => ({ service: 'fraud', environment, field: 'predictor.model' });
  const finding = {
    id: 'release/request',
    severity: 'error',
    message: 'the platform has no registry "corpp"',
    fix: 'did you mean "corp"?',
  };
  expect(made.platform().render().findings).toEqual([
    { ...finding, where: where('dev') },
    { ...finding, where: where('staging') },
  ]);
});

describe('a later release', () => {
  test('is deployed as candidate, without traffic', async () => {
    const made = await releasedOnce();
    const { planned } = await made.release({ reason: 'weekly retrain' });
    expect(made.read(STATE)).toMatch(
      /^stable: v46\ncandidate: v47\nphase: warming\nweight: 0\npolicy: sha256:[0-9a-f]{64}\nreason: weekly retrain\n$/,
    );
    expect(planned?.changes.map(({ path }) => path.replace(/^gitops\/.*\//, '')).sort()).toEqual([
      'destinationrule.fraud-v47.yaml',
      'gitops/.ai-service-index',
      'inferenceservice.fraud-v47.yaml',
      'poddisruptionbudget.fraud-v47.yaml',
      'prometheusrule.fraud.releases.yaml',
      'prometheusrule.fraud.yaml',
      'releases/fraud/v47.yaml',
      'releases/staging/risk-ml/fraud.yaml',
      'runbook.md',
      'servingruntime.fraud-v47.yaml',
    ]);
  });

  test('keeps the comments of the state', async () => {
    const made = await releasedOnce();
    made.put(STATE, '# the fraud team is on call\nstable: v46 # since May\n');
    await made.release();
    expect(made.read(STATE)).toMatch(/^# the fraud team is on call\nstable: v46 # since May\ncandidate: v47\n/);
  });

  test('takes what is asked for in place of the sources', async () => {
    const made = await releasedOnce();
    const { planned } = await made.release({
      models: { predictor: { uri: 's3://ml-models/hotfix/v3/' } },
      images: { predictor: 'registry.example.com/sklearn:1.0.0' },
    });
    expect(planned?.record).toMatchObject({
      release: 'v3',
      parts: {
        predictor: {
          model: { uri: 's3://ml-models/hotfix/v3/' },
          workload: { image: 'registry.example.com/sklearn:1.0.0' },
        },
      },
    });
  });

  test('with --config asks no registry, and has the models of the newest release', async () => {
    const made = await releasedOnce();
    made.options = { services: { fraud: { predictor: { ...predictor, resources: { cpu: '2', memory: '1Gi' } } } } };
    const asked = made.registry.server.seen.length;
    const { planned } = await made.release({ config: true });
    expect(made.registry.server.seen.length).toBe(asked);
    expect(planned?.record).toMatchObject({
      release: 'v46-2',
      parts: { predictor: { introduced: 'v46-2', model: { version: '46' }, workload: { resources: { cpu: '2' } } } },
    });
  });

  test('with --config has the models of what serves when the candidate is held, for they may be why', async () => {
    const made = await releasedOnce();
    await made.release();
    made.put(STATE, 'stable: v46\ncandidate: v47\nphase: held\nholds:\n  v47: too many errors\n');
    made.options = { services: { fraud: { predictor: { ...predictor, resources: { cpu: '2', memory: '1Gi' } } } } };
    const { planned } = await made.release({ config: true });
    expect(planned?.record).toMatchObject({ release: 'v46-2', parts: { predictor: { model: { version: '46' } } } });
    expect(planned?.after).toMatchObject({ stable: 'v46', candidate: 'v46-2', retiring: ['v47'] });
  });

  test('of a new function alone loads no model again', async () => {
    const api = {
      image: 'registry.example.com/api:1.0.0',
      resources: { cpu: '1', memory: '1Gi' },
      env: { MODEL_URL: { part: 'predictor' } },
    };
    const made = await project({ services: { fraud: { function: api } } });
    await made.release();
    const { planned } = await made.release({ images: { function: 'registry.example.com/api:2.0.0' } });
    expect(planned?.record).toMatchObject({
      release: 'v46-2',
      parts: { predictor: { introduced: 'v46' }, function: { introduced: 'v46-2' } },
    });
    expect(
      planned?.changes.map(({ path }) => path).filter((path) => /inferenceservice|service\.serving/.test(path)),
    ).toEqual(['gitops/envs/staging/staging-1/risk-ml/fraud/manifests/service.serving.fraud-function-v46-2.yaml']);
  });

  test('replaces at once where the environment replaces in place', async () => {
    const made = await project({
      environments: { dev: { stage: 'dev', rollout: 'replace' }, staging: { stage: 'staging' } },
    });
    await made.release({ environment: 'dev' });
    made.registry.aliases.set('fraud@champion', '47');
    const { planned } = await made.release({ environment: 'dev' });
    expect(made.read('releases/dev/risk-ml/fraud.yaml')).toBe('stable: v47\nprevious: v46\n');
    expect(planned?.changes.map(({ path }) => path)).toEqual([
      'releases/fraud/v47.yaml',
      'releases/dev/risk-ml/fraud.yaml',
      'gitops/envs/dev/dev-1/risk-ml/fraud/manifests/inferenceservice.fraud-main.yaml',
    ]);
  });
});

describe('nothing to release', () => {
  test('changes no byte of any file when nothing changed in the registry', async () => {
    const made = await releasedOnce();
    made.registry.aliases.set('fraud@champion', '46');
    const before = made.files();
    const { planned, nothing, errors } = await made.release({ reason: 'another reason' });
    expect({ planned, nothing, errors }).toEqual({ planned: undefined, nothing: 'v46 serves already', errors: [] });
    expect(made.files()).toEqual(before);
  });

  test('changes nothing either when the right to read the bytes is gone', async () => {
    const made = await project();
    await made.release();
    const before = made.files();
    made.options = { storage: false };
    expect((await made.release()).nothing).toBe('v46 serves already');
    expect(made.files()).toEqual(before);
  });

  test('changes nothing either when the candidate on its way is what is asked for', async () => {
    const made = await releasedOnce();
    await made.release();
    const before = made.files();
    expect((await made.release()).nothing).toBe('v47 is on its way already');
    expect(made.files()).toEqual(before);
  });

  test('takes a record that is there, and writes no second one', async () => {
    const made = await releasedOnce();
    await made.release();
    made.put(STATE, 'stable: v47\n');
    made.registry.aliases.set('fraud@champion', '46');
    const { planned } = await made.release();
    expect(planned).toMatchObject({ isNew: false, after: { stable: 'v47', candidate: 'v46', phase: 'warming' } });
    expect([...made.files().keys()].filter((path) => path.startsWith('releases/fraud/'))).toEqual([
      'releases/fraud/v46.yaml',
      'releases/fraud/v47.yaml',
    ]);
  });
});

describe('releases enter', () => {
  test('at the first stage; later ones are told the command that promotes', async () => {
    const made = await releasedOnce();
    const { errors } = await made.release({ environment: 'prod-eu' });
    expect(errors).toEqual([
      {
        id: 'release/entry',
        severity: 'error',
        where: { service: 'fraud', environment: 'prod-eu' },
        message: 'releases do not enter at prod-eu, they are promoted to it',
        fix: 'npx ai-service promote fraud --from staging --to prod-eu; or say --force with a --reason',
      },
    ]);
  });

  test('elsewhere by force, and only with a reason', async () => {
    const made = await releasedOnce();
    expect((await made.release({ environment: 'prod-eu', force: true })).errors).toMatchObject([
      { id: 'release/entry', fix: 'say --reason' },
    ]);
    expect(
      (await made.release({ environment: 'prod-eu', force: true, reason: 'staging is down' })).planned?.after.stable,
    ).toBe('v47');
  });

  test('where the environment lets them', async () => {
    const made = await project({
      environments: { staging: { stage: 'staging' }, 'prod-eu': { stage: 'prod', entry: true } },
    });
    expect((await made.release({ environment: 'prod-eu' })).errors).toEqual([]);
  });

  test('at the first stage that the service runs in, of those that do not replace in place', async () => {
    const made = await project({
      environments: { dev: { stage: 'dev', rollout: 'replace' }, staging: { stage: 'staging' } },
      services: { fraud: { environments: ['dev', 'staging'] } },
    });
    expect((await made.release()).errors).toEqual([]);
  });
});

test('digests are written beside the tags of images when that is asked for', async () => {
  const manifest = '{}';
  const digest = `sha256:${sha256(manifest)}`;
  const images = await serve({
    'HEAD /v2/risk/sklearn/manifests/1.0.0': { headers: { 'docker-content-digest': digest } },
    [`GET /v2/risk/sklearn/manifests/${digest}`]: { text: manifest },
    [`HEAD /v2/risk/sklearn/manifests/${digest}`]: { headers: { 'docker-content-digest': digest } },
  });
  const image = `${images.host}/risk/sklearn:1.0.0`;
  const made = await project({ services: { fraud: { predictor: { ...predictor, image } } } });
  const { planned, errors } = await made.release({ pinImages: true });
  expect(errors).toEqual([]);
  expect(planned?.record.parts['predictor']?.workload.image).toBe(`${image}@${digest}`);
  expect((await made.release()).nothing).toBe('v46 serves already');
  expect(
    made
      .platform()
      .render()
      .findings.map(({ id }) => id),
  ).toEqual(['release/not-released']);
});

test('a weight that somebody wrote by hand is refused by synth, unless the policy changed since', async () => {
  const made = await project();
  await made.release();
  made.registry.aliases.set('fraud@champion', '47');
  await made.release();
  const state = 'releases/staging/risk-ml/fraud.yaml';
  const warming = made.read(state);
  const edited = (weight: number): string =>
    warming.replace('phase: warming\nweight: 0\n', `phase: canary\nweight: ${weight}\nstep: 0\n`);
  const said = (): unknown =>
    made
      .platform()
      .render()
      .findings.filter(({ severity }) => severity === 'error');
  made.put(state, edited(10));
  expect(said()).toEqual([]);
  made.put(state, edited(33));
  expect(said()).toEqual([
    {
      id: 'release/off-policy',
      severity: 'error',
      where: { service: 'fraud', environment: 'staging', file: state, field: 'weight' },
      message: 'the candidate gets 33 %, and step 0 of the policy is 10 %',
      fix: 'restore the state from Git; traffic moves by advance, abort and rollback, and other steps are written in the policy',
    },
  ]);
  made.options = { services: { fraud: { canary: { steps: [20, 60] } } } };
  expect(said()).toEqual([]);
});

/** Bad input: what is asked for, and what is said. Nothing is written. */
describe('is refused, and nothing is written:', () => {
  const said = async (made: RegistryProject, request: Partial<ReleaseRequest> = {}) => {
    const before = made.files();
    const { errors, planned } = await made.release(request);
    expect(planned).toBeUndefined();
    expect(made.files()).toEqual(before);
    return errors.map(({ id, message, fix }) => ({ id, message, fix }));
  };

  test('an alias that does not exist', async () => {
    const made = await project();
    made.registry.aliases.clear();
    expect(await said(made)).toEqual([
      {
        id: 'registry/not-found',
        message: 'there is no alias "champion" of registered model "fraud"',
        fix: 'set it: client.set_registered_model_alias("fraud", "champion", "<version>")',
      },
    ]);
  });

  test('a version that is not ready', async () => {
    const made = await project({}, { 'fraud/46': { status: 'PENDING_REGISTRATION' } });
    expect(await said(made)).toMatchObject([
      { id: 'registry/not-ready', message: 'version "46" of "fraud" is still being registered' },
    ]);
  });

  test('a version that is not approved, unless that is allowed', async () => {
    const made = await project({ approvalTag: 'review=passed' }, { 'fraud/46': {} });
    expect(await said(made)).toMatchObject([
      { id: 'registry/not-approved', message: 'version "46" of "fraud" waits for approval' },
    ]);
    const { planned } = await made.release({ allowUnapproved: true });
    expect(planned?.record.parts['predictor']?.model?.approval).toBe('pending');
  });

  test('a URI that KServe cannot load, or that means another model tomorrow', async () => {
    const made = await project();
    const uris = ['runs:/9f3c/model', 's3://ml-models/fraud/latest/', 's3://ml-models/fraud/v47'];
    const problems = [];
    for (const uri of uris) problems.push(...(await said(made, { models: { predictor: { uri } } })));
    expect(problems.map(({ id, message }) => [id, message])).toEqual([
      ['release/request', 'model URI "runs:/9f3c/model": KServe does not load runs://'],
      [
        'release/request',
        'model URI "s3://ml-models/fraud/latest/" may mean another model tomorrow: "latest" is a floating name',
      ],
      [
        'release/request',
        'model URI "s3://ml-models/fraud/v47" may be a directory or an object, and KServe loads the two differently',
      ],
    ]);
  });

  test('an image that moves', async () => {
    const made = await project();
    expect(await said(made, { images: { predictor: 'registry.example.com/sklearn:latest' } })).toMatchObject([
      { id: 'release/request', message: 'image "registry.example.com/sklearn:latest" has the moving tag "latest"' },
    ]);
  });

  test('a second candidate', async () => {
    const made = await releasedOnce();
    await made.release();
    expect(await said(made, { models: { predictor: { uri: 's3://ml-models/hotfix/v3/' } } })).toEqual([
      {
        id: 'release/illegal-move',
        message: 'v47 is on its way already, warming, without traffic, and there is one candidate at a time',
        fix: 'bring it to its end with advance and finish; or take it off with abort, and run this again',
      },
    ]);
  });

  test('a release that is held', async () => {
    const made = await releasedOnce();
    await made.release();
    made.put(STATE, 'stable: v46\nholds:\n  v47: too many errors\n');
    expect(await said(made)).toEqual([
      {
        id: 'release/illegal-move',
        message: 'v47 is held: too many errors',
        fix: 'free it with resume v47, or make a newer release',
      },
    ]);
  });

  test('a service, environment, part or registry that is not there', async () => {
    const made = await project();
    expect(await said(made, { service: 'frau' })).toEqual([
      { id: 'release/request', message: 'the project has no service "frau"', fix: 'did you mean fraud?' },
    ]);
    expect(await said(made, { environment: 'stagin' })).toEqual([
      { id: 'release/request', message: 'the project has no environment "stagin"', fix: 'did you mean staging?' },
    ]);
    expect(await said(made, { models: { embedder: predictor.model } })).toEqual([
      {
        id: 'release/request',
        message: 'the service has no part "embedder" with a model',
        fix: 'name one of predictor',
      },
    ]);
    expect(await said(made, { models: { predictor: { ...predictor.model, registry: 'copr' } } })).toEqual([
      { id: 'release/request', message: 'the platform has no registry "copr"', fix: 'did you mean "corp"?' },
    ]);
  });

  test('an image where the sources decide, and a record that was edited', async () => {
    const made = await releasedOnce({ environments: { staging: { stage: 'staging', rollout: 'replace' } } });
    expect(await said(made, { images: { predictor: 'registry.example.com/sklearn:1.0.0' } })).toMatchObject([
      {
        id: 'release/request',
        message: 'an environment that replaces in place follows the sources, and takes only models from a release',
      },
    ]);
    made.put('releases/fraud/v46.yaml', made.read('releases/fraud/v46.yaml').replace('cpu: "1"', 'cpu: "2"'));
    expect(await said(made)).toMatchObject([{ id: 'release/digest' }]);
  });

  test('a model that would never run where the sources are followed', async () => {
    const environments = { dev: { stage: 'dev', rollout: 'replace' } } as const;
    const uri = 's3://ml-models/fraud/v4/';
    const byPlace = await project({
      environments,
      services: { fraud: { predictor: { ...predictor, model: { uri } } } },
    });
    const asked = { environment: 'dev', models: { predictor: { uri: 's3://ml-models/fraud/v7/' } } };
    expect(await said(byPlace, asked)).toEqual([
      {
        id: 'release/request',
        message: `dev replaces in place and follows the sources, which name ${uri} for predictor; s3://ml-models/fraud/v7/ would never run there`,
        fix: 'change the model in the sources',
      },
    ]);
    expect(
      (await byPlace.release({ environment: 'dev', models: { predictor: { uri } } })).planned?.record.release,
    ).toBe('v4');

    const byName = await project({ environments });
    expect(await said(byName, asked)).toMatchObject([
      {
        message:
          'dev replaces in place and follows the sources, which name fraud@champion for predictor; s3://ml-models/fraud/v7/ would never run there',
      },
    ]);
    expect(
      (
        await byName.release({
          environment: 'dev',
          models: { predictor: { registry: 'corp', name: 'fraud', version: '47' } },
        })
      ).planned?.record.release,
    ).toBe('v47');
  });

  test('--config where no release has the model yet', async () => {
    const made = await project();
    expect(await said(made, { config: true })).toEqual([
      {
        id: 'release/not-locked',
        message:
          'no release here has a model for predictor, the sources ask for fraud@champion, and --config takes no other models than those of the release',
        fix: 'leave --config out, or name the model: --model main=<registry>/<name>:<version>',
      },
    ]);
  });

  test('--config where the sources ask for another model than the release has', async () => {
    const made = await releasedOnce();
    made.options = {
      services: { fraud: { predictor: { ...predictor, model: { uri: 's3://ml-models/fraud/v48/' } } } },
    };
    expect(await said(made, { config: true })).toMatchObject([
      {
        id: 'release/not-locked',
        message:
          'release v46 has fraud:46 for predictor, the sources ask for s3://ml-models/fraud/v48/, and --config takes no other models than those of the release',
      },
    ]);
    expect(
      made
        .platform()
        .render()
        .findings.find(({ id }) => id === 'release/unreleased-edit')?.fix,
    ).toBe(
      'npx ai-service release fraud --env staging; or, where v46 was made with --model, --function or --image, write what v46 has into the sources, fraud:46 for predictor',
    );
  });

  test('an environment that the service does not run in', async () => {
    const made = await project({ services: { fraud: { environments: ['staging'] } } });
    expect(await said(made, { environment: 'prod-eu' })).toEqual([
      {
        id: 'release/request',
        message: 'fraud does not run in prod-eu',
        fix: 'add it to environments of the service, or name another environment',
      },
    ]);
  });

  test('a release that cannot be rendered', async () => {
    const made = await releasedOnce();
    made.options = { cluster: { istio: undefined } as never };
    expect((await said(made)).length).toBeGreaterThan(0);
  });
});

describe('arguments', () => {
  test('name models by registry and alias or version, or by URI; main is the predictor', () => {
    const { value } = parseModels([
      'main=corp/fraud@champion',
      'embedder=hub/acme/embed:0f1e',
      `geo=oci/models/geo@sha256:${'1f'.repeat(32)}`,
      'ranker=aws/rank@stage=Production/Approved',
      'text=s3://ml-models/text/v1/',
    ]);
    expect(value).toEqual({
      predictor: { registry: 'corp', name: 'fraud', alias: 'champion' },
      embedder: { registry: 'hub', name: 'acme/embed', version: '0f1e' },
      geo: { registry: 'oci', name: 'models/geo', version: `sha256:${'1f'.repeat(32)}` },
      ranker: { registry: 'aws', name: 'rank', alias: 'stage=Production/Approved' },
      text: { uri: 's3://ml-models/text/v1/' },
    });
    expect(parseImages(['function=registry.example.com/api:1.4.2']).value).toEqual({
      function: 'registry.example.com/api:1.4.2',
    });
  });

  test.each([['main'], ['=corp/fraud@champion'], ['main=fraud'], ['main=corp/fraud'], ['main=']])(
    'that are not understood, such as %s, are said with what to write',
    (text) => {
      const { value, findings } = parseModels([text]);
      expect(value).toBeUndefined();
      expect(findings).toMatchObject([
        {
          id: 'release/request',
          fix: 'write main=corp/fraud-detector@champion, main=corp/fraud-detector:47 or main=s3://ml-models/fraud-detector/v47/',
        },
      ]);
    },
  );

  test('name each part once', () => {
    expect(parseModels(['main=corp/fraud@a', 'predictor=corp/fraud@b']).findings).toMatchObject([
      { id: 'release/request', message: 'part predictor is given twice' },
    ]);
  });
});
