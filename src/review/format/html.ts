import { createHash } from 'node:crypto';
import { formatWhere, foldFindings, type Finding } from '../../core/finding.ts';
import type { Plan, Risk, Statement } from '../plan.ts';
import type { Place } from '../unit.ts';
import { environmentOf, groupsOf, type Group } from './details.ts';
import { detailsHtml, LIMITS } from './html-details.ts';
import { html, trusted, type Markup } from './html-markup.ts';
import { SCRIPT } from './html-script.ts';
import { STYLE } from './html-style.ts';
import { topologiesOf, type Drawing } from './html-topologies.ts';
import { byChange, count, figure, problems, RISKS_DOWN, scope, verdict } from './verdict.ts';

/**
 * A plan as one page for people who approve it: verdict, sentences by risk, services by environments, and for each service who
 * answered requests before and who answers after, and what changes by field. The page asks for nothing (its policy forbids it),
 * works without scripts, and runs nothing that a tree holds.
 *
 * @example writeFileSync('plan.html', planHtml(plan))
 */
export function planHtml(plan: Plan): string {
  const subjects = subjectsOf(plan);
  const title = `Plan: ${verdict(plan)}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
</head>
<body${plan.entries.length > MANY ? html` class="large"` : undefined}>
<a class="skip" href="#main">To what happens</a>
${headerOf(plan)}
${filters(plan, subjects)}
<main id="main">
${findingsOf(plan.findings)}
${plan.statements.length > 0 ? statementsOf(plan, subjects) : undefined}
${subjects.length > 0 ? matrix(plan, subjects) : undefined}
${plan.risk === 'none' ? html`<p class="empty">${nothing(plan)}</p>` : undefined}
${sectionsOf(plan, subjects)}
</main>
<footer><p>Made by <code>ai-service plan</code> from the two trees alone. Values that look like secrets are marked, not shown.</p></footer>
<script>${trusted(SCRIPT)}</script>
</body>
</html>
`;
  return page.markup;
}

/** What the page says where nothing changes. */
function nothing({ findings }: Plan): string {
  const unread = findings.some(({ severity }) => severity === 'error');
  return unread
    ? 'As far as the trees can be read, they mean the same.'
    : 'Both trees mean the same: nothing happens when this is merged.';
}

/** More objects than this are laid out when they come into sight. */
const MANY = 300;

/** What the policy of the page lets run: these bytes and no others. */
function hashOf(text: string): Markup {
  return trusted(`sha256-${createHash('sha256').update(text).digest('base64')}`);
}

/** What a plan is about, with its changes by environment and its drawings. */
interface Subject {
  readonly name: string;
  readonly groups: { readonly group: Group; readonly anchor: string }[];
  readonly drawings: readonly Drawing[];
}

/** Subjects in the order of their risk; places on the page are numbers, as names may be anything. */
function subjectsOf(plan: Plan): Subject[] {
  const subjects = new Map<string, Subject>();
  const drawings = topologiesOf(plan.topologies);
  for (const [index, group] of groupsOf(plan).entries()) {
    const named = subjects.get(group.subject) ?? {
      name: group.subject,
      groups: [],
      drawings: drawings.get(group.subject) ?? [],
    };
    named.groups.push({ group, anchor: `details-${index}` });
    subjects.set(group.subject, named);
  }
  return [...subjects.values()];
}

const GLYPHS: Readonly<Record<Risk, string>> = { high: '▲', medium: '◆', low: '●' };

/** A risk is a word and a form, and only then a colour. */
function badge(risk: Risk, text: string = risk): Markup {
  return html`<span class="badge ${risk}"><span aria-hidden="true">${GLYPHS[risk]}</span> ${text}</span>`;
}

