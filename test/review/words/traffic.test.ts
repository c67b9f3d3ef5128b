import { describe, expect, test } from 'vitest';
import { trafficWords } from '../../../src/review/words/traffic.ts';
import { DESCRIPTOR, DEV, edited, inWords, unexplained, unitOfScenario } from './support.ts';

/** The route of the golden tree, with some destinations. */
const route = (...destinations: readonly (readonly [release: string, weight: number])[]): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fraud-detector, namespace: risk-ml-prod, labels: { app.kubernetes.io/name: fraud-detector } }
spec:
  gateways: [mesh]
  hosts: [fraud-detector.risk-ml-prod.svc.cluster.local]
  http:
    - name: default
      route:
${destinations
  .map(
    ([
      release,
      weight,
    ]) => `        - destination: { host: fraud-detector-${release}-predictor.risk-ml-prod.svc.cluster.local, port: { number: 80 } }
          headers: { response: { set: { x-model-version: ${release} } } }
          weight: ${weight}
`,
  )
  .join('')}      timeout: 30s
`;

const service = (release: string): string => `---
apiVersion: v1
kind: Service
metadata: { name: fraud-detector, namespace: risk-ml-prod, labels: { app.kubernetes.io/name: fraud-detector } }
spec:
  ports: [{ name: http, port: 80, protocol: TCP, targetPort: 8080 }]
  selector: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: ${release} }
  type: ClusterIP
