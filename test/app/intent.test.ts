import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { openCheckout } from '../../src/app/checkout.ts';
import { planMove } from '../../src/app/move.ts';
import { Platform } from '../../src/app/platform.ts';
import { diskFiles } from '../../src/core/files.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { writeTree } from '../../src/tree/write.ts';
import { recordPath, recordText } from '../support/checkout.ts';
import { stack } from '../support/platform.ts';

/** What synth leaves in the tree for release commands: all that they need, and nothing that must not be in Git. */

// Made here, so that no scanner takes this file for a leak.
const KEY = `hf_${'aB'.repeat(17)}`;

const UNIT = 'envs/prod-eu/eu-1/risk-ml/fraud';

interface Sources {
  readonly service?: Partial<AIServiceProps>;
  readonly cluster?: Partial<ClusterSpec>;
  /** Whether releases enter at the environment, as it says itself. */
  readonly entry?: true;
  readonly podSecurity?: 'restricted';
  readonly edit?: (service: AIService<'prod-eu', 'prod', never>) => void;
}

/** A service that was released: its records say what runs. */
function releasedWith({ service = {}, cluster = {}, entry, podSecurity, edit }: Sources) {
  const root = mkdtempSync(join(tmpdir(), 'intent-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('releases/prod-eu/risk-ml/fraud.yaml', 'stable: v1\n');
  for (const release of ['v1', 'v2']) put(recordPath(release), recordText(release));
  const platform = new Platform(
    {
      gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
      argocd: { version: '3.5' },
      clusters: { 'eu-1': { ...stack, ...cluster } },
      environments: {
        'prod-eu': {
          stage: 'prod',
          clusters: ['eu-1'],
          namespace: 'risk-ml-prod',
          ...(entry && { entry }),
          ...(podSecurity && { podSecurity }),
        },
      },
    },
    { root },
  );
  const predictor = {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud/v1/' },
    resources: { cpu: '1', memory: '1Gi' },
  } as const;
  const made = new AIService(platform, 'fraud', { owner: { team: 'risk-ml' }, predictor, ...service } as AIServiceProps<
    'prod-eu',
    'prod',
    never
  >);
  edit?.(made);
  return { root, ...platform.render() };
}

const said = ({ findings }: ReturnType<typeof releasedWith>): string[] =>
  findings
    .filter(({ severity }) => severity === 'error')
    .map(({ id, where, message }) => `${id} ${where.field ?? ''}: ${message}`);

test.each<[string, Sources, string]>([
  [
    'a literal that no release carries yet, by its name',
    {
      service: {
        predictor: {
          framework: 'sklearn',
          model: { uri: 's3://ml-models/fraud/v1/' },
          resources: { cpu: '1', memory: '1Gi' },
          env: { DB_PASSWORD: 'hunter2' },
        },
      },
    },
    'secrets/literal predictor.env.DB_PASSWORD: DB_PASSWORD is the name of a secret, and has a literal value',
  ],
  [
    'an argument that no release carries yet',
    {
      service: {
        predictor: {
          framework: 'sklearn',
          model: { uri: 's3://ml-models/fraud/v1/' },
          resources: { cpu: '1', memory: '1Gi' },
          args: ['--api-key', 'hunter2'],
        },
      },
    },
    'secrets/literal predictor.args[1]: api-key is the name of a secret, and has a literal value',
  ],
  [
    'a patch',
    {
      edit: (service) =>
        service.patch(
          { kind: 'Service' },
          { op: 'add', path: '/metadata/labels/note', value: KEY },
          { op: 'remove', path: '/metadata/labels/note' },
        ),
    },
    'secrets/literal patches[0].operations[0].value: the text looks like a Hugging Face token',
  ],
  [
    'the cluster',
    { cluster: { imageMirrors: { 'docker.io/': `https://user:${'pass'}word@mirror.example.com/` } } },
    'secrets/literal cluster.imageMirrors["docker.io/"]: the text looks like a URL with a password',
  ],
])('a secret is refused where it would stand in no object: %s', (_where, sources, message) => {
  const synthesis = releasedWith(sources);
  expect(said(synthesis)).toEqual([message]);
  expect(JSON.stringify(synthesis.findings)).not.toMatch(/hunter2|hf_|password@/);
});

test('what the function of a cluster gives a service stands in its intent, so that patches of it are rendered again', async () => {
  const synthesis = releasedWith({
    cluster: {
      serviceAccountAnnotations: ({ service, namespace }) => ({
        'eks.amazonaws.com/role-arn': `arn:aws:iam::1:role/${namespace}-${service}`,
      }),
    },
    edit: (service) =>
      service.patch({ kind: 'ServiceAccount' }, { op: 'add', path: '/metadata/annotations/note', value: 'reviewed' }),
  });
  expect(said(synthesis)).toEqual([]);
  expect(synthesis.files.get(`${UNIT}/intent.yaml`)).toContain(`annotations:
  eks.amazonaws.com/role-arn: arn:aws:iam::1:role/risk-ml-prod-fraud
`);
  const { root, files, guard } = synthesis;
  writeTree({ outDir: join(root, 'gitops'), files, guard });
  const checkout = openCheckout(diskFiles(root), { tree: 'gitops', releases: 'releases' });
  const { value, findings } = await planMove(checkout, {
    service: 'fraud',
    environment: 'prod-eu',
    move: { action: 'release', release: 'v2' },
  });
  expect(findings).toEqual([]);
  expect(value?.changes.map(({ path }) => path).filter((path) => path.includes('serviceaccount'))).toEqual([]);
});

test.each<[string, Sources, string]>([
  ['that releases enter at an environment', { entry: true }, 'entry: true\n'],
  ['the Pod Security level of its namespaces', { podSecurity: 'restricted' }, 'podSecurity: restricted\n'],
])('%s is written where it is said, and else changes no byte', (_what, sources, line) => {
  const placeOf = (sources: Sources): string => releasedWith(sources).files.get('envs/prod-eu/eu-1/cluster.yaml') ?? '';
  expect(placeOf({}).match(/^[a-z]+/gm)).toEqual(['cluster', 'environment', 'rollout', 'stage', 'stages']);
  expect(placeOf(sources).replace(line, '')).toBe(placeOf({}));
  expect(placeOf(sources)).not.toBe(placeOf({}));
});
