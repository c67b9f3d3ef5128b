import { expect, test } from 'vitest';
import { parsePromql } from '../../src/promql/parse.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import type { Target } from '../../src/render/target.ts';
import { HOSTILE_TEXT } from '../core/hostile-text.ts';
import { fc } from '../support/property.ts';
import { REFERENCES, WATCHED } from '../support/watched.ts';
import { targetOf } from '../support/target.ts';

/** Names that no schema would let through: what is rendered of them must hold by itself. */
interface Names {
  readonly service: string;
  readonly namespace: string;
  readonly environment: string;
  readonly team: string;
  readonly escalation: string;
  /** Value of a label that the service asks for, and name of a feature. */
  readonly label: string;
}

const hostile = fc.oneof(
  fc.constantFrom(
    ...HOSTILE_TEXT.filter(({ length }) => length < 100),
    '}) or vector(1) #',
    '"',
    '\\',
    '`',
    '$service',
    '{{ $labels.x }}',
    '{{',
    '{{ "{" }}',
    '{{/*',
    '[5m]',
    '.*|x',
    '\ud800',
  ),
  fc.string({ unit: 'binary' }),
);
const hostileNames: fc.Arbitrary<Names> = fc.record({
  service: hostile,
  namespace: hostile,
  environment: hostile,
  team: hostile,
  escalation: hostile,
  label: hostile,
});
const PLAIN: Names = { service: 'a', namespace: 'b', environment: 'c', team: 'd', escalation: 'e', label: 'f' };

function named(target: Target, { service, namespace, environment, team, escalation, label }: Names): Target {
  const { owner, monitoring } = target.spec;
  const { slos, schema } = monitoring;
  const watched: typeof monitoring = {
    ...monitoring,
    slos: slos.map((slo) =>
      'custom' in slo
        ? { custom: { ...slo.custom, total: { metric: 'payments_total', labels: { kind: label } } } }
        : slo,
    ),
    schema: schema && { ...schema, missing: [label] },
  };
  return {
    ...target,
    service,
    namespace,
    environment,
    spec: { ...target.spec, owner: { ...owner, team, escalation }, monitoring: watched },
  };
}

function groupsOf(target: Target, names: Names): RuleGroup[] {
  const rules = renderPrometheus(named(target, names), REFERENCES).filter(({ kind }) => kind === 'PrometheusRule');
  return rules.flatMap(({ spec }) => (spec as { groups: RuleGroup[] }).groups);
}

/** An expression as a tree, without its places and the texts in it. */
function shapeOf(expr: string): string {
  const { query, problem } = parsePromql(expr);
  if (!query) return `${problem.message}: ${expr}`;
  return JSON.stringify(query, (key, value: unknown) =>
    key === 'from' || key === 'to' || key === 'value' ? undefined : value,
  );
}

/** What a template does, apart from printing a brace. */
function actionsOf(template: string): string[] {
  return [...template.matchAll(/\{\{([^]*?)\}\}/g)]
    .map(([, action = '']) => action.trim())
    .filter((action) => action !== '"{"');
}

/** Everything about the rules that names must not change. */
function shapes(groups: readonly RuleGroup[]): unknown {
  return groups.flatMap(({ rules }) =>
    rules.map((rule) => ({
      name: 'alert' in rule ? rule.alert : rule.record,
      expr: shapeOf(rule.expr),
      actions:
        'alert' in rule
          ? [...Object.values(rule.labels), rule.annotations.summary, rule.annotations.description].flatMap(actionsOf)
          : [],
    })),
  );
}

test.each(Object.entries(WATCHED))(
  'hostile names of %s change the shape of no expression and of no template',
  (_, options) => {
    const target = targetOf(options);
    const expected = shapes(groupsOf(target, PLAIN));
    fc.assert(
      fc.property(hostileNames, (names) => {
        expect(shapes(groupsOf(target, names))).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  },
);
