import { describe, expect, it } from 'vitest';
import type { HTTPRoute } from '../../imports/gateway.networking.k8s.io/v1.js';
import { createClusterChecks } from '../../src/check/objects.ts';
import { createSchemaCheck } from '../../src/check/schema.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import { renderGatewayApi } from '../../src/render/gateway-api.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;
const EXPLAINER = { image: 'registry.example.com/explainer:1.0.0', resources: { cpu: '1', memory: '1Gi' } };
const PUBLIC = { predictor: PREDICTOR, traffic: { visibility: 'public' } } as const;

const gatewayApi = { version: '1.4', gateway: 'edge/public', mesh: true } as const;
const without = { istio: undefined, knative: undefined } as const;
const cluster = { ...without, gatewayApi };

const routes = (options: TargetOptions): readonly HTTPRoute[] => renderGatewayApi(targetOf({ cluster, ...options }));
const names = (options: TargetOptions): string[] => routes(options).map(({ metadata }) => metadata.name);
const rules = (options: TargetOptions): readonly unknown[] => routes(options)[0]!.spec.rules!;
const to = (name: string, release: string, weight: number): object => ({
  group: '',
  kind: 'Service',
  name,
  port: 80,
  filters: [
    { type: 'ResponseHeaderModifier', responseHeaderModifier: { set: [{ name: 'x-model-version', value: release }] } },
  ],
  weight,
});
const stable = to('fraud-detector-v46-predictor', 'v46', 100);
const ALL = { path: { type: 'PathPrefix', value: '/' } };
const timeouts = { request: '30s' };

describe('the route of a service', () => {
  it('splits the requests at the gateway between the Services of two releases', () => {
    const [, atGateway] = routes({ spec: PUBLIC, candidate: { release: 'v47', weight: 10 } });
    expect(emitYaml(atGateway as KubeObject)).toBe(`---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: fraud-detector-public
  namespace: risk-ml-prod
  labels:
    app.kubernetes.io/managed-by: cdk8s-ai-service
    app.kubernetes.io/name: fraud-detector
    app.kubernetes.io/part-of: risk-ml
spec:
  hostnames:
    - fraud-detector.risk-ml-prod.eu.example.com
  parentRefs:
    - kind: Gateway
      name: public
      namespace: edge
      group: gateway.networking.k8s.io
  rules:
    - backendRefs:
        - kind: Service
          name: fraud-detector-v46-predictor
          filters:
            - responseHeaderModifier:
                set:
                  - name: x-model-version
                    value: v46
              type: ResponseHeaderModifier
          group: ""
          port: 80
          weight: 90
        - kind: Service
          name: fraud-detector-v47-predictor
          filters:
            - responseHeaderModifier:
                set:
                  - name: x-model-version
                    value: v47
              type: ResponseHeaderModifier
          group: ""
          port: 80
          weight: 10
      matches:
        - path:
            type: PathPrefix
            value: /
      timeouts:
        request: 30s
`);
  });

  it('has no hosts inside of the cluster, where it belongs to the Service of the service', () => {
    const { spec } = routes({ candidate: { release: 'v47', weight: 10 } })[0]!;
    expect(spec).toEqual({
      parentRefs: [{ group: '', kind: 'Service', name: 'fraud-detector', port: 80 }],
      rules: [
        {
          matches: [ALL],
          backendRefs: [to('fraud-detector-v46-predictor', 'v46', 90), to('fraud-detector-v47-predictor', 'v47', 10)],
          timeouts,
        },
      ],
    });
  });

  it('is made where something follows it: a mesh, or a gateway for what is public', () => {
    expect(names({})).toEqual(['fraud-detector']);
    expect(names({ spec: PUBLIC })).toEqual(['fraud-detector', 'fraud-detector-public']);
    expect(
      names({ spec: PUBLIC, cluster: { ...without, gatewayApi: { version: '1.4', gateway: 'edge/public' } } }),
    ).toEqual(['fraud-detector-public']);
    expect(names({ cluster: { ...without, gatewayApi: { version: '1.4', gateway: 'edge/public' } } })).toEqual([]);
  });

  it('is left to Istio where the cluster has that too', () => {
    expect(names({ spec: PUBLIC, cluster: { gatewayApi } })).toEqual([]);
    expect(names({ spec: PUBLIC, cluster: without })).toEqual([]);
  });

  it('leads to more hosts of a public service', () => {
    const hosts = ['fraud.example.com', 'old.example.com'];
    expect(
      routes({ spec: { predictor: PREDICTOR, traffic: { visibility: 'public', hosts } } })[1]!.spec.hostnames,
    ).toEqual(['fraud-detector.risk-ml-prod.eu.example.com', ...hosts]);
  });

  it('lists no release without requests, so that a rollback gives back the bytes from before', () => {
    const before = JSON.stringify(routes({ spec: PUBLIC }));
    expect(JSON.stringify(routes({ spec: PUBLIC, candidate: { release: 'v47', weight: 10 } }))).not.toBe(before);
    expect(JSON.stringify(routes({ spec: PUBLIC, candidate: { release: 'v47', weight: 0 } }))).toBe(before);
  });

  it('leads to the function of a release, and to the transformer before a predictor', () => {
    const fn = { image: 'registry.example.com/api:v46', resources: PREDICTOR.resources };
    expect(rules({ spec: { predictor: PREDICTOR, function: fn } })).toMatchObject([
      { backendRefs: [{ name: 'fraud-detector-function-v46' }] },
    ]);
    expect(rules({ spec: { predictor: PREDICTOR, transformer: fn } })).toMatchObject([
      { backendRefs: [{ name: 'fraud-detector-v46-transformer' }] },
    ]);
  });

  it('waits longer for a language model', () => {
    const vllm = {
      framework: 'vllm',
      model: { uri: 's3://ml-models/llm/v46/' },
      resources: { cpu: '8', memory: '48Gi', gpu: 1 },
    } as const;
    expect(rules({ spec: { predictor: vllm } })).toMatchObject([{ timeouts: { request: '5m' } }]);
  });
});

