import type { KubeObject } from '../../core/object.ts';
import { isKind, listAt, nameOf, numberAt, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import { nativeShares, servedRelease } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, isAltered, latest, type Altered } from './changes.ts';
import { releasesIn } from './follow.ts';
import { sentence } from './said.ts';
import { comeAndGone, groupedBy } from './sets.ts';
import { addShare, labelOfRelease, sharesSaid, type Around, type Share, type Shares } from './shares.ts';
import { serviceOf, subjectOf } from './subject.ts';
import { names, percent, shown } from './text.ts';

/** Requests that KServe or Knative split themselves, behind the route. */

/** Splits that one object makes itself: revisions of Knative, `canaryTrafficPercent` of KServe. */
export function nativeSaid(unit: ChangedUnit, stage: Stage, change: Altered, around: Around): Said[] {
  const subject = subjectOf(unit, change.after.object);
  if (isKind(change.after.object, 'serving.kserve.io', 'InferenceService'))
    return canarySaid(unit, stage, change, around);
  if (!isKind(change.after.object, 'serving.knative.dev', 'Service')) return [];
  if (changesBelow(change.changes, ['spec', 'traffic']).length === 0) return templateSaid(subject, change);
  const tags = [change.before, change.after].map(({ object }) => textAt(object, ...TAG)) as [string?, string?];
  const explains = [
    explainsBelow(change, ['spec', 'traffic'], REVISION, ...RELEASE_LABELS),
    ...tagged(unit, change, ...tags),
  ];
  const [before, after] = [nativeMap(change.before.object), nativeMap(change.after.object)];
  if (before.size === 0 || after.size === 0) return [];
  const said = sharesSaid({ unit, stage, subject, around, explains }, before, after);
  const fresh = [...after].flatMap(([key, share]) => (before.has(key) || share.weight > 0 ? [] : [share]));
  const gone = [...before].flatMap(([key, share]) => (after.has(key) || share.weight > 0 ? [] : [share]));
  if (said.length + fresh.length + gone.length === 0) return revisionSaid(stage, subject, change, explains);
  return [
    ...said,
    ...orphanSaid(stage, subject, change, explains),
    ...fresh.map(({ label }) =>
      sentence(`${label} of ${subject} is deployed, without traffic`, explains, reasonOf('risk/new-release', stage)),
    ),
    ...(said.length > 0
      ? []
      : gone.map(({ label }) =>
          sentence(
            `${label} of ${subject} is removed; nothing sends requests to it`,
            explains,
            reasonOf('risk/retire', stage),
          ),
        )),
  ];
}

/** Where the name of the revision stands that a template is for. */
const REVISION = ['spec', 'template', 'metadata', 'name'] as const;

/** Where a Knative Service says whose release it has. */
const TAG = ['metadata', 'labels', 'app.kubernetes.io/version'] as const;
const RELEASE_LABELS = [TAG, ['spec', 'template', ...TAG]] as const;

/** A template that is again the one of a revision that serves, as when a candidate was left: Knative makes no pods for it. */
function templateSaid(subject: string, change: Altered): Said[] {
  const [was, is] = [textAt(change.before.object, ...REVISION), textAt(change.after.object, ...REVISION)];
  const serves = listAt(change.after.object, 'spec', 'traffic').some(
    (entry) => textAt(entry, 'revisionName') === is && (numberAt(entry, 'percent') ?? 0) > 0,
  );
  if (was === is || is === undefined || !serves) return [];
  const release = textAt(change.after.object, ...TAG);
  const whose = release === undefined ? shown(is) : labelOfRelease(release);
  return [
    sentence(
      `${subject} has the template of ${whose} again, which serves; no pod restarts`,
      explainsBelow(change, REVISION, ...RELEASE_LABELS),
    ),
  ];
}

/** The same releases, in other revisions. */
function revisionSaid(stage: Stage, subject: string, change: Altered, explains: readonly Explained[]): Said[] {
  const orphans = orphanSaid(stage, subject, change, explains);
  const [was, is] = [revisionsIn(change.before.object), revisionsIn(change.after.object)];
  const { come, gone } = comeAndGone(was, is);
  if (orphans.length > 0 || come.length === 0) return orphans;
  return [sentence(`requests to ${subject} go to revision ${names(come)} (was ${names(gone)})`, explains)];
}

