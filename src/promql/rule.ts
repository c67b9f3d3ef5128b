import { rememberOf } from '../core/remember.ts';
import type { Expr } from './expr.ts';

/** Rules as Prometheus and its operator write them. */
export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** A rule that stores the value of an expression under a new name. */
export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A rule that fires when an expression has had a value for some time. */
export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url?: string };
}

/** Whose rules they are: what alerts are routed and read by. */
export interface Subject {
  readonly service: string;
  readonly namespace: string;
  readonly team: string;
  readonly environment: string;
  /** Where the team is reached, beside the alert itself. */
  readonly escalation: string | undefined;
  /** Severity of what should wake somebody up. */
  readonly page: 'critical' | 'warning';
}

/** Name of a rule group, the same on every run and unique in a Prometheus: what is watched, of which service, where. */
export function groupName({ service, namespace }: Subject, concern: string): string {
  return `ai-service.${namespace}.${service}.${concern}`;
}

/** Labels that identify the series of a service, in recordings and alerts alike. */
export function identityLabels({ service, namespace }: Subject): { namespace: string; ai_service: string } {
  return { namespace, ai_service: service };
}

/** A recording rule. */
export function record(name: string, expr: Expr, labels: Readonly<Record<string, string>>): RecordingRule {
  return { record: name, expr: expr.text, labels };
}

/** What an alert says, beside whose it is. */
export interface AlertText {
  /** One sentence that is the same for every firing. */
  readonly summary: Template;
  /** What is the matter, with the value: templates one after the other. */
  readonly description: readonly Template[];
}

/**
 * An alert. Its labels are static (a rule's own labels cannot be read in `$labels`), among them the namespace, which
 * an AlertmanagerConfig routes by; none that a Prometheus usually sets as external label (cluster, environment).
 *
 * @param labels what tells it from others of the same name.
 */
export function alert(
  subject: Subject,
  name: string,
  rule: {
    expr: Expr;
    for: string;
    severity: 'critical' | 'warning' | 'info';
    labels: Readonly<Record<string, string>>;
  } & AlertText,
): AlertRule {
  const { place, owner, service, namespace, team } = wordsOf(subject);
  return {
    alert: name,
    expr: rule.expr.text,
    for: rule.for,
    labels: { severity: rule.severity, ai_service: service, namespace, team, ...templated(rule.labels) },
    annotations: {
      summary: rule.summary,
      description: [place, ...rule.description, owner].join(' '),
    },
  };
}

/** What all alerts on a subject say alike: where their descriptions begin and end, and in their labels. */
const wordsOf = rememberOf(({ service, namespace, team, environment, escalation }: Subject) => ({
  place: template`${service} in ${environment} (namespace ${namespace}):`,
  owner: escalation === undefined ? template`Team ${team}.` : template`Team ${team}, ${escalation}.`,
  service: escapeTemplate(service),
  namespace: escapeTemplate(namespace),
  team: escapeTemplate(team),
}));

declare const isTemplate: unique symbol;

/** Text in Prometheus' template language. Only `template` makes it, so foreign text is escaped. */
export type Template = string & { readonly [isTemplate]: true };

/**
 * Text for annotations: the literal parts may use Prometheus' template language (`{{ $value | humanize }}`),
 * interpolated text stands for itself.
 *
 * @example template`${'{{ evil }}'} has {{ $value }}` // {{ "{" }}{{ "{" }} evil }} has {{ $value }}
 */
export function template(literals: TemplateStringsArray, ...values: readonly (string | number)[]): Template {
  let text = literals[0] ?? '';
  values.forEach((value, index) => (text += escapeTemplate(String(value)) + (literals[index + 1] ?? '')));
  return text as Template;
}

/** Text that the template language prints as it is. Without an opening brace there is nothing it could start. */
function escapeTemplate(text: string): string {
  return text.includes('{') ? text.replaceAll('{', '{{ "{" }}') : text;
}

/** Values of alert labels are templates too. */
function templated(labels: Readonly<Record<string, string>>): Record<string, string> {
  const escaped: Record<string, string> = {};
  for (const name of Object.keys(labels)) escaped[name] = escapeTemplate(labels[name] ?? '');
  return escaped;
}
