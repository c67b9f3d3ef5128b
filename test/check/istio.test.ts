import { describe, expect, it } from 'vitest';
import { checkIstio, ISTIO_RULES } from '../../src/check/istio.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { renderIstio } from '../../src/render/istio.ts';
import { cluster as clusterSchema } from '../../src/service/platform.ts';
import { defaultCluster, targetOf } from '../support/target.ts';
import { FINE_KINDS, WRONG_KINDS } from './istio/examples.ts';

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
  ['a host with a wildcard in front', virtualService({ hosts: ['*.example.com', '*-a.example.org'] })],
  ['a host that is complete, in capitals, or an address', virtualService({ hosts: ['a.b.', 'Fraud.ml', '10.0.0.1'] })],
  ['a destination that a ServiceEntry has', rule({ route: [{ destination: destination('*.example.com') }] })],
  ['an empty list of gateways', object('VirtualService', { gateways: [], http: [{ route: ROUTE }] })],
  [
    'subsets in capitals',
    destinationRule({ subsets: [{ name: 'V1', labels: { version: 'v1', 'example.com/track': '' } }] }),
  ],
  ['a prefix that every path has', rule({ match: [{ uri: { prefix: '' } }] })],
  ['a header that is empty', rule({ match: [{ headers: { 'x-user': { exact: '' } } }] })],
  ['a header that is not there', rule({ match: [{ withoutHeaders: { 'x-user': { regex: '*' } } }] })],
  [
    'claims of a token at a gateway',
    virtualService({
      gateways: ['istio-system/public'],
      http: [{ match: [{ headers: { '@request.auth.claims.group': { exact: 'beta' } } }], route: ROUTE }],
    }),
  ],
  [
    'longer prefixes before shorter ones',
    virtualService({
      http: [
        { match: [{ uri: { prefix: '/v1/models' } }], route: ROUTE },
        { match: [{ uri: { prefix: '/v1' } }], route: ROUTE },
        { route: ROUTE },
      ],
    }),
  ],
  [
    'values of headers with commands of Envoy',
    rule({
      headers: {
        request: {
          set: { a: '100%%', b: '%DOWNSTREAM_REMOTE_ADDRESS%:%REQ(x-a)%', c: '%DYNAMIC_METADATA(["a", "b"])%' },
        },
        response: { remove: ['server'] },
      },
    }),
  ],
  [
    'a rewrite by pattern',
    rule({ rewrite: { uriRegexRewrite: { match: '^/v1/(.*)', rewrite: '/v2/\\1' }, authority: 'b.example.com' } }),
  ],
  ['a redirect to another port', virtualService({ http: [{ redirect: { port: 8443, redirectCode: 307 } }] })],
  [
    'a CORS policy',
    rule({ corsPolicy: { allowOrigins: [{ exact: '*' }], allowMethods: ['GET', '*'], allowHeaders: ['x-user', '*'] } }),
  ],
  [
    'a rule for TLS',
    virtualService({
      hosts: ['*.example.com'],
      http: undefined,
      tls: [
        { match: [{ sniHosts: ['a.example.com'] }], route: [{ destination: destination('db.ml.svc.cluster.local') }] },
      ],
    }),
  ],
  [
    'localities of which the last is for the rest',
    policy({
      loadBalancer: {
        localityLbSetting: {
          distribute: [
            { from: 'eu/a', to: { 'eu/*': 60, us: 40 } },
            { from: 'eu/*', to: { eu: 100 } },
            { from: '*', to: { us: 100 } },
          ],
        },
      },
    }),
  ],
  [
    'a table of prime size',
    policy({ loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 65537 } } } }),
  ],
  [
    'settings without effect',
    policy({ outlierDetection: { consecutiveErrors: 0, consecutiveLocalOriginFailures: 0 } }),
  ],
  [
    'a policy with paths, addresses and conditions',
    authorization({
      action: 'DENY',
      rules: [
        {
          from: [{ source: { ipBlocks: ['10.0.0.0/8', '::1'], serviceAccounts: ['bank/intake', 'intake'] } }],
          to: [{ operation: { ports: ['8080'], paths: ['/v1/models/{*}/infer', '/v2/{**}', '/v3/*'] } }],
          when: [{ key: 'request.headers[x-user]', notValues: ['a'] }],
        },
      ],
    }),
  ],
  [
    'a policy for a Service that is tried out',
    {
      ...authorization({ rules: [{}], targetRefs: [{ kind: 'Service', name: 'fraud' }] }),
      metadata: { name: 'fraud', namespace: 'ml', annotations: { 'istio.io/dry-run': 'true' } },
    },
  ],
  ['a kind without rules of ours', object('ProxyConfig', {})],
  ...FINE_KINDS,
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
  [
    virtualService({ hosts: ['a.example.com', '*.example.com'] }),
    'istio/hosts spec.hosts[1]: host "*.example.com" is listed twice, "a.example.com" is it too',
  ],
  ...['https://a.b', 'a.b:80', 'a_b.c', 'a.*.b', 'a*.b', '-a.b', 'a..b', 'foo.123', `${'a'.repeat(64)}.b`].map(
    (host): [KubeObject, string] => [
      virtualService({ hosts: [host] }),
      `istio/hosts spec.hosts[0]: ${JSON.stringify(host)} is no host name`,
    ],
  ),
  [
    virtualService({ hosts: [], http: undefined, tcp: [{ route: ROUTE }] }),
    'istio/hosts spec.hosts: a VirtualService without hosts has no rules for tcp',
  ],
  [destinationRule({ host: 'a b.c' }), 'istio/hosts spec.host: "a b.c" is no host name'],
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
  [virtualService({ gateways: ['a/b.c'] }), 'istio/gateway-name spec.gateways[0]: "a/b.c" names no Gateway'],
  [rule({ match: [{ gateways: [''] }] }), 'istio/gateway-name spec.http[0].match[0].gateways[0]: "" names no Gateway'],
  [virtualService({ gateways: ['a.b'] }), 'istio/deprecated spec.gateways[0]: a Gateway by host name is deprecated'],
  [virtualService({ gateways: ['Public'] }), 'istio/gateway-name spec.gateways[0]: "Public" names no Gateway'],
  [virtualService({ exportTo: ['Bank'] }), 'istio/export-to spec.exportTo[0]: "Bank" is no namespace'],
  [virtualService({ exportTo: ['~'] }), 'istio/export-to spec.exportTo[0]: "~" is no namespace'],
  [virtualService({ exportTo: ['.', 'ml'] }), 'istio/export-to spec.exportTo[1]: "ml" is listed twice'],
  [
    destinationRule({ workloadSelector: { matchLabels: { app: 'a' } }, exportTo: ['*'] }),
    'istio/export-to spec.exportTo: a rule for some workloads of a namespace is seen outside of it',
  ],
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
  [
    virtualService({ http: undefined, tls: [{ match: [{ sniHosts: ['fraud.ml.svc.cluster.local'] }] }] }),
    'istio/route-conflict spec.tls[0]: the rule has no route',
  ],
  [
    object('VirtualService', { http: [{ delegate: { name: 'a' } }] }),
    'istio/route-conflict spec.http[0].delegate: a VirtualService without hosts is a delegate, and delegates to nobody',
  ],
  [virtualService({ http: [{ redirect: {} }] }), 'istio/answer spec.http[0].redirect: the redirect leads nowhere else'],
  [
    virtualService({ http: [{ redirect: { uri: '/a', redirectCode: 200 } }] }),
    'istio/answer spec.http[0].redirect.redirectCode: 200 is no redirect',
  ],
  [
    virtualService({ http: [{ redirect: { scheme: 'ftp' } }] }),
    'istio/answer spec.http[0].redirect.scheme: "ftp" is no scheme here',
  ],
  [
    virtualService({ http: [{ redirect: { port: 70000 } }] }),
    'istio/answer spec.http[0].redirect.port: 70000 is no port',
  ],
  [
    virtualService({ http: [{ directResponse: { status: 600 } }] }),
    'istio/answer spec.http[0].directResponse.status: 600 is no status',
  ],
  [
    virtualService({ http: [{ directResponse: { status: 200, body: { string: 'a'.repeat(1_048_577) } } }] }),
    'istio/answer spec.http[0].directResponse.body: the answer has 1048577 bytes',
  ],
  [rule({ rewrite: {} }), 'istio/answer spec.http[0].rewrite: nothing is rewritten'],
  [
    rule({ rewrite: { uri: '/a', uriRegexRewrite: { match: 'a', rewrite: 'b' } } }),
    'istio/answer spec.http[0].rewrite: uri and uriRegexRewrite stand side by side',
  ],
  [
    rule({ rewrite: { uriRegexRewrite: { match: 'a' } } }),
    'istio/answer spec.http[0].rewrite.uriRegexRewrite: a rewrite by pattern has match and rewrite',
  ],
  [
    rule({ rewrite: { uriRegexRewrite: { match: '(?=a)', rewrite: 'b' } } }),
    'istio/answer spec.http[0].rewrite.uriRegexRewrite.match: the pattern looks ahead or behind, which RE2 does not',
  ],
  [
    rule({ headers: { request: { set: { a: '50%' } } } }),
    'istio/headers spec.http[0].headers.request.set.a: the value has a percent sign that begins nothing',
  ],
  [
    rule({ route: [{ destination: destination('a.b'), headers: { response: { add: { a: 'b\nc' } } } }] }),
    'istio/headers spec.http[0].route[0].headers.response.add.a: the value has a control character',
  ],
  [
    rule({ headers: { request: { set: { '': 'a' } } } }),
    'istio/headers spec.http[0].headers.request.set: a header has no name',
  ],
  [
    rule({ headers: { request: { set: { ':path': '/' } } } }),
    'istio/headers spec.http[0].headers.request.set: Envoy lets nobody change ":path" here',
  ],
  [
    rule({ headers: { response: { remove: ['Host'] } } }),
    'istio/headers spec.http[0].headers.response.remove: Envoy lets nobody change "Host" here',
  ],
  [
    rule({ corsPolicy: { allowOrigins: [{}] } }),
    'istio/cors spec.http[0].corsPolicy.allowOrigins[0]: the origin is empty',
  ],
  [
    rule({ corsPolicy: { allowOrigins: [{ regex: '(' }] } }),
    'istio/cors spec.http[0].corsPolicy.allowOrigins[0].regex: the pattern cannot be read: unterminated group',
  ],
  [
    rule({ corsPolicy: { allowMethods: ['get'] } }),
    'istio/cors spec.http[0].corsPolicy.allowMethods: "get" is no method',
  ],
  [
    rule({ corsPolicy: { exposeHeaders: ['a b'] } }),
    'istio/cors spec.http[0].corsPolicy.exposeHeaders: "a b" is no name of a header',
  ],
  [
    { ...virtualService({}), metadata: { name: 'a', namespace: 'ml', annotations: { 'istio.io/dry-run': 'true' } } },
    'istio/annotation metadata.annotations["istio.io/dry-run"]: a VirtualService cannot be tried out',
  ],
  [
    {
      ...virtualService({}),
      metadata: { name: 'a', namespace: 'ml', annotations: { 'internal.istio.io/parents': 'b' } },
    },
    'istio/annotation metadata.annotations["internal.istio.io/parents"]: Istio alone may set it',
  ],
  [
    {
      ...authorization({ rules: [{}] }),
      metadata: { name: 'a', namespace: 'ml', annotations: { 'istio.io/dry-run': 'maybe' } },
    },
    'istio/annotation metadata.annotations["istio.io/dry-run"]: "maybe" is neither true nor false',
  ],
  [
    {
      ...authorization({ action: 'AUDIT', rules: [{}] }),
      metadata: { name: 'a', namespace: 'ml', annotations: { 'istio.io/dry-run': 'true' } },
    },
    'istio/annotation metadata.annotations["istio.io/dry-run"]: action AUDIT cannot be tried out',
  ],
  [rule({ redirect: { uri: '/a' } }), 'istio/route-conflict spec.http[0]: the rule has route and redirect'],
  [
    virtualService({ http: [{ directResponse: { status: 503 }, rewrite: { uri: '/' } }] }),
    'istio/route-conflict spec.http[0].rewrite: rewrite stands beside directResponse, which sends the request nowhere',
  ],
  [split(90, 20), 'istio/weights spec.http[0].route: the weights sum to 110, and Istio would take them as proportions'],
  [split(0, 0), 'istio/weights spec.http[0].route: the weights sum to 0, so no destination gets anything'],
  [split(101), 'istio/weights spec.http[0].route[0].weight: weight 101 is not between 0 and 100'],
  [
    rule({ route: [{ destination: { host: '*' } }] }),
    'istio/destination spec.http[0].route[0].destination.host: "*" is no host that requests can go to',
  ],
  [
    rule({ route: [{ destination: { host: '10.0.0.1' } }] }),
    'istio/destination spec.http[0].route[0].destination.host: "10.0.0.1" is no host that requests can go to',
  ],
  [
    rule({ route: [{ destination: { host: 'a.b', port: {} } }] }),
    'istio/destination spec.http[0].route[0].destination.port.number: nothing is no port',
  ],
  [
    rule({ route: [{ destination: { host: 'a.b', port: { number: 70000 } } }] }),
    'istio/destination spec.http[0].route[0].destination.port.number: 70000 is no port',
  ],
  [
    rule({ route: [{ destination: { host: 'a.b', subset: 'v.1' } }] }),
    'istio/destination spec.http[0].route[0].destination.subset: "v.1" is no name of a subset',
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
    rule({ match: [{ method: { prefix: '' } }] }),
    'istio/match spec.http[0].match[0].method.prefix: an empty prefix is refused',
  ],
  [
    rule({ match: [{ queryParams: { a: { regex: '' } } }] }),
    'istio/match spec.http[0].match[0].queryParams.a.regex: an empty pattern is refused',
  ],
  [
    rule({ match: [{ headers: { 'x user': { exact: 'a' } } }] }),
    'istio/match spec.http[0].match[0].headers: "x user" is no name of a header',
  ],
  [
    rule({ match: [{ withoutHeaders: { '@request.auth.claims.sub': { exact: 'a' } } }] }),
    'istio/match spec.http[0].match[0].withoutHeaders.@request.auth.claims.sub: in the mesh nobody reads the claims of a token',
  ],
  [rule({ match: [{ port: 70000 }] }), 'istio/match spec.http[0].match[0].port: 70000 is no port'],
  [
    rule({ match: [{ sourceNamespace: 'a.b' }] }),
    'istio/match spec.http[0].match[0].sourceNamespace: "a.b" is no namespace',
  ],
  [
    rule({ match: [{ sourceLabels: { 'a b': 'c' } }] }),
    'istio/match spec.http[0].match[0].sourceLabels: "a b" is no name of a label',
  ],
  [
    rule({ match: [{ sourceLabels: { a: 'b c' } }] }),
    'istio/match spec.http[0].match[0].sourceLabels.a: "b c" is no value of a label',
  ],
  [
    virtualService({ http: undefined, tls: [{ match: [{ sniHosts: ['a.b'] }], route: ROUTE }] }),
    'istio/match spec.tls[0].match[0].sniHosts: "a.b" is none of the hosts of the VirtualService',
  ],
  [
    rule({ match: [{ uri: { regex: '(?!v1)' } }] }),
    'istio/match spec.http[0].match[0].uri.regex: the pattern looks ahead or behind, which RE2 does not',
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
    virtualService({
      http: [
        { match: [{ uri: { prefix: '/v1' } }], route: ROUTE },
        { match: [{ uri: { prefix: '/v1/models' }, headers: { a: { exact: 'b' } } }], route: ROUTE },
      ],
    }),
    'istio/unreachable-rule spec.http[1].match[0]: spec.http[0].match[0] has these requests already',
  ],
  [
    rule({ match: [{ method: { exact: 'GET' } }, { method: { exact: 'GET' } }] }),
    'istio/unreachable-rule spec.http[0].match[1]: spec.http[0].match[0] has these requests already',
  ],
  [
    rule({ retries: { attempts: 0, retryRemoteLocalities: false } }),
    'istio/retries spec.http[0].retries: with attempts 0 Istio refuses every other field',
  ],
  [
    rule({ retries: { attempts: 1, retryOn: '299' } }),
    'istio/retries spec.http[0].retries.retryOn: "299" is no condition for a retry',
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
  [
    rule({ fault: { abort: { grpcStatus: 'LOST' } } }),
    'istio/fault spec.http[0].fault.abort.grpcStatus: "LOST" is no status of gRPC',
  ],
  [
    rule({ fault: { delay: { exponentialDelay: '1s' } } }),
    'istio/fault spec.http[0].fault.delay.exponentialDelay: Istio does not do that yet',
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
  [destinationRule({ subsets: [{ name: 'a.b' }] }), 'istio/subsets spec.subsets[0].name: "a.b" is no name of a subset'],
  [
    destinationRule({ subsets: [{ name: 'a', labels: { version: 'b c' } }] }),
    'istio/subsets spec.subsets[0].labels.version: "b c" is no value of a label',
  ],
  [policy({ portLevelSettings: [] }), 'istio/traffic-policy spec.trafficPolicy: the policy sets nothing'],
  [
    policy({ portLevelSettings: [{ port: { number: 80 } }] }),
    'istio/traffic-policy spec.trafficPolicy.portLevelSettings[0]: the settings of the port set nothing',
  ],
  [
    policy({ tunnel: { targetHost: 'a.b', targetPort: 0 } }),
    'istio/traffic-policy spec.trafficPolicy.tunnel.targetPort: 0 is no port',
  ],
  [
    policy({ tunnel: { targetHost: '*.b', targetPort: 80 } }),
    'istio/traffic-policy spec.trafficPolicy.tunnel.targetHost: "*.b" is neither a host nor an address',
  ],
  [
    policy({ tunnel: { targetHost: 'a.b', targetPort: 80, protocol: 'GET' } }),
    'istio/traffic-policy spec.trafficPolicy.tunnel.protocol: a tunnel is not made by "GET"',
  ],
  [
    policy({ tunnel: { targetHost: 'a.b', targetPort: 80 }, proxyProtocol: {} }),
    'istio/traffic-policy spec.trafficPolicy.tunnel: tunnel and proxyProtocol stand side by side',
  ],
  [
    policy({ connectionPool: { http: { h2UpgradePolicy: 'UPGRADE', useClientProtocol: true } } }),
    'istio/traffic-policy spec.trafficPolicy.connectionPool.http.useClientProtocol: the protocol is upgraded, and kept as the client has it',
  ],
  [
    policy({ connectionPool: { tcp: { tcpKeepalive: { time: '1.0005s' } } } }),
    'istio/duration spec.trafficPolicy.connectionPool.tcp.tcpKeepalive.time: "1.0005s" is no whole number of milliseconds',
  ],
  [
    policy({ loadBalancer: { warmup: { duration: '5s', aggression: 0.5 } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.warmup.aggression: 0.5 is below 1',
  ],
  [
    policy({ loadBalancer: { consistentHash: { httpCookie: { name: '' } } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.name: the cookie has no name',
  ],
  [
    policy({
      loadBalancer: { consistentHash: { httpCookie: { name: 'a', attributes: [{ name: 'b' }, { name: 'b' }] } } },
    }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[1]: attribute b is given twice',
  ],
  [
    policy({ loadBalancer: { consistentHash: { useSourceIp: true, minimumRingSize: 10 } } }),
    'istio/deprecated spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize: minimumRingSize is deprecated',
  ],
  [
    policy({ loadBalancer: { consistentHash: { useSourceIp: true, minimumRingSize: 10, ringHash: {} } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize: two algorithms are chosen',
  ],
  [
    policy({ loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 10 } } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.consistentHash.maglev.tableSize: 10 is no prime number below 5000011',
  ],
  [
    policy({ loadBalancer: { localityLbSetting: { distribute: [{ from: 'eu', to: { eu: 100, us: 0 } }] } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to.us: weight 0 is not between 1 and 100',
  ],
  [
    policy({ loadBalancer: { localityLbSetting: { distribute: [{ from: 'e*u', to: { eu: 100 } }] } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.distribute: "e*u" is no place',
  ],
  [
    policy({
      loadBalancer: {
        localityLbSetting: {
          distribute: [
            { from: '*', to: { eu: 100 } },
            { from: 'eu', to: { eu: 100 } },
          ],
        },
      },
    }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.distribute: "eu" is part of another place of the list, or has one in it',
  ],
  ...[
    [{ from: 'eu', to: 'eu' }, 'requests of eu fail over to where they are'],
    [{ from: 'eu/a', to: 'us' }, 'only whole regions fail over to each other'],
  ].map(([failover, message]): [KubeObject, string] => [
    policy({ loadBalancer: { localityLbSetting: { failover: [failover] } }, outlierDetection: {} }),
    `istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.failover[0]: ${message as string}`,
  ]),
  [
    policy({
      outlierDetection: {},
      loadBalancer: {
        localityLbSetting: { failover: [{ from: 'eu', to: 'us' }], failoverPriority: ['topology.kubernetes.io/zone'] },
      },
    }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority: failover decides about topology.kubernetes.io/zone already',
  ],
  [
    policy({
      outlierDetection: {},
      loadBalancer: {
        localityLbSetting: { distribute: [{ from: 'eu', to: { eu: 100 } }], failover: [{ from: 'eu', to: 'us' }] },
      },
    }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting: distribute and failover stand side by side',
  ],
  [
    policy({ tls: { mode: 'SIMPLE', insecureSkipVerify: true, caCertificates: '/a' } }),
    'istio/traffic-policy spec.trafficPolicy.tls.insecureSkipVerify: the other side is not verified, and what it is verified by is written',
  ],
  [
    policy({ tls: { mode: 'SIMPLE', credentialName: 'configmap://other/a' } }),
    'istio/traffic-policy spec.trafficPolicy.tls.credentialName: "configmap://other/a" is no ConfigMap of this namespace',
  ],
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
    policy({ loadBalancer: { localityLbSetting: { distribute: [{ from: 'eu', to: { eu: 90 } }] } } }),
    'istio/traffic-policy spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[0].to: the weights sum to 90',
  ],
  [
    policy({
      outlierDetection: {},
      loadBalancer: { localityLbSetting: { distribute: [{ from: 'eu', to: { eu: 100 } }], failoverPriority: ['a'] } },
    }),
    'istio/ignored spec.trafficPolicy.loadBalancer.localityLbSetting.failoverPriority: beside distribute it is not asked',
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
    "istio/ignored spec.trafficPolicy.tls: with ISTIO_MUTUAL the certificates are Istio's",
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
    authorization({
      selector: { matchLabels: { app: 'a' } },
      targetRefs: [{ kind: 'Service', name: 'a' }],
      rules: [{}],
    }),
    'istio/selector spec.selector: selector and targetRefs stand side by side',
  ],
  [
    authorization({ rules: [{ from: [{ source: {} }] }] }),
    'istio/authorization-policy spec.rules[0].from[0].source: an empty source is refused',
  ],
  [
    authorization({ rules: [{ to: [{}] }] }),
    'istio/authorization-policy spec.rules[0].to[0].operation: an empty operation is refused',
  ],
  [
    authorization({ targetRefs: [{ kind: 'Pod', name: 'a' }], rules: [{}] }),
    'istio/selector spec.targetRefs: a policy is not for a Pod',
  ],
  ...(
    [
      [{ principals: [] }, '', 'an empty source is refused'],
      [{ namespaces: [''] }, '.namespaces', 'a value is empty'],
      [{ ipBlocks: ['10.0.0.0/33'] }, '.ipBlocks', '"10.0.0.0/33" is neither an address nor a range of them'],
      [{ serviceAccounts: ['a/*'] }, '.serviceAccounts', '"a/*" is no ServiceAccount'],
      [
        { serviceAccounts: ['a/b'], namespaces: ['a'] },
        '.serviceAccounts',
        'serviceAccounts stand beside namespaces or principals, which they name already',
      ],
    ] as const
  ).map(([source, field, message]): [KubeObject, string] => [
    authorization({ rules: [{ from: [{ source }] }] }),
    `istio/authorization-policy spec.rules[0].from[0].source${field}: ${message}`,
  ]),
  ...(
    [
      [{ ports: ['http'] }, '.ports', '"http" is no port'],
      [{ paths: ['/{**}/{*}'] }, '.paths', '"/{**}/{*}" is no pattern of a path'],
      [{ notPaths: ['/{id}'] }, '.notPaths', '"/{id}" is no pattern of a path'],
      [{ hosts: [''] }, '.hosts', 'a value is empty'],
    ] as const
  ).map(([operation, field, message]): [KubeObject, string] => [
    authorization({ rules: [{ to: [{ operation }] }] }),
    `istio/authorization-policy spec.rules[0].to[0].operation${field}: ${message}`,
  ]),
  ...(
    [
      [{ key: 'source.user', values: ['a'] }, '.key', '"source.user" is no attribute'],
      [{ key: 'request.headers', values: ['a'] }, '.key', '"request.headers" says not which one'],
      [{ key: 'source.namespace' }, '', 'the condition has no values'],
      [{ key: 'destination.port', notValues: ['a'] }, '.notValues', '"a" is no port'],
    ] as const
  ).map(([condition, field, message]): [KubeObject, string] => [
    authorization({ rules: [{ when: [condition] }] }),
    `istio/authorization-policy spec.rules[0].when[0]${field}: ${message}`,
  ]),
  [
    authorization({
      action: 'CUSTOM',
      provider: { name: 'a' },
      rules: [{ from: [{ source: { namespaces: ['b'] } }] }],
    }),
    'istio/authorization-policy spec.rules[0].from[0].source.namespaces: with action CUSTOM nobody knows the caller yet',
  ],
  [authorization({ action: 'AUDIT' }), 'istio/ignored spec.rules: action AUDIT has no rules, so it does nothing'],
  [authorization({}), 'istio/denies-everything spec.rules: ALLOW without rules denies every request'],
  ...WRONG_KINDS,
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
