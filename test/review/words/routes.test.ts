import { describe, expect, test } from 'vitest';
import { routeWords } from '../../../src/review/words/routes.ts';
import { edited, inWords, unexplained, unitOfScenario } from './support.ts';

const route = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: fraud-detector, namespace: risk-ml-prod }
spec:
  gateways: [mesh]
  hosts: [fraud-detector.risk-ml-prod.svc.cluster.local]
  http:
    - name: default
      retries: { attempts: 2, retryOn: "connect-failure,refused-stream" }
      route: [{ destination: { host: fraud-detector-v47-predictor.risk-ml-prod.svc.cluster.local }, weight: 100 }]
      timeout: 60s
`;

const model = `---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: { name: fraud-detector-v47, namespace: risk-ml-prod, labels: { networking.kserve.io/visibility: cluster-local, app.kubernetes.io/name: fraud-detector } }
spec: { predictor: { timeout: 60, model: { modelFormat: { name: sklearn } } } }
`;

const beside = (yaml: string) => unitOfScenario('', yaml).objects.map((change) => change.after!.object);
const said = (before: string, after: string, more: object = {}): string[] => inWords(routeWords, before, after, more);

describe('addresses', () => {
  const more = edited(route, ['hosts: [', 'hosts: [fraud.old.example.com, ']);
  const open = edited(
    route,
    ['gateways: [mesh]', 'gateways: [mesh, istio-system/public]'],
    ['hosts: [', 'hosts: [fraud.example.com, '],
  );

  test('a new one', () => {
    expect(said(route, more)).toEqual(['fraud-detector answers at fraud.old.example.com too']);
  });

  test('one that goes', () => {
    expect(said(more, route)).toEqual([
      'fraud-detector no longer answers at fraud.old.example.com [high risk/address]',
    ]);
  });

  test('the shorter spellings of a host are no addresses of their own', () => {
    expect(
      said(
        route,
        edited(route, ['hosts: [', 'hosts: [fraud-detector.risk-ml-prod, fraud-detector.risk-ml-prod.svc, ']),
      ),
    ).toEqual([]);
  });

  test('a service becomes public', () => {
    const unit = unitOfScenario(route, open);
    const words = routeWords(unit, { prod: true });
    expect(
      words.map(({ text, reasons }) => [text, ...reasons.map(({ rule, text: why }) => `${rule}: ${why}`)]),
    ).toEqual([
      ['fraud-detector answers at fraud.example.com too'],
      ['fraud-detector can be reached from outside of the cluster', 'risk/public: by gateway istio-system/public'],
    ]);
    expect(unexplained(unit, words)).toEqual([]);
  });

  test('a service is public no more', () => {
    expect(said(open, route)).toEqual([
      'fraud-detector no longer answers at fraud.example.com [high risk/address]',
      'fraud-detector can no longer be reached from outside of the cluster [high risk/address]',
    ]);
  });

  test('the gateway for callers without a proxy is not public', () => {
    expect(
      said(route, edited(route, ['gateways: [mesh]', 'gateways: [mesh, knative-serving/knative-local-gateway]'])),
    ).toEqual(['fraud-detector is at gateway knative-serving/knative-local-gateway (was no gateway)']);
  });

  test('another public gateway lets others in', () => {
    expect(said(open, edited(open, ['istio-system/public', 'istio-system/internet']))).toEqual([
      'fraud-detector is at gateway istio-system/internet (was gateway istio-system/public) [high risk/public]',
    ]);
  });

  test('a route that comes or goes brings its addresses', () => {
    expect(said('', route)).toEqual(['fraud-detector answers at fraud-detector.risk-ml-prod.svc.cluster.local']);
    expect(said(route, '')).toEqual([
      'fraud-detector no longer answers at fraud-detector.risk-ml-prod.svc.cluster.local [high risk/address]',
    ]);
  });

  test('a public route of Gateway API beside the one that is there', () => {
    const publicRoute = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: fraud-detector-public, namespace: risk-ml-prod }
spec: { parentRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public, namespace: edge }], hostnames: [fraud.example.com], rules: [] }
`;
    expect(said('', publicRoute)).toEqual([
      'fraud-detector answers at fraud.example.com',
      'fraud-detector can be reached from outside of the cluster [high risk/public]',
    ]);
  });

  test('a Service of another tool that becomes a load balancer', () => {
    const service =
      'apiVersion: v1\nkind: Service\nmetadata: { name: api, namespace: shop }\nspec: { type: ClusterIP, ports: [{ port: 80 }] }\n';
    expect(
      inWords(routeWords, service, edited(service, ['ClusterIP', 'LoadBalancer'], ['port: 80', 'port: 8080']), {
        folder: 'shop/base',
      }),
    ).toEqual([
      'Service shop/api can be reached from outside of the cluster [high risk/public]',
      'Service shop/api answers at port 8080',
      'Service shop/api no longer answers at port 80 [high risk/address]',
    ]);
  });

  test('the hosts of an Ingress', () => {
    const ingress =
      'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: api, namespace: shop }\nspec: { rules: [{ host: a.example.com }] }\n';
    expect(
      inWords(routeWords, ingress, edited(ingress, ['a.example.com', 'b.example.com']), { folder: 'shop/base' }),
    ).toEqual([
      'Ingress shop/api answers at b.example.com',
      'Ingress shop/api no longer answers at a.example.com [high risk/address]',
    ]);
  });

  test('a workload that can be reached past its routes', () => {
    expect(said(model, edited(model, ['networking.kserve.io/visibility: cluster-local, ', '']))).toEqual([
      'fraud-detector-v47 of fraud-detector can be reached from outside of the cluster, past its routes [high risk/public]',
    ]);
  });
});

