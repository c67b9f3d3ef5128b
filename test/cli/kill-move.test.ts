import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planMove } from '../../src/app/move.ts';
import type { Move } from '../../src/release/transition.ts';
import { recoverJournal, writeJournaled } from '../../src/tree/journal.ts';
import { JOURNAL_FILE } from '../../src/tree/paths.ts';
import { checkoutIn, checkoutWith, FOLDERS, make } from '../support/checkout.ts';
import { run } from '../support/project.ts';
import { strikeAt } from '../tree/faults.ts';
import { everythingIn } from '../tree/folders.ts';

/**
 * Release commands that are killed: afterwards every file is the old one or the new one, and the next command ends in the
 * old checkout or in the new one, whole. At every change of the disk once, in the process; at every second one again with
 * the built command and SIGKILL, which leaves the lock behind as well.
 */

type Everything = Readonly<Record<string, string>>;

/** What only a killed run leaves behind; no reader takes it for anything else. */
const LEFT_BEHIND = /(?:^|\/)(?:\.ai-service-(?:lock|journal)|\..*\.ai-service-tmp)$/;

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'kill-move-'));
  folders.push(path);
  return path;
}

/** A checkout in which some moves were made; it is copied for every kill. */
async function checkoutAfter(moves: readonly Move[]): Promise<string> {
  const root = folder();
  cpSync(checkoutWith(), root, { recursive: true });
  for (const move of moves) await make(root, { move });
  return root;
}

function copyOf(root: string): string {
  const copy = folder();
  cpSync(root, copy, { recursive: true });
  return copy;
}

const withoutRest = (files: Everything): Everything =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !LEFT_BEHIND.test(path)));

/** Every file is whole: as before the move, as after it, or, when only one of the two has it, not there. */
function expectWholeFiles(left: Everything, before: Everything, after: Everything): void {
  for (const path of new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(withoutRest(left))])) {
    // An empty folder is between the last file that goes and its own removal.
    if (left[path] === '<empty>') continue;
    expect([before[path], after[path]], path).toContain(left[path]);
  }
}

const RELEASE: Move = { action: 'release', release: 'v2' };
const ADVANCE: Move = { action: 'advance' };
const FINISH: Move = { action: 'finish' };
const ROLLBACK: Move = { action: 'rollback' };
const CLEANUP: Move = { action: 'cleanup' };

/** Moves that change, add and remove files. */
const MOVES: readonly (readonly [name: string, before: readonly Move[], move: Move])[] = [
  ['a release', [], RELEASE],
  ['an advance', [RELEASE], ADVANCE],
  ['a finish', [RELEASE, ADVANCE, ADVANCE], FINISH],
  ['a rollback in a canary', [RELEASE, ADVANCE], ROLLBACK],
  ['a rollback to what served before', [RELEASE, ADVANCE, ADVANCE, FINISH], ROLLBACK],
  ['a cleanup after an abort', [RELEASE, ADVANCE, { action: 'abort' }], CLEANUP],
  [
    'a cleanup after a finish with two old releases',
    [RELEASE, ADVANCE, ADVANCE, FINISH, CLEANUP, { action: 'release', release: 'v3' }, ADVANCE, ADVANCE, FINISH],
    CLEANUP,
  ],
];

let kills = 0;

/** Stops what changes the disk at a step; returns how many steps there were. */
function killedAt(step: number, work: () => unknown): number {
  const steps = strikeAt(step, () => {
    throw new Error('killed');
  });
  try {
    work();
  } catch {
    // The lock is taken before everything else, and given back after it.
  }
  return steps();
}

