import { describe, expect, test } from 'vitest';
import { textOf } from '../../src/core/files.ts';
import { readFile, MAX_LENGTH } from '../../src/review/documents.ts';
import { createMask } from '../../src/review/mask.ts';

const read = (file: string, text: string) => readFile(file, text, createMask());
const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: api\n';

describe('what a file holds', () => {
  test('one object', () => {
    expect(read('a.yaml', service).objects).toEqual([{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' } }]);
  });
  test('several objects, with comments and empty documents between them', () => {
    const { objects, documents, findings } = read(
      'a.yaml',
      `# head\n---\n${service}---\n---\n# nothing\n---\n${service.replace('name: api', 'name: web')}`,
    );
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['api', 'web']);
    expect([documents, findings]).toEqual([[], []]);
  });
  test('the objects of a List, as kubectl get prints them', () => {
    const list =
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: api}}\n- {apiVersion: apps/v1, kind: Deployment, metadata: {name: api}}\n';
    expect(read('a.yaml', list).objects.map(({ kind }) => kind)).toEqual(['Service', 'Deployment']);
    expect(read('a.yaml', list.replace('kind: List', 'kind: ServiceList')).objects).toHaveLength(2);
  });
  test('JSON', () => {
    expect(read('a.json', '{"apiVersion":"v1","kind":"Service","metadata":{"name":"api"}}').objects).toHaveLength(1);
  });
  test('a document that is no object, under the name of the file', () => {
    expect(read('argocd-app.json', '{"stage":"prod"}').documents).toEqual([
      { name: 'argocd-app.json', value: { stage: 'prod' } },
    ]);
    expect(read('a.yaml', `a: 1\n---\n${service}---\nb: 2\n`).documents.map(({ name }) => name)).toEqual([
      'a.yaml',
      'a.yaml#2',
    ]);
  });
  test('a page', () => {
    expect(read('runbook.md', '# Runbook\n').documents).toEqual([{ name: 'runbook.md', value: '# Runbook\n' }]);
  });
  test('nothing', () => {
    expect(read('a.yaml', '# only a comment\n')).toEqual({ objects: [], documents: [], findings: [] });
  });
});

describe('YAML is read as Go reads it', () => {
  test.each([
    ['yes', true],
    ['off', false],
    ['012', 10],
    ['12:30', '12:30'],
    ['2026-11-21', '2026-11-21'],
    ['1_000', 1000],
    ['0x1f', 31],
    ['0o17', 15],
    ['1e3', 1000],
    ['E0', 'E0'],
    ['y', true],
    ['~', null],
  ])('%s', (text, value) => {
    expect(read('a.yaml', `v: ${text}\n`).documents).toEqual([{ name: 'a.yaml', value: { v: value } }]);
  });
  test('with anchors and merged maps', () => {
    expect(read('a.yaml', 'base: &b {x: 1}\nv:\n  <<: *b\n  z: 2\n').documents[0]?.value).toEqual({
      base: { x: 1 },
      v: { x: 1, z: 2 },
    });
  });
});

test('an object needs a name, and no namespace that can be none', () => {
  const objects = (metadata: string): number =>
    read('a.yaml', `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\n`).objects.length;
  expect(['{name: a}', '{name: a, namespace: null}', '{name: a, namespace: 7}'].map(objects)).toEqual([1, 1, 1]);
  expect(['{name: 7}', '{generateName: a}', '{name: a, namespace: {toString: x}}', 'a'].map(objects)).toEqual([
    0, 0, 0, 0,
  ]);
});

test('a template of a Helm chart is text', () => {
  const text = 'metadata:\n  name: {{ .Release.Name }}\n{{- end }}\n';
  expect(read('chart/templates/web.yaml', text)).toEqual({
    objects: [],
    documents: [{ name: 'chart/templates/web.yaml', value: text }],
    findings: [],
  });
  expect(read('chart/web.yaml', text).findings).toMatchObject([{ id: 'plan/syntax' }]);
});

