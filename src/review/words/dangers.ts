import type { KubeObject } from '../../core/object.ts';
import { parseQuantity } from '../../core/quantity.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { isKind, listAt, mapAt, textAt, valueAt, type Path } from '../read.ts';
import { reasonOf, type RiskId, type Stage } from '../risks.ts';
import { touching, type Altered } from './changes.ts';
import { alike } from './sets.ts';

/** Fields that have no words of their own, and that matter all the same: mostly of objects that users write. */

/** What it means that some fields change. */
interface Danger {
  readonly group: string;
  readonly kinds: readonly string[];
  readonly fields: readonly Path[];
  readonly rule: RiskId;
  readonly why: string;
  /** When it matters, if not always. */
  readonly when?: (before: KubeObject, after: KubeObject) => boolean;
}

const ISTIO = 'networking.istio.io';
const MONITORING = 'monitoring.coreos.com';
const REFUSED = 'the API server refuses it, and the sync fails until somebody deletes the object';
const UNKNOWN = 'what it does to the rest is not in the tree';

function under(...path: Path): (...fields: readonly string[]) => Path[] {
  return (...fields) => fields.map((field) => [...path, field]);
}
const spec = under('spec');

const DANGERS: readonly Danger[] = [
  {
    group: ISTIO,
    kinds: ['VirtualService'],
    fields: [['spec', 'http', '*', 'fault']],
    rule: 'risk/fault',
    why: 'requests fail or wait on purpose',
    when: (_, after) => listAt(after, 'spec', 'http').some((rule) => valueAt(rule, 'fault') !== undefined),
  },
  {
    group: ISTIO,
    kinds: ['VirtualService'],
    fields: [
      ...under('spec', 'http', '*')('route', 'rewrite', 'redirect', 'directResponse', 'delegate'),
      ...spec('tcp', 'tls'),
    ],
    rule: 'risk/traffic',
    why: 'something else answers, or gets other requests',
  },
  {
    group: 'gateway.networking.k8s.io',
    kinds: ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'],
    fields: under('spec', 'rules', '*')('backendRefs', 'filters'),
    rule: 'risk/traffic',
    why: 'something else answers, or gets other requests',
  },
  {
    group: ISTIO,
    kinds: ['Gateway'],
    fields: spec('servers', 'selector'),
    rule: 'risk/public',
    why: 'others may come in, or nobody',
  },
  {
    group: 'gateway.networking.k8s.io',
    kinds: ['Gateway'],
    fields: spec('listeners', 'gatewayClassName', 'addresses'),
    rule: 'risk/public',
    why: 'others may come in, or nobody',
  },
  {
    group: ISTIO,
    kinds: ['ServiceEntry'],
    fields: spec('hosts', 'addresses', 'ports', 'location', 'resolution', 'endpoints', 'workloadSelector', 'exportTo'),
    rule: 'risk/traffic',
    why: 'calls of its hosts go elsewhere, or fail',
  },
  {
    group: ISTIO,
    kinds: ['Sidecar'],
    fields: spec('outboundTrafficPolicy'),
    rule: 'risk/network',
    why: 'pods may call hosts that the mesh does not know',
    when: (_, after) => textAt(after, 'spec', 'outboundTrafficPolicy', 'mode') !== 'REGISTRY_ONLY',
  },
  {
    group: ISTIO,
    kinds: ['Sidecar'],
    fields: spec('egress', 'ingress', 'workloadSelector'),
    rule: 'risk/traffic',
    why: 'pods find other services, or no longer those that they call',
  },
  { group: ISTIO, kinds: ['EnvoyFilter'], fields: [['spec']], rule: 'risk/unknown', why: UNKNOWN },
  {
    group: 'telemetry.istio.io',
    kinds: ['Telemetry'],
    fields: spec('metrics', 'selector'),
    rule: 'risk/scrape',
    why: 'alerts on metrics that end never fire',
  },
  { group: '', kinds: ['Service'], fields: spec('selector'), rule: 'risk/traffic', why: 'other pods answer' },
  {
    group: '',
    kinds: ['Service'],
    fields: [['spec', 'ports', '*', 'targetPort']],
    rule: 'risk/traffic',
    why: 'another port of its pods answers',
  },
  {
    group: 'networking.k8s.io',
    kinds: ['Ingress'],
    fields: spec('rules', 'defaultBackend'),
    rule: 'risk/traffic',
    why: 'something else answers',
  },
  {
    group: 'networking.k8s.io',
    kinds: ['Ingress'],
    fields: spec('ingressClassName'),
    rule: 'risk/public',
    why: 'another controller lets requests in',
  },
  {
    group: 'policy',
    kinds: ['PodDisruptionBudget'],
    fields: spec('minAvailable', 'maxUnavailable', 'selector'),
    rule: 'risk/replicas',
    why: 'a drain may take more replicas at once',
    when: isLooserBudget,
  },
  {
    group: 'apps',
    kinds: ['Deployment'],
    fields: [['spec', 'strategy']],
    rule: 'risk/in-place',
    why: 'all pods stop before new ones start',
    when: (_, after) => textAt(after, 'spec', 'strategy', 'type') === 'Recreate',
  },
  {
    group: 'apps',
    kinds: ['Deployment', 'ReplicaSet', 'DaemonSet'],
    fields: spec('selector'),
    rule: 'risk/refused',
    why: REFUSED,
  },
  {
    group: 'apps',
    kinds: ['StatefulSet'],
    fields: spec('selector', 'serviceName', 'podManagementPolicy', 'volumeClaimTemplates'),
    rule: 'risk/refused',
    why: REFUSED,
  },
  {
    group: 'batch',
    kinds: ['Job'],
    fields: spec('selector', 'template', 'completionMode'),
    rule: 'risk/refused',
    why: REFUSED,
  },
  {
    group: 'batch',
    kinds: ['CronJob'],
    fields: spec('suspend'),
    rule: 'risk/delete',
    why: 'it no longer runs',
    when: (_, after) => textAt(after, 'spec', 'suspend') === 'true',
  },
  {
    group: '',
    kinds: ['PersistentVolumeClaim'],
    fields: spec(
      'accessModes',
      'selector',
      'storageClassName',
      'volumeMode',
      'volumeName',
      'dataSource',
      'dataSourceRef',
    ),
    rule: 'risk/refused',
    why: REFUSED,
  },
  {
    group: '',
    kinds: ['PersistentVolumeClaim'],
    fields: [['spec', 'resources']],
    rule: 'risk/refused',
    why: 'a claim never becomes smaller: the API server refuses it',
    when: (before, after) => (storage(after) ?? 0n) < (storage(before) ?? 0n),
  },
  {
    group: '',
    kinds: ['ResourceQuota', 'LimitRange'],
    fields: [['spec']],
    rule: 'risk/resources',
    why: 'pods beyond it are refused',
  },
  {
    group: 'helm.toolkit.fluxcd.io',
    kinds: ['HelmRelease'],
    fields: spec('chart', 'chartRef', 'values', 'valuesFrom', 'postRenderers', 'targetNamespace', 'storageNamespace'),
    rule: 'risk/unknown',
    why: 'what the chart makes is not in the tree',
  },
  {
    group: 'helm.toolkit.fluxcd.io',
    kinds: ['HelmRelease'],
    fields: spec('suspend'),
    rule: 'risk/delivery',
    why: 'changes of Git, rollbacks among them, are not applied',
    when: (_, after) => textAt(after, 'spec', 'suspend') === 'true',
  },
  {
    group: 'argoproj.io',
    kinds: ['Rollout'],
    fields: spec('strategy'),
    rule: 'risk/gate',
    why: 'a bad release may get further',
  },
  {
    group: 'argoproj.io',
    kinds: ['AnalysisTemplate', 'ClusterAnalysisTemplate'],
    fields: [['spec']],
    rule: 'risk/gate',
    why: 'a bad release may get further',
  },
  ...['PrometheusRule', 'AlertmanagerConfig'].map((kind): Danger => finds(kind, 'risk/alert')),
  ...['PodMonitor', 'ServiceMonitor', 'Probe', 'ScrapeConfig'].map((kind): Danger => finds(kind, 'risk/scrape')),
];

