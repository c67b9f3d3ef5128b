import { answered, refused, type Answer } from '../core/answer.ts';
import { findingOf, type Finding, type Rule } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { binText, emptyFix, type Reference } from '../service/reference.ts';

/** What may be wrong with a sample that a reference is made of, and with what a snippet is made of. */
export const REFERENCE_RULES = [
  {
    id: 'reference/sample',
    severity: 'error',
    summary: 'A sample is CSV with a header line, JSON or JSON lines, and can be read.',
    source: 'RFC 4180, RFC 8259',
  },
  {
    id: 'reference/column',
    severity: 'error',
    summary: 'The column that is asked for is in the sample.',
    source: 'ours: a reference of another column would alert on everything',
  },
  {
    id: 'reference/value',
    severity: 'error',
    summary: 'The values of the column are numbers.',
    source: 'Histograms observe numbers; categories belong into Schema.watch',
  },
  {
    id: 'reference/too-small',
    severity: 'error',
    summary: 'A sample has 20 values for each bin.',
    source: 'ours: with fewer, the shares of a reference are chance',
  },
  {
    id: 'reference/bins',
    severity: 'error',
    summary: 'Every bin of a reference has values, and its edges rise.',
    source: 'ours: the logarithm of an empty bin has no value',
  },
  {
    id: 'reference/left-out',
    severity: 'warning',
    summary: 'All rows of a sample have a value in the column.',
    source: 'ours: rows without one say nothing about the distribution',
  },
  {
    id: 'reference/snippet',
    severity: 'error',
    summary: 'A snippet is made of an intent.yaml that synth wrote, or of reference files.',
    source: 'ours: a snippet observes what the rules read',
  },
] as const satisfies readonly Rule[];

const finding = findingOf(REFERENCE_RULES);

/** How the bins of a reference are chosen. */
export interface BuildOptions {
  /** Column of a table, or field of objects. Not for a list of numbers. */
  readonly column?: string | undefined;
  /** So many bins with about the same share, or these edges. */
  readonly bins: number | readonly number[];
  /** Feature that the reference is of. Default: of predictions. */
  readonly feature?: string | undefined;
}

/** Values that a bin must have on average. */
const VALUES_PER_BIN = 20;

/** Fewest and most bins. */
const BINS = { min: 2, max: 50 };

/**
 * Makes a reference of a sample: edges at quantiles, with as few digits as keep the bins apart, or the edges that are given;
 * and the share of the sample up to each edge, the edge included, as a histogram counts. The same sample gives the same
 * reference. No message repeats a value of the sample but as an edge.
 *
 * @param file name of the sample, which ends in `.csv`, `.json` or `.jsonl`.
 * @example buildReference('score\n0.1\n0.2\n…', 'sample.csv', { column: 'score', bins: 10 })
 */
export function buildReference(text: string, file: string, { column, bins, feature }: BuildOptions): Answer<Reference> {
  const read = readColumn(text, file, column);
  if (!read.value) return read;
  const { values } = read.value;
  const sorted = Float64Array.from(values).sort();
  const count = typeof bins === 'number' ? bins : bins.length + 1;
  const problem = countProblem(count, sorted.length, file);
  if (problem) return refused(problem);
  const edges = typeof bins === 'number' ? quantileEdges(sorted, bins) : bins;
  const wrong = edgesProblem(sorted, edges, typeof bins === 'number', file);
  if (wrong) return refused(wrong);
  const shares = binCounts(sorted, edges).map((inBin) => Number((inBin / sorted.length).toFixed(9)));
  return answered(
    { edges: [...edges], shares, n: sorted.length, ...(feature !== undefined && { feature }) },
    ...read.findings,
  );
}

/** A reference as the text of its file. */
export function formatReference({ edges, shares, n, feature }: Reference): string {
  const list = (numbers: readonly number[]): string => `[${numbers.join(', ')}]`;
  const fields = [
    ...(feature === undefined ? [] : [`"feature": ${JSON.stringify(feature)}`]),
    `"edges": ${list(edges)}`,
    `"shares": ${list(shares)}`,
    ...(n === undefined ? [] : [`"n": ${n}`]),
  ];
  return `{\n${fields.map((field) => `  ${field}`).join(',\n')}\n}\n`;
}

function countProblem(bins: number, values: number, file: string): Finding | undefined {
  if (!Number.isInteger(bins) || bins < BINS.min || bins > BINS.max) {
    return finding(
      'reference/bins',
      { file },
      `${bins} is no number of bins that makes sense`,
      `choose ${BINS.min} to ${BINS.max} bins; 5 to 10 are usual`,
    );
  }
  if (values >= VALUES_PER_BIN * bins) return undefined;
  const message = `${values} values are too few for ${bins} bins, which need ${VALUES_PER_BIN * bins}`;
  return finding('reference/too-small', { file }, message, 'take a larger sample, or fewer bins');
}

