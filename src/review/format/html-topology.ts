import type { Routes, Share } from '../plan.ts';
import { clipped, visible } from './characters.ts';
import { html, type Markup } from './html-markup.ts';
import { count } from './verdict.ts';

/** Pixels of the drawing, which fits a telephone; a page scales it up by little. */
const WIDTH = 348;
const CARD = { left: 84, width: WIDTH - 84, head: 34, note: 18, row: 38, foot: 6, gap: 14 };
const ENTRY = { top: 0, height: 48 };
const TRUNK = { left: 12, width: 40 };

/** What the name and the replicas of a part have for themselves. */
const PART_WIDTH = CARD.width - 46;

/** More releases behind one entry than anybody has; the rest is counted. */
const MAX_RELEASES = 12;
const MAX_PARTS = 8;

/** Colours of releases; the same release has the same one before and after. */
const COLOURS = 4;

/**
 * Who answers requests, as a drawing: the entry, from it a band to each release, as wide as its share of the requests, and in
 * each release its parts in the order in which requests reach them.
 *
 * @param names the releases before and after, in order, by which they get their colours.
 * @param was what the shares were before, where this is what comes after.
 */
export function topologySvg(routes: Routes, names: readonly string[], was?: Routes): Markup {
  const releases = routes.releases.slice(0, MAX_RELEASES);
  const more = routes.releases.length - releases.length;
  let top = ENTRY.top + ENTRY.height + CARD.gap + 8;
  const cards = releases.map((share) => {
    const height =
      CARD.head +
      notesOf(share).length * CARD.note +
      Math.min(share.parts.length, MAX_PARTS + 1) * CARD.row +
      CARD.foot;
    const card = { share, top, height, middle: top + CARD.head / 2 };
    top += height + CARD.gap;
    return card;
  });
  const height = Math.max(top - CARD.gap + (more > 0 ? 30 : 1), ENTRY.height + 40);
  const description = describe(routes);
  return html`<svg class="topology" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${description}">
${bands(cards, names)}
${entry(routes)}
${cards.map(({ share, top: y, height: tall }) => card(share, y, tall, colourOf(share.release, names), changeOf(share, was)))}
${more > 0 ? quiet(CARD.left, top + 10, `and ${count(more, 'more release')}`) : undefined}
${releases.length === 0 ? quiet(CARD.left, ENTRY.height + 28, 'nobody answers') : undefined}
</svg>`;
}

/** What a drawing shows, in words. */
function describe({ hosts, public: open, releases }: Routes): string {
  const shares = releases.slice(0, MAX_RELEASES).map(({ release, weight, mirror, header }) => {
    const also = [
      mirror === undefined ? '' : `copies of ${percent(mirror)}`,
      header === undefined ? '' : `requests with ${header}`,
    ].filter(Boolean);
    return `${percent(weight)} to ${release}${also.length > 0 ? ` and ${also.join(' and ')}` : ''}`;
  });
  return `${open ? 'Callers from anywhere' : 'Callers in the cluster'} of ${hosts[0] ?? 'no host'}: ${shares.join(', ') || 'nobody answers'}`;
}

interface Card {
  readonly share: Share;
  readonly middle: number;
}

/** One strand of the trunk for each release; that of the upmost card is the rightmost, so that none crosses another. */
function bands(cards: readonly Card[], names: readonly string[]): Markup[] {
  const total = Math.max(
    cards.reduce((sum, { share }) => sum + within(share.weight), 0),
    100,
  );
  const wide = (share: Share): number => (within(share.weight) / total) * TRUNK.width;
  // Left of the trunk there is room for those that carry nothing.
  const aside = Math.min(4, (TRUNK.left - 2) / Math.max(cards.filter(({ share }) => wide(share) === 0).length, 1));
  let right = TRUNK.left + TRUNK.width;
  const start = ENTRY.top + ENTRY.height - 1;
  return cards.map(({ share, middle }) => {
    const thin = wide(share) === 0;
    const width = thin ? 1.5 : Math.max(wide(share), 1.5);
    const x = right - width / 2;
    right -= thin ? aside : width;
    // The wider the band the wider its bend, or its inner edge has a corner.
    const bend = 20 + 0.4 * width;
    const path = `M${fixed(x)} ${start}V${fixed(middle - bend)}Q${fixed(x)} ${fixed(middle)} ${fixed(x + bend)} ${fixed(middle)}H${CARD.left}`;
    return html`<path class="band c${colourOf(share.release, names)}${thin ? ' none' : ''}" d="${path}" stroke-width="${fixed(width)}"/>`;
  });
}

function entry({ hosts, public: open }: Routes): Markup {
  const [host = 'no host', ...others] = hosts;
  const names = `${host}${others.length > 0 ? ` and ${count(others.length, 'more host')}` : ''}`;
  return html`<g><title>${hosts.slice(0, 20).join(', ')}</title>${box(0, ENTRY.top, WIDTH, ENTRY.height)}
<text class="quiet" x="14" y="19">${open ? 'callers from anywhere' : 'callers in the cluster'} reach</text>
<text class="code" x="14" y="37">${fitCode(names, 46)}</text></g>`;
}

