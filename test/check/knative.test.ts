import { expect, test } from 'vitest';
import { checkKnative, KNATIVE_RULES } from '../../src/check/knative.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { targetOf } from '../support/target.ts';

type Fields = Record<string, unknown>;

const { cluster } = targetOf({});

interface Given {
  readonly name?: string;
  readonly annotations?: Fields;
  readonly template?: Fields;
  readonly revision?: Fields;
  readonly container?: Fields;
  readonly traffic?: Fields[];
}

function service({ name = 'api', annotations, template, revision, container, traffic }: Given): KubeObject {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { name, namespace: 'ml', ...(annotations && { annotations }) },
    spec: {
      template: {
        metadata: template ?? {},
        spec: { containers: [{ name: 'function', image: 'r.example.com/api:1.0.0', ...container }], ...revision },
      },
      ...(traffic && { traffic }),
    },
  } as unknown as KubeObject;
}

const seen = new Set<string>();

function check(object: KubeObject, on = cluster): string[] {
  return checkKnative(object, on).map(({ id, where }) => {
    seen.add(id);
    return `${id} ${where.field ?? ''}`;
  });
}

const on = (key: string): string => `spec.template.metadata.annotations["${key}"]`;
const autoscaling = (key: string): string => `autoscaling.knative.dev/${key}`;

const CONTAINER = 'spec.template.spec.containers[0]';

test('a sound Service passes', () => {
  expect(
    check(
      service({
        annotations: { 'serving.knative.dev/rollout-duration': '380s' },
        template: {
          name: 'api-3f9c1a2b',
          annotations: {
            'autoscaling.knative.dev/min-scale': '0',
            'autoscaling.knative.dev/max-scale': '10',
            'autoscaling.knative.dev/metric': 'rps',
            'autoscaling.knative.dev/target': '12.5',
            'autoscaling.knative.dev/target-burst-capacity': '-1',
            'autoscaling.knative.dev/window': '6s',
            'serving.knative.dev/progress-deadline': '30m0s',
            'queue.sidecar.serving.knative.dev/cpu-resource-request': '100m',
            'example.com/own': 'anything',
          },
        },
        revision: { containerConcurrency: 0, timeoutSeconds: 600 },
        container: {
          ports: [{ name: 'h2c', containerPort: 9000 }],
          readinessProbe: { httpGet: { path: '/' }, successThreshold: 1 },
        },
        traffic: [
          { latestRevision: true, percent: 10 },
          { revisionName: 'api-00001', percent: 90, tag: 'prev' },
        ],
      }),
    ),
  ).toEqual([]);
});

test.each<[string, string]>([
  ['min-scale', '-1'],
  ['max-scale', 'many'],
  ['activation-scale', '1'],
  ['initial-scale', '1.5'],
  ['class', 'kpa.knative.dev'],
  ['metric', 'cpu'],
  ['metric-aggregation-algorithm', 'mean'],
  ['panic-threshold-percentage', '100'],
  ['panic-window-percentage', '0'],
  ['scale-down-delay', '2h'],
  ['scale-to-zero-pod-retention-period', '1d'],
  ['target', '0'],
  ['target-burst-capacity', '-2'],
  ['target-utilization-percentage', '0.5'],
  ['window', '5s'],
])('%s %s is out of range', (key, value) => {
  expect(check(service({ template: { annotations: { [autoscaling(key)]: value } } }))).toEqual([
    `knative/annotation-value ${on(autoscaling(key))}`,
  ]);
});

test('the HPA class scales by resources', () => {
  const annotations = { [autoscaling('class')]: 'hpa.autoscaling.knative.dev', [autoscaling('metric')]: 'cpu' };
  expect(check(service({ template: { annotations } }))).toEqual([]);
});

test('a misspelt or old annotation is named with its present spelling', () => {
  const misspelt = service({
    template: { annotations: { [autoscaling('min-scales')]: '1', [autoscaling('minScale')]: '1' } },
  });
  expect(check(misspelt)).toHaveLength(2);
  const [typo, old] = checkKnative(misspelt, cluster);
  expect(typo).toMatchObject({
    id: 'knative/annotation-key',
    message: 'autoscaling.knative.dev/min-scales is none that Knative knows, which ignores it',
    fix: 'write autoscaling.knative.dev/min-scale',
  });
  expect(old).toMatchObject({
    id: 'knative/annotation-key',
    message: 'autoscaling.knative.dev/minScale is the spelling of old versions',
    fix: 'write autoscaling.knative.dev/min-scale',
  });
});