/** Significant digits to try: few are easier to read, and to give to a histogram. */
const DIGITS = [3, 4, 5, 6, 8, 10, 12, 17];

function quantileEdges(sorted: Float64Array, bins: number): number[] {
  const exact = Array.from(
    { length: bins - 1 },
    (_, index) => sorted[Math.ceil(((index + 1) * sorted.length) / bins) - 1]!,
  );
  const rounded = DIGITS.map((digits) => exact.map((edge) => Number(edge.toPrecision(digits))));
  return rounded.find((edges) => isUsable(sorted, edges, bins)) ?? exact;
}

/** Rounding may not make a bin much larger than the others. */
function isUsable(sorted: Float64Array, edges: readonly number[], bins: number): boolean {
  if (edges.some((edge, index) => index > 0 && edge <= edges[index - 1]!)) return false;
  const expected = sorted.length / bins;
  return binCounts(sorted, edges).every((count) => count >= expected / 2 && count <= 2 * expected);
}

function edgesProblem(
  sorted: Float64Array,
  edges: readonly number[],
  chosen: boolean,
  file: string,
): Finding | undefined {
  const kept = edges.filter((edge, index) => index === 0 || edge > edges[index - 1]!);
  const empty = binCounts(sorted, kept).findIndex((count) => count === 0);
  if (kept.length === edges.length && empty < 0) return undefined;
  if (chosen) {
    const apart = kept.filter((edge) => edge < sorted.at(-1)!);
    const message = `some values are so frequent that the quantiles of ${edges.length + 1} bins are not apart`;
    const fix =
      apart.length === 0
        ? 'a column with one value has no distribution to watch'
        : `name the edges: --edges ${apart.map((edge) => Number(edge.toPrecision(12))).join(',')}`;
    return finding('reference/bins', { file }, message, fix);
  }
  if (kept.length < edges.length) {
    const index = edges.findIndex((edge, at) => at > 0 && edge <= edges[at - 1]!);
    return finding(
      'reference/bins',
      { file },
      `edges do not rise: ${edges[index - 1]} is followed by ${edges[index]}`,
      'sort them, and name each once',
    );
  }
  return finding(
    'reference/bins',
    { file },
    `no value of the sample is in the bin ${binText(edges, empty)}`,
    emptyFix(edges, empty),
  );
}

/** How many values are in each bin: above one edge, up to the next. */
function binCounts(sorted: Float64Array, edges: readonly number[]): number[] {
  const upTo = edges.map((edge) => countUpTo(sorted, edge));
  return [...upTo, sorted.length].map((count, index) => count - (upTo[index - 1] ?? 0));
}

function countUpTo(sorted: Float64Array, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Column {
  readonly values: readonly number[];
}

/** The numbers of a column, with how many rows had none. */
function readColumn(text: string, file: string, column: string | undefined): Answer<Column> {
  const rows = rowsOf(text, file, column);
  if (!rows.value) return rows;
  const values: number[] = [];
  let none = 0;
  for (const { cell, line } of rows.value) {
    if (
      cell === null ||
      cell === undefined ||
      (typeof cell === 'string' && /^\s*(?:nan|null|none|na)?\s*$/i.test(cell))
    ) {
      none += 1;
      continue;
    }
    const value = typeof cell === 'string' ? Number(cell) : cell;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      const message = `the value${column === undefined ? '' : ` of ${JSON.stringify(column)}`} is not a finite number`;
      return refused(
        finding(
          'reference/value',
          { file, line },
          message,
          'take a column of numbers; categories belong into Schema.watch({ newCategories })',
        ),
      );
    }
    values.push(value);
  }
  const leftOut = finding(
    'reference/left-out',
    { file },
    `${none} of ${rows.value.length} rows have no value and are left out`,
    'nothing, when that is usual; Schema.watch({ nullRatio }) watches it',
  );
  return answered({ values }, ...(none > 0 ? [leftOut] : []));
}

interface Cell {
  readonly cell: unknown;
  /** Line of the file, or place in the list of a JSON file; from 1. */
  readonly line: number;
}

