import { describe, expect, test } from 'vitest';
import { createChecker, OBJECT_RULES } from '../../src/check/checker.ts';
import { checkKubernetes, KUBERNETES_RULES } from '../../src/check/kubernetes.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { targetOf } from '../support/target.ts';

type Fields = Readonly<Record<string, unknown>>;

const CLUSTER = { kubernetes: '1.33' };
const API_VERSIONS: Readonly<Record<string, string>> = {
  ConfigMap: 'v1',
  LimitRange: 'v1',
  PersistentVolumeClaim: 'v1',
  Pod: 'v1',
  ResourceQuota: 'v1',
  Secret: 'v1',
  Service: 'v1',
  DaemonSet: 'apps/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
  CronJob: 'batch/v1',
  Job: 'batch/v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
};

function object(kind: string, fields: Fields, name = 'a'): KubeObject {
  const namespace = kind.startsWith('Cluster') ? undefined : 'ml';
  return { apiVersion: API_VERSIONS[kind] ?? '', kind, metadata: { name, ...(namespace && { namespace }) }, ...fields };
}

const seen = new Set<string>();

function check(one: KubeObject): string[] {
  return checkKubernetes(one, CLUSTER).map(({ id, where }) => {
    seen.add(id);
    return `${id} ${where.field ?? ''}`;
  });
}

const LABELS = { app: 'api' };
const POD = { containers: [{ name: 'c', image: 'a/b:1' }] };
const ENDING = { ...POD, restartPolicy: 'Never' };
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const workload = (spec: Fields): Fields => ({
  spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: POD }, ...spec },
});
const deployment = (spec: Fields): KubeObject => object('Deployment', workload(spec));
const job = (spec: Fields, name?: string): KubeObject =>
  object('Job', { spec: { template: { spec: ENDING }, ...spec } }, name);
const cronJob = (spec: Fields, name?: string): KubeObject =>
  object(
    'CronJob',
    { spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: ENDING } } }, ...spec } },
    name,
  );
const service = (spec: Fields): KubeObject => object('Service', { spec: { ports: [{ port: 80 }], ...spec } });
const target = { scaleTargetRef: { kind: 'Deployment', name: 'api' }, maxReplicas: 3 };
const autoscaler = (spec: Fields): KubeObject => object('HorizontalPodAutoscaler', { spec: { ...target, ...spec } });
const metric = (fields: Fields): KubeObject => autoscaler({ metrics: [fields] });
const backend = { service: { name: 'api', port: { number: 80 } } };
const ingress = (spec: Fields): KubeObject => object('Ingress', { spec: { defaultBackend: backend, ...spec } });
const path = (fields: Fields): KubeObject =>
  ingress({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...fields }] } }] });
const policy = (spec: Fields): KubeObject => object('NetworkPolicy', { spec: { podSelector: {}, ...spec } });
const peer = (fields: Fields): KubeObject => policy({ egress: [{ to: [fields] }] });
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };

