import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderPrometheus } from '../../src/render/prometheus.ts';
import { ALERT_GUIDES } from '../../src/render/runbook-guides.ts';
import { renderRunbook, RUNBOOK_FILE } from '../../src/render/runbook.ts';
import type { RuleGroup } from '../../src/promql/rule.ts';
import { Slo } from '../../src/service/slo.ts';
import type { Slo as SloSpec } from '../../src/service/spec.ts';
import { cluster as clusterSchema } from '../../src/service/platform.ts';
import { unitFolder } from '../../src/tree/layout.ts';
import { defaultCluster, targetOf, type TargetOptions } from '../support/target.ts';

function pageOf(options: TargetOptions = {}): string | undefined {
  const target = targetOf(options);
  return renderRunbook(target, renderPrometheus(target, new Map()));
}

/** The part of a page below a heading, with it. */
function section(page: string | undefined, heading: string): string | undefined {
  return page
    ?.split(/\n(?=## )/)
    .find((part) => part.startsWith(`## ${heading}\n`))
    ?.trimEnd();
}

const OWN = {
  name: 'BlockedOften',
  expr: 'up{ai_service="$service"} == 0',
  summary: 'Payments <b>are</b>\n# blocked.',
  description: 'Many.',
};

describe('a runbook', () => {
  test('says whose it is, and how to roll back this very service', () => {
    const page = pageOf({ spec: { owner: { team: 'risk-ml', escalation: '#risk_oncall' } } });
    expect(page?.slice(0, page.indexOf('\n\n## Ai'))).toBe(
      [
        '# Runbook: fraud-detector in prod-eu on eu-1',
        '',
        'Owner: team risk-ml, \\#risk\\_oncall. Namespace: risk-ml-prod. Application: fraud-detector.prod-eu.eu-1.',
        '',
        'Written by `ai-service synth`. Expressions and thresholds are in `manifests/`. `$PROMETHEUS` is the address of the Prometheus of the cluster; times are in milliseconds.',
        '',
        '## Roll back',
        '',
        'In a checkout of the GitOps repository. It needs neither the sources nor a registry; a release that is kept warm gets its traffic back as soon as Argo CD has synced.',
        '',
        '```sh',
        'npx ai-service rollback fraud-detector --env prod-eu --reason "…" --commit',
        'git push',
        '```',
      ].join('\n'),
    );
  });

  test('has for each alert what it means, three commands with the names of the service, and what helps', () => {
    expect(section(pageOf(), 'AiSloErrorBudgetBurn')).toBe(
      [
        '## AiSloErrorBudgetBurn',
        '',
        'More requests are bad than the objective allows, and at this pace the error budget is gone early. The label `burn_tier` says how fast, `ai_slo` which objective.',
        '',
        '```sh',
        'promtool query instant "$PROMETHEUS" \'sum by (response_code, response_flags, destination_service_name) (rate(istio_requests_total{reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"}[5m]))\'',
        'promtool query instant "$PROMETHEUS" \'label_replace(sum_over_time(ai_slo:events_bad:rate5m{ai_service="fraud-detector",namespace="risk-ml-prod"}[1h]) / (sum_over_time(ai_slo:events_total:rate5m{ai_service="fraud-detector",namespace="risk-ml-prod"}[1h]) > 0), "window", "1h", "", "") or label_replace(sum_over_time(ai_slo:events_bad:rate5m{ai_service="fraud-detector",namespace="risk-ml-prod"}[3d]) / (sum_over_time(ai_slo:events_total:rate5m{ai_service="fraud-detector",namespace="risk-ml-prod"}[3d]) > 0), "window", "3d", "", "")\'',
        'npx ai-service status fraud-detector --env prod-eu',
        '```',
        '',
        'One release alone is bad: when it began with a release, roll that back (above). All of them: look at what they share, then at capacity.',
      ].join('\n'),
    );
  });

  test('asks for requests as they are counted on its cluster, and for latency as it is kept', () => {
    const routing = { version: '1.30', dataplane: 'sidecar' as const, metrics: false };
    const latency = { monitoring: { slos: [Slo.availability(99.9), Slo.latency({ below: '250ms', objective: 99 })] } };
    const asked = (options: TargetOptions, slow = 'AiCandidateSlow'): (string | undefined)[] =>
      ['AiSloErrorBudgetBurn', slow].map((alert) => {
        const page = section(pageOf({ ...options, spec: { ...latency, ...options.spec } }), alert);
        return /^promtool query instant "\$PROMETHEUS" '(.+)'$/m.exec(page ?? '')?.[1];
      });
    const istio =
      'reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"';
    const own = 'namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"';
    const byCode = `sum by (response_code, response_flags, destination_service_name) (rate(istio_requests_total{${istio}}[5m]))`;
    expect(asked({})).toEqual([
      byCode,
      `histogram_quantile(0.95, sum by (destination_service_name, le) (rate(istio_request_duration_milliseconds_bucket{${istio},response_code!~"5.."}[5m])))`,
    ]);
    expect(asked({ cluster: { prometheus: { version: '3.4', nativeHistograms: 'converted' } } })).toEqual([
      byCode,
      `histogram_quantile(0.95, sum by (destination_service_name) (rate(istio_request_duration_milliseconds{${istio},response_code!~"5.."}[5m])))`,
    ]);
    const now = 'kn_serving_invocation_duration_seconds';
    const counting = {
      mode: 'Knative' as const,
      cluster: { istio: routing, prometheus: { version: '3.4', sources: ['queueProxy' as const] } },
    };
    expect(asked(counting)).toEqual([
      `sum by (http_response_status_code, release) (rate(${now}_count{${own}}[5m]))`,
      `1000 * histogram_quantile(0.95, sum by (release, le) (rate(${now}_bucket{${own},http_response_status_code!~"5.."}[5m])))`,
    ]);
    expect(
      asked({ ...counting, cluster: { ...counting.cluster, knative: { version: ['1.18.2', '1.21.1'] } } })[0],
    ).toBe(
      `sum by (http_response_status_code, release) (rate(${now}_count{${own}}[5m])) or sum by (response_code, release) (rate(revision_request_count{${own}}[5m]))`,
    );
    const llm = {
      framework: 'vllm' as const,
      image: 'registry.example.com/llm-d:0.10.0',
      model: { uri: 's3://m/v46/' },
      resources: { cpu: '1', memory: '1Gi' },
      llm: {},
    };
    const gateway = {
      kserve: {
        version: '0.20.0',
        mode: 'Standard' as const,
        llm: { gatewayService: 'gateway.kserve.svc.cluster.local' },
      },
    };
    const slos = [Slo.availability(99.9), Slo.timeToFirstToken({ below: '1s', objective: 99 })];
    expect(
      asked({ cluster: gateway, spec: { predictor: llm, monitoring: { slos } } }, 'AiSloLatencyBucketMissing'),
    ).toEqual([
      `sum by (status, release) (rate(http_requests_total{${own},handler=~"/v1/.*"}[5m]))`,
      `1000 * histogram_quantile(0.95, sum by (release, le) (rate(vllm:time_to_first_token_seconds_bucket{${own}}[5m])))`,
    ]);
  });

  test('asks only of what this very service answers, each request once, as its alerts do', () => {
    const asked = (options: TargetOptions): string | undefined =>
      /istio_requests_total\{[^}]*\}/.exec(pageOf(options) ?? '')?.[0];
    const read = (options: TargetOptions): string | undefined =>
      /istio_requests_total\{[^}]*\}/.exec(
        JSON.stringify(renderPrometheus(targetOf(options), new Map())).replaceAll('\\"', '"'),
      )?.[0];
    const ambient = { istio: { version: '1.30', dataplane: 'ambient' as const } };
    expect(asked({ cluster: ambient })).toBe(
      'istio_requests_total{reporter="waypoint",destination_service_namespace="risk-ml-prod",destination_service_name="fraud-detector-v46-predictor"}',
    );
    expect(asked({ mode: 'Knative' })).toContain('destination_service_name=~"fraud-detector-v46-predictor(-[0-9]+)?"');
    for (const options of [
      {},
      { cluster: ambient },
      { mode: 'Knative' as const },
      { candidate: { release: 'v47', weight: 10 }, previous: 'v45' },
    ]) {
      expect(asked(options)).toBe(read(options));
    }
  });

  test('asks which quantile an objective is about, as it is now, by release', () => {
    const answers = (slos: readonly SloSpec[], more: Partial<NonNullable<TargetOptions['spec']>> = {}): string[] =>
      (section(pageOf({ spec: { ...more, monitoring: { slos: [...slos] } } }), 'AiSloErrorBudgetBurn') ?? '')
        .split('\n')
        .filter((line) => line.includes('histogram_quantile'));
    const at = (quantile: string, service = 'fraud-detector-v46-predictor'): string =>
      `promtool query instant "$PROMETHEUS" 'histogram_quantile(${quantile}, sum by (destination_service_name, le) (rate(istio_request_duration_milliseconds_bucket{reporter="source",destination_service_namespace="risk-ml-prod",destination_service_name="${service}",response_code!~"5.."}[5m])))'`;
    expect(answers([Slo.availability(99.9)])).toEqual([]);
    expect(
      answers([
        Slo.latency({ below: '250ms', objective: 99 }),
        Slo.latency({ below: '1s', objective: 99.9 }),
        Slo.latency({ below: '100ms', objective: 99.9 }),
      ]),
    ).toEqual([at('0.99'), at('0.999')]);
    expect(answers([Slo.latency({ below: '250ms', objective: 95, quantile: 0.9 })])).toEqual([at('0.9')]);
    expect(answers([Slo.latency({ below: '250ms', objective: 99, graph: 'claims' })])).toEqual([at('0.99', 'claims')]);
    const vllm = { framework: 'vllm' as const, model: { uri: 's3://m/v46/' }, resources: { cpu: '1', memory: '1Gi' } };
    expect(answers([Slo.timeToFirstToken({ below: '1s', objective: 95 })], { predictor: vllm })).toEqual([
      `promtool query instant "$PROMETHEUS" '1000 * histogram_quantile(0.95, sum by (release, le) (rate(vllm:time_to_first_token_seconds_bucket{namespace="risk-ml-prod",ai_service="fraud-detector",part="predictor"}[5m])))'`,
    ]);
  });

  test('sends to the logs where nobody counts requests, and says nothing twice', () => {
    const page = section(
      pageOf({ cluster: { istio: undefined, prometheus: { version: '3.4', sources: ['kubeStateMetrics'] } } }),
      'AiReplicasAtMaximum',
    );
    expect(page).toContain('kubectl logs -n risk-ml-prod -l app.kubernetes.io/name=fraud-detector');
    expect(page).not.toContain('istio');
  });

  test('looks at routes and autoscalers that its cluster has', () => {
    const sources = { prometheus: { version: '3.4', sources: ['kubeStateMetrics' as const, 'knative' as const] } };
    const looks = (options: TargetOptions, alert: string): string[] =>
      section(pageOf({ ...options, cluster: { ...sources, ...options.cluster } }), alert)
        ?.split('\n')
        .filter((line) => line.startsWith('kubectl')) ?? [];
    const counting = {
      istio: undefined,
      knative: { version: '1.21.1' },
      prometheus: { version: '3.4', sources: ['queueProxy' as const] },
    };
    const routes = (options: TargetOptions): string | undefined =>
      looks(options, 'AiTrafficShareDiffers')
        .find((line) => line.startsWith('kubectl get'))
        ?.split(' ')[2];
    expect(routes({})).toBe('virtualservices');
    expect(routes({ mode: 'Knative', cluster: { ...counting, gatewayApi: { version: '1.4', mesh: true } } })).toBe(
      'httproutes',
    );
    expect(routes({ mode: 'Knative', cluster: counting })).toBe('services');
    expect(looks({}, 'AiReplicasAtMaximum')[0]).toBe(
      'kubectl describe hpa -n risk-ml-prod -l app.kubernetes.io/name=fraud-detector',
    );
    expect(looks({ mode: 'Knative' }, 'AiReplicasAtMaximum')[0]).toBe(
      'kubectl get hpa,revisions,podautoscalers -n risk-ml-prod',
    );
  });

  test('has a section for an alert of its own, whose words stay words', () => {
    const page = pageOf({ spec: { monitoring: { alerts: [OWN] } } });
    expect(section(page, 'BlockedOften')).toContain(
      '> Payments \\<b\\>are\\</b\\> \\# blocked.\n\nAn alert of the service itself',
    );
  });

  test('says what takes a change back where the environment follows the sources', () => {
    expect(section(pageOf({ environment: { rollout: 'replace' } }), 'Roll back')).toBe(
      [
        '## Roll back',
        '',
        'This environment follows the sources: take back the change there, and let it go the way that it came.',
        '',
        '```sh',
        'git log --oneline -10 -- apps/fraud-detector',
        '```',
      ].join('\n'),
    );
  });

  test('is the same at every step of a release', () => {
    const at = (weight: number): string | undefined => pageOf({ candidate: { release: 'v47', weight } });
    expect(at(10)).toBe(at(0));
    expect(at(50)).toBe(at(0));
    expect(pageOf({ stable: 'v47', previous: 'v46' })).toBe(at(0));
    // A release that comes or goes changes the names of what answers, and nothing else.
    expect(
      at(0)?.replaceAll(
        '=~"fraud-detector-v46-predictor|fraud-detector-v47-predictor"',
        '="fraud-detector-v46-predictor"',
      ),
    ).toBe(pageOf());
    expect(section(pageOf(), 'AiCandidateFailing')).toContain('npx ai-service status fraud-detector --env prod-eu');
    expect(section(pageOf({ environment: { rollout: 'replace' } }), 'AiCandidateFailing')).toBeUndefined();
  });

  test('has no section for an alert on releases that its cluster or its settings do not have', () => {
    const names = ['AiCandidateDrift', 'AiCandidateFailing', 'AiCandidateStuck', 'AiHoldForgotten'];
    const there = (options: TargetOptions): string[] =>
      names.filter((name) => section(pageOf(options), name) !== undefined);
    expect(there({})).toEqual(['AiCandidateFailing', 'AiCandidateStuck', 'AiHoldForgotten']);
    const uncounted = { istio: undefined, prometheus: { version: '3.4', sources: ['kubeStateMetrics' as const] } };
    expect(there({ cluster: uncounted, spec: { monitoring: { delivery: { candidate: false } } } })).toEqual([
      'AiHoldForgotten',
    ]);
    const drift = [{ candidate: { metric: 'score', reference: './score.json' } }];
    expect(there({ spec: { monitoring: { drift } } })).toEqual(names);
  });

  test('is not there without alerts', () => {
    expect(pageOf({ cluster: { prometheus: undefined } })).toBeUndefined();
  });
});

