/**
 * Whether a regular expression is one for RE2, as Prometheus runs it. Constructs that only other engines have are named;
 * the rest is left to the engine of JavaScript, after what only RE2 has was written in its words.
 *
 * @returns what is wrong, as the end of a sentence, or `undefined`.
 * @example regexFlaw('(?=a)') // 'looks ahead or behind, which RE2 does not'
 */
export function regexFlaw(source: string): string | undefined {
  const plain = withoutQuotes(source);
  if (/\(\?<?[=!]/.test(plain)) return 'looks ahead or behind, which RE2 does not';
  if (/\\[1-7](?![0-7])|\\[89]|\\k</.test(plain)) return 'refers back to a group, which RE2 does not';
  const [, unknown] = UNKNOWN_ESCAPE.exec(plain) ?? [];
  if (unknown !== undefined) return `has \\${unknown}, which RE2 does not know`;
  const classes = [...plain.matchAll(/\\[pP](?:\{\^?(\w+)\}|(\w))/g)].map(([, name, letter]) => name ?? letter ?? '');
  const strange = classes.find((name) => !isUnicodeClass(name));
  if (strange !== undefined) return `has the class ${strange}, which Unicode does not know`;
  if (/\(\?>|[*+?}]\+/.test(plain.replace(/\\./g, 'a').replace(/\[[^\]]*\]/g, 'a')))
    return 'has a possessive part, which RE2 has not';
  const repeats = [...plain.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].flatMap(([, least, most]) => [
    Number(least),
    Number(most || 0),
  ]);
  if (repeats.some((count) => count > 1000)) return 'repeats more than 1000 times, which RE2 refuses';
  try {
    new RegExp(translated(plain));
    return undefined;
  } catch (error) {
    return `cannot be read: ${String((error as Error).message.split(': ').at(-1)).toLowerCase()}`;
  }
}

/** A backslash before what has no meaning after one: the syntax of Go's `regexp/syntax`, 1.26. */
const UNKNOWN_ESCAPE =
  /\\(?![aAbBdDfnQrsStvwWz0-9]|x(?:[0-9a-fA-F]{2}|\{[0-9a-fA-F]+\})|[pP](?:\w|\{\^?\w+\})|[\0-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f])(.)/su;

/** Whether it names a general category, as `Lu`, or a script, as `Greek`. */
function isUnicodeClass(name: string): boolean {
  return [name, `Script=${name}`].some((property) => {
    try {
      new RegExp(`\\p{${property}}`, 'u');
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Whether a regular expression matches an empty text, as a whole. One with a flaw does not.
 *
 * @example matchesNothing('a*') // true
 */
export function matchesNothing(source: string): boolean {
  return regexFlaw(source) === undefined && new RegExp(`^(?:${translated(withoutQuotes(source))})$`).test('');
}

/** What is quoted, and a backslash that is meant, are as good as any letter. */
function withoutQuotes(source: string): string {
  return source.replace(/\\Q[^]*?(?:\\E|$)/g, 'a').replace(/\\\\/g, 'a');
}

/** In the words of JavaScript, without flags, which decide between letters only. */
function translated(plain: string): string {
  return plain
    .replace(/\\[^]|\[\^?\]?(?:\[:\^?\w+:\]|\\[^]|[^\]\\])*\]?/g, (part) => part.replace(/^\[(\^?)\]/, '[$1\\]'))
    .replace(/\(\?P?<\w+>/g, '(')
    .replace(/\(\?[imsU]*(?:-[imsU]+)?\)/g, '')
    .replace(/\(\?[imsU]*(?:-[imsU]+)?:/g, '(?:')
    .replace(/\[:\^?[a-z]+:\]/g, 'a')
    .replace(/\\[pP](?:\{\^?\w+\}|\w)/g, 'a')
    .replace(/\\x\{[0-9a-fA-F]+\}/g, 'a')
    .replace(/\\[Aza]/g, '');
}
