import { describe, expect, it } from 'vitest';
import { checkTraffic, TRAFFIC_RULES } from '../../src/check/traffic.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const FUNCTION = { image: 'registry.example.com/api:v46', resources: { cpu: '500m', memory: '512Mi' } } as const;
const withTraffic = (traffic: object, options: TargetOptions = {}): TargetOptions => ({
  ...options,
  spec: { predictor: PREDICTOR, traffic },
});
const BARE = { istio: undefined, knative: undefined } as const;
const GATEWAY_API = { ...BARE, gatewayApi: { version: '1.4', gateway: 'edge/public' } } as const;
const istio = { version: '1.30', dataplane: 'sidecar' } as const;

const found = (options: TargetOptions): string[] =>
  checkTraffic(targetOf(options)).map(({ id, where, message }) => `${id} ${where.field ?? ''}: ${message}`);

const FINE: readonly (readonly [string, TargetOptions])[] = [
  ['a plain service', {}],
  ['a service without Istio', { cluster: BARE }],
  ['a candidate that warms without Istio', { cluster: BARE, candidate: { release: 'v47', weight: 0 } }],
  ['a candidate with weight', { candidate: { release: 'v47', weight: 10 } }],
  ['a public service with gateway and domain', withTraffic({ visibility: 'public', hosts: ['fraud.example.com'] })],
  ['more hosts in the mesh alone', withTraffic({ hosts: ['old.ml.svc.cluster.local'] }, { cluster: { istio } })],
  ['a service on Knative', { mode: 'Knative' }],
  ['a model behind no function on a cluster with Knative and without Istio', { cluster: { istio: undefined } }],
  [
    'a public service with more hosts at a Gateway',
    withTraffic({ visibility: 'public', hosts: ['fraud.example.com'] }, { cluster: GATEWAY_API }),
  ],
  ['a service inside of a cluster with Gateway API', { cluster: GATEWAY_API }],
  ['one try as long as the request', withTraffic({ timeout: '10s', retries: { perTryTimeout: '10s' } })],
  [
    'one try longer than the request, when there is no second',
    withTraffic({ timeout: '10s', retries: { attempts: 0, perTryTimeout: '11s' } }),
  ],
];

const WRONG: readonly (readonly [TargetOptions, string])[] = [
  [
    withTraffic({ visibility: 'public' }, { cluster: BARE }),
    'traffic/no-router traffic.visibility: the service is public, and cluster eu-1 has neither Istio nor Gateway API to let callers in',
  ],
  [
    withTraffic({ hosts: ['a.example.com'] }, { cluster: BARE }),
    'traffic/no-router traffic.hosts: cluster eu-1 has neither Istio nor Gateway API to route more hosts',
  ],
  [
    { mode: 'Knative', cluster: { istio: undefined } },
    'traffic/knative-address predictor: the predictor runs on Knative, which answers to the host of a release only, and cluster eu-1 has no Istio to lead fraud-detector there',
  ],
  [
    { mode: 'Knative', cluster: { istio: undefined, gatewayApi: { version: '1.4', mesh: true } } },
    'traffic/knative-address predictor: the predictor runs on Knative, which answers to the host of a release only, and cluster eu-1 has no Istio to lead fraud-detector there',
  ],
  [
    { cluster: { istio: undefined }, spec: { predictor: PREDICTOR, function: FUNCTION } },
    'traffic/knative-address function: the function runs on Knative, which answers to the host of a release only, and cluster eu-1 has no Istio to lead fraud-detector there',
  ],
  [
    withTraffic({ hosts: ['a.example.com'] }, { cluster: GATEWAY_API }),
    'traffic/gateway-hosts traffic.hosts: the service is not public, and a route inside of the cluster eu-1 has no hosts without Istio',
  ],
  [
    withTraffic({ visibility: 'public' }, { cluster: { ...BARE, gatewayApi: { version: '1.4', mesh: true } } }),
    'traffic/no-gateway traffic.visibility: the service is public, and cluster eu-1 has no gatewayApi.gateway',
  ],
  [
    withTraffic({ visibility: 'public' }, { cluster: { istio } }),
    'traffic/no-gateway traffic.visibility: the service is public, and cluster eu-1 has no istio.gateway',
  ],
  [
    withTraffic({ visibility: 'public' }, { cluster: { istio, domain: undefined } }),
    'traffic/no-gateway traffic.visibility: the service is public, and cluster eu-1 has no istio.gateway and no domain',
  ],
  [
    withTraffic(
      { visibility: 'public' },
      { cluster: { domain: `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(40)}` } },
    ),
    `traffic/host traffic.visibility: the public host fraud-detector.risk-ml-prod.${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(40)} has 260 characters`,
  ],
  [withTraffic({ timeout: '0s' }), 'traffic/duration traffic.timeout: 0s is no time at all'],
  [
    withTraffic({ retries: { perTryTimeout: '0' } }),
    'traffic/duration traffic.retries.perTryTimeout: 0s is no time at all',
  ],
  [
    withTraffic({ outlierDetection: { interval: '0ms' } }),
    'traffic/duration traffic.outlierDetection.interval: 0s is no time at all',
  ],
  [
    withTraffic({ outlierDetection: { baseEjectionTime: '0m' } }),
    'traffic/duration traffic.outlierDetection.baseEjectionTime: 0s is no time at all',
  ],
  [
    withTraffic({ retries: { perTryTimeout: '31s' } }),
    'traffic/retries traffic.retries.perTryTimeout: 31s for one try is longer than the 30 s for the whole request',
  ],
];

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, options) => {
    expect(found(options)).toEqual([]);
  });
});

describe('exactly one thing is wrong', () => {
  it.each(WRONG.map(([options, expected]) => ({ options, expected })))('$expected', ({ options, expected }) => {
    expect(found(options)).toEqual([expected]);
  });

  it('and each rule has an example here', () => {
    const ids = new Set(WRONG.map(([, expected]) => expected.split(' ')[0]));
    expect(TRAFFIC_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
  });
});

it('says where and what to write instead', () => {
  expect(checkTraffic(targetOf(withTraffic({ visibility: 'public' }, { cluster: { istio } })))).toEqual([
    {
      id: 'traffic/no-gateway',
      severity: 'error',
      where: { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field: 'traffic.visibility' },
      message: 'the service is public, and cluster eu-1 has no istio.gateway',
      fix: "add istio.gateway to the cluster, or write visibility: 'cluster'",
    },
  ]);
});
