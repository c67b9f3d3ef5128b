import { visible } from './characters.ts';

/** Parts a name from the sign that would make it a mention, a reference, an emoji or a link; GitHub and GitLab look for them after Markdown. */
const APART = '&#8203;';

const MARKUP = /[&<>"'$\\`*[\]|{}]|[_~]|[@#!%](?=[\w"])|:(?=[\w+-]+:|\/\/)|\b(?:www|gh)(?=[.-])/gi;

/**
 * Text of a tree within a line of Markdown, also within a table: GitHub and GitLab show it as it is. It makes no markup, and it
 * calls nobody: `@team`, `#12`, `!12`, `https://…` stay text.
 *
 * @example inMarkdown('@team_a closes #1 | <b>') // '@&#8203;team\\_a closes #&#8203;1 \\| &lt;b&gt;'
 */
export function inMarkdown(text: string): string {
  return visible(text).replace(MARKUP, (sign) => apart(sign) ?? entity(sign) ?? `\\${sign}`);
}

/** Text of a tree within HTML in Markdown, where backslashes mean nothing. */
export function inHtml(text: string): string {
  return visible(text).replace(MARKUP, (sign) => apart(sign) ?? entity(sign) ?? sign);
}

function apart(sign: string): string | undefined {
  if (sign === '$') return '<span>$</span>';
  return /^(?:[@#!%:]|www|gh)$/i.test(sign) ? `${sign}${APART}` : undefined;
}

function entity(sign: string): string | undefined {
  return ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } as Readonly<Record<string, string>>)[
    sign
  ];
}

/** Lines as a block of code, in a fence longer than any that they hold. */
export function fenced(language: string, lines: readonly string[]): string {
  const longest = lines
    .flatMap((line) => line.match(/`+/g) ?? [])
    .reduce((most, { length }) => Math.max(most, length), 2);
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language}`, ...lines, fence].join('\n');
}