describe.each(MOVES)('%s, killed at any change of the disk', (_name, moves, move) => {
  test('leaves whole files, and the next command ends before or after it', async () => {
    const start = await checkoutAfter(moves);
    const { value: planned, findings } = await planMove(checkoutIn(start), {
      service: 'fraud',
      environment: 'prod-eu',
      move,
    });
    if (!planned) throw new Error(JSON.stringify(findings));
    const write = (root: string, step: number): number =>
      killedAt(step, () => writeJournaled({ root, tree: FOLDERS.tree }, planned.changes));
    const done = copyOf(start);
    const steps = write(done, 0);
    const [before, after] = [everythingIn(start), everythingIn(done)];
    expect(Object.keys(after).filter((path) => LEFT_BEHIND.test(path))).toEqual([]);
    expect(after).not.toEqual(before);

    const ends = new Set<string>();
    for (let step = 1; step <= steps; step += 1) {
      const root = copyOf(start);
      write(root, step);
      kills += 1;
      expectWholeFiles(everythingIn(root), before, after);
      // What heals may be killed as well.
      const place = { root, tree: FOLDERS.tree };
      if (existsSync(join(root, FOLDERS.tree, JOURNAL_FILE))) {
        killedAt(1 + (step % 7), () => recoverJournal(place));
        kills += 1;
        expectWholeFiles(everythingIn(root), before, after);
      }
      expect(recoverJournal(place)).toEqual([]);
      const healed = withoutRest(everythingIn(root));
      const end = JSON.stringify(healed) === JSON.stringify(after) ? 'after' : 'before';
      expect(healed, `step ${step}`).toEqual(end === 'after' ? after : before);
      ends.add(end);
      // And the move can be made: at once where it was not, and again as if nothing had been where it was.
      if (end === 'before') {
        write(root, 0);
        expect(withoutRest(everythingIn(root))).toEqual(after);
      }
      rmSync(root, { recursive: true });
    }
    expect([...ends]).toEqual(['before', 'after']);
  });
});

describe('the built command, killed by the system', () => {
  let faults: string;
  beforeAll(() => {
    const root = folder();
    const { outputText } = ts.transpileModule(readFileSync(new URL('../tree/faults.ts', import.meta.url), 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    writeFileSync(join(root, 'faults.mjs'), outputText);
    faults = join(root, 'preload.mjs');
    writeFileSync(
      faults,
      `import { strikeAt } from './faults.mjs';
const steps = strikeAt(Number(process.env.KILL_AT), () => process.kill(process.pid, 'SIGKILL'));
process.on('exit', () => process.stderr.write(\`steps \${steps()}\\n\`));
`,
    );
  });

  const command = (root: string, args: readonly string[], step: number) =>
    run(root, [...args, 'fraud', '--env', 'prod-eu'], { env: { KILL_AT: String(step) }, node: ['--import', faults] });

  test.each<[string, readonly Move[]]>([
    ['rollback', [RELEASE, ADVANCE]],
    ['cleanup', [RELEASE, ADVANCE, { action: 'abort' }]],
  ])('%s leaves whole files, and status heals', async (name, moves) => {
    const start = await checkoutAfter(moves);
    const done = copyOf(start);
    const whole = await command(done, [name], 0);
    expect(whole).toMatchObject({ code: 0, signal: null });
    const steps = Number(/steps (\d+)/.exec(whole.stderr)?.[1]);
    expect(steps).toBeGreaterThan(10);
    const [before, after] = [everythingIn(start), everythingIn(done)];

    const killAt = async (step: number): Promise<void> => {
      const root = copyOf(start);
      expect(await command(root, [name], step)).toEqual({ code: null, signal: 'SIGKILL', stdout: '', stderr: '' });
      kills += 1;
      expectWholeFiles(everythingIn(root), before, after);
      const next = await run(root, ['status']);
      expect(next).toMatchObject({ code: 0, stderr: '' });
      const healed = withoutRest(everythingIn(root));
      expect(healed, `step ${step}`).toEqual(JSON.stringify(healed) === JSON.stringify(after) ? after : before);
    };
    // Each takes two processes; all the steps were seen above.
    const waiting = Array.from({ length: Math.ceil(steps / 2) }, (_, index) => 1 + index * 2);
    const worker = async (): Promise<void> => {
      for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) await killAt(step);
    };
    await Promise.all([worker(), worker()]);
  });
});

test('these were at least 200 kills', () => {
  expect(kills).toBeGreaterThanOrEqual(200);
});
