import { describe, expect, test } from 'vitest';
import { findUpdates, type UpdateQuery } from '../../src/app/update.ts';
import {
  fakeRegistry,
  predictor,
  RegistryProject,
  type FakeVersion,
  type ProjectOptions,
} from '../support/registry-project.ts';

const VERSIONS: Readonly<Record<string, FakeVersion>> = {
  'fraud/46': { metrics: { auc: 0.9 }, review: 'passed' },
  'fraud/47': { metrics: { auc: 0.97 }, review: 'passed' },
  'geo/3': { review: 'passed' },
};

const AUC = { canary: { steps: [10], gates: [{ registryMetric: { metric: 'auc', min: 0.9 } }] } };

/** A project whose services `fraud` and `geo` are released in staging; the champion of fraud is a newer version now. */
async function project(options: ProjectOptions = {}): Promise<RegistryProject> {
  const registry = await fakeRegistry(VERSIONS, { 'fraud@champion': '46', 'geo@champion': '3' });
  const made = new RegistryProject(registry, { services: { fraud: AUC, geo: {} }, ...options });
  for (const service of ['fraud', 'geo']) expect((await made.release({ service })).errors).toEqual([]);
  registry.aliases.set('fraud@champion', '47');
  return made;
}

const find = (made: RegistryProject, query: UpdateQuery = {}) => findUpdates(made.scope(), query);

const STATE = 'releases/staging/risk-ml/fraud.yaml';

describe('a newer version', () => {
  test('is proposed with branch, title and body, and nothing is written', async () => {
    const made = await project();
    const before = made.files();
    expect(await find(made)).toEqual({
      proposals: [
        {
          service: 'fraud',
          environment: 'staging',
          release: 'v47',
          branch: 'ai-service/update/fraud/staging/v47',
          title: 'fraud staging: fraud:46 to fraud:47',
          reason: 'predictor is fraud:47, as @champion says',
          body: `Release v47 of fraud, as candidate in staging: it is deployed without traffic.

| | v46 | v47 |
| --- | --- | --- |
| predictor | fraud:46 | fraud:47 |
| place of predictor | s3:&#8203;//ml-models/fraud/v46/ | s3:&#8203;//ml-models/fraud/v47/ |
| auc of predictor | 0.9 | 0.97 |

To keep it away: \`npx ai-service pause fraud --env staging\`.
`,
        },
      ],
      skipped: [],
      findings: [],
    });
    expect(made.files()).toEqual(before);
  });

  test('is proposed for the services and environments that are named', async () => {
    const made = await project();
    expect((await find(made, { services: ['geo'] })).proposals).toEqual([]);
    expect((await find(made, { services: ['fraud'], environments: ['staging'] })).proposals).toHaveLength(1);
  });

  test('is the release that `release` makes', async () => {
    const made = await project();
    const { proposals } = await find(made);
    expect((await made.release()).planned?.record.release).toBe(proposals[0]?.release);
  });
});

describe('nothing is proposed', () => {
  test('when nothing is newer', async () => {
    const made = await project();
    made.registry.aliases.set('fraud@champion', '46');
    expect(await find(made)).toEqual({ proposals: [], skipped: [], findings: [] });
  });

  test('for an edit of the sources, which a person releases', async () => {
    const made = await project();
    const model = { registry: 'corp', name: 'fraud', version: '47' } as const;
    made.options = {
      services: {
        fraud: { predictor: { ...predictor, model } },
        geo: {
          predictor: {
            ...predictor,
            model: { ...predictor.model, name: 'geo' },
            resources: { cpu: '2', memory: '1Gi' },
          },
        },
      },
    };
    expect(await find(made)).toEqual({ proposals: [], skipped: [], findings: [] });
  });

  test.each([
    ['a service that is paused', 'stable: v46\npaused: holidays\n', 'it is paused: holidays'],
    [
      'a service with a candidate on its way',
      'stable: v46\ncandidate: v47\nphase: warming\nweight: 0\n',
      'v47 is on its way',
    ],
    [
      'a release that was rolled back',
      'stable: v46\nholds:\n  v47: too many errors\n',
      'v47, which has these models, is held: too many errors',
    ],
  ])('for %s, and why is said', async (_what, state, why) => {
    const made = await project();
    await made.release();
    made.put(STATE, state);
    expect(await find(made)).toEqual({
      proposals: [],
      skipped: [{ service: 'fraud', environment: 'staging', why }],
      findings: [],
    });
  });

  test('for the models of a release that was rolled back, whatever else was edited since', async () => {
    const made = await project();
    await made.release();
    made.put(STATE, 'stable: v46\nholds:\n  v47: too many errors\n');
    made.options = {
      services: { fraud: { predictor: { ...predictor, resources: { cpu: '2', memory: '1Gi' } } }, geo: {} },
    };
    expect((await find(made)).proposals).toEqual([]);
  });

  test('for a service that is not released there yet, or that releases are promoted to', async () => {
    const made = await project({
      environments: { staging: { stage: 'staging' }, canary: { stage: 'staging' }, 'prod-eu': { stage: 'prod' } },
    });
    expect((await find(made, { services: ['geo'] })).skipped).toEqual([
      { service: 'geo', environment: 'canary', why: 'it is not released here yet' },
    ]);
    await made.release({ service: 'geo', environment: 'prod-eu', force: true, reason: 'a test' });
    expect((await find(made, { services: ['geo'], environments: ['prod-eu'] })).skipped).toEqual([
      { service: 'geo', environment: 'prod-eu', why: 'releases are promoted to it from staging' },
    ]);
  });

  test('for a version that waits for approval', async () => {
    const made = await project({ approvalTag: 'review=passed' });
    made.registry.versions.set('fraud/47', {});
    expect(await find(made)).toEqual({
      proposals: [],
      skipped: [{ service: 'fraud', environment: 'staging', why: 'version "47" of "fraud" waits for approval' }],
      findings: [],
    });
  });
});

test('a newer version than the one that was rolled back is proposed again', async () => {
  const made = await project();
  await made.release();
  made.put(STATE, 'stable: v46\ncandidate: v47\nphase: held\nholds:\n  v47: too many errors\n');
  made.registry.versions.set('fraud/48', { metrics: { auc: 0.98 } });
  made.registry.aliases.set('fraud@champion', '48');
  expect((await find(made)).proposals).toMatchObject([
    { release: 'v48', branch: 'ai-service/update/fraud/staging/v48' },
  ]);
});

test('a service whose model cannot be asked for does not keep the others from it', async () => {
  const made = await project();
  made.registry.aliases.delete('geo@champion');
  const { proposals, findings } = await find(made);
  expect(proposals).toHaveLength(1);
  expect(findings).toMatchObject([{ id: 'registry/not-found', where: { service: 'geo', environment: 'staging' } }]);
});

test('a service or environment that is not there is an error', async () => {
  const made = await project();
  const { findings } = await find(made, { services: ['frau'], environments: ['stagin'] });
  expect(findings.map(({ message, fix }) => [message, fix])).toEqual([
    ['the project has no service "frau"', 'did you mean fraud?'],
    ['the project has no environment "stagin"', 'did you mean staging?'],
  ]);
});