describe('timeouts', () => {
  const shorter = edited(route, ['timeout: 60s', 'timeout: 30s']);

  test('a route that gives up before the model does', () => {
    expect(said(route, shorter, { beside: beside(model) })).toEqual([
      "timeout 30 s of fraud-detector is now shorter than the model's own 60 s [medium risk/timeout]",
    ]);
  });

  test('a model that may take longer than the route lets it', () => {
    expect(said(model, edited(model, ['timeout: 60', 'timeout: 90']), { beside: beside(route) })).toEqual([
      "timeout 60 s of fraud-detector is now shorter than the model's own 90 s [medium risk/timeout]",
    ]);
  });

  test('both together are one time', () => {
    const unit = unitOfScenario(route + model, shorter + edited(model, ['timeout: 60', 'timeout: 30']));
    const words = routeWords(unit, { prod: true });
    expect(words.map(({ text, reasons }) => [text, ...reasons.map(({ rule }) => rule)])).toEqual([
      ['timeout of fraud-detector is 30 s (was 60 s)', 'risk/timeout'],
    ]);
    expect(unexplained(unit, words)).toEqual([]);
  });

  test('more time is no risk, and no timeout is none', () => {
    expect(said(route, edited(route, ['timeout: 60s', 'timeout: 2m']))).toEqual([
      'timeout of fraud-detector is 120 s (was 60 s)',
    ]);
    expect(said(route, edited(route, ['      timeout: 60s\n', '']))).toEqual([
      'timeout of fraud-detector is none (was 60 s)',
    ]);
  });

  test('the time of a function on Knative counts too', () => {
    const api =
      '---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: { name: fraud-detector-function-v47, namespace: risk-ml-prod }\nspec: { template: { spec: { timeoutSeconds: 45 } } }\n';
    expect(said(route, shorter, { beside: beside(api) })).toEqual([
      "timeout 30 s of fraud-detector is now shorter than the model's own 45 s [medium risk/timeout]",
    ]);
  });
});

test('retries', () => {
  expect(said(route, edited(route, ['attempts: 2, retryOn: "connect-failure,refused-stream"', 'attempts: 0']))).toEqual(
    ['requests to fraud-detector are tried again never (was 2 times on connect-failure,refused-stream)'],
  );
});