describe('the address of a page', () => {
  function runbookUrls(runbookUrl: string | undefined, runbook?: string): unknown[] {
    const alerts = [{ ...OWN, ...(runbook !== undefined && { runbook }) }];
    const prometheus = { version: '3.4', ...(runbookUrl !== undefined && { runbookUrl }) };
    const [, rule] = renderPrometheus(
      targetOf({ cluster: { prometheus }, spec: { monitoring: { alerts } } }),
      new Map(),
    );
    const rules = (rule?.spec as { groups: RuleGroup[] }).groups.flatMap((group) => group.rules);
    return [...new Set(rules.flatMap((each) => ('alert' in each ? [each.annotations.runbook_url] : [])))];
  }

  test('is the place in the tree, or the name of the alert, as the platform says', () => {
    const unit = { environment: 'prod-eu', cluster: 'eu-1', team: 'risk-ml', service: 'fraud-detector' };
    expect(runbookUrls('https://git.example.com/tree/{page}')).toContain(
      `https://git.example.com/tree/${unitFolder(unit)}/${RUNBOOK_FILE}#aisloerrorbudgetburn`,
    );
    expect(runbookUrls('https://wiki.example.com/runbooks/{alert}')).toContain(
      'https://wiki.example.com/runbooks/BlockedOften',
    );
  });

  test('is that of the alert where it has one', () => {
    expect(runbookUrls('https://wiki.example.com/{alert}', 'https://wiki.example.com/mine')).toContain(
      'https://wiki.example.com/mine',
    );
  });

  test('is not guessed', () => {
    expect(runbookUrls(undefined)).toEqual([undefined]);
  });

  test.each([
    ['wiki/{page}', 'the pattern of runbooks is not a URL'],
    [
      'https://me:pw@wiki.example.com/{page}',
      'the pattern of runbooks carries credentials, which would stand in every alert',
    ],
    ['https://wiki.example.com/', 'the pattern is the same for all alerts'],
  ])('cannot be made of %s', (runbookUrl, message) => {
    const result = clusterSchema.safeParse({
      ...defaultCluster('Standard'),
      prometheus: { version: '3.4', runbookUrl },
    });
    expect(result.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});

test('there is a guide for every alert of the catalogue, and for no other', () => {
  const folder = join(import.meta.dirname, '../../src/promql/catalogue');
  const text = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const alerts = [...text.matchAll(/'(Ai[A-Z][A-Za-z]+)'/g)].map(([, name]) => name);
  expect(Object.keys(ALERT_GUIDES).sort()).toEqual([...new Set(alerts)].sort());
});
