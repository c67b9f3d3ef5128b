import type { PodMonitor, PrometheusRule, ServiceMonitor } from '../../imports/monitoring.coreos.com/v1.js';
import type { Finding, Rule } from '../core/finding.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { atLeast, type Versions } from '../core/version.ts';
import { emitYaml } from '../core/yaml.ts';
import { isLabelName, isMetricName } from '../promql/selector.ts';
import type { Cluster } from '../service/platform.ts';
import { reporter, type Report } from './report.ts';

/**
 * Rules on the Prometheus operator's objects, beyond their schema (which has the grammar of durations and the
 * uniqueness of group names). One bad rule makes the operator leave out the whole object, with an event and a log line
 * that nobody reads.
 */
export const PROMETHEUS_RULES: readonly Rule[] = [
  {
    id: 'prometheus/not-installed',
    severity: 'error',
    summary: 'Rules and monitors need a Prometheus on the cluster.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'prometheus/record-or-alert',
    severity: 'error',
    summary: 'A rule has either a record or an alert, and an expression.',
    source: 'prometheus 2.42 to 3.x model/rulefmt/rulefmt.go Rule.Validate',
  },
  {
    id: 'prometheus/recording-field',
    severity: 'error',
    summary: 'A recording rule has no for, keep_firing_for or annotations.',
    source: 'prometheus 2.42 to 3.x model/rulefmt/rulefmt.go Rule.Validate',
  },
  {
    id: 'prometheus/name',
    severity: 'error',
    summary: 'Names of recorded metrics, labels and annotations are such that the Prometheus of the cluster accepts.',
    source:
      'prometheus 2.42 to 3.x model/rulefmt/rulefmt.go Rule.Validate; names beyond [a-zA-Z0-9_:] need Prometheus 3',
  },
  {
    id: 'prometheus/reserved-label',
    severity: 'error',
    summary: 'A rule does not set labels that Prometheus sets: __name__, and alertname of an alert.',
    source: 'prometheus 2.42 to 3.x model/rulefmt/rulefmt.go Rule.Validate, rules/alerting.go Eval',
  },
  {
    id: 'prometheus/ignored-field',
    severity: 'error',
    summary: 'A field is one that the Prometheus of the cluster knows.',
    source:
      'prometheus-operator v0.85.0 pkg/operator/rules.go sanitizePrometheusRulesSpec drops the others with a log line',
  },
  {
    id: 'prometheus/size',
    severity: 'error',
    summary: 'A PrometheusRule is at most 512 KiB.',
    source: 'prometheus-operator v0.85.0 pkg/operator/rules.go ValidateRule',
  },
  {
    id: 'prometheus/endpoint-port',
    severity: 'error',
    summary: 'An endpoint of a monitor names its port.',
    source:
      'prometheus-operator v0.85.0 pkg/prometheus/promcfg.go: without one, every declared port of every container is scraped',
  },
  {
    id: 'prometheus/scrape-timeout',
    severity: 'error',
    summary: 'A scrape does not take longer than the interval.',
    source: 'prometheus-operator v0.85.0 pkg/prometheus/promcfg.go CompareScrapeTimeoutToScrapeInterval',
  },
  {
    id: 'prometheus/relabeling',
    severity: 'error',
    summary: 'A relabeling that writes a label names it.',
    source: 'prometheus-operator v0.85.0 pkg/prometheus/resource_selector.go LabelConfigValidator',
  },
  {
    id: 'prometheus/not-selected',
    severity: 'error',
    summary: "A rule or monitor has the labels that the cluster's Prometheus selects by.",
    source:
      'spec.ruleSelector and spec.podMonitorSelector of the Prometheus object; what they do not select is ignored in silence',
  },
];

const report = reporter(PROMETHEUS_RULES);

