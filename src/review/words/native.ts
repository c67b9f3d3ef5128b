import type { KubeObject } from '../../core/object.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import { nativeShares, servedRelease } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsAll, explainsBelow, isKind, numberAt, shown, subjectOf, textAt } from './read.ts';
import { percent, type Altered } from './said.ts';
import { addShare, labelOfRelease, sharesSaid, type Around, type Share, type Shares } from './shares.ts';

/** Requests that KServe or Knative split themselves, behind the route. */

/** Splits that one object makes itself: revisions of Knative, `canaryTrafficPercent` of KServe. */
export function nativeSaid(unit: ChangedUnit, stage: Stage, change: Altered, around: Around): Said[] {
  const subject = subjectOf(unit, change.after.object);
  if (isKind(change.after.object, 'serving.kserve.io', 'InferenceService')) return canarySaid(unit, stage, change, around);
  if (!isKind(change.after.object, 'serving.knative.dev', 'Service')) return [];
  if (changesBelow(change.changes, ['spec', 'traffic']).length === 0) return [];
  const labelled = [
    ['metadata', 'labels'],
    ['spec', 'template', 'metadata', 'labels'],
  ].map((labels) => [...labels, 'app.kubernetes.io/version']);
  const explains = [explainsBelow(change, ['spec', 'traffic'], ['spec', 'template', 'metadata', 'name'], ...labelled)];
  const [before, after] = [nativeMap(change.before.object), nativeMap(change.after.object)];
  if (before.size === 0 || after.size === 0) return [];
  const said = sharesSaid({ unit, stage, subject, around, explains }, before, after);
  const fresh = [...after].flatMap(([key, share]) => (before.has(key) || share.weight > 0 ? [] : [share]));
  const gone = [...before].flatMap(([key, share]) => (after.has(key) || share.weight > 0 ? [] : [share]));
  return [
    ...said,
    ...fresh.map(({ label }) => ({
      text: `${label} of ${subject} is deployed, without traffic`,
      reasons: [reasonOf('risk/new-release', stage, 'its revision gets 0 %')],
      explains,
    })),
    ...(said.length > 0
      ? []
      : gone.map(({ label }) => ({
          text: `${label} of ${subject} is removed; nothing sends requests to it`,
          reasons: [reasonOf('risk/retire', stage, 'its revision had 0 %')],
          explains,
        }))),
  ];
}

function nativeMap(object: KubeObject): Shares {
  const shares = new Map<string, Share>();
  for (const { release, weight } of nativeShares(object) ?? []) addShare(shares, release, '', weight);
  return shares;
}

const CANARY = ['spec', 'predictor', 'canaryTrafficPercent'] as const;

/** KServe keeps the stable release of such an object in the cluster alone, so that only the candidate has a name. */
function canarySaid(unit: ChangedUnit, stage: Stage, change: Altered, around: Around): Said[] {
  const [old, now] = [change.before.object, change.after.object];
  const [was, is] = [numberAt(old, ...CANARY), numberAt(now, ...CANARY)];
  const [before, after] = [servedRelease(old), servedRelease(now)];
  if (was === is && before === after) return [];
  const subject = subjectOf(unit, now);
  // Its runtimes carry the names of releases, and come and go with them.
  const runtimes = unit.objects.filter(
    (other) =>
      other.change !== 'changed' && isKind((other.after ?? other.before).object, 'serving.kserve.io', 'ServingRuntime'),
  );
  const explains = [
    explainsBelow(
      change,
      CANARY,
      ['spec', 'predictor', 'model', 'runtime'],
      ['metadata', 'labels', 'app.kubernetes.io/version'],
    ),
    ...runtimes.map(explainsAll),
  ];
  const candidate = after ?? 'the new release';
  const telling = { unit, stage, subject, around, explains };
  const shares = (weight: number, stable = `before ${candidate}`): Shares => {
    const map = new Map<string, Share>();
    addShare(map, candidate, '', weight);
    addShare(map, stable, '', 100 - weight);
    return map;
  };
  if (was === undefined && is === undefined) {
    if (before === undefined || after === undefined) return [];
    const text = `release ${shown(after)} of ${subject} replaces ${shown(before)}`;
    return [{ text, reasons: [reasonOf('risk/in-place', stage, 'all requests go to it as soon as it is ready')], explains }];
  }
  if (was !== undefined && is === undefined && before !== after) {
    const text = `${labelOfRelease(before ?? 'the new release')} of ${subject} is removed; ${labelOfRelease(candidate)} serves`;
    return [
      {
        text,
        reasons: [
          was > 0
            ? reasonOf('risk/delete-live', stage, `it had ${percent(was)} %`)
            : reasonOf('risk/retire', stage, 'it had 0 %'),
        ],
        explains,
      },
    ];
  }
  if (is === 0 && before !== after) {
    return [
      {
        text: `${labelOfRelease(candidate)} of ${subject} is deployed, without traffic`,
        reasons: [reasonOf('risk/new-release', stage, 'canaryTrafficPercent is 0')],
        explains,
      },
    ];
  }
  const stable = before !== after ? before : undefined;
  return sharesSaid(telling, shares(before !== after ? 0 : (was ?? 100), stable), shares(is ?? 100, stable));
}

const WEIGHT = ['spec', 'router', 'route', 'weight'] as const;

/** KServe splits requests between the LLMInferenceServices of a group. */
export function groupSaid(unit: ChangedUnit, stage: Stage, around: Around): Said[] {
  const groups = new Map<
    string,
    { readonly before: Map<string, Share>; readonly after: Map<string, Share>; readonly explains: Explained[]; moved: boolean }
  >();
  for (const change of unit.objects) {
    const { before, after } = change;
    const object = (after ?? before).object;
    if (!isKind(object, 'serving.kserve.io', 'LLMInferenceService')) continue;
    const name = textAt(object, 'spec', 'router', 'route', 'group');
    if (name === undefined) continue;
    const group = groups.get(name) ?? {
      before: new Map<string, Share>(),
      after: new Map<string, Share>(),
      explains: [],
      moved: false,
    };
    groups.set(name, group);
    for (const [placed, map] of [
      [before, group.before],
      [after, group.after],
    ] as const) {
      for (const { release, weight } of placed ? (nativeShares(placed.object) ?? []) : []) {
        addShare(map, release, textAt(placed?.object, 'metadata', 'name') ?? '', weight);
      }
    }
    if (change.change === 'changed' && changesBelow(change.changes, WEIGHT).length > 0) {
      group.explains.push(explainsBelow(change, WEIGHT));
      group.moved = true;
    }
  }
  return [...groups].flatMap(([name, { before, after, explains, moved }]) =>
    moved
      ? sharesSaid(
          {
            unit,
            stage,
            subject: unit.place.service === undefined ? shown(name) : shown(unit.place.service),
            around,
            explains,
          },
          before,
          after,
        )
      : [],
  );
}
