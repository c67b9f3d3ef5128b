import { isPlainMap } from '../check/schema/plain-data.ts';
import { groupOf, type KubeObject } from '../core/object.ts';
import type { ObjectChange, Placed } from './compare.ts';
import { differences } from './diff.ts';
import type { Known } from './lists.ts';
import { unitOf } from './place.ts';

/** Pairs of so many objects are compared one with the other; of more only those that are told by their labels. */
const MAX_PAIRS = 400;

/** Share of equal fields from which on an object is taken for the other one under a new name. */
const ALIKE = 0.6;

/**
 * Finds what replaces what among objects that went and came: an object of the same kind at the same place that is another
 * release of the same part, has the same name in another namespace, or is nearly the same under another name. The rest is
 * removed and added.
 */
export function pairReplaced(
  removed: readonly Placed[],
  added: readonly Placed[],
  known: (object: KubeObject) => Known | undefined,
): ObjectChange[] {
  const found: ObjectChange[] = [];
  const left = new Set(removed);
  const right = new Set(added);
  const replace = (before: Placed, after: Placed): void => {
    left.delete(before);
    right.delete(after);
    found.push({
      change: 'replaced',
      before,
      after,
      changes: differences(after.object.kind, before.object, after.object, known(after.object)),
    });
  };
  for (const tell of [releaseOfPart, sameName]) {
    const news = groupBy([...right], tell);
    for (const [key, olds] of groupBy([...left], tell)) {
      const others = news.get(key) ?? [];
      if (olds.length === 1 && others.length === 1) replace(olds[0]!, others[0]!);
    }
  }
  const news = groupBy([...right], kindAndPlace);
  for (const [key, olds] of groupBy([...left], kindAndPlace)) {
    const others = news.get(key) ?? [];
    if (olds.length * others.length > MAX_PAIRS) continue;
    const scores = olds.flatMap((old) =>
      others.map((other) => ({ old, other, score: likeness(old.object, other.object) })),
    );
    for (const { old, other, score } of scores.sort((a, b) => b.score - a.score)) {
      if (score >= ALIKE && left.has(old) && right.has(other)) replace(old, other);
    }
  }
  for (const before of left) found.push({ change: 'removed', before, changes: [] });
  for (const after of right) found.push({ change: 'added', after, changes: [] });
  return found;
}

function groupBy(objects: readonly Placed[], keyOf: (placed: Placed) => string | undefined): Map<string, Placed[]> {
  const groups = new Map<string, Placed[]>();
  for (const placed of objects) {
    const key = keyOf(placed);
    if (key === undefined) continue;
    const others = groups.get(key);
    if (others) others.push(placed);
    else groups.set(key, [placed]);
  }
  return groups;
}

/** Kind, place, service and part of an object that carries a release in its labels. */
function releaseOfPart(placed: Placed): string | undefined {
  const { labels } = placed.object.metadata;
  if (!isPlainMap(labels)) return undefined;
  const [service, part, release] = ['name', 'component', 'version'].map(
    (label) => labels[`app.kubernetes.io/${label}`],
  );
  return service !== undefined && release !== undefined
    ? JSON.stringify([kindAndPlace(placed), service, part])
    : undefined;
}

/** The same kind and name on the same cluster: what moved to another namespace. */
function sameName({ file, object }: Placed): string {
  const { environment, cluster } = unitOf(file);
  return JSON.stringify([environment, cluster, groupOf(object.apiVersion), object.kind, object.metadata.name]);
}

function kindAndPlace({ file, object }: Placed): string {
  return JSON.stringify([groupOf(object.apiVersion), object.kind, unitOf(file).folder]);
}

/** Share of the fields, names aside, that two objects have in common. */
function likeness(a: KubeObject, b: KubeObject): number {
  const [one, other] = [leaves(a), leaves(b)];
  const same = [...one].filter((leaf) => other.has(leaf)).length;
  const all = one.size + other.size - same;
  return all === 0 ? 0 : same / all;
}

function leaves({ metadata, ...rest }: KubeObject): Set<string> {
  const found = new Set<string>();
  const walk = (value: unknown, path: string): void => {
    if (Array.isArray(value)) value.forEach((item) => walk(item, `${path}[]`));
    else if (isPlainMap(value)) for (const key of Object.keys(value)) walk(value[key], `${path}.${key}`);
    else found.add(`${path}=${String(value)}`);
  };
  const { apiVersion: _apiVersion, kind: _kind, ...content } = rest;
  walk(content, '');
  walk(metadata.labels, 'labels');
  return found;
}