/** Checks one object of `monitoring.coreos.com` that fits its schema. */
export function checkPrometheus(object: KubeObject, { prometheus }: Cluster): Finding[] {
  const { add, findings } = report({ object: objectLabel(object) });
  if (!prometheus) {
    add(
      'prometheus/not-installed',
      undefined,
      'the cluster has no Prometheus',
      'declare prometheus on the cluster, or leave the object out',
    );
    return findings;
  }
  switch (object.kind) {
    case 'PrometheusRule':
      checkGroups(add, (object as unknown as PrometheusRule).spec, prometheus.version);
      break;
    case 'PodMonitor':
      (object as unknown as PodMonitor).spec.podMetricsEndpoints?.forEach((endpoint, index) => {
        checkEndpoint(add, `spec.podMetricsEndpoints[${index}]`, endpoint);
      });
      break;
    case 'ServiceMonitor':
      (object as unknown as ServiceMonitor).spec.endpoints.forEach((endpoint, index) => {
        checkEndpoint(add, `spec.endpoints[${index}]`, endpoint);
      });
      break;
    default:
      return findings;
  }
  for (const label in prometheus.ruleLabels) {
    const value = prometheus.ruleLabels[label];
    if (object.metadata.labels?.[label] === value) continue;
    const message = `the label ${label}: ${value} is missing, by which the cluster's Prometheus selects, so that it would not see the object`;
    add('prometheus/not-selected', 'metadata.labels', message, `write ${label}: ${value} in metadata.labels`);
  }
  return findings;
}

type Add = Report['add'];
type Group = NonNullable<PrometheusRule['spec']['groups']>[number];
type AnyRule = NonNullable<Group['rules']>[number];
type Endpoint =
  NonNullable<PodMonitor['spec']['podMetricsEndpoints']>[number] | ServiceMonitor['spec']['endpoints'][number];

function checkGroups(add: Add, spec: PrometheusRule['spec'], versions: Versions): void {
  const legacy = !atLeast(versions, '3.0');
  // There are many rules: where one is, is put together when something is wrong with it.
  spec.groups?.forEach((group, index) => {
    const addToGroup: Add = (id, field = '', message, fix) => add(id, `spec.groups[${index}]${field}`, message, fix);
    checkIgnored(addToGroup, group, versions);
    checkLabels(addToGroup, group.labels, legacy);
    group.rules?.forEach((rule, ruleIndex) => {
      const addToRule: Add = (id, field = '', message, fix) =>
        addToGroup(id, `.rules[${ruleIndex}]${field}`, message, fix);
      checkRule(addToRule, rule, legacy);
    });
  });
  checkSize(add, spec);
}

/** @param add with fields below the rule, with a dot in front. */
function checkRule(add: Add, rule: AnyRule, legacy: boolean): void {
  const { record = '', alert = '', expr, annotations, labels } = rule;
  if (record !== '' && alert !== '')
    add(
      'prometheus/record-or-alert',
      undefined,
      `the rule has a record (${record}) and an alert (${alert})`,
      'make two rules of it',
    );
  if (record === '' && alert === '')
    add(
      'prometheus/record-or-alert',
      undefined,
      'the rule has neither a record nor an alert',
      'write alert: <name>, or record: <metric>',
    );
  if (expr === '')
    add('prometheus/record-or-alert', '.expr', 'the expression is empty', 'write what is to be evaluated');
  if (record !== '') checkRecording(add, rule, record, legacy);
  for (const name in annotations) {
    if (isName(name, legacy, isLabelName)) continue;
    add(
      'prometheus/name',
      '.annotations',
      `${JSON.stringify(name)} is not the name of an annotation of an alert`,
      'use letters, digits and "_"',
    );
  }
  checkLabels(add, labels, legacy);
  if (alert !== '' && labels?.['alertname'] !== undefined) {
    add(
      'prometheus/reserved-label',
      '.labels',
      'the label alertname is set by Prometheus itself',
      'name the alert in alert',
    );
  }
}

function checkRecording(add: Add, rule: AnyRule, record: string, legacy: boolean): void {
  // Prometheus 3 takes nearly everything for a name, but braces are an expression in the wrong place.
  if (!isName(record, legacy, isMetricName) || /[{}]/.test(record)) {
    const fix = 'use letters, digits, "_" and ":", as level:metric:operation';
    add('prometheus/name', '.record', `${JSON.stringify(record)} is not the name of a metric`, fix);
  }
  for (const name of ['for', 'keep_firing_for', 'annotations'] as const) {
    if (!isSet(rule[name])) continue;
    add(
      'prometheus/recording-field',
      `.${name}`,
      `${name} makes no sense in a recording rule, and Prometheus refuses it`,
      `remove ${name}`,
    );
  }
}

function checkLabels(add: Add, labels: Readonly<Record<string, string>> | undefined, legacy: boolean): void {
  for (const name in labels) {
    if (name === '__name__') {
      add(
        'prometheus/reserved-label',
        '.labels',
        'the label __name__ is set by Prometheus itself',
        'name the series in record',
      );
    } else if (!isName(name, legacy, isLabelName)) {
      const fix = 'use letters, digits and "_", not starting with a digit: app_kubernetes_io_name';
      add('prometheus/name', '.labels', `${JSON.stringify(name)} is not the name of a label`, fix);
    }
  }
}

