/**
 * One row of a Markdown table. What Markdown or HTML would take for its own is escaped, but not in code spans, where only
 * `|` needs it.
 */
export function row(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`;
}

function cell(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`') ? part.replaceAll('|', '\\|') : part.replace(MARKUP, (signs) => signs.replace(/./g, '\\$&')),
    )
    .join('');
}

/** An underscore inside of a word is a letter. */
const MARKUP = /[|<>*]|(?<![A-Za-z0-9])_+|_+(?![A-Za-z0-9])/g;

/** A table with a header. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n');
}

/** A text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

const BEGIN = '<!-- Below this line the file is made by `npm run generate`. -->';

/** A page whose head is written by hand, with what is generated below the line that says so. */
export function below(page: string, generated: string): string {
  const end = page.indexOf(BEGIN);
  if (end < 0) throw new Error(`the page has no line ${BEGIN}`);
  return `${page.slice(0, end)}${BEGIN}\n\n${generated}\n`;
}
