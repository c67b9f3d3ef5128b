import { describe, expect, test } from 'vitest';
import { checkKubernetes } from '../../../src/check/kubernetes.ts';
import { formatFinding } from '../../../src/core/finding.ts';
import type { KubeObject } from '../../../src/core/object.ts';

type Fields = Readonly<Record<string, unknown>>;

const NEW = { kubernetes: '1.33' };
const CONTAINER = { name: 'c', image: 'a/b:1' };

function pod(fields: Fields): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'ml' },
    spec: { containers: [CONTAINER], ...fields },
  };
}

const container = (fields: Fields): KubeObject => pod({ containers: [{ ...CONTAINER, ...fields }] });

const seen = new Set<string>();

/** Ids and fields of what is found, without the beginning that all fields have. */
function check(object: KubeObject, cluster = NEW): string[] {
  return checkKubernetes(object, cluster).map(({ id, where }) => {
    seen.add(id);
    return `${id} ${where.field?.replace(/^spec\.(?:containers\[0\]\.)?/, '') ?? ''}`;
  });
}

describe('a pod passes', () => {
  test.each<[string, Fields]>([
    ['with nothing but a container', {}],
    [
      'with empty fields, which are defaults',
      { restartPolicy: '', dnsPolicy: '', hostname: '', serviceAccountName: '' },
    ],
    ['with a volume without a source, which is an emptyDir', { volumes: [{ name: 'v' }] }],
    ['with any taint tolerated', { tolerations: [{ operator: 'Exists' }, { key: 'a', value: 'b' }] }],
    [
      'with name servers of its own',
      { dnsPolicy: 'None', dnsConfig: { nameservers: ['2001:db8::1', '010.0.0.1'], searches: ['.', 'a_b.c.'] } },
    ],
    [
      'with a sidecar that is probed',
      {
        initContainers: [
          { name: 's', image: 'a/s:1', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 'health' } } },
        ],
      },
    ],
    [
      'on the network of its node',
      { hostNetwork: true, containers: [{ ...CONTAINER, ports: [{ containerPort: 80, hostPort: 80 }] }] },
    ],
    [
      'that prefers nodes by any value',
      {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['any value'] }] } },
            ],
          },
        },
      },
    ],
    [
      'with every source of files',
      {
        volumes: [
          { name: 's', secret: { secretName: 'x', defaultMode: 0o400, items: [{ key: 'k', path: 'a/b', mode: 0 }] } },
          { name: 'h', hostPath: { path: '/x', type: '' } },
          { name: 'd', downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: "metadata.labels['a/b']" } }] } },
          { name: 'p', projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 600 } }] } },
          { name: 'c', csi: { driver: 'Secrets-store.csi.k8s.io' } },
          {
            name: 'e',
            ephemeral: {
              volumeClaimTemplate: {
                spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
              },
            },
          },
        ],
      },
    ],
  ])('%s', (_what, fields) => {
    expect(check(pod(fields))).toEqual([]);
  });

  test.each<[string, Fields]>([
    [
      'a probe with zeros, which are defaults',
      {
        livenessProbe: { httpGet: { port: 8080 }, periodSeconds: 0, successThreshold: 0, failureThreshold: 0 },
      },
    ],
    ['GPUs that are limited alone', { resources: { limits: { 'nvidia.com/gpu': 1 }, requests: { cpu: 1 } } }],
    [
      'as much as it may have',
      { resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: '1000m', memory: '1024Mi' } } },
    ],
    [
      'an empty value beside a source',
      {
        env: [{ name: 'A', value: '', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
      },
    ],
    ['the same port by two protocols', { ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }] }],
    ['a command to run before it ends', { lifecycle: { preStop: { sleep: { seconds: 0 } } } }],
    ['all rights', { securityContext: { privileged: true, capabilities: { add: ['CAP_SYS_ADMIN'] } } }],
  ])('whose container has %s', (_what, fields) => {
    expect(check(container(fields))).toEqual([]);
  });
});

test('a finding says the value, why it cannot be, and what to write', () => {
  const resources = { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } };
  expect(
    checkKubernetes(container({ imagePullPolicy: 'ifnotpresent', resources }), NEW)
      .map(formatFinding)
      .join('\n'),
  ).toBe(
    `error kubernetes/value: Pod ml/a: spec.containers[0].imagePullPolicy
  "ifnotpresent" is not one of Always, IfNotPresent, Never
  fix: write IfNotPresent
error kubernetes/resources: Pod ml/a: spec.containers[0].resources.requests["memory"]
  2Gi is more than the limit, 1Gi
  fix: write at most 1Gi, or a larger limit`,
  );
});

