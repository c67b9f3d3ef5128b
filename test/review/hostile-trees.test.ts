import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createCatalogue, OWN_IMPORTS } from '../../src/check/schema/catalogue.ts';
import { planHtml } from '../../src/review/format/html.ts';
import { planJson } from '../../src/review/format/json.ts';
import { planMarkdown } from '../../src/review/format/markdown.ts';
import { planText } from '../../src/review/format/text.ts';
import { makePlan } from '../../src/review/make-plan.ts';
import type { Plan } from '../../src/review/plan.ts';
import { valueOf } from '../git/folders.ts';
import { golden } from '../support/golden-tree.ts';
import { memoryTrees, type TextTree } from '../support/memory-trees.ts';
import { fc } from '../support/property.ts';

/** Trees that nobody sane wrote: any kind with any fields under hostile names. What a plan promises holds for them, too. */

const schemas = createCatalogue([OWN_IMPORTS]);

const NASTY = [
  '',
  ' ',
  'x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '*',
  '@all',
  '#1',
  '|',
  '`',
  '-->',
  '</script><script>x',
  '[a](b)',
  '\u001b[2J',
  '\u202e',
  'a\nb',
  '\ud800',
  '{{x}}',
  '$&',
  '%s',
  '🚀',
  'null',
  '1',
  'name.with.dots',
  'a/b',
  '"',
  "'",
  '\\',
];
const name = fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 6, unit: 'binary' }));

/** Fields that words look into, so that they meet what they do not expect there. */
const FIELDS = [
  'metadata',
  'name',
  'namespace',
  'labels',
  'annotations',
  'spec',
  'template',
  'containers',
  'env',
  'value',
  'valueFrom',
  'secretKeyRef',
  'image',
  'args',
  'resources',
  'limits',
  'requests',
  'cpu',
  'memory',
  'predictor',
  'transformer',
  'model',
  'storageUri',
  'minReplicas',
  'maxReplicas',
  'traffic',
  'http',
  'route',
  'destination',
  'host',
  'weight',
  'mirror',
  'timeout',
  'match',
  'headers',
  'hosts',
  'gateways',
  'rules',
  'groups',
  'alert',
  'record',
  'expr',
  'for',
  'mtls',
  'mode',
  'action',
  'from',
  'to',
  'ports',
  'port',
  'selector',
  'backendRefs',
  'parentRefs',
  'filters',
  'ingress',
  'egress',
  'subjects',
  'roleRef',
  'verbs',
  'destinations',
  'sourceRepos',
  'syncPolicy',
  'automated',
  'data',
  'items',
  'policy',
  'steps',
  'gates',
  'bake',
  'stage',
  'app.kubernetes.io/name',
  'app.kubernetes.io/version',
  'app.kubernetes.io/component',
];
const SCALARS = [
  null,
  true,
  0,
  -1,
  1.5,
  90,
  '10',
  '30s',
  '1000m',
  'sum(rate(a[5m])) > 1',
  'v46',
  's3://a/b/',
  'img:latest',
  'img@sha256:00',
  'a\nb\nc',
  '{"a":1}',
];

const { value: anything } = fc.letrec<{ value: unknown; map: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom<unknown>(...SCALARS),
    name,
    tie('map'),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
  map: fc.dictionary(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...FIELDS) }, { weight: 1, arbitrary: name }),
    tie('value'),
    { maxKeys: 4 },
  ),
}));

const KINDS = [
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['v1', 'Namespace'],
  ['v1', 'ServiceAccount'],
  ['v1', 'List'],
  ['apps/v1', 'Deployment'],
  ['policy/v1', 'PodDisruptionBudget'],
  ['serving.kserve.io/v1beta1', 'InferenceService'],
  ['serving.kserve.io/v1alpha1', 'ServingRuntime'],
  ['serving.knative.dev/v1', 'Service'],
  ['keda.sh/v1alpha1', 'ScaledObject'],
  ['networking.istio.io/v1', 'VirtualService'],
  ['networking.istio.io/v1', 'DestinationRule'],
  ['security.istio.io/v1', 'PeerAuthentication'],
  ['security.istio.io/v1', 'AuthorizationPolicy'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute'],
  ['networking.k8s.io/v1', 'NetworkPolicy'],
  ['monitoring.coreos.com/v1', 'PrometheusRule'],
  ['monitoring.coreos.com/v1', 'PodMonitor'],
  ['monitoring.coreos.com/v1alpha1', 'AlertmanagerConfig'],
  ['argoproj.io/v1alpha1', 'Application'],
  ['argoproj.io/v1alpha1', 'ApplicationSet'],
  ['argoproj.io/v1alpha1', 'AppProject'],
  ['argoproj.io/v1alpha1', 'Rollout'],
  ['external-secrets.io/v1', 'ExternalSecret'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  ['rbac.authorization.k8s.io/v1', 'Role'],
  ['x.example.com/v1', 'Odd'],
] as const;

const object = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    name: fc.oneof(fc.constantFrom('a', 'b', 'svc-v1', 'svc-v2'), name),
    namespace: fc.constantFrom(undefined, 'n', 'm', 7),
    fields: anything,
    spec: anything,
  })
  .map(({ kind: [apiVersion, kind], name: own, namespace, fields, spec }) => ({
    ...(typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? fields : { data: fields }),
    apiVersion,
    kind,
    metadata: { name: own, ...(namespace !== undefined && { namespace }) },
    spec,
  }));

