/**
 * npm run bench:plan: a plan of a pull request that changes 50 services in three environments, beside reading and parsing the
 * files that changed with the `yaml` package, in trees of two sizes. Each figure is from a process of its own.
 *
 *   npm run bench:plan                1,000 services
 *   npm run bench:plan -- 200         so many
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ENVIRONMENTS, median, put, run, serviceOf, teamOf, writeProject } from './project.js';
import { serviceName } from './workload.js';

const TARGETS = { ratio: 1.5, growth: 1.2, mb: 300 };
const CHANGED = 50;
const RUNS = 7;
const large = Number(process.argv[2] ?? 1000);
const sizes = [CHANGED, large];
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const scratch = mkdtempSync(join(memory, 'plan-'));

/** A repository whose branch `change` changes 50 services. */
function writeRepository(root, count) {
  writeProject(root, count);
  const git = (...args) =>
    execFileSync('git', ['-C', root, '-c', 'user.name=bench', '-c', 'user.email=bench@example.com', ...args]);
  const commit = (message) => {
    run(root, 'synth');
    git('add', 'gitops', 'releases');
    git('commit', '--quiet', '--message', message);
  };
  git('init', '--quiet', '--initial-branch', 'main');
  commit('before');
  git('switch', '--quiet', '--create', 'change');
  for (let index = 0; index < CHANGED; index += 1) {
    const at = Math.floor((index * count) / CHANGED);
    put(
      root,
      `apps/${serviceName(at)}/service.yaml`,
      stringify(changed(serviceOf(serviceName(at), teamOf(at)), index)),
    );
  }
  commit('after');
  git('gc', '--quiet');
}

/** What teams change: replicas, objectives, callers. */
function changed(service, index) {
  const { predictor, monitoring, network } = service;
  return [
    { ...service, predictor: { ...predictor, scaling: { ...predictor.scaling, min: 1 } } },
    { ...service, monitoring: { slos: [{ availability: { objective: 99.5 } }, monitoring.slos[1]] } },
    { ...service, network: { allowFrom: [...network.allowFrom, { namespace: 'backoffice' }] } },
  ][index % 3];
}

function measure(root, contender) {
  const args = [join(import.meta.dirname, 'plan-contender.js'), contender, root];
  return Array.from({ length: RUNS }, () =>
    JSON.parse(execFileSync(process.execPath, args, { maxBuffer: 1e9 }).toString()),
  );
}

try {
  const rows = sizes.map((count) => {
    const root = join(scratch, String(count));
    writeRepository(root, count);
    const [plan, floor] = [measure(root, 'plan'), measure(root, 'yaml')];
    const ms = [plan, floor].map((runs) => median(runs.map((each) => each.ms)));
    process.stderr.write(`${count} services: plan ${Math.round(ms[0])} ms, yaml ${Math.round(ms[1])} ms\n`);
    rmSync(root, { recursive: true });
    return { count, files: plan[0].files, plan: ms[0], yaml: ms[1], mb: Math.max(...plan.map(({ mb }) => mb)) };
  });
  const [small, whole] = rows;
  const growth = whole.plan / whole.files / (small.plan / small.files);
  process.stdout.write(
    [
      `${CHANGED} services changed in ${ENVIRONMENTS.length} environments; Node ${process.version}, ${cpus().length} cores; median of ${RUNS}`,
      '',
      '| services | files changed | plan, ms | reading and parsing them, ms | ratio | peak memory, MB |',
      '|---|---|---|---|---|---|',
      ...rows.map(
        ({ count, files, plan, yaml, mb }) =>
          `| ${count} | ${files} | ${Math.round(plan)} | ${Math.round(yaml)} | ${(plan / yaml).toFixed(2)} | ${Math.round(mb)} |`,
      ),
      '',
      `Time per changed file in the large tree : in the small one: ${growth.toFixed(2)}`,
      '',
    ].join('\n'),
  );
  const missed = [
    ...(whole.plan / whole.yaml > TARGETS.ratio ? [`the ratio is more than ${TARGETS.ratio}`] : []),
    ...(growth > TARGETS.growth ? ['a plan grows with the files that did not change'] : []),
    ...(whole.mb > TARGETS.mb ? [`it takes more than ${TARGETS.mb} MB`] : []),
  ];
  if (missed.length > 0) {
    process.stderr.write(`${missed.join('\n')}\n`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
