import { describe, expect, test } from 'vitest';
import { securityWords } from '../../../src/review/words/security.ts';
import { DEV, edited, inWords, shapesOf, unexplained, unitOfScenario, PROD } from './support.ts';
import { readFile } from '../../../src/review/documents.ts';
import { createMask } from '../../../src/review/mask.ts';

const words = (before: string, after: string, more: object = {}): string[] =>
  inWords(securityWords, before, after, more);
const named = (kind: string, spec: string): string =>
  `---\n${kind}\nmetadata: { name: fraud-detector, namespace: risk-ml-prod }\n${spec}\n`;

const peer = (spec: string): string =>
  named('apiVersion: security.istio.io/v1\nkind: PeerAuthentication', `spec: ${spec}`);
const policy = (spec: string): string =>
  named('apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy', `spec: ${spec}`);
const network = (spec: string): string =>
  named('apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy', `spec: ${spec}`);
const role = (rules: string): string =>
  named('apiVersion: rbac.authorization.k8s.io/v1\nkind: Role', `rules: ${rules}`);
const binding = (fields: string): string =>
  named('apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding', fields);
const pod = (spec: string): string =>
  named('apiVersion: apps/v1\nkind: Deployment', `spec: { template: { spec: ${spec} } }`);

test('a condition on what a request must not have is said as one', () => {
  const rule = (field: string): string =>
    policy(`{ action: ALLOW, rules: [{ when: [{ key: "request.headers[x-team]", ${field}: [a, b] }] }] }`);
  expect(words('', rule('values'))[0]).toContain('it allows requests when request.headers[x-team] is a and b');
  expect(words('', rule('notValues'))[0]).toContain('it allows requests when request.headers[x-team] is not a and b');
});

describe('mTLS', () => {
  test('is loosened', () => {
    expect(words(peer('{ mtls: { mode: STRICT } }'), peer('{ mtls: { mode: PERMISSIVE } }'))).toEqual([
      'PeerAuthentication fraud-detector: mTLS is PERMISSIVE (was STRICT) [high risk/mtls]',
    ]);
  });

  test('is loosened in an environment that is not production', () => {
    expect(words(peer('{ mtls: { mode: STRICT } }'), peer('{ mtls: { mode: DISABLE } }'), { stage: DEV })).toEqual([
      'PeerAuthentication fraud-detector: mTLS is DISABLE (was STRICT) [medium risk/mtls]',
    ]);
  });

  test('is tightened', () => {
    expect(words(peer('{ mtls: { mode: PERMISSIVE } }'), peer('{ mtls: { mode: STRICT } }'))).toEqual([
      'PeerAuthentication fraud-detector: mTLS is STRICT (was PERMISSIVE)',
    ]);
  });

  test('is switched off for one port', () => {
    const strict = peer('{ selector: { matchLabels: { app: x } }, mtls: { mode: STRICT } }');
    expect(words(strict, edited(strict, ['mtls: {', 'portLevelMtls: { 8080: { mode: DISABLE } }, mtls: {']))).toEqual([
      'PeerAuthentication fraud-detector: mTLS of port 8080 is DISABLE (was STRICT) [high risk/mtls]',
    ]);
  });

  test('is no longer demanded', () => {
    expect(words(peer('{ mtls: { mode: STRICT } }'), '')).toEqual([
      'PeerAuthentication fraud-detector removed, which demanded mTLS [high risk/mtls]',
    ]);
  });

  test('is demanded of other workloads only', () => {
    const strict = peer('{ selector: { matchLabels: { app: x } }, mtls: { mode: STRICT } }');
    expect(words(strict, edited(strict, ['app: x', 'app: z']))).toEqual([
      'PeerAuthentication fraud-detector holds for other workloads: spec.selector.matchLabels.app is z (was x) [high risk/mtls]',
    ]);
  });

  test('is not used by callers any more', () => {
    const rule = (policy: string): string =>
      named('apiVersion: networking.istio.io/v1\nkind: DestinationRule', `spec: { host: fraud-detector, ${policy} }`);
    expect(
      words(rule('trafficPolicy: { tls: { mode: ISTIO_MUTUAL } }'), rule('trafficPolicy: { tls: { mode: DISABLE } }')),
    ).toEqual(['DestinationRule fraud-detector: TLS to fraud-detector is DISABLE (was ISTIO_MUTUAL) [high risk/mtls]']);
    expect(words('', rule('trafficPolicy: { tls: { mode: DISABLE } }'))).toEqual([
      'DestinationRule fraud-detector: TLS to fraud-detector is DISABLE (was none) [high risk/mtls]',
    ]);
    expect(words('', rule('trafficPolicy: { outlierDetection: {} }'))).toEqual([]);
  });

  test('ends with the labels of a namespace', () => {
    const namespace = (labels: string): string =>
      `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { ${labels} } }\n`;
    expect(
      words(
        namespace('istio-injection: enabled, pod-security.kubernetes.io/enforce: restricted'),
        namespace('team: shop'),
      ),
    ).toEqual([
      'Namespace shop: pod security is none (was restricted) [high risk/privilege]',
      'Namespace shop leaves the mesh: istio-injection is none (was enabled) [high risk/mtls]',
    ]);
  });
});

