import { describe, expect, test } from 'vitest';
import { openCheckout } from '../../src/app/checkout.ts';
import { planFirstPromotion } from '../../src/app/first-promotion.ts';
import { planMove } from '../../src/app/move.ts';
import { isFirstPromotion, planPromotion, type Promotion } from '../../src/app/promote.ts';
import { diskFiles } from '../../src/core/files.ts';
import type { Move } from '../../src/release/transition.ts';
import { writeJournaled } from '../../src/tree/journal.ts';
import { compareTree } from '../../src/tree/write.ts';
import { fakeRegistry, RegistryProject } from '../support/registry-project.ts';

const PROD = 'releases/prod-eu/risk-ml/fraud.yaml';

/** A project whose first version serves in staging, and the second one is in the registry. */
async function project() {
  const registry = await fakeRegistry({ 'fraud/1': {}, 'fraud/2': {} }, { 'fraud@champion': '1' });
  const made = new RegistryProject(registry);
  await made.release();
  registry.aliases.set('fraud@champion', '2');
  const checkout = () => openCheckout(diskFiles(made.root), { tree: 'gitops', releases: 'releases' });
  const promote = async (promotion: Partial<Promotion> = {}) => {
    const asked: Promotion = { service: 'fraud', from: 'staging', to: 'prod-eu', ...promotion };
    const first = isFirstPromotion(checkout(), asked);
    const { value, findings } = first
      ? planFirstPromotion(made.scope(), asked)
      : await planPromotion(checkout(), asked);
    if (value) expect(writeJournaled({ root: made.root, tree: 'gitops' }, value.changes)).toEqual([]);
    return {
      first,
      said: findings
        .filter(({ severity }) => severity === 'error')
        .map(({ id, message, fix }) => `${id}: ${message}; ${fix}`),
    };
  };
  const move = async (environment: string, action: Exclude<Move['action'], 'release'>) => {
    const { value } = await planMove(checkout(), {
      service: 'fraud',
      environment,
      move: { action },
      force: true,
      reason: 'test',
    });
    expect(writeJournaled({ root: made.root, tree: 'gitops' }, value?.changes ?? [])).toEqual([]);
    expect(value).toBeDefined();
  };
  const inStep = () =>
    expect(compareTree({ outDir: `${made.root}/gitops`, files: made.platform().render().files })).toEqual({
      added: [],
      changed: [],
      removed: [],
      findings: [],
    });
  return { made, promote, move, inStep };
}

describe('a promotion', () => {
  test('is the very same record: the first one serves at once, the next one is deployed without traffic', async () => {
    const { made, promote, move, inStep } = await project();
    const record = made.read('releases/fraud/v1.yaml');
    expect(await promote({ reason: 'go' })).toEqual({ first: true, said: [] });
    expect(made.read(PROD)).toBe('stable: v1\nreason: go\n');
    inStep();

    await made.release();
    await move('staging', 'finish');
    const asked = made.registry.server.seen.length;
    expect(await promote()).toEqual({ first: false, said: [] });
    expect(made.read(PROD)).toMatch(
      /^stable: v1\ncandidate: v2\nphase: warming\nweight: 0\npolicy: sha256:[0-9a-f]{64}\n$/,
    );
    expect(made.registry.server.seen.length).toBe(asked);
    expect(made.read('releases/fraud/v1.yaml')).toBe(record);
    inStep();
  });

  test('waits until the release serves in the earlier environment, unless somebody says why not', async () => {
    const { made, promote } = await project();
    await promote();
    await made.release();
    expect((await promote({ release: 'v2' })).said).toEqual([
      'release/not-finished: v2 is warming in staging, where v1 serves; finish it there first, or say --force with a --reason',
    ]);
    expect((await promote({ release: 'v2', force: true })).said).toHaveLength(1);
    expect((await promote({ release: 'v2', force: true, reason: 'hot fix' })).said).toEqual([]);
    expect(made.read(PROD)).toContain('candidate: v2');
  });

  test('goes in the order of the stages', async () => {
    const { promote } = await project();
    await promote();
    const { said } = await promote({ from: 'prod-eu', to: 'staging' });
    expect(said).toEqual([
      'release/stage-order: staging (stage staging) does not come after prod-eu (stage prod); promote in the order of the stages: staging, prod; to go back, run rollback',
    ]);
  });

  test('has nothing to do where the release serves already', async () => {
    const { promote } = await project();
    await promote();
    expect((await promote()).said).toEqual(['release/illegal-move: v1 serves already; nothing to do']);
  });

  test('waits until what is on its way there has come to its end', async () => {
    const { made, promote, move } = await project();
    await promote();
    await made.release();
    await move('staging', 'finish');
    await promote();
    await move('prod-eu', 'advance');
    made.registry.aliases.set('fraud@champion', '1');
    expect((await promote({ release: 'v1', force: true, reason: 'test' })).said).toEqual([
      'release/illegal-move: v2 is on its way already, at step 0 (10 %), and there is one candidate at a time; bring it to its end with advance and finish; or take it off with abort, and run this again',
    ]);
  });

  test('of a service that is not there, or has no release yet, says so', async () => {
    const { promote } = await project();
    expect((await promote({ service: 'fruad' })).said.join()).toContain('did you mean fraud?');
    expect((await promote({ from: 'prod-eu', to: 'staging' })).said.join()).toContain('checkout/unknown-service');
  });
});
