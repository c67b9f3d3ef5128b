import { describe, expect, it } from 'vitest';
import { emitYaml } from '../../src/core/yaml.ts';
import { renderIstio } from '../../src/render/istio.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const FUNCTION = { image: 'registry.example.com/api:v46', resources: { cpu: '500m', memory: '512Mi' } } as const;

/** The one destination of a route, behind a Service of the workload. */
const all = (name: string, release: string): object => ({
  destination: { host: `${name}.risk-ml-prod.svc.cluster.local`, port: { number: 80 } },
  headers: { response: { set: { 'x-model-version': release } } },
  weight: 100,
});

function rendered(kind: string, options: TargetOptions): string {
  return renderIstio(targetOf(options))
    .filter((object) => object.kind === kind)
    .map((object) => emitYaml(object))
    .join('');
}

const route = (options: TargetOptions): unknown =>
  (
    renderIstio(targetOf(options)).find(({ kind }) => kind === 'VirtualService')!['spec'] as {
      http: { route: unknown }[];
    }
  ).http[0]!.route;

const spec = (kind: string, options: TargetOptions): Record<string, unknown> =>
  renderIstio(targetOf(options)).find((object) => object.kind === kind)!['spec'] as Record<string, unknown>;

describe('in Standard mode', () => {
  it('splits the requests between the Services of two releases', () => {
    expect(rendered('VirtualService', { candidate: { release: 'v47', weight: 10 } })).toBe(`---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: fraud-detector
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
spec:
  gateways:
    - mesh
  hosts:
    - fraud-detector.risk-ml-prod.svc.cluster.local
  http:
    - name: default
      retries:
        attempts: 2
        retryOn: connect-failure,refused-stream,reset-before-request
      route:
        - destination:
            host: fraud-detector-v46-predictor.risk-ml-prod.svc.cluster.local
            port:
              number: 80
          headers:
            response:
              set:
                x-model-version: v46
          weight: 90
        - destination:
            host: fraud-detector-v47-predictor.risk-ml-prod.svc.cluster.local
            port:
              number: 80
          headers:
            response:
              set:
                x-model-version: v47
          weight: 10
      timeout: 30s
`);
  });

  it('gives each release that may answer its connection pool and outlier detection', () => {
    expect(rendered('DestinationRule', {})).toBe(`---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: fraud-detector-v46
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
    app.kubernetes.io/version: v46
spec:
  host: fraud-detector-v46-predictor.risk-ml-prod.svc.cluster.local
  trafficPolicy:
    connectionPool:
      http:
        http1MaxPendingRequests: 1024
      tcp:
        maxConnections: 1024
    outlierDetection:
      baseEjectionTime: 30s
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 5
      interval: 10s
      maxEjectionPercent: 50
`);
    const names = renderIstio(targetOf({ candidate: { release: 'v47', weight: 0 }, previous: 'v45' }))
      .filter(({ kind }) => kind === 'DestinationRule')
      .map(({ metadata }) => metadata.name);
    expect(names).toEqual(['fraud-detector-v46', 'fraud-detector-v47', 'fraud-detector-v45']);
  });

  it('gives callers without a proxy a Service that selects the stable release', () => {
    expect(rendered('Service', { candidate: { release: 'v47', weight: 50 } })).toBe(`---
apiVersion: v1
kind: Service
metadata:
  name: fraud-detector
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
spec:
  ports:
    - name: http
      port: 80
      protocol: TCP
      targetPort: 8080
  selector:
    app.kubernetes.io/component: predictor
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/version: v46
  type: ClusterIP
`);
  });

  it('sends requests to the transformer where there is one', () => {
    const options = {
      spec: {
        predictor: PREDICTOR,
        transformer: {
          image: 'registry.example.com/transformer:v46',
          port: 9000,
          resources: { cpu: '1', memory: '1Gi' },
        },
      },
    };
    expect(spec('Service', options)).toMatchObject({
      ports: [{ port: 80, targetPort: 9000 }],
      selector: { 'app.kubernetes.io/component': 'transformer', 'app.kubernetes.io/version': 'v46' },
    });
    expect(route(options)).toEqual([all('fraud-detector-v46-transformer', 'v46')]);
  });

  it('selects the port of a custom server', () => {
    const custom = {
      framework: 'custom',
      image: 'registry.example.com/server:v46',
      resources: PREDICTOR.resources,
    } as const;
    expect(spec('Service', { spec: { predictor: { ...custom, port: 9001 } } })['ports']).toEqual([
      { name: 'http', port: 80, protocol: 'TCP', targetPort: 9001 },
    ]);
    expect(spec('Service', { spec: { predictor: custom } })['ports']).toEqual([
      { name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 },
    ]);
  });

  it('sends requests to the function of a release, which calls its models itself', () => {
    const options = { cluster: { knative: undefined }, spec: { predictor: PREDICTOR, function: FUNCTION } };
    expect(route(options)).toEqual([all('fraud-detector-function-v46', 'v46')]);
    expect(spec('Service', options)['selector']).toEqual({
      'app.kubernetes.io/component': 'function',
      'app.kubernetes.io/name': 'fraud-detector',
      'app.kubernetes.io/version': 'v46',
    });
  });
});

