/**
 * The value of a number, or of a duration in seconds, as Prometheus 3 writes them; `undefined` for what is worked out.
 *
 * @example literalValue('-5m') // -300
 */
export function literalValue(text: string): number | undefined {
  const [, sign, size = ''] = /^([+-]?)\s*(.+)$/s.exec(text.toLowerCase()) ?? [];
  const value = size === 'inf' ? Infinity : (durationOf(size) ?? Number(size.replaceAll('_', '')));
  if (Number.isNaN(value) && size !== 'nan') return undefined;
  return sign === '-' ? -value : value;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  y: 31_536_000,
  w: 604_800,
  d: 86_400,
  h: 3600,
  m: 60,
  s: 1,
  ms: 0.001,
};

/**
 * Seconds of a duration as Prometheus 2 writes it; `undefined` when it is none.
 *
 * @example durationOf('1h30m') // 5400
 */
export function durationOf(text: string): number | undefined {
  if (text === '' || !/^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_SECONDS[unit ?? ''] ?? 0),
    0,
  );
}

/** Where a string literal goes wrong, from its start, and what to write instead. */
export interface BadString {
  readonly at: number;
  readonly message: string;
  readonly fix: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * The text of a string literal, whose escapes are Go's; or where it goes wrong.
 *
 * @example unquote('"a\\tb"') // a, a tab, b
 */
export function unquote(literal: string): string | BadString {
  const quote = literal.charAt(0);
  if (literal.length < 2 || !literal.endsWith(quote))
    return { at: 0, message: 'a string has no end', fix: `close it with ${quote}` };
  const inner = literal.slice(1, -1);
  if (quote === '`') return inner;
  let text = '';
  for (let index = 0; index < inner.length; index++) {
    if (inner[index] !== '\\') {
      text += inner[index];
      continue;
    }
    const escape = escapeAt(inner, index, quote);
    if (!escape)
      return {
        at: index + 1,
        message: `${inner.slice(index, index + 2)} is no escape that PromQL knows`,
        fix: 'double the backslash, also in regular expressions: "\\\\."',
      };
    text += escape.text;
    index += escape.length - 1;
  }
  // An escaped quote at the end leaves none to close with.
  return closes(inner) ? text : { at: 0, message: 'a string has no end', fix: `close it with ${quote}` };
}

function escapeAt(inner: string, index: number, quote: string): { text: string; length: number } | undefined {
  const next = inner.charAt(index + 1);
  const simple = next === quote ? quote : ESCAPES[next];
  if (simple !== undefined) return { text: simple, length: 2 };
  const code = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/.exec(
    inner.slice(index + 1),
  );
  if (!code) return undefined;
  const [all, byte, short, long, octal] = code;
  const value = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '', 16) : Number.parseInt(octal, 8);
  const isCharacter = value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return isCharacter ? { text: String.fromCodePoint(value), length: all.length + 1 } : undefined;
}

/** Whether the quote behind a text is not escaped by it. */
function closes(inner: string): boolean {
  return (/\\*$/.exec(inner)?.[0].length ?? 0) % 2 === 0;
}
