import { readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import type { Finding } from '../core/finding.ts';
import { LOCK_FILE } from './paths.ts';
import { treeFinding } from './rules.ts';

/** A write takes seconds. A lock this old is left over, even if another process has got the same number since. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Makes sure that one process writes a folder at a time. The lock of a process that is gone counts for nothing.
 * Returns a finding when another one is at work. Throws when the folder cannot be written to.
 */
export function acquireLock(outDir: string): Finding | undefined {
  const file = `${outDir}/${LOCK_FILE}`;
  if (tryLock(file)) return undefined;
  const holder = liveHolder(file);
  if (holder === undefined) {
    releaseLock(outDir);
    if (tryLock(file)) return undefined;
  }
  return treeFinding(
    'tree/locked',
    file,
    `process ${holder ?? 'of another run'} is writing to this folder`,
    'wait until it is done; if there is none, delete the lock file',
  );
}

/** Gives the folder free. */
export function releaseLock(outDir: string): void {
  try {
    unlinkSync(`${outDir}/${LOCK_FILE}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that holds the lock, `undefined` when it is gone. This process never holds one twice. */
function liveHolder(file: string): number | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || Date.now() - stat.mtimeMs > MAX_AGE_MS) return undefined;
  // Without the line break the number is not complete: its writer was killed in the middle.
  const pid = Number(/^([1-9]\d*)\n$/.exec(readFileSync(file, 'utf8'))?.[1]);
  if (Number.isNaN(pid) || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // Not permitted means that it lives and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