describe('authorisation', () => {
  const allow =
    '{ action: ALLOW, rules: [{ from: [{ source: { principals: [a] } }], to: [{ operation: { paths: [/v1/*] } }] }] }';
  const deny =
    '{ action: DENY, rules: [{ from: [{ source: { namespaces: [web] } }] }, { to: [{ operation: { paths: [/admin] } }] }] }';

  test('allows another caller', () => {
    expect(words(policy(allow), policy(edited(allow, ['[a]', '[a, b]'])))).toEqual([
      'AuthorizationPolicy fraud-detector allows more requests: from principals a and b and to paths /v1/* [high risk/authorization]',
    ]);
  });

  test('drops a condition', () => {
    expect(
      words(policy(allow), policy('{ action: ALLOW, rules: [{ to: [{ operation: { paths: [/v1/*] } }] }] }')),
    ).toEqual(['AuthorizationPolicy fraud-detector allows more requests: to paths /v1/* [high risk/authorization]']);
  });

  test('allows less', () => {
    expect(words(policy(allow), policy(edited(allow, ['/v1/*', '/v1/predict'])))).toEqual([
      'AuthorizationPolicy fraud-detector allows less: from principals a and to paths /v1/*',
    ]);
  });

  test('is written otherwise', () => {
    const two =
      '{ action: ALLOW, rules: [{ from: [{ source: { principals: [a] } }, { source: { principals: [b] } }] }] }';
    const split =
      '{ action: ALLOW, rules: [{ from: [{ source: { principals: [a] } }] }, { from: [{ source: { principals: [b] } }] }] }';
    expect(words(policy(two), policy(split))).toEqual([
      'rules of AuthorizationPolicy fraud-detector are written otherwise',
    ]);
  });

  test('denies less', () => {
    expect(
      words(policy(deny), policy('{ action: DENY, rules: [{ to: [{ operation: { paths: [/admin] } }] }] }')),
    ).toEqual([
      'AuthorizationPolicy fraud-detector no longer denies requests from namespaces web [high risk/authorization]',
    ]);
  });

  test('allows what it denied', () => {
    expect(words(policy(deny), policy(edited(deny, ['DENY', 'ALLOW'])))).toEqual([
      'AuthorizationPolicy fraud-detector: action is ALLOW (was DENY) [high risk/authorization]',
    ]);
  });

  test('goes, comes, and is only tried out', () => {
    expect(words(policy(deny), '')).toEqual([
      'AuthorizationPolicy fraud-detector removed (DENY) [high risk/authorization]',
    ]);
    expect(words('', policy('{}'))).toEqual(['AuthorizationPolicy fraud-detector added (ALLOW nothing)']);
    expect(words('', policy('{ rules: [{}] }'))).toEqual([
      'AuthorizationPolicy fraud-detector added: it allows requests from anybody [high risk/authorization]',
    ]);
    expect(
      words(
        policy(deny),
        edited(policy(deny), [
          'namespace: risk-ml-prod }',
          'namespace: risk-ml-prod, annotations: { istio.io/dry-run: "true" } }',
        ]),
      ),
    ).toEqual(['AuthorizationPolicy fraud-detector is only tried out (istio.io/dry-run) [high risk/authorization]']);
  });

  test('tokens of somebody else are accepted', () => {
    const tokens = (issuer: string): string =>
      named(
        'apiVersion: security.istio.io/v1\nkind: RequestAuthentication',
        `spec: { jwtRules: [{ issuer: ${issuer} }] }`,
      );
    expect(words(tokens('https://a.example.com'), tokens('https://b.example.com'))).toEqual([
      'RequestAuthentication fraud-detector accepts tokens of https://b.example.com (was https://a.example.com) [high risk/authorization]',
    ]);
    expect(words(tokens('https://a.example.com'), '')).toEqual([
      'RequestAuthentication fraud-detector removed: tokens are no longer checked by it [high risk/authorization]',
    ]);
    const audience = '{ issuer: https://a.example.com, audiences: [fraud] }';
    const before = named(
      'apiVersion: security.istio.io/v1\nkind: RequestAuthentication',
      `spec: { jwtRules: [${audience}] }`,
    );
    expect(words(before, tokens('https://a.example.com'))).toEqual([
      'RequestAuthentication fraud-detector takes tokens of https://a.example.com for any audience [high risk/authorization]',
    ]);
    expect(words(before, edited(before, ['audiences: [fraud]', 'audiences: [scores]']))).toEqual([
      'RequestAuthentication fraud-detector checks tokens otherwise: spec.jwtRules[0].audiences[0] is scores (was fraud) [high risk/authorization]',
    ]);
  });
});

