import type { KubeObject } from '../../core/object.ts';
import type { ObjectChange } from '../compare.ts';
import { isKind, listAt, mapAt, nameOf, numberAt, textAt, valueAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { namesBehind } from '../route.ts';
import type { Explained, Said } from '../statement.ts';
import { isWorkload, partOf, range, releaseOf } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { latest, touching, type Altered } from './changes.ts';
import type { Reach } from './reach.ts';
import { COMPONENTS, TEMPLATE, whoIs } from './running.ts';
import { phrase, sentence, type Phrase } from './said.ts';
import { counted, listed, shown } from './text.ts';

/** How many replicas run, and what their number follows. */

/** How many replicas something keeps. */
interface Replicas {
  readonly min: number;
  readonly max: number | undefined;
}

/** Where an object says how it scales, and what it says. */
interface Scaling {
  readonly who: string;
  readonly fields: readonly Path[];
  /** `undefined` where another object says how many there are. */
  readonly replicas: (object: KubeObject) => Replicas | undefined;
  /** What the number of replicas follows, and where that is written. */
  readonly aim?: { readonly fields: readonly Path[]; readonly of: (object: KubeObject) => string };
  readonly concurrency?: Path;
}

const ANNOTATIONS: Path = ['spec', 'template', 'metadata', 'annotations'];

/** Where Knative reads a setting; it still takes the names of before 0.24 (serving pkg/apis/autoscaling). */
function knative(...settings: readonly string[]): Path[] {
  const old = (name: string): string => name.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase());
  return settings
    .flatMap((name) => [name, old(name)])
    .map((name) => [...ANNOTATIONS, `autoscaling.knative.dev/${name}`]);
}

function knativeText(object: KubeObject, setting: string): string | undefined {
  return knative(setting).flatMap((path) => textAt(object, ...path) ?? [])[0];
}

function scalingsOf(unit: ChangedUnit, object: KubeObject): Scaling[] {
  if (isKind(object, 'serving.kserve.io', 'InferenceService'))
    return COMPONENTS.map((component) => componentScaling(unit, object, component));
  if (isKind(object, 'serving.knative.dev', 'Service')) {
    const number = (of: KubeObject, setting: string): number => Number(knativeText(of, setting) ?? 0) || 0;
    const aim = {
      fields: knative('metric', 'target'),
      of: (of: KubeObject) => aimText(knativeText(of, 'metric'), knativeText(of, 'target')),
    };
    return [
      {
        who: whoIs(unit, object),
        fields: knative('min-scale', 'max-scale'),
        replicas: (of) => ({ min: number(of, 'min-scale'), max: number(of, 'max-scale') || undefined }),
        aim,
        concurrency: [...TEMPLATE, 'containerConcurrency'],
      },
    ];
  }
  if (isKind(object, 'autoscaling', 'HorizontalPodAutoscaler')) {
    const aim = {
      fields: [
        ['spec', 'metrics'],
        ['spec', 'targetCPUUtilizationPercentage'],
      ],
      of: autoscalerAim,
    };
    return [{ who: scaledBy(unit, object), ...bounds(['spec', 'minReplicas'], ['spec', 'maxReplicas'], 1), aim }];
  }
  if (isKind(object, 'keda.sh', 'ScaledObject')) {
    return [
      { who: scaledBy(unit, object), ...bounds(['spec', 'minReplicaCount'], ['spec', 'maxReplicaCount'], 0, 100) },
    ];
  }
  if (!isWorkload(object) || isKind(object, 'apps', 'DaemonSet')) return [];
  const replicas = (of: KubeObject): Replicas | undefined => {
    const count = numberAt(of, 'spec', 'replicas');
    return count === undefined ? undefined : { min: count, max: count };
  };
  return [{ who: whoIs(unit, object), fields: [['spec', 'replicas']], replicas }];
}

function bounds(min: Path, max: Path, least: number, most?: number): Pick<Scaling, 'fields' | 'replicas'> {
  return {
    fields: [min, max],
    replicas: (of) => ({ min: numberAt(of, ...min) ?? least, max: numberAt(of, ...max) ?? most }),
  };
}

