import { shownUri } from './pins.ts';
import { shown } from './text.ts';

/** Named values beside each other: variables, arguments, labels of nodes. */

/** Longest value that a sentence shows of a variable or an argument. */
const SHORT = 48;

/** A value in few signs. */
export function short(value: unknown): string {
  return shown(typeof value === 'string' && value.includes('://') ? shownUri(value) : value, SHORT);
}

/** What came, went and changed of named values, in words; empty when nothing did. */
export function differenceOf(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
  named: (name: string, value: string) => string,
  changed: (name: string, value: string, old: string) => string = (name, value, old) =>
    `${named(name, value)} (was ${old})`,
): string {
  const said = [
    ...[...after].flatMap(([name, value]) => {
      const old = before.get(name);
      return old === value ? [] : [old === undefined ? `${named(name, value)} added` : changed(name, value, old)];
    }),
    ...[...before].flatMap(([name, value]) => (after.has(name) ? [] : [`${named(name, value)} removed`])),
  ];
  return said.length > 3 ? `${said.slice(0, 3).join(', ')} and ${said.length - 3} more` : said.join(', ');
}
