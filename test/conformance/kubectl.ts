import { runTool } from './run-tool.ts';

/**
 * What kubectl prints.
 *
 * @throws when it is missing, or fails.
 */
export function kubectl(...args: readonly string[]): string {
  const { status, stdout, stderr } = runTool('kubectl', args);
  if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.slice(0, 2000)}`);
  return stdout;
}