`;

const model = (release: string): string => `---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: fraud-detector-${release}, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: ${release} } }
spec: { predictor: { model: { modelFormat: { name: sklearn }, storageUri: "s3://ml-models/fraud-detector/${release}/" } } }
`;

const withPolicy = (
  policy: object,
): { readonly descriptor: { before: Record<string, unknown>; after: Record<string, unknown> } } => ({
  descriptor: { before: { ...DESCRIPTOR, policy }, after: { ...DESCRIPTOR, policy } },
});

const CANARY = withPolicy({ strategy: 'canary', exposures: [{ weight: 10 }, { weight: 25 }, { weight: 50 }] });
const words = (before: string, after: string, more: object = CANARY): string[] =>
  inWords(trafficWords, before, after, more);

describe('weights of a route', () => {
  test('a step of the policy is said of the release that gains', () => {
    expect(words(route(['v46', 90], ['v47', 10]), route(['v46', 75], ['v47', 25]))).toEqual([
      'fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]',
    ]);
  });

  test('the first step comes from nothing', () => {
    expect(words(route(['v46', 100]), route(['v46', 90], ['v47', 10]))).toEqual([
      'fraud-detector sends 10 % (was 0 %) to release v47 [medium risk/traffic]',
    ]);
  });

  test('a step that skips another one is a high risk, elsewhere a medium one', () => {
    const [before, after] = [route(['v46', 90], ['v47', 10]), route(['v46', 50], ['v47', 50])];
    expect(words(before, after)).toEqual([
      'fraud-detector sends 50 % (was 10 %) to release v47 [high risk/traffic-step]',
    ]);
    expect(words(before, after, { ...CANARY, stage: DEV })).toEqual([
      'fraud-detector sends 50 % (was 10 %) to release v47 [medium risk/traffic-step]',
    ]);
  });

  test('the reason names the step', () => {
    const unit = unitOfScenario(route(['v46', 90], ['v47', 10]), route(['v46', 50], ['v47', 50]), CANARY);
    expect(trafficWords(unit, { prod: true })[0]?.reasons.map(({ text }) => text)).toEqual([
      'the next step of the policy is 25 %',
    ]);
  });

  test('the end of a canary is all traffic, and the Service follows in the same sentence', () => {
    const [before, after] = [route(['v46', 50], ['v47', 50]) + service('v46'), route(['v47', 100]) + service('v47')];
    expect(words(before, after)).toEqual([
      'fraud-detector sends all traffic to release v47 (was 50 %) [medium risk/traffic]',
    ]);
    const unit = unitOfScenario(before, after, CANARY);
    expect(unexplained(unit, trafficWords(unit, { prod: true }))).toEqual([]);
  });

  test('an abort goes back to the release that runs', () => {
    expect(words(route(['v46', 90], ['v47', 10]), route(['v46', 100]))).toEqual([
      'fraud-detector goes back to release v46 (had 90 %) [low risk/retreat]',
    ]);
  });

  test('a rollback after the end is a retreat too', () => {
    expect(words(route(['v47', 100]), route(['v46', 100]))).toEqual([
      'fraud-detector goes back to release v46 (had 0 %) [low risk/retreat]',
    ]);
  });

  test('of releases without version the one with most of the requests is gone back to', () => {
    expect(words(route(['2be0e81c', 90], ['9a1b2c3d', 10]), route(['2be0e81c', 100]))).toEqual([
      'fraud-detector goes back to release 2be0e81c (had 90 %) [low risk/retreat]',
    ]);
    expect(words(route(['2be0e81c', 50], ['9a1b2c3d', 50]), route(['9a1b2c3d', 100]))).toEqual([
      'fraud-detector sends all traffic to release 9a1b2c3d (was 50 %) [medium risk/traffic]',
    ]);
  });

  test('blue-green flips at once, as its policy says', () => {
    expect(
      words(route(['v46', 100]), route(['v47', 100]), withPolicy({ strategy: 'blueGreen', exposures: [] })),
    ).toEqual(['fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]']);
  });

  test('without a policy steps of 25 points are assumed in production', () => {
    expect(words(route(['v46', 100]), route(['v46', 75], ['v47', 25]), {})).toEqual([
      'fraud-detector sends 25 % (was 0 %) to release v47 [medium risk/traffic]',
    ]);
    expect(words(route(['v46', 100]), route(['v46', 70], ['v47', 30]), {})).toEqual([
      'fraud-detector sends 30 % (was 0 %) to release v47 [high risk/traffic-step]',
    ]);
  });

  test('traffic to a workload that the same change creates or removes has nobody to answer it', () => {
    expect(
      words(route(['v46', 100]) + model('v46'), route(['v46', 90], ['v47', 10]) + model('v46') + model('v47')),
    ).toEqual(['fraud-detector sends 10 % (was 0 %) to release v47 [high risk/no-backend] [medium risk/traffic]']);
    expect(
      words(
        route(['v46', 90], ['v47', 10]) + model('v46') + model('v47'),
        route(['v46', 75], ['v47', 25]) + model('v46'),
      ),
    ).toEqual(['fraud-detector sends 25 % (was 10 %) to release v47 [high risk/no-backend] [medium risk/traffic]']);
  });

  test('behind the gateway of Knative the host of a request tells the workload', () => {
    const knative = (...releases: readonly (readonly [string, number])[]): string =>
      route(...releases)
        .replace(
          /(host: )(fraud-detector-v\d+-predictor[\w.-]*)(.*\n *headers: \{ )/g,
          '$1knative-local-gateway.istio-system.svc.cluster.local$3request: { set: { Host: $2 } }, ',
        )
        .replaceAll(/, response: \{ set: \{ x-model-version: v\d+ \} \}/g, '');
    const beside = unitOfScenario('', `${model('v46')}${model('v47')}`).objects.map((change) => change.after!.object);
    expect(words(knative(['v46', 90], ['v47', 10]), knative(['v46', 75], ['v47', 25]), { ...CANARY, beside })).toEqual([
      'fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]',
    ]);
  });

  test('a route of another tool names hosts and subsets, by its own name', () => {
    const reviews = (weight: number): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: shop }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: ${100 - weight} }
        - { destination: { host: reviews, subset: v2 }, weight: ${weight} }
`;
    expect(inWords(trafficWords, reviews(10), reviews(20), { folder: 'shop/base' })).toEqual([
      'VirtualService shop/reviews sends 20 % (was 10 %) to reviews v2 [medium risk/traffic]',
    ]);
  });
});

