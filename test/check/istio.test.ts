import { describe, expect, it } from 'vitest';
import { checkIstio, ISTIO_RULES } from '../../src/check/istio.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { renderIstio } from '../../src/render/istio.ts';
import { cluster as clusterSchema } from '../../src/service/platform.ts';
import { defaultCluster, targetOf } from '../support/target.ts';

const cluster = clusterSchema.parse(defaultCluster('Standard'));

function object(kind: string, spec: object): KubeObject {
  const group = kind === 'AuthorizationPolicy' ? 'security' : 'networking';
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name: 'fraud', namespace: 'ml' }, spec };
}

const destination = (host: string): object => ({ host, port: { number: 80 } });
const ROUTE = [{ destination: destination('fraud-v1.ml.svc.cluster.local') }];
const virtualService = (spec: object): KubeObject =>
  object('VirtualService', { hosts: ['fraud.ml.svc.cluster.local'], http: [{ route: ROUTE }], ...spec });
const rule = (fields: object): KubeObject => virtualService({ http: [{ route: ROUTE, ...fields }] });
const destinationRule = (spec: object): KubeObject =>
  object('DestinationRule', { host: 'fraud-v1.ml.svc.cluster.local', ...spec });
const policy = (trafficPolicy: object): KubeObject => destinationRule({ trafficPolicy });
const authorization = (spec: object): KubeObject => object('AuthorizationPolicy', spec);
const split = (...weights: number[]): KubeObject =>
  rule({
    route: weights.map((weight, index) => ({
      destination: destination(`fraud-v${index}.ml.svc.cluster.local`),
      weight,
    })),
  });

/** What is found, as `<id> <field>: <message>`. */
function found(checked: KubeObject, where = cluster): string[] {
  return checkIstio(checked, where).map((finding) => `${finding.id} ${finding.where.field ?? ''}: ${finding.message}`);
}

const FINE: readonly (readonly [string, KubeObject])[] = [
  ['a plain route', virtualService({})],
  ['weights that sum to 100', split(90, 10)],
  ['a weight of 0 beside 100', split(100, 0)],
  ['a single destination without a weight', split(0)],
  [
    'a header rule before the rule for all',
    virtualService({
      http: [{ match: [{ headers: { 'x-canary': { exact: 'true' } } }], route: ROUTE }, { route: ROUTE }],
    }),
  ],
  ['gateways of this and of another namespace', virtualService({ gateways: ['mesh', 'own', 'istio-system/public'] })],
  ['every host at a gateway', virtualService({ hosts: ['*'], gateways: ['istio-system/public'] })],
  ['a redirect alone', virtualService({ http: [{ redirect: { uri: '/v2' } }] })],
  ['a delegate', object('VirtualService', { http: [{ route: ROUTE }] })],
  ['retries switched off', rule({ retries: { attempts: 0 } })],
  [
    'retries of what cannot have arrived',
    rule({
      retries: { attempts: 2, perTryTimeout: '1s', retryOn: 'connect-failure,refused-stream,429' },
      timeout: '2s',
    }),
  ],
  [
    'a host per destination',
    rule({
      route: [
        {
          destination: destination('gateway.istio-system.svc.cluster.local'),
          headers: { request: { set: { Host: 'a.ml' } } },
        },
      ],
    }),
  ],
  ['a mirror', rule({ mirror: destination('fraud-v2.ml.svc.cluster.local'), mirrorPercentage: { value: 5 } })],
  ['a fault', rule({ fault: { delay: { fixedDelay: '1s', percentage: { value: 0.1 } }, abort: { httpStatus: 503 } } })],
  ['durations in whole units', rule({ timeout: '1h30m', corsPolicy: { maxAge: '24h' } })],
  ['a visible namespace', virtualService({ exportTo: ['.', 'bank'] })],
  [
    'a rule for TCP',
    virtualService({ http: undefined, tcp: [{ route: [{ destination: destination('db.ml.svc.cluster.local') }] }] }),
  ],
  [
    'limits and outlier detection',
    policy({
      connectionPool: { tcp: { maxConnections: 10, connectTimeout: '5s' } },
      outlierDetection: { interval: '10s' },
    }),
  ],
  ['subsets of two names', destinationRule({ subsets: [{ name: 'a' }, { name: 'b' }] })],
  ['a host in another domain', destinationRule({ host: 'models.example.com' })],
  ['one key of a hash', policy({ loadBalancer: { consistentHash: { httpHeaderName: 'x-user' } } })],
  [
    'failover that notices failures',
    policy({ loadBalancer: { localityLbSetting: { failover: [{ from: 'eu', to: 'us' }] } }, outlierDetection: {} }),
  ],
  [
    'localities that sum to 100',
    policy({ loadBalancer: { localityLbSetting: { distribute: [{ from: 'eu', to: { eu: 80, us: 20 } }] } } }),
  ],
  ['mutual TLS with a certificate', policy({ tls: { mode: 'MUTUAL', credentialName: 'client' } })],
  ['settings of a port', policy({ portLevelSettings: [{ port: { number: 80 }, connectionPool: { tcp: {} } }] })],
  ['a policy that allows somebody', authorization({ rules: [{ from: [{ source: { namespaces: ['bank'] } }] }] })],
  ['a policy that asks a provider', authorization({ action: 'CUSTOM', provider: { name: 'oauth' }, rules: [{}] })],
  ['a kind without rules of ours', object('Sidecar', {})],
];

