import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import type * as Yaml from 'yaml';
import { readYaml } from './read-yaml.ts';
import { emitYaml } from './yaml.ts';

/** One field of a map as it stands in a text. */
interface Field {
  readonly key: string;
  readonly value: unknown;
  /** Where the key starts, where its value ends, and where the line after the field starts. */
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

/**
 * Changes the fields of a YAML map in place: what does not change keeps its bytes, comments and layout stay. A field that
 * is `undefined` goes, a new one is put after the one that comes before it in `order`. A map that cannot be changed so, in
 * flow form or with an alias of what goes, is written anew below its comments.
 *
 * @param text a document with one map, or `undefined` for a new one.
 * @example editYaml('stable: v46 # since May\n', { stable: 'v47' }, ['stable']) // 'stable: v47 # since May\n'
 */
export function editYaml(
  text: string | undefined,
  value: Readonly<Record<string, unknown>>,
  order: readonly string[],
): string {
  const edited = editInPlace(text ?? '', value, order);
  if (text === undefined || says(edited, value, order)) return edited;
  return editInPlace(
    commentsOf(text)
      .map((comment) => `${comment}\n`)
      .join(''),
    value,
    order,
  );
}

function editInPlace(text: string, value: Readonly<Record<string, unknown>>, order: readonly string[]): string {
  let out = text;
  for (const key of [...order].reverse()) {
    const fields = fieldsOf(out);
    const field = fields.find((each) => each.key === key);
    const wanted = value[key];
    if (field) {
      if (wanted === undefined) out = out.slice(0, field.start) + out.slice(field.next);
      else if (!isDeepStrictEqual(field.value, wanted))
        out = out.slice(0, field.start) + fieldText(key, wanted) + out.slice(field.end);
    } else if (wanted !== undefined) {
      const place = placeOf(fields, key, order) ?? out.length;
      const before = out.slice(0, place);
      out = `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${fieldText(key, wanted)}\n${out.slice(place)}`;
    }
  }
  return out;
}

/** A field that is not there yet stands before the first one that comes after it in the order. */
function placeOf(fields: readonly Field[], key: string, order: readonly string[]): number | undefined {
  const after = new Set(order.slice(order.indexOf(key) + 1));
  const following = fields.find((field) => after.has(field.key));
  if (following === undefined) return fields.at(-1)?.next;
  const preceding = fields[fields.indexOf(following) - 1];
  // Comments above a field belong to it.
  return preceding?.next ?? following.start;
}

/** Whether a text holds the fields that are wanted, whatever it says beside them. */
function says(text: string, value: Readonly<Record<string, unknown>>, order: readonly string[]): boolean {
  const now = readYaml(text, '').value as Readonly<Record<string, unknown>> | undefined;
  return now !== undefined && order.every((key) => isDeepStrictEqual(now[key], value[key]));
}

/** All comments of a text; a scalar that looks like one has a mark of the lexer in front. */
function commentsOf(text: string): string[] {
  const { Lexer } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  return [...new Lexer().lex(text)].filter((token) => token.startsWith('#'));
}

function fieldText(key: string, value: unknown): string {
  return emitYaml({ [key]: value })
    .slice('---\n'.length)
    .trimEnd();
}

function fieldsOf(text: string): Field[] {
  const { parseDocument, isMap, isScalar, isNode } = createRequire(import.meta.url)('yaml') as typeof Yaml;
  const { contents } = parseDocument(text);
  if (!isMap(contents)) return [];
  return contents.items.flatMap(({ key, value }) => {
    if (!isScalar(key) || !key.range) return [];
    const range = isNode(value) ? value.range : undefined;
    const written = text.slice(key.range[0], range?.[1] ?? key.range[2]).trimEnd();
    const end = key.range[0] + written.length;
    const line = text.indexOf('\n', end);
    return [
      {
        key: String(key.value),
        value: isNode(value) ? (value.toJSON() as unknown) : value,
        start: key.range[0],
        end,
        next: line < 0 ? text.length : line + 1,
      },
    ];
  });
}
