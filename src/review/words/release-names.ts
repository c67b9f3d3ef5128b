import { parsePromql, type Query } from '../../promql/parse.ts';

/** Texts that name releases: what they are without the names, and which release stands where. */

/** A text, and the releases that it names. */
export interface Named {
  /** The text with the same mark at each place where releases are named. */
  readonly frame: string;
  /** What stands at each mark. */
  readonly places: readonly Ways[];
}

/** The ways in which something may match, as `x-<release>-[0-9]`, and the releases with which each is there. */
export type Ways = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads texts that may name some releases. */
export interface ReleaseReader {
  /** Any text: releases are looked for between quotes. */
  readonly inText: (text: string) => Named;
  /** An expression, in which one operand of `or` for each release is as good as one for all; `undefined` when it is no PromQL. */
  readonly inExpression: (expr: string) => Named | undefined;
}

/** A text in quotes, perhaps without an end, and whether it is a pattern. */
const QUOTED = /(=~)?"((?:[^"\\]|\\[^])*)(?:"|\\?$)/g;

const MARK = '"<releases>"';

/** What makes more of a pattern than a text. */
const PATTERN = /[\\.+*?()[\]{}^$]/;

/**
 * @param releases their names; none has another one in it that stands first.
 * @example
 * const { inText } = releaseReader(['v46', 'v47']);
 * inText('x{pod=~"a-v46|a-v47"}') // { frame: 'x{pod="<releases>"}', places: [Map { 'a-<release>' => Set { 'v46', 'v47' } }] }
 */
export function releaseReader(releases: readonly string[]): ReleaseReader {
  // A revision of Knative is called after its release and a digest of what runs.
  const token =
    releases.length === 0
      ? undefined
      : new RegExp(`(?<![A-Za-z0-9])(${releases.join('|')})(?:-[0-9a-f]{8})?(?![A-Za-z0-9])`, 'g');
  const inText = (text: string): Named => {
    const places: Ways[] = [];
    if (token === undefined) return { frame: text, places };
    const frame = text.replace(QUOTED, (quoted: string, isPattern: string | undefined, value: string) => {
      if (value.search(token) < 0) return quoted;
      const ways = new Map<string, Set<string>>();
      for (const way of isPattern === undefined ? [value] : value.split('|')) {
        const shape = way.replace(token, '<release>');
        const named = Array.from(way.matchAll(token), ([, release = '']) => release);
        ways.set(shape, new Set([...(ways.get(shape) ?? []), ...named]));
      }
      places.push(ways);
      // One release is matched as a text, several as a pattern.
      return isPattern === undefined
        ? MARK
        : `${[...ways.keys()].some((shape) => PATTERN.test(shape)) ? '=~' : '='}${MARK}`;
    });
    return { frame, places };
  };
  return { inText, inExpression: (expr) => inExpression(expr, inText) };
}

function inExpression(expr: string, inText: (text: string) => Named): Named | undefined {
  const { query } = parsePromql(expr);
  if (!query) return undefined;
  /** What stands between the parts of an expression; that parts are in brackets is written for each of them. */
  const between = (from: number, to: number): string => {
    const text = expr.slice(from, to);
    return text.includes('#') ? text : text.replace(/[()]/g, ' ').replace(/\s+/g, ' ').trim();
  };
  const operandsOf = (of: Query): readonly Query[] => {
    if (of.kind !== 'binary' || of.operator !== 'or' || of.matching) return [of];
    const { from, to, left, right } = of;
    const isBare =
      between(from, left.from) === '' && between(left.to, right.from) === 'or' && between(right.to, to) === '';
    return isBare ? [...operandsOf(left), ...operandsOf(right)] : [of];
  };
  const read = (of: Query): Named => {
    const operands = operandsOf(of);
    if (operands.length > 1) return together(operands.map(read));
    const parts = partsOf(of);
    if (parts.length === 0) return inText(expr.slice(of.from, of.to));
    const named = parts.map(read);
    const texts = parts.map(
      (part, index) => `${between(parts[index - 1]?.to ?? of.from, part.from)} (${named[index]!.frame}) `,
    );
    return {
      frame: `${texts.join('')}${between(parts.at(-1)!.to, of.to)}`,
      places: named.flatMap(({ places }) => places),
    };
  };
  const { frame, places } = read(query);
  return { frame: `${between(0, query.from)}(${frame})${between(query.to, expr.length)}`, places };
}

function partsOf(query: Query): readonly Query[] {
  switch (query.kind) {
    case 'range':
    case 'subquery':
    case 'negative':
      return [query.of];
    case 'call':
    case 'aggregate':
      return query.args;
    case 'binary':
      return [query.left, query.right];
    default:
      return [];
  }
}

/** Operands of `or`, those once that differ in releases alone. */
function together(operands: readonly Named[]): Named {
  const merged = new Map<string, Named>();
  for (const [index, operand] of operands.entries()) {
    // What names no release is there as often as it is written.
    const key = operand.places.length === 0 ? `${index}` : `\n${operand.frame}`;
    const other = merged.get(key);
    merged.set(
      key,
      other
        ? { frame: other.frame, places: other.places.map((ways, place) => waysOfBoth(ways, operand.places[place]!)) }
        : operand,
    );
  }
  const all = withOthersFirst([...merged.values()]);
  const [only] = all;
  if (only && all.length === 1) return only;
  return { frame: all.map(({ frame }) => `(${frame})`).join(' or '), places: all.flatMap(({ places }) => places) };
}

/**
 * A release that does nothing here is known by no name, and its operand is one of many texts: where it stands among those of
 * releases is a matter of the alphabet. Operands that differ from them in more than their texts stay where they are.
 */
function withOthersFirst(operands: readonly Named[]): readonly Named[] {
  const shape = ({ frame }: Named): string => frame.replace(/"(?:[^"\\]|\\[^])*"/g, '""');
  const shapes = new Set(operands.filter(({ places }) => places.length > 0).map(shape));
  const isOther = (operand: Named): boolean => operand.places.length === 0 && shapes.has(shape(operand));
  return [...operands.filter(isOther), ...operands.filter((operand) => !isOther(operand))];
}

function waysOfBoth(a: Ways, b: Ways): Ways {
  return new Map(
    [...new Set([...a.keys(), ...b.keys()])].map((shape) => [
      shape,
      new Set([...(a.get(shape) ?? []), ...(b.get(shape) ?? [])]),
    ]),
  );
}