describe('network policies', () => {
  const closed =
    '{ podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 8080 }] }] }';

  test('one lets more in', () => {
    expect(words(network(closed), network(edited(closed, ['from: [', 'from: [{ namespaceSelector: {} }, '])))).toEqual([
      'NetworkPolicy fraud-detector lets more in: from all namespaces on port 8080 [high risk/network]',
    ]);
    expect(words(network(closed), network(edited(closed, [', ports: [{ port: 8080 }]', ''])))).toEqual([
      'NetworkPolicy fraud-detector lets more in: from pods app=web [high risk/network]',
    ]);
  });

  test('one lets the probes of an ambient mesh in, which come from no other node', () => {
    const probes = 'from: [{ ipBlock: { cidr: 169.254.7.127/32 } }, ';
    expect(words(network(closed), network(edited(closed, ['from: [', probes])))).toEqual([
      'NetworkPolicy fraud-detector lets probes of an ambient mesh in',
    ]);
  });

  test('one lets less in', () => {
    expect(words(network(closed), network(edited(closed, ['app: web', 'app: web, tier: front'])))).toEqual([
      'NetworkPolicy fraud-detector lets less in: no longer all from pods app=web on port 8080',
    ]);
  });

  test('one no longer restricts a direction', () => {
    expect(words(network(closed), network(edited(closed, ['[Ingress, Egress]', '[Ingress]'])))).toEqual([
      'NetworkPolicy fraud-detector no longer restricts egress [high risk/network]',
    ]);
  });

  test('one goes, and one comes that lets everything in', () => {
    expect(words(network(closed), '')).toEqual(['NetworkPolicy fraud-detector removed [high risk/network]']);
    expect(words('', network(closed))).toEqual(['NetworkPolicy fraud-detector added']);
    expect(words('', network('{ podSelector: {}, ingress: [{}] }'))).toEqual([
      'NetworkPolicy fraud-detector added: it lets everything in [high risk/network]',
    ]);
  });

  test('one holds for other pods', () => {
    expect(
      words(
        network(closed),
        network(edited(closed, ['podSelector: {},', 'podSelector: { matchLabels: { app: x } },'])),
      ),
    ).toEqual([
      'NetworkPolicy fraud-detector holds for other pods: spec.podSelector.matchLabels added [high risk/network]',
    ]);
  });
});

