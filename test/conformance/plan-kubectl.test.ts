import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readFile } from '../../src/review/documents.ts';
import { createMask } from '../../src/review/mask.ts';
import { kubectl } from './kubectl.ts';

/** What a plan reads in a file is what kubectl reads there. */

const folder = mkdtempSync(join(tmpdir(), 'plan-kubectl-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The objects of files, in order, with a label that kubectl is made to add because it must do something. */
function byKubectl(files: readonly string[]): unknown[] {
  const args = files.flatMap((file) => ['--filename', file]);
  const json = kubectl('label', '--local', '--output', 'json', 'seen=yes', ...args);
  // One JSON document after the other, each of which starts and ends in the first column.
  return json.split(/^(?=\{$)/m).map((text) => JSON.parse(text) as unknown);
}

function byPlan(files: readonly string[]): unknown[] {
  return files.flatMap((file) => {
    const { objects, documents, findings } = readFile(file, readFileSync(file, 'utf8'), createMask());
    expect([documents, findings]).toEqual([[], []]);
    return objects.map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, seen: 'yes' } },
    }));
  });
}

describe('YAML as kubectl reads it', () => {
  test('every manifest of the golden tree', () => {
    const tree = join(import.meta.dirname, '../../snapshots');
    const files = readdirSync(tree, { recursive: true, encoding: 'utf8' })
      .filter((path) => /(?:manifests|^argocd)\/[^/]*\.yaml$/.test(path))
      .sort()
      .map((path) => join(tree, path));
    expect(files.length).toBeGreaterThan(50);
    expect(byPlan(files)).toEqual(byKubectl(files));
  });

  test('files as other tools and hands write them', () => {
    const files = Object.entries(OTHERS).map(([name, text]) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    expect(byPlan(files)).toEqual(byKubectl(files));
  });
});

const object = (name: string, rest: string): string =>
  `apiVersion: example.com/v1\nkind: Sample\nmetadata:\n  name: ${name}\n${rest}`;

const OTHERS: Readonly<Record<string, string>> = {
  'scalars.yaml': object(
    'scalars',
    'v: [yes, No, on, OFF, y, n, true, ~, null, 012, 0o17, 0x1f, 0b11, 1_000, 12:30, 1:2:3, 1e3, E0, .5, -012, "yes", \'1\', 1.0, 10.50]\n',
  ),
  'keys.yaml': object('keys', 'v: {yes: 1, "no": 2, off: 3, 1: 4}\n'),
  'text.yaml': object('text', 'v: |\n  a\n\n  b\nw: >-\n  a\n  b\n\n  c\nx: "a\\tb\\u00e9"\n'),
  'anchors.yaml': object('anchors', 'base: &base {a: 1, b: [x, y]}\nv:\n  <<: *base\n  a: 2\nw: *base\n'),
  'several.yaml': `# a comment\n---\n${object('one', '')}---\n---\n${object('two', '')}...\n---\n# the end\n`,
  'list.yaml': `apiVersion: v1\nkind: List\nitems:\n- ${object('three', '').trimEnd().replaceAll('\n', '\n  ')}\n- ${object('four', '').trimEnd().replaceAll('\n', '\n  ')}\n`,
  'windows.yaml': object('windows', 'v: 1\n').replaceAll('\n', '\r\n'),
  'mark.yaml': `\ufeff${object('mark', '')}`,
  'five.json':
    '{"apiVersion": "example.com/v1", "kind": "Sample", "metadata": {"name": "five"}, "v": [1, 1.5, null]}\n',
};
