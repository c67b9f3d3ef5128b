/** The look of the page: calm, in the colours of the reader's system, and readable on a telephone and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --paper: #ffffff; --ink: #17212c; --soft: #566272; --line: #d9dfe6; --sunk: #eef1f5; --link: #1f5fa8; --focus: #1f5fa8;
  --high: #a3211a; --high-back: #fdebe9; --medium: #7d4f00; --medium-back: #fdf1d8; --low: #24634a; --low-back: #e3f3ea;
  --old: #99201b; --old-back: #fdeeec; --new: #1c6040; --new-back: #e6f5ec; --mark-old: #f8cdc8; --mark-new: #bfe6ce;
  --c0: #4a6c9b; --c1: #0f8077; --c2: #7a5bb8; --c3: #a55f2b;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #10151c; --paper: #182029; --ink: #e4eaf1; --soft: #9fadbd; --line: #2d3845; --sunk: #131a22; --link: #8bbdf2; --focus: #8bbdf2;
    --high: #ffa39b; --high-back: #42201e; --medium: #f2c671; --medium-back: #3a2d12; --low: #8ed6b0; --low-back: #17342a;
    --old: #ffaba4; --old-back: #361f20; --new: #93dab3; --new-back: #163026; --mark-old: #6b2b29; --mark-new: #1f5a40;
    --c0: #7ea3d8; --c1: #45b8ad; --c2: #ab90e6; --c3: #d99560;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { scroll-padding-top: 4.5rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 var(--sans); overflow-wrap: anywhere; }
[hidden] { display: none !important; }
.wrap, main, footer { max-width: 70rem; margin: 0 auto; padding: 0 1.25rem; }
code, pre, .code { font-family: var(--mono); font-size: .8125rem; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.quiet { color: var(--soft); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 2; background: var(--paper); padding: .5rem 1rem; }
h1, h2, h3 { line-height: 1.2; font-weight: 650; }
h2 { font-size: 1.25rem; margin: 0 0 .9rem; }

.verdict { background: var(--paper); border-bottom: 1px solid var(--line); border-top: 6px solid var(--soft); padding: 1.5rem 0 1.4rem; }
.verdict.high { border-top-color: var(--high); } .verdict.medium { border-top-color: var(--medium); } .verdict.low { border-top-color: var(--low); }
.verdict.high .glyph { color: var(--high); } .verdict.medium .glyph { color: var(--medium); } .verdict.low .glyph { color: var(--low); }
.trees { margin: 0 0 .4rem; color: var(--soft); }
h1 { font-size: clamp(1.9rem, 5vw, 2.6rem); letter-spacing: -.015em; margin: 0; }
.glyph { font-size: .75em; vertical-align: .06em; }
.scope { font-size: 1.15rem; margin: .25rem 0 0; }
.totals { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: 0; margin: .9rem 0 0; }

.badge { display: inline-block; border-radius: 1rem; padding: .1rem .65rem; font-size: .8125rem; font-weight: 600; white-space: nowrap; }
.badge > span { font-size: .7em; vertical-align: .1em; }
.badge.high { color: var(--high); background: var(--high-back); } .badge.medium { color: var(--medium); background: var(--medium-back); }
.badge.low { color: var(--low); background: var(--low-back); }

.filters { position: sticky; top: 0; z-index: 1; background: var(--page); border-bottom: 1px solid var(--line); }
.filters .wrap { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding-top: .55rem; padding-bottom: .55rem; font-size: .875rem; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: .9rem; }
.pill { display: inline-flex; gap: .35rem; align-items: center; min-height: 1.75rem; }
.pill input { accent-color: var(--link); width: 1rem; height: 1rem; margin: 0; }
select, button { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .6rem; min-height: 2rem; max-width: 16rem; }
button { cursor: pointer; }
output { color: var(--soft); }

main > section { margin: 2.25rem 0; }
.findings ul { list-style: none; padding: 0; margin: 0; background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--medium); border-radius: 8px; }
.findings li { padding: .7rem 1rem; } .findings li + li { border-top: 1px solid var(--line); } .findings p { margin: 0; }
.empty { font-size: 1.1rem; margin: 2.5rem 0; }

.by-risk { margin: 1.3rem 0 .55rem; font-size: 1rem; }
.statements { list-style: none; margin: 0; padding: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; }
.statement { padding: .8rem 1.1rem .8rem 1.25rem; position: relative; }
.statement::before { content: ''; position: absolute; left: 0; top: .8rem; bottom: .8rem; width: 4px; border-radius: 0 3px 3px 0; background: var(--soft); }
.statement.high::before { background: var(--high); } .statement.medium::before { background: var(--medium); } .statement.low::before { background: var(--low); opacity: .55; }
.statement + .statement { border-top: 1px solid var(--line); }
.statement p { margin: 0; }
.statement.high > p:first-child { font-size: 1.075rem; font-weight: 600; }
.where { display: inline-block; font-size: .8125rem; font-weight: 600; color: var(--soft); background: var(--sunk); border-radius: 5px; padding: .05rem .45rem; margin-right: .1rem; }
a.where { color: var(--link); text-decoration: none; } a.where:hover { text-decoration: underline; }
.reasons { margin: .25rem 0 0; padding: 0 0 0 1.1rem; color: var(--soft); }
.reasons code { font-size: .75rem; }

.scroll { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; }
.matrix { border-collapse: collapse; width: 100%; }
.matrix th, .matrix td { padding: .55rem .9rem; text-align: left; border-top: 1px solid var(--line); vertical-align: middle; overflow-wrap: normal; }
.matrix thead th { border-top: 0; color: var(--soft); font-size: .8125rem; font-weight: 600; }
.matrix tbody th { font-weight: 600; min-width: 8rem; max-width: 22rem; overflow-wrap: anywhere; }
.matrix thead th { max-width: 16rem; overflow-wrap: anywhere; min-width: 5rem; }
.cell { display: inline-flex; flex-wrap: wrap; gap: .15rem .5rem; align-items: center; text-decoration: none; font-size: .8125rem; }
.cell:hover .quiet { text-decoration: underline; }

.subject { border-top: 1px solid var(--line); padding-top: 1.75rem; }
.subject > h2 { font-size: 1.5rem; letter-spacing: -.01em; }
.traffic { margin: 0 0 1.25rem; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem 1.1rem; }
figcaption { color: var(--soft); font-size: .875rem; font-weight: 600; }
.sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1rem 3rem; }
.side { max-width: 27rem; width: 100%; }
.when { margin: .6rem 0 .5rem; font-size: .75rem; font-weight: 650; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); }
.nothing { color: var(--soft); font-style: italic; margin: .5rem 0; }
.side > .nothing { border: 1px dashed var(--line); border-radius: 8px; padding: 1.4rem; text-align: center; margin: 0; }
.topology { display: block; width: 100%; height: auto; font: 13px var(--sans); }
.topology text { fill: var(--ink); } .topology .quiet { fill: var(--soft); font-size: 12px; } .topology .code { font-size: 11.5px; } .topology .code.quiet { font-size: 11px; }
.topology .box { fill: var(--paper); stroke: var(--line); }
.topology .band { fill: none; stroke: var(--c0); opacity: .8; } .topology .band.none { stroke: var(--soft); stroke-dasharray: 3 4; opacity: 1; }
.topology .band.c1 { stroke: var(--c1); } .topology .band.c2 { stroke: var(--c2); } .topology .band.c3 { stroke: var(--c3); }
.topology .edge, .topology .dot { fill: var(--c0); } .c1 .edge, .c1 .dot { fill: var(--c1); } .c2 .edge, .c2 .dot { fill: var(--c2); } .c3 .edge, .c3 .dot { fill: var(--c3); }
.topology .call { stroke: var(--line); stroke-width: 2; }
.topology .name, .topology .share { font-weight: 650; font-size: 15px; } .topology .share .quiet { font-weight: 400; font-size: 12px; }

.group { margin: 1.1rem 0 0; }
.large .group { content-visibility: auto; contain-intrinsic-size: auto 12rem; }
.said { list-style: none; margin: 0 0 .7rem; padding: 0; }
.said .glyph { font-size: .7rem; margin-right: .15rem; } .glyph.high { color: var(--high); } .glyph.medium { color: var(--medium); } .glyph.low { color: var(--low); }
.group h3 { font-size: 1rem; margin: 0 0 .5rem; }
.group:target { outline: 2px solid var(--link); outline-offset: 8px; border-radius: 4px; }
.entry { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; margin: 0 0 .45rem; }
.entry > summary { cursor: pointer; padding: .5rem .9rem; display: flex; gap: .6rem; align-items: baseline; min-height: 2.5rem; list-style: none; }
.entry > summary::-webkit-details-marker { display: none; }
.entry .title { flex: 1; } .risk { font-size: .8125rem; font-weight: 600; } .risk.high { color: var(--high); } .risk.medium { color: var(--medium); }
.entry > summary::after { content: '›'; color: var(--soft); transition: transform .12s; font-size: 1.2rem; line-height: 1; }
.entry[open] > summary::after { transform: rotate(90deg); }
.entry b { font-weight: 550; }
.entry .sign { font-family: var(--mono); font-weight: 700; color: var(--soft); width: 1rem; text-align: center; flex: none; }
.entry.added .sign { color: var(--new); } .entry.removed .sign { color: var(--old); } .entry.replaced .sign { color: var(--medium); }
.entry > :not(summary) { margin-left: .9rem; margin-right: .9rem; }
.entry .file { color: var(--soft); margin-top: 0; margin-bottom: .6rem; }
.entry > .nothing { padding-bottom: .7rem; }
.fields { margin: 0 0 .8rem; }
.fields > div { padding: .45rem 0; border-top: 1px solid var(--line); }
.fields dt { color: var(--soft); } .fields dd { margin: .15rem 0 0; }
.values { font-family: var(--mono); font-size: .8125rem; white-space: pre-wrap; }
.values del, .values ins { text-decoration: none; border-radius: 4px; padding: .1rem .35rem; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.values del { color: var(--old); background: var(--old-back); } .values ins { color: var(--new); background: var(--new-back); }
.values.long del, .values.long ins { display: block; width: fit-content; } .values.long del + ins { margin-top: .25rem; }
.values del mark { background: var(--mark-old); color: inherit; } .values ins mark { background: var(--mark-new); color: inherit; }
.to { color: var(--soft); font-family: var(--sans); }
.block { margin: 0; padding: .5rem 0; background: var(--sunk); border-radius: 6px; overflow-x: auto; line-height: 1.45; tab-size: 4; }
.entry > .block { margin-bottom: .9rem; }
.block span { display: block; width: max-content; min-width: 100%; padding: 0 .75rem; }
.block .ins { color: var(--new); background: var(--new-back); } .block .del { color: var(--old); background: var(--old-back); } .block .gap { color: var(--soft); }
footer { color: var(--soft); font-size: .8125rem; padding-top: 1rem; padding-bottom: 3rem; }

@media (max-width: 34rem) {
  .wrap, main, footer { padding-left: 1rem; padding-right: 1rem; }
  .filters { position: static; } html { scroll-padding-top: 1rem; }
  .filters .wrap { gap: .35rem .8rem; } .filters button { display: none; }
  .matrix th, .matrix td { padding: .5rem .65rem; }
  .traffic { padding: .8rem .8rem .9rem; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media (prefers-reduced-motion: reduce) { .entry > summary::after { transition: none; } }
@media print {
  :root { --page: #fff; --sunk: #f6f6f6; }
  body { font-size: 10.5pt; }
  .filters, .skip { display: none !important; }
  details::details-content { content-visibility: visible; }
  .statement, .traffic, .entry > summary { break-inside: avoid; } h2, h3 { break-after: avoid; }
  .block { overflow: visible; white-space: pre-wrap; } .block span { width: auto; }
  .large .group { content-visibility: visible; }
}
`;
