import { spawnSync, type SpawnSyncOptions } from 'node:child_process';

/** What a tool came to: `status` is `null` when a signal ended it. */
interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a real tool to its end. No test is skipped where a tool is missing: it fails, and says what installs the tool.
 *
 * @throws when the tool cannot be started.
 * @example runTool('amtool', ['--version']).stdout
 */
export function runTool(
  tool: string,
  args: readonly string[],
  options: Pick<SpawnSyncOptions, 'cwd' | 'env'> = {},
): Ran {
  const { error, status, stdout, stderr } = spawnSync(tool, args, { ...options, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') throw new Error(`${tool} is missing: run test/conformance/install`);
  if (error) throw error;
  return { status, stdout, stderr };
}
