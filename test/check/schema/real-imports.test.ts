import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSchemaCheck } from '../../../src/check/schema.ts';
import { OWN_IMPORTS } from '../../../src/check/schema/catalogue.ts';
import { celEnvironment } from '../../../src/check/schema/cel-environment.ts';
import { translatePattern } from '../../../src/check/schema/pattern.ts';
import type { SchemaNode } from '../../../src/check/schema/schema-node.ts';
import type { KubeObject } from '../../../src/core/object.ts';
import { typicalObjects } from './typical-objects.ts';

const check = createSchemaCheck([]);

function said(object: KubeObject): string[] {
  return check.check(object).map(({ where, id, message, fix }) => `${where.field}: ${id}: ${message} -> ${fix}`);
}

/** Every node of every committed schema. */
function* allNodes(): Generator<SchemaNode> {
  function* below(value: unknown): Generator<SchemaNode> {
    if (typeof value !== 'object' || value === null) return;
    yield value;
    for (const inner of Object.values(value)) yield* below(inner);
  }
  for (const folder of readdirSync(OWN_IMPORTS, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    yield* below(JSON.parse(readFileSync(join(OWN_IMPORTS, folder.name, 'schema.json'), 'utf8')));
  }
}

describe('the committed schemas', () => {
  test('every CEL rule is understood by the library', () => {
    const environment = celEnvironment();
    const rules = new Set(
      [...allNodes()].flatMap((node) => node['x-kubernetes-validations'] ?? []).map(({ rule }) => rule),
    );
    const strange = [...rules].filter((rule) => !environment.parse(rule).check().valid);
    expect(strange).toEqual([]);
    // KServe, Istio and Gateway API bring most of them; fewer would mean that an import lost its rules.
    expect(rules.size).toBeGreaterThanOrEqual(138);
  });

  test('every pattern has a translation', () => {
    const patterns = new Set(
      [...allNodes()].map(({ pattern }) => pattern).filter((pattern) => typeof pattern === 'string'),
    );
    expect([...patterns].filter((pattern) => !translatePattern(pattern))).toEqual([]);
    expect(patterns.size).toBeGreaterThanOrEqual(40);
  });

  test('every kind compiles, down to the last field that a sample reaches', () => {
    const counted = { kinds: 0 };
    for (const folder of readdirSync(OWN_IMPORTS, { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      const { group, kinds } = JSON.parse(readFileSync(join(OWN_IMPORTS, folder.name, 'schema.json'), 'utf8')) as {
        group: string;
        kinds: Record<string, { versions: Record<string, unknown> }>;
      };
      for (const [kind, { versions }] of Object.entries(kinds)) {
        for (const version of Object.keys(versions)) {
          const findings = check.check({
            apiVersion: group === '' ? version : `${group}/${version}`,
            kind,
            metadata: { name: 'a' },
          });
          expect(findings.filter(({ id }) => id === 'schema/unknown-kind' || id === 'schema/unchecked')).toEqual([]);
          counted.kinds++;
        }
      }
    }
    expect(counted.kinds).toBeGreaterThanOrEqual(70);
  });
});

const knativeService = {
  apiVersion: 'serving.knative.dev/v1',
  kind: 'Service',
  metadata: {
    name: 'classifier',
    namespace: 'vision',
    labels: { 'networking.knative.dev/visibility': 'cluster-local' },
  },
  spec: {
    template: {
      metadata: { name: 'classifier-3f9c0b', annotations: { 'autoscaling.knative.dev/min-scale': '0' } },
      spec: {
        containerConcurrency: 10,
        timeoutSeconds: 60,
        containers: [
          {
            image: 'registry.example.com/vision/classifier@sha256:3f9c',
            ports: [{ containerPort: 8080 }],
            env: [{ name: 'MODEL_URL', value: 'http://classifier-model.vision.svc.cluster.local' }],
            resources: { requests: { cpu: '500m', memory: '512Mi' }, limits: { memory: '512Mi' } },
          },
        ],
      },
    },
    traffic: [{ percent: 100, latestRevision: true }],
  },
};

function httpRoute(rule: object) {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'fraud-detector', namespace: 'risk-ml-prod' },
    spec: {
      parentRefs: [{ name: 'public', namespace: 'istio-system' }],
      hostnames: ['fraud-detector.example.com'],
      rules: [rule],
    },
  };
}

const backendRefs = [
  { name: 'fraud-detector-v46', port: 80, weight: 90 },
  { name: 'fraud-detector-v47', port: 80, weight: 10 },
];

describe('a valid object passes', () => {
  const objects: Readonly<Record<string, KubeObject>> = {
    ...typicalObjects(),
    knativeService,
    httpRoute: httpRoute({ backendRefs, timeouts: { request: '30s', backendRequest: '10s' } }),
    httpRouteWithFilters: httpRoute({
      matches: [{ path: { type: 'PathPrefix', value: '/v2' } }],
      filters: [
        { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
        { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'x-release', value: 'v47' }] } },
      ],
      backendRefs,
    }),
  };
  test.each(Object.entries(objects))('%s', (_name, object) => {
    expect(said(object)).toEqual([]);
  });
});

