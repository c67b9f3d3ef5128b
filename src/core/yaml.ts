import { orderedKeys } from './order.ts';
import { remember } from './remember.ts';

/**
 * One Kubernetes object (or any other map) as a YAML document, in canonical order (see order.ts). YAML 1.1 and
 * 1.2 parsers, among them go-yaml that Kubernetes reads with, get exactly the same data back.
 *
 * The document starts with `---`, lines end in LF and are never folded, lists and maps are in block form, there
 * are no anchors. Fields that are `undefined` are dropped, `null` is kept. What has no place in a manifest
 * (NaN, -0, functions, class instances, dates, `undefined` in a list, half a surrogate pair, cycles) is a
 * programming error: a `TypeError` names its path.
 *
 * @example emitYaml({ kind: 'ConfigMap', data: { on: 'yes' } }) // '---\nkind: ConfigMap\ndata:\n  "on": "yes"\n'
 */
export function emitYaml(document: object): string {
  try {
    if (Array.isArray(document) || !isPlainMap(document)) throw UNWRITABLE;
    const text = `${emitMap('---', document, 0, LINES[0]!)}\n`;
    // A text that grew is a tree of its pieces, many times its size, until all of it is read at once: thousands are kept until they
    // are written. A look at one character was enough for V8 up to Node 20; on 22 it doubled the memory and the time of large projects.
    Buffer.byteLength(text);
    return text;
  } catch (error) {
    if (error !== UNWRITABLE) throw error;
    throw new TypeError(`cannot write as YAML: ${locateFlaw(document, '', 0) ?? 'the document is a list, not a map'}`);
  }
}

/** Thrown inside, without the cost of keeping the path at hand; `emitYaml` finds the place afterwards. */
const UNWRITABLE = new Error('unwritable value');

/** Deeper than any API goes; what is deeper holds itself. */
const MAX_DEPTH = 100;

/** Line breaks with the indentation of each depth. */
const LINES = Array.from({ length: MAX_DEPTH + 2 }, (_, depth) => `\n${'  '.repeat(depth)}`);

/** `before`, and a map after its key or dash, or ` {}`. `first` stands before the first field: its line break, or a space beside a dash. */
function emitMap(before: string, map: object, depth: number, first: string): string {
  if (depth >= MAX_DEPTH) throw UNWRITABLE;
  let out = before;
  let start = first;
  for (const key of orderedKeys(map)) {
    const value: unknown = (map as Record<string, unknown>)[key];
    if (value === undefined) continue;
    out = emitValue(`${out}${start}${emitKey(key)}:`, value, depth, LINES[depth + 1]!);
    start = LINES[depth]!;
  }
  return out === before ? `${out} {}` : out;
}

/** `before`, and a list after its key or dash, or ` []`; `first` as for maps. */
function emitList(before: string, list: readonly unknown[], depth: number, first: string): string {
  if (list.length === 0) return `${before} []`;
  if (depth >= MAX_DEPTH) throw UNWRITABLE;
  let out = before;
  for (let i = 0; i < list.length; i++) {
    // A collection in a list starts beside the dash.
    out = emitValue(`${out}${i === 0 ? first : LINES[depth]!}-`, list[i], depth, ' ');
  }
  return out;
}

/**
 * `before`, which ends in a key or dash, and the value that belongs to it.
 *
 * @param depth of the key or dash.
 * @param first what stands before the first field or item of a collection.
 */
function emitValue(before: string, value: unknown, depth: number, first: string): string {
  switch (typeof value) {
    case 'string':
      return `${before} ${emitText(value, depth)}`;
    case 'number':
      return `${before} ${emitNumber(value)}`;
    case 'boolean':
      return `${before} ${value}`;
    case 'object':
      if (value === null) return `${before} null`;
      if (Array.isArray(value)) return emitList(before, value, depth + 1, first);
      if (isPlainMap(value)) return emitMap(before, value, depth + 1, first);
      throw UNWRITABLE;
    default:
      throw UNWRITABLE;
  }
}

/**
 * Finds what keeps a text from being plain: a first character with a meaning of its own, anything but printable ASCII, and what ends
 * plain text, which is a comment, a colon before a space or the end, and a space at the end. A pattern that searches needs no stack,
 * however long the text.
 */
