import type { KubeObject } from '../../../src/core/object.ts';

/** Objects of the kinds that users add beside ours, and what is wrong with each, for istio.test.ts. */

const make =
  (apiVersion: string, kind: string) =>
  (spec: object, metadata: object = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: 'fraud', namespace: 'ml', ...metadata },
    spec,
  });

const gatewayOf = make('networking.istio.io/v1', 'Gateway');
const serviceEntry = make('networking.istio.io/v1', 'ServiceEntry');
const sidecar = make('networking.istio.io/v1', 'Sidecar');
const envoyFilter = make('networking.istio.io/v1alpha3', 'EnvoyFilter');
const peerAuthentication = make('security.istio.io/v1', 'PeerAuthentication');
const requestAuthentication = make('security.istio.io/v1', 'RequestAuthentication');
const telemetry = make('telemetry.istio.io/v1', 'Telemetry');

const HTTP = { number: 80, name: 'http', protocol: 'HTTP' };
const HTTPS = { number: 443, name: 'https', protocol: 'HTTPS' };

/** A Gateway with one server for TLS. */
const server = (fields: object): KubeObject =>
  gatewayOf({
    selector: { istio: 'ingressgateway' },
    servers: [
      { port: HTTPS, hosts: ['fraud.example.com'], tls: { mode: 'SIMPLE', credentialName: 'fraud' }, ...fields },
    ],
  });
const tls = (settings: object): KubeObject => server({ tls: settings });
/** A ServiceEntry for an API outside of the cluster. */
const external = (fields: object, metadata: object = {}): KubeObject =>
  serviceEntry(
    { hosts: ['api.example.com'], location: 'MESH_EXTERNAL', ports: [HTTPS], resolution: 'DNS', ...fields },
    metadata,
  );
const endpoint = (resolution: string, fields: object): KubeObject => external({ resolution, endpoints: [fields] });
const egress = (...hosts: string[]): KubeObject => sidecar({ egress: [{ hosts }] });
const ingress = (fields: object): KubeObject =>
  sidecar({ ingress: [{ port: { ...HTTP, number: 8080 }, defaultEndpoint: '127.0.0.1:9080', ...fields }] });
const token = (rule: object): KubeObject => requestAuthentication({ jwtRules: [{ issuer: 'idp', ...rule }] });
const filter = (expression: string): KubeObject => telemetry({ accessLogging: [{ filter: { expression } }] });
const tag = (override: object): KubeObject =>
  telemetry({ metrics: [{ overrides: [{ tagOverrides: { model: override } }] }] });

const PUBLIC_KEY = { kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' };
const ROUTE = [{ destination: { host: 'db.ml.svc.cluster.local' } }];
const stream = (protocol: 'tcp' | 'tls', match: readonly object[]): KubeObject =>
  make('networking.istio.io/v1', 'VirtualService')({ hosts: ['*.example.com'], [protocol]: [{ match, route: ROUTE }] });
const cookie = (ttl: string): KubeObject =>
  make(
    'networking.istio.io/v1',
    'DestinationRule',
  )({ host: 'a.example.com', trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: 'a', ttl } } } } });
const condition = (key: string, value: string): KubeObject =>
  make('security.istio.io/v1', 'AuthorizationPolicy')({ rules: [{ when: [{ key, values: [value] }] }] });

const CONNECTION_MANAGER = 'envoy.filters.network.http_connection_manager';
/** An EnvoyFilter that puts a filter before the router. */
const patch = (fields: object): KubeObject =>
  envoyFilter({
    configPatches: [
      {
        applyTo: 'HTTP_FILTER',
        match: {
          proxy: { proxyVersion: '^1\\.30.*' },
          listener: { filterChain: { filter: { name: CONNECTION_MANAGER, subFilter: { name: 'router' } } } },
        },
        patch: { operation: 'INSERT_BEFORE', value: { name: 'lua' } },
        ...fields,
      },
    ],
  });
const matched = (match: object, applyTo = 'HTTP_FILTER'): KubeObject => patch({ applyTo, match });
const chain = (filter: object): object => ({ listener: { filterChain: { filter } } });

