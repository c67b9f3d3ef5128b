import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/core/object.ts';
import { emitYaml } from '../../../src/core/yaml.ts';
import { renderFunctions } from '../../../src/render/knative.ts';
import { renderGatewayApi } from '../../../src/render/gateway-api.ts';
import { renderIstio } from '../../../src/render/istio.ts';
import { renderKserve } from '../../../src/render/kserve.ts';
import { renderPrometheus } from '../../../src/render/prometheus.ts';
import { argocdApp } from '../../../src/render/argocd.ts';
import type { Target } from '../../../src/render/target.ts';
import type { Said } from '../../../src/review/statement.ts';
import { besideNeeded } from '../../../src/review/words/beside.ts';
import { monitoringWords } from '../../../src/review/words/monitoring.ts';
import { policyWords } from '../../../src/review/words/policy.ts';
import { releaseWords } from '../../../src/review/words/release.ts';
import { routeWords } from '../../../src/review/words/routes.ts';
import { trafficWords } from '../../../src/review/words/traffic.ts';
import { workloadWords } from '../../../src/review/words/workload.ts';
import { targetOf, type TargetOptions } from '../../support/target.ts';
import { lineOf, PROD, unexplained, unitOfScenario } from './support.ts';

/** The whole way of a release, as our own renderers write it: each commit of it is one sentence, which explains all of it. */
function commit(
  before: TargetOptions,
  after: TargetOptions,
  rules: (target: Target) => readonly KubeObject[] = () => [],
): { said: string[]; open: string[] } {
  const [old, now] = [targetOf(before), targetOf(after)];
  const render = (target: typeof old) => [
    ...renderKserve(target),
    ...renderFunctions(target),
    ...renderIstio(target),
    ...renderGatewayApi(target),
    ...rules(target),
  ];
  const yaml = (target: typeof old): string =>
    render(target)
      .map((object) => emitYaml(object))
      .join('');
  const descriptor = { before: { ...argocdApp(old) }, after: { ...argocdApp(now) } };
  const { objects } = unitOfScenario(yaml(old), yaml(now));
  const kinds = besideNeeded(objects);
  const changed = new Set(objects.map(({ after: placed }) => placed && JSON.stringify(placed.object)));
  const beside = unitOfScenario('', yaml(now))
    .objects.map((change) => change.after!.object)
    .filter((object) => kinds.has(object.kind.toLowerCase()) && !changed.has(JSON.stringify(object)));
  const unit = { ...unitOfScenario(yaml(old), yaml(now)), descriptor, beside };
  const said: Said[] = [trafficWords, releaseWords, workloadWords, routeWords, policyWords].flatMap((words) =>
    words(unit, PROD),
  );
  return { said: said.map(lineOf), open: unexplained(unit, said) };
}

const predictor = (release: string) =>
  ({
    framework: 'sklearn',
    model: { uri: `s3://ml-models/fraud-detector/${release}/` },
    resources: { cpu: '4', memory: '8Gi' },
  }) as const;
const image = (release: string) => ({
  image: `registry.example.com/api:${release}`,
  resources: { cpu: '500m', memory: '512Mi' },
});
const STEPS = { canary: { steps: [10, 25, 50] } };
const GATEWAY_API = {
  istio: undefined,
  knative: undefined,
  gatewayApi: { version: '1.4', gateway: 'edge/public', mesh: true },
  domain: 'example.com',
};

/** Where releases run, and what one of them is. */
const PLACES: readonly (readonly [string, (release: string) => TargetOptions])[] = [
  ['in Standard mode with Istio', (release) => ({ spec: { ...STEPS, predictor: predictor(release) } })],
  ['in Knative mode', (release) => ({ mode: 'Knative', spec: { ...STEPS, predictor: predictor(release) } })],
  ['with Gateway API', (release) => ({ cluster: GATEWAY_API, spec: { ...STEPS, predictor: predictor(release) } })],
  [
    'behind a function on Knative',
    (release) => ({ spec: { ...STEPS, function: image(release), predictor: predictor(release) } }),
  ],
  [
    'behind a function in a Deployment',
    (release) => ({
      cluster: { knative: undefined },
      spec: { ...STEPS, function: image(release), predictor: predictor(release) },
    }),
  ],
];

