import { describe, expect, test } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { formatFinding } from '../../src/core/finding.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { platformWith, stack } from '../support/platform.ts';
import { projectWith } from '../support/project.ts';

/** Monitoring that could not work, and what is said about it: through the public face, as a user meets it. */

type Props = AIServiceProps<'dev' | 'prod-eu', 'dev' | 'prod'>;
type Monitoring = NonNullable<Props['monitoring']>;
type Alert = NonNullable<Monitoring['alerts']>[number];

/** What is said, an empty line between findings. */
function printed(
  monitoring: unknown,
  { cluster = {}, files = {} }: { cluster?: Partial<ClusterSpec>; files?: Readonly<Record<string, string>> } = {},
): string {
  const platform = platformWith(cluster, Object.keys(files).length > 0 ? projectWith(files) : undefined);
  const props: Props = {
    owner: { team: 'risk-ml' },
    environments: ['dev'],
    predictor: {
      framework: 'sklearn',
      image: 'registry.example.com/risk-ml/sklearnserver-metrics:0.20.0',
      model: { uri: 's3://ml-models/fraud/v47/' },
      resources: { cpu: '4', memory: '8Gi' },
      exports: { predictions: 'score', buckets: { score: [0.1, 0.5, 0.9] } },
    },
    monitoring: monitoring as Monitoring,
  };
  new AIService(platform, 'fraud', props);
  return platform
    .render()
    .findings.filter(({ severity }) => severity !== 'info')
    .map(formatFinding)
    .join('\n\n');
}

const alert = (more: Partial<Alert>): Alert => ({
  name: 'Mine',
  expr: 'sum(rate(score_count[5m])) > 1',
  summary: 'A.',
  description: 'It is {{ $value }}.',
  ...more,
});

describe('an objective', () => {
  test.each([
    [100, 'not less than 100', 'less than 100'],
    [150, 'not less than 100', 'less than 100'],
    [0, 'not more than 1', 'per cent, as 99.9 and not 0.999'],
  ])('of %d %% leaves nothing to watch', (objective, why, fix) => {
    expect(printed({ slos: [{ availability: { objective } }] })).toBe(
      `error service/value: apps/fraud/service.ts: fraud: monitoring.slos[0].availability.objective
  ${objective} is ${why}
  fix: write ${fix}`,
    );
  });

  test('with a limit that is no bucket bound names the nearest ones', () => {
    expect(printed({ slos: [{ latency: { below: '300ms', objective: 99 } }] })).toBe(
      `error monitoring/latency-bucket: fraud, dev, dev-1: monitoring.slos[0].latency.below
  300ms is no bucket bound of istio_request_duration_milliseconds, so that nothing counts the requests below it
  fix: write 250ms or 500ms`,
    );
  });
});

describe('a reference distribution', () => {
  const said = (reference: object): string =>
    printed(
      { drift: [{ psi: { metric: 'score', reference: './reference/score.json' } }] },
      { files: { 'apps/fraud/reference/score.json': JSON.stringify(reference) } },
    );

  test('whose shares do not sum to one', () => {
    expect(said({ edges: [0.1, 0.5, 0.9], shares: [0.5, 0.2, 0.1, 0.1] })).toBe(
      `error monitoring/reference: apps/fraud/reference/score.json: fraud: shares
  shares sum to 0.9, not to 1
  fix: divide each by their sum`,
    );
  });

  test('with an empty bin', () => {
    expect(said({ edges: [0.1, 0.5, 0.9], shares: [0.5, 0.4, 0, 0.1] })).toContain(
      '  the bin above 0.5 up to 0.9 is empty, so that one observation in it would be endless drift\n',
    );
  });

  test('with bins that the metric does not have', () => {
    expect(said({ edges: [0.1, 0.4], shares: [0.5, 0.4, 0.1] })).toContain(
      'error monitoring/reference-buckets: fraud, dev, dev-1: monitoring.drift[0].psi.reference\n',
    );
  });
});

describe("an alert of one's own", () => {
  test('on a metric that nobody has is not silent for ever', () => {
    expect(printed({ alerts: [alert({ expr: 'sum(rate(score_cuont[5m])) > 1' })] })).toBe(
      `error promql/unknown-metric: fraud, dev, dev-1: monitoring.alerts[0].expr
  line 1, column 10: nothing that is known exposes "score_cuont", so that the rule would never have data
  fix: did you mean score_count? Else declare it: monitoring.metrics: { "score_cuont": { type: "gauge" } }`,
    );
  });

  test('that is no PromQL is shown the place', () => {
    expect(printed({ alerts: [alert({ expr: 'sum(rate(score_count[5m]) > 1' })] })).toBe(
      `error promql/syntax: fraud, dev, dev-1: monitoring.alerts[0].expr
  line 1, column 30: the expression ends too early
  fix: complete it: a value, or a closing bracket, is missing`,
    );
  });

  test('on series of everybody says whose are meant', () => {
    expect(printed({ alerts: [alert({ expr: 'up == 0' })] })).toBe(
      `error promql/unbounded: fraud, dev, dev-1: monitoring.alerts[0].expr
  line 1, column 1: up has series of others than this service, and the selector does not say whose are meant
  fix: add a condition on a label: up{namespace="$namespace"}`,
    );
  });

  test('with a runbook that no browser opens', () => {
    expect(printed({ alerts: [alert({ runbook: 'wiki/fraud' })] })).toBe(
      `error service/value: apps/fraud/service.ts: fraud: monitoring.alerts[0].runbook
  the runbook is not a URL
  fix: write one that a browser opens: https://…`,
    );
  });

  test('that there is already', () => {
    expect(printed({ alerts: [alert({}), alert({ expr: 'sum(rate(score_count[5m])) > 2' })] })).toBe(
      `error promql/duplicate: fraud, dev, dev-1: monitoring.alerts[1].name
  Mine is the name of monitoring.alerts[0] already
  fix: give it another name`,
    );
  });

  test.each([
    ['1.18.2', 'kn_serving_invocation_duration_seconds_count', 'since 1.19.8 and 1.20.1', 'revision_request_count'],
    [
      '1.20.0',
      'kn_serving_invocation_duration_seconds_count',
      'since 1.19.8 and 1.20.1',
      'kn_queueproxy_app_duration_seconds_count',
    ],
    ['1.21.1', 'revision_request_latencies_bucket', 'up to 1.18', 'kn_serving_invocation_duration_seconds_bucket'],
    [
      '1.21.1',
      'kn_queueproxy_app_duration_seconds_sum',
      '1.19.0 to 1.19.7 and 1.20.0',
      'kn_serving_invocation_duration_seconds_sum',
    ],
  ])('in the words of another generation than that of Knative %s: %s', (version, metric, when, name) => {
    const cluster: Partial<ClusterSpec> = {
      kserve: { version: '0.20.0', mode: 'Knative' },
      knative: { version },
      prometheus: { ...stack.prometheus!, sources: ['queueProxy'] },
    };
    expect(printed({ alerts: [alert({ expr: `sum(rate(${metric}[5m])) > 1` })] }, { cluster })).toBe(
      `error promql/unknown-metric: fraud, dev, dev-1: monitoring.alerts[0].expr
  line 1, column 10: ${metric} is what Knative calls it ${when}, and the cluster declares ${version}, so that the rule would never have data
  fix: write ${name}`,
    );
  });
});
