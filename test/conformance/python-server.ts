import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Where `test/conformance/install` puts servers that are written in Python. */
const BIN = join(import.meta.dirname, '../../.cache/conformance-venv/bin');

export interface PythonServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server on a free port of this machine, and waits until it answers.
 *
 * @param args its arguments, with the port.
 * @param ready path that answers 200 when it is ready.
 * @param env its environment. Default: that of the tests.
 * @throws when it is not installed, or ends, or is not ready after two minutes.
 */
export async function startServer(
  program: string,
  args: (port: string) => readonly string[],
  cwd: string,
  ready: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<PythonServer> {
  const file = join(BIN, program);
  if (!existsSync(file)) throw new Error(`${program} is not installed; run test/conformance/install`);
  const port = String(await freePort());
  // A process group of its own: these servers have workers, which shall end with them.
  const child = spawn(file, args(port), { cwd, env, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  for (const since = Date.now(); Date.now() - since < 120_000;) {
    if (child.exitCode !== null) throw new Error(`${program} ended:\n${output}`);
    const answers = await fetch(`${url}${ready}`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return { url, stop: () => stop(child.pid!, ended) };
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  await stop(child.pid!, ended);
  throw new Error(`${program} is not ready after two minutes:\n${output}`);
}

async function stop(pid: number, ended: Promise<void>): Promise<void> {
  process.kill(-pid, 'SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
