import { describe, expect, test } from 'vitest';
import { defaultDeps, openRegistry } from '../../../src/release/registries/open.ts';
import { serve } from './server.ts';
import { world } from './world.ts';

test('a finding names the registry as the platform does', async () => {
  const server = await serve({});
  const registry = await openRegistry('corp', { kind: 'mlflow', url: `${server.url}/` }, world().deps);
  expect((await registry.describe('fraud', '1')).findings.map(({ where }) => where)).toEqual([
    { field: 'registries.corp' },
  ]);
  expect(server.seen.map(({ path }) => path)).toEqual(['/api/2.0/mlflow/model-versions/get']);
});

describe('programs', () => {
  test('give their output', async () => {
    const { run } = await defaultDeps({});
    expect(await run(process.execPath, ['-e', 'console.log(process.argv[1])', '$HOME; rm x'])).toBe('$HOME; rm x\n');
  });

  test('that fail or are not there give none', async () => {
    const { run } = await defaultDeps({});
    expect(await run(process.execPath, ['-e', 'console.log(1); process.exit(3)'])).toBeUndefined();
    expect(await run('no-such-program-anywhere', [])).toBeUndefined();
  });
});