describe('what the API server takes passes:', () => {
  test.each<[string, KubeObject]>([
    [
      'a Deployment with labels beyond its selector',
      deployment({ template: { metadata: { labels: { ...LABELS, x: 'y' } }, spec: POD } }),
    ],
    [
      'a Deployment that adds before it removes',
      deployment({ strategy: { rollingUpdate: { maxSurge: '150%', maxUnavailable: 0 } } }),
    ],
    ['a Deployment that starts anew', deployment({ replicas: 0, strategy: { type: 'Recreate' } })],
    [
      'a Deployment that selects by expressions',
      deployment({
        selector: {
          matchExpressions: [
            { key: 'app', operator: 'In', values: ['api', 'web'] },
            { key: 'app', operator: 'Exists' },
            { key: 'canary', operator: 'DoesNotExist' },
            { key: 'canary', operator: 'NotIn', values: ['yes'] },
          ],
        },
      }),
    ],
    [
      'a StatefulSet that mounts its claims',
      object(
        'StatefulSet',
        workload({
          serviceName: 'api',
          volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: CLAIM }],
          template: {
            metadata: { labels: LABELS },
            spec: { containers: [{ ...POD.containers[0], volumeMounts: [{ name: 'data', mountPath: '/d' }] }] },
          },
        }),
      ),
    ],
    [
      'a DaemonSet that adds before it removes',
      object('DaemonSet', workload({ updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } })),
    ],
    ['a Job by index', job({ completionMode: 'Indexed', completions: 3, parallelism: 2, backoffLimitPerIndex: 1 })],
    ['a Job of one index, which is the default', job({ completionMode: 'Indexed' })],
    [
      'a Job with a selector of its own',
      job({
        manualSelector: true,
        selector: { matchLabels: LABELS },
        template: { metadata: { labels: LABELS }, spec: ENDING },
      }),
    ],
    ['a Service without an address', object('Service', { spec: { clusterIP: 'None' } })],
    ['a Service for a name', object('Service', { spec: { type: 'ExternalName', externalName: 'api.example.com.' } })],
    [
      'a Service with one port by two protocols',
      service({
        ports: [
          { name: 'dns', port: 53 },
          { name: 'dns-udp', port: 53, protocol: 'UDP' },
        ],
      }),
    ],
    [
      'a Service for the outside',
      service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerSourceRanges: [' 10.0.0.0/8'] }),
    ],
    [
      'a ConfigMap with the name of a file',
      object('ConfigMap', { data: { '.env_prod-1.json': '' }, binaryData: { model: '' } }),
    ],
    [
      'a Secret for TLS',
      object('Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' }, stringData: { 'tls.key': '' } }),
    ],
    ['a Secret of a type of its own', object('Secret', { type: 'constructor' })],
    ['an autoscaler by default', autoscaler({})],
    [
      'an autoscaler with every metric',
      autoscaler({
        minReplicas: 3,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
          { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '500m' } } },
          { type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: 5 } } },
        ],
        behavior: { scaleUp: { stabilizationWindowSeconds: 0 }, scaleDown: { selectPolicy: 'Disabled' } },
      }),
    ],
    ['a budget in per cent', object('PodDisruptionBudget', { spec: { minAvailable: '100%' } })],
    [
      'an Ingress with a wildcard',
      ingress({ rules: [{ host: '*.example.com' }], tls: [{ hosts: ['*.example.com'] }] }),
    ],
    [
      'an Ingress that leaves the path to its controller',
      path({ pathType: 'ImplementationSpecific', path: undefined }),
    ],
    ['a policy for all', policy({ ingress: [{}], policyTypes: ['Ingress', 'Egress'] })],
    [
      'a policy with a range of ports and addresses',
      policy({
        egress: [
          {
            to: [
              { ipBlock: { cidr: '2001:db8::/32', except: ['2001:db8:1::/48'] } },
              { podSelector: {}, namespaceSelector: {} },
            ],
            ports: [{ port: 3000, endPort: 4000 }, { port: 'http' }, { protocol: 'UDP' }],
          },
        ],
      }),
    ],
    ['a ClusterRole for paths', object('ClusterRole', { rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] })],
    ['a binding of a user', object('RoleBinding', { roleRef, subjects: [{ kind: 'User', name: 'a@example.com' }] })],
    [
      'a quota',
      object('ResourceQuota', {
        spec: {
          hard: { 'requests.cpu': '1500m', 'requests.nvidia.com/gpu': 4, pods: 10, 'count/deployments.apps': 3 },
          scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
        },
      }),
    ],
    [
      'bounds',
      object('LimitRange', {
        spec: {
          limits: [
            {
              type: 'Container',
              min: { cpu: '10m' },
              defaultRequest: { cpu: '100m' },
              default: { cpu: 1 },
              max: { cpu: 1 },
            },
          ],
        },
      }),
    ],
    ['a claim', object('PersistentVolumeClaim', { spec: { ...CLAIM, storageClassName: '', volumeMode: 'Block' } })],
    ['a NetworkPolicy without a spec', object('NetworkPolicy', {})],
    ['a kind without rules', { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'a' } }],
  ])('%s', (_what, one) => {
    expect(check(one)).toEqual([]);
  });

  test.each(['*/5 0-6,12 * JAN-mar mon', '@daily', '@every 1h30m', '30 2 1-31/2 * ?', '5/10 * * * *', '0  0 * * 0'])(
    'the schedule %s',
    (schedule) => {
      expect(check(cronJob({ schedule, timeZone: 'America/Argentina/Buenos_Aires' }))).toEqual([]);
    },
  );
});