test.each<[string, Fields, string[]]>([
  ['no image', { image: '' }, ['kubernetes/container image']],
  ['an image with a line break', { image: 'a/b:1\n' }, ['kubernetes/container image']],
  ['a name with capitals', { name: 'C' }, ['kubernetes/name name']],
  ['a restart policy of its own', { restartPolicy: 'Always' }, ['kubernetes/container restartPolicy']],
  ['a port that is none', { ports: [{ containerPort: 70000 }] }, ['kubernetes/port ports[0].containerPort']],
  [
    'a long port name',
    { ports: [{ containerPort: 1, name: 'metrics-of-the-model' }] },
    ['kubernetes/port ports[0].name'],
  ],
  ['another protocol', { ports: [{ containerPort: 1, protocol: 'HTTP' }] }, ['kubernetes/value ports[0].protocol']],
  [
    'two ports of one name',
    {
      ports: [
        { containerPort: 1, name: 'http' },
        { containerPort: 2, name: 'http' },
      ],
    },
    ['kubernetes/port ports[1].name'],
  ],
  [
    'a port of the node twice',
    {
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
    },
    ['kubernetes/port ports[1].hostPort'],
  ],
  ['a variable without a name', { env: [{ name: '', value: 'x' }] }, ['kubernetes/env env[0].name']],
  ['a variable with =', { env: [{ name: 'A=B', value: 'x' }] }, ['kubernetes/env env[0].name']],
  ['a variable without a source', { env: [{ name: 'A', valueFrom: {} }] }, ['kubernetes/env env[0].valueFrom']],
  [
    'a variable with a value and a source',
    { env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] },
    ['kubernetes/env env[0].valueFrom'],
  ],
  [
    'a variable with two sources',
    {
      env: [
        { name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' }, configMapKeyRef: { name: 's', key: 'k' } } },
      ],
    },
    ['kubernetes/env env[0].valueFrom'],
  ],
  [
    'a variable from a field that is none',
    { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } }] },
    ['kubernetes/env env[0].valueFrom.fieldRef.fieldPath'],
  ],
  [
    'a variable from an amount that is none',
    { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.nvidia.com/gpu' } } }] },
    ['kubernetes/env env[0].valueFrom.resourceFieldRef.resource'],
  ],
  [
    'a Secret that cannot be called so',
    { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'My_Secret', key: '' } } }] },
    ['kubernetes/name env[0].valueFrom.secretKeyRef.name', 'kubernetes/name env[0].valueFrom.secretKeyRef.key'],
  ],
  ['variables from nowhere', { envFrom: [{ prefix: 'A_' }] }, ['kubernetes/env envFrom[0]']],
  [
    'variables from two places at once',
    { envFrom: [{ configMapRef: { name: 'a' }, secretRef: { name: 'b' } }] },
    ['kubernetes/env envFrom[0]'],
  ],
  [
    'GPUs without a limit',
    { resources: { requests: { 'nvidia.com/gpu': 1 } } },
    ['kubernetes/resources resources.requests["nvidia.com/gpu"]'],
  ],
  [
    'half a GPU',
    { resources: { limits: { 'nvidia.com/gpu': '500m' } } },
    ['kubernetes/resources resources.limits["nvidia.com/gpu"]'],
  ],
  [
    'fewer GPUs than its limit',
    { resources: { limits: { 'nvidia.com/gpu': 2 }, requests: { 'nvidia.com/gpu': 1 } } },
    ['kubernetes/resources resources.requests["nvidia.com/gpu"]'],
  ],
  ['a negative amount', { resources: { limits: { cpu: '-1' } } }, ['kubernetes/resources resources.limits["cpu"]']],
  ['a resource that is none', { resources: { limits: { gpu: 1 } } }, ['kubernetes/resources resources.limits["gpu"]']],
  ['huge pages alone', { resources: { limits: { 'hugepages-2Mi': '4Mi' } } }, ['kubernetes/resources resources']],
  ['a probe that does nothing', { livenessProbe: { periodSeconds: 5 } }, ['kubernetes/probe livenessProbe']],
  [
    'a probe that does two things',
    { readinessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } },
    ['kubernetes/probe readinessProbe'],
  ],
  ['a probe that runs nothing', { startupProbe: { exec: {} } }, ['kubernetes/probe startupProbe.exec.command']],
  [
    'a probe in a hurry',
    { livenessProbe: { tcpSocket: { port: 1 }, periodSeconds: -1 } },
    ['kubernetes/probe livenessProbe.periodSeconds'],
  ],
  [
    'a liveness probe that succeeds twice',
    { livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } },
    ['kubernetes/probe livenessProbe.successThreshold'],
  ],
  [
    'a readiness probe that ends it',
    { readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 5 } },
    ['kubernetes/probe readinessProbe.terminationGracePeriodSeconds'],
  ],
  [
    'a probe of a number in quotes',
    { livenessProbe: { httpGet: { port: '8080' } } },
    ['kubernetes/port livenessProbe.httpGet.port'],
  ],
  [
    'a probe with another scheme',
    { livenessProbe: { httpGet: { port: 1, scheme: 'http' } } },
    ['kubernetes/value livenessProbe.httpGet.scheme'],
  ],
  [
    'a hook that sleeps for too long',
    { lifecycle: { preStop: { sleep: { seconds: 31 } } } },
    ['kubernetes/probe lifecycle.preStop.sleep.seconds'],
  ],
  [
    'rights that it must not get',
    { securityContext: { allowPrivilegeEscalation: false, privileged: true } },
    ['kubernetes/security-context securityContext.allowPrivilegeEscalation'],
  ],
  [
    'a profile of the node without its name',
    { securityContext: { seccompProfile: { type: 'Localhost' } } },
    ['kubernetes/security-context securityContext.seccompProfile.localhostProfile'],
  ],
  [
    'a resize that is none',
    { resizePolicy: [{ resourceName: 'gpu', restartPolicy: 'Never' }] },
    ['kubernetes/value resizePolicy[0].resourceName', 'kubernetes/value resizePolicy[0].restartPolicy'],
  ],
  ['a user that is none', { securityContext: { runAsUser: -1 } }, ['kubernetes/range securityContext.runAsUser']],
  [
    'a mount without its volume',
    { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    ['kubernetes/volume volumeMounts[0].name'],
  ],
])('a container with %s', (_what, fields, found) => {
  expect(check(container(fields))).toEqual(found);
});