function headerOf(plan: Plan): Markup {
  const { risk, totals } = plan;
  const title = verdict(plan);
  const risks = RISKS_DOWN.filter((one) => totals.statements[one] > 0);
  const counts = risks.map((one) => html`<li>${badge(one, `${figure(totals.statements[one])} ${one}`)}</li>`);
  const rest = [byChange(plan), problems(plan)].filter((part) => part !== '').join(', ');
  return html`<header class="verdict ${risk}"><div class="wrap">
<p class="trees"><code>${plan.base}</code> <span aria-label="to">→</span> <code>${plan.head}</code></p>
<h1>${risk === 'none' ? undefined : html`<span class="glyph" aria-hidden="true">${GLYPHS[risk]}</span> `}${title[0]!.toUpperCase()}${title.slice(1)}</h1>
${risk === 'none' ? undefined : html`<p class="scope">${scope(plan)}</p>`}
<ul class="totals">${counts}${rest === '' ? undefined : html`<li class="quiet">${rest}</li>`}</ul>
</div></header>`;
}

/** Shown by the script, which is what makes them work. */
function filters(plan: Plan, subjects: readonly Subject[]): Markup {
  if (plan.statements.length === 0) return html``;
  const risks = RISKS_DOWN.filter((risk) => plan.totals.statements[risk] > 0);
  const boxes = risks.map(
    (risk) => html`<label class="pill"><input type="checkbox" name="risk" value="${risk}" checked> ${risk}</label>`,
  );
  const options = subjects.map(({ name }, index) => html`<option value="${index}">${name}</option>`);
  return html`<form class="filters" hidden aria-label="What is shown"><div class="wrap">
<fieldset><legend class="visually-hidden">Risk</legend>${boxes}</fieldset>
<label class="pick"><span>Service</span> <select name="subject"><option value="">all</option>${options}</select></label>
<button type="button" name="open" aria-pressed="false">Open all details</button>
<output aria-live="polite"></output>
</div></form>`;
}

function findingsOf(findings: readonly Finding[]): Markup {
  if (findings.length === 0) return html``;
  const items = foldFindings(findings).map(({ severity, where, message, fix, id }) => {
    const place = formatWhere(where);
    const at = place === '' ? undefined : html`<code>${place}</code> `;
    return html`<li><p><b>${severity}</b> ${at}${message}</p><p class="quiet">${fix} <code>${id}</code></p></li>`;
  });
  return html`<section class="findings" aria-labelledby="findings"><h2 id="findings">What could not be read, or was assumed</h2>
<ul>${items}</ul></section>`;
}

function statementsOf(plan: Plan, subjects: readonly Subject[]): Markup {
  const places = new Map<string, string>();
  for (const { name, groups } of subjects)
    for (const { group, anchor } of groups) places.set(placeKey(name, group.environment), anchor);
  const numbers = new Map(subjects.map(({ name }, index) => [name, index]));
  const lists = RISKS_DOWN.map((risk) => {
    const own = plan.statements.filter((statement) => statement.risk === risk);
    if (own.length === 0) return undefined;
    return html`<h3 class="by-risk ${risk}" data-risk="${risk}">${badge(risk, `${risk} risk`)}</h3>
<ol class="statements" data-risk="${risk}">${own.map((statement) => statementOf(statement, numbers.get(statement.subject), places))}</ol>`;
  });
  return html`<section aria-labelledby="what"><h2 id="what">What happens</h2>${lists}</section>`;
}

function statementOf(
  { text, where, subject, places, risk, reasons }: Statement,
  number: number | undefined,
  anchors: ReadonlyMap<string, string>,
): Markup {
  const environments = [...new Set(places.map((place: Place) => environmentOf(place)))];
  const names = where === environments.join(', ') ? environments : [where];
  const chips = names.map((name, index) => {
    const anchor = anchors.get(placeKey(subject, environments[index] ?? ''));
    return anchor === undefined
      ? html`<span class="where">${name}</span> `
      : html`<a class="where" href="#${anchor}">${name}</a> `;
  });
  const because = reasons.map((reason) => html`<li>${reason.text} <code>${reason.rule}</code></li>`);
  return html`<li class="statement ${risk}" data-risk="${risk}" data-subject="${number ?? ''}"><p>${chips}${text}</p>
${because.length === 0 ? undefined : html`<ul class="reasons">${because}</ul>`}</li>
`;
}