test('a finding says what does not fit, and what to write', () => {
  const web = deployment({
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: LABELS }, spec: { ...POD, restartPolicy: 'Never' } },
  });
  expect(checkKubernetes(web, CLUSTER).map(formatFinding).join('\n')).toBe(
    `error kubernetes/selector: Deployment ml/a: spec.selector
  the pods of the template are not selected: label "app" is "api" on them, not "web"
  fix: write the same labels in spec.selector and spec.template.metadata.labels
error kubernetes/value: Deployment ml/a: spec.template.spec.restartPolicy
  "Never" is not one of Always
  fix: write Always`,
  );
});

test.each<[string, KubeObject, string[]]>([
  ['a Deployment without a spec', object('Deployment', {}), ['kubernetes/spec spec']],
  ['a Deployment that selects everything', deployment({ selector: {} }), ['kubernetes/selector spec.selector']],
  [
    'a label that is none',
    deployment({ selector: { matchLabels: { app: 'no label' } } }),
    ['kubernetes/label spec.selector.matchLabels["app"]', 'kubernetes/selector spec.selector'],
  ],
  [
    'a label and an annotation that are none',
    deployment({
      template: { metadata: { labels: { ...LABELS, 'no label': 'x' }, annotations: { 'no key': 'x' } }, spec: POD },
    }),
    ['kubernetes/label spec.template.metadata.labels', 'kubernetes/label spec.template.metadata.annotations'],
  ],
  [
    'an operator that is none',
    deployment({
      selector: { matchLabels: LABELS, matchExpressions: [{ key: 'app', operator: 'Equals', values: ['api'] }] },
    }),
    ['kubernetes/value spec.selector.matchExpressions[0].operator', 'kubernetes/selector spec.selector'],
  ],
  ['a Deployment of less than nothing', deployment({ replicas: -1 }), ['kubernetes/range spec.replicas']],
  [
    'a rollout that takes longer than it may',
    deployment({ minReadySeconds: 600 }),
    ['kubernetes/rollout spec.progressDeadlineSeconds'],
  ],
  [
    'a rollout of a type that is none',
    deployment({ strategy: { type: 'BlueGreen' } }),
    ['kubernetes/value spec.strategy.type'],
  ],
  [
    'a rollout that can do nothing',
    deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
    ['kubernetes/rollout spec.strategy.rollingUpdate'],
  ],
  [
    'settings of another rollout',
    deployment({ strategy: { type: 'Recreate', rollingUpdate: {} } }),
    ['kubernetes/rollout spec.strategy.rollingUpdate'],
  ],
  [
    'a number in quotes',
    deployment({ strategy: { rollingUpdate: { maxSurge: '1' } } }),
    ['kubernetes/range spec.strategy.rollingUpdate.maxSurge'],
  ],
  [
    'a Deployment that ends',
    deployment({ template: { metadata: { labels: LABELS }, spec: { ...POD, activeDeadlineSeconds: 5 } } }),
    ['kubernetes/pod spec.template.spec.activeDeadlineSeconds'],
  ],
  [
    'a DaemonSet that adds and removes',
    object('DaemonSet', workload({ updateStrategy: { rollingUpdate: { maxSurge: 1 } } })),
    ['kubernetes/rollout spec.updateStrategy.rollingUpdate'],
  ],
  [
    'a StatefulSet that waits for its pods and rolls',
    object('StatefulSet', workload({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } })),
    ['kubernetes/rollout spec.updateStrategy.rollingUpdate'],
  ],
  [
    'a claim without a size',
    object(
      'StatefulSet',
      workload({ volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: { accessModes: ['RWO'] } }] }),
    ),
    [
      'kubernetes/value spec.volumeClaimTemplates[0].spec.accessModes[0]',
      'kubernetes/claim spec.volumeClaimTemplates[0].spec.resources.requests.storage',
    ],
  ],
  [
    'a Job that never ends',
    object('Job', { spec: { template: { spec: POD } } }),
    ['kubernetes/job spec.template.spec.restartPolicy'],
  ],
  ['a Job that selects', job({ selector: { matchLabels: LABELS } }), ['kubernetes/job spec.selector']],
  [
    'a Job that selects other pods',
    job({ manualSelector: true, selector: { matchLabels: LABELS } }),
    ['kubernetes/selector spec.selector'],
  ],
  [
    'a Job by an index to nowhere',
    job({ completionMode: 'Indexed', parallelism: 2 }),
    ['kubernetes/job spec.completions'],
  ],
  [
    'a Job whose pods cannot be called so',
    job({ completionMode: 'Indexed', completions: 100 }, 'a'.repeat(61)),
    ['kubernetes/job metadata.name'],
  ],
  ['an index that is none', job({ backoffLimitPerIndex: 1 }), ['kubernetes/job spec.backoffLimitPerIndex']],
  [
    'failures that are none',
    job({ podFailurePolicy: { rules: [{ action: 'Fail', onExitCodes: { operator: 'In', values: [0, 1] } }] } }),
    [
      'kubernetes/value spec.podFailurePolicy.rules[0].action',
      'kubernetes/job spec.podFailurePolicy.rules[0].onExitCodes.values',
    ],
  ],
  ['a CronJob with a long name', cronJob({}, 'a'.repeat(53)), ['kubernetes/job metadata.name']],
  [
    'a CronJob that runs over itself in another way',
    cronJob({ concurrencyPolicy: 'Queue' }),
    ['kubernetes/value spec.concurrencyPolicy'],
  ],
  ['a time zone that is none', cronJob({ timeZone: 'Local' }), ['kubernetes/job spec.timeZone']],
  ['a Service without ports', object('Service', { spec: {} }), ['kubernetes/service spec.ports']],
  [
    'ports without names',
    service({ ports: [{ port: 80, name: 'http' }, { port: 81 }] }),
    ['kubernetes/service spec.ports[1].name'],
  ],
  [
    'ports of one name',
    service({
      ports: [
        { port: 80, name: 'http' },
        { port: 81, name: 'http' },
      ],
    }),
    ['kubernetes/service spec.ports[1].name'],
  ],
  [
    'a port of nodes that nobody opens',
    service({ ports: [{ port: 80, nodePort: 30080 }] }),
    ['kubernetes/service spec.ports[0].nodePort'],
  ],
  [
    'a target by a long name',
    service({ ports: [{ port: 80, targetPort: 'metrics-of-the-model' }] }),
    ['kubernetes/port spec.ports[0].targetPort'],
  ],
  [
    'a Service for no name',
    object('Service', { spec: { type: 'ExternalName' } }),
    ['kubernetes/service spec.externalName'],
  ],
  [
    'traffic from outside to nobody',
    service({ externalTrafficPolicy: 'Local' }),
    ['kubernetes/service spec.externalTrafficPolicy'],
  ],
  [
    'a load balancer that is none',
    service({ loadBalancerClass: 'example.com/x' }),
    ['kubernetes/service spec.loadBalancerClass'],
  ],
  [
    'an affinity that is dropped',
    service({ sessionAffinityConfig: {} }),
    ['kubernetes/service spec.sessionAffinityConfig'],
  ],
  [
    'an affinity for two days',
    service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 172_800 } } }),
    ['kubernetes/range spec.sessionAffinityConfig.clientIP.timeoutSeconds'],
  ],
  ['an address that is none', service({ clusterIP: 'none' }), ['kubernetes/service spec.clusterIP']],
  [
    'a load balancer without an address',
    service({ type: 'LoadBalancer', clusterIP: 'None' }),
    ['kubernetes/service spec.clusterIP'],
  ],
  ['a file that cannot be called so', object('ConfigMap', { data: { 'a/b': '' } }), ['kubernetes/data data']],
  [
    'a file twice',
    object('ConfigMap', { data: { a: '' }, binaryData: { a: '' } }),
    ['kubernetes/data binaryData["a"]'],
  ],
  ['too large a file', object('ConfigMap', { data: { a: 'x'.repeat(1024 * 1024 + 1) } }), ['kubernetes/data data']],
  [
    'a Secret without its keys',
    object('Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }),
    ['kubernetes/data data["tls.key"]'],
  ],
  [
    'a token of nobody',
    object('Secret', { type: 'kubernetes.io/service-account-token' }),
    ['kubernetes/data metadata.annotations["kubernetes.io/service-account.name"]'],
  ],
  [
    'an autoscaler with less than its minimum',
    autoscaler({ minReplicas: 4 }),
    ['kubernetes/autoscaler spec.maxReplicas'],
  ],
  ['an autoscaler to nothing', autoscaler({ minReplicas: 0 }), ['kubernetes/autoscaler spec.minReplicas']],
  [
    'an autoscaler to nothing where a gate is open',
    autoscaler({
      minReplicas: 0,
      metrics: [{ type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: 1 } } }],
    }),
    ['kubernetes/scale-to-zero spec.minReplicas'],
  ],
  ['a metric without its part', metric({ type: 'Resource' }), ['kubernetes/autoscaler spec.metrics[0].resource']],
  [
    'a metric with the part of another',
    metric({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
      pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: 1 } },
    }),
    ['kubernetes/autoscaler spec.metrics[0].pods'],
  ],
  ['a metric of a type that is none', metric({ type: 'CPU' }), ['kubernetes/value spec.metrics[0].type']],
  [
    'a metric without a goal',
    metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization' } } }),
    ['kubernetes/autoscaler spec.metrics[0].resource.target'],
  ],
  [
    'a metric of nothing',
    metric({ type: 'Resource', resource: { name: 'cpu', target: { type: 'AverageValue', averageValue: 0 } } }),
    ['kubernetes/autoscaler spec.metrics[0].resource.target.averageValue'],
  ],
  [
    'a window of two hours',
    autoscaler({ behavior: { scaleDown: { stabilizationWindowSeconds: 7200, policies: [] } } }),
    [
      'kubernetes/range spec.behavior.scaleDown.stabilizationWindowSeconds',
      'kubernetes/autoscaler spec.behavior.scaleDown.policies',
    ],
  ],
  [
    'a budget with both',
    object('PodDisruptionBudget', { spec: { minAvailable: 1, maxUnavailable: '101%' } }),
    ['kubernetes/disruption-budget spec.minAvailable', 'kubernetes/range spec.maxUnavailable'],
  ],
  ['an Ingress to nowhere', object('Ingress', { spec: {} }), ['kubernetes/ingress spec.rules']],
  ['an address for a host', ingress({ rules: [{ host: '10.0.0.1' }] }), ['kubernetes/name spec.rules[0].host']],
  ['a relative path', path({ path: 'api' }), ['kubernetes/ingress spec.rules[0].http.paths[0].path']],
  ['a path that goes up', path({ path: '/a/../b' }), ['kubernetes/ingress spec.rules[0].http.paths[0].path']],
  [
    'a type of paths that is none',
    path({ pathType: 'prefix' }),
    ['kubernetes/value spec.rules[0].http.paths[0].pathType'],
  ],
  [
    'a backend without a port',
    path({ backend: { service: { name: 'api' } } }),
    ['kubernetes/ingress spec.rules[0].http.paths[0].backend.service.port'],
  ],
  ['a backend that is none', path({ backend: {} }), ['kubernetes/ingress spec.rules[0].http.paths[0].backend']],
  ['a type of policies that is none', policy({ policyTypes: ['ingress'] }), ['kubernetes/value spec.policyTypes[0]']],
  ['nobody', peer({}), ['kubernetes/network-policy spec.egress[0].to[0]']],
  [
    'an address instead of a range',
    peer({ ipBlock: { cidr: '10.0.0.1' } }),
    ['kubernetes/network-policy spec.egress[0].to[0].ipBlock.cidr'],
  ],
  [
    'an exception from somewhere else',
    peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }),
    ['kubernetes/network-policy spec.egress[0].to[0].ipBlock.except[0]'],
  ],
  [
    'addresses and pods at once',
    peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }),
    ['kubernetes/network-policy spec.egress[0].to[0]'],
  ],
  [
    'ports that end before they begin',
    policy({ ingress: [{ ports: [{ port: 4000, endPort: 3000 }] }] }),
    ['kubernetes/network-policy spec.ingress[0].ports[0].endPort'],
  ],
  [
    'a role that allows nothing',
    object('Role', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] }),
    ['kubernetes/role rules[0].verbs'],
  ],
  [
    'a role on nothing',
    object('Role', { rules: [{ verbs: ['get'] }] }),
    ['kubernetes/role rules[0].apiGroups', 'kubernetes/role rules[0].resources'],
  ],
  [
    'a role for paths in a namespace',
    object('Role', { rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] }),
    ['kubernetes/role rules[0].nonResourceURLs'],
  ],
  [
    'a binding to a role of a namespace',
    object('ClusterRoleBinding', { roleRef: { ...roleRef, kind: 'Role' } }),
    ['kubernetes/value roleRef.kind'],
  ],
  [
    'a binding of an account from nowhere',
    object('ClusterRoleBinding', { roleRef, subjects: [{ kind: 'ServiceAccount', name: 'a' }] }),
    ['kubernetes/role subjects[0].namespace'],
  ],
  [
    'a binding of a robot',
    object('RoleBinding', { roleRef, subjects: [{ kind: 'Robot', name: 'a' }] }),
    ['kubernetes/value subjects[0].kind'],
  ],
  [
    'a quota of nothing',
    object('ResourceQuota', { spec: { hard: { gpu: 1, pods: '1500m' } } }),
    ['kubernetes/quota spec.hard["gpu"]', 'kubernetes/resources spec.hard["pods"]'],
  ],
  [
    'a quota of storage for pods',
    object('ResourceQuota', { spec: { hard: { 'requests.storage': '1Ti' }, scopes: ['BestEffort'] } }),
    ['kubernetes/quota spec.scopes[0]'],
  ],
  [
    'bounds that exclude each other',
    object('LimitRange', { spec: { limits: [{ type: 'Container', min: { cpu: 2 }, max: { cpu: 1 } }] } }),
    ['kubernetes/quota spec.limits[0].min["cpu"]'],
  ],
  [
    'bounds of a type that is none',
    object('LimitRange', { spec: { limits: [{ type: 'container' }] } }),
    ['kubernetes/value spec.limits[0].type'],
  ],
  [
    'a claim by nobody',
    object('PersistentVolumeClaim', { spec: { resources: { requests: { storage: '0' } } } }),
    ['kubernetes/claim spec.accessModes', 'kubernetes/claim spec.resources.requests.storage'],
  ],
  [
    'a copy of what has no group',
    object('PersistentVolumeClaim', { spec: { ...CLAIM, dataSource: { kind: 'VolumeSnapshot', name: 'a' } } }),
    ['kubernetes/claim spec.dataSource'],
  ],
])('%s is found', (_what, one, found) => {
  expect(check(one)).toEqual(found);
});

