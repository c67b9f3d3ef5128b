import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openCheckout } from '../../src/app/checkout.ts';
import { planMove, type MoveRequest } from '../../src/app/move.ts';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { Platform } from '../../src/app/platform.ts';
import { editYaml } from '../../src/core/edit-yaml.ts';
import { diskFiles } from '../../src/core/files.ts';
import { releaseDigest } from '../../src/release/record.ts';
import { runningReleases, type ReleaseState } from '../../src/release/state.ts';
import type { Move } from '../../src/release/transition.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { recoverJournal, writeJournaled } from '../../src/tree/journal.ts';
import { compareTree, writeTree } from '../../src/tree/write.ts';
import { mlflow } from '../../src/service/registry.ts';
import { stack } from '../support/platform.ts';

/** Release commands in a checkout of the GitOps repository, where no TypeScript is. */

const RELEASES = ['v1', 'v2', 'v3', 'v4'] as const;

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

const predictor = {
  framework: 'sklearn',
  model: { registry: 'corp', name: 'fraud', alias: 'champion' },
  resources: { cpu: '1', memory: '1Gi' },
  scaling: { min: 2, max: 4 },
} as const;

interface Scenario {
  readonly service?: Partial<AIServiceProps>;
  readonly cluster?: Partial<ClusterSpec>;
  readonly state?: string;
}

