import { describe, expect, test } from 'vitest';
import { checkPrometheus, PROMETHEUS_RULES } from '../../src/check/prometheus.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { cluster as clusterSchema, type Cluster } from '../../src/service/platform.ts';
import { targetOf } from '../support/target.ts';

function clusterWith(version: string | [string, string], ruleLabels: Record<string, string> = {}): Cluster {
  return clusterSchema.parse({ kubernetes: '1.33', prometheus: { version, ruleLabels } });
}

const PROMETHEUS_3 = clusterWith('3.4');
const PROMETHEUS_2 = clusterWith('2.45');

function object(kind: string, spec: object, labels: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'monitoring.coreos.com/v1', kind, metadata: { name: 'x', namespace: 'ml', labels }, spec };
}

function rule(fields: object): KubeObject {
  return object('PrometheusRule', { groups: [{ name: 'g', rules: [fields] }] });
}

function said(found: KubeObject, cluster = PROMETHEUS_3): unknown {
  return checkPrometheus(found, cluster).map(({ id, where, message }) => [id, where.field, message]);
}

test('what we render has no findings', () => {
  const target = targetOf({ candidate: { release: 'v47', weight: 10 } });
  const objects = renderPrometheus(target, new Map());
  expect(objects.map(({ kind }) => kind)).toEqual(['PodMonitor', 'PrometheusRule', 'PrometheusRule']);
  expect(objects.flatMap((one) => checkPrometheus(one, target.cluster))).toEqual([]);
});

describe('a rule', () => {
  const RULE = 'spec.groups[0].rules[0]';

  test('is a record or an alert', () => {
    expect(checkPrometheus(rule({ record: 'a:b', alert: 'B', expr: 'up' }), PROMETHEUS_3)).toEqual([
      {
        id: 'prometheus/record-or-alert',
        severity: 'error',
        where: { object: 'PrometheusRule ml/x', field: RULE },
        message: 'the rule has a record (a:b) and an alert (B)',
        fix: 'make two rules of it',
      },
    ]);
    expect(said(rule({ expr: 'up' }))).toEqual([
      ['prometheus/record-or-alert', RULE, 'the rule has neither a record nor an alert'],
    ]);
    expect(said(rule({ alert: '', record: 'a', expr: '' }))).toEqual([
      ['prometheus/record-or-alert', `${RULE}.expr`, 'the expression is empty'],
    ]);
    expect(said(rule({ alert: 'A', expr: 1 }))).toEqual([]);
  });

  test('that records has nothing of an alert', () => {
    expect(
      said(rule({ record: 'a:b', expr: 'up', for: '5m', keep_firing_for: '0s', annotations: { summary: 'x' } })),
    ).toEqual([
      [
        'prometheus/recording-field',
        `${RULE}.for`,
        'for makes no sense in a recording rule, and Prometheus refuses it',
      ],
      [
        'prometheus/recording-field',
        `${RULE}.annotations`,
        'annotations makes no sense in a recording rule, and Prometheus refuses it',
      ],
    ]);
    expect(said(rule({ record: 'a:b', expr: 'up', for: '0s', annotations: {} }))).toEqual([]);
  });

  test('has names that Prometheus 2 accepts, where that runs', () => {
    const odd = [
      rule({ record: 'a-b', expr: 'up' }),
      rule({ alert: 'A', expr: 'up', labels: { 'app.kubernetes.io/name': 'x' }, annotations: { 'run book': 'x' } }),
    ];
    expect(odd.flatMap((one) => said(one))).toEqual([]);
    expect(odd.flatMap((one) => said(one, PROMETHEUS_2))).toEqual([
      ['prometheus/name', `${RULE}.record`, '"a-b" is not the name of a metric'],
      ['prometheus/name', `${RULE}.annotations`, '"run book" is not the name of an annotation of an alert'],
      ['prometheus/name', `${RULE}.labels`, '"app.kubernetes.io/name" is not the name of a label'],
    ]);
    expect(said(odd[0]!, clusterWith(['2.55', '3.4']))).toHaveLength(1);
  });

  test('does not record an expression', () => {
    expect(said(rule({ record: 'a{b="c"}', expr: 'up' }))).toEqual([
      ['prometheus/name', `${RULE}.record`, '"a{b=\\"c\\"}" is not the name of a metric'],
    ]);
  });

  test('leaves reserved labels alone', () => {
    expect(said(rule({ alert: 'A', expr: 'up', labels: { alertname: 'B', __name__: 'c' } }))).toEqual([
      ['prometheus/reserved-label', `${RULE}.labels`, 'the label __name__ is set by Prometheus itself'],
      ['prometheus/reserved-label', `${RULE}.labels`, 'the label alertname is set by Prometheus itself'],
    ]);
    expect(said(rule({ record: 'a', expr: 'up', labels: { alertname: 'B' } }))).toEqual([]);
  });
});