describe('a candidate that answers nobody', () => {
  const mirror = (filters: object): object => ({ matches: [ALL], filters: [filters], backendRefs: [stable], timeouts });
  const backendRef = { group: '', kind: 'Service', name: 'fraud-detector-v47-predictor', port: 80 };

  it('gets a share of the requests as copies', () => {
    expect(rules({ candidate: { release: 'v47', weight: 0, mirror: 25 } })).toEqual([
      mirror({ type: 'RequestMirror', requestMirror: { backendRef, percent: 25 } }),
    ]);
  });

  it('gets copies of all requests before Gateway API 1.3, which knows no share', () => {
    const old = { ...without, gatewayApi: { ...gatewayApi, version: ['1.2', '1.3'] as [string, string] } };
    expect(rules({ cluster: old, candidate: { release: 'v47', weight: 0, mirror: 100 } })).toEqual([
      mirror({ type: 'RequestMirror', requestMirror: { backendRef } }),
    ]);
  });

  it('answers requests that carry the header of an A/B test', () => {
    expect(rules({ candidate: { release: 'v47', weight: 0, header: { name: 'x-cohort', value: 'b' } } })).toEqual([
      {
        matches: [{ ...ALL, headers: [{ name: 'x-cohort', type: 'Exact', value: 'b' }] }],
        backendRefs: [to('fraud-detector-v47-predictor', 'v47', 100)],
        timeouts,
      },
      { matches: [ALL], backendRefs: [stable], timeouts },
    ]);
  });
});

describe('an explainer', () => {
  const path = { path: { type: 'Exact', value: '/v1/models/fraud-detector:explain' } };

  it('gets the requests for explanations of its release, with the same weights', () => {
    expect(rules({ spec: { explainer: EXPLAINER }, candidate: { release: 'v47', weight: 10 } })).toMatchObject([
      {
        matches: [path],
        backendRefs: [to('fraud-detector-v46-explainer', 'v46', 90), to('fraud-detector-v47-explainer', 'v47', 10)],
      },
      { matches: [ALL] },
    ]);
  });

  it('gets those of an A/B test too', () => {
    const headers = [{ name: 'x-cohort', type: 'Exact', value: 'b' }];
    expect(
      rules({
        spec: { explainer: EXPLAINER },
        candidate: { release: 'v47', weight: 0, header: { name: 'x-cohort', value: 'b' } },
      }),
    ).toMatchObject([
      { matches: [{ ...path, headers }], backendRefs: [to('fraud-detector-v47-explainer', 'v47', 100)] },
      { matches: [{ ...ALL, headers }] },
      { matches: [path], backendRefs: [to('fraud-detector-v46-explainer', 'v46', 100)] },
      { matches: [ALL] },
    ]);
  });
});

it('every route is one that the API server takes', () => {
  const schema = createSchemaCheck([]);
  const all: TargetOptions[] = [
    { candidate: { release: 'v47', weight: 10 } },
    { candidate: { release: 'v47', weight: 0, mirror: 25 } },
    {
      spec: { ...PUBLIC, explainer: EXPLAINER },
      candidate: { release: 'v47', weight: 0, header: { name: 'x-cohort', value: 'b' } },
    },
  ];
  const across = createClusterChecks();
  const made = all.flatMap((options, index) => routes({ service: `fraud-${index}`, ...options }));
  expect(made).toHaveLength(4);
  for (const object of made)
    expect([
      ...schema.check(object as KubeObject),
      ...across.check(object as KubeObject, { unit: 'a', namespace: 'risk-ml-prod' }),
    ]).toEqual([]);
});