/** Prometheus 3 takes any text that is not empty for a name. */
function isName(text: string, legacy: boolean, classic: (text: string) => boolean): boolean {
  return legacy ? classic(text) : text !== '';
}

/** An empty map, `0` and `0s` count as not set. */
function isSet(value: string | Readonly<Record<string, string>> | undefined): boolean {
  if (typeof value === 'string') return /[1-9]/.test(value);
  return value !== undefined && Object.keys(value).length > 0;
}

/** Fields of a group that are younger than Prometheus 2.42, the oldest that we know of, and what brought them. */
const YOUNGER_FIELDS = [
  ['query_offset', '2.53'],
  ['labels', '3.0'],
] as const;

function checkIgnored(add: Add, group: Group, versions: Versions): void {
  for (const [name, since] of YOUNGER_FIELDS) {
    if (group[name] === undefined || atLeast(versions, since)) continue;
    const message = `${name} of a group needs Prometheus ${since}; the cluster's ignores it`;
    add(
      'prometheus/ignored-field',
      `.${name}`,
      message,
      name === 'labels' ? 'write the labels on each rule' : `remove ${name}`,
    );
  }
}

/** Half of what a ConfigMap holds. */
const MAX_BYTES = 524_288;

/** YAML is never this many times larger than its text alone; smaller objects need not be written out to be measured. */
const YAML_PER_TEXT = 16;

function checkSize(add: Add, spec: PrometheusRule['spec']): void {
  if (textLength(spec) * YAML_PER_TEXT < MAX_BYTES) return;
  const bytes = Buffer.byteLength(emitYaml(spec));
  if (bytes <= MAX_BYTES) return;
  const message = `the rules are ${bytes} bytes, above the operator's limit of ${MAX_BYTES}, so that none of them would be loaded`;
  add('prometheus/size', 'spec.groups', message, 'spread the groups over several PrometheusRules');
}

/** Characters of all keys and values. */
function textLength(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return String(value).length;
  let length = 0;
  for (const key in value) length += key.length + textLength((value as Readonly<Record<string, unknown>>)[key]);
  return length;
}

function checkEndpoint(add: Add, field: string, endpoint: Endpoint): void {
  const { port, targetPort, interval, scrapeTimeout, relabelings = [], metricRelabelings = [] } = endpoint;
  const portNumber = 'portNumber' in endpoint ? endpoint.portNumber : undefined;
  if (!port && portNumber === undefined && targetPort === undefined) {
    const message = 'the endpoint names no port, so that every port of every container would be scraped';
    add(
      'prometheus/endpoint-port',
      field,
      message,
      'write port: <name>, or portNumber: <number> for a port that the container declares',
    );
  }
  if (interval && scrapeTimeout && milliseconds(scrapeTimeout) > milliseconds(interval)) {
    const message = `the timeout ${scrapeTimeout} is longer than the interval ${interval}, which the operator refuses`;
    add('prometheus/scrape-timeout', `${field}.scrapeTimeout`, message, `write at most ${interval}`);
  }
  checkRelabelings(add, `${field}.relabelings`, relabelings);
  checkRelabelings(add, `${field}.metricRelabelings`, metricRelabelings);
}

function checkRelabelings(add: Add, field: string, relabelings: NonNullable<Endpoint['relabelings']>): void {
  relabelings.forEach(({ action = 'replace', targetLabel }, index) => {
    if (!WRITING_ACTIONS.has(action.toLowerCase()) || targetLabel) return;
    const message = `action ${action} has no targetLabel, and the operator leaves out the whole monitor`;
    add('prometheus/relabeling', `${field}[${index}]`, message, 'write targetLabel: <label>');
  });
}

const WRITING_ACTIONS: ReadonlySet<string> = new Set([
  'replace',
  'hashmod',
  'lowercase',
  'uppercase',
  'keepequal',
  'dropequal',
]);

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7,
  w: 6.048e8,
  y: 3.1536e10,
};

/** A duration in Prometheus' grammar, which the schema has checked. */
function milliseconds(duration: string): number {
  return [...duration.matchAll(/(\d+)([a-z]+)/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}
