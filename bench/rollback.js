/**
 * npm run bench:rollback: one rollback beside a full synth, in a repository of 1,000 services in three environments. Both
 * are processes of the command line, from start to exit, one after the other in one run.
 *
 *   npm run bench:rollback            1,000 services
 *   npm run bench:rollback -- 100     so many
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { releaseDigest } from '../lib/release/record.js';
import { serviceName } from './workload.js';

const TARGET = 0.15;
const RUNS = 5;
const ENVIRONMENTS = ['dev', 'staging', 'prod'];
const count = Number(process.argv[2] ?? 1000);
const project = join(import.meta.dirname, '..');
const bin = join(project, 'bin/ai-service.js');
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const root = mkdtempSync(join(memory, 'rollback-'));

function report(synth, rollback) {
  const ratio = rollback / synth;
  process.stdout.write(
    [
      `${count} services in ${ENVIRONMENTS.length} environments; Node ${process.version}, ${cpus().length} cores; median of ${RUNS}`,
      '',
      '| command | ms | ratio |',
      '|---|---|---|',
      `| ai-service synth, nothing changed | ${Math.round(synth)} | 1.00 |`,
      `| ai-service rollback of one service | ${Math.round(rollback)} | ${ratio.toFixed(3)} |`,
      '',
    ].join('\n'),
  );
  if (count >= 1000 && ratio > TARGET) {
    process.stderr.write(`the ratio is more than ${TARGET}\n`);
    process.exitCode = 1;
  }
}

function median(times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

function timed(...args) {
  const start = performance.now();
  run(...args);
  return performance.now() - start;
}

function run(...args) {
  const { CDK8S_OUTDIR: _outdir, ...env } = process.env;
  execFileSync(process.execPath, [bin, ...args], { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
}

function teamOf(index) {
  return `team-${Math.floor(index) % 20}`;
}

function put(path, text) {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A project as users have it: sources, and a store in which every service has released twice. */
function writeProject() {
  mkdirSync(join(root, 'node_modules'));
  for (const name of Object.keys(JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')).peerDependencies)) {
    symlinkSync(join(project, 'node_modules', name), join(root, 'node_modules', name));
  }
  symlinkSync(project, join(root, 'node_modules/cdk8s-ai-service'));
  put('package.json', '{ "name": "rollback", "type": "module" }\n');
  put('apps/platform.ts', PLATFORM);
  for (let index = 0; index < count; index += 1) {
    const name = serviceName(index);
    const team = teamOf(index);
    put(`apps/${name}/service.yaml`, stringify(serviceOf(name, team)));
    for (const release of ['v46', 'v47']) put(`releases/${name}/${release}.yaml`, stringify(recordOf(name, release)));
    for (const environment of ENVIRONMENTS) put(`releases/${environment}/${team}/${name}.yaml`, 'stable: v47\nprevious: v46\n');
  }
}

const TRANSFORMER = { image: 'registry.example.com/ml/transformer:1.4.2', resources: { cpu: '500m', memory: '512Mi' } };
const PREDICTOR = { framework: 'sklearn', image: 'kserve/sklearnserver:v0.20.0', resources: { cpu: '4', memory: '8Gi' }, env: { LOG_LEVEL: 'info' } };

function serviceOf(name, team) {
  return {
    owner: { team, escalation: '#oncall' },
    traffic: { expectedRps: 40 },
    predictor: { ...PREDICTOR, model: { uri: `s3://ml-models/${name}/v47/` }, scaling: { min: 2, max: 20, target: { cpu: 70 } } },
    transformer: { ...TRANSFORMER, scaling: { min: 2, max: 10 } },
    canary: { steps: [10, 25, 50], gates: [{ errorRatio: { max: 0.01 } }] },
    monitoring: { slos: [{ availability: { objective: 99.9 } }, { latency: { below: '250ms', objective: 99 } }] },
    network: { allowFrom: [{ namespace: 'shop' }] },
  };
}

function recordOf(name, release) {
  const parts = {
    predictor: { introduced: release, model: { uri: `s3://ml-models/${name}/${release}/` }, workload: PREDICTOR },
    transformer: { introduced: release, workload: TRANSFORMER },
  };
  return { release, digest: releaseDigest(parts), parts };
}

const PLATFORM = `import { Platform } from 'cdk8s-ai-service';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
  prometheus: { version: '3.4', ruleLabels: { release: 'kube-prometheus-stack' }, sources: [] },
  domain: 'example.com',
} as const;

const environment = (name: string) => ({ stage: name, clusters: [\`\${name}-1\`], namespace: ({ team }: { team: string }) => \`\${team}-\${name}\` });

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { ${ENVIRONMENTS.map((name) => `'${name}-1': stack`).join(', ')} },
  environments: { ${ENVIRONMENTS.map((name) => `${name}: environment('${name}')`).join(', ')} } as never,
});
`;

try {
  writeProject();
  const first = timed('synth');
  process.stderr.write(`first synth: ${Math.round(first)} ms\n`);
  const synths = Array.from({ length: RUNS }, () => timed('synth'));
  const service = serviceName(Math.floor(count / 2));
  const changed = [`releases/prod/${teamOf(count / 2)}/${service}.yaml`, `gitops/envs/prod/prod-1/${teamOf(count / 2)}/${service}`];
  const rollbacks = Array.from({ length: RUNS }, (_, index) => {
    const copy = join(root, `before-${index}`);
    for (const path of changed) cpSync(join(root, path), join(copy, path), { recursive: true });
    const ms = timed('rollback', service, '--env', 'prod', '--reason', 'bench');
    // What it wrote is what a full synth writes: after the first one there must be nothing left to do.
    if (index === 0) run('synth', '--check');
    for (const path of changed) {
      rmSync(join(root, path), { recursive: true });
      cpSync(join(copy, path), join(root, path), { recursive: true });
    }
    return ms;
  });
  report(median(synths), median(rollbacks));
} finally {
  rmSync(root, { recursive: true });
}
