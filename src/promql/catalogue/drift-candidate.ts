import { add, and, compare, count, divide, multiply, number, sum, type Expr } from '../expr.ts';
import type { HistogramForm } from '../histogram.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, selector } from '../selector.ts';
import { DISTANCES, noneEmpty } from './drift-distance.ts';
import { recordedHistogram } from './drift-histogram.ts';
import { exportedBy } from './drift-reference.ts';
import type { Sampling } from './drift-window.ts';

/** What tells when a candidate says other things than the stable release. */
export interface CandidateDriftRule {
  /** The histogram that both releases expose. */
  readonly metric: string;
  readonly form: HistogramForm;
  readonly parts: readonly string[];
  /** Bucket bounds that separate the bins, rising. */
  readonly edges: readonly number[];
  /** Population stability index above which the alert fires. */
  readonly threshold: number;
  readonly sampling: Sampling;
  /** Value of the label `release` on the series of each side. */
  readonly candidate: string;
  readonly stable: string;
}

/** Fewest observations of each release. */
export const MIN_SAMPLES_OF_RELEASE = 100;

/**
 * Drift between the candidate and the stable release in the same window, as population stability index: no reference is
 * needed but the edges, and neither the time of the day nor the callers make a difference, as long as both releases get
 * the same kind of requests. It fires above the threshold, above chance, and with enough observations of both. Where one
 * release has no bucket for an edge there is no index.
 *
 * Runbook: a retrained model may differ, and then the threshold says how much is meant; else compare the pre-processing of
 * the two releases, abort the candidate, and look for the release in which the difference started.
 */
export function driftOfCandidate(subject: Subject, rule: CandidateDriftRule): RuleGroup {
  const { metric, form, parts, edges, threshold, sampling, candidate, stable } = rule;
  const { window } = sampling;
  const labels = { ...identityLabels(subject), metric };
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const exported = [...exportedBy(subject, parts), isOneOf('release', [candidate, stable])];
  const histogram = recordedHistogram(
    { metric, form, exported, edges, window },
    { prefix: 'ai_drift:release_', by: ['release'], labels, identity },
  );
  const names = { bins: `ai_drift:release_bin:ratio_rate${window}`, psi: `ai_drift:candidate_psi:rate${window}` };
  const observed = (release: string): Expr =>
    sum(selector(histogram.samples, [...identity, equal('release', release)]));
  const shares = (release: string): Expr => noneEmpty(histogram.shares(equal('release', release)), observed(release));
  const recordedShares = (release: string): Expr => selector(names.bins, [...identity, equal('release', release)]);
  const both = [recordedShares(candidate), recordedShares(stable)] as const;
  const bins = edges.length + 1;
  const complete = compare(count(add(...both, { on: ['bin'] })), '==', number(bins));
  const psi = sum(selector(names.psi, identity));
  const samples = [observed(candidate), observed(stable)] as const;
  const enough = samples.map((each) => compare(each, '>', number(MIN_SAMPLES_OF_RELEASE)));
  const [own, others] = samples;
  // 1/n + 1/m, in one division.
  const uncertainty = divide(add(own, others), multiply(own, others));

  return {
    name: groupName(subject, `drift-candidate-${metric}`),
    interval: '1m',
    rules: [
      ...histogram.rules,
      // Each once: the index reads them four times.
      ...[candidate, stable].map((release) => record(names.bins, shares(release), { ...labels, release })),
      record(
        names.psi,
        and(
          DISTANCES.psi.of({ actual: both[0], expected: both[1], upToEdge: [], reference: { edges, shares: [] } }),
          complete,
        ),
        labels,
      ),
      alert(subject, 'AiCandidateDrift', {
        expr: and(
          compare(psi, '>', number(threshold)),
          compare(psi, '>', DISTANCES.psi.byChance(bins, uncertainty)),
          ...enough,
        ),
        for: sampling.hold,
        severity: 'warning',
        labels: { metric, candidate },
        summary: template`The candidate says something else than the stable release.`,
        description: [
          template`the distributions of ${metric} of ${candidate} and ${stable} over the last ${window} differ by`,
          template`${DISTANCES.psi.words} {{ $value | humanize }}, above ${threshold}.`,
        ],
      }),
    ],
  };
}
