import { describe, expect, test } from 'vitest';
import { releaseWords } from '../../../src/review/words/release.ts';
import { workloadWords } from '../../../src/review/words/workload.ts';
import { DESCRIPTOR, DEV, edited, inWords, unexplained, unitOfScenario } from './support.ts';

const labels = (release: string, part = 'predictor'): string =>
  `app.kubernetes.io/component: ${part}, app.kubernetes.io/name: fraud-detector, app.kubernetes.io/version: ${release}`;

/** All objects of a release, as the golden tree has them. */
const release = (name: string, image = 'registry.example.com/sklearn:1.0.0'): string => `---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: fraud-detector-${name}, namespace: risk-ml-prod, labels: { ${labels(name)} } }
spec: { predictor: { model: { modelFormat: { name: sklearn }, runtime: fraud-detector-${name}, storageUri: "s3://ml-models/fraud-detector/${name}/" } } }
---
apiVersion: serving.kserve.io/v1alpha1
kind: ServingRuntime
metadata: { name: fraud-detector-${name}, namespace: risk-ml-prod, labels: { ${labels(name)} } }
spec: { containers: [{ name: kserve-container, image: "${image}" }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: fraud-detector-${name}, namespace: risk-ml-prod, labels: { ${labels(name)} } }
spec: { host: fraud-detector-${name}-predictor.risk-ml-prod.svc.cluster.local }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: fraud-detector-${name}, namespace: risk-ml-prod, labels: { ${labels(name)} } }
spec: { maxUnavailable: 1, selector: { matchLabels: { ${labels(name)} } } }
`;

const route = (...weights: readonly (readonly [string, number])[]): string => `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec:
  hosts: [fraud-detector.risk-ml-prod.svc.cluster.local]
  http: [{ name: default, route: [${weights.map(([name, weight]) => `{ destination: { host: fraud-detector-${name}-predictor.risk-ml-prod.svc.cluster.local }, headers: { response: { set: { x-model-version: ${name} } } }, weight: ${weight} }`).join(', ')}] }]
`;

const besideOf = (yaml: string) => unitOfScenario('', yaml).objects.map((change) => change.after!.object);
const said = (before: string, after: string, more: object = {}): string[] => inWords(releaseWords, before, after, more);

