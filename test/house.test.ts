import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** The walls of the house (docs/architecture.md): data flows one way, so a room imports only from rooms above it. */
const ROOMS = [
  'core',
  'git',
  'service',
  'release',
  'promql',
  'gate',
  'render',
  'check',
  'tree',
  'review',
  'app',
  'cli',
];

/** The importer stands beside them: it knows `core`, and only the command line knows it. */
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ROOMS.map((room, index) => [room, ROOMS.slice(0, index + 1)])),
  import: ['core', 'import'],
  cli: [...ROOMS, 'import'],
};

const src = join(import.meta.dirname, '../src');
const rooms = readdirSync(src, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('every room has its place', () => {
  expect(rooms.sort()).toEqual(Object.keys(ABOVE).sort());
});

test.each(rooms)('%s imports only from the rooms above it', (room) => {
  const files = readdirSync(join(src, room), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const wrong = files.flatMap((file) => {
    const folder = join(src, room, file, '..');
    const imported = [...readFileSync(join(src, room, file), 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(
      ([, path = '']) => join(folder, path),
    );
    const others = imported
      .filter((path) => path.startsWith(`${src}/`))
      .map((path) => path.slice(src.length + 1).split('/')[0] ?? '');
    return others.filter((other) => !ABOVE[room]?.includes(other)).map((other) => `${file} imports from ${other}`);
  });
  expect(wrong).toEqual([]);
});