const NOT_PLAIN = /^(?![A-Za-z_/(]|--?[A-Za-z])|[^ !"$-~]|: |[: ]$/;

/** Amounts, durations and percentages: digits first, but no number, date or sexagesimal in any YAML. */
const PLAIN_AMOUNT = /^(?:\d+(?:\.\d+)?(?:[KMGTPE]i|[mkMGTP]|%)|(?:\d+(?:ms|[hms]))+)$/;

/**
 * Words that some parser takes for something else: booleans and null of YAML 1.1, and `E0`, a float for one
 * JavaScript parser in its 1.1 mode.
 */
const RESERVED = /^(?:y|yes|n|no|on|off|true|false|null|nan|inf|[-+]?e[-+]?\d+)$/i;

/** The longest reserved word; numbers like `E0` are of any length, but start with an `e`. */
const MAX_RESERVED = 5;

/** Keys are plain only when they look like one. */
const PLAIN_KEY = /^[A-Za-z_][\w./-]*$/;

/** YAML 1.2 allows an implicit key 1024 characters; no API takes one that long. */
const MAX_KEY = 1000;

/** What a reader of a diff cannot see, or a parser takes for a line break: DEL, C1, spaces, bidi marks, BOM. */
const INVISIBLE =
  /[\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff0-\uffff]/;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'g');

/** Also control characters, and white space at the end of a line, which editors lose. */
const UNFIT_FOR_BLOCK = new RegExp(`${INVISIBLE.source}|[\\x00-\\x08\\x0b-\\x1f]|[ \\t](?:\\n|$)`);

/** Kustomize fails on a block that starts with a tab; one of line breaks only shows nothing. */
const UNFIT_START = /^\s*?(?:\t|$)/;

/** Keys are the same ones again and again. */
const emitKey = remember((key: string): string => {
  if (key.length > MAX_KEY) throw UNWRITABLE;
  return PLAIN_KEY.test(key) && !isReserved(key) ? key : quote(key);
});

function emitText(text: string, depth: number): string {
  if (NOT_PLAIN.test(text) ? PLAIN_AMOUNT.test(text) : !isReserved(text)) return text;
  return text.includes('\n') && !UNFIT_FOR_BLOCK.test(text) && !UNFIT_START.test(text)
    ? emitBlock(text, depth)
    : quote(text);
}

function isReserved(text: string): boolean {
  return (text.length <= MAX_RESERVED || isFloatLike(text.charCodeAt(0))) && RESERVED.test(text);
}

/** The first character of what may be a number like `E0`. */
function isFloatLike(first: number): boolean {
  return (first | 0x20) === 0x65 || first === DASH || first === PLUS;
}

const PLUS = 0x2b;
const DASH = 0x2d;

/** Printable ASCII without what JSON escapes. */
const QUOTED_AS_IT_IS = /^[ !#-[\]-~]*$/;

/** Double quotes as in JSON, which every YAML parser reads, with everything invisible escaped. */
function quote(text: string): string {
  if (QUOTED_AS_IT_IS.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw UNWRITABLE;
  const quoted = JSON.stringify(text);
  return INVISIBLE.test(quoted)
    ? quoted.replace(ALL_INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : quoted;
}

/** A literal block. Its indicators say how it ends, and its depth where the first line starts with a space. */
function emitBlock(text: string, depth: number): string {
  if (!text.isWellFormed()) throw UNWRITABLE;
  const indent = /^\n* /.test(text) ? '2' : '';
  const chomping = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-';
  // The last line break is the one that every line of the document ends in.
  const body = chomping === '-' ? text : text.slice(0, -1);
  return `|${indent}${chomping}\n${body}`.replace(/\n(?=[^\n])/g, LINES[depth + 1]!);
}

/**
 * The shortest text that is exactly this number. Where JavaScript would write an exponent, the form with a dot and
 * a sign is the one that all YAML grammars share; large whole numbers are written out, as go-yaml keeps 64 bits.
 */
function emitNumber(value: number): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw UNWRITABLE;
  const text = String(value);
  if (text.includes('e')) return text.replace(/^(-?\d)e/, '$1.0e');
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : text;
}

/** Maps are object literals, of this or another realm, or have no prototype; never instances of a class. */
function isPlainMap(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Why a single value cannot be written, whatever it holds. */
function flawOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return !value.isWellFormed() ? `is text with half a surrogate pair: ${JSON.stringify(value)}` : undefined;
    case 'number':
      if (Object.is(value, -0)) return 'is the number -0';
      return Number.isFinite(value) ? undefined : `is the number ${value}`;
    case 'boolean':
      return undefined;
    case 'object':
      if (value === null || Array.isArray(value) || isPlainMap(value)) return undefined;
      return `is an instance of ${value.constructor.name}`;
    case 'undefined':
      return 'is undefined';
    default:
      return `is a ${typeof value}`;
  }
}

/** The first place that cannot be written, as `path reason`. */
function locateFlaw(value: unknown, path: string, depth: number): string | undefined {
  const flaw = flawOf(value);
  if (flaw !== undefined) return `${path || 'the document'} ${flaw}`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth >= MAX_DEPTH) return `${path.slice(0, 100)}… nests more than ${MAX_DEPTH} levels, or holds itself`;
  if (Array.isArray(value)) {
    return firstDefined(value.keys(), (index) => locateFlaw(value[index], `${path}[${index}]`, depth + 1));
  }
  return firstDefined(orderedKeys(value), (key) => {
    const field: unknown = (value as Record<string, unknown>)[key];
    if (field === undefined) return undefined;
    const place = PLAIN_KEY.test(key) ? `${path === '' ? '' : `${path}.`}${key}` : `${path}[${JSON.stringify(key)}]`;
    if (key.length > MAX_KEY) return `${place} has a key of more than ${MAX_KEY} characters`;
    if (!key.isWellFormed()) return `${place} has a key with half a surrogate pair`;
    return locateFlaw(field, place, depth + 1);
  });
}

function firstDefined<T>(items: Iterable<T>, look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
