import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { git } from '../git/folders.ts';
import { make, repositoryOf, commit } from '../support/checkout.ts';
import { run, treeIn } from '../support/project.ts';

/** A port of this machine on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A candidate with 10 % of the traffic, committed. */
async function canary(): Promise<string> {
  const root = repositoryOf();
  commit(root, await make(root, { move: { action: 'release', release: 'v2' } }));
  commit(root, await make(root, { move: { action: 'advance' } }));
  return root;
}

describe('a gate that nobody can ask moves nothing', () => {
  test('when Prometheus cannot be reached', async () => {
    const root = await canary();
    const before = treeIn(root);
    const port = await closedPort();
    const ran = await run(root, [
      'gate',
      'fraud',
      '--env',
      'prod-eu',
      '--advance',
      '--prometheus',
      `http://127.0.0.1:${port}`,
    ]);
    expect(ran).toMatchObject({ code: 3, stderr: '' });
    expect(ran.stdout).toContain(
      `  inconclusive  eu-1 error-ratio: 127.0.0.1:${port}: the network failed: ECONNREFUSED\n`,
    );
    expect(treeIn(root)).toEqual(before);
    expect(git(root, 'status', '--porcelain')).toBe('');
  });

  test('when no Prometheus is named', async () => {
    const root = await canary();
    const before = treeIn(root);
    const ran = await run(root, ['gate', 'fraud', '--env', 'prod-eu', '--advance']);
    expect(ran).toMatchObject({ code: 3, stderr: '' });
    expect(ran.stdout).toContain(
      '  inconclusive  eu-1 error-ratio: no Prometheus is named for cluster eu-1: --prometheus eu-1=https://…\n',
    );
    expect(treeIn(root)).toEqual(before);
  });

  test('when its address is none', async () => {
    const ran = await run(await canary(), [
      'gate',
      'fraud',
      '--env',
      'prod-eu',
      '--prometheus',
      'prometheus.example.com',
    ]);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^error gate\//);
  });
});

test('what says how a move is committed is refused where none is asked for', async () => {
  const root = await canary();
  const before = treeIn(root);
  expect(await run(root, ['gate', 'fraud', '--env', 'prod-eu', '--branch', 'bot', '--commit'])).toEqual({
    code: 1,
    signal: null,
    stdout: '',
    stderr: `error release/request: fraud, prod-eu
  --branch is for the move that --advance makes, and none is asked for
  fix: say --advance, or leave out --branch
error release/request: fraud, prod-eu
  --commit is for the move that --advance makes, and none is asked for
  fix: say --advance, or leave out --commit
2 errors
`,
  });
  expect(treeIn(root)).toEqual(before);
});
