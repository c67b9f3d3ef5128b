/** A commit message in parts; every part may come from a user. */
export interface Message {
  /** One line; line breaks become spaces. */
  readonly subject: string;
  /** Plain text with line breaks. */
  readonly body?: string;
  /** Last paragraph of the message. A value is one line; one that is empty is left out. */
  readonly trailers: readonly (readonly [key: string, value: string])[];
}

/**
 * The text of a commit message. The trailers are a paragraph of their own and every value is one line, so that no part
 * can bring in a trailer: git reads trailers from the last paragraph only.
 *
 * Throws on a key that is no word: keys are ours, not input.
 *
 * @example
 * messageText({ subject: 'fraud-detector: 10 % to v47', trailers: [['Service', 'fraud-detector']] })
 * // 'fraud-detector: 10 % to v47\n\nService: fraud-detector\n'
 */
export function messageText({ subject, body = '', trailers }: Message): string {
  const lines = trailers.flatMap(([key, value]) => {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(key))
      throw new TypeError(`${JSON.stringify(key)} cannot be the key of a trailer`);
    const text = oneLine(value);
    return text === '' ? [] : [`${key}: ${text}`];
  });
  const paragraphs = [oneLine(subject), plainText(body), lines.join('\n')].filter((paragraph) => paragraph !== '');
  return `${paragraphs.join('\n\n')}\n`;
}

/** Text without line breaks and control characters, in whatever script they are written. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
}

function plainText(text: string): string {
  const lines = text.toWellFormed().split(/\r\n|[\n\r\v\f\x85\u2028\u2029]/);
  return lines
    .map((line) => line.replace(/[^\P{Cc}\t]/gu, '').trimEnd())
    .join('\n')
    .replace(/^\n+|\n+$/g, '');
}