export const FINE_KINDS: readonly (readonly [string, KubeObject])[] = [
  [
    'a match of TCP',
    stream('tcp', [
      { destinationSubnets: ['10.0.0.0/8', '2001:db8::1'], gateways: ['mesh'], sourceLabels: { app: 'a' } },
    ]),
  ],
  ['a match of TLS', stream('tls', [{ sniHosts: ['a.example.com'], port: 443, sourceNamespace: 'bank' }])],
  ['a cookie for an hour', cookie('1h')],
  ['trust domains with "*" at one end', condition('source.trustDomain', '*.local')],
  ['a header that is there', condition('request.headers[x-user]', '*')],
  ['a Gateway with a certificate from a Secret', server({})],
  [
    'a Gateway that redirects to HTTPS',
    gatewayOf({
      servers: [
        { port: HTTP, hosts: ['*.example.com'], tls: { httpsRedirect: true } },
        { port: HTTPS, hosts: ['*.example.com'], tls: { mode: 'SIMPLE', credentialName: 'wildcard' } },
      ],
    }),
  ],
  [
    'a Gateway for a host of some namespaces',
    server({ hosts: ['ml/a.example.com', './b.example.com', '*/*', '10.1.2.3'] }),
  ],
  ['a Gateway that lets TLS through', tls({ mode: 'PASSTHROUGH' })],
  [
    'a Gateway that verifies callers by files',
    tls({
      mode: 'MUTUAL',
      serverCertificate: '/tls.crt',
      privateKey: '/tls.key',
      caCertificates: '/ca.crt',
      caCrl: '/crl',
    }),
  ],
  ['a Gateway with two certificates', tls({ mode: 'SIMPLE', credentialNames: ['rsa', 'ecdsa'] })],
  ['a Gateway with suites', tls({ mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['AES128-SHA', '-ALL'] })],
  ['a Gateway for gRPC', server({ port: { number: 8001, name: 'grpc', protocol: 'grpc' }, tls: undefined })],
  [
    'a Gateway at a socket',
    server({ port: { ...HTTP, number: 0 }, bind: 'unix:///var/run/model.sock', tls: undefined }),
  ],
  ['a ServiceEntry for an API', external({ hosts: ['api.openai.com', 'huggingface.co'] })],
  [
    'a ServiceEntry for all buckets of a region',
    external({ hosts: ['*.s3.eu-central-1.amazonaws.com'], resolution: 'NONE', exportTo: ['~'] }),
  ],
  [
    'a ServiceEntry that is asked for when a request comes',
    external({ hosts: ['*.azure.com'], resolution: 'DYNAMIC_DNS', ports: [HTTP] }),
  ],
  [
    'a ServiceEntry for a store at fixed addresses',
    endpoint('STATIC', { address: '10.0.0.10', ports: { https: 9000 }, labels: { app: 'minio' } }),
  ],
  ['a ServiceEntry whose endpoint is in another network', endpoint('STATIC', { network: 'net-2' })],
  ['a ServiceEntry with another name behind it', endpoint('DNS_ROUND_ROBIN', { address: 'eu.api.example.com' })],
  ['a ServiceEntry at a socket', endpoint('STATIC', { address: 'unix:///var/run/model.sock' })],
  [
    'a ServiceEntry for a range of addresses',
    external({
      addresses: ['10.20.0.0/16'],
      resolution: 'NONE',
      ports: [{ number: 5432, name: 'db', protocol: 'TCP' }],
    }),
  ],
  [
    'a ServiceEntry for virtual machines',
    external({ resolution: 'STATIC', workloadSelector: { labels: { app: 'gpu' } } }),
  ],
  ['a Sidecar that calls its own namespace and an API', egress('./*', 'istio-system/*', '*/api.openai.com')],
  ['a Sidecar that calls nobody', egress('~/*')],
  [
    'a Sidecar with a listener for a port before that for all',
    sidecar({
      egress: [
        {
          port: { number: 6379, protocol: 'REDIS', name: 'redis' },
          bind: '127.0.0.1',
          hosts: ['ml/redis.ml.svc.cluster.local'],
        },
        { port: { protocol: 'HTTP' }, bind: 'unix:///var/run/egress.sock', hosts: ['bank/*'] },
        { hosts: ['./*'] },
      ],
    }),
  ],
  ['a Sidecar with limits', ingress({ connectionPool: { http: { http1MaxPendingRequests: 10 } } })],
  [
    'a Sidecar that ends TLS',
    ingress({
      port: HTTPS,
      defaultEndpoint: '[::1]:8443',
      tls: { mode: 'SIMPLE', serverCertificate: '/a', privateKey: '/b' },
    }),
  ],
  [
    'a Sidecar with a proxy for what nobody knows',
    sidecar({
      outboundTrafficPolicy: {
        mode: 'ALLOW_ANY',
        egressProxy: { host: 'egress.istio-system.svc.cluster.local', port: { number: 443 } },
      },
    }),
  ],
  [
    'tokens of an issuer',
    requestAuthentication({ selector: { matchLabels: { app: 'fraud' } }, jwtRules: [{ issuer: 'idp' }] }),
  ],
  [
    'tokens whose keys are at a URL',
    requestAuthentication({ jwtRules: [{ jwksUri: 'https://idp.example.com/jwks', timeout: '5s' }] }),
  ],
  ['tokens whose keys are written out', token({ jwks: JSON.stringify({ keys: [PUBLIC_KEY] }) })],
  ['tokens whose only key is written out', token({ jwks: JSON.stringify(PUBLIC_KEY) })],
  [
    'tokens at a Gateway of Gateway API',
    requestAuthentication({ targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' }] }),
  ],
  ['mutual TLS everywhere', peerAuthentication({ mtls: { mode: 'STRICT' } })],
  [
    'traces with tags',
    telemetry({
      tracing: [
        {
          providers: [{ name: 'tempo' }],
          randomSamplingPercentage: 5,
          customTags: { cluster: { literal: { value: 'eu' } } },
        },
      ],
    }),
  ],
  ['access logs of errors', filter("response.code >= 400 && !request.url_path.startsWith('/health')")],
  ['access logs by a message of CEL', filter('Filter{code: 400}.code == response.code')],
  ['a tag that is removed', tag({ operation: 'REMOVE' })],
  ['a tag with a value', tag({ value: 'request.host' })],
  ['a filter before the router', patch({})],
  ['a filter that goes', patch({ patch: { operation: 'REMOVE' } })],
  ['a patch of clusters', matched({ cluster: { service: 'fraud.ml.svc.cluster.local' } }, 'CLUSTER')],
  ['a patch of waypoints', patch({ match: { context: 'WAYPOINT', waypoint: {} }, applyTo: undefined })],
];

/** Endings of what is found, at a place that all of a group have. */
function at(
  place: string,
  make: (fields: object) => KubeObject,
  examples: readonly (readonly [fields: object, id: string, field: string, message: string])[],
): [KubeObject, string][] {
  return examples.map(([fields, id, field, message]) => [make(fields), `istio/${id} ${place}${field}: ${message}`]);
}

export const WRONG_KINDS: readonly (readonly [KubeObject, string])[] = [
  ...at('spec.tcp[0].match[0]', (match) => stream('tcp', [match]), [
    [
      { destinationSubnets: ['10.0.0.0/33'] },
      'match',
      '.destinationSubnets[0]',
      '"10.0.0.0/33" is neither an address nor a range of them',
    ],
    [{ gateways: ['a/b/c'] }, 'gateway-name', '.gateways[0]', '"a/b/c" names no Gateway'],
    [{ port: 65536 }, 'match', '.port', '65536 is no port'],
    [{ sourceLabels: { app: 'a b' } }, 'match', '.sourceLabels.app', '"a b" is no value of a label'],
    [{ sourceNamespace: 'a b' }, 'match', '.sourceNamespace', '"a b" is no namespace'],
  ]),
  [stream('tls', []), 'istio/match spec.tls[0].match: the rule is for no host'],
  ...at('spec.tls[0].match[0].sniHosts', (sniHosts) => stream('tls', [{ sniHosts }]), [
    [[], 'match', '', 'the match is for no host'],
    [['a_b.example.com'], 'match', '', '"a_b.example.com" is no host name'],
    [['10.0.0.1'], 'ignored', '', 'clients do not say the address "10.0.0.1" when TLS begins'],
  ]),
  [
    cookie('1d'),
    'istio/duration spec.trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl: "1d" is no whole number of milliseconds',
  ],
  [
    condition('source.trustDomain', 'a*b'),
    'istio/authorization-policy spec.rules[0].when[0].values: "a*b" is no trust domain',
  ],
  [
    condition('request.headers[x-user]', ''),
    'istio/authorization-policy spec.rules[0].when[0].values: a value is empty',
  ],
  [gatewayOf({ selector: {} }), 'istio/gateway spec.servers: the Gateway has no server'],
  [
    gatewayOf({ servers: [{ port: HTTP, hosts: ['*'] }] }, { name: 'fraud.v1' }),
    'istio/gateway metadata.name: "fraud.v1" is no name that a VirtualService could write',
  ],
  [
    gatewayOf({
      servers: [
        { port: HTTP, hosts: ['*'] },
        { port: { ...HTTP, number: 81 }, hosts: ['*'] },
      ],
    }),
    'istio/port spec.servers[1].port.name: "http" is the name of another port',
  ],
  ...at('spec.servers[0]', server, [
    [{ hosts: [] }, 'hosts', '.hosts', 'the server has no hosts'],
    [{ hosts: ['fraud'] }, 'hosts', '.hosts[0]', '"fraud" is no whole name'],
    [{ hosts: ['~/fraud.example.com'] }, 'hosts', '.hosts[0]', '"~/fraud.example.com" begins with no namespace'],
    [{ hosts: ['*fraud.example.com'] }, 'hosts', '.hosts[0]', '"*fraud.example.com" has "*" within a name'],
    [{ hosts: ['https://fraud.example.com'] }, 'hosts', '.hosts[0]', '"https://fraud.example.com" is no host name'],
    [{ hosts: ['fraud.example.com:443'] }, 'hosts', '.hosts[0]', '"fraud.example.com:443" is no host name'],
    [{ port: { ...HTTPS, number: 0 } }, 'port', '.port.number', '0 is no port'],
    [{ port: { ...HTTPS, name: '' } }, 'port', '.port.name', 'the port has no name'],
    [{ port: { ...HTTPS, protocol: 'WSS' } }, 'port', '.port.protocol', '"WSS" is no protocol that Istio knows'],
    [{ port: { ...HTTPS, protocol: '' } }, 'port', '.port.protocol', 'the port has no protocol'],
    [{ port: { ...HTTPS, targetPort: 8443 } }, 'port', '.port.targetPort', 'a listener has no port of its target'],
    [{ bind: 'fraud.example.com' }, 'port', '.bind', '"fraud.example.com" is no address to listen at'],
    [{ bind: 'unix:///a.sock' }, 'port', '.bind', '"unix:///a.sock" is no address to listen at'],
    [{ bind: 'unix://a/', port: { ...HTTPS, number: 0 } }, 'port', '.bind', '"unix://a/" is no path to a file'],
    [{ tls: undefined }, 'gateway', '', 'the server speaks HTTPS, and has no tls'],
    [{ port: HTTP }, 'gateway', '.tls', 'the server speaks HTTP, which has no TLS'],
    [{ port: { ...HTTP, protocol: 'TCP' }, tls: {} }, 'gateway', '.tls', 'the server speaks TCP, which has no TLS'],
    [
      { tls: { httpsRedirect: true } },
      'ignored',
      '.tls.httpsRedirect',
      'only a server for HTTP redirects, this one speaks HTTPS',
    ],
  ]),
  ...at('spec.servers[0].tls', tls, [
    [{ mode: 'SIMPLE' }, 'server-tls', '', 'SIMPLE has no certificate to show'],
    [
      { mode: 'MUTUAL', serverCertificate: '/a', privateKey: '/b' },
      'server-tls',
      '',
      'MUTUAL has nothing to verify callers by',
    ],
    [
      { mode: 'SIMPLE', credentialName: 'a', serverCertificate: '/a', privateKey: '/b' },
      'server-tls',
      '',
      'certificates are named twice',
    ],
    [{ mode: 'ISTIO_MUTUAL', credentialName: 'a' }, 'server-tls', '', "with ISTIO_MUTUAL the certificates are Istio's"],
    [
      { mode: 'SIMPLE', serverCertificate: '/a', privateKey: '/b', caCrl: '/c' },
      'server-tls',
      '.caCrl',
      'nobody shows a certificate that could be revoked',
    ],
    [
      { mode: 'PASSTHROUGH', credentialName: 'a' },
      'ignored',
      '',
      'with PASSTHROUGH TLS goes through, and no certificate is shown here',
    ],
    [
      { mode: 'SIMPLE', credentialName: 'a', minProtocolVersion: 'TLSV1_1' },
      'ignored',
      '.minProtocolVersion',
      'no suite that the proxy offers by itself is one of versions before 1.2',
    ],
    [
      { mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['RC4-SHA'] },
      'ignored',
      '.cipherSuites[0]',
      '"RC4-SHA" is no suite that the proxy has',
    ],
    [
      { mode: 'SIMPLE', credentialName: 'a', cipherSuites: ['AES128-SHA', 'AES128-SHA'] },
      'ignored',
      '.cipherSuites[1]',
      '"AES128-SHA" is listed twice',
    ],
  ]),
  ...at('spec.', external, [
    [{ hosts: ['https://a.example.com'] }, 'hosts', 'hosts[0]', '"https://a.example.com" is no host name'],
    [
      { hosts: ['*.example.com'] },
      'service-entry',
      'hosts[0]',
      '"*.example.com" is no name that DNS could be asked for',
    ],
    [
      { resolution: 'DYNAMIC_DNS', ports: [HTTP] },
      'service-entry',
      'hosts[0]',
      'DYNAMIC_DNS is for hosts with "*", not for "api.example.com"',
    ],
    [
      { hosts: ['*a.example.com'], resolution: 'NONE' },
      'ignored',
      'hosts[0]',
      '"*a.example.com" has "*" within a name',
    ],
    [
      { hosts: ['*.a.com'], resolution: 'DYNAMIC_DNS' },
      'service-entry',
      'ports[0].protocol',
      'DYNAMIC_DNS reads the host from the request, as HTTP and TLS have it',
    ],
    [
      { hosts: ['*.a.com'], resolution: 'DYNAMIC_DNS', ports: [HTTP], addresses: ['10.0.0.1'] },
      'service-entry',
      'addresses',
      'DYNAMIC_DNS finds the address when a request comes, and takes no addresses',
    ],
    [
      { addresses: ['db.example.com'] },
      'service-entry',
      'addresses[0]',
      '"db.example.com" is neither an address nor a range of them',
    ],
    [
      { hosts: ['a.com', 'b.com'], ports: [{ number: 6379, name: 'redis', protocol: 'REDIS' }] },
      'service-entry',
      'ports[0].protocol',
      'only HTTP and TLS say which of the hosts is meant',
    ],
    [
      { hosts: ['a.com', 'b.com'], addresses: ['240.240.0.1'] },
      'ignored',
      'addresses',
      'an address is for one host, and there are more',
    ],
    [
      { resolution: 'NONE', ports: [{ number: 5432, name: 'db', protocol: 'TCP' }] },
      'ignored',
      'ports[0]',
      'without an address every request to this port, of whatever host, is one for this entry',
    ],
    [
      { resolution: 'NONE', workloadSelector: { labels: { app: 'gpu' } } },
      'ignored',
      'workloadSelector',
      'with resolution NONE a request goes to the address that the caller asked for',
    ],
    [
      { resolution: 'STATIC', workloadSelector: {} },
      'ignored',
      'workloadSelector.labels',
      'a selector without labels is for all workloads of the namespace',
    ],
    [
      { resolution: 'STATIC', workloadSelector: { labels: { 'a b': 'c' } } },
      'selector',
      'workloadSelector.labels',
      '"a b" is no name of a label',
    ],
    [{ ports: [{ ...HTTPS, name: 'my_port' }] }, 'port', 'ports[0].name', '"my_port" is no name of a port'],
    [{ ports: [{ ...HTTPS, protocol: 'WSS' }] }, 'port', 'ports[0].protocol', '"WSS" is no protocol that Istio knows'],
    [{ exportTo: ['~', 'bank'] }, 'export-to', 'exportTo[0]', '"~" stands beside other namespaces'],
  ]),
  [
    external(
      { hosts: ['*.a.com'], resolution: 'DYNAMIC_DNS', ports: [HTTP], location: 'MESH_INTERNAL' },
      { labels: { 'istio.io/use-waypoint': 'waypoint' } },
    ),
    'istio/service-entry spec.location: with DYNAMIC_DNS nothing of the mesh is behind a waypoint',
  ],
  ...at('spec.endpoints[0]', (fields) => endpoint('STATIC', fields), [
    [{ address: 'minio.example.com' }, 'service-entry', '.address', '"minio.example.com" is no address'],
    [{ address: '' }, 'service-entry', '.address', 'the endpoint has no address'],
    [{ address: '10.0.0.1', ports: { grpc: 1 } }, 'service-entry', '.ports', '"grpc" is no port of the entry'],
    [{ address: '10.0.0.1', labels: { app: 'a b' } }, 'service-entry', '.labels.app', '"a b" is no value of a label'],
  ]),
  [
    external({ resolution: 'STATIC', ports: [HTTP, HTTPS], endpoints: [{ address: 'unix:///a' }] }),
    'istio/service-entry spec.endpoints[0].address: a socket is for one port, and the entry has 2',
  ],
  [
    endpoint('DNS', { address: '*.example.com' }),
    'istio/service-entry spec.endpoints[0].address: "*.example.com" is no address',
  ],
  [sidecar({ workloadSelector: { labels: { app: 'a' } } }), 'istio/sidecar spec: the Sidecar says nothing'],
  [egress(), 'istio/sidecar spec.egress[0].hosts: the listener has no hosts'],
  [egress('api.example.com'), 'istio/hosts spec.egress[0].hosts[0]: "api.example.com" says no namespace'],
  [egress('./10.0.0.1'), 'istio/hosts spec.egress[0].hosts[0]: "./10.0.0.1" is no host name'],
  [egress('./*', 'ml/a.ml.svc.cluster.local'), 'istio/ignored spec.egress[0].hosts[1]: "ml/*" has these hosts'],
  [egress('./*', '*/*'), 'istio/ignored spec.egress[0].hosts[1]: "ml/*" has these hosts'],
  [
    sidecar({ egress: [{ hosts: ['./*'] }, { port: HTTP, hosts: ['bank/*'] }] }),
    'istio/sidecar spec.egress[0].port: a listener for all ports stands before others',
  ],
  [
    sidecar({
      egress: [
        { port: HTTP, hosts: ['./*'] },
        { port: HTTP, hosts: ['bank/*'] },
      ],
    }),
    'istio/sidecar spec.egress[1].port: another listener has 80 already',
  ],
  [
    sidecar({ egress: [{ port: {}, bind: 'unix:///a', captureMode: 'IPTABLES', hosts: ['./*'] }] }),
    'istio/sidecar spec.egress[0].captureMode: nothing is captured that goes to a socket',
  ],
  ...at('spec.ingress[0]', ingress, [
    [{ defaultEndpoint: 'localhost:8080' }, 'sidecar', '.defaultEndpoint', '"localhost:8080" is nowhere in the pod'],
    [{ defaultEndpoint: 'unix://a' }, 'sidecar', '.defaultEndpoint', '"unix://a" is no path to a file'],
    [{ bind: 'unix:///a' }, 'port', '.bind', '"unix:///a" is no address to listen at'],
    [{ port: { ...HTTP, name: 'my_port' } }, 'port', '.port.name', '"my_port" is no name of a port'],
    [{ tls: { mode: 'PASSTHROUGH' } }, 'sidecar', '.tls', 'the port speaks HTTP, which has no TLS'],
    [
      { port: HTTPS, tls: { mode: 'SIMPLE', credentialName: 'a' } },
      'sidecar',
      '.tls.credentialName',
      'a sidecar has no credentialName',
    ],
    [{ port: HTTPS, tls: { mode: 'ISTIO_MUTUAL' } }, 'sidecar', '.tls.mode', 'a sidecar has no mode ISTIO_MUTUAL'],
    [{ connectionPool: {} }, 'traffic-policy', '.connectionPool', 'the pool limits neither http nor tcp'],
    [
      { port: HTTPS, connectionPool: { http: {} } },
      'ignored',
      '.connectionPool.http',
      'limits of HTTP are for ports that speak it',
    ],
  ]),
  ...at(
    'spec.outboundTrafficPolicy.egressProxy',
    (fields) =>
      sidecar({
        outboundTrafficPolicy: {
          mode: 'ALLOW_ANY',
          egressProxy: { host: 'egress.example.com', port: { number: 443 } },
          ...fields,
        },
      }),
    [
      [{ mode: 'REGISTRY_ONLY' }, 'sidecar', '', 'a proxy for what nobody knows stands beside REGISTRY_ONLY'],
      [{ egressProxy: { host: 'egress.example.com' } }, 'sidecar', '.port', 'the proxy has no port'],
      [
        { egressProxy: { host: '*.example.com', port: { number: 443 } } },
        'sidecar',
        '.host',
        '"*.example.com" is not one host',
      ],
    ],
  ),
  [
    requestAuthentication({ jwtRules: [{ audiences: ['fraud'] }] }),
    'istio/request-authentication spec.jwtRules[0]: the rule says neither who issues tokens nor where their keys are',
  ],
  [
    token({ timeout: '1.0005s' }),
    'istio/duration spec.jwtRules[0].timeout: "1.0005s" is no whole number of milliseconds',
  ],
  ...at('spec.jwtRules[0].jwks', (keys) => token({ jwks: JSON.stringify(keys) }), [
    [[], 'request-authentication', '', 'the key set is no object'],
    [{ keys: {} }, 'request-authentication', '', 'the key set has no list of keys'],
    [{ keys: [{ kty: 'EC' }] }, 'request-authentication', '', 'the key set has a key that is none'],
    [
      { keys: [{ ...PUBLIC_KEY, d: 'ZA' }] },
      'request-authentication',
      '',
      'the key set holds a private key, which everybody who reads Git would know',
    ],
  ]),
  [token({ jwks: 'https://idp' }), 'istio/request-authentication spec.jwtRules[0].jwks: the key set is no JSON'],
  [
    requestAuthentication({ targetRef: { kind: 'Deployment', name: 'fraud', group: 'apps' } }),
    'istio/selector spec.targetRefs: a policy is not for a Deployment of apps',
  ],
  [
    telemetry({ selector: { matchLabels: { a: 'b' } }, targetRef: { kind: 'Service', name: 'fraud' } }),
    'istio/selector spec.selector: selector and targetRefs stand side by side',
  ],
  [
    peerAuthentication({ selector: {} }),
    'istio/ignored spec.selector.matchLabels: a selector without labels is for all workloads of the namespace',
  ],
  [
    filter('response.code >'),
    'istio/telemetry spec.accessLogging[0].filter.expression: "response.code >" is no expression of CEL',
  ],
  [tag({}), 'istio/telemetry spec.metrics[0].overrides[0].tagOverrides.model: the tag gets no value'],
  [
    telemetry({ metrics: [{ overrides: [{ tagOverrides: { '': { value: 'a' } } }] }] }),
    'istio/ignored spec.metrics[0].overrides[0].tagOverrides: a tag has no name',
  ],
  [
    telemetry({ tracing: [{ customTags: { '': {} } }] }),
    'istio/telemetry spec.tracing[0].customTags: a tag has no name',
  ],
  [
    telemetry({ tracing: [{ providers: [{ name: 'a' }, { name: 'b' }] }] }),
    'istio/ignored spec.tracing[0].providers: Istio traces with one provider',
  ],
  [telemetry({ tracing: [{}, {}] }), 'istio/ignored spec.tracing: Istio traces in one way, and several are written'],
  ...at('spec.configPatches[0]', patch, [
    [{ applyTo: undefined }, 'envoy-filter', '.applyTo', 'nothing says what is patched'],
    [{ patch: {} }, 'envoy-filter', '.patch.operation', 'nothing says how it is patched'],
    [{ patch: { operation: 'MERGE' } }, 'envoy-filter', '.patch.value', 'MERGE has nothing to patch with'],
    [
      { match: { proxy: { proxyVersion: '(?=1)' } } },
      'envoy-filter',
      '.match.proxy.proxyVersion',
      'the pattern looks ahead or behind, which RE2 does not',
    ],
  ]),
  ...at('spec.configPatches[0].match', (match) => matched(match), [
    [{ cluster: {} }, 'envoy-filter', '.cluster', 'HTTP_FILTER is not matched by cluster'],
    [chain({}), 'envoy-filter', '.listener.filterChain.filter.name', 'the filter has no name'],
    [
      chain({ name: 'tcp', subFilter: { name: 'a' } }),
      'envoy-filter',
      '.listener.filterChain.filter.subFilter',
      'only the filter for HTTP has filters of its own',
    ],
    [
      chain({ name: CONNECTION_MANAGER, subFilter: {} }),
      'envoy-filter',
      '.listener.filterChain.filter.subFilter.name',
      'the filter has no name',
    ],
  ]),
  [
    matched(chain({ name: 'a' }), 'LISTENER'),
    'istio/ignored spec.configPatches[0].match.listener.filterChain.filter: LISTENER is not matched by filters',
  ],
];