function card(share: Share, top: number, height: number, colour: number, change: string): Markup {
  const { release, weight, parts } = share;
  const [left, right] = [CARD.left, CARD.left + CARD.width];
  const notes = notesOf(share);
  const rows = top + CARD.head + notes.length * CARD.note;
  const shown = parts.slice(0, MAX_PARTS);
  const more = parts.length - shown.length;
  const before = change === '' ? undefined : html`<tspan class="quiet">${change} </tspan>`;
  return html`<g class="release c${colour}"><title>${release}</title>${box(left, top, CARD.width, height)}
<rect class="edge" x="${left}" y="${top + 8}" width="4" height="${height - 16}" rx="2"/>
<text class="name" x="${left + 16}" y="${top + 22}">${fit(release, change === '' ? 170 : 115, 15)}</text>
<text class="share" x="${right - 12}" y="${top + 22}" text-anchor="end">${before}${percent(weight)}</text>
${notes.map((note, index) => quiet(left + 16, top + CARD.head + 6 + index * CARD.note, fit(note, 236)))}
${shown.map((part, index) => partOf(part, left + 16, rows + index * CARD.row, index < shown.length - 1))}
${more > 0 ? quiet(left + 32, rows + MAX_PARTS * CARD.row + 16, `and ${count(more, 'more part')}`) : undefined}</g>`;
}

/** A frame, whose line is within its size. */
function box(left: number, top: number, width: number, height: number): Markup {
  return html`<rect class="box" x="${left + 0.5}" y="${top + 0.5}" width="${width - 1}" height="${height - 1}" rx="8"/>`;
}

function quiet(left: number, top: number, text: string): Markup {
  return html`<text class="quiet" x="${left}" y="${top}">${text}</text>`;
}

/** A dot for each part, and a line to the one that it calls. */
function partOf(
  { part, kind, name, model, replicas }: Share['parts'][number],
  left: number,
  top: number,
  calls: boolean,
): Markup {
  const partName = fit(part, 110, 13);
  const room = PART_WIDTH - estimated(partName, 13);
  const size =
    replicas === undefined ? undefined : html` <tspan class="quiet">${fit(`${replicas} replicas`, room)}</tspan>`;
  const line = calls ? html`<path class="call" d="M${left + 4} ${top + 12}V${top + 12 + CARD.row}"/>` : undefined;
  return html`<g><title>${`${part}: ${kind} ${name}${model === undefined ? '' : `, ${model}`}`}</title>
${line}<circle class="dot" cx="${left + 4}" cy="${top + 12}" r="4"/>
<text x="${left + 18}" y="${top + 16}">${partName}${size}</text>
<text class="code quiet" x="${left + 18}" y="${top + 31}">${fitCode(model ?? `${kind} ${name}`, 32)}</text></g>`;
}

/** What a release gets beside its share. */
function notesOf({ mirror, header }: Share): string[] {
  const copies = mirror === undefined ? [] : [`copies of ${percent(mirror)} of the requests`];
  return header === undefined ? copies : [...copies, `requests with ${header}`];
}

function changeOf({ release, weight }: Share, was: Routes | undefined): string {
  if (!was) return '';
  const before = was.releases.find((share) => share.release === release);
  if (!before) return 'new';
  return before.weight === weight ? '' : `${percent(before.weight)} →`;
}

function colourOf(release: string, names: readonly string[]): number {
  return Math.max(names.indexOf(release), 0) % COLOURS;
}

function percent(weight: number): string {
  return `${Number.isFinite(weight) ? Math.round(weight * 100) / 100 : '?'} %`;
}

/** A share that can be drawn. */
function within(weight: number): number {
  return Number.isFinite(weight) ? Math.min(Math.max(weight, 0), 100) : 0;
}

/** Text that fits beside what else is there; nothing measures text here, so it is estimated, rather too wide than too narrow. */
function fit(text: string, width: number, size = 12): string {
  const characters = [...visible(clipped(text, width))];
  let end = 0;
  for (let left = width; end < characters.length; end += 1) {
    left -= estimated(characters[end]!, size);
    if (left < 0) return `${characters.slice(0, Math.max(end - 1, 0)).join('')}…`;
  }
  return characters.join('');
}

/** How wide a text is, about. */
function estimated(text: string, size: number): number {
  const parts = [...text].map((character) =>
    character > '\u02ff' ? 1.1 : /[MWmw@%]/.test(character) ? 1 : /[A-Z]/.test(character) ? 0.75 : 0.63,
  );
  return parts.reduce((sum, part) => sum + part * size, 0);
}

/** Code of so many columns. The ends of a long name tell it from others: the version of a model is its last part. */
function fitCode(text: string, columns: number): string {
  const shown = [...visible(text)];
  // What is not Latin takes about two columns.
  const length = shown.some((character) => character > '\u02ff') ? Math.floor(columns / 2) : columns;
  const end = Math.floor(length / 2);
  return shown.length <= length
    ? shown.join('')
    : `${shown.slice(0, length - 1 - end).join('')}…${shown.slice(-end).join('')}`;
}

function fixed(value: number): string {
  return String(Math.round(value * 100) / 100);
}
