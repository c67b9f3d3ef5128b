import {
  abs,
  add,
  and,
  compare,
  countOverTime,
  divide,
  multiply,
  number,
  or,
  rangeOf,
  ratio,
  sqrt,
  subtract,
  sum,
  vector,
  type Expr,
  type Range,
} from '../expr.ts';
import type { HistogramForm } from '../histogram.ts';
import {
  alert,
  groupName,
  identityLabels,
  record,
  template,
  type AlertRule,
  type RecordingRule,
  type RuleGroup,
  type Subject,
} from '../rule.ts';
import { equal, isOneOf, selector } from '../selector.ts';
import type { ProxiedRequests } from './availability.ts';
import { countsOf, failingBeyond, latencyAt, type Counts } from './gates.ts';

/** What stands in the release file about one release that runs. */
export interface StatedRelease {
  readonly release: string;
  readonly phase: 'stable' | 'warming' | 'canary' | 'held' | 'kept';
  /** Share of the traffic in per cent. */
  readonly weight: number;
  /** Where the requests to it are counted; `undefined` where nobody does, or nothing tells them from those to others. */
  readonly source: ProxiedRequests | undefined;
  /** How Prometheus keeps the durations of these requests. Default: as a classic histogram. */
  readonly form?: HistogramForm | undefined;
  /** True when something else than its weight decides how many requests it gets: a header, copies of requests. */
  readonly otherwise: boolean;
}

/** How long a release may stay what it is, in seconds; `undefined` for ever. */
export interface Patience {
  /** A candidate at one share. */
  readonly candidate: number | undefined;
  /** A candidate that is held. */
  readonly hold: number | undefined;
}

/** What is compared over which time. A share that moves has gone out of it before an alert fires. */
const WINDOW: Range = '10m';

/** Requests to the candidate in the window, from which on its errors say something. */
const MIN_REQUESTS = 50;

/** How much more of its requests than the stable release a candidate must fail. */
const ERROR_MARGIN = 0.005;

/** A candidate is slow when its 95th percentile is above this multiple of the stable release's, and so many milliseconds. */
const SLOWER = { factor: 1.25, milliseconds: 20, minRequests: 100 } as const;

/** Standard errors between the share that was declared and the one that is seen: by chance in one window of 15,000. */
export const STANDARD_ERRORS = 4;

/** Share, and number in the window, of requests to a release that should get none. */
export const STRAY = { share: 0.005, requests: 20 } as const;

/** Share of a window's samples that is enough: Prometheus restarts. */
export const COMPLETE = 0.95;

/** The series by which the rules say which releases there are. */
export const RELEASE_INFO = 'ai_release:info';

/** Name of the group, the one that changes with every step of a release. */
export function releasesGroupName(subject: Subject): string {
  return groupName(subject, 'releases');
}

/**
 * The releases that run: `ai_release:info` says of each the phase and the weight that Git declares, for dashboards and joins,
 * and alerts compare that with what is seen.
 *
 * - `AiCandidateFailing`, `AiCandidateSlow`: the candidate is worse than the stable release at the same time, beyond chance.
 *   The comparison is the one of the gates, requests refused by the candidate alone included.
 * - `AiTrafficShareDiffers`: a release gets another share than Git says, or requests although it should get none: a
 *   hand-made route, or one that was not applied.
 * - `AiCandidateStuck`, `AiHoldForgotten`: a release has been what it is for too long. Synth has no clock; the age is the
 *   number of samples of `ai_release:info` with this very phase and weight.
 *
 * Runbook: `ai-service rollback` takes all traffic off a candidate; `kubectl get virtualservice -o yaml` shows the weights.
 */
export function releases(subject: Subject, stated: readonly StatedRelease[], patience: Patience): RuleGroup {
  const candidate = stated.find(({ phase }) => phase === 'warming' || phase === 'canary' || phase === 'held');
  const seen = stated.flatMap(({ source, ...one }): SeenRelease[] => (source ? [{ ...one, source }] : []));
  return {
    name: releasesGroupName(subject),
    // It is set, since samples are counted.
    interval: '1m',
    rules: [
      ...stated.map((one) => record(RELEASE_INFO, vector(1), infoLabels(subject, one))),
      // One release alone has all of the traffic, and nothing to be compared with.
      ...(stated.length > 1 && seen.length === stated.length ? traffic(subject, seen) : []),
      ...(candidate ? ages(subject, candidate, patience) : []),
    ],
  };
}

function infoLabels(subject: Subject, { release, phase, weight }: StatedRelease): Record<string, string> {
  const { namespace, service } = subject;
  return { namespace, ai_service: service, release, phase, weight: String(weight) };
}

/** A release whose requests are told from those to others. */
type SeenRelease = StatedRelease & { readonly source: ProxiedRequests };

/** What is counted is recorded once, and compared as often as it must be. */
function traffic(subject: Subject, seen: readonly SeenRelease[]): (RecordingRule | AlertRule)[] {
  const [stable, candidate] = [
    seen.find(({ phase }) => phase === 'stable'),
    seen.find(({ phase }) => phase === 'canary'),
  ];
  return [
    ...seen.flatMap((side) => {
      const { requests, ...answers } = countsOf(side, WINDOW);
      const compared = candidate !== undefined && (side === stable || side === candidate);
      return Object.entries({ requests, ...(compared && answers) }).map(([what, expr]) =>
        record(recordedAs(what), expr, { release: side.release, ...identityLabels(subject) }),
      );
    }),
    ...(stable && candidate ? comparisons(subject, candidate, stable) : []),
    ...shares(subject, seen),
  ];
}

