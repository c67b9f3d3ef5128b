import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** The calls by which the writer changes the disk. */
const CHANGES = ['writeFileSync', 'renameSync', 'unlinkSync', 'mkdirSync', 'rmdirSync', 'rmSync'] as const;

type Change = (...args: unknown[]) => unknown;

/**
 * Calls `strike` in place of the `step`-th change of the disk from now on, counted from 1; a write is half done by
 * then. Returns a function that restores the calls and says how many there were.
 */
export function strikeAt(step: number, strike: () => void): () => number {
  const calls = fs as unknown as Record<(typeof CHANGES)[number], Change>;
  const originals = { ...calls };
  let count = 0;
  for (const name of CHANGES) {
    const original = originals[name];
    calls[name] = (...args) => {
      count++;
      if (count === step) {
        const [path, content] = args;
        if (name === 'writeFileSync' && typeof content === 'string')
          original(path, content.slice(0, content.length / 2), args[2]);
        strike();
      }
      return original(...args);
    };
  }
  syncBuiltinESMExports();
  return () => {
    for (const name of CHANGES) calls[name] = originals[name];
    syncBuiltinESMExports();
    return count;
  };
}