/** A project with four recorded releases, its tree on disk. */
function projectOf({ service = {}, cluster = {}, state = 'stable: v1\n' }: Scenario = {}) {
  const root = mkdtempSync(join(tmpdir(), 'move-'));
  folders.push(root);
  put(root, 'releases/prod-eu/risk-ml/fraud.yaml', state);
  const spec = { owner: { team: 'risk-ml' }, predictor, canary: { steps: [10, 50] }, ...service };
  RELEASES.forEach((release, index) => put(root, `releases/fraud/${release}.yaml`, recordText(release, index, 'function' in spec)));
  /** What a full synth gives today. */
  const synth = (at = root) => {
    const platform = new Platform(
      {
        gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
        argocd: { version: '3.5' },
        clusters: { 'eu-1': { ...stack, ...cluster } },
        environments: { 'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: 'risk-ml-prod' } },
        registries: { corp: mlflow({ url: 'https://mlflow.example.com' }) },
      },
      { root: at },
    );
    new AIService(platform, 'fraud', spec as AIServiceProps<'prod-eu', 'prod', 'corp'>);
    return platform.render();
  };
  const { files, findings, guard } = synth();
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(writeTree({ outDir: join(root, 'gitops'), files, guard }).findings).toEqual([]);
  return { root, synth };
}

/** Releases share nothing, or with a function the model, every second time. */
function recordText(release: string, index: number, withFunction: boolean): string {
  const model = withFunction ? (RELEASES[index - (index % 2)] ?? release) : release;
  const parts = {
    predictor: {
      introduced: model,
      model: { registry: 'corp', name: 'fraud', version: model.slice(1), uri: `s3://ml-models/fraud/${model}/` },
      workload: { framework: 'sklearn' as const, resources: { cpu: '1', memory: '1Gi' } },
    },
    ...(withFunction && { function: { introduced: release, workload: { image: `registry.example.com/api:${index + 1}.0.0`, resources: { cpu: '1', memory: '1Gi' }, env: { MODEL_URL: { part: 'predictor' } } } } }),
  };
  return editYaml(undefined, { release, digest: releaseDigest(parts), parts }, ['release', 'digest', 'parts']);
}

function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

type Asked = Omit<MoveRequest, 'service' | 'environment' | 'move'>;

/** One move, as the command line makes it. */
async function make(root: string, move: Move, options: Asked = {}) {
  const place = { root, tree: 'gitops' };
  expect(recoverJournal(place)).toEqual([]);
  const checkout = openCheckout(diskFiles(root), { tree: 'gitops', releases: 'releases' });
  const { value, findings } = await planMove(checkout, { service: 'fraud', environment: 'prod-eu', move, ...options });
  if (value) expect(writeJournaled(place, value.changes)).toEqual([]);
  return { planned: value, findings };
}

const stateIn = (root: string): string => readFileSync(join(root, 'releases/prod-eu/risk-ml/fraud.yaml'), 'utf8');
const manifest = (root: string, name: string): string => readFileSync(join(root, 'gitops/envs/prod-eu/eu-1/risk-ml/fraud/manifests', name), 'utf8');
const route = (root: string): string => manifest(root, 'virtualservice.fraud.yaml') + manifest(root, 'service.fraud.yaml');

describe('a release on its way', () => {
  test('is deployed at weight 0, climbs, finishes, and the tree is what synth gives after every move', async () => {
    const { root, synth } = projectOf();
    const said: string[] = [];
    for (const action of ['release', 'advance', 'advance', 'finish', 'cleanup'] as const) {
      const { planned } = await make(root, action === 'release' ? { action, release: 'v2' } : { action });
      said.push(`${action}: ${planned?.changes.map(({ path }) => path.replace(/^.*\//, '')).join(' ') ?? ''}`);
      expect(compareTree({ outDir: join(root, 'gitops'), files: synth().files })).toEqual({ added: [], changed: [], removed: [], findings: [] });
    }
    expect(said).toEqual([
      'release: fraud.yaml prometheusrule.fraud.yaml poddisruptionbudget.fraud-v2.yaml servingruntime.fraud-v2.yaml inferenceservice.fraud-v2.yaml destinationrule.fraud-v2.yaml .ai-service-index',
      'advance: fraud.yaml virtualservice.fraud.yaml',
      'advance: fraud.yaml virtualservice.fraud.yaml',
      'finish: fraud.yaml service.fraud.yaml virtualservice.fraud.yaml',
      'cleanup: fraud.yaml',
    ]);
    expect(stateIn(root)).toBe('stable: v2\nprevious: v1\n');
  });
});

/** Weights by workload, as a reader of the VirtualService sees them. */
function weightsIn(root: string): Map<string, number> {
  const { spec } = parse(manifest(root, 'virtualservice.fraud.yaml')) as { spec: { http: { route: { destination: { host: string }; headers: { request?: { set: { Host: string } } }; weight: number }[] }[] } };
  return new Map(spec.http.at(-1)!.route.map(({ destination, headers, weight }) => [(headers.request?.set.Host ?? destination.host).replace(/(-predictor)?\.risk-ml-prod.*$/, ''), weight]));
}

function workloadsIn(root: string): Set<string> {
  const index = readFileSync(join(root, 'gitops/.ai-service-index'), 'utf8');
  return new Set([...index.matchAll(/manifests\/(?:inferenceservice|service\.serving|deployment)\.(.*)\.yaml$/gm)].map(([, name = '']) => name));
}

const move = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...RELEASES).map((release): Move => ({ action: 'release', release })) },
  { weight: 6, arbitrary: fc.constant<Move>({ action: 'advance' }) },
  { weight: 3, arbitrary: fc.constant<Move>({ action: 'finish' }) },
  { weight: 1, arbitrary: fc.constant<Move>({ action: 'abort' }) },
  { weight: 2, arbitrary: fc.option(fc.constantFrom(...RELEASES), { nil: undefined }).map((to): Move => (to ? { action: 'rollback', to } : { action: 'rollback' })) },
  { weight: 1, arbitrary: fc.option(fc.constantFrom(...RELEASES), { nil: undefined }).map((release): Move => (release ? { action: 'hold', release } : { action: 'hold' })) },
  { weight: 2, arbitrary: fc.constantFrom(...RELEASES).map((release): Move => ({ action: 'resume', release })) },
  { weight: 3, arbitrary: fc.constant<Move>({ action: 'cleanup' }) },
  { weight: 1, arbitrary: fc.constantFrom<Move>({ action: 'pause' }, { action: 'unpause' }) },
);