const UNIT = 'envs/prod/eu-1/team/svc';
const path = fc.oneof(
  fc.constantFrom(
    `${UNIT}/manifests/a.yaml`,
    `${UNIT}/manifests/b.yaml`,
    `${UNIT}/argocd-app.json`,
    `${UNIT}/intent.yaml`,
    'envs/prod/eu-1/cluster.yaml',
    'argocd/a.yaml',
    'base/a.yaml',
    'README.md',
    'kustomization.yaml',
    'values.yaml',
  ),
  name.filter((text) => !text.includes('\0')).map((text) => `odd/${text}.yaml`),
);
// JSON is YAML, and any value can be written in it.
const text = fc.oneof(
  { weight: 6, arbitrary: object.map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: anything.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ maxLength: 30 }) },
);
const tree: fc.Arbitrary<TextTree> = fc.dictionary(path, text, { maxKeys: 5 });

/** Files of the golden tree as values, so that the words meet fields that they know with values that they do not. */
const known = Object.entries(golden).flatMap(([file, content]): (readonly [string, unknown])[] =>
  /\.ya?ml$/.test(file) ? [[file, parse(content)]] : file.endsWith('.json') ? [[file, JSON.parse(content)]] : [],
);

const damage = fc.array(fc.record({ seed: fc.nat(), value: anything }), { maxLength: 4 });

function damaged(value: unknown, changes: readonly { readonly seed: number; readonly value: unknown }[]): string {
  return JSON.stringify(changes.reduce((now, { seed, value: put }) => withValue(now, seed, put), value));
}

/** The value with another one at some depth. */
function withValue(value: unknown, seed: number, put: unknown): unknown {
  if (typeof value !== 'object' || value === null || seed % 7 === 0) return put;
  const keys = Object.keys(value);
  const key = keys[seed % Math.max(keys.length, 1)];
  if (key === undefined) return put;
  const below = withValue((value as Record<string, unknown>)[key], Math.floor(seed / 3), put);
  return Array.isArray(value)
    ? value.map((item: unknown, index) => (String(index) === key ? below : item))
    : { ...value, [key]: below };
}

const damagedPair = fc
  .array(fc.record({ file: fc.nat(), before: damage, after: damage }), { minLength: 1, maxLength: 3 })
  .map((files): readonly [TextTree, TextTree] => {
    const chosen = files.map(({ file, before, after }) => [known[file % known.length]!, before, after] as const);
    return [
      Object.fromEntries(chosen.map(([[path, value], before]) => [path, damaged(value, before)])),
      Object.fromEntries(chosen.map(([[path, value], , after]) => [path, damaged(value, after)])),
    ];
  });

async function planOf(before: TextTree, after: TextTree): Promise<Plan> {
  return valueOf(await makePlan(memoryTrees(before, after), { schemas, topology: true }));
}

describe('for any two trees', () => {
  test('every change has its words, in every form, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.tuple(tree, tree), { weight: 3, arbitrary: damagedPair }),
        async ([before, after]) => {
          const plan = await planOf(before, after);
          const explained = new Set(plan.statements.flatMap(({ entries }) => entries));
          expect(plan.entries.filter((_, index) => !explained.has(index))).toEqual([]);
          expect(plan.entries.length === 0).toBe(plan.risk === 'none');
          for (const said of plan.statements) {
            expect(said.text).toMatch(/\S/);
            expect(said.text).not.toMatch(/\bundefined\b|\[object |\bNaN\b/);
          }
          expect(planText(plan, { color: false })).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          expect(Buffer.byteLength(planMarkdown(plan, { marker: 'x' }))).toBeLessThanOrEqual(60_000);
          expect((JSON.parse(planJson(plan)) as Plan).entries).toHaveLength(plan.entries.length);
          expect(planHtml(plan)).not.toContain('<script>x');
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a tree and itself are no change', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (one) => {
        const respelled = Object.fromEntries(
          Object.entries(one).map(([file, content]) => [file, /\.(?:yaml|json)$/.test(file) ? `${content} ` : content]),
        );
        expect(
          (await planOf(one, respelled)).entries.filter(
            ({ change, type }) => type === 'object' || change !== 'changed',
          ),
        ).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