test.each([
  ['every day', 'has 2 fields instead of 5'],
  ['60 * * * *', 'has no minute "60"'],
  ['0 24 * * *', 'has no hour "24"'],
  ['0 0 * * 7', 'has no day of the week "7"'],
  ['*/0 * * * *', 'has no minute "*/0"'],
  ['0 0 5-1 * *', 'has no day of the month "5-1"'],
  ['@fortnightly', 'is no schedule'],
  ['TZ=Europe/Berlin 0 3 * * *', 'names a time zone, which has a field of its own'],
])('the schedule %s %s', (schedule, flaw) => {
  const [finding] = checkKubernetes(cronJob({ schedule }), CLUSTER);
  expect(finding?.message).toBe(`${JSON.stringify(schedule)} ${flaw}`);
});

test('no message repeats what is in a Secret', () => {
  const secret = object('Secret', { type: 'kubernetes.io/tls', stringData: { 'a/b': 'hunter2' } });
  expect(JSON.stringify(checkKubernetes(secret, CLUSTER))).not.toContain('hunter2');
});

test('what users add to a chart meets the rules behind the schema', () => {
  const { cluster } = targetOf({});
  const checker = createChecker([], []);
  expect(checker.check(service({ type: 'Clusterip' }), cluster).map(({ id }) => id)).toEqual(['kubernetes/value']);
  // What has the wrong shape has been said already.
  expect(checker.check(service({ type: 5 }), cluster).map(({ id }) => id)).toEqual(['schema/type']);
});

test('every rule has been seen at work, here or in kubernetes-pod.test.ts', () => {
  const onPods = ['container', 'env', 'name', 'placement', 'probe', 'security-context', 'volume'];
  for (const name of onPods) seen.add(`kubernetes/${name}`);
  expect(KUBERNETES_RULES.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
  expect(OBJECT_RULES).toEqual(expect.arrayContaining([...KUBERNETES_RULES]));
});