describe('on Knative', () => {
  const options: TargetOptions = { mode: 'Knative', candidate: { release: 'v47', weight: 10 } };

  it('sends requests to the local gateway, with the host of a release at each destination', () => {
    expect(spec('VirtualService', options)).toEqual({
      hosts: [
        'fraud-detector.risk-ml-prod.svc.cluster.local',
        'fraud-detector.risk-ml-prod',
        'fraud-detector.risk-ml-prod.svc',
      ],
      gateways: ['mesh', 'knative-serving/knative-local-gateway'],
      http: [
        {
          name: 'default',
          route: [
            {
              destination: { host: 'knative-local-gateway.istio-system.svc.cluster.local', port: { number: 80 } },
              headers: {
                request: { set: { Host: 'fraud-detector-v46-predictor.risk-ml-prod.svc.cluster.local' } },
                response: { set: { 'x-model-version': 'v46' } },
              },
              weight: 90,
            },
            {
              destination: { host: 'knative-local-gateway.istio-system.svc.cluster.local', port: { number: 80 } },
              headers: {
                request: { set: { Host: 'fraud-detector-v47-predictor.risk-ml-prod.svc.cluster.local' } },
                response: { set: { 'x-model-version': 'v47' } },
              },
              weight: 10,
            },
          ],
          timeout: '30s',
          retries: { attempts: 2, retryOn: 'connect-failure,refused-stream,reset-before-request' },
        },
      ],
    });
  });

  it('leads callers without a proxy to the local gateway, where the weights hold too', () => {
    expect(spec('Service', options)).toEqual({
      type: 'ExternalName',
      externalName: 'knative-local-gateway.istio-system.svc.cluster.local',
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
    });
  });

  it('makes no DestinationRule, since the gateway is no replica of the service', () => {
    expect(rendered('DestinationRule', options)).toBe('');
  });
});

describe('an explainer', () => {
  const explainer = { image: 'registry.example.com/explainer:1.0.0', resources: { cpu: '1', memory: '1Gi' } };

  it('gets the requests for explanations of its release, with the same weights', () => {
    const { http } = spec('VirtualService', { spec: { explainer }, candidate: { release: 'v47', weight: 10 } }) as {
      http: { name: string; match?: unknown; route: { destination: { host: string }; weight: number }[] }[];
    };
    expect(http.map(({ name, match }) => [name, match])).toEqual([
      ['explain', [{ uri: { regex: '/v1/models/[\\w-]+:explain' } }]],
      ['default', undefined],
    ]);
    expect(http[0]?.route.map(({ destination, weight }) => [destination.host, weight])).toEqual([
      ['fraud-detector-v46-explainer.risk-ml-prod.svc.cluster.local', 90],
      ['fraud-detector-v47-explainer.risk-ml-prod.svc.cluster.local', 10],
    ]);
  });
});

describe('a release, from warming to the next', () => {
  const weights = (options: TargetOptions): unknown[] =>
    (route(options) as { destination: { host: string }; weight: number }[]).map(({ destination, weight }) => [
      destination.host.slice(15, 18),
      weight,
    ]);

  it('is in the route as long as it gets requests, and in no other line', () => {
    expect(weights({ stable: 'v46' })).toEqual([['v46', 100]]);
    expect(weights({ stable: 'v46', candidate: { release: 'v47', weight: 0 } })).toEqual([['v46', 100]]);
    expect(weights({ stable: 'v46', candidate: { release: 'v47', weight: 10 } })).toEqual([
      ['v46', 90],
      ['v47', 10],
    ]);
    expect(weights({ stable: 'v46', candidate: { release: 'v47', weight: 50 } })).toEqual([
      ['v46', 50],
      ['v47', 50],
    ]);
    expect(weights({ stable: 'v47', previous: 'v46' })).toEqual([['v47', 100]]);
    expect(weights({ stable: 'v47' })).toEqual([['v47', 100]]);
  });

  it('leaves, byte for byte, the route from before when it is rolled back', () => {
    const before = rendered('VirtualService', { stable: 'v46' });
    expect(rendered('VirtualService', { stable: 'v46', candidate: { release: 'v47', weight: 10 } })).not.toBe(before);
    expect(rendered('VirtualService', { stable: 'v46', candidate: { release: 'v47', weight: 0 } })).toBe(before);
    expect(rendered('VirtualService', { stable: 'v46', previous: 'v47' })).toBe(before);
  });

  it('shares the line of a workload that it has not changed', () => {
    const target = targetOf({ candidate: { release: 'v47', weight: 10 } });
    const { stable, candidate } = target.serving;
    const object = renderIstio({
      ...target,
      serving: { ...target.serving, candidate: { ...candidate!, workload: stable.workload } },
    });
    expect(object.find(({ kind }) => kind === 'VirtualService')!['spec']).toMatchObject({
      http: [{ route: [{ weight: 100 }] }],
    });
  });
});

