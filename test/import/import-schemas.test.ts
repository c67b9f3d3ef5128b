import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { stringify } from 'yaml';
import { importSchemas as importWith, type ImportResult } from '../../src/import/import-schemas.ts';
import type { ImportSource } from '../../src/import/read-source.ts';
import { IMPORT_RULES } from '../../src/import/rules.ts';
import { CONTAINER, crd, folderOf, OFFLINE, textsOf, webOf } from './fixture.ts';

const WIDGET = crd('Widget', { type: 'object', properties: { main: CONTAINER, side: CONTAINER } }, ['v1', 'v1beta1']);
const GADGET = crd('Gadget', {
  type: 'object',
  properties: { main: CONTAINER, size: { type: 'integer', description: 'In metres.' } },
});

function importSchemas(request: { sources: readonly ImportSource[]; outDir: string }): Promise<ImportResult> {
  return importWith({ ...request, network: OFFLINE });
}

afterEach(() => void vi.doUnmock('json-schema-to-typescript'));

test('a folder of manifests becomes schemas, types and a list of sources', async () => {
  const location = await folderOf({ 'widget.json': WIDGET, 'sub/gadget.yaml': stringify(GADGET) });
  const outDir = await folderOf();
  expect(await importSchemas({ sources: [{ project: 'acme', version: '1.2.0', location }], outDir })).toEqual({
    written: [
      'acme.example/docs.json',
      'acme.example/schema.json',
      'acme.example/v1.d.ts',
      'acme.example/v1beta1.d.ts',
      'sources.yaml',
    ],
    removed: [],
    findings: [],
  });
  const texts = await textsOf(outDir);
  expect(texts['acme.example/v1.d.ts']).toContain('export type Gadget = {');
  expect(texts['acme.example/v1beta1.d.ts']).not.toContain('Gadget');
  expect(texts['acme.example/schema.json']).not.toContain('metres');
  expect(texts['acme.example/v1.d.ts']).toContain('* In metres.');
  expect(texts['sources.yaml']).toMatch(
    /project: acme\n {4}version: 1.2.0\n {4}files:\n {6}- file: sub\/gadget.yaml\n {8}digest: sha256:[0-9a-f]{64}\n/,
  );
});

test('an https address is listed as it was given', async () => {
  const location = 'https://example.com/crds/gadget.json';
  const outDir = await folderOf();
  const { network } = webOf({ [location]: [JSON.stringify(GADGET)] });
  const { findings } = await importWith({ sources: [{ project: 'acme', location }], outDir, network });
  expect(findings).toEqual([]);
  expect((await textsOf(outDir))['sources.yaml']).toContain(`    files:\n      - file: ${location}\n        digest: `);
});

test.each([
  'https://user:hunter2@example.com/gadget.json',
  'https://example.com/gadget.json?token=hunter2',
  'https://example.com/gadget.json#hunter2',
  'http://user:hunter2@example.com/gadget.json?token=hunter2#hunter2',
  'https:/user:hunter2@example.com/gadget.json',
  'https://user:hun/ter2@example.com/gadget.json?token=hunter2',
])('no secret of %s is said or written', async (location) => {
  const outDir = await folderOf();
  const { written, findings } = await importSchemas({
    sources: [{ project: 'acme', location, kinds: ['Gadget'] }],
    outDir,
  });
  expect(written).toEqual([]);
  expect(await textsOf(outDir)).toEqual({});
  expect(findings.map(({ id }) => id)).toEqual(['import/kind-missing', 'import/unreadable']);
  expect(JSON.stringify(findings)).not.toMatch(/hun|ter2/);
});

test('importing the same again writes nothing', async () => {
  const sources = [{ project: 'acme', location: await folderOf({ 'widget.json': WIDGET, 'gadget.json': GADGET }) }];
  const outDir = await folderOf();
  await importSchemas({ sources, outDir });
  expect(await importSchemas({ sources, outDir })).toEqual({ written: [], removed: [], findings: [] });
});

test('a second file of a group is added; the order of imports does not matter, and no docs are lost', async () => {
  const location = await folderOf({ 'widget.json': WIDGET, 'gadget.json': GADGET });
  const source = (...files: string[]) => ({ project: 'acme', location, files });
  const [whole, forth, back] = [await folderOf(), await folderOf(), await folderOf()];
  await importSchemas({ sources: [source('widget.json', 'gadget.json')], outDir: whole });
  for (const file of ['widget.json', 'gadget.json']) await importSchemas({ sources: [source(file)], outDir: forth });
  await importSchemas({ sources: [source('gadget.json'), source('widget.json')], outDir: back });
  expect(await textsOf(forth)).toEqual(await textsOf(whole));
  expect(await textsOf(back)).toEqual(await textsOf(whole));
});

