import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectWith, run, SERVICE, type Ran } from '../support/project.ts';

/** Without promtool; with it the stories are run in test/conformance/stories.test.ts. */
const ALONE = { env: { PATH: '/nowhere' } };

function monitoringTest(
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): { root: string; ran: Promise<Ran> } {
  const root = projectWith({ 'apps/hello/service.yaml': SERVICE, ...files });
  return { root, ran: run(root, ['monitoring', 'test', 'hello', '--env', 'prod-eu', ...args], ALONE) };
}

test('without promtool there is nothing to run, unless the files are kept', async () => {
  expect(await monitoringTest({}).ran).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error story/no-promtool\n  promtool cannot be run\n') as string,
  });
  const { root, ran } = monitoringTest({}, '--out', 'kept');
  expect(await ran).toMatchObject({
    code: 0,
    stdout: '2 stories written to kept; promtool is not there to run them\n',
    stderr: '',
  });
  expect(readdirSync(join(root, 'kept')).sort()).toEqual([
    '01-healthy-traffic.test.yaml',
    '02-a-total-outage.test.yaml',
    'rules.yaml',
  ]);
  expect(existsSync(join(root, 'gitops'))).toBe(false);
});

test('a folder that cannot be written to is said', async () => {
  const { ran } = monitoringTest({ file: 'x' }, '--out', 'file');
  expect(await ran).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error tree/output-folder: file\n  cannot write here: EEXIST: ') as string,
  });
});

test('what is wrong everywhere is said once, by environments', async () => {
  const service = `${SERVICE}  scaling: { target: { concurrency: 4 } }\n`;
  const { code, stderr } = await monitoringTest({ 'apps/hello/service.yaml': service }).ran;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error .*: hello, in dev, prod-eu: predictor.scaling.target\n.*\n.*\n1 error\n$/);
});

test('stories that are no UTF-8 are refused with the place', async () => {
  const root = projectWith({ 'apps/hello/service.yaml': SERVICE });
  writeFileSync(join(root, 'apps/hello/monitoring.test.yaml'), Buffer.from('- story: caf\u00e9\n', 'latin1'));
  const { code, stderr } = await run(root, ['monitoring', 'test', 'hello', '--env', 'prod-eu'], ALONE);
  expect(code).toBe(1);
  expect(stderr).toContain('apps/hello/monitoring.test.yaml:1:13');
  expect(stderr).toContain('the byte 0xe9 is no UTF-8');
});

test('what cannot be tested is said, with the place', async () => {
  const missing = await monitoringTest({}, '--cluster', 'eu-9').ran;
  expect(missing).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'error story/no-rules: hello, prod-eu\n  the sources render no rules of the service on cluster eu-9\n',
    ) as string,
  });
  const unreadable = await monitoringTest({}, '--stories', 'nowhere.yaml').ran;
  expect(unreadable).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'error story/file: nowhere.yaml: hello, prod-eu\n  the file cannot be read: ENOENT\n',
    ) as string,
  });
  const wrong = await monitoringTest({ 'apps/hello/monitoring.test.yaml': '- story: x\n  serie: {}\n' }).ran;
  expect(wrong).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      'error story/file: apps/hello/monitoring.test.yaml:2:3: hello, prod-eu: ',
    ) as string,
  });
});