describe('typical mistakes', () => {
  const {
    inferenceService,
    virtualService,
    destinationRule,
    prometheusRule,
    networkPolicy,
    service,
    applicationSet,
    podMonitor,
  } = typicalObjects();
  const unknownField =
    'schema/unknown-field: is no field of the schema, so the API server refuses it or drops it without a word';

  test('InferenceService: a misspelt field, a number in quotes, an amount that is none', () => {
    const { model } = inferenceService.spec.predictor;
    const predictor = {
      canaryTraficPercent: 10,
      minReplicas: '2',
      model: { ...model, resources: { limits: { memory: '8GB' } } },
    };
    expect(said({ ...inferenceService, spec: { predictor } })).toEqual([
      `spec.predictor.canaryTraficPercent: ${unknownField} -> write canaryTrafficPercent`,
      'spec.predictor.minReplicas: schema/type: "2" is a string, and must be an integer -> write 2 without quotes',
      'spec.predictor.model.resources.limits.memory: schema/pattern: "8GB" is not a Kubernetes quantity -> write an amount as 500m, 2, 1.5Gi or 1e3',
    ]);
    expect(said({ ...inferenceService, spec: {} })).toEqual([
      'spec.predictor: schema/required: is missing -> write predictor',
    ]);
  });

  test('InferenceService: an environment variable that stands there twice', () => {
    const { model } = inferenceService.spec.predictor;
    const env = [...model.env, { name: 'LOG_LEVEL', value: 'debug' }];
    expect(said({ ...inferenceService, spec: { predictor: { model: { ...model, env } } } })).toEqual([
      'spec.predictor.model.env[2]: schema/list-key: repeats name "LOG_LEVEL" of item 0, but each may occur once -> remove one of the two, or give it a key of its own',
    ]);
  });

  test('VirtualService: a duration without a unit, one too short, a match of two kinds, a weight as text', () => {
    const [first] = virtualService.spec.http;
    const http = [
      {
        ...first,
        timeout: '30',
        retries: { attempts: 2, perTryTimeout: '100us' },
        match: [{ uri: { prefix: '/a', exact: '/b' } }],
      },
      { route: [{ destination: { host: 'a' }, weight: '10' }] },
    ];
    expect(said({ ...virtualService, spec: { ...virtualService.spec, http } })).toEqual([
      'spec.http[0].match[0].uri: schema/one-of: has exact and prefix, which exclude each other -> keep one of exact, prefix, regex',
      'spec.http[0].timeout: schema/cel: "30": the rule duration(self) >= duration(\'1ms\') cannot be evaluated: Invalid duration string: 30 -> change it so that the rule holds',
      'spec.http[0].retries.perTryTimeout: schema/cel: "100us": must be a valid duration greater than 1ms -> change it so that duration(self) >= duration(\'1ms\') holds',
      'spec.http[1].route[0].weight: schema/type: "10" is a string, and must be an integer -> write 10 without quotes',
    ]);
  });

  test('DestinationRule: two load balancers, an unknown one', () => {
    const loadBalancer = { simple: 'ROUND_ROBBIN', consistentHash: { useSourceIp: true } };
    expect(said({ ...destinationRule, spec: { host: 'a', trafficPolicy: { loadBalancer } } })).toEqual([
      'spec.trafficPolicy.loadBalancer.simple: schema/enum: "ROUND_ROBBIN" is not one of "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST" -> write ROUND_ROBIN',
      'spec.trafficPolicy.loadBalancer: schema/one-of: has simple and consistentHash, which exclude each other -> keep one of simple, consistentHash',
    ]);
  });

  test('PrometheusRule: a duration with a space, a rule without expression', () => {
    const groups = [{ name: 'a', rules: [{ alert: 'A', for: '5 m' }] }];
    expect(said({ ...prometheusRule, spec: { groups } })).toEqual([
      'spec.groups[0].rules[0].for: schema/pattern: "5 m" does not match ^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$ -> write a value that matches the pattern',
      'spec.groups[0].rules[0].expr: schema/required: is missing -> write expr',
    ]);
    const partial = [{ name: 'a', partial_response_strategy: 'ABORT', rules: [] }];
    expect(said({ ...prometheusRule, spec: { groups: partial } })).toEqual([]);
  });

  test('PodMonitor and NetworkPolicy: one item where a list stands', () => {
    const spec = { ...podMonitor.spec, podMetricsEndpoints: podMonitor.spec.podMetricsEndpoints[0] };
    expect(said({ ...podMonitor, spec })).toEqual([
      'spec.podMetricsEndpoints: schema/type: is an object, and must be a list -> put it into a list, even when it is the only one',
    ]);
    expect(said({ ...networkPolicy, spec: { ...networkPolicy.spec, policyTypes: 'Ingress' } })).toEqual([
      'spec.policyTypes: schema/type: "Ingress" is a string, and must be a list -> put it into a list, even when it is the only one',
    ]);
  });

  test('Service: two ports of one name and number', () => {
    const ports = [
      { port: 80, protocol: 'TCP' },
      { port: 80, protocol: 'TCP' },
    ];
    expect(said({ ...service, spec: { ports } })).toEqual([
      'spec.ports[1]: schema/list-key: repeats port 80, protocol "TCP" of item 0, but each may occur once -> remove one of the two, or give it a key of its own',
    ]);
  });

  test('ApplicationSet: a field in the wrong place', () => {
    const template = { ...applicationSet.spec.template, spec: { ...applicationSet.spec.template.spec, path: 'envs' } };
    expect(said({ ...applicationSet, spec: { ...applicationSet.spec, template } })[0]).toMatch(
      /^spec\.template\.spec\.path: schema\/unknown-field: /,
    );
  });

  test('Knative Service: a field that belongs to the revision', () => {
    expect(said({ ...knativeService, spec: { ...knativeService.spec, containerConcurrency: 1 } })).toEqual([
      `spec.containerConcurrency: ${unknownField} -> remove it; known here: template, traffic`,
    ]);
  });
});