test('types of a version that no kind has any more are removed, files of others stay', async () => {
  const outDir = await folderOf({ 'acme.example/mine.d.ts': '// Mine.\n' });
  await importSchemas({ sources: [{ project: 'acme', location: await folderOf({ 'w.json': WIDGET }) }], outDir });
  const location = await folderOf({ 'w.json': crd('Widget', { type: 'object' }) });
  const { written, removed } = await importSchemas({ sources: [{ project: 'acme', location }], outDir });
  expect(removed).toEqual(['acme.example/docs.json', 'acme.example/v1beta1.d.ts']);
  expect(written).toEqual(['acme.example/schema.json', 'acme.example/v1.d.ts', 'sources.yaml']);
  expect(Object.keys(await textsOf(outDir))).toContain('acme.example/mine.d.ts');
});

test('only the kinds that are asked for are taken, and the list of sources says so', async () => {
  const location = await folderOf({ 'all.yaml': `${stringify(WIDGET)}---\n${stringify(GADGET)}` });
  const outDir = await folderOf();
  const { written } = await importSchemas({
    sources: [{ project: 'acme', location, kinds: ['acme.example/v1beta1/Widget'] }],
    outDir,
  });
  expect(written).toContain('acme.example/v1beta1.d.ts');
  expect(written).not.toContain('acme.example/v1.d.ts');
  expect((await textsOf(outDir))['sources.yaml']).toContain('kinds:\n          - acme.example/v1beta1/Widget\n');
});

test('prose can be left out of the types', async () => {
  const location = await folderOf({ 'gadget.json': GADGET });
  const outDir = await folderOf();
  const { written } = await importSchemas({ sources: [{ project: 'acme', location, descriptions: false }], outDir });
  expect(written).toEqual(['acme.example/schema.json', 'acme.example/v1.d.ts', 'sources.yaml']);
  expect((await textsOf(outDir))['acme.example/v1.d.ts']).not.toContain('metres');
});

test('a folder of manifests may hold other things: they are told and left out', async () => {
  const location = await folderOf({
    'all.yaml': `${stringify(GADGET)}---\nkind: Deployment\n`,
    'package.json': { name: 'x' },
  });
  const { written, findings } = await importSchemas({
    sources: [{ project: 'acme', location }],
    outDir: await folderOf(),
  });
  expect(written).toContain('acme.example/schema.json');
  expect(
    findings.map(({ id, severity, where, message }) => [
      id,
      severity,
      where.file?.slice(location.length + 1),
      where.line !== undefined,
      message,
    ]),
  ).toEqual([
    [
      'import/no-crd',
      'warning',
      'all.yaml',
      true,
      'is a Deployment, neither a CustomResourceDefinition nor a Kubernetes OpenAPI document; it is left out',
    ],
    [
      'import/no-crd',
      'warning',
      'package.json',
      false,
      'is something else, neither a CustomResourceDefinition nor a Kubernetes OpenAPI document; it is left out',
    ],
  ]);
});

test.each<[string, Record<string, string | object>, string[] | undefined]>([
  ['import/nothing-found', { 'a.yaml': 'kind: Deployment\n' }, undefined],
  ['import/kind-missing', { 'a.json': GADGET }, ['Gadget', 'Gizmo']],
  ['import/kind-twice', { 'a.json': GADGET, 'b.json': crd('Gadget', { type: 'object' }) }, undefined],
  ['import/syntax', { 'a.json': GADGET, 'b.yaml': 'kind: [List' }, undefined],
])('%s: an error, and nothing is written', async (id, files, kinds) => {
  const outDir = await folderOf();
  const source = { project: 'acme', location: await folderOf(files), ...(kinds && { kinds }) };
  const { written, findings } = await importSchemas({ sources: [source], outDir });
  expect(findings.filter(({ severity }) => severity === 'error').map((finding) => finding.id)).toEqual([id]);
  expect(written).toEqual([]);
  expect(await textsOf(outDir)).toEqual({});
});

test('the same definition in two files is one', async () => {
  const location = await folderOf({ 'a.json': GADGET, 'b.json': GADGET });
  const { findings } = await importSchemas({ sources: [{ project: 'acme', location }], outDir: await folderOf() });
  expect(findings).toEqual([]);
});

test.each(['acme.example/schema.json', 'sources.yaml'])('a broken %s is not overwritten', async (path) => {
  const outDir = await folderOf({ [path]: 'edited by hand' });
  const { findings } = await importSchemas({
    sources: [{ project: 'acme', location: await folderOf({ 'a.json': GADGET }) }],
    outDir,
  });
  expect(findings.map(({ id, where }) => [id, where.file])).toEqual([['import/output-broken', join(outDir, path)]]);
  expect(await textsOf(outDir)).toEqual({ [path]: 'edited by hand' });
});

test('without json-schema-to-typescript, the finding says what to install', async () => {
  vi.doMock('json-schema-to-typescript', () => {
    throw new Error('Cannot find package');
  });
  const { findings } = await importSchemas({
    sources: [{ project: 'acme', location: await folderOf({ 'a.json': GADGET }) }],
    outDir: await folderOf(),
  });
  expect(findings.map(({ id, fix }) => [id, fix])).toEqual([
    ['import/compiler-missing', 'npm install --save-dev json-schema-to-typescript@16'],
  ]);
});

test('every rule of the importer has an id of its own in the room import', () => {
  const ids = IMPORT_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^import\/[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
});
