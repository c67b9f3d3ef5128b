/**
 * npm run bench: this project beside plain cdk8s and beside the floor, on the same objects, in one run.
 * Ratios are what counts; the absolute times are this machine's. Each figure comes from a process of its own.
 *
 *   npm run bench                  the whole table (about five minutes)
 *   npm run bench -- 10 100        these sizes only
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { platformOf } from './workload.js';

const SIZES = process.argv.slice(2).map(Number);
const sizes = SIZES.length > 0 ? SIZES : [10, 100, 1000, 3000];
const CONTENDERS = ['floor', 'ours', 'ours again', 'cdk8s FOLDER_PER_CHART', 'cdk8s FILE_PER_CHART'];
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const scratch = mkdtempSync(join(memory, 'bench-'));

try {
  const template = join(scratch, 'objects.json');
  const objects = templateObjects();
  writeFileSync(template, JSON.stringify(objects));
  const rows = sizes.map((size) => [size, measure(size, template)]);
  report(rows, objects.length);
} finally {
  rmSync(scratch, { recursive: true });
}

/** What one service becomes, by path; every contender gets copies of it. */
function templateObjects() {
  return [...platformOf(1).render().files]
    .filter(([path]) => path.startsWith('envs/') && path.endsWith('.yaml'))
    .map(([path, content]) => ({ path, object: parse(content) }))
    .filter(({ object }) => object.kind !== undefined);
}

function measure(size, template) {
  const results = {};
  for (const contender of CONTENDERS) {
    const folder = join(scratch, contender.replace(' again', '').replaceAll(' ', '-'));
    if (!contender.endsWith('again')) rmSync(folder, { recursive: true, force: true });
    // The small sizes are short, and the machine is noisy: best of three. The large ones speak for themselves.
    const times = contender.endsWith('again') || size >= 1000 ? 1 : 3;
    const runs = Array.from({ length: times }, () => {
      if (times > 1) rmSync(folder, { recursive: true, force: true });
      return JSON.parse(
        execFileSync(
          process.execPath,
          [join(import.meta.dirname, 'contender.js'), contender, String(size), folder, template],
          { maxBuffer: 1e8 },
        ).toString(),
      );
    });
    results[contender] = runs.sort((a, b) => a.ms - b.ms)[0];
    process.stderr.write(
      `${size} ${contender}: ${Math.round(results[contender].ms)} ms, ${Math.round(results[contender].mb)} MB\n`,
    );
    if (contender.startsWith('cdk8s')) rmSync(folder, { recursive: true, force: true });
  }
  return results;
}

function report(rows, objects) {
  const ratio = (a, b) => (a / b).toFixed(1);
  const lines = [
    `${objects} objects per service; Node ${process.version}, ${cpus().length} cores, output on ${memory === '/dev/shm' ? 'a memory file system' : 'disk'}`,
    '',
    '| services | ours, ms | per service, ms | ours again, ms | floor, ms | FILE_PER_CHART, ms | FOLDER_PER_CHART, ms | ours : floor | FILE_PER_CHART : ours | FOLDER_PER_CHART : ours | again : ours | peak memory, MB |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(([size, r]) => {
      const [ours, again, floor, file, dir] = [
        'ours',
        'ours again',
        'floor',
        'cdk8s FILE_PER_CHART',
        'cdk8s FOLDER_PER_CHART',
      ].map((name) => r[name].ms);
      return `| ${[size, Math.round(ours), (ours / size).toFixed(2), Math.round(again), Math.round(floor), Math.round(file), Math.round(dir), ratio(ours, floor), ratio(file, ours), ratio(dir, ours), (again / ours).toFixed(2), Math.round(r.ours.mb)].join(' | ')} |`;
    }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