describe('routes of Gateway API', () => {
  const httpRoute = (...backends: readonly (readonly [string, number])[]): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec:
  parentRefs: [{ group: "", kind: Service, name: fraud-detector, port: 80 }]
  rules:
    - matches: [{ path: { type: PathPrefix, value: / } }]
      backendRefs:
${backends
  .map(
    ([
      release,
      weight,
    ]) => `        - { group: "", kind: Service, name: fraud-detector-${release}-predictor, port: 80, weight: ${weight}, filters: [{ type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: x-model-version, value: ${release} }] } }] }
`,
  )
  .join('')}`;

  test('weights are shares of their sum', () => {
    expect(words(httpRoute(['v46', 9], ['v47', 1]), httpRoute(['v46', 3], ['v47', 1]))).toEqual([
      'fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]',
    ]);
  });

  test('the routes for callers inside and outside say it once', () => {
    const both = (...backends: readonly (readonly [string, number])[]): string =>
      `${httpRoute(...backends)}---${edited(httpRoute(...backends), ['name: fraud-detector,', 'name: fraud-detector-public,'])}`;
    expect(words(both(['v46', 90], ['v47', 10]), both(['v46', 75], ['v47', 25]))).toEqual([
      'fraud-detector sends 25 % (was 10 %) to release v47 [medium risk/traffic]',
    ]);
  });
});

describe('who else sees a candidate', () => {
  const mirrored = (percent: number): string =>
    edited(route(['v47', 100]), [
      '      timeout: 30s',
      `      mirror: { host: fraud-detector-v48-predictor.risk-ml-prod.svc.cluster.local, port: { number: 80 } }\n      mirrorPercentage: { value: ${percent} }\n      timeout: 30s`,
    ]);
  const shadow = withPolicy({ strategy: 'shadow', exposures: [{ weight: 0, mirror: 20 }] });

  test('a shadow gets copies', () => {
    expect(words(route(['v47', 100]), mirrored(20), shadow)).toEqual([
      'release v48 of fraud-detector gets copies of 20 % of the requests',
    ]);
    expect(words(mirrored(10), mirrored(40), shadow)).toEqual([
      'release v48 of fraud-detector gets copies of 40 % (was 10 %) of the requests [high risk/traffic-step]',
    ]);
    expect(words(mirrored(20), route(['v47', 100]), shadow)).toEqual([
      'release v48 of fraud-detector gets no more copies of requests',
    ]);
  });

  test('a shadow that takes over needs one sentence', () => {
    const unit = unitOfScenario(mirrored(20), route(['v48', 100]), shadow);
    const said = trafficWords(unit, { prod: true });
    expect(said.map(({ text }) => text)).toEqual(['fraud-detector sends all traffic to release v48 (was 0 %)']);
    expect(unexplained(unit, said)).toEqual([]);
  });

  const byHeader = edited(route(['v47', 100]), [
    '    - name: default',
    `    - name: candidate
      match: [{ headers: { x-canary: { exact: always } } }]
      route:
        - { destination: { host: fraud-detector-v48-predictor.risk-ml-prod.svc.cluster.local }, headers: { response: { set: { x-model-version: v48 } } }, weight: 100 }
      timeout: 30s
    - name: default`,
  ]);

  test('an A/B test sends requests with a header to the candidate', () => {
    expect(words(route(['v47', 100]), byHeader)).toEqual([
      'requests with x-canary: always go to release v48 [medium risk/traffic]',
    ]);
    expect(words(byHeader, route(['v47', 100]))).toEqual([
      'requests with x-canary: always go where all others go [low risk/retreat]',
    ]);
  });

  test('the end of an A/B test is one sentence', () => {
    const unit = unitOfScenario(byHeader, route(['v48', 100]), CANARY);
    const said = trafficWords(unit, { prod: true });
    expect(said.map(({ text }) => text)).toEqual(['fraud-detector sends all traffic to release v48 (was 0 %)']);
    expect(unexplained(unit, said)).toEqual([]);
  });

  test('a path of its own', () => {
    const [before, after] = [
      route(['v47', 100]),
      edited(route(['v47', 100]), [
        '    - name: default',
        `    - match: [{ uri: { prefix: /v2 } }]
      route: [{ destination: { host: other.shop.svc.cluster.local } }]
    - name: default`,
      ]),
    ];
    expect(words(before, after)).toEqual(['requests for /v2 of fraud-detector go to other [medium risk/traffic]']);
    expect(words(after, before)).toEqual([
      'requests for /v2 of fraud-detector have no route of their own [high risk/address]',
    ]);
  });
});

describe('without a route that splits', () => {
  test('the selector of the Service is the route', () => {
    expect(words(service('v46'), service('v47'), withPolicy({ strategy: 'blueGreen', exposures: [] }))).toEqual([
      'fraud-detector sends all traffic to release v47 (was 0 %) [medium risk/traffic]',
    ]);
  });

  test('beside a route that stays, it serves who follows none', () => {
    const beside = unitOfScenario('', route(['v47', 100])).objects.map((change) => change.after!.object);
    expect(words(service('v46'), service('v47'), { ...CANARY, beside })).toEqual([
      'callers of fraud-detector that follow no route get release v47 (was v46) [medium risk/traffic]',
    ]);
  });
});

describe('splits that one object makes', () => {
  const kserve = (release: string, weight?: number): string => `
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: fraud-detector-main, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: main } }
spec: { predictor: { ${weight === undefined ? '' : `canaryTrafficPercent: ${weight}, `}model: { modelFormat: { name: sklearn }, runtime: fraud-detector-${release}, storageUri: "s3://ml-models/fraud-detector/${release}/" } } }
`;

  test.each([
    [
      'a candidate warms',
      kserve('v46'),
      kserve('v47', 0),
      'release v47 of fraud-detector is deployed, without traffic [low risk/new-release]',
    ],
    [
      'its first step',
      kserve('v47', 0),
      kserve('v47', 10),
      'fraud-detector sends 10 % (was 0 %) to release v47 [medium risk/traffic]',
    ],
    [
      'a step that skips one',
      kserve('v47', 10),
      kserve('v47', 50),
      'fraud-detector sends 50 % (was 10 %) to release v47 [high risk/traffic-step]',
    ],
    [
      'its end',
      kserve('v47', 50),
      kserve('v47'),
      'fraud-detector sends all traffic to release v47 (was 50 %) [medium risk/traffic]',
    ],
    [
      'an abort',
      kserve('v47', 10),
      kserve('v47', 0),
      'fraud-detector goes back to the release before v47 (had 90 %) [low risk/retreat]',
    ],
    [
      'a release in place of another one',
      kserve('v46'),
      kserve('v47'),
      'release v47 of fraud-detector replaces v46 [medium risk/in-place]',
    ],
    [
      'what is left of it goes',
      kserve('v47', 0),
      kserve('v46'),
      'release v47 of fraud-detector is removed; release v46 serves [low risk/retire]',
    ],
  ])('canaryTrafficPercent of KServe: %s', (_, before, after, sentence) => {
    expect(words(before, after)).toEqual([sentence]);
  });

  const revisions = (...traffic: readonly string[]): string => `
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: fraud-detector-function-main, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: function, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: main } }
spec:
  template: { metadata: { name: ${/fraud[\w-]*/.exec(traffic.at(-1)!)![0]} }, spec: { containers: [{ name: function, image: "registry.example.com/api:1.0.0" }] } }
  traffic:
