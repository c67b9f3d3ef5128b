import { answered, type Answer } from '../core/answer.ts';
import { compareText, sortFindings } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { isPlainMap } from '../check/schema/plain-data.ts';
import type { Catalogue } from '../check/schema/catalogue.ts';
import { nameOf, pathIn } from '../tree/paths.ts';
import { compareTrees, knownBy, type Contents, type DocumentChange, type ObjectChange } from './compare.ts';
import { notCompared, readFile } from './documents.ts';
import { foldStatements, type Spoken } from './fold.ts';
import { createMask, type Mask } from './mask.ts';
import { SHARED, unitOf } from './place.ts';
import type { Entry, Plan, Reason, Topology } from './plan.ts';
import { seenInPlace } from './relocated.ts';
import { riskOf } from './risks.ts';
import { say } from './say.ts';
import { topologyOf } from './topology.ts';
import type { Side, Trees } from './trees.ts';
import type { ChangedUnit, Descriptor, Place } from './unit.ts';
import { besideNeeded } from './words/beside.ts';
import { groupedBy } from './words/sets.ts';

/** What to make besides the words. */
export interface PlanOptions {
  /** Schemas of kinds: the lists in them that have keys. */
  readonly schemas: Catalogue;
  /** Whether to read who answers requests before and after; it takes the files of changed services that did not change. */
  readonly topology: boolean;
}

/**
 * What the change from one tree to the other means. Reads the files that differ, the descriptors of the services that they
 * belong to, and little beside.
 *
 * @returns the plan, which also holds what is wrong with single files; or findings when the trees cannot be read at all.
 */
export async function makePlan(trees: Trees, { schemas, topology }: PlanOptions): Promise<Answer<Plan>> {
  const mask = createMask();
  const files = await trees.changedFiles();
  if (files.value === undefined) return files;
  const before = await readContents(trees, 'before', files.value, mask);
  const after = await readContents(trees, 'after', files.value, mask);
  if (before.value === undefined) return before;
  if (after.value === undefined) return after;
  const difference = compareTrees(before.value, after.value, schemas);
  const units = await readUnits(trees, group(difference.objects, difference.documents), after.value, topology, mask);
  if (units.value === undefined) return units;

  const known = knownBy(schemas);
  const entries: Entry[] = [];
  const spoken: Spoken[] = [];
  for (const unit of units.value) {
    const own = [...unit.objects, ...unit.documents];
    const indices = new Map(own.map((change, index) => [change, entries.length + index]));
    const reasons = new Map<ObjectChange | DocumentChange, Reason[]>(own.map((change) => [change, []]));
    const seen = seenInPlace(unit, known);
    for (const said of say(seen.unit)) {
      const explained = new Set(seen.whole(said));
      for (const change of explained) reasons.get(change)?.push(...said.reasons);
      const places = [...explained].flatMap((change) => indices.get(change) ?? []);
      spoken.push({ place: unit.place, subject: subjectOf(unit), said, entries: places.sort((a, b) => a - b) });
    }
    for (const change of own) {
      const head = { place: unit.place, risk: riskOf(reasons.get(change) ?? []) };
      entries.push(
        'file' in change ? { type: 'document', ...head, ...change } : { type: 'object', ...head, ...change },
      );
    }
  }
  const clusters = await clustersOf(trees, spoken);
  if (clusters.value === undefined) return clusters;
  const { statements, cells } = foldStatements(spoken, clusters.value);
  const count = (change: ObjectChange['change']): number =>
    difference.objects.filter((each) => each.change === change).length;
  return answered({
    version: 1,
    base: trees.base,
    head: trees.head,
    risk: statements.length === 0 ? 'none' : riskOf(statements),
    totals: {
      services: new Set(cells.filter(({ service }) => service).map(({ subject }) => subject)).size,
      environments: new Set(cells.map(({ environment }) => environment).filter((name) => name !== '')).size,
      objects: {
        added: count('added'),
        changed: count('changed'),
        replaced: count('replaced'),
        removed: count('removed'),
      },
      statements: { high: 0, medium: 0, low: 0, ...countBy(statements.map(({ risk }) => risk)) },
    },
    statements,
    cells,
    entries,
    topologies: topology ? units.value.flatMap(topologiesOf) : [],
    findings: sortFindings([...files.findings, ...before.findings, ...after.findings, ...difference.findings]),
  });
}

