import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { openCheckout } from '../../src/app/checkout.ts';
import { planMove, type MoveRequest } from '../../src/app/move.ts';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { Platform } from '../../src/app/platform.ts';
import { editYaml } from '../../src/core/edit-yaml.ts';
import { diskFiles } from '../../src/core/files.ts';
import type { Synthesis } from '../../src/app/synthesize.ts';
import { releaseDigest, type RecordedParts } from '../../src/release/record.ts';
import { releaseState, runningReleases, type ReleaseState } from '../../src/release/state.ts';
import { transition, type Move } from '../../src/release/transition.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { policyOf } from '../../src/service/release-policy.ts';
import { aiService } from '../../src/service/service.ts';
import { recoverJournal, writeJournaled } from '../../src/tree/journal.ts';
import { compareTree, writeTree } from '../../src/tree/write.ts';
import { mlflow } from '../../src/service/registry.ts';
import { stack } from '../support/platform.ts';
import { fc } from '../support/property.ts';

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
  readonly environment?: { readonly rollout?: 'replace'; readonly podSecurity?: 'restricted' };
  readonly state?: string;
  /** What a release carries. Default: a predictor, and a function where the service has one. */
  readonly parts?: (release: string, index: number) => RecordedParts['parts'];
  /** What somebody may change in the sources between two moves. */
  readonly edits?: readonly Partial<AIServiceProps>[];
}

