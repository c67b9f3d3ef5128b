/**
 * Rows of text in aligned columns, two spaces between them; a column in which no row has anything is left out. A cell is
 * one line, and what would steer a terminal is not printed.
 *
 * @param head names of the columns.
 * @example columns(['SERVICE', 'WEIGHT'], [['fraud', '10 %']]) // 'SERVICE  WEIGHT\nfraud    10 %\n'
 */
export function columns(head: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map((cell) => cell.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim()));
  const used = head.map((_, index) => index).filter((index) => rows.some((row) => (row[index] ?? '') !== ''));
  const widths = used.map((index) => Math.max(...[head, ...rows].map((row) => lengthOf(row[index]))));
  const line = (row: readonly string[]): string =>
    used
      .map((index, at) => `${row[index] ?? ''}${' '.repeat((widths[at] ?? 0) - lengthOf(row[index]))}`)
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((row) => `${line(row)}\n`).join('');
}

/** Characters as people count them. */
function lengthOf(text = ''): number {
  return [...text].length;
}
