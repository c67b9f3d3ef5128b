import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';

let folder: string;
let out: string;
let err: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reference-'));
  [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((err += String(text))));
  writeFileSync(
    join(folder, 'sample.csv'),
    `score\n${Array.from({ length: 200 }, (_, index) => `${index + 1}\n`).join('')}`,
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const sample = (): string => join(folder, 'sample.csv');

describe('reference build', () => {
  test('prints a reference of a sample', async () => {
    expect(await main(['reference', 'build', sample(), '--column', 'score', '--bins', '4'])).toBe(0);
    expect(JSON.parse(out)).toEqual({ edges: [50, 100, 150], shares: [0.25, 0.25, 0.25, 0.25], n: 200 });
    expect(err).toBe('');
  });

  test('writes it, of a feature and with edges of our own', async () => {
    const file = join(folder, 'reference/age.json');
    expect(await main(['reference', 'build', sample(), '--edges', '50,100', '--feature', 'age', '--out', file])).toBe(
      0,
    );
    expect(out).toBe('');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      feature: 'age',
      edges: [50, 100],
      shares: [0.25, 0.25, 0.5],
      n: 200,
    });
  });

  test.each([
    [['--column', 'scores'], 'error reference/column'],
    [['--bins', 'many'], 'error reference/bins: "many" is not a number of bins'],
    [['--edges', '1,,2'], 'error reference/bins: "1,,2" is not a list of edges'],
  ])('with %j is refused', async (options, expected) => {
    expect(await main(['reference', 'build', sample(), ...options])).toBe(1);
    expect(err.replace('\n ', ':')).toContain(expected);
    expect(out).toBe('');
  });

  test('of a file that is not there is refused', async () => {
    expect(await main(['reference', 'build', join(folder, 'no.csv')])).toBe(1);
    expect(err).toContain('the file cannot be read: ENOENT');
  });
});

test('a reference that cannot be written is refused', async () => {
  expect(await main(['reference', 'build', sample(), '--bins', '2', '--out', '/proc/references/score.json'])).toBe(1);
  expect(err).toContain('the file cannot be written: ENOENT');
});

describe('reference snippet', () => {
  test('prints a transformer for references', async () => {
    const file = join(folder, 'score.json');
    expect(await main(['reference', 'build', sample(), '--bins', '2', '--out', file])).toBe(0);
    expect(await main(['reference', 'snippet', file])).toBe(0);
    expect(out).toContain('PREDICTIONS = Histogram("score", "Predictions.", buckets=(100,))\n');
  });

  test('of what is no reference is refused', async () => {
    const file = join(folder, 'score.json');
    writeFileSync(file, '{}');
    expect(await main(['reference', 'snippet', file])).toBe(1);
    expect(err).toContain('error monitoring/reference');
  });
});
