import { readStatus, statusJson, statusText } from '../app/status.ts';
import { diskFiles } from '../core/files.ts';
import { openRepository } from '../git/repository.ts';
import { recoverJournal } from '../tree/journal.ts';
import { EXIT } from './exit.ts';
import type { CheckoutOptions } from './move.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service status`. */
export interface StatusOptions extends CheckoutOptions {
  readonly env?: string;
  readonly json?: boolean;
}

/**
 * `ai-service status`: services by environments, from the release store alone; since when is read from Git, where there is
 * one. A file that is broken is an error, and the rest is shown all the same.
 */
export async function status(
  service: string | undefined,
  { env: environment, gitops: root, out: tree, releases, json }: StatusOptions,
): Promise<number> {
  const unfinished = recoverJournal({ root, tree });
  if (unfinished.length > 0) return fail(unfinished, 'reads');
  const repository = await openRepository(root);
  const query = {
    releases,
    ...(service !== undefined && { service }),
    ...(environment !== undefined && { environment }),
  };
  const { value: services, findings } = await readStatus(diskFiles(root), query, repository.value);
  if (!services) return fail(findings, 'reads');
  process.stdout.write(json ? statusJson(services) : statusText(services));
  printFindings(findings, 'reads');
  return findings.some(({ severity }) => severity === 'error') ? EXIT.error : EXIT.fine;
}
