import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateGates, type GateEvaluation, type GateQuestion } from '../../src/gate/evaluate.ts';
import { prometheusClient } from '../../src/gate/prometheus.ts';
import type { GateSubject } from '../../src/gate/subject.ts';
import { exactly } from '../../src/promql/selector.ts';
import { renderArgoRollouts } from '../../src/render/argo-rollouts.ts';
import type { GateOutput } from '../../src/service/gate.ts';
import { targetOf } from '../support/target.ts';
import { runTool } from './run-tool.ts';

/**
 * Gates against a real Prometheus, which scrapes an exporter of ours every second. Each story is a service of its own, so
 * that all of them bake at the same time, for twelve seconds.
 */

const BAKE = 12;
/** Two more scrapes than the bake time needs. */
const HISTORY = BAKE + 6;

/** What one release of a story does each second. */
interface Behaviour {
  readonly ok: number;
  readonly refused?: number;
  readonly failed?: number;
  /** Share of the requests that take between 250 and 500 ms; the others take between 50 and 100. */
  readonly slow?: number;
  /** Share of the predictions in each of the bins up to 0.2, 0.5, 1. */
  readonly predictions?: readonly [number, number, number];
}

interface Story {
  readonly candidate: Behaviour | undefined;
  readonly stable: Behaviour;
  readonly ready?: number;
  /** Seconds since the Deployment of the candidate came, when the test began. */
  readonly age?: number;
}

const EVEN = [0.5, 0.3, 0.2] as const;
const STABLE: Behaviour = { ok: 880, refused: 20, predictions: EVEN };

const STORIES = {
  healthy: { candidate: { ok: 98, refused: 2, predictions: EVEN }, stable: STABLE },
  failing: { candidate: { ok: 90, failed: 10 }, stable: STABLE },
  refusing: { candidate: { ok: 80, refused: 20 }, stable: STABLE },
  'refused-alike': { candidate: { ok: 80, refused: 20 }, stable: { ok: 720, refused: 180 } },
  slow: { candidate: { ok: 100, slow: 0.05 }, stable: { ...STABLE, slow: 0.001 } },
  drifting: { candidate: { ok: 100, predictions: [0.2, 0.3, 0.5] }, stable: STABLE },
  silent: { candidate: undefined, stable: STABLE },
  few: { candidate: { ok: 2 }, stable: { ok: 18 } },
  late: { candidate: undefined, stable: STABLE, ready: 0, age: 1300 },
  starting: { candidate: undefined, stable: STABLE, ready: 0, age: 10 },
} satisfies Record<string, Story>;

type StoryName = keyof typeof STORIES;

const began = Date.now();