describe('the CEL rules of HTTPRoute', () => {
  const rule = { matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRefs };

  test('a path starts with a slash and has no dots', () => {
    const path = { type: 'PathPrefix', value: 'a/../b' };
    expect(said(httpRoute({ ...rule, matches: [{ path }] })).map((text) => text.split(' -> ')[0])).toEqual([
      "spec.rules[0].matches[0].path: schema/cel: value must be an absolute path and start with '/' when type one of ['Exact', 'PathPrefix']",
      "spec.rules[0].matches[0].path: schema/cel: must not contain '/../' when type one of ['Exact', 'PathPrefix']",
    ]);
  });

  test('a default takes part: a path without a type is a prefix', () => {
    expect(said(httpRoute({ ...rule, matches: [{ path: { value: 'a' } }] }))).toHaveLength(1);
    expect(said(httpRoute({ ...rule, matches: [{ path: { type: 'RegularExpression', value: 'a' } }] }))).toEqual([]);
  });

  test('a reference to a Service has a port', () => {
    expect(said(httpRoute({ ...rule, backendRefs: [{ name: 'a' }] }))).toEqual([
      "spec.rules[0].backendRefs[0]: schema/cel: Must have port for Service reference -> change it so that (size(self.group) == 0 && self.kind == 'Service') ? has(self.port) : true holds",
    ]);
    expect(said(httpRoute({ ...rule, backendRefs: [{ name: 'a', group: 'example.com', kind: 'Bucket' }] }))).toEqual(
      [],
    );
  });

  test('a redirect excludes backends, and a filter has the field of its type', () => {
    const filters = [{ type: 'RequestRedirect', requestRedirect: { statusCode: 301 } }];
    expect(said(httpRoute({ ...rule, filters }))[0]).toContain('self.filters.all(f, !has(f.requestRedirect))');
    expect(said(httpRoute({ ...rule, filters: [{ type: 'URLRewrite' }] }))).toEqual([
      "spec.rules[0].filters[0]: schema/cel: filter.urlRewrite must be specified for URLRewrite filter.type -> change it so that !(!has(self.urlRewrite) && self.type == 'URLRewrite') holds",
    ]);
  });

  test('replacing a prefix needs one match by prefix', () => {
    const filters = [
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
    ];
    expect(said(httpRoute({ ...rule, filters }))).toEqual([]);
    expect(said(httpRoute({ ...rule, filters, matches: [{ path: { type: 'Exact', value: '/a' } }] }))).toHaveLength(1);
    // The default match is a prefix.
    expect(said(httpRoute({ backendRefs, filters }))).toEqual([]);
  });

  test('the request timeout covers that of the backend', () => {
    expect(said(httpRoute({ ...rule, timeouts: { request: '10s', backendRequest: '30s' } }))).toHaveLength(1);
    expect(said(httpRoute({ ...rule, timeouts: { request: '0s', backendRequest: '30s' } }))).toEqual([]);
  });
});