function countBy<Key extends string>(keys: readonly Key[]): Partial<Record<Key, number>> {
  const counts: Partial<Record<Key, number>> = {};
  for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

/** The service; else the object that a folder of others is about; else the folder. What is recorded of clusters is told of all of them at once. */
function subjectOf({ place, objects, documents }: ChangedUnit): string {
  if (
    objects.length === 0 &&
    documents.every(({ file }) => place.cluster !== undefined && nameOf(file) === 'cluster.yaml')
  )
    return 'clusters';
  if (place.service === SHARED) return `${place.team}/${SHARED}`;
  const object = objects.length === 1 ? (objects[0]!.after ?? objects[0]!.before).object : undefined;
  return place.service ?? (object ? objectLabel(object) : place.folder || '.');
}

async function readContents(trees: Trees, side: Side, paths: readonly string[], mask: Mask): Promise<Answer<Contents>> {
  const texts = await trees.readFiles(side, paths);
  if (texts.value === undefined) return texts;
  return answered(
    new Map(
      [...texts.value].map(([file, text]) => [
        file,
        text === undefined ? notCompared(file) : readFile(file, text, mask),
      ]),
    ),
    ...texts.findings,
  );
}

type Group = Pick<ChangedUnit, 'place' | 'from'> & {
  readonly objects: ObjectChange[];
  readonly documents: DocumentChange[];
};

/** Changes by where they happen, sorted by folder. */
function group(objects: readonly ObjectChange[], documents: readonly DocumentChange[]): Group[] {
  const groups = new Map<string, Group>();
  const at = (file: string): Group => {
    const place = unitOf(file);
    const found = groups.get(place.folder) ?? { place, objects: [], documents: [] };
    groups.set(place.folder, found);
    return found;
  };
  for (const change of objects) at((change.after ?? change.before).file).objects.push(change);
  for (const change of documents) at(change.file).documents.push(change);
  return withOwners([...groups.values()]).sort((a, b) => compareText(a.place.folder, b.place.folder));
}

const DESCRIPTOR = 'argocd-app.json';

/** A service that another team has now is one that changes, and not one that goes and one that comes. */
function withOwners(groups: readonly Group[]): Group[] {
  const moved = (verb: DocumentChange['change']): Map<string, Group[]> =>
    groupedBy(
      groups.filter(({ place, documents }) =>
        documents.some(({ change, file }) => change === verb && file === `${place.folder}/${DESCRIPTOR}`),
      ),
      ({ place: { environment, cluster, service } }) => JSON.stringify([environment, cluster, service]),
    );
  const [left, right] = [moved('removed'), moved('added')];
  const pairs = [...right].flatMap(([key, [now, ...more]]) => {
    const [old, ...others] = left.get(key) ?? [];
    const { service = SHARED } = now!.place;
    return old && more.length + others.length === 0 && service !== SHARED ? [[old, now!] as const] : [];
  });
  const merged = new Map(
    pairs.map(([old, now]) => [
      now,
      {
        place: now.place,
        from: old.place,
        objects: [...now.objects, ...old.objects],
        documents: [...now.documents, ...old.documents],
      },
    ]),
  );
  const gone = new Set(pairs.map(([old]) => old));
  return groups.filter((one) => !gone.has(one)).map((one) => merged.get(one) ?? one);
}

/**
 * What the words need to know of each unit, read for all of them at once.
 *
 * @param read what was read of the tree after already.
 */
async function readUnits(
  trees: Trees,
  groups: readonly Group[],
  read: Contents,
  topology: boolean,
  mask: Mask,
): Promise<Answer<ChangedUnit[]>> {
  const services = groups.filter(({ place }) => place.service !== undefined);
  const descriptorIn = ({ folder }: Place): string => `${folder}/${DESCRIPTOR}`;
  const descriptors = services.map(({ place }) => descriptorIn(place));
  const descriptorsBefore = services.map(({ place, from = place }) => descriptorIn(from));
  const asking = new Map(
    services
      .map(({ place, objects }) => [place.folder, besideNeeded(objects)] as const)
      .filter(([, kinds]) => topology || kinds.size > 0),
  );
  const listed = await trees.listFiles(
    'after',
    [...asking.keys()].map((folder) => pathIn(folder, 'manifests')),
  );
  if (listed.value === undefined) return listed;
  const siblings = listed.value.filter(
    (file) => topology || asking.get(unitOf(file).folder)?.has(nameOf(file).split('.')[0] ?? ''),
  );
  const old = await trees.readFiles('before', descriptorsBefore);
  const now = await trees.readFiles('after', [...descriptors, ...siblings.filter((file) => !read.has(file))]);
  if (old.value === undefined) return old;
  if (now.value === undefined) return now;
  const [before, after] = [old.value, now.value];
  const changed = new Set(groups.flatMap(({ objects }) => objects.map((change) => change.after?.object)));
  const beside = new Map<string, KubeObject[]>();
  for (const file of siblings) {
    const { objects } = read.get(file) ?? readFile(file, after.get(file) ?? '', mask);
    const { folder } = unitOf(file);
    beside.set(folder, [...(beside.get(folder) ?? []), ...objects.filter((object) => !changed.has(object))]);
  }
  return answered(
    groups.map(({ place, from, objects, documents }) => {
      const left = descriptorOf(before.get(descriptorIn(from ?? place)));
      const right = descriptorOf(after.get(descriptorIn(place)));
      return {
        place,
        ...(from && { from }),
        objects,
        documents,
        descriptor: { ...(left && { before: left }), ...(right && { after: right }) },
        beside: beside.get(place.folder) ?? [],
      };
    }),
  );
}

function descriptorOf(text: string | undefined): Descriptor | undefined {
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    return isPlainMap(value) ? value : undefined;
  } catch {
    // It is said as a finding where it changed.
    return undefined;
  }
}

/** The clusters of each environment that something changes in, in either tree. */
async function clustersOf(
  trees: Trees,
  spoken: readonly Spoken[],
): Promise<Answer<ReadonlyMap<string, ReadonlySet<string>>>> {
  const environments = new Set(
    spoken.flatMap(({ place }) => (place.cluster === undefined ? [] : [place.environment ?? ''])),
  );
  const clusters = new Map<string, Set<string>>();
  for (const environment of environments) {
    for (const side of ['before', 'after'] as const) {
      const folders = await trees.listFolders(side, `envs/${environment}`);
      if (folders.value === undefined) return folders;
      clusters.set(environment, new Set([...(clusters.get(environment) ?? []), ...folders.value]));
    }
  }
  return answered(clusters);
}

function topologiesOf({ place, objects, beside }: ChangedUnit): Topology[] {
  if (place.service === undefined) return [];
  const of = (side: 'before' | 'after'): KubeObject[] => [
    ...beside,
    ...objects.flatMap((change) => change[side]?.object ?? []),
  ];
  const [before, after] = [topologyOf(of('before')), topologyOf(of('after'))];
  return before || after ? [{ place, before, after }] : [];
}