function componentScaling(unit: ChangedUnit, object: KubeObject, component: string): Scaling {
  const at = (field: string): Path => ['spec', component, field];
  const { fields, replicas } = bounds(at('minReplicas'), at('maxReplicas'), 1);
  return {
    who: whoIs(unit, object, component),
    fields,
    replicas: (of) => (valueAt(of, 'spec', component) === undefined ? undefined : replicas(of)),
    aim: {
      fields: [at('scaleMetric'), at('scaleTarget')],
      of: (of) => aimText(textAt(of, ...at('scaleMetric')), textAt(of, ...at('scaleTarget'))),
    },
    concurrency: at('containerConcurrency'),
  };
}

/** What an autoscaler scales. */
function scaledBy(unit: ChangedUnit, object: KubeObject): string {
  const kind = textAt(object, 'spec', 'scaleTargetRef', 'kind') ?? 'Deployment';
  const name = textAt(object, 'spec', 'scaleTargetRef', 'name') ?? '';
  return whoIs(unit, { ...object, kind, metadata: { ...object.metadata, name } });
}

function aimText(metric: string | undefined, target: string | undefined): string {
  return metric === undefined && target === undefined
    ? 'none'
    : `${shown(metric ?? 'the default metric')} ${shown(target)}`;
}

function autoscalerAim(object: KubeObject): string {
  const cpu = textAt(object, 'spec', 'targetCPUUtilizationPercentage');
  if (cpu !== undefined) return aimText('cpu', cpu);
  const metrics = listAt(object, 'spec', 'metrics').map((metric) => {
    const resource = textAt(metric, 'resource', 'name');
    const target = mapAt(metric, 'resource', 'target');
    return resource === undefined
      ? shown(textAt(metric, 'type'))
      : aimText(resource, textAt(target, 'averageUtilization') ?? textAt(target, 'averageValue'));
  });
  return listed(metrics) || 'none';
}

/** What changes of how many replicas something runs, and of what that number follows. */
export function scaleSaid(unit: ChangedUnit, stage: Stage, change: Altered, reach: () => Reach | undefined): Said[] {
  const [old, now] = [change.before.object, change.after.object];
  return scalingsOf(unit, now).flatMap(({ who, fields, replicas, aim, concurrency }) => {
    const said: Said[] = [];
    const on = (paths: readonly Path[]): Explained | undefined => {
      const changes = touching(change.changes, ...paths);
      return changes.length === 0 ? undefined : { of: change, changes };
    };
    const counts = on(fields);
    if (counts) {
      const budget = budgetOf(unit, now, replicas(old), replicas(now));
      const phrases = replicaWords(unit, stage, now, who, replicas(old), replicas(now), reach);
      said.push(
        ...phrases.map(({ text, reasons }, index) =>
          index === 0 && budget
            ? sentence(`${text}, ${budget.words}`, [counts, { of: budget.change }], ...reasons)
            : sentence(text, counts, ...reasons),
        ),
      );
    }
    const aims = aim && on(aim.fields);
    if (aims && aim.of(old) !== aim.of(now))
      said.push(sentence(`${who} scales at ${aim.of(now)} (was ${aim.of(old)})`, aims));
    const limits = concurrency && on([concurrency]);
    if (limits) {
      const count = (object: KubeObject): string => {
        const limit = numberAt(object, ...concurrency) ?? 0;
        return limit === 0 ? 'any number of requests' : counted(limit, 'request');
      };
      const text = `${who} takes ${count(now)} at a time per replica (was ${count(old).replace(/ requests?$/, '')})`;
      if (count(old) !== count(now)) said.push(sentence(text, limits));
    }
    return said;
  });
}