describe('the CEL rules of Istio', () => {
  const metadata = { name: 'a', namespace: 'b' };

  test('RequestAuthentication: keys come from a URL with a scheme of the web', () => {
    const jwt = (jwksUri: string) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'RequestAuthentication',
      metadata,
      spec: { jwtRules: [{ issuer: 'https://accounts.example.com', jwksUri }] },
    });
    expect(said(jwt('https://accounts.example.com/keys'))).toEqual([]);
    expect(said(jwt('ftp://accounts.example.com/keys'))[0]).toMatch(
      /^spec\.jwtRules\[0\]\.jwksUri: schema\/cel: "ftp:\/\/accounts\.example\.com\/keys": url must have scheme http:\/\/ or https:\/\/ -> /,
    );
  });

  test('PeerAuthentication: ports are numbers as text', () => {
    const peer = (port: string) => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata,
      spec: { selector: { matchLabels: { app: 'a' } }, portLevelMtls: { [port]: { mode: 'STRICT' } } },
    });
    expect(said(peer('8080'))).toEqual([]);
    expect(said(peer('0'))).toHaveLength(1);
    expect(said(peer('http'))[0]).toContain('cannot be evaluated: int() type error');
  });

  test('ServiceEntry: addresses of ports are unique and endpoints need a resolution', () => {
    const entry = (spec: object) => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata,
      spec: { hosts: ['models.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], ...spec },
    });
    expect(said(entry({ resolution: 'STATIC', endpoints: [{ address: '10.0.0.1' }] }))).toEqual([]);
    expect(said(entry({ endpoints: [{ address: '10.0.0.1' }] }))[0]).toContain('!has(self.endpoints)');
    expect(said(entry({ resolution: 'STATIC', endpoints: [{ address: 'unix://run/x' }] }))[0]).toContain(
      'self.substring(7, 8)',
    );
  });
});
