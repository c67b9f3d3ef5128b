import { add, and, compare, count, divide, increase, number, or, sqrt, sum, type Expr, type Range } from '../expr.ts';
import { AI_FEATURE_VIOLATIONS, AI_INPUT_SCHEMA, AI_INSTANCES, type SchemaRule } from '../metrics-input-schema.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, notMatches, exactly, selector, type Matcher } from '../selector.ts';
import type { RequestSource } from './availability.ts';
import { exportedBy } from './drift-reference.ts';
import type { Sampling } from './drift-window.ts';
import { metricMissing } from './metric-missing.ts';

/** What the input of a service must look like, as limits on the counters of the contract. */
export interface SchemaWatch {
  /** Parts of the service that keep the contract. */
  readonly parts: readonly string[];
  /** How often instances may break a rule, as a share of them, for some features. */
  readonly limits: readonly {
    readonly rule: SchemaRule;
    readonly features: readonly string[];
    readonly share: number;
  }[];
  /** Digest of the schema, which pods with another one do not say. */
  readonly digest: string;
  readonly sampling: Sampling;
  /** Requests to the service, so that missing counters are noticed only where there should be some. */
  readonly requests: RequestSource | undefined;
}

/** Fewer instances in the window say nothing. */
export const MIN_INSTANCES = 100;

/** A handful of bad instances is no change of the schema, whatever share of the instances it is. */
const MIN_VIOLATIONS = 5;

/** Standard errors of the share that chance may explain: one window in 700 passes it. */
const STANDARD_ERRORS = 3;

/**
 * The input of a service has changed: a feature is missing, is null too often, has categories that the model never saw, or
 * values out of its range. One alert, with the feature and the rule in its labels; one more when pods check another schema
 * than Git says, and one when nothing counts at all (this one only where Istio counts the requests).
 *
 * Runbook: the label `rule` says what happens to `feature`. Ask who sends it (`source_principal` of Istio's metrics), and
 * what was deployed there; look at the job that fills the feature. When the change is right, retrain with it, and write the
 * new schema into the service.
 */
export function inputSchema(subject: Subject, { parts, limits, digest, sampling, requests }: SchemaWatch): RuleGroup {
  const { window } = sampling;
  const labels = identityLabels(subject);
  const identity = Object.entries(labels).map(([label, value]) => equal(label, value));
  const exported = exportedBy(subject, parts);
  const names = {
    instances: `ai_schema:instances:increase${window}`,
    violations: `ai_schema:violations:increase${window}`,
  };
  const instances = selector(names.instances, identity);
  const violations = (...matchers: readonly Matcher[]): Expr => selector(names.violations, [...identity, ...matchers]);
  const perService = { on: ['namespace', 'ai_service'], groupLeft: true };

  const broken = limits.map(({ rule, features, share }) => {
    const some = violations(equal('rule', rule), isOneOf('feature', features));
    const ratio = divide(some, compare(instances, '>', number(MIN_INSTANCES)), perService);
    return and(compare(ratio, '>', limitOf(share, instances), perService), compare(some, '>=', number(MIN_VIOLATIONS)));
  });

  return {
    name: groupName(subject, 'input-schema'),
    interval: '1m',
    rules: [
      record(names.instances, sum(increase(selector(AI_INSTANCES, exported), window)), labels),
      record(
        names.violations,
        sum(increase(selector(AI_FEATURE_VIOLATIONS, exported), window), ['feature', 'rule']),
        labels,
      ),
      alert(subject, 'AiInputSchemaViolated', {
        expr: or(...broken),
        for: sampling.hold,
        severity: 'warning',
        labels: {},
        summary: template`The input of the model has changed.`,
        description: [
          template`{{ $value | humanizePercentage }} of the instances of the last ${window} break the rule {{ $labels.rule }}`,
          template`of the feature {{ $labels.feature }}.`,
        ],
      }),
      alert(subject, 'AiInputSchemaMismatch', {
        expr: compare(
          count(selector(AI_INPUT_SCHEMA, [...exported, notMatches('schema', exactly(digest))]), ['release', 'schema']),
          '>',
          number(0),
        ),
        for: '15m',
        severity: 'warning',
        labels: {},
        summary: template`Pods check another schema than the service declares.`,
        description: [
          template`{{ $value }} pods of {{ $labels.release }} check the schema {{ $labels.schema }}, and the service declares ${digest}.`,
          template`Make the snippet of the transformer again, or bring the schema back.`,
        ],
      }),
      ...(requests === undefined ? [] : [countersMissing(subject, exported, requests)]),
    ],
  };
}

/** The share that is allowed, and what chance adds to it. */
function limitOf(share: number, instances: Expr): Expr {
  const spread = Number((STANDARD_ERRORS * Math.sqrt(share * (1 - share))).toPrecision(6));
  return add(number(share), divide(number(spread), sqrt(instances)));
}

function countersMissing(
  subject: Subject,
  exported: readonly Matcher[],
  requests: RequestSource,
): RuleGroup['rules'][number] {
  const promised = {
    alert: 'AiInputSchemaMetricMissing',
    name: AI_INSTANCES,
    counted: (window: Range) => sum(increase(selector(AI_INSTANCES, exported), window)),
    labels: {},
    summary: template`The rules on the input of the model have no data.`,
  };
  return metricMissing(subject, promised, requests);
}