const VOLUME = { name: 'v', emptyDir: {} };
const mounts = (...volumeMounts: Fields[]): Fields => ({
  containers: [{ ...CONTAINER, volumeMounts }],
  volumes: [VOLUME],
});
const volume = (fields: Fields): Fields => ({ volumes: [{ name: 'v', ...fields }] });
const term = (fields: Fields): Fields => ({ topologyKey: 'kubernetes.io/hostname', ...fields });

test.each<[string, Fields, string[]]>([
  ['no containers', { containers: [] }, ['kubernetes/container containers']],
  [
    'an init container of the same name',
    { initContainers: [CONTAINER] },
    ['kubernetes/container initContainers[0].name'],
  ],
  [
    'an init container that ends and is probed',
    { initContainers: [{ ...CONTAINER, name: 'i', readinessProbe: { tcpSocket: { port: 1 } } }] },
    ['kubernetes/container initContainers[0].readinessProbe'],
  ],
  ['another restart policy', { restartPolicy: 'always' }, ['kubernetes/value restartPolicy']],
  ['no time', { activeDeadlineSeconds: 0 }, ['kubernetes/range activeDeadlineSeconds']],
  ['an account that cannot be called so', { serviceAccountName: 'My Account' }, ['kubernetes/name serviceAccountName']],
  ['a volume from two places', volume({ emptyDir: {}, configMap: { name: 'c' } }), ['kubernetes/volume volumes[0]']],
  ['a volume of no Secret', volume({ secret: {} }), ['kubernetes/volume volumes[0].secret.secretName']],
  [
    'files that nobody could call',
    volume({ configMap: { name: 'c', defaultMode: 755 } }),
    ['kubernetes/range volumes[0].configMap.defaultMode'],
  ],
  [
    'a file outside its volume',
    volume({ configMap: { name: 'c', items: [{ key: 'k', path: '../x' }] } }),
    ['kubernetes/volume volumes[0].configMap.items[0].path'],
  ],
  [
    'a folder of the node that goes up',
    volume({ hostPath: { path: '/a/../b', type: 'Folder' } }),
    ['kubernetes/volume volumes[0].hostPath.path', 'kubernetes/value volumes[0].hostPath.type'],
  ],
  [
    'a relative path of a server',
    volume({ nfs: { server: 's', path: 'x' } }),
    ['kubernetes/volume volumes[0].nfs.path'],
  ],
  [
    'a token for a minute',
    volume({ projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] } }),
    ['kubernetes/range volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds'],
  ],
  [
    'a field of the pod as a file that cannot be one',
    volume({ downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } }),
    ['kubernetes/env volumes[0].downwardAPI.items[0].fieldRef.fieldPath'],
  ],
  [
    'a claim of its own without a size',
    volume({ ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } }),
    ['kubernetes/claim volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests.storage'],
  ],
  [
    'a mount of what is not in the volume',
    mounts({ name: 'v', mountPath: '/v', subPath: '/a' }),
    ['kubernetes/volume volumeMounts[0].subPath'],
  ],
  [
    'a mount for the node',
    mounts({ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }),
    ['kubernetes/volume volumeMounts[0].mountPropagation'],
  ],
  [
    'a toleration of nothing',
    { tolerations: [{ operator: 'Equal' }] },
    ['kubernetes/placement tolerations[0].operator'],
  ],
  [
    'a toleration of any value with one',
    { tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] },
    ['kubernetes/placement tolerations[0].value'],
  ],
  [
    'a toleration of another effect',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'noschedule' }] },
    ['kubernetes/value tolerations[0].effect'],
  ],
  [
    'a toleration for a time that does not count',
    { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }] },
    ['kubernetes/placement tolerations[0].tolerationSeconds'],
  ],
  ['a node by a label that is none', { nodeSelector: { a: 'no label' } }, ['kubernetes/label nodeSelector["a"]']],
  [
    'a weight that is none',
    {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: term({}) }],
        },
      },
    },
    ['kubernetes/range affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight'],
  ],
  [
    'an affinity to pods of no value',
    {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            term({ labelSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
          ],
        },
      },
    },
    [
      'kubernetes/selector affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].values',
    ],
  ],
  [
    'nodes with more than two numbers',
    {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1', '2'] }] }],
          },
        },
      },
    },
    [
      'kubernetes/selector affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values',
    ],
  ],
  [
    'spread in no way that is known',
    { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'Schedule' }] },
    [
      'kubernetes/range topologySpreadConstraints[0].maxSkew',
      'kubernetes/value topologySpreadConstraints[0].whenUnsatisfiable',
    ],
  ],
  ['no name server', { dnsPolicy: 'None' }, ['kubernetes/pod dnsConfig.nameservers']],
  [
    'four name servers',
    { dnsConfig: { nameservers: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] } },
    ['kubernetes/pod dnsConfig.nameservers'],
  ],
  [
    'a name server by name',
    { dnsConfig: { nameservers: ['dns.example.com'] } },
    ['kubernetes/name dnsConfig.nameservers[0]'],
  ],
  ['a host without an address', { hostAliases: [{ ip: 'localhost' }] }, ['kubernetes/name hostAliases[0].ip']],
  [
    'two ports on the network of its node',
    { hostNetwork: true, containers: [{ ...CONTAINER, ports: [{ containerPort: 80, hostPort: 81 }] }] },
    ['kubernetes/port ports[0].hostPort'],
  ],
  [
    'its processes shared twice',
    { shareProcessNamespace: true, hostPID: true },
    ['kubernetes/pod shareProcessNamespace'],
  ],
  [
    'a setting of the kernel in capitals',
    { securityContext: { sysctls: [{ name: 'Net.x', value: '1' }] } },
    ['kubernetes/name securityContext.sysctls[0].name'],
  ],
  ['debug containers', { ephemeralContainers: [CONTAINER] }, ['kubernetes/pod ephemeralContainers']],
])('a pod with %s', (_what, fields, found) => {
  expect(check(pod(fields))).toEqual(found);
});

