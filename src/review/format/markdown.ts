import { formatWhere, foldFindings } from '../../core/finding.ts';
import type { Entry, Plan, Risk, Statement } from '../plan.ts';
import { clipped, visible } from './characters.ts';
import { fieldDiffs, fileOf, groupsOf, noteOf, titleOf, type Bounds, type FieldDiff, type Group } from './details.ts';
import { fenced, inHtml, inMarkdown } from './escape-markdown.ts';
import { byChange, byRisk, count, figure, problems, RISKS_DOWN, scope, verdict } from './verdict.ts';

/** How a plan is written as a comment. */
export interface MarkdownOptions {
  /** Name of the comment, by which a bot finds the one to update: letters, digits, `.`, `_`, `/`, `:`, `@` and `-`. */
  readonly marker: string;
  /** Bytes of UTF-8, which are never fewer than characters, however one counts them. Default 60,000; at least 10,000. */
  readonly limit?: number;
}

/** GitHub takes 65,536 characters in a comment; a bot may want to add a few. */
const LIMIT = 60_000;

/** The verdict and the riskiest row fit in here with names of any length and signs, beside what says that the rest was left out. */
const MIN_LIMIT = 10_000;

/** What an object may take of a comment. */
const BOUNDS: Bounds = { lines: 80, characters: 400 };
const MAX_FIELDS = 60;
const MAX_BLOCK = 6_000;

/** Sentences and environments of one row of the table, and reasons of one sentence. */
const MAX_SENTENCES = 12;
const MAX_REASONS = 4;
const MAX_NAME = 120;
const MAX_TREE = 60;
const MAX_SENTENCE = 300;
const MAX_FINDINGS = 10;

const SIGNS: Readonly<Record<Risk | 'none', string>> = { high: '🔴', medium: '🟠', low: '🟢', none: '⚪' };

/**
 * The first line of a comment, by which a bot finds it.
 *
 * @example markerLine('prod') // '<!-- ai-service plan: prod -->'
 */
export function markerLine(marker: string): string {
  return `<!-- ai-service plan: ${clipped(marker.replace(/[^\w./:@-]+/g, '-').replace(/-{2,}/g, '-'), MAX_NAME).replace('…', '')} -->`;
}

/**
 * A plan as a comment on a pull request: verdict and totals, a table of services and environments, and folded details. It is
 * never longer than the limit: the least risky details go first, then the least risky rows of the table, and it says so.
 *
 * @example planMarkdown(plan, { marker: 'gitops' }).startsWith('<!-- ai-service plan: gitops -->\n') // true
 */
export function planMarkdown(plan: Plan, { marker, limit = LIMIT }: MarkdownOptions): string {
  const head = headOf(plan, marker);
  const notices = findingsOf(plan);
  // What says that something is left out has its place before anything is put there.
  const room = Math.max(limit, MIN_LIMIT) - bytes(head) - RESERVE;
  const findings = bytes(notices) <= room / 4 ? notices : `**${problems(plan)}** could not be shown here.\n\n`;
  const table = tableOf(plan, room - bytes(findings));
  const details = detailsOf(plan, room - bytes(findings) - bytes(table));
  return `${head}${findings}${table}${details}`;
}

/** For two sentences on what was left out. */
const RESERVE = 400;

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

function headOf(plan: Plan, marker: string): string {
  const name = (text: string): string => inMarkdown(clipped(visible(text), MAX_TREE));
  const trees = `${name(plan.base)} → ${name(plan.head)}`;
  const title = verdict(plan);
  const headline = `### ${SIGNS[plan.risk]} ${title[0]!.toUpperCase()}${title.slice(1)}`;
  const totals = [byRisk(plan), byChange(plan), trees].filter((part) => part !== '').join(' · ');
  return `${markerLine(marker)}\n${headline}${plan.risk === 'none' ? '' : `: ${scope(plan)}`}\n\n${totals}\n\n`;
}