/** What is said of each subject in each environment. */
function saidBy({ cells, statements }: Plan): ReadonlyMap<string, readonly Statement[]> {
  return new Map(
    cells.map((cell) => [
      placeKey(cell.subject, cell.environment),
      cell.statements.flatMap((index) => statements[index] ?? []),
    ]),
  );
}

/** The sentences once more, above the fields that they are about. */
function sentencesOf(statements: readonly Statement[] = []): Markup {
  if (statements.length === 0) return html``;
  const items = statements.map(({ text, risk }) => {
    const glyph = html`<span class="glyph ${risk}" role="img" aria-label="${risk} risk">${GLYPHS[risk]}</span>`;
    return html`<li data-risk="${risk}">${glyph} ${text}</li>`;
  });
  return html`<ul class="said">${items}</ul>`;
}

function placeKey(subject: string, environment: string): string {
  return JSON.stringify([subject, environment]);
}

/** What changes in no environment: what services share, and trees of another layout. */
const NO_ENVIRONMENT = 'elsewhere';

/** Services by environments; each risk leads to what changes there. */
function matrix(plan: Plan, subjects: readonly Subject[]): Markup {
  const said = saidBy(plan);
  const names = new Set(subjects.flatMap(({ groups }) => groups.map(({ group }) => group.environment)));
  const environments = [...[...names].filter((name) => name !== '').sort(), ...(names.has('') ? [''] : [])];
  const rows = subjects.map(({ name, groups }, number) => {
    const byEnvironment = new Map(groups.map((one) => [one.group.environment, one]));
    const cells = environments.map((environment) => {
      const found = byEnvironment.get(environment);
      if (!found) return html`<td><span class="quiet" aria-label="no change">·</span></td>`;
      const sentences = said.get(placeKey(name, environment))?.length ?? 0;
      const size = sentences > 0 ? count(sentences, 'change') : count(found.group.entries.length, 'object');
      return html`<td><a class="cell" href="#${found.anchor}">${badge(found.group.risk)}<span class="quiet">${size}</span></a></td>`;
    });
    return html`<tr data-subject="${number}"><th scope="row"><a href="#subject-${number}">${name}</a></th>${cells}</tr>\n`;
  });
  return html`<section aria-labelledby="where"><h2 id="where">Where</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="where"><table class="matrix">
<thead><tr><th scope="col">service</th>${environments.map((environment) => html`<th scope="col">${environment || NO_ENVIRONMENT}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function sectionsOf(plan: Plan, subjects: readonly Subject[]): Markup[] {
  const left = { ...LIMITS };
  const said = saidBy(plan);
  return subjects.map(({ name, groups, drawings }, number) => {
    const figures = drawings.map(
      ({
        where,
        markup,
      }) => html`<figure class="traffic"><figcaption>Who answers in ${where}</figcaption>${markup}</figure>
`,
    );
    const details = groups.map(
      ({ group: { environment, risk, entries }, anchor }) => html`
<section class="group" id="${anchor}" aria-labelledby="${anchor}-name" data-risk="${risk}" tabindex="-1">
<h3 id="${anchor}-name">${environment || NO_ENVIRONMENT} ${badge(risk)}</h3>
${sentencesOf(said.get(placeKey(name, environment)))}
${entries.map((index) => detailsHtml(plan.entries[index]!, left))}</section>`,
    );
    return html`<section class="subject" id="subject-${number}" data-subject="${number}" aria-labelledby="name-${number}">
<h2 id="name-${number}">${name}</h2>
${figures}${details}
</section>
`;
  });
}
