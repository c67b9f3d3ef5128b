import { add, and, compare, count, divide, increase, multiply, number, rate, sum, type Expr } from '../expr.ts';
import { buckets, observations, UP_TO_INFINITY } from '../metrics.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, selector, type Matcher } from '../selector.ts';
import { DISTANCES, inBins, noneEmpty, settled, sharesOf } from './drift-distance.ts';
import { exportedBy } from './drift-reference.ts';
import type { Sampling } from './drift-window.ts';

/** What tells when a candidate says other things than the stable release. */
export interface CandidateDriftRule {
  /** The histogram that both releases expose. */
  readonly metric: string;
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
  const { metric, parts, edges, threshold, sampling, candidate, stable } = rule;
  const { window } = sampling;
  const labels = { ...identityLabels(subject), metric };
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const exported = [...exportedBy(subject, parts), isOneOf('release', [candidate, stable])];
  const names = {
    bucket: `ai_drift:release_bucket:rate${window}`,
    samples: `ai_drift:release_samples:increase${window}`,
    psi: `ai_drift:candidate_psi:rate${window}`,
  };
  const of = (name: string, release: string, ...matchers: readonly Matcher[]): Expr => sum(selector(name, [...identity, equal('release', release), ...matchers]));
  const shares = (release: string): Expr => {
    const upTo = (le: Matcher): Expr => of(names.bucket, release, le);
    return noneEmpty(sharesOf(inBins(edges, upTo), upTo(UP_TO_INFINITY)), of(names.samples, release));
  };
  const both = [shares(candidate), shares(stable)] as const;
  const bins = edges.length + 1;
  const complete = compare(count(add(...both, { on: ['bin'] })), '==', number(bins));
  const psi = sum(selector(names.psi, identity));
  const samples = [of(names.samples, candidate), of(names.samples, stable)] as const;
  const enough = samples.map((each) => compare(each, '>', number(MIN_SAMPLES_OF_RELEASE)));
  const [own, others] = samples;
  // 1/n + 1/m, in one division.
  const uncertainty = divide(add(own, others), multiply(own, others));

  return {
    name: groupName(subject, `drift-candidate-${metric}`),
    interval: '1m',
    rules: [
      record(names.bucket, sum(settled(rate(buckets(metric, exported), window), buckets(metric, exported)), ['le', 'release']), labels),
      record(names.samples, sum(settled(increase(observations(metric, exported), window), observations(metric, exported)), ['release']), labels),
      record(names.psi, and(DISTANCES.psi.of({ actual: both[0], expected: both[1], upToEdge: [], reference: { edges, shares: [] } }), complete), labels),
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
