import { verifyLocks } from '../app/lock.ts';
import { sortFindings } from '../core/finding.ts';
import { EXIT } from './exit.ts';
import { openProject, type ProjectOptions } from './release.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service lock verify`. */
export interface LockVerifyOptions extends ProjectOptions {
  readonly env?: string;
  readonly service?: string;
}

/**
 * Asks the registries whether what is locked is still what it was. Exits with 0 when it is, 2 when something differs, 1 when
 * not everything could be asked: whatever differs beside that is said, too. That an alias moved, that a version was made
 * again with the bytes that were locked, or that a model is where only a cluster reads it, is said, and is fine.
 */
export async function lockVerify({ env, service, ...place }: LockVerifyOptions): Promise<number> {
  const opened = await openProject(place);
  if ('failed' in opened) return fail(opened.failed, 'reads', opened.clustersOf);
  const query = { ...(env !== undefined && { environment: env }), ...(service !== undefined && { service }) };
  const { models, undigested, findings } = await verifyLocks(opened.scope, query);
  printFindings(findings, 'reads', opened.scope.platform.clustersOf);
  const said = sortFindings(findings);
  const errors = said.filter(({ severity }) => severity === 'error');
  const unanswered = errors.filter(({ id }) => id === 'lock/unreadable').length;
  // What else is wrong is about the files here, and says nothing of the models.
  if (errors.length > unanswered) return EXIT.error;
  const unreachable = said.filter(({ id }) => id === 'lock/out-of-reach').length;
  const differences = said.filter(({ severity }) => severity === 'warning').length;
  const outcome = differences > 0 ? counted(differences, 'finding') : models > 0 ? 'nothing differs' : 'none is locked';
  const summary = [
    `${counted(models, 'model')} asked for, ${outcome}`,
    ...(unanswered === 0 ? [] : [`${counted(unanswered, 'question')} without an answer`]),
    ...(unreachable === 0 ? [] : [`${counted(unreachable, 'place')} out of reach`]),
    ...(undigested === 0 ? [] : [`bytes were not compared for ${undigested}, locked without a digest`]),
  ];
  process.stdout.write(`${summary.join('; ')}\n`);
  return unanswered > 0 ? EXIT.error : differences > 0 ? EXIT.differs : EXIT.fine;
}

function counted(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
