import { expect, test } from 'vitest';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { makePlan } from '../../src/review/make-plan.ts';
import type { Plan } from '../../src/review/plan.ts';
import { valueOf } from '../git/folders.ts';
import { edited, golden } from '../support/golden-tree.ts';
import { memoryTrees, type TextTree } from '../support/memory-trees.ts';

/** A service that goes to another namespace, whose name is in hundreds of fields. */

const schemas = createCatalogue([OWN_IMPORTS]);
const SERVICE = /prod-eu.*fraud-detector\//;
const moved: TextTree = edited(golden, [SERVICE, 'risk-ml-prod', 'risk-ml-live']);

async function planTo(after: TextTree): Promise<Plan> {
  return valueOf(await makePlan(memoryTrees(golden, after), { schemas, topology: false }));
}

function said({ statements }: Plan): string[] {
  return statements.map(({ risk, text }) => `${risk} ${text}`);
}

const MOVE = [
  'high fraud-detector goes to namespace risk-ml-live (was risk-ml-prod)',
  'high fraud-detector no longer answers at fraud-detector.risk-ml-prod.svc.cluster.local',
];
const AFTER = [
  'low fraud-detector answers at fraud-detector.risk-ml-live.svc.cluster.local',
  'low runbook of fraud-detector changed',
];

test('that it goes there is said, and not that its alerts are others', async () => {
  const plan = await planTo(moved);
  expect(said(plan)).toEqual([...MOVE, ...AFTER]);
  expect(plan.totals.objects).toEqual({ added: 0, changed: 0, replaced: 16, removed: 0 });
});

test('what changes beside is said as ever, and explains the object as it was', async () => {
  const plan = await planTo(
    edited(
      moved,
      [/prod-eu.*fraud-detector-v46\.yaml/, 'minReplicas: 2', 'minReplicas: 1'],
      [/prod-eu.*fraud-detector-v47\.yaml/, 'minReplicas: 2', 'minReplicas: 1'],
    ),
  );
  const replicas = plan.statements.find(
    ({ text }) => text === 'fraud-detector predictor runs 1 to 20 replicas (was 2 to 20)',
  );
  expect(said(plan)).toEqual([
    ...MOVE,
    'medium fraud-detector predictor runs 1 to 20 replicas (was 2 to 20)',
    ...AFTER,
  ]);
  expect(replicas?.entries.map((index) => plan.entries[index])).toMatchObject([
    {
      change: 'replaced',
      before: { object: { metadata: { namespace: 'risk-ml-prod' } } },
      after: { object: { metadata: { namespace: 'risk-ml-live' } } },
    },
    { change: 'replaced', before: { object: { metadata: { namespace: 'risk-ml-prod' } } } },
  ]);
});

test('a team that is called as the old namespace stays what it is', async () => {
  const before = edited(golden, [SERVICE, 'risk-ml-prod', 'risk-ml']);
  const after = edited(golden, [SERVICE, 'risk-ml-prod', 'risk-ml-2']);
  const plan = valueOf(await makePlan(memoryTrees(before, after), { schemas, topology: false }));
  // Texts that name both are other texts.
  expect(said(plan).filter((text) => /alert|label|team/.test(text))).toEqual([
    'low what 28 alerts of fraud-detector say changed',
  ]);
});

test('what is recorded of several clusters is said once', async () => {
  const plan = await planTo(edited(golden, [/cluster\.yaml$/, '0.20.0', '0.20.1']));
  expect(plan.statements).toMatchObject([{ subject: 'clusters', where: 'dev, prod-eu, prod-us' }]);
  expect(plan.cells).toHaveLength(3);
});

test('a service that another team has now changes: it does not go, and come for the first time', async () => {
  const folder = /^envs\/prod-eu\/eu-1\/risk-ml\/fraud-detector\//;
  const descriptor = /fraud-detector\/argocd-app\.json$/;
  const others = edited(golden, [descriptor, '"team": "risk-ml"', '"team": "payments"']);
  const after = Object.fromEntries(
    Object.entries(golden).map(([path, text]) =>
      folder.test(path)
        ? [path.replace('/risk-ml/', '/payments/'), descriptor.test(path) ? others[path]! : text]
        : [path, text],
    ),
  );
  const plan = await planTo(after);
  expect(said(plan)).toEqual(['high team of fraud-detector is payments (was risk-ml)']);
  // Its objects are what they were. Each file is told where it is, and where it was.
  expect(plan.entries.map((entry) => [entry.change, entry.type === 'document' && entry.file.split('/')[3]])).toEqual(
    ['payments', 'payments', 'payments', 'risk-ml', 'risk-ml', 'risk-ml'].map((team) => [
      team === 'payments' ? 'added' : 'removed',
      team,
    ]),
  );
  expect(plan.statements[0]!.entries).toEqual([0, 1, 2, 3, 4, 5]);

  const inAnotherNamespace = edited(after, [/prod-eu.*payments\/fraud-detector\//, 'risk-ml-prod', 'payments-prod']);
  expect(said(await planTo(inAnotherNamespace))).toEqual([
    'high fraud-detector goes to namespace payments-prod (was risk-ml-prod)',
    'high fraud-detector no longer answers at fraud-detector.risk-ml-prod.svc.cluster.local',
    'high team of fraud-detector is payments (was risk-ml)',
    'low fraud-detector answers at fraud-detector.payments-prod.svc.cluster.local',
    'low runbook of fraud-detector changed',
  ]);
});