const knative = { kserve: { version: '0.20.0', mode: 'Knative' }, knative: { version: '1.21.1' } } as const;
const scenarios: Record<string, Scenario> = {
  'canary in Standard mode': {},
  'canary on Knative': { cluster: knative, service: { predictor: { ...predictor, scaling: { min: 1, max: 4 } } } },
  'canary of a function': { service: { function: { image: 'registry.example.com/api:1.0.0', resources: { cpu: '1', memory: '1Gi' }, env: { MODEL_URL: { part: 'predictor' } } } } },
  'blue-green, stopped afterwards': { service: { canary: undefined, blueGreen: { keepPrevious: 'stopped' } } as never },
  'shadow, nothing kept': { service: { canary: undefined, shadow: { percent: 20, keepPrevious: 'none' } } as never },
  'A/B by header': { service: { canary: undefined, abTest: { header: { name: 'x-cohort', value: 'b' } } } as never },
};

describe.each(Object.entries(scenarios))('any sequence of moves, with %s', (_name, scenario) => {
  test('keeps the promises', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(move, fc.boolean()), { minLength: 1, maxLength: 12 }), async (moves) => {
        const { root, synth } = projectOf(scenario);
        try {
          /** Routing by the release that alone serves. */
          const routings = new Map([['v1', route(root)]]);
          for (const [each, force] of moves) {
            const [workloads, weights, routing] = [workloadsIn(root), weightsIn(root), route(root)];
            const { planned, findings } = await make(root, each, force ? { force, reason: 'because' } : {});
            if (!planned) {
              expect(findings[0]).toMatchObject({ id: 'release/illegal-move' });
              expect(route(root)).toBe(routing);
              continue;
            }
            const { after } = planned;
            const [workloadsNow, weightsNow] = [workloadsIn(root), weightsIn(root)];

            // The tree is what synth of today's sources gives.
            expect(compareTree({ outDir: join(root, 'gitops'), files: synth().files })).toEqual({ added: [], changed: [], removed: [], findings: [] });
            // Weights sum to 100, and go to workloads that run.
            expect([...weightsNow.values()].reduce((sum, weight) => sum + weight, 0)).toBe(100);
            for (const name of weightsNow.keys()) expect(workloadsNow).toContain(name);
            // No commit both creates a workload and sends it traffic, or moves weight off one and removes it.
            for (const name of weightsNow.keys()) if (!workloads.has(name)) throw new Error(`${each.action} created ${name} and sent it traffic`);
            for (const name of weights.keys()) if (!workloadsNow.has(name)) throw new Error(`${each.action} removed ${name}, which had traffic`);
            // A held release never gets traffic; stable serves whenever the candidate does not.
            heldGetNothing(after);
            // After a rollback, or an abort, the routing is byte for byte what it was before the release.
            if (after.weight === 0 && !after.mirror && !after.header) {
              expect(route(root)).toBe(routings.get(after.stable) ?? route(root));
              routings.set(after.stable, route(root));
            }
            // Another empty cluster, synced from the same commit, has the same routing.
            const copy = mkdtempSync(join(tmpdir(), 'replay-'));
            cpSync(join(root, 'releases'), join(copy, 'releases'), { recursive: true });
            const replayed = synth(copy).files.get('envs/prod-eu/eu-1/risk-ml/fraud/manifests/virtualservice.fraud.yaml');
            rmSync(copy, { recursive: true });
            expect(replayed).toBe(manifest(root, 'virtualservice.fraud.yaml'));
            expect(new Set(runningReleases(after)).size).toBe(runningReleases(after).length);
          }
        } finally {
          rmSync(root, { recursive: true, force: true });
        }
      }),
      { numRuns: 15 },
    );
  });
});

function heldGetNothing({ stable, candidate, weight, mirror, header, holds = {} }: ReleaseState): void {
  expect(Object.keys(holds)).not.toContain(stable);
  if (candidate === undefined || candidate in holds) expect([weight, mirror, header]).toEqual([0, undefined, undefined]);
}