describe.each(PLACES)('a canary %s', (_, of) => {
  const serving = (release: string, previous?: string): TargetOptions => ({
    ...of(release),
    stable: release,
    ...(previous !== undefined && { previous }),
  });
  const stepping = (weight: number): TargetOptions => ({
    ...of('v46'),
    stable: 'v46',
    candidate: { release: 'v47', weight },
  });

  test.each<readonly [string, TargetOptions, TargetOptions, string]>([
    [
      'it is deployed',
      serving('v46'),
      stepping(0),
      'release v47 of fraud-detector is deployed, without traffic [low risk/new-release]',
    ],
    [
      'the first step',
      stepping(0),
      stepping(10),
      'fraud-detector sends 10 % (was 0 %) to release v47 [medium risk/traffic]',
    ],
    [
      'the next step',
      stepping(10),
      stepping(25),
      'fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]',
    ],
    [
      'a step too wide',
      stepping(10),
      stepping(50),
      'fraud-detector sends 50 % (was 10 %) to release v47 [high risk/traffic-step]',
    ],
    ['a rollback', stepping(25), stepping(0), 'fraud-detector goes back to release v46 (had 75 %) [low risk/retreat]'],
    [
      'the end',
      stepping(50),
      serving('v47', 'v46'),
      'fraud-detector sends all traffic to release v47 (was 50 %) [medium risk/traffic]',
    ],
    [
      'a rollback after the end',
      serving('v47', 'v46'),
      stepping(0),
      'fraud-detector goes back to release v46 (had 0 %) [low risk/retreat]',
    ],
    [
      'the cleanup',
      serving('v47', 'v46'),
      serving('v47'),
      'release v46 of fraud-detector is removed; nothing sends requests to it [low risk/retire]',
    ],
    [
      'an abort that is cleaned up',
      stepping(0),
      serving('v46'),
      'release v47 of fraud-detector is removed; nothing sends requests to it [low risk/retire]',
    ],
  ])('%s', (__, before, after, sentence) => {
    expect(commit(before, after)).toEqual({ said: [sentence], open: [] });
  });

  test('a release that nobody warmed', () => {
    const { said, open } = commit(serving('v46'), serving('v47'));
    expect(said.slice(0, 2)).toEqual([
      'fraud-detector sends all traffic to release v47 (was 0 %) [high risk/no-backend] [high risk/traffic-step]',
      'release v47 of fraud-detector replaces v46 [high risk/replace]',
    ]);
    expect(said).toContain(
      'model of fraud-detector predictor is s3://ml-models/fraud-detector/v47/ (was s3://ml-models/fraud-detector/v46/) [medium risk/in-place]',
    );
    expect(open).toEqual([]);
  });
});

describe('other strategies', () => {
  const serving = (policy: object, release: string, previous?: string): TargetOptions => ({
    spec: { ...policy, predictor: predictor(release) },
    stable: release,
    ...(previous !== undefined && { previous }),
  });
  const seen = (policy: object, exposure: Partial<NonNullable<TargetOptions['candidate']>>): TargetOptions => ({
    ...serving(policy, 'v46'),
    candidate: { release: 'v47', weight: 0, ...exposure },
  });
  const shadow = { shadow: { percent: 20 } };
  const abTest = { abTest: { header: { name: 'x-canary', value: 'always' } } };
  const header = { name: 'x-canary', value: 'always' };
  const blueGreen = { blueGreen: {} };

  test.each<readonly [string, TargetOptions, TargetOptions, string]>([
    [
      'a shadow',
      seen(shadow, {}),
      seen(shadow, { mirror: 20 }),
      'release v47 of fraud-detector gets copies of 20 % of the requests',
    ],
    [
      'the end of a shadow',
      seen(shadow, { mirror: 20 }),
      serving(shadow, 'v47', 'v46'),
      'fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]',
    ],
    [
      'an A/B test',
      seen(abTest, {}),
      seen(abTest, { header }),
      'requests with x-canary: always go to release v47 [medium risk/traffic]',
    ],
    [
      'the end of an A/B test',
      seen(abTest, { header }),
      serving(abTest, 'v47', 'v46'),
      'fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]',
    ],
    [
      'a flip',
      seen(blueGreen, {}),
      serving(blueGreen, 'v47', 'v46'),
      'fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]',
    ],
  ])('%s', (_, before, after, sentence) => {
    expect(commit(before, after)).toEqual({ said: [sentence], open: [] });
  });

  test('a flip without any router is that of the Service', () => {
    const bare = (target: TargetOptions): TargetOptions => ({
      ...target,
      cluster: { istio: undefined, knative: undefined },
    });
    expect(commit(bare(seen(blueGreen, {})), bare(serving(blueGreen, 'v47', 'v46')))).toEqual({
      said: ['fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]'],
      open: [],
    });
  });

  test.each(['kserve', 'revisions'] as const)('a canary by %s', (mechanism) => {
    const policy = { canary: { steps: [10, 25], mechanism } };
    const more = (target: TargetOptions): TargetOptions =>
      mechanism === 'kserve'
        ? { ...target, mode: 'Knative' }
        : { ...target, mode: 'Knative', spec: { ...target.spec, function: image(target.stable ?? 'v46') } };
    const at = (weight: number): TargetOptions => more(seen(policy, { weight }));
    expect(commit(at(0), at(10))).toEqual({
      said: ['fraud-detector sends 10 % (was 0 %) to release v47 [medium risk/traffic]'],
      open: [],
    });
    expect(commit(at(10), at(25))).toEqual({
      said: ['fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]'],
      open: [],
    });
    const deployed = commit(more(serving(policy, 'v46')), at(0));
    expect(deployed.said[0]).toBe('release v47 of fraud-detector is deployed, without traffic [low risk/new-release]');
    expect(deployed.open).toEqual([]);
  });
});