describe('a candidate that answers nobody', () => {
  const http = (options: TargetOptions): unknown => (spec('VirtualService', options) as { http: unknown[] }).http;
  const limits = {
    timeout: '30s',
    retries: { attempts: 2, retryOn: 'connect-failure,refused-stream,reset-before-request' },
  };
  const stable = { name: 'default', route: [all('fraud-detector-v46-predictor', 'v46')] };

  it('gets a share of the requests as copies', () => {
    expect(http({ candidate: { release: 'v47', weight: 0, mirror: 25 } })).toEqual([
      {
        ...stable,
        mirror: { host: 'fraud-detector-v47-predictor.risk-ml-prod.svc.cluster.local', port: { number: 80 } },
        mirrorPercentage: { value: 25 },
        ...limits,
      },
    ]);
  });

  it('answers requests that carry the header of an A/B test, before all others are routed', () => {
    expect(http({ candidate: { release: 'v47', weight: 0, header: { name: 'x-cohort', value: 'b' } } })).toEqual([
      {
        name: 'candidate',
        match: [{ headers: { 'x-cohort': { exact: 'b' } } }],
        route: [all('fraud-detector-v47-predictor', 'v47')],
        ...limits,
      },
      { ...stable, ...limits },
    ]);
  });

  it('explains what it answers in an A/B test', () => {
    const explainer = { image: 'registry.example.com/explainer:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
    const routes = http({
      spec: { explainer },
      candidate: { release: 'v47', weight: 0, header: { name: 'x-cohort', value: 'b' } },
    });
    expect(routes).toMatchObject([
      {
        name: 'candidate-explain',
        match: [{ headers: { 'x-cohort': { exact: 'b' } }, uri: { regex: '/v1/models/[\\w-]+:explain' } }],
        route: [all('fraud-detector-v47-explainer', 'v47')],
      },
      { name: 'candidate' },
      { name: 'explain', route: [all('fraud-detector-v46-explainer', 'v46')] },
      { name: 'default' },
    ]);
  });
});

describe('hosts and gateways', () => {
  it('opens a public service at the gateway of the cluster', () => {
    expect(
      spec('VirtualService', {
        spec: { predictor: PREDICTOR, traffic: { visibility: 'public', hosts: ['fraud.example.com'] } },
      }),
    ).toMatchObject({
      hosts: [
        'fraud-detector.risk-ml-prod.svc.cluster.local',
        'fraud-detector.risk-ml-prod.eu.example.com',
        'fraud.example.com',
      ],
      gateways: ['mesh', 'istio-system/public'],
    });
  });

  it('keeps a host that is listed twice once', () => {
    const hosts = [
      'old.risk-ml-prod.svc.cluster.local',
      'fraud-detector.risk-ml-prod.svc.cluster.local',
      'old.risk-ml-prod.svc.cluster.local',
    ];
    expect(spec('VirtualService', { spec: { predictor: PREDICTOR, traffic: { hosts } } })['hosts']).toEqual([
      'fraud-detector.risk-ml-prod.svc.cluster.local',
      'old.risk-ml-prod.svc.cluster.local',
    ]);
  });
});

describe('timeouts and retries', () => {
  const http = (traffic: object, options: TargetOptions = {}): unknown =>
    (spec('VirtualService', { spec: { predictor: PREDICTOR, traffic }, ...options }) as { http: unknown[] }).http[0];

  it('writes durations as Go prints them', () => {
    expect(http({ timeout: '90s', retries: { attempts: 1, perTryTimeout: '1500ms' } })).toMatchObject({
      timeout: '1m30s',
      retries: {
        attempts: 1,
        perTryTimeout: '1s500ms',
        retryOn: 'connect-failure,refused-stream,reset-before-request',
      },
    });
  });

  it('waits longer for a language model', () => {
    const vllm = {
      framework: 'vllm',
      model: { uri: 's3://ml-models/llm/v46/' },
      resources: { cpu: '8', memory: '48Gi', gpu: 1 },
    } as const;
    expect(http({}, { spec: { predictor: vllm } })).toMatchObject({ timeout: '5m' });
  });

  it('switches retries off with attempts 0 and nothing else, as the webhook demands', () => {
    expect(http({ retries: { attempts: 0, perTryTimeout: '1s' } })).toMatchObject({ retries: { attempts: 0 } });
  });

  it('leaves out the condition that Istio before 1.23 refuses', () => {
    expect(http({}, { cluster: { istio: { version: ['1.22', '1.23'], dataplane: 'sidecar' } } })).toMatchObject({
      retries: { retryOn: 'connect-failure,refused-stream' },
    });
  });
});

describe('a cluster without Istio', () => {
  it('has the Service of the service alone', () => {
    const objects = renderIstio(targetOf({ cluster: { istio: undefined } }));
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['Service fraud-detector']);
  });
});
