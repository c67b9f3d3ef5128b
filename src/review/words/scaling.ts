import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { namesBehind } from '../route.ts';
import { isWorkload, partOf, range, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { counted, isKind, listAt, listed, mapAt, numberAt, shown, textAt, valueAt } from './read.ts';
import { TEMPLATE, whoIs, type Path, type Words } from './running.ts';
import { touching, type Altered } from './said.ts';
import type { Reach } from './reach.ts';

/** How many replicas run, and what their number follows. */

/** How many replicas something keeps; `undefined` where another object says so. */
interface Replicas {
  readonly min: number;
  readonly max: number | undefined;
}

/** Where an object says how it scales, and what it says. */
interface Scaling {
  readonly who: string;
  readonly fields: readonly Path[];
  readonly replicas: (object: KubeObject) => Replicas | undefined;
  /** What the number of replicas follows, and where that is written. */
  readonly aim?: { readonly fields: readonly Path[]; readonly of: (object: KubeObject) => string };
  readonly concurrency?: Path;
}

const ANNOTATIONS: Path = ['spec', 'template', 'metadata', 'annotations'];
const KNATIVE = 'autoscaling.knative.dev/';

function knativeText(object: KubeObject, name: string): string | undefined {
  // Knative still reads the names of before 0.24 (serving pkg/apis/autoscaling).
  return (
    textAt(object, ...ANNOTATIONS, `${KNATIVE}${name}`) ??
    textAt(object, ...ANNOTATIONS, `${KNATIVE}${name.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase())}`)
  );
}

function scalingsOf(unit: ChangedUnit, object: KubeObject): Scaling[] {
  if (isKind(object, 'serving.kserve.io', 'InferenceService')) {
    return ['predictor', 'transformer', 'explainer'].map((component) => {
      const base: Path = ['spec', component];
      return {
        who: whoIs(unit, object, component),
        fields: [
          [...base, 'minReplicas'],
          [...base, 'maxReplicas'],
        ],
        replicas: (of) =>
          valueAt(of, ...base) === undefined
            ? undefined
            : { min: numberAt(of, ...base, 'minReplicas') ?? 1, max: numberAt(of, ...base, 'maxReplicas') },
        aim: {
          fields: [
            [...base, 'scaleMetric'],
            [...base, 'scaleTarget'],
          ],
          of: (of) => aimText(textAt(of, ...base, 'scaleMetric'), textAt(of, ...base, 'scaleTarget')),
        },
        concurrency: [...base, 'containerConcurrency'],
      };
    });
  }
  if (isKind(object, 'serving.knative.dev', 'Service')) {
    const names = ['min-scale', 'max-scale', 'minScale', 'maxScale'].map((name) => [...ANNOTATIONS, `${KNATIVE}${name}`]);
    return [
      {
        who: whoIs(unit, object),
        fields: names,
        replicas: (of) => ({
          min: Number(knativeText(of, 'min-scale') ?? 0) || 0,
          max: Number(knativeText(of, 'max-scale') ?? 0) || undefined,
        }),
        aim: {
          fields: ['metric', 'target'].map((name) => [...ANNOTATIONS, `${KNATIVE}${name}`]),
          of: (of) => aimText(knativeText(of, 'metric'), knativeText(of, 'target')),
        },
        concurrency: [...TEMPLATE, 'containerConcurrency'],
      },
    ];
  }
  if (isKind(object, 'autoscaling', 'HorizontalPodAutoscaler')) {
    return [
      {
        who: scaledBy(unit, object),
        fields: [
          ['spec', 'minReplicas'],
          ['spec', 'maxReplicas'],
        ],
        replicas: (of) => ({ min: numberAt(of, 'spec', 'minReplicas') ?? 1, max: numberAt(of, 'spec', 'maxReplicas') }),
        aim: {
          fields: [
            ['spec', 'metrics'],
            ['spec', 'targetCPUUtilizationPercentage'],
          ],
          of: autoscalerAim,
        },
      },
    ];
  }
  if (isKind(object, 'keda.sh', 'ScaledObject')) {
    return [
      {
        who: scaledBy(unit, object),
        fields: [
          ['spec', 'minReplicaCount'],
          ['spec', 'maxReplicaCount'],
        ],
        replicas: (of) => ({
          min: numberAt(of, 'spec', 'minReplicaCount') ?? 0,
          max: numberAt(of, 'spec', 'maxReplicaCount') ?? 100,
        }),
      },
    ];
  }
  if (!isWorkload(object) || isKind(object, 'apps', 'DaemonSet')) return [];
  return [
    {
      who: whoIs(unit, object),
      fields: [['spec', 'replicas']],
      replicas: (of) => {
        const replicas = numberAt(of, 'spec', 'replicas');
        return replicas === undefined ? undefined : { min: replicas, max: replicas };
      },
    },
  ];
}

/** What an autoscaler scales. */
function scaledBy(unit: ChangedUnit, object: KubeObject): string {
  const scaled = {
    ...object,
    kind: textAt(object, 'spec', 'scaleTargetRef', 'kind') ?? 'Deployment',
    metadata: { ...object.metadata, name: textAt(object, 'spec', 'scaleTargetRef', 'name') ?? '' },
  };
  return whoIs(unit, scaled);
}

function aimText(metric: string | undefined, target: string | undefined): string {
  return metric === undefined && target === undefined ? 'none' : `${shown(metric ?? 'the default metric')} ${shown(target)}`;
}

function autoscalerAim(object: KubeObject): string {
  const cpu = textAt(object, 'spec', 'targetCPUUtilizationPercentage');
  const metrics = listAt(object, 'spec', 'metrics').map((metric) => {
    const resource = mapAt(metric, 'resource');
    const target = mapAt(resource, 'target');
    return textAt(resource, 'name') === undefined
      ? shown(textAt(metric, 'type'))
      : aimText(textAt(resource, 'name'), textAt(target, 'averageUtilization') ?? textAt(target, 'averageValue'));
  });
  return cpu === undefined ? listed(metrics) || 'none' : aimText('cpu', cpu);
}

/** What changes of how many replicas something runs, and of what that number follows. */
export function scaleSaid(unit: ChangedUnit, stage: Stage, change: Altered, after: () => Reach | undefined): Said[] {
  const [old, now] = [change.before.object, change.after.object];
  return scalingsOf(unit, now).flatMap(({ who, fields, replicas, aim, concurrency }) => {
    const said: Said[] = [];
    const touched = touching(change.changes, ...fields);
    if (touched.length > 0) {
      said.push(
        ...replicaWords(unit, stage, now, who, replicas(old), replicas(now), after).map((words) => ({
          ...words,
          explains: [{ of: change, changes: touched }],
        })),
      );
    }
    const aims = aim ? touching(change.changes, ...aim.fields) : [];
    if (aim && aims.length > 0 && aim.of(old) !== aim.of(now)) {
      said.push({
        text: `${who} scales at ${aim.of(now)} (was ${aim.of(old)})`,
        reasons: [],
        explains: [{ of: change, changes: aims }],
      });
    }
    const limits = concurrency ? touching(change.changes, concurrency) : [];
    if (concurrency && limits.length > 0) {
      const count = (object: KubeObject): string => {
        const limit = numberAt(object, ...concurrency);
        return limit === undefined || limit === 0 ? 'any number of requests' : counted(limit, 'request');
      };
      if (count(old) !== count(now))
        said.push({
          text: `${who} takes ${count(now)} at a time per replica (was ${count(old).replace(/ requests?$/, '')})`,
          reasons: [],
          explains: [{ of: change, changes: limits }],
        });
    }
    return said;
  });
}

function replicaWords(
  unit: ChangedUnit,
  stage: Stage,
  object: KubeObject,
  who: string,
  before: Replicas | undefined,
  after: Replicas | undefined,
  reach: () => Reach | undefined,
): Words[] {
  if (!after)
    return before
      ? [{ text: `${who} leaves its replicas to an autoscaler (was ${range(before.min, before.max)})`, reasons: [] }]
      : [];
  if (before && before.min === after.min && before.max === after.max) return [];
  const was = before ? ` (was ${range(before.min, before.max)})` : '';
  const idle = after.min === 0 && before?.min !== 0 ? idleRelease(object, reach) : undefined;
  if (after.max === 0 && after.min === 0) {
    const reason =
      idle === undefined
        ? reasonOf('risk/delete-live', stage, 'no replica of it runs any more')
        : reasonOf('risk/retire', stage, 'no route sends requests to it');
    return [
      {
        text: `${who}${idle === undefined ? '' : ` of release ${shown(idle)}`} is stopped${before ? ` (ran ${range(before.min, before.max)})` : ''}`,
        reasons: [reason],
      },
    ];
  }
  const words: Words[] = [];
  const toZero = before !== undefined && before.min > 0 && after.min === 0;
  if (toZero) {
    const text =
      idle === undefined
        ? `${frontOf(unit, object, who)} may scale to zero`
        : `release ${shown(idle)} of ${frontOf(unit, object, who)} may scale to zero`;
    words.push({
      text,
      reasons: [
        idle === undefined
          ? reasonOf('risk/scale-to-zero', stage, `at least ${before.min} ran before`)
          : reasonOf('risk/retire', stage, 'no route sends requests to it'),
      ],
    });
  }
  if (toZero && before.max === after.max) return words;
  const fewer = before !== undefined && (after.min < before.min || (after.max ?? Infinity) < (before.max ?? Infinity));
  const plural = after.min === 1 && (after.max ?? 2) <= 1 ? 'replica' : 'replicas';
  words.unshift({
    text: `${who} runs ${range(after.min, after.max)} ${plural}${was}`,
    reasons: fewer ? [reasonOf('risk/replicas', stage, `it ran ${range(before.min, before.max)}`)] : [],
  });
  return words;
}

/** A function stands for its service, which answers through it. */
function frontOf({ place: { service } }: ChangedUnit, object: KubeObject, who: string): string {
  return service !== undefined && partOf(object) === 'function' && who === `${shown(service)} function` ? shown(service) : who;
}

/**
 * The release of a workload that no route leads to, while routes do lead to the same workload of another release. Models that
 * only a function calls are behind no route, and nothing is said of them.
 */
function idleRelease(object: KubeObject, reach: () => Reach | undefined): string | undefined {
  const release = releaseOf(object);
  const reached = release === undefined ? undefined : reach();
  if (release === undefined || !reached || reached.releases.has(release)) return undefined;
  const name = textAt(object, 'metadata', 'name') ?? '';
  const stem = name.slice(0, name.length - release.length);
  const twin = [...reached.hosts].some((host) =>
    namesBehind(host).some((other) => other.startsWith(stem) && reached.releases.has(other.slice(stem.length))),
  );
  return twin ? release : undefined;
}

/** Whether a change may take the last replica of a workload away, so that it matters whether anything leads to it. */
export function mayGoToZero(change: ObjectChange): boolean {
  if (change.change !== 'changed') return false;
  const [old, now] = [change.before.object, change.after.object];
  const minima: readonly Path[] = [
    [...ANNOTATIONS, `${KNATIVE}min-scale`],
    ['spec', 'replicas'],
    ['spec', 'predictor', 'minReplicas'],
  ];
  return releaseOf(now) !== undefined && minima.some((path) => numberAt(now, ...path) === 0 && numberAt(old, ...path) !== 0);
}