describe('roles', () => {
  const some = '[{ apiGroups: [""], resources: [configmaps], verbs: [get, list] }]';

  test('one allows more', () => {
    expect(words(role(some), role(edited(some, ['[configmaps]', '[configmaps, secrets]'])))).toEqual([
      'Role fraud-detector allows more: get on secrets and list on secrets [high risk/privilege]',
    ]);
    expect(words(role(some), role('[{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }]'), { stage: DEV })).toEqual([
      'Role fraud-detector allows more: everything on everything [high risk/privilege]',
    ]);
  });

  test('one allows less, or the same in other words', () => {
    expect(words(role(some), role(edited(some, ['[get, list]', '[get]'])))).toEqual([
      'Role fraud-detector allows less: no longer all of list on configmaps',
    ]);
    const split =
      '[{ apiGroups: [""], resources: [configmaps], verbs: [get] }, { apiGroups: [""], resources: [configmaps], verbs: [list] }]';
    expect(words(role(some), role(split))).toEqual(['rules of Role fraud-detector are written otherwise']);
  });

  test('one is given to somebody', () => {
    const bound = (subjects: string): string =>
      binding(`roleRef: { kind: ClusterRole, name: view }\nsubjects: [${subjects}]`);
    const account = '{ kind: ServiceAccount, name: api, namespace: shop }';
    expect(words('', bound(account))).toEqual([
      'RoleBinding fraud-detector gives ClusterRole view to ServiceAccount shop/api [high risk/privilege]',
    ]);
    expect(words(bound(account), bound(`${account}, { kind: Group, name: everybody }`))).toEqual([
      'RoleBinding fraud-detector gives ClusterRole view to Group everybody too [high risk/privilege]',
    ]);
    expect(words(bound(account), edited(bound(account), ['name: view', 'name: admin']))).toEqual([
      'RoleBinding fraud-detector gives ClusterRole admin to ServiceAccount shop/api (was ClusterRole view) [high risk/privilege]',
    ]);
    expect(words(bound(account), '')).toEqual([
      'RoleBinding fraud-detector removed: ServiceAccount shop/api lost ClusterRole view [medium risk/delete]',
    ]);
  });
});

describe('containers', () => {
  const guarded =
    '{ containers: [{ name: api, securityContext: { allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: [ALL] } } }] }';

  test('one gains rights on its node', () => {
    expect(
      words(
        pod(guarded),
        pod(
          edited(
            guarded,
            ['drop: [ALL]', 'drop: [ALL], add: [SYS_ADMIN]'],
            ['securityContext: {', 'securityContext: { privileged: true,'],
          ),
        ),
      ),
    ).toEqual([
      'container api of Deployment fraud-detector is privileged [high risk/privilege]',
      'container api of Deployment fraud-detector has the capability SYS_ADMIN [high risk/privilege]',
    ]);
  });

  test('one loses its guards', () => {
    expect(words(pod(guarded), pod('{ containers: [{ name: api }] }'))).toEqual([
      'container api of Deployment fraud-detector may run as root [high risk/privilege]',
      'container api of Deployment fraud-detector may gain more rights than it started with [high risk/privilege]',
      'container api of Deployment fraud-detector keeps the capability ALL [high risk/privilege]',
    ]);
  });

  test('a pod comes nearer to its node', () => {
    expect(
      words(
        pod('{ containers: [] }'),
        pod('{ containers: [], hostNetwork: true, volumes: [{ name: root, hostPath: { path: / } }] }'),
      ),
    ).toEqual([
      'the pod of Deployment fraud-detector uses the network of the node [high risk/privilege]',
      'the pod of Deployment fraud-detector mounts / of the node [high risk/privilege]',
    ]);
  });

  test('what is tightened is left to other words', () => {
    const before = pod('{ containers: [{ name: api, securityContext: { privileged: true } }] }');
    const unit = unitOfScenario(before, pod(guarded));
    expect(securityWords(unit, PROD)).toEqual([]);
    expect(unexplained(unit, [])).toContain('spec.template.spec.containers[api].securityContext.privileged');
  });

  test('a release has what the one before it had', () => {
    const release = (name: string): string =>
      `---\napiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: { name: fraud-${name}, labels: { x: ${name} } }\nspec: { predictor: { model: { securityContext: { privileged: true } } } }\n`;
    expect(words('', release('v1'))).toEqual([
      'container model of InferenceService fraud-v1 is privileged [high risk/privilege]',
    ]);
    expect(words(release('v1'), edited(release('v1'), ['x: v1', 'x: v0']) + release('v2'))).toEqual([]);
  });
});