test.each<[string, Given, string[]]>([
  ['a name that starts with a digit', { name: '1api' }, ['knative/name metadata.name']],
  [
    'autoscaling annotations on the Service',
    { annotations: { [autoscaling('min-scale')]: '1' } },
    [`knative/annotation-place metadata.annotations["${autoscaling('min-scale')}"]`],
  ],
  [
    'half seconds of a rollout',
    { annotations: { 'serving.knative.dev/rollout-duration': '500ms' } },
    ['knative/annotation-value metadata.annotations["serving.knative.dev/rollout-duration"]'],
  ],
  [
    'half seconds of a deadline',
    { template: { annotations: { 'serving.knative.dev/progress-deadline': '1.5s' } } },
    [`knative/annotation-value ${on('serving.knative.dev/progress-deadline')}`],
  ],
  [
    'max-scale below min-scale',
    { template: { annotations: { [autoscaling('min-scale')]: '3', [autoscaling('max-scale')]: '2' } } },
    [`knative/annotation-value ${on(autoscaling('max-scale'))}`],
  ],
  [
    'a revision of another Service',
    { template: { name: 'web-1' } },
    ['knative/revision-name spec.template.metadata.name'],
  ],
  [
    'too many requests in flight',
    { revision: { containerConcurrency: 1001 } },
    ['knative/concurrency spec.template.spec.containerConcurrency'],
  ],
  [
    'a long timeout',
    { revision: { timeoutSeconds: 601 } },
    ['knative/timeout-limit spec.template.spec.timeoutSeconds'],
  ],
  ['traffic that does not sum', { traffic: [{ latestRevision: true, percent: 90 }] }, ['knative/traffic spec.traffic']],
  [
    'the latest revision by name',
    { traffic: [{ latestRevision: true, revisionName: 'api-1', percent: 100 }] },
    ['knative/traffic spec.traffic[0].latestRevision'],
  ],
  [
    'a tag twice',
    {
      traffic: [
        { latestRevision: true, percent: 50, tag: 'a' },
        { revisionName: 'api-1', percent: 50, tag: 'a' },
      ],
    },
    ['knative/traffic spec.traffic[1].tag'],
  ],
  [
    'a tag that makes the host label too long',
    { name: 'a'.repeat(60), traffic: [{ latestRevision: true, percent: 100, tag: 'prev' }] },
    ['knative/name spec.traffic[0].tag'],
  ],
  [
    'a node selector without its flag',
    { revision: { nodeSelector: {} } },
    ['knative/feature-flag spec.template.spec.nodeSelector'],
  ],
  [
    'a claim without its flag',
    {
      revision: { volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'a' } }] },
      container: { volumeMounts: [{ name: 'a', mountPath: '/a' }] },
    },
    ['knative/feature-flag spec.template.spec.volumes[0].persistentVolumeClaim'],
  ],
  [
    'a grace period',
    { revision: { terminationGracePeriodSeconds: 30 } },
    ['knative/pod-field spec.template.spec.terminationGracePeriodSeconds'],
  ],
  [
    'a port of queue-proxy',
    { container: { ports: [{ containerPort: 8012 }] } },
    ['knative/port spec.template.spec.containers[0].ports[0].containerPort'],
  ],
  [
    'a port with another name',
    { container: { ports: [{ name: 'http', containerPort: 8080 }] } },
    ['knative/port spec.template.spec.containers[0].ports[0].name'],
  ],
  [
    'two ports',
    { container: { ports: [{ containerPort: 8080 }, { containerPort: 8081 }] } },
    ['knative/port spec.template.spec'],
  ],
  [
    'PORT',
    { container: { env: [{ name: 'PORT', value: '1' }] } },
    ['knative/reserved-env spec.template.spec.containers[0].env[0].name'],
  ],
  [
    'queue-proxy',
    { container: { name: 'queue-proxy' } },
    ['knative/reserved-name spec.template.spec.containers[0].name'],
  ],
  [
    'a mount at /dev/',
    {
      revision: { volumes: [{ name: 'a', emptyDir: {} }] },
      container: {
        volumeMounts: [
          { name: 'a', mountPath: '/dev/' },
          { name: 'a', mountPath: '/dev/shm' },
        ],
      },
    },
    ['knative/reserved-path spec.template.spec.containers[0].volumeMounts[0].mountPath'],
  ],
  [
    'a folder of the node',
    {
      revision: { volumes: [{ name: 'a', hostPath: { path: '/' } }] },
      container: { volumeMounts: [{ name: 'a', mountPath: '/a' }] },
    },
    ['knative/feature-flag spec.template.spec.volumes[0].hostPath'],
  ],
  [
    'a kind of volume that Knative does not take',
    {
      revision: { volumes: [{ name: 'a', nfs: { server: 'x', path: '/' } }] },
      container: { volumeMounts: [{ name: 'a', mountPath: '/a' }] },
    },
    ['knative/volume spec.template.spec.volumes[0].nfs'],
  ],
  [
    'a volume that nobody mounts',
    { revision: { volumes: [{ name: 'a', emptyDir: {} }] } },
    ['knative/volume spec.template.spec.volumes[0].name'],
  ],
  [
    'a mount without its volume',
    { container: { volumeMounts: [{ name: 'a', mountPath: '/a' }] } },
    [`knative/volume ${CONTAINER}.volumeMounts[0].name`],
  ],
  [
    'a relative mount, and a path twice',
    {
      revision: { volumes: [{ name: 'a', emptyDir: {} }] },
      container: {
        volumeMounts: [
          { name: 'a', mountPath: 'a' },
          { name: 'a', mountPath: '/b' },
          { name: 'a', mountPath: '/b/' },
        ],
      },
    },
    [`knative/volume ${CONTAINER}.volumeMounts[0].mountPath`, `knative/volume ${CONTAINER}.volumeMounts[2].mountPath`],
  ],
  ['a negative timeout', { revision: { timeoutSeconds: -1 } }, ['knative/timeout spec.template.spec.timeoutSeconds']],
  [
    'max-scale below activation-scale',
    { template: { annotations: { [autoscaling('activation-scale')]: '3', [autoscaling('max-scale')]: '2' } } },
    [`knative/annotation-value ${on(autoscaling('max-scale'))}`],
  ],
  ['no container', { revision: { containers: [] } }, ['knative/container-field spec.template.spec.containers']],
  [
    'two containers of one name, and no port',
    {
      revision: {
        containers: [
          { name: 'a', image: 'r.example.com/api:1.0.0' },
          { name: 'a', image: 'r.example.com/api:1.0.0' },
        ],
      },
    },
    ['knative/container-field spec.template.spec.containers[1].name', 'knative/port spec.template.spec'],
  ],
  [
    'hooks and rights',
    {
      container: {
        lifecycle: { preStop: { exec: { command: ['x'] } } },
        securityContext: { privileged: true, capabilities: { add: ['NET_ADMIN'] } },
      },
    },
    [
      `knative/container-field ${CONTAINER}.lifecycle`,
      `knative/container-field ${CONTAINER}.securityContext.privileged`,
      `knative/container-field ${CONTAINER}.securityContext.capabilities.add`,
    ],
  ],
  [
    'a port that is none',
    { container: { ports: [{ containerPort: 65536, protocol: 'UDP' }] } },
    [`knative/port ${CONTAINER}.ports[0].containerPort`, `knative/port ${CONTAINER}.ports[0].protocol`],
  ],
  [
    'a probe with two handlers',
    { container: { readinessProbe: { httpGet: { path: '/' }, tcpSocket: { port: 8080 } } } },
    [`knative/probe ${CONTAINER}.readinessProbe`],
  ],
  [
    'a liveness probe without a handler, and a negative time',
    { container: { livenessProbe: { periodSeconds: 1 }, startupProbe: { tcpSocket: {}, initialDelaySeconds: -1 } } },
    [`knative/probe ${CONTAINER}.livenessProbe`, `knative/probe ${CONTAINER}.startupProbe.initialDelaySeconds`],
  ],
  [
    'thresholds of a probe without a period',
    { container: { readinessProbe: { failureThreshold: 3 } } },
    ['knative/probe spec.template.spec.containers[0].readinessProbe'],
  ],
])('%s is refused', (_, given, expected) => {
  expect(check(service(given))).toEqual(expected);
});

