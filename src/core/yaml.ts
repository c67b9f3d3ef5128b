import { orderedKeys } from './order.ts';

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
    // Pieces that are joined at the end: a text that grows is a tree of its pieces until someone reads it.
    const out = ['---'];
    emitMap(out, document, 0, LINES[0]!);
    out.push('\n');
    return out.join('');
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

/** What stands between a key or dash and what belongs to it. */
type Mark = ':' | '-';

/** A map after its key or dash, or ` {}`. `first` stands before the first field: its line break, or a space beside a dash. */
function emitMap(out: string[], map: object, depth: number, first: string): void {
  if (depth >= MAX_DEPTH) throw UNWRITABLE;
  const line = LINES[depth]!;
  const before = out.length;
  for (const key of orderedKeys(map)) {
    const value: unknown = (map as Record<string, unknown>)[key];
    if (value === undefined) continue;
    out.push(out.length === before ? first : line, emitKey(key));
    emitValue(out, ':', value, depth, LINES[depth + 1]!);
  }
  if (out.length === before) out.push(' {}');
}

/** A list after its key or dash, or ` []`; `first` as for maps. */
function emitList(out: string[], list: readonly unknown[], depth: number, first: string): void {
  if (list.length === 0) {
    out.push(' []');
    return;
  }
  if (depth >= MAX_DEPTH) throw UNWRITABLE;
  const line = LINES[depth]!;
  for (let i = 0; i < list.length; i++) {
    out.push(i === 0 ? first : line);
    // A collection in a list starts beside the dash.
    emitValue(out, '-', list[i], depth, ' ');
  }
}

/**
 * The mark of a key or item, and its value.
 *
 * @param depth of the key or dash.
 * @param first what stands before the first field or item of a collection.
 */
function emitValue(out: string[], mark: Mark, value: unknown, depth: number, first: string): void {
  switch (typeof value) {
    case 'string':
      out.push(mark === ':' ? ': ' : '- ', emitText(value, depth));
      return;
    case 'number':
      out.push(mark === ':' ? ': ' : '- ', emitNumber(value));
      return;
    case 'boolean':
      out.push(mark, value ? ' true' : ' false');
      return;
    case 'object':
      out.push(mark);
      if (value === null) out.push(' null');
      else if (Array.isArray(value)) emitList(out, value, depth + 1, first);
      else if (isPlainMap(value)) emitMap(out, value, depth + 1, first);
      else throw UNWRITABLE;
      return;
    default:
      throw UNWRITABLE;
  }
}

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
const INVISIBLE = /[\x7f-\xa0\xad\u061c\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufe00-\ufe0f\ufeff\ufff0-\uffff]/;
const ALL_INVISIBLE = new RegExp(INVISIBLE, 'g');

/** Control characters, and white space at the end of a line, which editors lose. */
const UNFIT_FOR_BLOCK = /[\x00-\x08\x0b-\x1f]|[ \t]$/m;

/** Kustomize fails on a block that starts with a tab; one of line breaks only shows nothing. */
const UNFIT_START = /^\s*?(?:\t|$)/;

function emitKey(key: string): string {
  if (key.length > MAX_KEY) throw UNWRITABLE;
  return PLAIN_KEY.test(key) && !isReserved(key) ? key : quote(key);
}

function emitText(text: string, depth: number): string {
  const looks = looksOf(text);
  if (looks === 'plain' && (startsPlain(text) ? !isReserved(text) : PLAIN_AMOUNT.test(text))) return text;
  const lines = looks === 'lines' || (looks === 'odd' && text.includes('\n') && !UNFIT_FOR_BLOCK.test(text) && !INVISIBLE.test(text));
  if (lines && !UNFIT_START.test(text)) return emitBlock(text, depth);
  return quote(text);
}

/** Text that every parser reads as that text without quotes has a first character without meaning of its own: /^(?:--?(?=[A-Za-z]))?[A-Za-z_/(]/ */
function startsPlain(text: string): boolean {
  let start = 0;
  while (start < 2 && text.charCodeAt(start) === DASH) start++;
  const first = text.charCodeAt(start);
  return isLetter(first) || (start === 0 && (first === UNDERSCORE || first === SLASH || first === PARENTHESIS));
}

function isLetter(character: number): boolean {
  const lower = character | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/**
 * What of printable ASCII a text is made of: `plain` has nothing in it that ends plain text, which is a comment, a colon before
 * a space or the end, and a space at the end; `quoted` has; `lines` are several, none with a space at its end. `odd` is
 * everything else. One pass over the characters: four fifths of a tree are text.
 */
function looksOf(text: string): 'plain' | 'quoted' | 'lines' | 'odd' {
  let plain = true;
  let lines = false;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character > TILDE) return 'odd';
    if (character <= SPACE) {
      if (previous === COLON) plain = false;
      if (character === LINE_BREAK) {
        if (previous === SPACE) return 'odd';
        lines = true;
      } else if (character !== SPACE) return 'odd';
    } else if (character === HASH) plain = false;
    previous = character;
  }
  if (lines) return previous === SPACE ? 'odd' : 'lines';
  return plain && previous !== COLON && previous !== SPACE ? 'plain' : 'quoted';
}

const LINE_BREAK = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const PARENTHESIS = 0x28;
const PLUS = 0x2b;
const DASH = 0x2d;
const SLASH = 0x2f;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;
const TILDE = 0x7e;

/** The first character of what may be a number like `E0`. */
function isFloatLike(first: number): boolean {
  return (first | 0x20) === 0x65 || first === DASH || first === PLUS;
}

function isReserved(text: string): boolean {
  return (text.length <= MAX_RESERVED || isFloatLike(text.charCodeAt(0))) && RESERVED.test(text);
}

/** Printable ASCII without what JSON escapes. */
const QUOTED_AS_IT_IS = /^[ !#-[\]-~]*$/;

/** Double quotes as in JSON, which every YAML parser reads, with everything invisible escaped. */
function quote(text: string): string {
  if (!text.isWellFormed()) throw UNWRITABLE;
  if (QUOTED_AS_IT_IS.test(text)) return `"${text}"`;
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