describe('what cannot be read', () => {
  test('YAML with a syntax error says file, line and column, and is a document without a value', () => {
    const { documents, findings } = read('envs/a.yaml', 'a: 1\nb: [1, 2\nc: 3\n');
    expect(documents).toEqual([{ name: 'envs/a.yaml', value: undefined }]);
    expect(findings).toMatchObject([{ id: 'plan/syntax', severity: 'error', where: { file: 'envs/a.yaml', line: 3 } }]);
  });
  test('a duplicate key', () => {
    expect(read('a.yaml', 'a: 1\na: 2\n').findings).toMatchObject([
      { id: 'plan/syntax', where: { line: 2, column: 1 } },
    ]);
  });
  test('JSON with a syntax error, without repeating what stands there', () => {
    const [finding] = read('a.json', '{"password": "hunter2hunter2" x}').findings;
    expect(finding).toMatchObject({ id: 'plan/syntax', where: { file: 'a.json' } });
    expect(finding?.message).not.toContain('hunter2');
  });
  test('aliases that unfold without end', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      ...[...'bcdefghi'].map(
        (name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[index]}`).join(', ')}]`,
      ),
    ].join('\n');
    expect(read('a.yaml', bomb).findings).toMatchObject([{ id: 'plan/syntax' }]);
  });
  test.each([
    ['JSON of thousands of levels', 'a.json', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
    [
      'YAML of thousands of levels, at which its parser gives up',
      'a.yaml',
      `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`,
    ],
    ['YAML of some hundred levels', 'a.yaml', `a: ${'['.repeat(300)}${']'.repeat(300)}\n`],
    ['a value that holds itself', 'a.yaml', 'a: &a\n  b: *a\n'],
  ])('%s', (_, file, text) => {
    expect(read(file, text)).toEqual({
      objects: [],
      documents: [{ name: file, value: undefined }],
      findings: [
        expect.objectContaining({
          id: 'plan/too-large',
          message: 'the file has more than 200 levels and is not compared',
        }) as unknown,
      ],
    });
  });
  test('a key that is a list does not make the parser speak to the terminal', () => {
    const warnings: unknown[] = [];
    const listener = (warning: unknown): void => void warnings.push(warning);
    process.on('warning', listener);
    expect(read('a.yaml', '[1, 2]: x\n').documents[0]?.value).toEqual({ '[ 1, 2 ]': 'x' });
    return new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      process.off('warning', listener);
      expect(warnings).toEqual([]);
    });
  });
  test('a binary file', () => {
    expect(read('a.png', 'PNG\0\0')).toEqual({
      objects: [],
      documents: [{ name: 'a.png', value: undefined }],
      findings: [],
    });
  });
  test('a file that is no UTF-8 is not compared, and an error where Kubernetes would read it', () => {
    const text = textOf(Buffer.from('a: caf\xe9\n', 'latin1'));
    expect(read('a.txt', text)).toEqual({
      objects: [],
      documents: [{ name: 'a.txt', value: undefined }],
      findings: [],
    });
    expect(read('a.yaml', text)).toMatchObject({
      documents: [{ name: 'a.yaml', value: undefined }],
      findings: [
        { id: 'plan/syntax', where: { file: 'a.yaml', line: 1, column: 7 }, message: 'the byte 0xe9 is no UTF-8' },
      ],
    });
  });
  test('a file of ten megabytes is not read, and said', () => {
    const { documents, findings } = read('big.yaml', 'a: 1\n'.repeat(2_000_000));
    expect(documents).toEqual([{ name: 'big.yaml', value: undefined }]);
    expect(findings).toMatchObject([
      {
        id: 'plan/too-large',
        severity: 'warning',
        message: 'the file has 10.0 million characters and is not compared',
      },
    ]);
    expect(MAX_LENGTH).toBeLessThan(10_000_000);
  });
});