// As name.ParseReference of go-containerregistry 0.20 said, with which the webhook reads them.
test.each([
  ['busybox', true],
  ['r.example.com:5000/fn:1', true],
  ['my_org/fn:1', true],
  [`r.example.com/fn:1@sha256:${'a'.repeat(64)}`, true],
  ['r.example.com/f:1.0.0', false],
  ['R.example.com/Fn:1', false],
  ['r.example.com/fn@sha256:abc', false],
  [`r.example.com/fn:${'a'.repeat(129)}`, false],
])('whether Knative reads the image %s: %s', (image, reads) => {
  expect(check(service({ container: { image } }))).toEqual(reads ? [] : [`knative/image ${CONTAINER}.image`]);
});

test('an enabled flag lets its field pass', () => {
  const { cluster: enabled } = targetOf({ cluster: { knative: { version: '1.21.1', features: ['nodeselector'] } } });
  expect(check(service({ revision: { nodeSelector: {} } }), enabled)).toEqual([]);
});

test('a cluster without Knative has no Knative Services', () => {
  expect(check(service({}), targetOf({ cluster: { knative: undefined } }).cluster)).toEqual(['knative/not-installed ']);
});

test('every rule has been seen at work', () => {
  expect(KNATIVE_RULES.map(({ id }) => id).filter((id) => !seen.has(id))).toEqual([]);
});
