/**
 * npm run bench:rules: what the rules of many services cost a real Prometheus. The series are synthetic; a Prometheus of
 * `test/conformance/install-prometheus` scrapes them from here, and has a past of them.
 *
 *   npm run bench:rules                  200 services that ask for nothing (about ten minutes)
 *   npm run bench:rules -- 50 all        50 services with three objectives, drift and a candidate
 */
import { execFileSync, spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { releaseDigest } from '../lib/bench.js';
import { linkPackages, median, put, run, teamOf } from './project.js';
import { isCounter, readsOf, seriesFor } from './synthetic-series.js';
import { serviceName } from './workload.js';

const count = Number(process.argv[2] ?? 200);
const asks = process.argv[3] === 'all' ? 'all' : 'default';
const project = join(import.meta.dirname, '..');
const tools = join(project, '.cache/prometheus');
if (!existsSync(join(tools, 'prometheus')))
  throw new Error('there is no Prometheus: run test/conformance/install-prometheus prometheus');

/** Seconds between scrapes. */
const SCRAPE = 30;
/** Seconds for which Prometheus evaluates: every group at least once. */
const MEASURED = 390;
/** Seconds for which it only scrapes, for comparison. */
const IDLE = 60;
/** Seconds of the past that raw series have. */
const RECENT = 900;
/** Days of the past that recorded series have, as many as Prometheus keeps by default. */
const DAYS = 15;

const root = mkdtempSync(join(tmpdir(), 'bench-rules-'));
const started = [];

/** A project as users have it; in that of all, every service has a candidate under way. */
function writeProject() {
  linkPackages(root);
  put(root, 'package.json', '{ "name": "rules", "type": "module" }\n');
  put(root, 'apps/platform.ts', PLATFORM);
  for (let index = 0; index < count; index += 1) {
    const name = serviceName(index);
    put(root, `apps/${name}/service.yaml`, stringify(serviceOf(name, index)));
    if (asks === 'all')
      put(
        root,
        `apps/${name}/score.json`,
        JSON.stringify({
          edges: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
          shares: Array(10).fill(0.1),
          n: 100_000,
        }),
      );
    const releases = asks === 'all' ? ['v46', 'v47'] : ['v46'];
    for (const release of releases) put(root, `releases/${name}/${release}.yaml`, stringify(recordOf(name, release)));
    put(
      root,
      `releases/prod/${teamOf(index)}/${name}.yaml`,
      asks === 'all' ? 'stable: v46\ncandidate: v47\nphase: canary\nweight: 10\nstep: 0\n' : 'stable: v46\n',
    );
  }
}

const PREDICTOR = {
  framework: 'sklearn',
  image: 'registry.example.com/sklearn-metrics:v0.20.0',
  resources: { cpu: '4', memory: '8Gi' },
};

function serviceOf(name, index) {
  const metric = 'fraud_score';
  const drift = { metric, reference: './score.json' };
  return {
    owner: { team: teamOf(index), escalation: '#oncall' },
    traffic: { expectedRps: 40 },
    predictor: {
      ...PREDICTOR,
      model: { uri: `s3://ml-models/${name}/v47/` },
      scaling: { min: 2, max: 20, target: { cpu: 70 } },
      ...(asks === 'all' && { exports: { predictions: metric } }),
    },
    canary: { steps: [10, 25, 50] },
    ...(asks === 'all' && {
      monitoring: {
        slos: [
          { availability: { objective: 99.9 } },
          { latency: { below: '250ms', objective: 99 } },
          { latency: { below: '1s', objective: 99.9 } },
        ],
        drift: [{ psi: drift }, { candidate: drift }],
      },
    }),
  };
}

function recordOf(name, release) {
  const parts = {
    predictor: { introduced: release, model: { uri: `s3://ml-models/${name}/${release}/` }, workload: PREDICTOR },
  };
  return { release, digest: releaseDigest(parts), parts };
}

/** Groups of all services, as Prometheus reads them. */
function rulesOfProject() {
  run(root, 'synth');
  const tree = join(root, 'gitops');
  const files = readdirSync(tree, { recursive: true })
    .filter((path) => /prometheusrule\.[^/]*\.yaml$/.test(path))
    .sort();
  return files.flatMap((path) => parse(readFileSync(join(tree, path), 'utf8')).spec.groups);
}

/** Answers scrapes, for ever. */
async function expose(series, since) {
  const families = new Map();
  for (const one of series) families.set(one.metric, [...(families.get(one.metric) ?? []), one]);
  const server = createServer((_request, response) => {
    const seconds = Date.now() / 1000 - since + RECENT;
    const parts = [];
    for (const family of families.values())
      for (const one of family) parts.push(`${one.text} ${valueAt(one, seconds)}\n`);
    response.end(parts.join(''));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.push(() => server.closeAllConnections() ?? server.close());
  return server.address().port;
}

function valueAt({ metric, perSecond }, seconds) {
  return isCounter(metric) ? Math.round(perSecond * seconds * 1000) / 1000 : 1;
}

/** What is recorded and looked back at for longer than the raw series go. */
function pastOf(rules, reads, recorded) {
  const long = new Set(
    reads.filter(({ metric, seconds }) => recorded.has(metric) && seconds > RECENT).map(({ metric }) => metric),
  );
  return rules
    .filter(({ record }) => long.has(record))
    .map(({ record, labels }) => ({ metric: record, text: `${record}{${labelText(labels)}}` }));
}

function labelText(labels) {
  return Object.entries(labels)
    .sort()
    .map(([label, value]) => `${label}="${value}"`)
    .join(',');
}

/** Blocks of the past. */
async function past(series, recordings, now, port) {
  const file = join(root, 'past.om');
  const out = createWriteStream(file);
  let samples = 0;
  const write = async (text) => {
    if (!out.write(text)) await once(out, 'drain');
  };
  const of = async (lines, from, step, value) => {
    let family;
    for (const { metric, text, ...one } of [...lines].sort((a, b) => (a.text < b.text ? -1 : 1))) {
      if (family !== metric) await write(`# TYPE ${metric} unknown\n`);
      family = metric;
      const parts = [];
      for (let at = from; at <= now; at += step) parts.push(`${text} ${value({ metric, ...one }, at)} ${at}\n`);
      samples += parts.length;
      await write(parts.join(''));
    }
  };
  const stamped = series.map((one) => ({
    ...one,
    text: one.text.replace(/\}$/, `,instance="127.0.0.1:${port}",job="bench"}`).replace('{,', '{'),
  }));
  await of(stamped, now - RECENT, SCRAPE, (one, at) => valueAt(one, at - now + RECENT));
  await of(recordings, now - DAYS * 86_400, 60, () => 1);
  out.end('# EOF\n');
  await once(out, 'close');
  process.stderr.write(`${series.length} raw series, ${samples} samples of the past\n`);
  // One pass over the file for each block.
  execFileSync(
    join(tools, 'promtool'),
    ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', '--max-block-duration=30d', file, join(root, 'data')],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  rmSync(file);
  return samples;
}

/** Seconds of processor time that a process has used (Linux). */
function cpuOf(pid) {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) / 100;
}

/** Processor time of a process while something is done, in seconds a minute. */
async function cpuWhile(pid, task) {
  const [since, before] = [Date.now(), cpuOf(pid)];
  await task();
  return ((cpuOf(pid) - before) * 60_000) / (Date.now() - since);
}

function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Lets Prometheus scrape, then evaluate too; how long each group took each time, and what processor time all of it took. */
async function evaluate(exporter) {
  const config = {
    global: { scrape_interval: `${SCRAPE}s`, scrape_timeout: `${SCRAPE}s`, evaluation_interval: '1m' },
    scrape_configs: [
      {
        job_name: 'bench',
        honor_labels: true,
        fallback_scrape_protocol: 'PrometheusText0.0.4',
        metrics_path: '/',
        static_configs: [{ targets: [`127.0.0.1:${exporter}`] }],
      },
    ],
  };
  writeFileSync(join(root, 'prometheus.yaml'), stringify(config));
  const port = exporter + 1;
  const args = [
    '--config.file=prometheus.yaml',
    '--storage.tsdb.path=data',
    '--storage.tsdb.retention.time=30d',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const server = spawn(join(tools, 'prometheus'), args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  started.push(async () => {
    server.kill('SIGKILL');
    if (server.exitCode === null) await once(server, 'exit').catch(() => undefined);
  });
  await pause(IDLE);
  const idle = await cpuWhile(server.pid, () => pause(IDLE));
  writeFileSync(join(root, 'prometheus.yaml'), stringify({ ...config, rule_files: ['rules.yaml'] }));
  server.kill('SIGHUP');
  const found = new Map();
  const busy = await cpuWhile(server.pid, async () => {
    for (const end = Date.now() + MEASURED * 1000; Date.now() < end;) {
      await pause(15);
      if (server.exitCode !== null) throw new Error('Prometheus ended');
      await readTimes(`http://127.0.0.1:${port}`, found);
    }
  });
  return { found, cpu: { idle, busy } };
}

async function readTimes(url, found) {
  const answer = await fetch(`${url}/api/v1/rules`);
  for (const { name, interval, evaluationTime, lastEvaluation, rules } of (await answer.json()).data.groups) {
    const broken = rules.find(({ health }) => health === 'err');
    if (broken) throw new Error(`${broken.name}: ${broken.lastError}`);
    if (lastEvaluation.startsWith('0001')) continue;
    found.set(name, { interval, times: new Map(found.get(name)?.times).set(lastEvaluation, evaluationTime * 1000) });
  }
}

function report(groups, series, samples, { found, cpu }) {
  const silent = groups.filter(({ name }) => !found.has(name)).length;
  if (silent > 0) throw new Error(`${silent} groups were not evaluated`);
  const rows = [...found].map(([name, { interval, times }]) => ({
    concern: name
      .split('.')
      .slice(3)
      .join('.')
      .replace(/-\d.*$/, ''),
    interval,
    ms: median([...times.values()]),
  }));
  const perMinute = (some) => some.reduce((sum, { ms, interval }) => sum + (ms * 60) / interval, 0);
  const concerns = [...new Set(rows.map(({ concern }) => concern))].map((concern) => [
    concern,
    rows.filter((row) => row.concern === concern),
  ]);
  const line = (name, some) => {
    const perService = some.length / count;
    const ms = median(some.map((row) => row.ms)) * perService;
    return `| ${name} | ${perService.toFixed(0)} | ${some[0].interval} s | ${ms.toFixed(2)} | ${((ms * 60) / some[0].interval).toFixed(2)} |`;
  };
  const longest = rows.reduce((a, b) => (a.ms / a.interval > b.ms / b.interval ? a : b));
  process.stdout.write(
    [
      `${count} services (${asks}): ${groups.length} groups, ${groups.flatMap(({ rules }) => rules).length} rules; ${series.length} raw series, ${samples} samples of the past`,
      `${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.version}, medians over evaluations and services, in ${MEASURED} s`,
      '',
      '| group | of a service | interval | ms for each evaluation | ms a minute |',
      '| --- | --- | --- | --- | --- |',
      ...concerns.sort(([, a], [, b]) => perMinute(b) - perMinute(a)).map(([name, some]) => line(name, some)),
      '',
      `all services, one after the other: ${(perMinute(rows) / 1000).toFixed(1)} s of every minute; the longest group takes ${longest.ms.toFixed(1)} ms of its ${longest.interval} s (${longest.concern})`,
      `processor time of Prometheus: ${cpu.idle.toFixed(2)} s a minute without the rules, ${cpu.busy.toFixed(2)} with them: ${(((cpu.busy - cpu.idle) * 1000) / count).toFixed(1)} ms a minute for each service`,
      '',
    ].join('\n'),
  );
}

const PLATFORM = `import { Platform } from 'cdk8s-ai-service';

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: {
    'eu-1': {
      kubernetes: '1.33',
      kserve: { version: '0.20.0', mode: 'Standard' },
      istio: { version: '1.30', dataplane: 'sidecar' },
      prometheus: { version: '3.4', sources: ['argocd', 'inferenceServices', 'kubeStateMetrics'] },
      domain: 'example.com',
    },
  },
  environments: { prod: { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => \`\${team}-prod\` } },
});
`;

try {
  writeProject();
  const groups = rulesOfProject();
  writeFileSync(join(root, 'rules.yaml'), stringify({ groups }));
  const rules = groups.flatMap((group) => group.rules);
  const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
  const reads = readsOf(rules);
  const series = seriesFor(reads.filter(({ metric }) => !recorded.has(metric)));
  const now = Math.floor(Date.now() / 1000);
  const port = await expose(series, now);
  const samples = await past(series, pastOf(rules, reads, recorded), now, port);
  const evaluations = await evaluate(port);
  report(groups, series, samples, evaluations);
} finally {
  for (const stop of started.reverse()) await stop();
  rmSync(root, { recursive: true, force: true });
}