/** A project with four recorded releases, its tree on disk. */
function projectOf({ service = {}, cluster = {}, environment = {}, state = 'stable: v1\n', parts }: Scenario = {}) {
  const root = mkdtempSync(join(tmpdir(), 'move-'));
  folders.push(root);
  put(root, 'releases/prod-eu/risk-ml/fraud.yaml', state);
  let spec: Partial<AIServiceProps> = {
    owner: { team: 'risk-ml' },
    predictor,
    canary: { steps: [10, 50] },
    ...service,
  };
  const partsOf = parts ?? ('function' in spec ? withFunction : predictorOnly);
  RELEASES.forEach((release, index) =>
    put(root, `releases/fraud/${release}.yaml`, recordText(release, partsOf(release, index))),
  );
  /** What a full synth gives today. */
  const synth = (at = root) => {
    const platform = new Platform(
      {
        gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
        argocd: { version: '3.5' },
        clusters: { 'eu-1': { ...stack, ...cluster } },
        environments: { 'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: 'risk-ml-prod', ...environment } },
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
  /** Somebody edits the sources, and synthesises. */
  const edit = (change: Partial<AIServiceProps>): Synthesis => {
    spec = { ...spec, ...change };
    return synth();
  };
  return { root, synth, edit, policy: () => policyOf(aiService.parse(spec), 'release') };
}

type PartsOf = NonNullable<Scenario['parts']>;

function modelOf(release: string, name = 'fraud') {
  return {
    introduced: release,
    model: { registry: 'corp', name, version: release.slice(1), uri: `s3://ml-models/${name}/${release}/` },
    workload: { framework: 'sklearn' as const, resources: { cpu: '1', memory: '1Gi' } },
  };
}

/** Of two releases the second one has the model of the first one. */
const firstOfTwo = (release: string, index: number): string => RELEASES[index - (index % 2)] ?? release;
const api = {
  image: 'registry.example.com/api:1.0.0',
  resources: { cpu: '1', memory: '1Gi' },
  env: { MODEL_URL: { part: 'predictor' } },
} as const;

const predictorOnly: PartsOf = (release) => ({ predictor: modelOf(release) });
const withFunction: PartsOf = (release, index) => ({
  predictor: modelOf(firstOfTwo(release, index)),
  function: { introduced: release, workload: { ...api, image: `registry.example.com/api:${index + 1}.0.0` } },
});

function recordText(release: string, parts: RecordedParts['parts']): string {
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
const manifest = (root: string, name: string): string =>
  readFileSync(join(root, 'gitops/envs/prod-eu/eu-1/risk-ml/fraud/manifests', name), 'utf8');

describe('a release on its way', () => {
  test('is deployed at weight 0, climbs, finishes, and the tree is what synth gives after every move', async () => {
    const { root, synth } = projectOf();
    const said: string[] = [];
    for (const action of ['release', 'advance', 'advance', 'finish', 'cleanup'] as const) {
      const { planned } = await make(root, action === 'release' ? { action, release: 'v2' } : { action });
      said.push(`${action}: ${planned?.changes.map(({ path }) => path.replace(/^.*\//, '')).join(' ') ?? ''}`);
      expect(compareTree({ outDir: join(root, 'gitops'), files: synth().files })).toEqual({
        added: [],
        changed: [],
        removed: [],
        findings: [],
      });
    }
    expect(said).toEqual([
      'release: fraud.yaml prometheusrule.fraud.yaml prometheusrule.fraud.releases.yaml runbook.md poddisruptionbudget.fraud-v2.yaml servingruntime.fraud-v2.yaml inferenceservice.fraud-v2.yaml destinationrule.fraud-v2.yaml .ai-service-index',
      'advance: fraud.yaml virtualservice.fraud.yaml prometheusrule.fraud.releases.yaml',
      'advance: fraud.yaml virtualservice.fraud.yaml prometheusrule.fraud.releases.yaml',
      'finish: fraud.yaml service.fraud.yaml virtualservice.fraud.yaml prometheusrule.fraud.releases.yaml',
      'cleanup: fraud.yaml',
    ]);
    expect(stateIn(root)).toBe('stable: v2\nprevious: v1\n');
  });
});

describe('a release that somebody names', () => {
  test.each<[string, Move]>([
    ['held', { action: 'hold', release: 'v22' }],
    ['gone back to', { action: 'rollback', to: 'v22' }],
    ['released', { action: 'release', release: 'v22' }],
  ])('is not %s when there is no such record', async (_what, move) => {
    const { root } = projectOf();
    const before = stateIn(root);
    const { planned, findings } = await make(root, move);
    expect(planned).toBeUndefined();
    expect(findings).toMatchObject([
      { id: 'release/unknown-release', message: 'there is no record of release v22', fix: 'did you mean v2?' },
    ]);
    expect(stateIn(root)).toBe(before);
  });

  test('is to be restored when the state names it, too: then its record got lost', async () => {
    const { root } = projectOf({ state: 'stable: v2\nprevious: v1\n' });
    rmSync(join(root, 'releases/fraud/v2.yaml'));
    const { findings } = await make(root, { action: 'rollback' });
    expect(new Set(findings.map(({ message, fix }) => `${message}: ${fix}`))).toEqual(
      new Set([
        'there is no record of release v2: restore fraud/v2.yaml of the release store from Git; or the state, if somebody edited that',
      ]),
    );
  });
});

describe('where the sources are followed', () => {
  const replaces = { rollout: 'replace' } as const;
  const follow = 'change it in the sources, and run npx ai-service synth';

  test('a model that they lock goes back, and what they name by its place does not', async () => {
    const locked = projectOf({ environment: replaces, state: 'stable: v2\nprevious: v1\n' });
    expect(
      (await make(locked.root, { action: 'rollback' })).planned?.changes.map(({ path }) => path.replace(/^.*\//, '')),
    ).toEqual(['fraud.yaml', 'inferenceservice.fraud-main.yaml']);

    const named = projectOf({
      environment: replaces,
      state: 'stable: v2\nprevious: v1\n',
      service: { predictor: { ...predictor, model: { uri: 's3://ml-models/fraud/v2/' } } },
    });
    for (const move of [{ action: 'rollback' }, { action: 'release', release: 'v3' }] as const) {
      const release = move.action === 'release' ? 'v3' : 'v1';
      expect((await make(named.root, move)).findings).toMatchObject([
        {
          id: 'release/request',
          message: `prod-eu replaces in place and follows the sources, and what they name for predictor is not what ${release} has, fraud:${release.slice(1)}`,
          fix: follow,
        },
      ]);
    }
    expect(stateIn(named.root)).toBe('stable: v2\nprevious: v1\n');
  });

  test('nothing else goes back either', async () => {
    const { root } = projectOf({
      environment: replaces,
      state: 'stable: v2\nprevious: v1\n',
      service: { predictor: undefined, function: { image: api.image, resources: small } } as never,
      parts: (release, index) => ({
        function: {
          introduced: release,
          workload: { image: `registry.example.com/api:${index + 1}.0.0`, resources: small },
        },
      }),
    });
    expect((await make(root, { action: 'rollback' })).findings).toMatchObject([
      {
        id: 'release/request',
        message: 'prod-eu replaces in place and follows the sources: going back to v1 would change nothing there',
        fix: follow,
      },
    ]);
  });
});

type Weights = ReadonlyMap<string, number>;

interface Backend {
  readonly name?: string;
  readonly destination?: { readonly host: string };
  readonly headers?: { readonly request?: { readonly set: { readonly Host: string } } };
  readonly weight: number;
}

interface Traffic {
  /** Shares of the requests by workload, as a reader of the tree sees them. */
  readonly weights: Weights;
  /** All that gets requests, or copies of them. */
  readonly reached: ReadonlySet<string>;
}

const named = (host: string): string => host.replace(/(-predictor)?(\.risk-ml-prod.*)?$/, '');

/** What the routes of a service say, of Istio or of Gateway API; where LLMInferenceServices split, what their group says. */
function trafficIn(root: string): Traffic {
  const llms = manifestsIn(root).filter((name) => name.startsWith('llminferenceservice.'));
  if (llms.length > 0) {
    const objects = llms.map(
      (name) =>
        parse(manifest(root, name)) as { metadata: { name: string }; spec: { router: { route: { weight: number } } } },
    );
    const weights = new Map(
      objects
        .map(({ metadata, spec }) => [metadata.name, spec.router.route.weight] as const)
        .filter(([, weight]) => weight > 0),
    );
    return { weights, reached: new Set(weights.keys()) };
  }
  const rules = manifestsIn(root).includes('virtualservice.fraud.yaml')
    ? (
        parse(manifest(root, 'virtualservice.fraud.yaml')) as {
          spec: { http: { route: Backend[]; mirror?: { host: string } }[] };
        }
      ).spec.http.map(({ route: backends, mirror }) => ({ backends, copies: mirror && [mirror.host] }))
    : (
        parse(manifest(root, 'httproute.fraud.yaml')) as {
          spec: {
            rules: { backendRefs: Backend[]; filters?: { requestMirror: { backendRef: { name: string } } }[] }[];
          };
        }
      ).spec.rules.map(({ backendRefs, filters }) => ({
        backends: backendRefs,
        copies: filters?.map(({ requestMirror }) => requestMirror.backendRef.name),
      }));
  const nameOf = ({ name, destination, headers }: Backend): string =>
    named(name ?? headers?.request?.set.Host ?? destination?.host ?? '');
  return {
    weights: new Map(rules.at(-1)!.backends.map((backend) => [nameOf(backend), backend.weight])),
    reached: new Set(rules.flatMap(({ backends, copies = [] }) => [...backends.map(nameOf), ...copies.map(named)])),
  };
}

function manifestsIn(root: string): string[] {
  const index = readFileSync(join(root, 'gitops/.ai-service-index'), 'utf8');
  return [...index.matchAll(/^envs\/.*\/fraud\/manifests\/(.*)$/gm)].map(([, name = '']) => name);
}

const WORKLOAD = /^(?:llminferenceservice|inferenceservice|service\.serving|deployment)\.(.*)\.yaml$/;

/** The workloads that run, and were not stopped. */
function workloadsIn(root: string): Set<string> {
  const files = manifestsIn(root).filter((name) => WORKLOAD.test(name));
  const running = files.filter(
    (name) => !/serving\.kserve\.io\/stop: "true"|min-scale: "0"/.test(manifest(root, name)),
  );
  return new Set(running.map((name) => WORKLOAD.exec(name)?.[1] ?? ''));
}

/** The releases that get requests by a state, or copies of them. */
function reachedReleases({ stable, candidate, weight, mirror, header }: ReleaseState): string[] {
  return [stable, ...(candidate !== undefined && (weight > 0 || mirror !== undefined || header) ? [candidate] : [])];
}

/** All workloads that a release needs, as its record says; where KServe or Knative splits, those that answer have one name for all. */
function neededBy(release: string, { parts: partsOf = predictorOnly, service = {} }: Scenario): string[] {
  const index = RELEASES.findIndex((each) => each === release);
  const parts = partsOf(release, index);
  const native = service.canary?.mechanism;
  const entry = parts['function'] ? 'function' : 'predictor';
  return Object.entries(parts).map(([part, { introduced }]) => {
    if (native !== undefined && part === entry) return part === 'function' ? 'fraud-function' : 'fraud-main';
    return part === 'predictor' ? `fraud-${introduced}` : `fraud-${part}-${introduced}`;
  });
}

const MOVES: readonly Move[] = [
  // What brings a release further comes more often.
  ...Array.from({ length: 4 }, (): Move[] => [
    { action: 'advance' },
    { action: 'finish' },
    { action: 'cleanup' },
  ]).flat(),
  ...RELEASES.flatMap((release): Move[] => [
    { action: 'release', release },
    { action: 'release', release },
    { action: 'rollback', to: release },
    { action: 'hold', release },
    { action: 'resume', release },
  ]),
  { action: 'abort' },
  { action: 'rollback' },
  { action: 'rollback' },
  { action: 'hold' },
  { action: 'pause' },
  { action: 'unpause' },
];

/** One turn: a move by its number among those that are legal now, or among all; or an edit of the sources. */
const turn = fc.record({
  pick: fc.nat(999),
  legal: fc.integer({ min: 0, max: 3 }).map((number) => number > 0),
  edit: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
  force: fc.boolean(),
});

const knative = { kserve: { version: '0.20.0', mode: 'Knative' }, knative: { version: '1.21.1' } } as const;
const onKnative = { ...predictor, scaling: { min: 1, max: 4 } } as const;
const gatewayApi: Partial<ClusterSpec> = {
  istio: undefined,
  gatewayApi: { version: '1.3', gateway: 'infra/public', mesh: true },
} as never;
const small = { cpu: '1', memory: '1Gi' } as const;
const llm = {
  framework: 'vllm',
  image: 'registry.example.com/llm-d:0.10.0',
  resources: { cpu: '8', memory: '64Gi', gpu: 1 },
  llm: {},
} as const;

/** Neither touches a route, so that routes can be compared over an edit. */
const EDITS: NonNullable<Scenario['edits']> = [
  { predictor: { ...predictor, scaling: { min: 3, max: 5 } } },
  { predictor },
  { canary: { steps: [5, 20, 60] } },
  { canary: { steps: [10, 50], keepPrevious: 'stopped' } },
];

const scenarios: Record<string, Scenario> = {
  'canary in Standard mode': { edits: EDITS },
  'canary on Knative': { cluster: knative, service: { predictor: onKnative } },
  'canary in restricted namespaces': {
    environment: { podSecurity: 'restricted' },
    service: { function: api },
    parts: withFunction,
  },
  'canary of a function': {
    service: { function: api },
    parts: withFunction,
    edits: [{ function: { ...api, scaling: { min: 2, max: 3 } } }, { function: api }, ...EDITS],
  },
  'a function that stays, before a model that changes, and one that does every second time': {
    service: { function: { image: api.image, resources: small }, models: { embedder: { ...predictor } } },
    parts: (release, index) => ({
      predictor: modelOf(release),
      embedder: modelOf(firstOfTwo(release, index), 'embedder'),
      function: { introduced: 'v1', workload: { image: api.image, resources: small } },
    }),
  },
  'a release that takes over what ran two releases before, stopped in between': {
    service: { canary: { steps: [50], keepPrevious: 'stopped' } },
    parts: (_release, index) => ({ predictor: modelOf(RELEASES[index % 2] ?? 'v1') }),
  },
  'blue-green, stopped afterwards': { service: { canary: undefined, blueGreen: { keepPrevious: 'stopped' } } as never },
  'shadow, nothing kept': { service: { canary: undefined, shadow: { percent: 20, keepPrevious: 'none' } } as never },
  'A/B by header': { service: { canary: undefined, abTest: { header: { name: 'x-cohort', value: 'b' } } } as never },
  'a policy that changes its strategy': {
    edits: [
      { canary: { steps: [30] } },
      { canary: undefined, shadow: { percent: 20 } },
      { shadow: undefined, abTest: { header: { name: 'x-cohort', value: 'b' } } },
      { abTest: undefined, shadow: undefined, canary: undefined, blueGreen: {} },
    ].map((edit) => ({
      canary: undefined,
      shadow: undefined,
      abTest: undefined,
      blueGreen: undefined,
      ...edit,
    })) as never,
  },
  'canary over Gateway API': { cluster: gatewayApi, edits: EDITS },
  'shadow over Gateway API': { cluster: gatewayApi, service: { canary: undefined, shadow: { percent: 20 } } as never },
  'A/B over Gateway API': {
    cluster: gatewayApi,
    service: { canary: undefined, abTest: { header: { name: 'x-cohort', value: 'b' } } } as never,
  },
  'weights of LLMInferenceServices': {
    cluster: {
      kserve: {
        version: '0.20.0',
        mode: 'Standard',
        llm: { gatewayService: 'kserve-ingress-gateway-istio.kserve.svc.cluster.local' },
      },
    },
    service: { predictor: { ...llm, model: predictor.model, scaling: { min: 2 } } },
    parts: (release) => ({ predictor: { ...modelOf(release), workload: llm } }),
  },
};

/** Where KServe or Knative splits the requests of one object; its own edits have an order, see the tests after these. */
const native: Record<string, Scenario> = {
  'the canary of KServe': {
    cluster: knative,
    service: { predictor: onKnative, canary: { steps: [10, 50], mechanism: 'kserve' } },
  },
  'revisions of a function': {
    cluster: { knative: knative.knative },
    service: { function: api, canary: { steps: [10, 50], mechanism: 'revisions' } },
    parts: withFunction,
    edits: [
      { canary: { steps: [5, 20, 60], mechanism: 'revisions' } },
      { predictor: { ...predictor, scaling: { min: 3, max: 5 } } },
    ],
  },
};

/** Makes any sequence of moves, checks what holds with every mechanism, and hands each move on. */
async function anySequence(
  scenario: Scenario,
  seen: (root: string, made: { readonly each: Move; readonly before: Looked; readonly after: Looked }) => void,
): Promise<void> {
  const asked = { all: 0, legal: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 14 }), async (turns) => {
      const { root, synth, edit, policy } = projectOf(scenario);
      const { edits = [] } = scenario;
      try {
        /** Routing by the release that alone serves. */
        const routings = new Map([['v1', routes(root)]]);
        let state = releaseState.parse({ stable: 'v1' });
        for (const { pick, legal, edit: edited, force } of turns) {
          if (edited && edits.length > 0) {
            const reached = trafficIn(root);
            const { files, guard, findings } = edit(edits[pick % edits.length]!);
            expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
            writeTree({ outDir: join(root, 'gitops'), files, guard });
            expect(trafficIn(root)).toEqual(reached);
            continue;
          }
          const options = force ? { force, acceptPolicy: true, reason: 'because' } : {};
          const possible = MOVES.filter((move) => transition(state, move, policy(), options).state);
          const each = (legal && possible.length > 0 ? possible : MOVES)[
            pick % (legal && possible.length > 0 ? possible : MOVES).length
          ]!;
          const before = lookAt(root, state);
          const { planned, findings } = await make(root, each, options);
          asked.all += 1;
          if (!planned) {
            expect(findings[0]).toMatchObject({ id: 'release/illegal-move' });
            expect(routes(root)).toBe(before.routes);
            continue;
          }
          asked.legal += 1;
          state = planned.after;
          expect(releaseState.parse(parse(stateIn(root)))).toEqual(state);
          const after = lookAt(root, state);

          // The tree is what synth of today's sources gives.
          expect(compareTree({ outDir: join(root, 'gitops'), files: synth().files })).toEqual({
            added: [],
            changed: [],
            removed: [],
            findings: [],
          });
          // Weights sum to 100.
          expect([...after.traffic.weights.values()].reduce((sum, weight) => sum + weight, 0)).toBe(100);
          // No commit both creates or starts a workload and sends it requests, or takes them off one and removes or stops it.
          for (const name of [...after.traffic.reached, ...after.needed]) {
            expect([name, before.workloads.has(name), after.workloads.has(name)], each.action).toEqual([
              name,
              true,
              true,
            ]);
          }
          for (const name of [...before.traffic.reached, ...before.needed]) {
            expect([name, after.workloads.has(name)], each.action).toEqual([name, true]);
          }
          // A held release never gets traffic; stable serves whenever the candidate does not.
          heldGetNothing(state);
          // After a rollback, or an abort, the routing is byte for byte what it was before the release.
          if (state.weight === 0 && !state.mirror && !state.header) {
            expect(routes(root)).toBe(routings.get(state.stable) ?? routes(root));
            routings.set(state.stable, routes(root));
          }
          // Another empty cluster, synced from the same commit, has the same routing.
          const copy = mkdtempSync(join(tmpdir(), 'replay-'));
          cpSync(join(root, 'releases'), join(copy, 'releases'), { recursive: true });
          const { files } = synth(copy);
          rmSync(copy, { recursive: true });
          expect(
            routeFiles(root)
              .map((name) => files.get(`envs/prod-eu/eu-1/risk-ml/fraud/manifests/${name}`))
              .join(''),
          ).toBe(routes(root));
          expect(new Set(runningReleases(state)).size).toBe(runningReleases(state).length);
          seen(root, { each, before, after });
        }
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    }),
    { numRuns: 12 },
  );
  // A sequence of refusals would prove nothing.
  expect(asked.legal / asked.all).toBeGreaterThan(0.5);

  /** What is seen of the tree and the state before and after a move. */
  function lookAt(root: string, state: ReleaseState): Looked {
    const needed = new Set(reachedReleases(state).flatMap((release) => neededBy(release, scenario)));
    return {
      state,
      traffic: trafficIn(root),
      workloads: workloadsIn(root),
      needed,
      routes: routes(root),
      object: objectIn(root),
    };
  }
}

interface Looked {
  readonly state: ReleaseState;
  readonly traffic: Traffic;
  readonly workloads: ReadonlySet<string>;
  /** What the releases that get requests call, too. */
  readonly needed: ReadonlySet<string>;
  readonly routes: string;
  /** The one object where KServe or Knative splits the requests. */
  readonly object: NativeObject | undefined;
}

/** The content that an object has now, and the shares of the requests, by content where the object says so. */
interface NativeObject {
  readonly content: string;
  readonly shares: Weights;
}

function objectIn(root: string): NativeObject | undefined {
  const files = manifestsIn(root);
  if (files.includes('inferenceservice.fraud-main.yaml')) {
    const { spec } = parse(manifest(root, 'inferenceservice.fraud-main.yaml')) as {
      spec: { predictor: { canaryTrafficPercent?: number; model: { storageUri: string } } };
    };
    const { canaryTrafficPercent: percent = 100, model } = spec.predictor;
    return { content: model.storageUri, shares: new Map([[model.storageUri, percent]]) };
  }
  if (!files.includes('service.serving.fraud-function.yaml')) return undefined;
  const { spec } = parse(manifest(root, 'service.serving.fraud-function.yaml')) as {
    spec: { template: { metadata: { name: string } }; traffic: { revisionName: string; percent: number }[] };
  };
  return {
    content: spec.template.metadata.name,
    shares: new Map(spec.traffic.map(({ revisionName, percent }) => [revisionName, percent])),
  };
}

/** The objects that say who gets requests. */
function routeFiles(root: string): string[] {
  return manifestsIn(root).filter((name) =>
    ['virtualservice.fraud.yaml', 'service.fraud.yaml', 'httproute.fraud.yaml', 'httproute.fraud-public.yaml'].includes(
      name,
    ),
  );
}

function routes(root: string): string {
  return routeFiles(root)
    .map((name) => manifest(root, name))
    .join('');
}

describe.each(Object.entries(scenarios))('any sequence of moves, with %s', (_name, scenario) => {
  test('keeps the promises', async () => {
    await anySequence(scenario, (_root, { after: { state, traffic } }) => {
      expect([...traffic.weights.values()].sort()).toEqual(
        expect.arrayContaining([100 - state.weight].filter((weight) => weight < 100 && traffic.weights.size > 1)),
      );
    });
  });
});

/**
 * Of these the tree alone does not say who serves: the older release lives in the cluster. What holds is that no edit of the
 * object gives requests to what it brings, and that nothing is named that no commit brought.
 */
describe.each(Object.entries(native))('any sequence of moves, with %s', (_name, scenario) => {
  test('brings nothing to the one object that gets requests at once', async () => {
    await anySequence(scenario, (_root, { each, before, after }) => {
      if (!before.object || !after.object) throw new Error('there is no such object');
      const [{ content: old, shares: oldShares }, { content, shares }] = [before.object, after.object];
      // What an aborted candidate leaves goes back to what has served all the time.
      const back = (oldShares.get(old) ?? 0) === 0;
      if (content !== old && !back) expect(shares.get(content), each.action).toBe(0);
      if (after.state.candidate !== undefined && after.state.phase !== 'held')
        expect(shares.get(content)).toBe(after.state.weight);
      for (const [revision, share] of shares)
        if (share > 0)
          expect([revision === content, oldShares.has(revision), revision === old], each.action).toContain(true);
    });
  });
});

const workloads = { steps: [10, 50] };

/** Else requests would fail from the commit on until what it brings is ready. */
test.each<[string, Scenario, Partial<AIServiceProps>, string]>([
  [
    'from a workload per release to one in place',
    {},
    { canary: undefined, replace: {} } as never,
    'inferenceservice.fraud-v1',
  ],
  [
    'from one in place to a workload per release',
    { service: { canary: undefined, replace: {} } as never },
    { canary: workloads, replace: undefined } as never,
    'inferenceservice.fraud-main',
  ],
  [
    'to the canary of KServe',
    { ...native['the canary of KServe'], service: { predictor: onKnative } },
    { canary: { ...workloads, mechanism: 'kserve' } },
    'inferenceservice.fraud-v1',
  ],
  ['from the canary of KServe', native['the canary of KServe']!, { canary: workloads }, 'inferenceservice.fraud-main'],
  [
    'to revisions',
    { ...native['revisions of a function'], service: { function: api } },
    { canary: { ...workloads, mechanism: 'revisions' } },
    'service.serving.fraud-function-v1',
  ],
  ['from revisions', native['revisions of a function']!, { canary: workloads }, 'service.serving.fraud-function'],
])('a change of the strategy that renames what serves is refused: %s', (_name, scenario, change, workload) => {
  const { root, edit } = projectOf(scenario);
  const { files, guard } = edit(change);
  const { findings, written } = writeTree({ outDir: join(root, 'gitops'), files, guard });
  expect(findings.map(({ id, fix }) => `${id}: ${fix}`)).toEqual([
    `tree/guarded-delete: bring it back, or say --allow-delete prod-eu/fraud/${workload}`,
  ]);
  expect(written).toEqual([]);
});

function heldGetNothing({ stable, candidate, weight, mirror, header, holds = {} }: ReleaseState): void {
  expect(Object.keys(holds)).not.toContain(stable);
  if (candidate === undefined || candidate in holds)
    expect([weight, mirror, header]).toEqual([0, undefined, undefined]);
}