function findingsOf({ findings }: Plan): string {
  if (findings.length === 0) return '';
  const sorted = foldFindings(findings);
  const lines = sorted.slice(0, MAX_FINDINGS).map(({ severity, where, message, id }) => {
    const place = formatWhere(where);
    return `> - **${severity}** ${place === '' ? '' : `${short(place)}: `}${short(message)} (\`${id.replaceAll('`', '')}\`)`;
  });
  if (sorted.length > MAX_FINDINGS) lines.push(`> - and ${count(sorted.length - MAX_FINDINGS, 'more problem')}`);
  return `${lines.join('\n')}\n\n`;
}

function short(text: string): string {
  return inMarkdown(clipped(visible(text), MAX_SENTENCE));
}

const TABLE_HEAD = '| service | environment | risk | what happens |\n|---|---|---|---|\n';

/**
 * Rows, the riskiest first, as many as there is room for: where it ends, rows without their sentences, so that a long sentence
 * hides no other row.
 */
function tableOf(plan: Plan, room: number): string {
  const rows = rowsOf(plan);
  if (rows.length === 0) return '';
  let text = TABLE_HEAD;
  let size = bytes(text);
  let inShort = false;
  for (const [index, row] of rows.entries()) {
    let line = rowText(plan, row, inShort);
    if (!inShort && size + bytes(line) > room) {
      inShort = true;
      line = rowText(plan, row, inShort);
    }
    size += bytes(line);
    if (size > room)
      return `${text}\n${count(rows.length - index, 'row')} left out, the least risky: a comment holds no more.\n\n`;
    text += line;
  }
  return `${text}\n`;
}

interface Row {
  readonly subject: string;
  readonly environments: string[];
  readonly risk: Risk;
  readonly statements: readonly number[];
}

/** Environments in which the same happens to a service have one row. */
function rowsOf({ cells }: Plan): Row[] {
  const rows = new Map<string, Row>();
  for (const { subject, environment, risk, statements } of cells) {
    const key = JSON.stringify([subject, risk, statements]);
    const same = rows.get(key);
    if (same) same.environments.push(environment);
    else rows.set(key, { subject, environments: [environment], risk, statements });
  }
  return [...rows.values()].sort((a, b) => RISKS_DOWN.indexOf(a.risk) - RISKS_DOWN.indexOf(b.risk));
}

function rowText(plan: Plan, { subject, environments, risk, statements }: Row, inShort: boolean): string {
  const said = statements.flatMap((index) => plan.statements[index] ?? []);
  const sentences = said
    .slice(0, inShort ? 0 : MAX_SENTENCES)
    .map((statement) => sentence(statement, environments, risk));
  if (inShort) sentences.push(count(said.length, 'change'));
  else if (said.length > MAX_SENTENCES) sentences.push(`and ${count(said.length - MAX_SENTENCES, 'more change')}`);
  const most = inShort ? 2 : MAX_SENTENCES;
  const names = environments.slice(0, most).map((name) => inMarkdown(clipped(visible(name), MAX_NAME)));
  if (environments.length > most) names.push(`and ${figure(environments.length - most)} more`);
  return `| **${inMarkdown(clipped(visible(subject), MAX_NAME))}** | ${names.join('<br>') || '—'} | ${SIGNS[risk]} ${risk} | ${sentences.join('<br>')} |\n`;
}

/** A sentence with its sign, which is never above that of its row, and its reasons; with its places where it is not true for all of an environment. */
function sentence(
  { text, subject, where, risk: highest, reasons }: Statement,
  environments: readonly string[],
  most: Risk,
): string {
  const risk = RISKS_DOWN.indexOf(highest) < RISKS_DOWN.indexOf(most) ? most : highest;
  const places = where.split(', ');
  const partly =
    where === '.' || where === subject || environments.every((environment) => places.includes(environment))
      ? ''
      : ` (${short(where)})`;
  const because = reasons.slice(0, MAX_REASONS).map((reason) => `<br><sub>${short(reason.text)}</sub>`);
  return `${SIGNS[risk]} ${short(text)}${partly}${because.join('')}`;
}