/** @param what `requests`, `failed` or `refused`. */
function recordedAs(what: string): string {
  return `ai_release:${what}:increase${WINDOW}`;
}

/** What was recorded of some releases together, without labels. */
function recorded(subject: Subject, what: keyof Counts, ...sides: readonly StatedRelease[]): Expr {
  const identity = Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value));
  return sum(
    selector(recordedAs(what), [
      ...identity,
      isOneOf(
        'release',
        sides.map(({ release }) => release),
      ),
    ]),
  );
}

function comparisons(subject: Subject, candidate: SeenRelease, stable: SeenRelease): AlertRule[] {
  const counted = (side: SeenRelease): Counts => ({
    requests: recorded(subject, 'requests', side),
    failed: recorded(subject, 'failed', side),
    refused: recorded(subject, 'refused', side),
  });
  const [own, others] = [counted(candidate), counted(stable)];
  const p95 = (side: SeenRelease): Expr => latencyAt(side, 0.95, WINDOW);
  const labels = { release: candidate.release };
  return [
    alert(subject, 'AiCandidateFailing', {
      expr: and(
        compare(failingBeyond(own, others, 1), '>', number(ERROR_MARGIN)),
        compare(own.requests, '>=', number(MIN_REQUESTS)),
      ),
      for: '2m',
      severity: subject.page,
      labels,
      summary: template`The candidate of ${subject.service} fails more requests than the stable release.`,
      description: [
        template`${candidate.release} fails {{ $value | humanizePercentage }} of its requests more than ${stable.release} over the last ${WINDOW}, beyond chance.`,
        template`Roll it back.`,
      ],
    }),
    alert(subject, 'AiCandidateSlow', {
      expr: and(
        compare(p95(candidate), '>', add(multiply(number(SLOWER.factor), p95(stable)), number(SLOWER.milliseconds))),
        compare(own.requests, '>=', number(SLOWER.minRequests)),
      ),
      for: WINDOW,
      severity: 'warning',
      labels,
      summary: template`The candidate of ${subject.service} is slower than the stable release.`,
      description: [
        template`the 95th percentile of ${candidate.release} is {{ $value | humanize }} ms, more than ${SLOWER.factor} times that of ${stable.release}.`,
      ],
    }),
  ];
}

function shares(subject: Subject, seen: readonly SeenRelease[]): AlertRule[] {
  const total = recorded(subject, 'requests', ...seen);
  return seen.flatMap((side) => {
    const { release, phase, weight, otherwise } = side;
    // What the stable release gets follows from the shares of the others.
    if (otherwise || weight === 100 || (phase === 'stable' && weight > 0)) return [];
    // A release without requests has no series.
    const own = or(recorded(subject, 'requests', side), multiply(number(0), total));
    const share = ratio(own, total);
    return [
      alert(subject, 'AiTrafficShareDiffers', {
        expr: weight === 0 ? stray(share, own) : differs(share, total, weight / 100),
        for: '15m',
        severity: 'warning',
        labels: { release },
        summary: template`Git does not say how the traffic of ${subject.service} is split.`,
        description: [
          weight === 0
            ? template`${release} should get no requests, and gets {{ $value | humanizePercentage }} of them.`
            : template`${release} should get ${weight} % of the requests; its share is off by {{ $value | humanizePercentage }}.`,
          template`See whether Argo CD applied the route, and whether somebody made one by hand.`,
        ],
      }),
    ];
  });
}

function stray(share: Expr, own: Expr): Expr {
  return and(compare(share, '>', number(STRAY.share)), compare(own, '>=', number(STRAY.requests)));
}

function differs(share: Expr, total: Expr, declared: number): Expr {
  const margin = Math.min(0.05, declared / 2, (1 - declared) / 2);
  const off = abs(subtract(share, number(declared)));
  const error = sqrt(divide(number(Number((declared * (1 - declared)).toPrecision(12))), total));
  return and(compare(off, '>', number(margin)), compare(off, '>', multiply(number(STANDARD_ERRORS), error)));
}

function ages(subject: Subject, candidate: StatedRelease, patience: Patience): AlertRule[] {
  const held = candidate.phase === 'held';
  const seconds = held ? patience.hold : patience.candidate;
  if (seconds === undefined) return [];
  const range = rangeOf(seconds);
  const info = selector(
    RELEASE_INFO,
    Object.entries(infoLabels(subject, candidate)).map(([label, value]) => equal(label, value)),
  );
  const { release, phase, weight } = candidate;
  const expr = compare(countOverTime(info, range), '>=', number(Math.floor((COMPLETE * seconds) / 60)));
  const rule = { expr, for: '5m', severity: 'warning' as const, labels: { release } };
  return [
    held
      ? alert(subject, 'AiHoldForgotten', {
          ...rule,
          summary: template`A release of ${subject.service} is held, and perhaps forgotten.`,
          description: [
            template`${release} has been held for ${range}. Resume it, or make a release that replaces it.`,
          ],
        })
      : alert(subject, 'AiCandidateStuck', {
          ...rule,
          summary: template`A release of ${subject.service} does not go on.`,
          description: [
            template`${release} has been ${phase} at ${weight} % for ${range}.`,
            template`See what ai-service gate says, then advance it or roll it back.`,
          ],
        }),
  ];
}