describe('what only some versions refuse is asked of the cluster:', () => {
  test.each<[string, Fields, string, string, string]>([
    ['names of variables', { env: [{ name: '1st model', value: 'x' }] }, '1.32', '1.31', 'kubernetes/env env[0].name'],
    [
      'no sleep',
      { lifecycle: { preStop: { sleep: { seconds: 0 } } } },
      '1.33',
      '1.32',
      'kubernetes/probe lifecycle.preStop.sleep.seconds',
    ],
    [
      'a restart policy of a container',
      { restartPolicy: 'Never' },
      '1.35',
      '1.34',
      'kubernetes/container restartPolicy',
    ],
  ])('%s', (_what, fields, passes, refuses, found) => {
    expect(check(container(fields), { kubernetes: passes })).toEqual([]);
    expect(check(container(fields), { kubernetes: refuses })).toEqual([found]);
  });

  test('search domains', () => {
    const object = pod({ dnsConfig: { searches: ['a_b.example.com'] } });
    expect(check(object, { kubernetes: '1.33' })).toEqual([]);
    expect(check(object, { kubernetes: '1.32' })).toEqual(['kubernetes/name dnsConfig.searches[0]']);
  });
});

test('no message repeats the value of a variable', () => {
  const env = [{ name: 'A', value: 'hunter2', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  expect(JSON.stringify(checkKubernetes(container({ env }), NEW))).not.toContain('hunter2');
});

test('every rule on pods has been seen at work', () => {
  expect([...seen].sort()).toEqual([
    'kubernetes/claim',
    'kubernetes/container',
    'kubernetes/env',
    'kubernetes/label',
    'kubernetes/name',
    'kubernetes/placement',
    'kubernetes/pod',
    'kubernetes/port',
    'kubernetes/probe',
    'kubernetes/range',
    'kubernetes/resources',
    'kubernetes/security-context',
    'kubernetes/selector',
    'kubernetes/value',
    'kubernetes/volume',
  ]);
});
