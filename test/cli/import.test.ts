import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
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

/** The command as it is installed; `npm test` builds it before. */
function aiService(cwd: string, ...args: string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, '../../bin/ai-service.js'), ...args], {
    cwd,
    encoding: 'utf8',
  });
}

test('every option of the command line is heard', async () => {
  const described = crd('Widget', {
    type: 'object',
    properties: { size: { type: 'integer', description: 'How large it is.' } },
  });
  const cwd = await folderOf({ 'crds/widget.json': described, 'crds/gadget.json': crd('Gadget', { type: 'object' }) });
  const options = [
    '--out',
    'types',
    '--project',
    'acme',
    '--version',
    '1.4.0',
    '--kinds',
    'Widget',
    '--no-descriptions',
  ];
  expect(aiService(cwd, 'import', 'crds', ...options)).toMatchObject({
    status: 0,
    stderr: 'types: 3 written, 0 removed\n',
  });
  const texts = await textsOf(join(cwd, 'types'));
  expect(Object.keys(texts)).toEqual(['acme.example/schema.json', 'acme.example/v1.d.ts', 'sources.yaml']);
  expect(texts['acme.example/v1.d.ts']).toContain('size?: number;');
  expect(texts['acme.example/v1.d.ts']).not.toContain('How large it is.');
  expect(texts['sources.yaml']).toContain('project: acme\n    version: 1.4.0\n    descriptions: false');

  expect(aiService(cwd, 'import', '--listed', 'crds', '--out', 'types')).toMatchObject({
    status: 0,
    stderr: 'types: 0 written, 0 removed\n',
  });
});

test('a kind that is nowhere is an error, and exits with 1', async () => {
  const cwd = await folderOf({ 'widget.json': WIDGET });
  const { status, stderr } = aiService(cwd, 'import', 'widget.json', '--kinds', 'Wodget');
  expect(status).toBe(1);
  expect(stderr).toContain('error import/kind-missing: widget.json\n  no kind Wodget is defined here\n');
});

test('a folder that cannot be written to is a finding', async () => {
  const folder = await folderOf({ 'widget.json': WIDGET, file: 'x' });
  const { written, findings } = await runImport([join(folder, 'widget.json')], { out: join(folder, 'file') });
  expect(written).toEqual([]);
  expect(findings.map(({ id, where }) => [id, where.file])).toEqual([['tree/output-folder', join(folder, 'file')]]);
});

test('a proxy of the environment is used, and an address that is none is not repeated', async () => {
  vi.stubEnv('https_proxy', 'user:hunter2@proxy:3128');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { findings } = await runImport(['https://example.invalid/crds.yaml'], { out: await folderOf() });
  expect(findings.map(({ where, message }) => [where.file, message])).toEqual([
    ['https://example.invalid/crds.yaml', 'cannot be read: the network failed: INVALID_PROXY_ADDRESS (tried 3 times)'],
  ]);
});

test('an address that is none is a finding, which does not repeat it', async () => {
  const { findings } = await runImport(['https://user:hunter2@[example/crds.yaml'], { out: await folderOf() });
  expect(findings.map(({ id, where }) => [id, where.file])).toEqual([['import/unreadable', 'https://…']]);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});