describe('a group', () => {
  test('has no fields that the Prometheus of the cluster ignores', () => {
    const group = object('PrometheusRule', {
      groups: [{ name: 'g', query_offset: '1m', labels: { a: 'b' }, rules: [] }],
    });
    expect(said(group)).toEqual([]);
    expect(said(group, clusterWith('2.55'))).toEqual([
      [
        'prometheus/ignored-field',
        'spec.groups[0].labels',
        "labels of a group needs Prometheus 3.0; the cluster's ignores it",
      ],
    ]);
    expect(said(group, PROMETHEUS_2)).toHaveLength(2);
  });
});

test('a PrometheusRule is at most 512 KiB', () => {
  const of = (count: number): KubeObject =>
    object('PrometheusRule', {
      groups: [{ name: 'g', rules: Array.from({ length: count }, () => ({ record: 'a', expr: 'x'.repeat(1000) })) }],
    });
  expect(said(of(500))).toEqual([]);
  expect(said(of(520))).toEqual([
    [
      'prometheus/size',
      'spec.groups',
      "the rules are 537195 bytes, above the operator's limit of 524288, so that none of them would be loaded",
    ],
  ]);
});

describe('an endpoint', () => {
  const pods = (endpoint: object): KubeObject =>
    object('PodMonitor', { selector: {}, podMetricsEndpoints: [endpoint] });
  const services = (endpoint: object): KubeObject => object('ServiceMonitor', { selector: {}, endpoints: [endpoint] });

  test('names its port', () => {
    const message = 'the endpoint names no port, so that every port of every container would be scraped';
    expect(said(pods({ path: '/metrics' }))).toEqual([
      ['prometheus/endpoint-port', 'spec.podMetricsEndpoints[0]', message],
    ]);
    expect(said(services({}))).toEqual([['prometheus/endpoint-port', 'spec.endpoints[0]', message]]);
    for (const port of [{ port: 'http' }, { targetPort: 8080 }])
      expect([said(pods(port)), said(services(port))]).toEqual([[], []]);
    expect(said(pods({ portNumber: 8080 }))).toEqual([]);
  });

  test('gives up a scrape before the next one', () => {
    expect(said(pods({ port: 'http', interval: '30s', scrapeTimeout: '1m' }))).toEqual([
      [
        'prometheus/scrape-timeout',
        'spec.podMetricsEndpoints[0].scrapeTimeout',
        'the timeout 1m is longer than the interval 30s, which the operator refuses',
      ],
    ]);
    expect(said(pods({ port: 'http', interval: '1m', scrapeTimeout: '60s' }))).toEqual([]);
  });

  test('says which label a relabeling writes', () => {
    const relabelings = [
      { sourceLabels: ['a'] },
      { action: 'HashMod', modulus: 2 },
      { action: 'keep', regex: 'x' },
      { targetLabel: 'b' },
    ];
    expect(said(pods({ port: 'http', relabelings, metricRelabelings: [{ action: 'uppercase' }] }))).toEqual([
      [
        'prometheus/relabeling',
        'spec.podMetricsEndpoints[0].relabelings[0]',
        'action replace has no targetLabel, and the operator leaves out the whole monitor',
      ],
      [
        'prometheus/relabeling',
        'spec.podMetricsEndpoints[0].relabelings[1]',
        'action HashMod has no targetLabel, and the operator leaves out the whole monitor',
      ],
      [
        'prometheus/relabeling',
        'spec.podMetricsEndpoints[0].metricRelabelings[0]',
        'action uppercase has no targetLabel, and the operator leaves out the whole monitor',
      ],
    ]);
  });
});

describe('labels that Prometheus selects by', () => {
  const cluster = clusterWith('3.4', { release: 'kube-prometheus-stack' });

  test('must be on rules and monitors', () => {
    const spec = { groups: [] };
    expect(said(object('PrometheusRule', spec), cluster)).toEqual([
      [
        'prometheus/not-selected',
        'metadata.labels',
        "the label release: kube-prometheus-stack is missing, by which the cluster's Prometheus selects, so that it would not see the object",
      ],
    ]);
    expect(said(object('PrometheusRule', spec, { release: 'kube-prometheus-stack' }), cluster)).toEqual([]);
    expect(said(object('PodMonitor', { selector: {} }, { release: 'other' }), cluster)).toHaveLength(1);
  });

  test('are of no concern to other kinds', () => {
    expect(said(object('AlertmanagerConfig', {}), cluster)).toEqual([]);
  });
});

test('a cluster without Prometheus has no use for its objects', () => {
  const cluster = clusterSchema.parse({ kubernetes: '1.33' });
  expect(said(object('PodMonitor', { selector: {} }), cluster)).toEqual([
    ['prometheus/not-installed', undefined, 'the cluster has no Prometheus'],
  ]);
});

test('rules have distinct ids of this system', () => {
  const ids = PROMETHEUS_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => id.startsWith('prometheus/'))).toBe(true);
});
