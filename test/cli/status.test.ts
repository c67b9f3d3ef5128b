import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkoutWith, put, repositoryOf, STATE } from '../support/checkout.ts';
import { run } from '../support/project.ts';

test('status needs neither the tree nor a repository, and takes another folder of the store', async () => {
  const root = checkoutWith();
  rmSync(join(root, 'gitops'), { recursive: true });
  const text = [
    'SERVICE  ENVIRONMENT  STABLE  PREVIOUS  PHASE',
    'fraud    prod-eu      v1                idle',
    'fraud    staging      v2      v1        idle',
    '',
  ].join('\n');
  // The folder may lie in a repository by chance.
  const env = { GIT_CEILING_DIRECTORIES: join(root, '..') };
  expect(await run(root, ['status'], { env })).toEqual({ code: 0, signal: null, stdout: text, stderr: '' });
  expect(await run(root, ['status', 'fraud', '--env', 'staging', '--json'], { env })).toEqual({
    code: 0,
    signal: null,
    stdout: `${JSON.stringify({ services: [{ service: 'fraud', environment: 'staging', team: 'risk-ml', stable: 'v2', previous: 'v1', phase: 'idle', weight: 0 }] }, null, 2)}\n`,
    stderr: '',
  });
  const elsewhere = await run(root, ['status', '--releases', 'elsewhere'], { env });
  expect(elsewhere).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('error release/no-state') as string,
  });
});

test('status shows what can be read, and exits with 1 when a state cannot', async () => {
  const root = repositoryOf();
  put(root, STATE, 'stable: v1\n<<<<<<< HEAD\nweight: 1\n=======\nweight: 2\n>>>>>>> other\n');
  const { code, stdout, stderr } = await run(root, ['status']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^SERVICE .*\nfraud {4}staging .*\n$/);
  expect(stderr).toBe(
    [
      `error release/merge-conflict: ${STATE}:2: fraud, prod-eu`,
      '  the file holds both sides of a merge, and nobody can say which one counts',
      `  fix: npx ai-service lock repair ${STATE}`,
      '1 error',
      '',
    ].join('\n'),
  );
});
