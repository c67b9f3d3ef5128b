import { withoutMovedAway } from '../field.ts';
import type { Entry } from '../plan.ts';
import {
  fieldDiffs,
  fileOf,
  noteOf,
  titleOf,
  wholeDiff,
  type Bounds,
  type DiffLine,
  type FieldDiff,
} from './details.ts';
import { html, type Markup } from './html-markup.ts';
import { count } from './verdict.ts';

const BOUNDS: Bounds = { lines: 400, characters: 2_000 };

/** What a page may still hold; a plan of thousands of objects must open on a telephone, too. */
export interface Left {
  /** Characters of fields that change. */
  fields: number;
  /** Characters of objects that come or go, which the tree has in full. */
  objects: number;
}

/** The most that a page holds. */
export const LIMITS: Readonly<Left> = { fields: 6_000_000, objects: 2_000_000 };

/** Values longer than this together stand below each other, each with its sign. */
const MAX_BESIDE = 110;

const SIGNS = { added: '+', removed: '−', changed: '~', replaced: '⇄' } as const;

/** What changes in one object, folded: its fields, or all of it where it comes or goes. */
export function detailsHtml(entry: Entry, left: Left): Markup {
  const [title, file] = [titleOf(entry), fileOf(entry)];
  const note = noteOf(entry) || count(withoutMovedAway(entry.changes).length, 'field');
  const what = note === entry.change ? note : `${entry.change}, ${note}`;
  const sign = html`<span class="sign" aria-hidden="true">${SIGNS[entry.change]}</span>`;
  const name = html`<span class="title"><b>${title}</b> <span class="quiet">${what}</span></span>`;
  const risk = entry.risk === 'low' ? undefined : html` <span class="risk ${entry.risk}">${entry.risk}</span>`;
  const place = file === title ? undefined : html`<p class="file"><code>${file}</code></p>`;
  return html`<details class="entry ${entry.change}"><summary>${sign} ${name}${risk}</summary>${place}
${bodyOf(entry, left)}</details>
`;
}

function bodyOf(entry: Entry, left: Left): Markup {
  const whole = entry.change === 'added' || entry.change === 'removed';
  if (left[whole ? 'objects' : 'fields'] <= 0)
    return html`<p class="nothing">left out of this page, which is large enough; the file has it</p>`;
  if (!whole) {
    const fields = fieldDiffs(entry, BOUNDS).map(fieldHtml);
    left.fields -= sizeOf(fields);
    return fields.length === 0
      ? html`<p class="nothing">${noteOf(entry)}</p>`
      : html`<dl class="fields">${fields}</dl>`;
  }
  const lines = wholeDiff(entry, BOUNDS);
  const block =
    lines.length === 0 ? html`<p class="nothing">not shown: binary, too large, or broken</p>` : blockHtml(lines);
  left.objects -= sizeOf([block]);
  return block;
}

function sizeOf(parts: readonly Markup[]): number {
  return parts.reduce((sum, { markup }) => sum + markup.length, 0);
}

function fieldHtml({ field, before, after, lines, note }: FieldDiff): Markup {
  const name = html`<dt><code>${field}</code></dt>`;
  if (note !== undefined) return html`<div>${name}<dd>${note}</dd></div>`;
  if (lines) return html`<div>${name}<dd>${blockHtml(lines)}</dd></div>`;
  const [old, now] = marked(before, after);
  const beside = old !== undefined && now !== undefined && `${before}${after}`.length <= MAX_BESIDE;
  const from = old === undefined ? undefined : html`<del>${beside ? '' : '− '}${old}</del>`;
  const to = now === undefined ? undefined : html`<ins>${beside ? '' : '+ '}${now}</ins>`;
  const arrow = beside ? html` <span class="to" aria-hidden="true">→</span> ` : undefined;
  return html`<div>${name}<dd class="values${beside ? '' : ' long'}">${from}${arrow}${to}</dd></div>`;
}

/** Long lines that differ in their middle: what differs is marked. */
function marked(before: string | undefined, after: string | undefined): (Markup | string | undefined)[] {
  if (before === undefined || after === undefined || Math.min(before.length, after.length) < 24) return [before, after];
  const [old, now] = [words(before), words(after)];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  if (head + tail === 0) return [before, after];
  return [old, now].map((all) => {
    const end = all.length - tail;
    return html`${all.slice(0, head).join('')}<mark>${all.slice(head, end).join('')}</mark>${all.slice(end).join('')}`;
  });
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_]+|[^]/gu) ?? [];
}

const NAMES = { '+': 'ins', '-': 'del', ' ': 'same', '…': 'gap' } as const;

/** Each line has its sign as text, so that it is no matter of colour alone. */
function blockHtml(lines: readonly DiffLine[]): Markup {
  return html`<pre class="block" tabindex="0">${lines.map(({ sign, text }) => html`<span class="${NAMES[sign]}">${sign} ${withTabs(text)}</span>`)}</pre>`;
}

/** Tabs are the one thing in lines that is kept as it is. */
function withTabs(text: string): Markup {
  return html`${text.split('\t').map((part, index) => (index === 0 ? part : html`	${part}`))}`;
}
