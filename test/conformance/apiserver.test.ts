import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createSchemaCheck } from '../../src/check/schema.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { golden } from '../support/golden-tree.ts';

/**
 * The API server's own library says what it would make of our objects, by the CustomResourceDefinitions that the projects
 * publish (test/conformance/crdcheck). Our schema check is held to it: it refuses what the server refuses, and no more.
 */

const FOLDER = join(import.meta.dirname, '../../.cache/crdcheck');

interface Verdict {
  /** Errors for which the server refuses the object. */
  readonly errors: readonly string[];
  /** Whether it would store something else than what was given. */
  readonly changed: boolean;
}

function verdictsOf(objects: readonly unknown[]): readonly Verdict[] {
  const tool = join(FOLDER, 'crdcheck');
  if (!existsSync(tool)) throw new Error('crdcheck is missing: run test/conformance/install-crdcheck');
  const input = objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  const { status, stdout, stderr } = spawnSync(tool, [join(FOLDER, 'crds')], { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(String(stderr));
  const lines = String(stdout).trimEnd().split('\n');
  expect(lines).toHaveLength(objects.length);
  return lines.map((line) => JSON.parse(line) as Verdict);
}

const rendered = Object.entries(golden)
  .filter(([path]) => /(?:^argocd|\/manifests)\/.*\.yaml$/.test(path))
  .map(([path, text]) => ({ path, object: parse(text) as KubeObject }));

/** What crdcheck knows: groups whose CustomResourceDefinitions are in Go modules. */
const GROUPS = /^(?:argoproj\.io|monitoring\.coreos\.com|networking\.istio\.io|serving\.(?:knative\.dev|kserve\.io))\//;
const custom = rendered.filter(({ object }) => GROUPS.test(object.apiVersion));

test('the API server takes every custom resource of the golden tree, and stores it as it is written', () => {
  expect(custom.length).toBeGreaterThan(90);
  const verdicts = verdictsOf(custom.map(({ object }) => object));
  const wrong = verdicts.flatMap((verdict, i) =>
    verdict.errors.length > 0 || verdict.changed ? [{ path: custom[i]!.path, ...verdict }] : [],
  );
  expect(wrong).toEqual([]);
});

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? value.slice(0, 2).map((item, i): [number, unknown] => [i, item])
    : Object.entries(value);
  for (const [key, inner] of entries) {
    yield [...path, key];
    yield* pathsOf(inner, [...path, key]);
  }
}

/** What a value is spoilt with, by its type. `null` is left out: we refuse it, a create of the server drops it (docs/checks.md). */
function spoilt(value: unknown): unknown[] {
  if (typeof value === 'string') return [5, true, {}, ['a'], '', 'Bad_Name! x', 'a'.repeat(300), '-5s', `${value}\n`];
  if (typeof value === 'number') return [String(value), -1, 0, 1.5, 1e19, 65536, 101, true, {}];
  if (typeof value === 'boolean') return ['true', 1, !value];
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    const [first] = items;
    return ['x', {}, [], [...items, first], Array.from({ length: 130 }, () => first), [...items, {}]];
  }
  return ['x', [], {}, { ...(value as object), unknownField: 'x' }, { ...(value as object), 'bad key!': { a: 1 } }];
}

/** The object with another value at a path; `undefined` takes it away. */
function replaced(object: KubeObject, path: Path, value: unknown): KubeObject {
  const copy = structuredClone(object);
  const parent = path.slice(0, -1).reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], copy);
  if (value === undefined) delete (parent as Record<string, unknown>)[path.at(-1)!];
  else (parent as Record<string, unknown>)[path.at(-1)!] = value;
  return copy;
}

/** The largest object of each kind, since it has the most fields. */
const samples = new Map<string, KubeObject>();
for (const { object } of custom) {
  const kind = `${object.apiVersion}/${object.kind}`;
  const size = (one: KubeObject | undefined): number => (one === undefined ? 0 : [...pathsOf(one)].length);
  if (size(object) > size(samples.get(kind))) samples.set(kind, object);
}

test.each([...samples])('%s, spoilt in every field: our verdict is that of the API server', (kind, object) => {
  const cases: { what: string; object: KubeObject }[] = [];
  const seen = new Set<string>();
  for (const path of pathsOf(object)) {
    // Who and where it is: the URL of a request says that too. Lists are alike in their items.
    const place = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    if (/^(?:apiVersion|kind|metadata(?:\.name(?:space)?)?)$/.test(place) || seen.has(place)) continue;
    seen.add(place);
    const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], object);
    const values = typeof path.at(-1) === 'string' ? [undefined, ...spoilt(value)] : spoilt(value);
    for (const bad of values) {
      const what = `${path.join('.')} = ${JSON.stringify(bad)?.slice(0, 60) ?? 'nothing'}`;
      cases.push({ what, object: replaced(object, path, bad) });
    }
  }
  const check = createSchemaCheck([]);
  const verdicts = verdictsOf(cases.map((one) => one.object));
  const differences = cases.flatMap(({ what, object: bad }, i) => {
    const ours = check.check(bad).filter(({ severity }) => severity === 'error');
    const theirs = verdicts[i]!.errors;
    return ours.length > 0 === theirs.length > 0 ? [] : [{ what, ours: ours.map(({ message }) => message), theirs }];
  });
  expect(differences).toEqual([]);
  // Both must happen, or the comparison says nothing.
  const refused = verdicts.filter(({ errors }) => errors.length > 0).length;
  expect([kind, refused > 20, refused < cases.length]).toEqual([kind, true, true]);
});
