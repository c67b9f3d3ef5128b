import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runImport } from '../../src/cli/import.ts';
import { crd, folderOf, textsOf } from '../import/fixture.ts';

const WIDGET = crd('Widget', { type: 'object', properties: { size: { type: 'integer' } } });
const BIGGER = crd('Widget', { type: 'object', properties: { size: { type: 'integer' }, colour: { type: 'string' } } });

test('a project is called after its folder or file when no name is given', async () => {
  const folder = await folderOf({
    'acme/widget.json': WIDGET,
    'gadgets.yaml': JSON.stringify(crd('Gadget', { type: 'object' })),
  });
  const out = await folderOf();
  await runImport([join(folder, 'acme/'), join(folder, 'gadgets.yaml')], { out, version: '1.0.0' });
  const { 'sources.yaml': sources } = await textsOf(out);
  expect(sources?.match(/project: .*\n.*/g)).toEqual([
    'project: acme\n    version: 1.0.0',
    'project: gadgets\n    version: 1.0.0',
  ]);
});

test('what sources.yaml lists is imported again from other folders', async () => {
  const out = await folderOf();
  await runImport([await folderOf({ 'widget.json': WIDGET })], { out, project: 'acme', version: '1.0.0' });
  const before = await textsOf(out);
  // The folder may hold more than was asked for: only listed files and kinds are taken.
  const newer = await folderOf({ 'acme/widget.json': BIGGER, 'acme/gadget.json': crd('Gadget', { type: 'object' }) });
  const { written, findings } = await runImport([newer], { out, listed: true });
  expect(findings).toEqual([]);
  expect(written).toEqual(['acme.example/schema.json', 'acme.example/v1.d.ts', 'sources.yaml']);
  const after = await textsOf(out);
  expect(after['acme.example/v1.d.ts']).toContain('colour?: string;');
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(after['sources.yaml']).toContain('version: 1.0.0');
});

test('a listed project that is in none of the folders keeps what was imported before', async () => {
  const out = await folderOf();
  await runImport([await folderOf({ 'widget.json': WIDGET })], { out, project: 'acme' });
  const { written, findings } = await runImport([await folderOf()], { out, listed: true });
  expect(written).toEqual([]);
  expect(findings).toEqual([
    {
      id: 'import/source-missing',
      severity: 'warning',
      where: { file: join(out, 'sources.yaml') },
      message: 'widget.json of acme is in none of the folders; what was imported before is kept',
      fix: 'give a folder that holds acme/widget.json',
    },
  ]);
});

test('a list of sources that is broken is an error', async () => {
  const out = await folderOf({ 'sources.yaml': 'sources: {}' });
  const { findings } = await runImport([], { out, listed: true });
  expect(findings.map(({ id }) => id)).toContain('import/output-broken');
});