describe('identities', () => {
  const account = (fields: string, annotations = ''): string =>
    `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: fraud-detector, namespace: risk-ml-prod, annotations: { ${annotations} } }\n${fields}\n`;

  test('a ServiceAccount acts as another role', () => {
    const arn = (name: string): string => account('', `eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/${name}"`);
    expect(words(arn('a'), arn('b'))).toEqual([
      'ServiceAccount fraud-detector acts as arn:aws:iam::1:role/b (was arn:aws:iam::1:role/a) [medium risk/identity]',
    ]);
    expect(words(arn('a'), account(''))).toEqual([
      'ServiceAccount fraud-detector no longer acts as arn:aws:iam::1:role/a [medium risk/identity]',
    ]);
  });

  test('a ServiceAccount hands out its token', () => {
    expect(
      words(account('automountServiceAccountToken: false'), account('automountServiceAccountToken: true')),
    ).toEqual(['pods of ServiceAccount fraud-detector get its token [high risk/privilege]']);
  });
});

describe('a whole service', () => {
  const all =
    peer('{ mtls: { mode: STRICT } }') +
    network('{ podSelector: {}, policyTypes: [Ingress] }') +
    pod('{ containers: [], hostNetwork: true }');

  test('comes: only what may do harm is said beside it', () => {
    expect(words('', all, { descriptor: { after: { stage: 'prod' } } })).toEqual([
      'the pod of Deployment risk-ml-prod/fraud-detector uses the network of the node [high risk/privilege]',
    ]);
  });

  test('goes: nothing is said beside it', () => {
    expect(words(all, '', { descriptor: { before: { stage: 'prod' } } })).toEqual([]);
  });
});

test('whatever a field holds, nothing throws', () => {
  const all = [
    peer('{ mtls: { mode: STRICT }, portLevelMtls: { 1: { mode: STRICT } } }'),
    policy(
      '{ action: DENY, rules: [{ from: [{ source: { principals: [a] } }], to: [{ operation: { paths: [a] } }], when: [{ key: a, values: [b] }] }] }',
    ),
    network(
      '{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [{ ipBlock: { cidr: a, except: [b] } }, { podSelector: { matchLabels: { a: b } } }], ports: [{ port: 1 }] }] }',
    ),
    role('[{ apiGroups: [a], resources: [b], verbs: [c], resourceNames: [d] }]'),
    binding('roleRef: { kind: Role, name: a }\nsubjects: [{ kind: User, name: a }]'),
    pod(
      '{ volumes: [{ hostPath: { path: a } }], containers: [{ name: a, securityContext: { capabilities: { add: [a], drop: [b] }, seccompProfile: { type: x } } }] }',
    ),
  ];
  const mask = createMask();
  for (const text of all) {
    const object = readFile('a.yaml', text, mask).objects[0]!;
    for (const shape of shapesOf(object)) {
      const odd = JSON.stringify(shape);
      expect(() => words(text, odd)).not.toThrow();
      expect(() => words(odd, text)).not.toThrow();
    }
  }
});