/** Prometheus and Alertmanager find what they read by labels of their operator's choice. */
function finds(kind: string, rule: RiskId): Danger {
  return {
    group: MONITORING,
    kinds: [kind],
    fields: [['metadata', 'labels']],
    rule,
    why: 'without the labels that the operator selects by, it counts for nothing',
    when: (before, after) => {
      const [old, now] = [mapAt(before, 'metadata', 'labels'), mapAt(after, 'metadata', 'labels')];
      return Object.keys(old).some((label) => !label.startsWith('app.kubernetes.io/') && old[label] !== now[label]);
    },
  };
}

/** Why it matters that fields of an object change, beside what sentences on them say. */
export function dangersOf(change: Altered, changes: readonly Change[], stage: Stage): Reason[] {
  const [before, after] = [change.before.object, change.after.object];
  return DANGERS.flatMap(({ group, kinds, fields, rule, why, when = () => true }) =>
    isKind(after, group, ...kinds) && touching(changes, ...fields).length > 0 && when(before, after)
      ? [reasonOf(rule, stage, why)]
      : [],
  );
}

function storage(object: KubeObject): bigint | undefined {
  const text = textAt(object, 'spec', 'resources', 'requests', 'storage');
  return text === undefined || text.length > 40 ? undefined : parseQuantity(text)?.nanos;
}

/** In doubt it is looser. */
function isLooserBudget(before: KubeObject, after: KubeObject): boolean {
  const numbers = (field: string): readonly [number, number] | undefined => {
    const [was, is] = [before, after].map((object) => /^(\d{1,9})(%?)$/.exec(textAt(object, 'spec', field) ?? ''));
    return was && is && was[2] === is[2] ? [Number(was[1]), Number(is[1])] : undefined;
  };
  const [least, most] = [numbers('minAvailable'), numbers('maxUnavailable')];
  if (!alike(valueAt(before, 'spec', 'selector'), valueAt(after, 'spec', 'selector'))) return true;
  if (least) return least[1] < least[0];
  return most ? most[1] > most[0] : true;
}