describe('a release', () => {
  test('is deployed without traffic, in one sentence for all of its objects', () => {
    const unit = unitOfScenario(release('v47'), release('v47') + release('v48'));
    const words = releaseWords(unit, { prod: true });
    expect(words.map(({ text }) => text)).toEqual(['release v48 of fraud-detector is deployed, without traffic']);
    expect(unexplained(unit, words)).toEqual([]);
    expect(said(release('v47'), release('v47') + release('v48'))).toEqual([
      'release v48 of fraud-detector is deployed, without traffic [low risk/new-release]',
    ]);
  });

  test('that gets traffic in the same change is not ready for it', () => {
    expect(
      said(release('v47') + route(['v47', 100]), release('v47') + release('v48') + route(['v47', 90], ['v48', 10])),
    ).toEqual(['release v48 of fraud-detector is deployed, and gets traffic at once [high risk/no-backend]']);
  });

  test('with an image or a model that can move says so', () => {
    expect(said('', release('v48', 'registry.example.com/sklearn:latest'))).toEqual([
      'release v48 of fraud-detector is deployed, without traffic [low risk/new-release] [high risk/mutable]',
    ]);
    expect(
      said(
        '',
        edited(release('v48'), ['s3://ml-models/fraud-detector/v48/', 's3://ml-models/fraud-detector/champion/']),
        { stage: DEV },
      ),
    ).toEqual([
      'release v48 of fraud-detector is deployed, without traffic [low risk/new-release] [medium risk/mutable]',
    ]);
  });

  test('that no route leads to is retired', () => {
    const unit = unitOfScenario(release('v46') + release('v47'), release('v47'), {
      beside: besideOf(route(['v47', 100])),
    });
    const words = releaseWords(unit, { prod: true });
    expect(words.map(({ text }) => text)).toEqual([
      'release v46 of fraud-detector is removed; nothing sends requests to it',
    ]);
    expect(unexplained(unit, words)).toEqual([]);
    expect(words.flatMap(({ reasons }) => reasons).map(({ rule, risk }) => `${risk} ${rule}`)).toEqual([
      'low risk/retire',
    ]);
  });

  test('that routes still lead to is removed from under them', () => {
    expect(
      said(release('v46') + release('v47'), release('v47'), { beside: besideOf(route(['v46', 10], ['v47', 90])) }),
    ).toEqual(['release v46 of fraud-detector is removed [high risk/no-backend] [high risk/delete-live]']);
  });

  test('that had traffic is removed while it answers', () => {
    expect(
      said(release('v46') + release('v47') + route(['v46', 10], ['v47', 90]), release('v47') + route(['v47', 100])),
    ).toEqual(['release v46 of fraud-detector is removed [high risk/delete-live]']);
  });

  test('is not said to be without requests where the tree shows no route', () => {
    expect(said(release('v46'), '')).toEqual(['release v46 of fraud-detector is removed [high risk/delete-live]']);
  });

  test('whose model a function of another release still calls is live', () => {
    const caller = `---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: { name: fraud-detector-function-v47, namespace: risk-ml-prod, labels: { ${labels('v47', 'function')} } }
spec: { template: { spec: { containers: [{ name: function, image: "a:1", env: [{ name: MODEL_URL, value: "http://fraud-detector-v46-predictor.risk-ml-prod.svc.cluster.local" }] }] } } }
`;
    const function47 = edited(route(['v47', 100]), ['fraud-detector-v47-predictor', 'fraud-detector-function-v47']);
    expect(said(release('v46'), '', { beside: besideOf(function47 + caller) })).toEqual([
      'release v46 of fraud-detector is removed [high risk/delete-live]',
    ]);
  });

  test('replaces another one, and what differs is said beside', () => {
    const unit = unitOfScenario(release('v47'), release('v48', 'registry.example.com/sklearn:1.1.0'));
    const words = [...releaseWords(unit, { prod: true }), ...workloadWords(unit, { prod: true })];
    expect(words.map(({ text }) => text)).toEqual([
      'release v48 of fraud-detector replaces v47',
      'model of fraud-detector predictor is s3://ml-models/fraud-detector/v48/ (was s3://ml-models/fraud-detector/v47/)',
      'image of fraud-detector predictor is registry.example.com/sklearn:1.1.0 (was 1.0.0)',
    ]);
    expect(unexplained(unit, words)).toEqual([]);
    expect(said(release('v47'), release('v48'))).toEqual([
      'release v48 of fraud-detector replaces v47 [high risk/replace]',
    ]);
  });

  test('that comes when an older one goes replaces nothing, while a third one serves', () => {
    const [before, after] = [release('v46') + release('v47'), release('v47') + release('v48')];
    expect(said(before, after, { beside: besideOf(route(['v47', 100])) })).toEqual([
      'release v48 of fraud-detector is deployed, without traffic [low risk/new-release]',
      'release v46 of fraud-detector is removed; nothing sends requests to it [low risk/retire]',
    ]);
  });

  test('is stopped, and started again', () => {
    const stopped = edited(release('v46'), [
      'kind: InferenceService\nmetadata: { ',
      "kind: InferenceService\nmetadata: { annotations: { serving.kserve.io/stop: 'true' }, ",
    ]);
    const beside = besideOf(route(['v47', 100]));
    expect(said(release('v46'), stopped, { beside })).toEqual([
      'release v46 of fraud-detector is stopped [low risk/retire]',
    ]);
    expect(said(release('v46'), stopped, { beside: besideOf(route(['v46', 100])) })).toEqual([
      'release v46 of fraud-detector is stopped [high risk/delete-live]',
    ]);
    expect(said(stopped, release('v46'), { beside })).toEqual(['release v46 of fraud-detector is started again']);
  });

  test('does not come with what is added beside it', () => {
    const budget = release('v47').split('---').at(-1)!;
    expect(said(edited(release('v47'), [budget, '']), release('v47'))).toEqual([]);
  });
});

describe('a service', () => {
  const files = (yaml: string): Record<string, string> => ({
    'manifests/all.yaml': yaml,
    'argocd-app.json': JSON.stringify(DESCRIPTOR),
    'runbook.md': '# Runbook\n',
  });

  test('is deployed for the first time in one sentence', () => {
    const unit = unitOfScenario({}, files(release('v47') + route(['v47', 100])), { descriptor: { after: DESCRIPTOR } });
    const words = releaseWords(unit, { prod: true });
    expect(words.map(({ text, reasons }) => [text, ...reasons.map(({ rule, risk }) => `${risk} ${rule}`)])).toEqual([
      ['fraud-detector is deployed for the first time, with release v47', 'medium risk/first-in-prod'],
    ]);
    expect(unexplained(unit, words)).toEqual([]);
  });

  test('is removed in one sentence, and what holds data is left to other words', () => {
    // What an ExternalSecret makes is kept elsewhere.
    const secret = `---
apiVersion: v1
kind: Secret
metadata: { name: keys, namespace: risk-ml-prod }
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: hub, namespace: risk-ml-prod }
`;
    const unit = unitOfScenario(
      files(release('v47') + route(['v47', 100]) + secret),
      {},
      { descriptor: { before: DESCRIPTOR } },
    );
    const words = releaseWords(unit, { prod: true });
    expect(words.map(({ text, reasons }) => [text, ...reasons.map(({ rule, risk }) => `${risk} ${rule}`)])).toEqual([
      ['fraud-detector is removed', 'high risk/delete-live'],
    ]);
    expect(unexplained(unit, words)).toEqual(['Secret keys']);
  });

  test('shares of a team are named as such', () => {
    const shared = { ...DESCRIPTOR, service: '_shared' };
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: risk-ml-prod }\n';
    expect(
      inWords(
        releaseWords,
        {},
        { 'manifests/all.yaml': namespace },
        { descriptor: { after: shared }, folder: 'envs/prod-eu/eu-1/risk-ml/_shared' },
      ),
    ).toEqual(['what risk-ml shares is deployed for the first time']);
  });
});
