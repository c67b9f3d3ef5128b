import { verifyLocks } from '../app/lock.ts';
import { EXIT } from './exit.ts';
import { openProject, type ProjectOptions } from './release.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service lock verify`. */
export interface LockVerifyOptions extends ProjectOptions {
  readonly env?: string;
  readonly service?: string;
}

/**
 * Asks the registries whether what is locked is still what it was. Exits with 0 when it is, 2 when something differs or could
 * not be read, 1 when the question cannot be asked. That an alias moved, or that a version was made again with the bytes that
 * were locked, is said, and is fine.
 */
export async function lockVerify({ env, service, ...place }: LockVerifyOptions): Promise<number> {
  const opened = await openProject(place);
  if ('failed' in opened) return fail(opened.failed, 'reads');
  const query = { ...(env !== undefined && { environment: env }), ...(service !== undefined && { service }) };
  const { models, undigested, findings } = await verifyLocks(opened.scope, query);
  printFindings(findings, 'reads');
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.error;
  const differences = findings.filter(({ severity }) => severity === 'warning').length;
  const asked = `${models} model${models === 1 ? '' : 's'} asked for`;
  const differing = differences === 0 ? 'nothing differs' : `${differences} finding${differences === 1 ? '' : 's'}`;
  const unknown = undigested === 0 ? '' : `; bytes were not compared for ${undigested}, locked without a digest`;
  process.stdout.write(`${asked}, ${differing}${unknown}\n`);
  return differences === 0 ? EXIT.fine : EXIT.differs;
}