const WRONG: readonly (readonly [KubeObject, string])[] = [
  [
    virtualService({ hosts: [], gateways: ['public'] }),
    'istio/hosts spec.hosts: the VirtualService has gateways and no hosts',
  ],
  [virtualService({ hosts: ['a.b', 'a.b'] }), 'istio/hosts spec.hosts[1]: host "a.b" is listed twice'],
  [
    virtualService({ hosts: ['*'] }),
    'istio/hosts spec.hosts[0]: in the mesh "*" would catch every request of every caller',
  ],
  [virtualService({ hosts: [''] }), 'istio/hosts spec.hosts[0]: a host is empty'],
  [destinationRule({ host: '' }), 'istio/hosts spec.host: the host is empty'],
  [
    rule({ route: [{ destination: { host: 'fraud-v1' } }] }),
    'istio/short-host spec.http[0].route[0].destination.host: "fraud-v1" means a Service of the namespace that this object is in',
  ],
  [
    destinationRule({ host: 'fraud-v1' }),
    'istio/short-host spec.host: "fraud-v1" means a Service of the namespace that this object is in',
  ],
  [virtualService({ gateways: ['a/b/c'] }), 'istio/gateway-name spec.gateways[0]: "a/b/c" names no Gateway'],
  [virtualService({ gateways: ['Public'] }), 'istio/gateway-name spec.gateways[0]: "Public" names no Gateway'],
  [virtualService({ exportTo: ['Bank'] }), 'istio/export-to spec.exportTo[0]: "Bank" is no namespace'],
  [virtualService({ exportTo: ['bank', 'bank'] }), 'istio/export-to spec.exportTo[1]: "bank" is listed twice'],
  [
    destinationRule({ exportTo: ['*', 'bank'] }),
    'istio/export-to spec.exportTo[0]: "*" stands beside other namespaces',
  ],
  [virtualService({ http: [] }), 'istio/route-conflict spec.http: the VirtualService has no rule'],
  [
    virtualService({ http: [{}] }),
    'istio/route-conflict spec.http[0]: the rule has no route, redirect, directResponse or delegate',
  ],
  [rule({ redirect: {} }), 'istio/route-conflict spec.http[0]: the rule has route and redirect'],
  [
    virtualService({ http: [{ directResponse: { status: 503 }, rewrite: { uri: '/' } }] }),
    'istio/route-conflict spec.http[0].rewrite: rewrite stands beside directResponse, which sends the request nowhere',
  ],
  [split(90, 20), 'istio/weights spec.http[0].route: the weights sum to 110, and Istio would take them as proportions'],
  [split(0, 0), 'istio/weights spec.http[0].route: the weights sum to 0, so no destination gets anything'],
  [split(101), 'istio/weights spec.http[0].route[0].weight: weight 101 is not between 0 and 100'],
  [
    rule({ route: [{ destination: { host: '*.ml.svc.cluster.local' } }] }),
    'istio/destination spec.http[0].route[0].destination.host: "*.ml.svc.cluster.local" is no host that requests can go to',
  ],
  [
    rule({ route: [{ destination: { host: 'a.b', port: { number: 70000 } } }] }),
    'istio/destination spec.http[0].route[0].destination.port.number: 70000 is no port',
  ],
  [
    rule({ route: [{ destination: { host: 'a.b', subset: 'V1' } }] }),
    'istio/destination spec.http[0].route[0].destination.subset: "V1" is no name of a subset',
  ],
  [
    virtualService({ http: undefined, tcp: [{ route: [{ destination: { host: '' } }] }] }),
    'istio/destination spec.tcp[0].route[0].destination.host: "" is no host that requests can go to',
  ],
  [
    rule({ rewrite: { authority: 'a' }, headers: { request: { set: { host: 'b' } } } }),
    'istio/authority spec.http[0].headers.request.set.host: the host of the request is also set in spec.http[0].rewrite.authority',
  ],
  [
    rule({
      rewrite: { authority: 'a' },
      route: [{ destination: destination('a.b'), headers: { request: { set: { Host: 'b' } } } }],
    }),
    'istio/authority spec.http[0].route[0].headers.request.set.Host: the host of the request is also set in spec.http[0].rewrite.authority',
  ],
  [
    rule({
      route: [
        { destination: destination('a.b'), headers: { request: { set: { Host: 'b' }, add: { ':authority': 'c' } } } },
      ],
    }),
    'istio/authority spec.http[0].route[0].headers.request.add.:authority: the host of the request is also set in spec.http[0].route[0].headers.request.set.Host',
  ],
  [
    rule({ match: [{ uri: { prefix: '' } }] }),
    'istio/match spec.http[0].match[0].uri.prefix: an empty prefix is refused',
  ],
  [
    rule({ match: [{ headers: { a: { exact: '' } } }] }),
    'istio/match spec.http[0].match[0].headers.a.exact: an empty text is refused',
  ],
  [
    rule({ match: [{ uri: { regex: '(?!v1)' } }] }),
    'istio/match spec.http[0].match[0].uri.regex: RE2 has no lookaround and no back-references',
  ],
  [
    rule({ match: [{ uri: { regex: 'a'.repeat(1025) } }] }),
    'istio/match spec.http[0].match[0].uri.regex: the pattern has 1025 characters',
  ],
  [
    virtualService({ http: [{ route: ROUTE }, { route: ROUTE }] }),
    'istio/unreachable-rule spec.http[1]: spec.http[0] matches everything, so this rule is never asked',
  ],
  [
    rule({ retries: { attempts: 0, retryOn: 'connect-failure' } }),
    'istio/retries spec.http[0].retries: with attempts 0 Istio refuses every other field',
  ],
  [rule({ retries: { attempts: -1 } }), 'istio/retries spec.http[0].retries.attempts: -1 attempts'],
  [
    rule({ retries: { attempts: 1, retryOn: 'connect-failure, refused-stream' } }),
    'istio/retries spec.http[0].retries.retryOn: " refused-stream" is no condition for a retry',
  ],
  [
    rule({ retries: { attempts: 1, retryOn: '5xx' } }),
    'istio/retry-repeats-work spec.http[0].retries.retryOn: 5xx also repeats a request that the model has answered',
  ],
  [
    rule({ retries: { attempts: 1, retryOn: '503' } }),
    'istio/retry-repeats-work spec.http[0].retries.retryOn: 503 also repeats a request that the model has answered',
  ],
  [
    rule({ timeout: '10s', retries: { attempts: 1, perTryTimeout: '11s' } }),
    'istio/timeout spec.http[0].retries.perTryTimeout: 11s for one try is longer than 10s for the request',
  ],
  [rule({ timeout: '1.0005s' }), 'istio/duration spec.http[0].timeout: "1.0005s" is no whole number of milliseconds'],
  [
    rule({ corsPolicy: { maxAge: '1500ms' } }),
    'istio/duration spec.http[0].corsPolicy.maxAge: "1500ms" is no whole number of seconds',
  ],
  [
    policy({ connectionPool: { tcp: { connectTimeout: '1us' } } }),
    'istio/duration spec.trafficPolicy.connectionPool.tcp.connectTimeout: "1us" is no whole number of milliseconds',
  ],
  [
    policy({ outlierDetection: { interval: '1d' } }),
    'istio/duration spec.trafficPolicy.outlierDetection.interval: "1d" is no whole number of milliseconds',
  ],
  [
    rule({ mirror: destination('a.b'), mirrors: [{ destination: destination('a.b') }] }),
    'istio/mirror spec.http[0].mirrors: mirror and mirrors stand side by side',
  ],
  [
    rule({ mirror: destination('a.b'), mirrorPercentage: { value: 101 } }),
    'istio/mirror spec.http[0].mirrorPercentage.value: 101 is no share in per cent',
  ],
  [
    rule({ mirrors: [{ destination: destination('knative-local-gateway.istio-system.svc.cluster.local') }] }),
    'istio/mirror spec.http[0].mirrors[0].destination.host: a mirrored request keeps the host of the first, so Knative sends the copy to the release that answers',
  ],
  [
    rule({ mirror: destination('a.b'), mirrorPercent: 5 }),
    'istio/deprecated spec.http[0].mirrorPercent: mirrorPercent is deprecated',
  ],
  [
    policy({ outlierDetection: { consecutiveErrors: 5 } }),
    'istio/deprecated spec.trafficPolicy.outlierDetection.consecutiveErrors: consecutiveErrors is deprecated',
  ],
  [rule({ fault: {} }), 'istio/fault spec.http[0].fault: the fault neither delays nor aborts'],
  [
    rule({ fault: { abort: { httpStatus: 600 } } }),
    'istio/fault spec.http[0].fault.abort.httpStatus: 600 is no status',
  ],
  [
    rule({ fault: { abort: { httpStatus: 503, percentage: { value: 0.00001 } } } }),
    'istio/fault spec.http[0].fault.abort.percentage.value: 0.00001 is no share in per cent',
  ],
  [
    destinationRule({ subsets: [{ name: 'a' }, { name: 'a' }] }),
    'istio/subsets spec.subsets[1].name: there are two subsets a, and Istio drops the second',
  ],
  [destinationRule({ subsets: [{ name: 'A' }] }), 'istio/subsets spec.subsets[0].name: "A" is no name of a subset'],
  [policy({}), 'istio/traffic-policy spec.trafficPolicy: the policy sets nothing'],
  [
    policy({ connectionPool: {} }),
    'istio/traffic-policy spec.trafficPolicy.connectionPool: the pool limits neither http nor tcp',
  ],
  [
    policy({ connectionPool: { http: { maxRetries: -1 } } }),
    'istio/traffic-policy spec.trafficPolicy.connectionPool.http.maxRetries: -1 is below 0',
  ],
  [
    policy({ outlierDetection: { maxEjectionPercent: 101 } }),
    'istio/traffic-policy spec.trafficPolicy.outlierDetection.maxEjectionPercent: 101 is no share in per cent',
  ],
  [
    policy({ outlierDetection: { consecutiveLocalOriginFailures: 3 } }),
    'istio/traffic-policy spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: failures of one kind are counted only when the kinds are told apart',
  ],
  [
    policy({ loadBalancer: { simple: 'RANDOM', consistentHash: { useSourceIp: true } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer: simple and consistentHash stand side by side',
  ],
  [
    policy({ loadBalancer: { consistentHash: {} } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.consistentHash: the hash has no key',
  ],
  [
    policy({ loadBalancer: { localityLbSetting: { distribute: [{ to: { eu: 90 } }] } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the weights sum to 90',
  ],
  [
    policy({
      outlierDetection: {},
      loadBalancer: { localityLbSetting: { distribute: [{ to: { eu: 100 } }], failoverPriority: ['a'] } },
    }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting: distribute and failoverPriority stand side by side',
  ],
  [
    policy({ tls: { mode: 'MUTUAL' } }),
    'istio/traffic-policy spec.trafficPolicy.tls: mutual TLS has no certificate to show',
  ],
  [
    policy({ tls: { mode: 'SIMPLE', credentialName: 'a', caCertificates: '/b' } }),
    'istio/traffic-policy spec.trafficPolicy.tls.credentialName: certificates are named twice',
  ],
  [
    policy({ tls: { mode: 'ISTIO_MUTUAL', credentialName: 'a' } }),
    "istio/traffic-policy spec.trafficPolicy.tls: with ISTIO_MUTUAL the certificates are Istio's",
  ],
  [
    policy({ portLevelSettings: [{}] }),
    'istio/traffic-policy spec.trafficPolicy.portLevelSettings[0].port: settings of a port do not name it',
  ],
  [
    destinationRule({ subsets: [{ name: 'a', trafficPolicy: {} }] }),
    'istio/traffic-policy spec.subsets[0].trafficPolicy: the policy sets nothing',
  ],
  [
    destinationRule({ host: 'fraud.other.svc.cluster.local' }),
    'istio/ignored metadata.namespace: callers in other namespaces than ml ignore the rule, its host is in other',
  ],
  [
    policy({ loadBalancer: { localityLbSetting: { failover: [{ from: 'eu', to: 'us' }] } } }),
    'istio/ignored spec.trafficPolicy.loadBalancer.localityLbSetting: without outlierDetection nothing ever fails over',
  ],
  [
    authorization({ action: 'DENY' }),
    'istio/authorization-policy spec.rules: action DENY has no rules, so it does nothing',
  ],
  [
    authorization({ action: 'CUSTOM', rules: [{}] }),
    'istio/authorization-policy spec.provider: action CUSTOM asks a provider, and none is named',
  ],
  [
    authorization({ provider: { name: 'a' }, rules: [{}] }),
    'istio/authorization-policy spec.provider: action ALLOW asks no provider',
  ],
  [
    authorization({ selector: {}, targetRefs: [{}], rules: [{}] }),
    'istio/authorization-policy spec.selector: selector and targetRefs stand side by side',
  ],
  [
    authorization({ rules: [{ from: [{ source: {} }] }] }),
    'istio/authorization-policy spec.rules[0].from[0].source: an empty source is refused',
  ],
  [
    authorization({ rules: [{ to: [{}] }] }),
    'istio/authorization-policy spec.rules[0].to[0].operation: an empty operation is refused',
  ],
  [authorization({}), 'istio/denies-everything spec.rules: ALLOW without rules denies every request'],
];

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, checked) => {
    expect(found(checked)).toEqual([]);
  });

  it.each(['Standard', 'Knative'] as const)('what we render ourselves in %s mode', (mode) => {
    const target = targetOf({ mode, candidate: { release: 'v47', weight: 10 }, previous: 'v45' });
    const objects = renderIstio(target).filter(({ apiVersion }) => apiVersion.includes('istio.io'));
    expect(objects.flatMap((each) => checkIstio(each, target.cluster))).toEqual([]);
  });
});

describe('exactly one thing is wrong', () => {
  it.each(WRONG.map(([checked, expected]) => ({ checked, expected })))('$expected', ({ checked, expected }) => {
    expect(found(checked)).toEqual([expected]);
  });

  it('when the cluster has no Istio', () => {
    const bare = clusterSchema.parse({ ...defaultCluster('Standard'), istio: undefined });
    expect(found(virtualService({}), bare)).toEqual(['istio/not-installed : the cluster has no Istio']);
  });

  it('and each rule has an example here', () => {
    const ids = new Set(['istio/not-installed', ...WRONG.map(([, expected]) => expected.split(' ')[0])]);
    expect(ISTIO_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
  });
});
