import { createCatalogue, OWN_IMPORTS } from '../../../src/check/schema/catalogue.ts';
import { compareTrees, type Contents } from '../../../src/review/compare.ts';
import { readFile } from '../../../src/review/documents.ts';
import { createMask } from '../../../src/review/mask.ts';
import { unitOf } from '../../../src/review/place.ts';
import type { Stage } from '../../../src/review/risks.ts';
import type { Said } from '../../../src/review/statement.ts';
import type { ChangedUnit } from '../../../src/review/unit.ts';
import { isPlainMap } from '../../../src/check/schema/plain-data.ts';

/** The folder of the service that the scenarios are about. */
export const FOLDER = 'envs/prod-eu/eu-1/risk-ml/fraud-detector';

/** What `argocd-app.json` of that service says. */
export const DESCRIPTOR = {
  service: 'fraud-detector',
  environment: 'prod-eu',
  stage: 'prod',
  cluster: 'eu-1',
  team: 'risk-ml',
  namespace: 'risk-ml-prod',
};

export const PROD: Stage = { prod: true };
export const DEV: Stage = { prod: false };

/** The two sides of a scenario: YAML of `manifests/all.yaml`, or texts by path. */
export type Side = string | Readonly<Record<string, string>>;

const schemas = createCatalogue([OWN_IMPORTS]);

/**
 * The unit that differs between two trees.
 *
 * @param folder of the unit; another one than `FOLDER` is a tree of another tool.
 */
export function unitOfScenario(
  before: Side,
  after: Side,
  more: Partial<ChangedUnit> = {},
  folder = FOLDER,
): ChangedUnit {
  const mask = createMask();
  const contents = (side: Side): Contents =>
    new Map(
      Object.entries(typeof side === 'string' ? { 'manifests/all.yaml': side } : side).map(([path, text]) => [
        `${folder}/${path}`,
        readFile(`${folder}/${path}`, text, mask),
      ]),
    );
  const { objects, documents } = compareTrees(contents(before), contents(after), schemas);
  const place = unitOf(`${folder}/manifests/all.yaml`);
  const descriptor = place.service === undefined ? {} : { before: DESCRIPTOR, after: DESCRIPTOR };
  return {
    place: place.service === undefined ? { folder } : place,
    descriptor,
    objects,
    documents,
    beside: [],
    ...more,
  };
}

/** What some words say of a scenario: each sentence, and behind it its reasons as `risk rule`. */
export function inWords(
  words: (unit: ChangedUnit, stage: Stage) => readonly Said[],
  before: Side,
  after: Side,
  {
    stage = PROD,
    folder = FOLDER,
    ...more
  }: { readonly stage?: Stage; readonly folder?: string } & Partial<ChangedUnit> = {},
): string[] {
  return words(unitOfScenario(before, after, more, folder), stage).map(lineOf);
}

/** `fraud-detector sends 25 % … [medium risk/traffic]` */
export function lineOf({ text, reasons }: Said): string {
  return `${text}${reasons.map(({ rule, risk }) => ` [${risk} ${rule}]`).join('')}`;
}

/** A text with something replaced in it, which must be there. */
export function edited(text: string, ...edits: readonly (readonly [string, string])[]): string {
  return edits.reduce((result, [from, to]) => {
    if (!result.includes(from)) throw new Error(`the scenario has no ${JSON.stringify(from)}`);
    return result.replaceAll(from, to);
  }, text);
}

/** The changes of a unit that no sentence explains, by field; objects and files that came or went by name. */
export function unexplained(unit: ChangedUnit, said: readonly Said[]): string[] {
  const all = new Set<unknown>();
  const some = new Set<unknown>();
  for (const { of, changes } of said.flatMap(({ explains }) => explains)) {
    if (changes) changes.forEach((change) => some.add(change));
    else all.add(of);
  }
  return [...unit.objects, ...unit.documents].flatMap((change) => {
    if (all.has(change)) return [];
    if (change.changes.length > 0) return change.changes.filter((one) => !some.has(one)).map(({ field }) => field);
    return 'file' in change
      ? [change.file]
      : [
          `${(change.after ?? change.before).object.kind} ${String((change.after ?? change.before).object.metadata.name)}`,
        ];
  });
}

/** Whatever a fuzzed object has in place of a field. */
export function shapesOf(value: unknown): unknown[] {
  const odd: readonly unknown[] = [null, 0, 'x', [null], { a: [] }];
  if (Array.isArray(value))
    return [
      ...odd,
      ...value.flatMap((item, index) =>
        shapesOf(item).map((shape) => value.map((each: unknown, at) => (at === index ? shape : each))),
      ),
    ];
  if (!isPlainMap(value)) return [...odd];
  return [
    ...odd,
    ...Object.keys(value).flatMap((key) => shapesOf(value[key]).map((shape) => ({ ...value, [key]: shape }))),
  ];
}