${traffic.map((entry) => `    - { latestRevision: false, ${entry} }\n`).join('')}`;
  const [v12, v13] = [
    'revisionName: fraud-detector-function-main-v12-0a1b2c3d',
    'revisionName: fraud-detector-function-main-v13-4e5f6a7b',
  ];

  test.each([
    [
      'a candidate warms',
      revisions(`${v12}, percent: 100`),
      revisions(`${v12}, percent: 100`, `${v13}, percent: 0, tag: candidate`),
      'release v13 of fraud-detector is deployed, without traffic [low risk/new-release]',
    ],
    [
      'its first step',
      revisions(`${v12}, percent: 100`, `${v13}, percent: 0, tag: candidate`),
      revisions(`${v12}, percent: 90`, `${v13}, percent: 10`),
      'fraud-detector sends 10 % (was 0 %) to release v13 [medium risk/traffic]',
    ],
    [
      'an abort',
      revisions(`${v12}, percent: 90`, `${v13}, percent: 10`),
      revisions(`${v12}, percent: 100`),
      'fraud-detector goes back to release v12 (had 90 %) [low risk/retreat]',
    ],
  ])('revisions of Knative: %s', (_, before, after, sentence) => {
    expect(words(before, after)).toEqual([sentence]);
  });

  const v12again = 'revisionName: fraud-detector-function-main-v12-9c8d7e6f';
  const v13again = 'revisionName: fraud-detector-function-main-v13-8b7a6c5d';

  test('the same releases in other revisions', () => {
    expect(words(revisions(`${v12}, percent: 100`), revisions(`${v12again}, percent: 100`))).toEqual([
      'requests to fraud-detector go to revision fraud-detector-function-main-v12-9c8d7e6f (was fraud-detector-function-main-v12-0a1b2c3d)',
    ]);
  });

  test('a revision that nothing makes: an edit of the function renames that of the stable release, too', () => {
    expect(
      words(
        revisions(`${v12}, percent: 90`, `${v13}, percent: 10`),
        revisions(`${v12again}, percent: 90`, `${v13again}, percent: 10`),
      ),
    ).toEqual([
      'nothing makes revision fraud-detector-function-main-v12-9c8d7e6f of fraud-detector [high risk/no-backend]',
    ]);
  });

  test('what outlives releases carries the name of the newest one, and needs no words of its own', () => {
    const budget = (release: string): string => `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: fraud-detector-main, namespace: risk-ml-prod, labels: { app.kubernetes.io/version: ${release} } }
