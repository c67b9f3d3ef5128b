import { visible } from './characters.ts';

/** Text that is markup: made by `html` only, so that nothing else gets into a page as it is. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: markup as it is, all else as text. */
export type Part = Markup | string | number | undefined | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Markup of HTML or SVG. What is put in is text, in which every character can be seen, also within an attribute in double quotes.
 *
 * @example html`<b>${'<script>'}</b>`.markup // '<b>&lt;script&gt;</b>'
 */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = pieces[0]!;
  for (const [index, part] of parts.entries()) markup += textOf(part) + pieces[index + 1]!;
  return { markup };
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'string') return visible(part).replace(/[&<>"']/g, (sign) => ENTITIES[sign]!);
  if (typeof part === 'number') return String(part);
  return 'markup' in part ? part.markup : part.map(textOf).join('');
}

/** Text of ours as markup: the style sheet and the script of the page. */
export function trusted(markup: string): Markup {
  return { markup };
}
