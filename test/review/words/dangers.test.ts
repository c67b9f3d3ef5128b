import { describe, expect, test } from 'vitest';
import { say } from '../../../src/review/say.ts';
import { edited, inWords } from './support.ts';

/** Objects that users write beside a service, and edits by hand: what a reviewer must not overlook has its risk. */

const of = (apiVersion: string, kind: string, spec: string, meta = ''): string =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: x, namespace: risk-ml-prod${meta} }\nspec: ${spec}\n`;
const words = (before: string, ...edits: readonly (readonly [string, string])[]): string[] =>
  inWords((unit) => say(unit), before, edited(before, ...edits));

const ROUTE = of(
  'networking.istio.io/v1',
  'VirtualService',
  '{ hosts: [a], http: [{ name: default, route: [{ destination: { host: a } }] }] }',
);
const GATEWAY = of(
  'networking.istio.io/v1',
  'Gateway',
  '{ servers: [{ port: { number: 443, name: https, protocol: HTTPS }, hosts: [a.example.com], tls: { mode: MUTUAL } }] }',
);
const ENTRY = of('networking.istio.io/v1', 'ServiceEntry', '{ hosts: [api.example.com], location: MESH_EXTERNAL }');
const SIDECAR = of('networking.istio.io/v1', 'Sidecar', '{ outboundTrafficPolicy: { mode: REGISTRY_ONLY } }');
const TELEMETRY = of('telemetry.istio.io/v1', 'Telemetry', '{ metrics: [{ providers: [{ name: prometheus }] }] }');
const SERVICE = of('v1', 'Service', '{ selector: { app: cache }, ports: [{ port: 80, targetPort: 8080 }] }');
const INGRESS = of(
  'networking.k8s.io/v1',
  'Ingress',
  '{ tls: [{ hosts: [a.example.com], secretName: tls }], rules: [{ host: a.example.com, http: { paths: [{ path: /, backend: { service: { name: cache } } }] } }] }',
);
const BUDGET = of('policy/v1', 'PodDisruptionBudget', '{ maxUnavailable: 1, selector: { matchLabels: { app: x } } }');
const DEPLOYMENT = of(
  'apps/v1',
  'Deployment',
  '{ selector: { matchLabels: { app: x } }, strategy: { type: RollingUpdate } }',
);
const CLAIM = of(
  'v1',
  'PersistentVolumeClaim',
  '{ resources: { requests: { storage: 10Gi } }, storageClassName: fast }',
);
const CRON = of(
  'batch/v1',
  'CronJob',
  '{ suspend: false, jobTemplate: { spec: { template: { spec: { containers: [{ name: a, image: "r.example.com/a:1.0" }] } } } } }',
);
const CHART = of('helm.toolkit.fluxcd.io/v2', 'HelmRelease', '{ chart: { spec: { version: 1.2.3 } }, suspend: false }');
const ROLLOUT = of(
  'argoproj.io/v1alpha1',
  'Rollout',
  '{ replicas: 4, strategy: { canary: { steps: [{ setWeight: 10 }] } } }',
);
const ANALYSIS = of('argoproj.io/v1alpha1', 'AnalysisTemplate', '{ metrics: [{ name: ok, failureLimit: 3 }] }');
const RULES = of('monitoring.coreos.com/v1', 'PrometheusRule', '{ groups: [] }', ', labels: { release: stack }');
const MONITOR = of('monitoring.coreos.com/v1', 'PodMonitor', '{}', ', labels: { release: stack }');

describe('an edit by hand', () => {
  test.each([
    [
      'fails requests on purpose',
      ROUTE,
      'route:',
      'fault: { abort: { httpStatus: 500 } }, route:',
      'VirtualService x: spec.http[default].fault added [high risk/fault]',
    ],
    [
      'sends requests to another path',
      ROUTE,
      'route:',
      'rewrite: { uri: /x }, route:',
      'VirtualService x: spec.http[default].rewrite added [medium risk/traffic]',
    ],
    [
      'opens a gateway',
      GATEWAY,
      '[a.example.com]',
      '["*"]',
      'Gateway x: spec.servers[0].hosts no longer has a.example.com and spec.servers[0].hosts has * [high risk/public]',
    ],
    [
      'asks for no certificate at a gateway',
      GATEWAY,
      'MUTUAL',
      'SIMPLE',
      'Gateway x: spec.servers[0].tls.mode is SIMPLE (was MUTUAL) [high risk/public]',
    ],
    [
      'lets calls go elsewhere',
      ENTRY,
      'api.example.com',
      'other.example.com',
      'ServiceEntry x: spec.hosts no longer has api.example.com and spec.hosts has other.example.com [medium risk/traffic]',
    ],
    [
      'lets pods call anybody',
      SIDECAR,
      'REGISTRY_ONLY',
      'ALLOW_ANY',
      'Sidecar x: spec.outboundTrafficPolicy.mode is ALLOW_ANY (was REGISTRY_ONLY) [high risk/network]',
    ],
    [
      'ends metrics',
      TELEMETRY,
      '{ providers:',
      '{ overrides: [{ disabled: true }], providers:',
      'Telemetry x: spec.metrics[prometheus] removed and spec.metrics[true prometheus] added [medium risk/scrape]',
    ],
    [
      'leads a Service to other pods',
      SERVICE,
      'app: cache',
      'app: other',
      'Service x: spec.selector.app is other (was cache) [medium risk/traffic]',
    ],
    [
      'leads a Service to another port',
      SERVICE,
      'targetPort: 8080',
      'targetPort: 9090',
      'Service x: spec.ports[80 TCP].targetPort is 9090 (was 8080) [medium risk/traffic]',
    ],
    [
      'leads an Ingress elsewhere',
      INGRESS,
      'name: cache',
      'name: other',
      'Ingress x: spec.rules[0].http.paths[/].backend.service.name is other (was cache) [medium risk/traffic]',
    ],
    [
      'lets a drain take more',
      BUDGET,
      'maxUnavailable: 1',
      'maxUnavailable: 100%',
      'PodDisruptionBudget x: spec.maxUnavailable is 100% (was 1) [medium risk/replicas]',
    ],
    [
      'lets a drain take fewer',
      edited(BUDGET, ['maxUnavailable: 1', 'maxUnavailable: 2']),
      'maxUnavailable: 2',
      'maxUnavailable: 1',
      'PodDisruptionBudget x: spec.maxUnavailable is 1 (was 2)',
    ],
    [
      'changes a selector, which nobody can',
      DEPLOYMENT,
      'app: x',
      'app: other',
      'Deployment x: spec.selector.matchLabels.app is other (was x) [high risk/refused]',
    ],
    [
      'stops all pods at once',
      DEPLOYMENT,
      'RollingUpdate',
      'Recreate',
      'Deployment x: spec.strategy.type is Recreate (was RollingUpdate) [medium risk/in-place]',
    ],
    [
      'shrinks a claim, which nobody can',
      CLAIM,
      '10Gi',
      '5Gi',
      'PersistentVolumeClaim x: spec.resources.requests.storage is 5Gi (was 10Gi) [high risk/refused]',
    ],
    [
      'grows a claim',
      CLAIM,
      '10Gi',
      '20Gi',
      'PersistentVolumeClaim x: spec.resources.requests.storage is 20Gi (was 10Gi)',
    ],
    [
      'stops a job',
      CRON,
      'suspend: false',
      'suspend: true',
      'CronJob x: spec.suspend is true (was false) [medium risk/delete]',
    ],
    [
      'gives a job another image',
      CRON,
      'a:1.0',
      'a:1.1',
      'image of CronJob x is r.example.com/a:1.1 (was 1.0) [medium risk/in-place]',
    ],
    [
      'takes another chart',
      CHART,
      '1.2.3',
      '2.0.0',
      'HelmRelease x: spec.chart.spec.version is 2.0.0 (was 1.2.3) [medium risk/unknown]',
    ],
    [
      'suspends a chart',
      CHART,
      'suspend: false',
      'suspend: true',
      'HelmRelease x: spec.suspend is true (was false) [high risk/delivery]',
    ],
    [
      'takes steps away',
      ROLLOUT,
      'setWeight: 10',
      'setWeight: 100',
      'Rollout x: spec.strategy.canary.steps[0].setWeight is 100 (was 10) [high risk/gate]',
    ],
    [
      'lets more measurements fail',
      ANALYSIS,
      'failureLimit: 3',
      'failureLimit: 30',
      'AnalysisTemplate x: spec.metrics[ok].failureLimit is 30 (was 3) [high risk/gate]',
    ],
    [
      'hides rules from Prometheus',
      RULES,
      'release: stack',
      'release: other',
      'PrometheusRule x: label release is other (was stack) [medium risk/alert]',
    ],
    [
      'hides pods from Prometheus',
      MONITOR,
      'release: stack',
      'release: other',
      'PodMonitor x: label release is other (was stack) [medium risk/scrape]',
    ],
  ])('%s', (_what, before, from, to, said) => {
    expect(words(before, [from, to])).toEqual([said]);
  });

  test('takes the certificate of an Ingress away', () => {
    expect(words(INGRESS, ['tls: [{ hosts: [a.example.com], secretName: tls }], ', ''])).toEqual([
      'Ingress x has no certificate any more for a.example.com [high risk/mtls]',
      'Ingress x no longer reads secret tls for tls',
    ]);
  });

  test('scales a Rollout as it would a Deployment', () => {
    expect(words(ROLLOUT, ['replicas: 4', 'replicas: 2'])).toEqual([
      'Rollout x runs 2 replicas (was 4) [medium risk/replicas]',
    ]);
  });
});

test('what stands beside a service has doors of its own', () => {
  expect(inWords((unit) => say(unit), '', INGRESS)).toEqual([
    'Ingress x answers at a.example.com',
    'Ingress x can be reached from outside of the cluster [high risk/public]',
  ]);
  expect(words(SERVICE, ['port: 80,', 'port: 81,'])).toEqual([
    'Service x answers at port 81',
    'Service x no longer answers at port 80 [high risk/address]',
  ]);
});

test.each([
  ['EnvoyFilter', 'networking.istio.io/v1alpha3', 'EnvoyFilter x added [medium risk/unknown]'],
  ['HelmRelease', 'helm.toolkit.fluxcd.io/v2', 'HelmRelease x added [medium risk/unknown]'],
])('nobody can say what a new %s does', (kind, apiVersion, said) => {
  expect(inWords((unit) => say(unit), '', of(apiVersion, kind, '{}'))).toEqual([said]);
});

test('what a team shares is told with its namespace: each team has one', () => {
  const waypoint = of('gateway.networking.k8s.io/v1', 'Gateway', '{}');
  expect(inWords((unit) => say(unit), '', waypoint, { folder: 'envs/prod-eu/eu-1/risk-ml/_shared' })).toEqual([
    'Gateway risk-ml-prod/x added',
  ]);
});
