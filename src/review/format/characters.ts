/** What steers a terminal or a page, turns the direction of text, or cannot be seen: control and format characters, halves of pairs. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text of a tree as one line in which every character can be seen: names in a tree may be anybody's, and a reviewer must not
 * read something else than the cluster does.
 *
 * @example visible('fraud\u001b[2K\u202e') // 'fraud\\u{1b}[2K\\u{202e}'
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** Lines of text of a tree, in each of which every character but tabs can be seen. */
export function visibleLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(HIDDEN, (character) => (character === '\t' ? character : escaped(character))));
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/** Text of at most so many characters, without half of a pair at its end. */
export function clipped(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.slice(0, Math.max(length - 1, 0));
  return `${end.isWellFormed() ? end : end.slice(0, -1)}…`;
}