/** The PodDisruptionBudget that comes or goes with the second replica: with one it would only stop drains. */
function budgetOf(
  { objects }: ChangedUnit,
  object: KubeObject,
  before: Replicas | undefined,
  after: Replicas | undefined,
): { readonly change: ObjectChange; readonly words: string } | undefined {
  const single = (replicas: Replicas | undefined): boolean => replicas !== undefined && replicas.min < 2;
  if (!before || !after || single(before) === single(after)) return undefined;
  const change = objects.find(
    (one) =>
      one.change === (single(after) ? 'removed' : 'added') &&
      isKind(latest(one), 'policy', 'PodDisruptionBudget') &&
      nameOf(latest(one)) === nameOf(object),
  );
  return (
    change && {
      change,
      words: single(after) ? 'and has no PodDisruptionBudget any more' : 'and has a PodDisruptionBudget',
    }
  );
}

function replicaWords(
  unit: ChangedUnit,
  stage: Stage,
  object: KubeObject,
  who: string,
  before: Replicas | undefined,
  after: Replicas | undefined,
  reach: () => Reach | undefined,
): Phrase[] {
  if (!after)
    return before ? [phrase(`${who} leaves its replicas to an autoscaler (was ${range(before.min, before.max)})`)] : [];
  if (before && before.min === after.min && before.max === after.max) return [];
  const idle = before?.min === 0 || after.min === 0 ? idleRelease(object, reach) : undefined;
  const retired = reasonOf('risk/retire', stage);
  if (after.max === 0 && after.min === 0) {
    const reason = idle === undefined ? reasonOf('risk/delete-live', stage, 'no replica of it runs any more') : retired;
    const whose = idle === undefined ? '' : ` of release ${shown(idle)}`;
    return [phrase(`${who}${whose} is stopped${before ? ` (ran ${range(before.min, before.max)})` : ''}`, reason)];
  }
  const front = frontOf(unit, object, who);
  const words: Phrase[] = [];
  const [toZero, fromZero] = [
    before !== undefined && before.min > 0 && after.min === 0,
    before?.min === 0 && after.min > 0,
  ];
  const whose = idle === undefined ? front : `release ${shown(idle)} of ${front}`;
  if (toZero)
    words.push(
      phrase(`${whose} may scale to zero`, idle === undefined ? reasonOf('risk/scale-to-zero', stage) : retired),
    );
  if (fromZero) words.push(phrase(`${whose} no longer scales to zero`));
  if (before && before.max === after.max && (toZero || (fromZero && after.min === 1))) return words;
  const fewer = before !== undefined && (after.min < before.min || (after.max ?? Infinity) < (before.max ?? Infinity));
  const noun = after.min === 1 && after.max === 1 ? 'replica' : 'replicas';
  const was = before ? ` (was ${range(before.min, before.max)})` : '';
  return [
    phrase(
      `${who} runs ${range(after.min, after.max)} ${noun}${was}`,
      fewer ? reasonOf('risk/replicas', stage) : undefined,
    ),
    ...words,
  ];
}

/** A function stands for its service, which answers through it. */
function frontOf({ place: { service } }: ChangedUnit, object: KubeObject, who: string): string {
  return service !== undefined && partOf(object) === 'function' && who === `${shown(service)} function`
    ? shown(service)
    : who;
}

/**
 * The release of a workload that no route leads to, while routes do lead to the same workload of another release. Models that
 * only a function calls are behind no route, and nothing is said of them.
 */
function idleRelease(object: KubeObject, reach: () => Reach | undefined): string | undefined {
  const release = releaseOf(object);
  const reached = release === undefined ? undefined : reach();
  if (release === undefined || !reached || reached.releases.has(release)) return undefined;
  const stem = nameOf(object).slice(0, -release.length);
  const twin = [...reached.hosts].some((host) =>
    namesBehind(host).some((other) => other.startsWith(stem) && reached.releases.has(other.slice(stem.length))),
  );
  return twin ? release : undefined;
}

const MINIMA: readonly Path[] = [...knative('min-scale'), ['spec', 'replicas'], ['spec', 'predictor', 'minReplicas']];

/** Whether a change may take the last replica of a workload away, or brings the first one back, so that it matters whether anything leads to it. */
export function crossesZero(change: ObjectChange): boolean {
  if (change.change !== 'changed' || releaseOf(change.after.object) === undefined) return false;
  const { before, after } = change;
  return MINIMA.some((path) => (numberAt(after.object, ...path) === 0) !== (numberAt(before.object, ...path) === 0));
}
