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
  if (/\\[1-9]|\\k</.test(plain)) return 'refers back to a group, which RE2 does not';
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
    .replace(/\(\?P</g, '(?<')
    .replace(/\(\?[imsU]*(?:-[imsU]+)?\)/g, '')
    .replace(/\(\?[imsU]*(?:-[imsU]+)?:/g, '(?:')
    .replace(/\[:\^?[a-z]+:\]/g, 'a')
    .replace(/\\[pP](?:\{\^?\w+\}|\w)/g, 'a')
    .replace(/\\x\{[0-9a-fA-F]+\}/g, 'a')
    .replace(/\\[AzCaQE]/g, '');
}