spec: { maxUnavailable: 1 }
`;
    const main = (release: string, ...traffic: readonly string[]): string =>
      `${edited(revisions(...traffic), ['app.kubernetes.io/version: main', `app.kubernetes.io/version: ${release}`])}${budget(release)}`;
    const knative = unitOfScenario(
      main('v12', `${v12}, percent: 100`),
      main('v13', `${v12}, percent: 100`, `${v13}, percent: 0, tag: candidate`),
    );
    expect(unexplained(knative, trafficWords(knative, { prod: true }))).toEqual([]);
    const unit = unitOfScenario(kserve('v46') + budget('v46'), kserve('v47', 0) + budget('v47'));
    expect(unexplained(unit, trafficWords(unit, { prod: true }))).toEqual(['spec.predictor.model.storageUri']);
    const other = unitOfScenario(kserve('v46') + budget('v12'), kserve('v47', 0) + budget('v13'));
    expect(unexplained(other, trafficWords(other, { prod: true })), 'another release').toContain(
      'metadata.labels."app.kubernetes.io/version"',
    );
  });

  test('groups of LLMInferenceServices', () => {
    const llm = (release: string, weight: number): string => `---
apiVersion: serving.kserve.io/v1alpha2
kind: LLMInferenceService
metadata: { name: fraud-detector-${release}, namespace: risk-ml-prod, labels: { app.kubernetes.io/component: predictor, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: ${release} } }
spec: { model: { uri: "s3://ml-models/llm/${release}/", name: llm }, router: { route: { http: {}, group: fraud-detector, weight: ${weight} } } }
`;
    expect(words(llm('v1', 90) + llm('v2', 10), llm('v1', 75) + llm('v2', 25))).toEqual([
      'fraud-detector sends 25 % (was 10 %) to release v2 [medium risk/traffic]',
    ]);
  });
});

test('a change of timeouts and ports alone is not about traffic', () => {
  expect(
    words(
      route(['v46', 100]),
      edited(route(['v46', 100]), ['timeout: 30s', 'timeout: 20s'], ['number: 80', 'number: 8080']),
    ),
  ).toEqual([]);
});