/** Moves that no step of a policy leads to, and that nobody needs to look at twice. */
describe('what is routine is of low risk', () => {
  const of = (policy: object, release: string, more: TargetOptions = {}): TargetOptions => ({
    mode: 'Knative',
    stable: release,
    ...more,
    spec: { ...policy, predictor: predictor(release), ...more.spec },
  });

  test('a candidate by revisions that was left is cleaned up: its revision goes, and the other one serves on', () => {
    const policy = { canary: { steps: [10, 25], mechanism: 'revisions' } };
    const more = { spec: { function: image('v46') } };
    const held = of(policy, 'v46', { ...more, candidate: { release: 'v47', weight: 0, held: true } });
    const { said, open } = commit(held, of(policy, 'v46', more));
    expect({ said, open }).toEqual({
      said: [
        'fraud-detector has the template of release v46 again, which serves; no pod restarts',
        'release v47 of fraud-detector is removed; nothing sends requests to it [low risk/retire]',
        'image of fraud-detector function is registry.example.com/api:v46 (was v47)',
      ],
      open: [],
    });
  });

  test('a canary by KServe goes back to the release before, which the alerts know', () => {
    const policy = { canary: { steps: [10, 25], mechanism: 'kserve' } };
    const returning = of(policy, 'v47', { candidate: { release: 'v46', weight: 0 } });
    const { said } = commit(returning, of(policy, 'v46'), (target) => renderPrometheus(target, new Map()));
    expect(said).toEqual(['fraud-detector goes back to release v46 (had 0 %) [low risk/retreat]']);
  });

  test('replicas of a release without requests are told apart from those of what serves', () => {
    const policy = { canary: { steps: [10, 25] } };
    const at = (min: number): TargetOptions =>
      of(policy, 'v47', {
        previous: 'v46',
        spec: { function: { ...image('v46'), scaling: { min, max: 4 } } },
      });
    const { said, open } = commit(at(0), at(1));
    expect({ said, open }).toEqual({
      said: ['release v46 of fraud-detector no longer scales to zero', 'fraud-detector no longer scales to zero'],
      open: [],
    });
  });
});

describe('the alerts of a service', () => {
  const serving = (release: string, previous?: string): TargetOptions => ({
    spec: { ...STEPS, predictor: predictor('v46') },
    stable: release,
    ...(previous !== undefined && { previous }),
  });
  const stepping = (weight: number, more: object = {}): TargetOptions => ({
    ...serving('v46'),
    candidate: { release: 'v47', weight, ...more },
  });
  const baking = (bake: string): TargetOptions => ({
    ...stepping(10),
    spec: { canary: { steps: [10, 25, 50], bake }, predictor: predictor('v46') },
  });

  function alerts(before: TargetOptions, after: TargetOptions): { said: string[]; open: string[] } {
    const [old, now] = [targetOf(before), targetOf(after)];
    const yaml = (target: typeof old): string =>
      renderPrometheus(target, new Map())
        .map((object) => emitYaml(object))
        .join('');
    const unit = {
      ...unitOfScenario(yaml(old), yaml(now)),
      descriptor: { before: { ...argocdApp(old) }, after: { ...argocdApp(now) } },
    };
    const said = monitoringWords(unit, PROD);
    return { said: said.map(lineOf), open: unexplained(unit, said) };
  }

  test.each<readonly [string, TargetOptions, TargetOptions, string]>([
    ['a candidate comes', serving('v46'), stepping(0), 'follow release v47'],
    ['its first step', stepping(0), stepping(10), 'follow release v47'],
    ['its next step', stepping(10), stepping(25), 'follow release v47'],
    ['a rollback', stepping(10), stepping(0), 'follow the retreat from release v47'],
    ['a rollback that is held', stepping(25), stepping(0, { held: true }), 'follow the retreat from release v47'],
    ['the end', stepping(50), serving('v47', 'v46'), 'follow release v47'],
    ['a rollback after the end', serving('v47', 'v46'), stepping(0), 'follow release v46'],
    ['the cleanup', serving('v47', 'v46'), serving('v47'), 'no longer watch release v46'],
    ['an abort that is cleaned up', stepping(0), serving('v46'), 'no longer watch release v47'],
    ['another bake time', baking('30m'), baking('10m'), 'follow its policy'],
  ])('follow it in one sentence: %s', (_, before, after, words) => {
    expect(alerts(before, after)).toEqual({ said: [`alerts of fraud-detector ${words}`], open: [] });
  });
});
