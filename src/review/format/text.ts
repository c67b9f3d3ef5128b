import pc from 'picocolors';
import type { Entry, Plan, Risk, Statement } from '../plan.ts';
import { clipped, visible } from './characters.ts';
import { fieldDiffs, fileOf, groupsOf, noteOf, titleOf, type Bounds, type FieldDiff, type Group } from './details.ts';
import { byChange, byRisk, count, problems, RISKS_DOWN, scope, verdict } from './verdict.ts';

/** How a plan is printed on a terminal. */
export interface TextOptions {
  /** Whether to colour; for terminals. */
  readonly color: boolean;
  /** Columns of the terminal: sentences and reasons are folded there. Default: they are not. */
  readonly width?: number;
}

/** A terminal is read from its end; whoever needs all of a huge diff has the HTML page. */
const BOUNDS: Bounds = { lines: 60, characters: 400 };

/** Lines of what came or went within an object: they say which it is, and are the same in the file. */
const MAX_ONE_SIDED = 5;

/** Lines of an object after which no further field begins, so that none hides the next object. */
const MAX_LINES = 40;

/** Characters of a name, of a path. */
const MAX_TITLE = 300;

/** Values longer than this together stand below each other. */
const MAX_BESIDE = 80;

const LABEL = Math.max(...RISKS_DOWN.map((risk) => risk.length)) + 2;
const SIGNS = { added: '+', removed: '-', changed: '~', replaced: '>' } as const;

/**
 * A plan for a terminal: the verdict, what happens with the riskiest first, and the changed fields of each object. What a
 * name or a value holds never steers the terminal. The findings of the plan are not in it; the command prints them.
 *
 * @example process.stdout.write(planText(plan, { color: process.stdout.isTTY, width: process.stdout.columns }))
 */
export function planText(plan: Plan, { color, width }: TextOptions): string {
  const colours = pc.createColors(color);
  const paint: Paint = {
    risk: { high: (text) => colours.bold(colours.red(text)), medium: colours.yellow, low: colours.green },
    strong: colours.bold,
    quiet: colours.dim,
    added: colours.green,
    removed: colours.red,
  };
  const groups = groupsOf(plan).filter(({ entries }) => entries.length > 0);
  return [
    head(plan, paint),
    ...sections(plan, paint, width),
    ...groups.map((group) => details(plan, group, paint)),
  ].join('\n');
}

interface Paint {
  readonly risk: Readonly<Record<Risk, Brush>>;
  readonly strong: Brush;
  readonly quiet: Brush;
  readonly added: Brush;
  readonly removed: Brush;
}

type Brush = (text: string) => string;

function head(plan: Plan, paint: Paint): string {
  const trees = `${visible(plan.base)} → ${visible(plan.head)}`;
  const changes = [byChange(plan), problems(plan)].filter((part) => part !== '').join('; ');
  const rest = paint.quiet(changes === '' ? trees : `${trees}: ${changes}`);
  if (plan.risk === 'none') return `${paint.strong(verdict(plan))}\n${rest}\n`;
  return `${paint.risk[plan.risk](verdict(plan))}: ${scope(plan)}; ${byRisk(plan)}\n${rest}\n`;
}

function sections({ statements }: Plan, paint: Paint, width: number | undefined): string[] {
  return statements.length === 0 ? [] : [statements.map((statement) => sentence(statement, paint, width)).join('')];
}

function sentence({ where, text, risk, reasons }: Statement, paint: Paint, width: number | undefined): string {
  const [indent, deeper] = [' '.repeat(LABEL), ' '.repeat(LABEL + 2)];
  const [first = '', ...others] = wrapped(
    where === '' ? visible(text) : `${visible(where)}: ${visible(text)}`,
    width,
    LABEL,
  );
  const lines = [`${paint.risk[risk](risk.padEnd(LABEL))}${first}`, ...others.map((line) => `${indent}${line}`)];
  for (const reason of reasons) {
    lines.push(
      ...wrapped(`${visible(reason.text)} (${visible(reason.rule)})`, width, LABEL + 2).map((line) =>
        paint.quiet(`${deeper}${line}`),
      ),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Lines of words that fit beside the indentation; a word that does not has a line of its own. */
function wrapped(text: string, width: number | undefined, indent: number): string[] {
  const room = Math.max((width ?? Infinity) - indent, 20);
  if (text.length <= room) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function details(plan: Plan, { subject, environment, risk, entries }: Group, paint: Paint): string {
  const title = environment === '' ? visible(subject) : `${visible(subject)} in ${visible(environment)}`;
  return `${paint.strong(title)} ${paint.risk[risk](`(${risk})`)}\n${entries.map((index) => object(plan.entries[index]!, paint)).join('')}`;
}

function object(entry: Entry, paint: Paint): string {
  const brush = entry.change === 'added' ? paint.added : entry.change === 'removed' ? paint.removed : paint.strong;
  const title = clipped(titleOf(entry), MAX_TITLE);
  const file = clipped(fileOf(entry), MAX_TITLE);
  const note = entry.change === 'added' || entry.change === 'removed' ? '' : noteOf(entry);
  const place = file === title ? '' : `  ${paint.quiet(file)}`;
  const lines = [`  ${brush(`${SIGNS[entry.change]} ${title}`)}${note === '' ? '' : ` ${note}`}${place}`];
  const diffs = fieldDiffs(entry, BOUNDS);
  for (const [index, diff] of diffs.entries()) {
    if (lines.length > MAX_LINES) {
      lines.push(paint.quiet(`      … ${count(diffs.length - index, 'more field')}`));
      break;
    }
    lines.push(...field(diff, paint));
  }
  return `${lines.join('\n')}\n`;
}

function field({ op, field: name, before, after, lines, note }: FieldDiff, paint: Paint): string[] {
  if (note !== undefined) return [`      ${name}: ${paint.quiet(note)}`];
  if (lines) {
    const most = op === 'change' ? lines.length : MAX_ONE_SIDED;
    const rest = lines.length - most;
    const shown = rest > 1 ? [...lines.slice(0, most), { sign: '…', text: count(rest, 'more line') }] : lines;
    const signed = shown.map(({ sign, text }) => {
      const line = `        ${sign} ${text}`;
      return sign === '+' ? paint.added(line) : sign === '-' ? paint.removed(line) : paint.quiet(line);
    });
    return [`      ${name}:`, ...signed];
  }
  if (op === 'add') return [`      ${name}: ${paint.added(`+ ${after}`)}`];
  if (op === 'remove') return [`      ${name}: ${paint.removed(`- ${before}`)}`];
  if (`${before}${after}`.length <= MAX_BESIDE)
    return [`      ${name}: ${paint.removed(before ?? '')} → ${paint.added(after ?? '')}`];
  return [`      ${name}:`, paint.removed(`        - ${before}`), paint.added(`        + ${after}`)];
}