/** Revisions with requests that were not there before, and that the template does not make. */
function orphanSaid(stage: Stage, subject: string, { before, after }: Altered, explains: readonly Explained[]): Said[] {
  const known = new Set([
    ...revisionsIn(before.object),
    textAt(before.object, ...REVISION),
    textAt(after.object, ...REVISION),
  ]);
  const orphans = revisionsIn(after.object).filter((revision) => !known.has(revision));
  if (orphans.length === 0) return [];
  return [
    sentence(
      `nothing makes revision ${names(orphans)} of ${subject}`,
      explains,
      reasonOf('risk/no-backend', stage, 'Knative splits the requests as before as long as it is not there'),
    ),
  ];
}

function revisionsIn(object: KubeObject): string[] {
  return listAt(object, 'spec', 'traffic').flatMap((entry) => textAt(entry, 'revisionName') ?? []);
}

/** Other objects of a workload that outlives its releases, as its PodDisruptionBudget: they carry the name of the newest, too. */
function tagged(unit: ChangedUnit, { after }: Altered, was: string | undefined, is: string | undefined): Explained[] {
  if (was === is) return [];
  return unit.objects.flatMap((other) => {
    if (!isAltered(other) || other.after.object === after.object) return [];
    const [old, now] = [other.before, other.after].map(({ object }) => textAt(object, ...TAG));
    const explained = explainsBelow(other, TAG);
    return old === was && now === is && explained.changes?.length ? [explained] : [];
  });
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
    (other) => other.change !== 'changed' && isKind(latest(other), 'serving.kserve.io', 'ServingRuntime'),
  );
  const explains = [
    explainsBelow(change, CANARY, ['spec', 'predictor', 'model', 'runtime'], TAG),
    ...runtimes.map((of) => ({ of })),
    ...tagged(unit, change, before, after),
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
    return [sentence(text, explains, reasonOf('risk/in-place', stage, 'all requests go to it as soon as it is ready'))];
  }
  if (was !== undefined && is === undefined && before !== after) {
    const text = `${labelOfRelease(before ?? 'the new release')} of ${subject} is removed; ${labelOfRelease(candidate)} serves`;
    return [
      sentence(
        text,
        explains,
        was > 0 ? reasonOf('risk/delete-live', stage, `it had ${percent(was)} %`) : reasonOf('risk/retire', stage),
      ),
    ];
  }
  if (is === 0 && before !== after) {
    return [
      sentence(
        `${labelOfRelease(candidate)} of ${subject} is deployed, without traffic`,
        explains,
        reasonOf('risk/new-release', stage),
      ),
    ];
  }
  const stable = before !== after ? before : stableIn(unit, candidate);
  return sharesSaid(telling, shares(before !== after ? 0 : (was ?? 100), stable), shares(is ?? 100, stable));
}

/** The release that serves beside a candidate, where the rules of the service say so. */
function stableIn(unit: ChangedUnit, candidate: string): string | undefined {
  const [stable] = [...releasesIn(unit, 'before').phases].find(([, phase]) => phase === 'stable') ?? [];
  return stable === candidate ? undefined : stable;
}

const WEIGHT = ['spec', 'router', 'route', 'weight'] as const;

/** KServe splits requests between the LLMInferenceServices of a group. */
export function groupSaid(unit: ChangedUnit, stage: Stage, around: Around): Said[] {
  const members = unit.objects.filter((change) => isKind(latest(change), 'serving.kserve.io', 'LLMInferenceService'));
  const groups = groupedBy(members, (change) => textAt(latest(change), 'spec', 'router', 'route', 'group'));
  return [...groups].flatMap(([name, changes]) => {
    const moved = changes.filter((change) => changesBelow(change.changes, WEIGHT).length > 0);
    if (name === undefined || moved.length === 0) return [];
    const shares = (side: 'before' | 'after'): Shares => {
      const map = new Map<string, Share>();
      for (const object of changes.flatMap((change) => change[side]?.object ?? [])) {
        for (const { release, weight } of nativeShares(object) ?? []) addShare(map, release, nameOf(object), weight);
      }
      return map;
    };
    const explains = moved.map((change) => explainsBelow(change, WEIGHT));
    return sharesSaid(
      { unit, stage, subject: serviceOf(unit) ?? shown(name), around, explains },
      shares('before'),
      shares('after'),
    );
  });
}