function rowsOf(text: string, file: string, column: string | undefined): Answer<readonly Cell[]> {
  const plain = text.replace(/^\ufeff/, '');
  if (file.endsWith('.csv')) return csvColumn(plain, file, column);
  if (file.endsWith('.json')) {
    const parsed = parseJson(plain, file, undefined);
    if (!parsed.value) return parsed;
    const { json } = parsed.value;
    if (Array.isArray(json))
      return fieldOf(
        json.map((item: unknown, index) => ({ cell: item, line: index + 1 })),
        file,
        column,
      );
    return refused(
      finding(
        'reference/sample',
        { file },
        'the JSON is not a list',
        'write a list of numbers, or of objects with the column as a field',
      ),
    );
  }
  if (file.endsWith('.jsonl')) {
    const cells: Cell[] = [];
    for (const [index, line] of plain.split('\n').entries()) {
      if (line.trim() === '') continue;
      const parsed = parseJson(line, file, index + 1);
      if (!parsed.value) return parsed;
      cells.push({ cell: parsed.value.json, line: index + 1 });
    }
    return fieldOf(cells, file, column);
  }
  return refused(
    finding(
      'reference/sample',
      { file },
      'the name of the file does not say what is in it',
      'call it .csv, .json or .jsonl',
    ),
  );
}

function parseJson(text: string, file: string, line: number | undefined): Answer<{ readonly json: unknown }> {
  try {
    return answered({ json: JSON.parse(text) as unknown });
  } catch {
    // The message of the parser would repeat what stands there.
    return refused(
      finding(
        'reference/sample',
        line === undefined ? { file } : { file, line },
        'this is not JSON',
        'write a list of numbers, or of objects with the column as a field',
      ),
    );
  }
}

/** A field of objects; without one, what is listed itself. */
function fieldOf(items: readonly Cell[], file: string, column: string | undefined): Answer<readonly Cell[]> {
  if (column === undefined) {
    const objects = items.some(({ cell }) => typeof cell === 'object' && cell !== null);
    return objects ? refused(columnFinding(file, undefined, fieldsOf(items))) : answered(items);
  }
  if (!items.some(({ cell }) => isObject(cell) && Object.hasOwn(cell, column)))
    return refused(columnFinding(file, column, fieldsOf(items)));
  return answered(
    items.map(({ cell, line }) => ({
      cell: isObject(cell) && Object.hasOwn(cell, column) ? cell[column] : undefined,
      line,
    })),
  );
}

function fieldsOf(items: readonly Cell[]): string[] {
  return [...new Set(items.slice(0, 100).flatMap(({ cell }) => (isObject(cell) ? Object.keys(cell) : [])))];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names of columns that a message lists. */
const SHOWN = 20;

function columnFinding(file: string, column: string | undefined, columns: readonly string[]): Finding {
  const meant = column === undefined ? undefined : didYouMean(column, columns);
  const more = columns.length > SHOWN ? ', …' : '';
  const fix =
    meant === undefined
      ? `write --column with one of: ${columns.slice(0, SHOWN).join(', ')}${more}`
      : `did you mean ${JSON.stringify(meant)}?`;
  const message =
    column === undefined
      ? 'the sample has columns, and none is asked for'
      : `there is no column ${JSON.stringify(column)}`;
  return finding('reference/column', { file }, message, fix);
}

function csvColumn(text: string, file: string, column: string | undefined): Answer<readonly Cell[]> {
  const records = csvRecords(text);
  if (!records)
    return refused(
      finding('reference/sample', { file }, 'a quoted field is not closed', 'close it: "…", with "" for a quote in it'),
    );
  const [header, ...rows] = records;
  if (!header)
    return refused(
      finding(
        'reference/sample',
        { file },
        'the file is empty',
        'write a header line with the names of the columns, then the rows',
      ),
    );
  const index = column === undefined && header.fields.length === 1 ? 0 : header.fields.indexOf(column ?? '');
  if (index < 0) return refused(columnFinding(file, column, header.fields));
  const short = rows.find(({ fields }) => fields.length !== header.fields.length);
  if (short) {
    const message = `the row has ${short.fields.length} fields, and the header ${header.fields.length}`;
    return refused(
      finding(
        'reference/sample',
        { file, line: short.line },
        message,
        'separate fields by commas, and quote those that hold one',
      ),
    );
  }
  return answered(rows.map(({ fields, line }) => ({ cell: fields[index], line })));
}

interface CsvRecord {
  readonly fields: readonly string[];
  readonly line: number;
}

/** Records of RFC 4180; empty lines are none. `undefined` where a quoted field does not end. */
function csvRecords(text: string): CsvRecord[] | undefined {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let [line, start] = [1, 1];
  const token = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) return undefined;
    const [, quoted, plain = '', end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += quoted?.match(/\n/g)?.length ?? 0;
    if (end === ',') {
      // A comma at the very end is followed by an empty field.
      if (token.lastIndex === text.length) fields.push('');
      else continue;
    }
    if (fields.length > 1 || fields[0] !== '' || quoted !== undefined) records.push({ fields, line: start });
    fields = [];
    line += 1;
    start = line;
  }
  if (fields.length > 0) records.push({ fields, line: start });
  return records;
}
