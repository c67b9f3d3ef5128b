/**
 * npm run bench:rollback: one rollback beside a full synth, in a repository of 1,000 services in three environments. Both
 * are processes of the command line, from start to exit, one after the other in one run.
 *
 *   npm run bench:rollback            1,000 services
 *   npm run bench:rollback -- 100     so many
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENVIRONMENTS, median, run, teamOf, writeProject } from './project.js';
import { serviceName } from './workload.js';

const TARGET = 0.15;
const RUNS = 5;
const count = Number(process.argv[2] ?? 1000);
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

function timed(...args) {
  const start = performance.now();
  run(root, ...args);
  return performance.now() - start;
}

try {
  writeProject(root, count);
  const first = timed('synth');
  process.stderr.write(`first synth: ${Math.round(first)} ms\n`);
  const synths = Array.from({ length: RUNS }, () => timed('synth'));
  const service = serviceName(Math.floor(count / 2));
  const changed = [
    `releases/prod/${teamOf(count / 2)}/${service}.yaml`,
    `gitops/envs/prod/prod-1/${teamOf(count / 2)}/${service}`,
  ];
  const rollbacks = Array.from({ length: RUNS }, (_, index) => {
    const copy = join(root, `before-${index}`);
    for (const path of changed) cpSync(join(root, path), join(copy, path), { recursive: true });
    const ms = timed('rollback', service, '--env', 'prod', '--reason', 'bench');
    // What it wrote is what a full synth writes: after the first one there must be nothing left to do.
    if (index === 0) run(root, 'synth', '--check');
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