/** Counters that grow evenly with time, in the text format. */
function metrics(): string {
  const elapsed = (Date.now() - began) / 1000;
  return Object.entries<Story>(STORIES)
    .flatMap(([name, { candidate, stable, ready = 2, age = 60 }]) => [
      ...(candidate ? release(name, 'v2', candidate, elapsed) : []),
      ...release(name, 'v1', stable, elapsed),
      `kube_deployment_status_replicas_available{namespace="ns",deployment="${name}-v2-predictor"} ${ready}`,
      `kube_deployment_created{namespace="ns",deployment="${name}-v2-predictor"} ${Math.floor(began / 1000) - age}`,
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function release(
  name: string,
  version: string,
  { ok, refused = 0, failed = 0, slow = 0, predictions }: Behaviour,
  elapsed: number,
): string[] {
  const traffic = `reporter="source",destination_service_namespace="ns",destination_service_name="${name}-${version}-predictor"`;
  const codes = Object.entries({ 200: ok, 422: refused, 503: failed }).filter(([, rate]) => rate > 0);
  const all = (ok + refused) * elapsed;
  const durations = { 50: 0, 100: 1 - slow, 250: 1 - slow, 500: 1, '+Inf': 1 };
  const exported = `namespace="ns",ai_service="${name}",part="predictor",release="${version}"`;
  const [low = 0, middle = 0, high = 0] = predictions ?? [];
  const cumulative = predictions ? { '0.2': low, '0.5': low + middle, '1.0': low + middle + high, '+Inf': 1 } : {};
  return [
    ...codes.map(([code, rate]) => `istio_requests_total{${traffic},response_code="${code}"} ${rate * elapsed}`),
    ...Object.entries(durations).map(
      ([le, share]) =>
        `istio_request_duration_milliseconds_bucket{${traffic},response_code="200",le="${le}"} ${share * all}`,
    ),
    ...Object.entries(cumulative).map(([le, share]) => `score_bucket{${exported},le="${le}"} ${share * all}`),
    ...(predictions ? [`score_count{${exported}} ${all}`] : []),
  ];
}

let exporter: Server;
let prometheus: ChildProcess;
let folder: string;
let url: string;

beforeAll(async () => {
  runTool('prometheus', ['--version']);
  exporter = createServer((_request, response) =>
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(metrics()),
  );
  const target = await listening(exporter);
  url = `http://127.0.0.1:${await freePort()}`;
  folder = mkdtempSync(join(tmpdir(), 'gates-prometheus-'));
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `scrape_configs: [{ job_name: mesh, scrape_interval: 1s, scrape_timeout: 1s, honor_labels: true, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]\n`,
  );
  const listen = new URL(url).host;
  prometheus = spawn(
    'prometheus',
    [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${listen}`],
    { stdio: 'ignore' },
  );
  await scraped(HISTORY);
});

afterAll(async () => {
  exporter?.close();
  if (prometheus?.exitCode === null) {
    const gone = new Promise((resolve) => prometheus.once('exit', resolve));
    prometheus.kill();
    await gone;
  }
  if (folder) rmSync(folder, { recursive: true });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until Prometheus has scraped for so many seconds. */
async function scraped(seconds: number): Promise<void> {
  const client = clientOf();
  for (let tries = 0; tries < 400; tries += 1) {
    const answer = await client.query(`count_over_time(up{job="mesh"}[10m])`, new Date());
    if (!('problem' in answer) && Number(answer[0]?.samples[0]?.value ?? 0) >= seconds) return;
    await sleep(500);
  }
  throw new Error('Prometheus did not scrape the exporter');
}

function clientOf(at = url): ReturnType<typeof prometheusClient> {
  return prometheusClient(at, { headers: {} }, { fetch, sleep: () => Promise.resolve(), now: Date.now });
}

function evaluated(
  story: StoryName,
  gates: readonly GateOutput[],
  more: Partial<GateQuestion> = {},
  client = clientOf(),
): Promise<GateEvaluation> {
  const subject: GateSubject = {
    service: story,
    environment: 'prod',
    cluster: 'c',
    namespace: 'ns',
    reporters: ['source'],
    candidate: {
      release: 'v2',
      serviceName: `${story}-v2-predictor`,
      service: exactly(`${story}-v2-predictor`),
      pods: { part: 'predictor', release: 'v2' },
    },
    stable: {
      release: 'v1',
      serviceName: `${story}-v1-predictor`,
      service: exactly(`${story}-v1-predictor`),
      pods: { part: 'predictor', release: 'v1' },
    },
    deployments: [
      { part: 'predictor', name: `${story}-v2-predictor`, pattern: exactly(`${story}-v2-predictor`), replicas: 2 },
    ],
    predictions: { metric: 'score', part: 'predictor', candidate: 'v2', stable: 'v1' },
    clusterLabel: undefined,
  };
  const question: GateQuestion = {
    service: story,
    environment: 'prod',
    phase: 'canary',
    weight: 10,
    policy: { warm: { deadline: '20m' }, bake: `${BAKE}s`, gates },
    candidate: { release: 'v2', metrics: {} },
    stable: { release: 'v1', metrics: {} },
    clusters: [subject],
    ...more,
  };
  // A scrape of a moment ago may not be there yet.
  return evaluateGates(question, new Map([['c', client]]), new Date(Date.now() - 1000));
}

async function verdicts(
  story: StoryName,
  gates: readonly GateOutput[],
  more: Partial<GateQuestion> = {},
): Promise<Record<string, string>> {
  const { results } = await evaluated(story, gates, more);
  return Object.fromEntries(results.map(({ name, verdict }) => [name, verdict]));
}

/** One gate's verdict and its reason. */
async function said(story: StoryName, gate: GateOutput): Promise<{ verdict: string; value: number; why: string }> {
  const { verdict, value, why } = (await evaluated(story, [gate])).results.at(-1)!;
  return { verdict, value: Number(value), why };
}

const ERRORS: GateOutput = { errorRatio: { max: 0.01 } };
const LATENCY: GateOutput = { latency: { quantile: 0.99, max: '250ms' } };
const DRIFT: GateOutput = { predictionDrift: { psi: 0.2 } };

describe('on a real Prometheus', () => {
  test('a healthy candidate passes every gate', async () => {
    const gates: GateOutput[] = [
      { errorRatio: { max: 0.01, comparedToStable: { difference: 0.005 } } },
      { latency: { quantile: 0.99, max: '250ms', comparedToStable: { factor: 1.25 } } },
      DRIFT,
      {
        prometheus: {
          name: 'own',
          query: 'sum(rate(istio_requests_total{destination_service_name="{{candidateService}}"}[{{window}}]))',
          min: 50,
        },
      },
    ];
    expect(await verdicts('healthy', gates)).toEqual({
      'readiness-predictor': 'pass',
      bake: 'pass',
      'error-ratio': 'pass',
      'error-ratio-vs-stable': 'pass',
      'latency-p99': 'pass',
      'latency-p99-vs-stable': 'pass',
      'prediction-drift': 'pass',
      own: 'pass',
    });
  });

  test('answers 5xx are errors', async () => {
    const { verdict, value } = await said('failing', ERRORS);
    expect(verdict).toBe('fail');
    expect(value).toBeCloseTo(0.1, 3);
    expect(await verdicts('failing', [{ errorRatio: { max: 0.5, comparedToStable: { factor: 1.5 } } }])).toMatchObject({
      'error-ratio': 'pass',
      'error-ratio-vs-stable': 'fail',
    });
  });

  test('answers 4xx are errors where only the candidate gives them', async () => {
    const { verdict, value } = await said('refusing', ERRORS);
    expect(verdict).toBe('fail');
    // 20 % refused beside 2.2 %, without three standard errors.
    expect(value).toBeGreaterThan(0.12);
    expect(value).toBeLessThan(0.178);
  });

  test("answers 4xx of both releases are the callers' mistakes", async () => {
    expect(await said('refused-alike', ERRORS)).toMatchObject({ verdict: 'pass', value: 0 });
  });

  test('a slow candidate fails, alone and beside the stable release', async () => {
    expect(
      await verdicts('slow', [{ latency: { quantile: 0.99, max: '250ms', comparedToStable: { difference: '50ms' } } }]),
    ).toMatchObject({
      'latency-p99': 'fail',
      'latency-p99-vs-stable': 'fail',
    });
    expect((await said('slow', LATENCY)).value).toBeCloseTo(450, 0);
  });

  test('predictions that shift fail, by the index of the textbook', async () => {
    const { verdict, value } = await said('drifting', DRIFT);
    expect(verdict).toBe('fail');
    // (0.2 - 0.5) ln(0.2 / 0.5) + (0.5 - 0.2) ln(0.5 / 0.2); in the empty bin above 1 is half an observation of each side.
    expect(value).toBeCloseTo(0.3 * Math.log(2.5) * 2, 2);
    expect((await said('drifting', { predictionDrift: { psi: 0.2, edges: [0.2, 0.5] } })).value).toBeCloseTo(
      0.3 * Math.log(2.5) * 2,
      2,
    );
  });

  test('an edge without a bucket gives no index, which would be too small', async () => {
    expect(await said('drifting', { predictionDrift: { psi: 0.2, edges: [0.2, 0.3, 0.5] } })).toMatchObject({
      verdict: 'inconclusive',
      why: 'there is no data over 12s',
    });
  });

  test('a weight that did not come yet has not baked', async () => {
    expect(await verdicts('healthy', [ERRORS], { weight: 25 })).toMatchObject({
      bake: 'inconclusive',
      'error-ratio': 'pass',
    });
  });

  test('a candidate without requests passes nothing', async () => {
    expect(await verdicts('silent', [ERRORS, LATENCY, DRIFT])).toEqual({
      'readiness-predictor': 'pass',
      bake: 'inconclusive',
      'error-ratio': 'inconclusive',
      'latency-p99': 'inconclusive',
      'prediction-drift': 'inconclusive',
    });
  });

  test('a candidate with few requests passes nothing', async () => {
    expect((await said('few', ERRORS)).why).toMatch(/^2[0-9] requests over 12s are too few; it takes 100$/);
  });

  test.each([
    [
      'several series',
      'istio_requests_total{destination_service_name="{{candidateService}}"}',
      /^the query gives 2 series, and must give one/,
    ],
    ['NaN', 'vector(0) / 0', /^the value is NaN/],
    ['an infinite value', 'vector(1) / 0', /^the value is \+Inf/],
    ['a query that is no PromQL', 'sum(rate(x[5m]) by', /^127\.0\.0\.1:\d+ answers 400: bad_data: /],
    [
      'a query that cannot be executed',
      'up{job="mesh"} * on (nothing) istio_requests_total',
      /^127\.0\.0\.1:\d+ answers 422: execution: /,
    ],
  ])('%s is inconclusive', async (_what, query, why) => {
    const { verdict, why: reason } = await said('healthy', { prometheus: { name: 'own', query, max: 1e9 } });
    expect(verdict).toBe('inconclusive');
    expect(reason).toMatch(why);
  });

  test('a Prometheus that is not there is inconclusive, and asked once for all', async () => {
    const port = await freePort();
    const { verdict, results } = await evaluated('healthy', [ERRORS], {}, clientOf(`http://127.0.0.1:${port}`));
    expect(verdict).toBe('inconclusive');
    expect(new Set(results.map(({ why }) => why))).toEqual(
      new Set([`127.0.0.1:${port}: the network failed: ECONNREFUSED`]),
    );
  });
});

describe('a warming candidate on a real Prometheus', () => {
  const warming = { phase: 'warming', weight: 0 } as const;

  test('passes when it is ready', async () => {
    expect((await evaluated('healthy', [ERRORS], warming)).verdict).toBe('pass');
  });

  test('fails when it could have been ready for longer than the deadline', async () => {
    const { verdict, results } = await evaluated('late', [ERRORS], warming);
    expect(verdict).toBe('fail');
    expect(results.map(({ why }) => why.replace(/\d+m\d*s?/, '…'))).toEqual([
      'late-v2-predictor has 0 of 2 replicas, … after it came; the deadline is 20m',
    ]);
  });

  test('waits before that', async () => {
    expect((await evaluated('starting', [ERRORS], warming)).verdict).toBe('inconclusive');
  });
});

describe('the AnalysisTemplate on a real Prometheus', () => {
  /** Values that the queries of a story's template give, with the arguments of a run filled in; a list as Argo Rollouts has it. */
  async function measured(story: StoryName): Promise<Record<string, number[]>> {
    const target = targetOf({
      service: story,
      stable: 'v1',
      environment: { namespace: 'ns' },
      spec: {
        predictor: {
          framework: 'sklearn',
          model: { uri: 's3://ml-models/a/v1/' },
          resources: { cpu: '1', memory: '1Gi' },
          exports: { predictions: 'score' },
        },
        canary: {
          steps: [10],
          bake: `${BAKE}s`,
          gates: [
            { errorRatio: { max: 0.01, comparedToStable: { factor: 1.5 } } },
            { latency: { quantile: 0.99, max: '250ms', comparedToStable: { difference: '50ms' } } },
            { predictionDrift: { psi: 0.2, edges: [0.2, 0.5] } },
            { predictionDrift: { psi: 0.2 } },
            { registryMetric: { metric: 'auc', min: 0.9, notWorseThanStable: true } },
            {
              prometheus: {
                name: 'own',
                query: 'count(score_count{release="{{candidate}}",ai_service="{{service}}"}) # one',
                max: 1,
              },
            },
          ],
        },
      },
    });
    const given: Readonly<Record<string, string>> = {
      prometheus: url,
      candidate: `${story}-v2-predictor`,
      stable: `${story}-v1-predictor`,
      'candidate-release': 'v2',
      'stable-release': 'v1',
      'candidate-auc': '0.97',
      'stable-auc': '0.96',
    };
    const [template] = renderArgoRollouts(target) as unknown as [
      { spec: { metrics: { name: string; provider: { prometheus: { query: string } } }[] } },
    ];
    const values: Record<string, number[]> = {};
    for (const { name, provider } of template.spec.metrics) {
      const query = provider.prometheus.query.replaceAll(
        /\{\{args\.([a-z-]+)\}\}/g,
        (_text, argument: string) => given[argument]!,
      );
      const answer = await clientOf().query(query, new Date(Date.now() - 1000));
      if ('problem' in answer) throw new Error(`${name}: ${answer.problem}`);
      values[name] = answer.map(({ samples }) => Number(samples[0]?.value));
    }
    return values;
  }

  test('asks what the gates ask, and gives one value each', async () => {
    expect(await measured('healthy')).toEqual({
      'readiness-predictor': [2],
      'error-ratio': [0],
      'error-ratio-vs-stable': [0],
      'latency-p99': [expect.closeTo(99.5, 1)],
      'latency-p99-vs-stable': [expect.closeTo(0, 1)],
      'prediction-drift': [expect.closeTo(0, 3)],
      'prediction-drift-2-needs-edges': [NaN],
      'registry-auc': [0.97],
      'registry-auc-vs-stable': [expect.closeTo(0.01, 6)],
      own: [1],
    });
  });

  test('has no value for a candidate without requests, or with few', async () => {
    const values = await measured('silent');
    expect(
      Object.entries(values)
        .filter(([, list]) => list.length > 0)
        .map(([name]) => name),
    ).toEqual(['readiness-predictor', 'prediction-drift-2-needs-edges', 'registry-auc', 'registry-auc-vs-stable']);
    expect((await measured('few'))['error-ratio']).toEqual([]);
  });
});
