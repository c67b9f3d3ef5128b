/**
 * Series that the rules of services read, made of the rules themselves: for each selector such series as it would find on a
 * cluster, so that a rule that is added is measured too.
 */
import { analyze, ISTIO_DURATION, parsePromql } from '../lib/bench.js';

const REPLICAS = 4;
const CALLERS = 5;
const CODES = ['200', '404', '503', '0'];

/** Every selector of some rules, with how far back it looks. */
export function readsOf(rules) {
  return rules.flatMap(({ expr }) => {
    const { query, problem } = parsePromql(expr);
    if (!query) throw new Error(`${problem.message}: ${expr}`);
    return analyze(query).reads.map(({ selector, seconds = 0 }) => ({
      metric: selector.metric,
      matchers: selector.matchers,
      seconds,
    }));
  });
}

/** Series by their text; each has a name, labels and how it grows. */
export function seriesFor(reads) {
  const all = new Map();
  for (const { metric, matchers } of reads) {
    for (const labels of variants(metric, matchers)) {
      const text = `${metric}{${Object.entries(labels)
        .sort()
        .map(([label, value]) => `${label}="${value}"`)
        .join(',')}}`;
      if (!all.has(text)) all.set(text, { metric, text, perSecond: growth(metric, labels) });
    }
  }
  return [...all.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
}

export function isCounter(metric) {
  return /_(?:total|count|bucket|sum)$/.test(metric);
}

function variants(metric, matchers) {
  let found = [{}];
  const cross = (label, values) =>
    (found = found.flatMap((labels) => values.map((value) => ({ ...labels, [label]: value }))));
  for (const { label, operator, value } of matchers) {
    if (label === 'le' || label === 'response_code' || operator.startsWith('!')) continue;
    cross(label, operator === '=' ? [value] : examples(value, /^(?:pod|exported_pod)$/.test(label)));
  }
  if (metric.startsWith('istio_')) {
    cross('source_workload', numbered(CALLERS, 'caller'));
    cross('response_code', CODES);
  } else if (
    !/^(?:ALERTS|ai_)/.test(metric) &&
    !matchers.some(({ label }) => /pod$|deployment|horizontal|^name$/.test(label))
  ) {
    cross('pod', numbered(REPLICAS, 'pod'));
  }
  if (metric.endsWith('_bucket'))
    cross('le', [...(metric.startsWith('istio_') ? ISTIO_DURATION.bounds : BOUNDS).map(String), '+Inf']);
  return found;
}

const BOUNDS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

function numbered(count, word) {
  return Array.from({ length: count }, (_, index) => `${word}-${index}`);
}

/** Values that a pattern of ours matches: of each alternative one, of pods as many as there are replicas. */
function examples(source, many) {
  const values = source.split('|').flatMap((alternative) =>
    Array.from({ length: many ? REPLICAS : 1 }, (_unused, index) => String(index)).map((digit) =>
      alternative
        .replace(/\([^()]*\)\?/g, '')
        .replace(/\[[^\]]*\](?:\{(\d+)(?:,\d+)?\}|\+|\*)?/g, (_text, times = 1) => digit.repeat(Number(times)))
        .replace(/(?<!\\)\.[+*]/g, digit)
        .replace(/\\(.)/g, '$1'),
    ),
  );
  const matching = values.filter((value) => new RegExp(`^(?:${source})$`).test(value));
  if (matching.length === 0) throw new Error(`no example of ${source}`);
  return [...new Set(matching)];
}

/** Healthy: nothing fails, and what counts up does so at one a second, in every bucket. */
function growth(metric, { response_code: code, le }) {
  if (!isCounter(metric)) return 0;
  if (code !== undefined && code !== '200') return 0;
  return le === undefined || le === '+Inf' ? 1 : 0.9;
}