/** Details of the riskiest objects, as many as there is room for, by service and environment. */
function detailsOf(plan: Plan, room: number): string {
  const groups = groupsOf(plan);
  const byRiskOfEntry = groups
    .flatMap((group) => group.entries.map((index) => ({ group, index })))
    .sort((a, b) => RISKS_DOWN.indexOf(plan.entries[a.index]!.risk) - RISKS_DOWN.indexOf(plan.entries[b.index]!.risk));
  const shown = new Map<Group, string[]>();
  let size = 0;
  let left = byRiskOfEntry.length;
  for (const { group, index } of byRiskOfEntry) {
    const block = blockOf(plan.entries[index]!);
    const others = shown.get(group);
    size += bytes(block) + (others ? 0 : bytes(folded(group, [])));
    if (size > room) break;
    left -= 1;
    if (others) others.push(block);
    else shown.set(group, [block]);
  }
  const text = groups.flatMap((group) => (shown.has(group) ? folded(group, shown.get(group)!) : [])).join('');
  const what =
    left === byRiskOfEntry.length
      ? `The details of ${count(left, 'object')}`
      : `The details of ${figure(left)} of ${count(byRiskOfEntry.length, 'object')}`;
  return left === 0 ? text : `${text}${what} are left out, the least risky first: a comment holds no more.\n`;
}

function folded({ subject, environment, risk, entries }: Group, blocks: readonly string[]): string {
  const [name, place] = [subject, environment].map((text) => inHtml(clipped(visible(text), MAX_NAME)));
  const summary = `<summary>${SIGNS[risk]} <b>${name}</b>${place === '' ? '' : ` in ${place}`}: ${count(entries.length, 'object')}</summary>`;
  return `<details>\n${summary}\n\n${blocks.join('')}</details>\n\n`;
}

/** One object: its name, its file, and its fields as a block of code, which mentions nobody. */
function blockOf(entry: Entry): string {
  const title = clipped(titleOf(entry), 2 * MAX_NAME);
  const file = clipped(fileOf(entry), 2 * MAX_NAME);
  const note = noteOf(entry);
  const head = [`**${inMarkdown(title)}**`, note, file === title ? '' : `in ${inMarkdown(file)}`]
    .filter((part) => part !== '')
    .join(' ');
  const lines: string[] = [];
  let size = 0;
  const diffs = fieldDiffs(entry, BOUNDS);
  for (const [index, diff] of diffs.entries()) {
    const more = fieldLines(diff);
    size += bytes(more.join('\n'));
    if (index > 0 && (size > MAX_BLOCK || index >= MAX_FIELDS)) {
      lines.push(`@@ ${count(diffs.length - index, 'more field')} @@`);
      break;
    }
    lines.push(...more);
  }
  return lines.length === 0 ? `${head}\n\n` : `${head}\n\n${fenced('diff', lines)}\n\n`;
}

function fieldLines({ field, before, after, lines, note }: FieldDiff): string[] {
  const name = clipped(field, 2 * MAX_NAME);
  if (note !== undefined) return [` ${name}: ${note}`];
  if (lines) {
    const shown = lines.map(({ sign, text }) => (sign === '…' ? `@@ … ${text} @@` : `${sign}${text}`));
    return [`@@ ${name} @@`, ...withinBytes(shown, MAX_BLOCK)];
  }
  return [
    ...(before === undefined ? [] : [`-${name}: ${before}`]),
    ...(after === undefined ? [] : [`+${name}: ${after}`]),
  ];
}

function withinBytes(lines: readonly string[], most: number): string[] {
  let size = 0;
  const end = lines.findIndex((line) => (size += bytes(line) + 1) > most);
  return end < 0 ? [...lines] : [...lines.slice(0, end), `@@ … ${count(lines.length - end, 'more line')} @@`];
}
