import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { emitYaml } from '../../src/core/yaml.ts';
import { INDEX_FILE } from '../../src/tree/paths.ts';
import { listTree, parseManifest } from '../../src/tree/read.ts';
import { writeScratch } from '../../src/tree/scratch.ts';
import { writeTree } from '../../src/tree/write.ts';
import { putFiles, temporaryFolder } from './folders.ts';

describe('listTree', () => {
  const files = new Map([['b/y.yaml', '1'], ['b/x.yaml', '2'], ['a.json', '3']]);

  test('lists own files of an owned folder, as far as they are there', () => {
    const outDir = temporaryFolder();
    putFiles(outDir, { 'README.md': 'theirs' });
    writeTree({ outDir, files });
    putFiles(outDir, { [INDEX_FILE]: 'ai-service-index 1\na.json\nb/gone.yaml\nb/x.yaml\nb/y.yaml\n' });
    expect(listTree(outDir)).toStrictEqual({ files: ['a.json', 'b/x.yaml', 'b/y.yaml'], findings: [] });
  });

  test('lists every file of a scratch folder, and follows no link', () => {
    const outDir = temporaryFolder();
    writeScratch(outDir, files);
    symlinkSync(outDir, join(outDir, 'b/loop'));
    expect(listTree(outDir)).toStrictEqual({ files: ['a.json', 'b/x.yaml', 'b/y.yaml'], findings: [] });
  });

  test('of a missing folder is empty', () => {
    expect(listTree(join(temporaryFolder(), 'none'))).toStrictEqual({ files: [], findings: [] });
  });

  test('says when the index cannot be trusted', () => {
    const outDir = temporaryFolder();
    putFiles(outDir, { [INDEX_FILE]: 'nonsense' });
    expect(listTree(outDir).findings.map(({ id }) => id)).toStrictEqual(['tree/index']);
  });
});

describe('parseManifest', () => {
  test('reads back what the emitter wrote', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { on: 'yes', n: '012', t: 'a\nb\n' } };
    expect(parseManifest(emitYaml(object), 'x.yaml')).toStrictEqual({ object });
  });

  test.each([
    ['a syntax error', 'apiVersion: v1\nkind: [a\n', ['yaml/syntax 3:1']],
    ['a duplicate key', 'apiVersion: v1\nkind: A\nkind: B\n', ['yaml/syntax 3:1']],
    ['two documents', '---\na: 1\n---\nb: 2\n', ['yaml/syntax 3:1']],
    ['no document', '', ['tree/manifest undefined:undefined']],
    ['no object', '# x\nkind: A\nmetadata: {name: x}\n', ['tree/manifest 2:1']],
    ['no name', 'apiVersion: v1\nkind: A\nmetadata: {}\n', ['tree/manifest 1:1']],
    ['a scalar', 'x\n', ['tree/manifest 1:1']],
  ])('says where the mistake is: %s', (_, text, places) => {
    const { findings = [] } = parseManifest(text, 'tree/x.yaml');
    expect(findings.map(({ id, where }) => `${id} ${where.line}:${where.column}`)).toStrictEqual(places);
    expect(findings.map(({ where }) => where.file)).toStrictEqual(places.map(() => 'tree/x.yaml'));
  });

  test('says what an object must have', () => {
    expect(parseManifest('a: 1\n', 'tree/x.yaml').findings).toStrictEqual([
      {
        id: 'tree/manifest',
        severity: 'error',
        where: { file: 'tree/x.yaml', line: 1, column: 1 },
        message: 'the document has no apiVersion, kind and metadata.name, so it is no Kubernetes object',
        fix: 'write one Kubernetes object per file, or run synth again',
      },
    ]);
  });
});
