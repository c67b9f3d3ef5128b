import type { RequestSource } from '../promql/catalogue/availability.ts';
import { inputSchema, MIN_INSTANCES } from '../promql/catalogue/data-schema.ts';
import { driftOfCandidate, MIN_SAMPLES_OF_RELEASE } from '../promql/catalogue/drift-candidate.ts';
import { DISTANCES } from '../promql/catalogue/drift-distance.ts';
import { driftFromReference, MIN_SAMPLES } from '../promql/catalogue/drift-reference.ts';
import { samplingFor, samplingOf, type Sampling } from '../promql/catalogue/drift-window.ts';
import type { RuleGroup, Subject } from '../promql/rule.ts';
import type { Entry } from '../release/serving.ts';
import { driftLimits, type DriftLimits } from '../service/drift.ts';
import { schemaDigest, type SchemaWatchOutput } from '../service/data-schema.ts';
import { exportedMetrics, featureOf } from '../service/exports.ts';
import type { Reference } from '../service/reference.ts';
import { policyOf } from '../service/release-policy.ts';
import { workloadsOf } from './deployments.ts';
import { formOfExported } from './histogram-form.ts';
import type { Target } from './target.ts';

/** What may be watched: at least so many observations in a window, and as many in that time as the service expects. */
interface Needed {
  /** Observations that the rule needs in its window. */
  readonly observations: number;
  /** Observations per second, at one for each request; `undefined` when the service does not say. */
  readonly rps: number | undefined;
}

/**
 * How many observations a drift rule needs, and how many come.
 *
 * The candidate is compared from the first step on, where it has the least traffic.
 */
export function neededByDrift({ spec, env }: Target, { kind, threshold }: DriftLimits, bins: number): Needed {
  const rps = spec.traffic.expectedRps;
  if (kind !== 'candidate')
    return { observations: Math.max(MIN_SAMPLES, DISTANCES[kind].observations(bins, threshold)), rps };
  const [first] = policyOf(spec, env.rollout).exposures;
  const share = first && first.header === undefined ? (first.mirror ?? first.weight) / 100 : 1;
  // Chance is of both sides together; the stable release has at least as much traffic as half of all.
  return {
    observations: Math.max(MIN_SAMPLES_OF_RELEASE, 2 * DISTANCES.psi.observations(bins, threshold)),
    rps: rps === undefined ? undefined : rps * share,
  };
}

/** How many instances the rules on the input need. */
export function neededBySchema({ spec }: Target): Needed {
  return { observations: MIN_INSTANCES, rps: spec.traffic.expectedRps };
}

/** The window that a rule names, or the shortest one that holds enough; `undefined` where none does. */
export function chosenWindow(window: DriftLimits['window'], { observations, rps }: Needed): Sampling | undefined {
  return window === undefined ? samplingFor(rps, observations) : samplingOf(window);
}

/**
 * The rules on the distributions of predictions and features, and on the input of the model.
 *
 * @param references reference distributions by the path that a rule gives; a rule without one is left out, as is one whose
 *   metric no part exports. The checks say what is missing.
 * @param requests where the requests to the service are counted, so that a metric is missed only when there are some.
 */
export function driftGroups(
  target: Target,
  subject: Subject,
  references: ReadonlyMap<string, Reference | undefined>,
  requests: RequestSource | undefined,
): RuleGroup[] {
  const { drift, schema } = target.spec.monitoring;
  return [
    ...drift.flatMap((rule) => driftGroup(target, subject, driftLimits(rule), references, requests)),
    ...(schema ? schemaGroup(target, subject, schema, requests) : []),
  ];
}

function driftGroup(
  target: Target,
  subject: Subject,
  limits: DriftLimits,
  references: ReadonlyMap<string, Reference | undefined>,
  requests: RequestSource | undefined,
): RuleGroup[] {
  const { kind, metric, threshold } = limits;
  const reference = references.get(limits.reference);
  const parts = exportedMetrics(target.spec)
    .filter(({ metrics }) => metrics.includes(metric))
    .map(({ part }) => part);
  if (!reference || parts.length === 0) return [];
  const sampling = chosenWindow(limits.window, neededByDrift(target, limits, reference.shares.length));
  if (!sampling) return [];
  const form = formOfExported(target, metric);
  if (kind !== 'candidate') {
    return [
      driftFromReference(subject, {
        metric,
        form,
        feature: featureOf(target.spec, metric),
        parts,
        reference,
        distance: kind,
        threshold,
        sampling,
        requests,
      }),
    ];
  }
  const sides = sidesOf(target, parts[0]!);
  return sides
    ? [driftOfCandidate(subject, { metric, form, parts, edges: reference.edges, threshold, sampling, ...sides })]
    : [];
}

/** What the label `release` says on the series of both sides, for one part; nothing where both run the same workload. */
function sidesOf(
  { serving: { candidate, stable } }: Target,
  part: string,
): { candidate: string; stable: string } | undefined {
  if (!candidate) return undefined;
  const sides = { candidate: releaseOfPart(candidate, part), stable: releaseOfPart(stable, part) };
  return sides.candidate === sides.stable ? undefined : sides;
}

/** The release that introduced a part's workload. A transformer's pods are the predictor's. */
function releaseOfPart(entry: Entry, part: string): string {
  const holder = part === 'transformer' || part === 'explainer' ? 'predictor' : part;
  return workloadsOf(entry).find((each) => each.part === holder)?.release ?? entry.release;
}

function schemaGroup(
  target: Target,
  subject: Subject,
  schema: SchemaWatchOutput,
  requests: RequestSource | undefined,
): RuleGroup[] {
  const parts = exportedMetrics(target.spec)
    .filter((part) => part.schema)
    .map(({ part }) => part);
  const sampling = chosenWindow(undefined, neededBySchema(target));
  if (parts.length === 0 || !sampling) return [];
  return [inputSchema(subject, { parts, limits: limitsOf(schema), digest: schemaDigest(schema), sampling, requests })];
}

/** Features that have the same limit stand together, in the order of their first. */
function limitsOf({
  missing,
  nullRatio,
  newCategories,
  outOfRange,
  tolerance,
}: SchemaWatchOutput): Parameters<typeof inputSchema>[1]['limits'] {
  const nulls = new Map<number, string[]>();
  for (const [feature, share] of Object.entries(nullRatio)) nulls.set(share, [...(nulls.get(share) ?? []), feature]);
  return [
    { rule: 'missing' as const, features: missing, share: tolerance },
    ...[...nulls].sort(([a], [b]) => a - b).map(([share, features]) => ({ rule: 'null' as const, features, share })),
    { rule: 'new_category' as const, features: Object.keys(newCategories), share: tolerance },
    { rule: 'out_of_range' as const, features: Object.keys(outOfRange), share: tolerance },
  ].filter(({ features }) => features.length > 0);
}
