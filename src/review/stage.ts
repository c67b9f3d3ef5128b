import type { Stage } from './risks.ts';
import type { ChangedUnit } from './unit.ts';

/** Words of names that say production. The house's own stage is `prod`. */
const PRODUCTION: ReadonlySet<string> = new Set(['prod', 'production', 'prd', 'live']);

/** Words of names that say that something is not production, also beside `prod`: `pre-prod`, `nonprod`. */
const NOT_PRODUCTION: ReadonlySet<string> = new Set([
  'acceptance',
  'ci',
  'demo',
  'dev',
  'develop',
  'development',
  'e2e',
  'int',
  'integration',
  'local',
  'non',
  'nonprod',
  'perf',
  'pr',
  'pre',
  'preprod',
  'preview',
  'qa',
  'sandbox',
  'sbx',
  'stage',
  'staging',
  'stg',
  'test',
  'testing',
  'tests',
  'uat',
]);

const GUESSED = 'taken as not production by its name';
const NOTHING_SAID = 'no stage in the tree: taken as production';

/**
 * Whether what changes is production: as the descriptor says, in one of the two trees at least; else as the names of the
 * environment, the namespaces and the folders say; else it is taken as production.
 *
 * @example stageOf(unit) // { prod: true, assumed: 'no stage in the tree: taken as production' }
 */
export function stageOf(unit: ChangedUnit): Stage {
  const said = [unit.descriptor.before?.['stage'], unit.descriptor.after?.['stage']].filter(
    (stage) => typeof stage === 'string',
  );
  if (said.length > 0) {
    // Who changes the stage does not make production less of one by that.
    const verdicts = said.map(isProduction);
    if (verdicts.includes(true)) return { prod: true };
    return verdicts.includes(undefined)
      ? { prod: true, assumed: 'a stage that is not known: taken as production' }
      : { prod: false };
  }
  return stageOfNames([unit.place.environment, ...namespacesOf(unit), ...unit.place.folder.split('/')]);
}

/**
 * Whether names say production. One that does is enough; what no name says is taken as production.
 *
 * @example stageOfNames(['envs', 'dev', 'shop']) // { prod: false, assumed: 'taken as not production by its name' }
 */
export function stageOfNames(names: readonly (string | undefined)[]): Stage {
  const verdicts = new Set(names.map((name) => (name === undefined ? undefined : isProduction(name))));
  if (verdicts.has(true)) return { prod: true };
  return verdicts.has(false) ? { prod: false, assumed: GUESSED } : { prod: true, assumed: NOTHING_SAID };
}

/** What the words of a name say; `undefined` when they say nothing. */
function isProduction(name: string): boolean | undefined {
  const words = name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .flatMap((word) => [word, word.replace(/\d+$/, '')]);
  if (words.some((word) => NOT_PRODUCTION.has(word))) return false;
  return words.some((word) => PRODUCTION.has(word)) ? true : undefined;
}

function namespacesOf({ objects }: ChangedUnit): string[] {
  const found = new Set<string>();
  for (const { before, after } of objects) {
    for (const placed of [before, after]) {
      const namespace: unknown = placed?.object.metadata?.namespace;
      if (typeof namespace === 'string') found.add(namespace);
    }
  }
  return [...found];
}
