import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KubeObject } from '../../src/core/object.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { Reference } from '../../src/service/reference.ts';
import type { AIServiceInput } from '../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';
import { values } from './measure.ts';
import type { Series } from './promtool.ts';
import { happenings, indexOf, random, shares, shifted } from './random.ts';

/** Seconds between two scrapes. */
export const SCRAPE = 30;
/** Scrapes in a minute. */
export const SCRAPES = 60 / SCRAPE;

/** A reference, for stories without chance. */
export const REFERENCE: Reference = { edges: [0.1, 0.2, 0.4, 0.7], shares: [0.4, 0.3, 0.15, 0.1, 0.05], n: 100_000 };
/** The histogram of all stories. */
export const MINE = { metric: 'fraud_score', reference: './score.json' };
/** Rules on the input. */
export const SCHEMA = {
  missing: ['amount', 'country'],
  nullRatio: { amount: 0.02 },
  newCategories: { country: ['DE', 'FR'] },
  outOfRange: { amount: { min: 0, max: 10_000 } },
};

/** The drift and schema rules alone, of a service that expects so much traffic. */
export function rulesOf(
  monitoring: AIServiceInput['monitoring'],
  {
    reference = REFERENCE,
    expectedRps = 1,
    ...options
  }: TargetOptions & { reference?: Reference; expectedRps?: number } = {},
): KubeObject {
  const spec: Partial<AIServiceInput> = {
    traffic: { expectedRps },
    predictor: {
      framework: 'sklearn',
      model: { uri: 's3://ml-models/fraud-detector/v46/' },
      resources: { cpu: '4', memory: '8Gi' },
      exports: { predictions: 'fraud_score', schema: true },
    },
    canary: { steps: [10, 50] },
    monitoring,
  };
  const rule = renderPrometheus(targetOf({ ...options, spec }), new Map([['./score.json', reference]])).find(
    ({ kind }) => kind === 'PrometheusRule',
  );
  if (!rule) throw new Error('no PrometheusRule');
  const { groups } = rule.spec as { groups: { name: string }[] };
  return { ...rule, spec: { groups: groups.filter(({ name }) => /\.(drift|input-schema)/.test(name)) } };
}

/** Labels of the series of a pod. */
export const pod = (release: string, name: string): string =>
  `namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor",release="${release}",pod="${name}"`;

/** A histogram from what falls into each bin between two scrapes; `missing` scrapes come first. */
export function histogram(
  edges: readonly number[],
  perScrape: readonly (readonly number[])[],
  labels = pod('v46', 'a'),
  missing = 0,
): Series[] {
  const before = missing === 0 ? '' : `_x${missing} `;
  const upTo = (bins: number): string => {
    let total = 0;
    return (
      before +
      values(perScrape.map((counts) => (total += counts.slice(0, bins).reduce((sum, count) => sum + count, 0))))
    );
  };
  return [
    ...edges.map((edge, index): Series => [`fraud_score_bucket{${labels},le="${edge}"}`, upTo(index + 1)]),
    [`fraud_score_bucket{${labels},le="+Inf"}`, upTo(edges.length + 1)],
    [`fraud_score_count{${labels}}`, upTo(edges.length + 1)],
  ];
}

/** What falls into each bin by chance. */
export function arrivals(
  next: () => number,
  distribution: readonly number[],
  rps: number,
  minutes: number,
): number[][] {
  return Array.from({ length: minutes * SCRAPES }, () =>
    distribution.map((share) => happenings(next, share * rps * SCRAPE)),
  );
}

/** Shifts of one reference. */
export interface RandomRun {
  readonly edges: readonly number[];
  readonly from: readonly number[];
  /** For each story, a distribution whose index against `from` is 0.25. */
  readonly to: readonly (readonly number[])[];
  readonly next: () => number;
}

/** Ten references of five to ten bins, and for each so many shifts of exactly 0.25, the smallest that is promised. */
export function randomRuns(shiftsEach: number, seed = 1000): RandomRun[] {
  return Array.from({ length: 10 }, (_, group) => {
    const next = random(seed + group);
    const bins = 5 + (group % 6);
    const from = shares(next, bins);
    const to = Array.from({ length: shiftsEach }, () => {
      let towards = shares(next, bins);
      while (indexOf(towards, from) < 0.25) towards = shares(next, bins);
      return shifted(from, towards, 0.25);
    });
    return { edges: Array.from({ length: bins - 1 }, (_unused, index) => (index + 1) / bins), from, to, next };
  });
}

/** Minutes from the change to the alert, in order; `Infinity` where there is none. */
export function delays(found: readonly (number | undefined)[], change: number): number[] {
  return found.map((minute) => (minute === undefined ? Infinity : minute - change)).sort((a, b) => a - b);
}

/** Row of the table in the docs. */
export function expectRow(name: string, cells: readonly (string | number)[]): void {
  const page = readFileSync(join(import.meta.dirname, '../../docs/drift.md'), 'utf8');
  expect(page).toContain(`| ${[name, ...cells].join(' | ')} |`);
}
