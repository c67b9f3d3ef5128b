import { audit as auditAt, auditJson, auditText, parseTime } from '../app/audit.ts';
import { historyJson, historyText, readHistory } from '../app/history.ts';
import { answered } from '../core/answer.ts';
import { openRepository } from '../git/repository.ts';
import { EXIT } from './exit.ts';
import { fail, printFindings } from './report.ts';

/** Options of `ai-service history`. */
export interface HistoryOptions {
  readonly env?: string;
  readonly gitops: string;
  readonly releases: string;
  readonly limit: number;
  readonly ref?: string;
  readonly json?: boolean;
}

/** `ai-service history`: the trail of a service, newest first, from the commits that changed its states. */
export async function history(
  service: string,
  { env: environment, gitops, releases, limit, ref, json }: HistoryOptions,
): Promise<number> {
  const repository = await openRepository(gitops);
  if (!repository.value) return fail(repository.findings, 'reads');
  const query = {
    releases,
    service,
    limit,
    ...(environment !== undefined && { environment }),
    ...(ref !== undefined && { ref }),
  };
  const { value: entries, findings } = await readHistory(repository.value, query);
  if (!entries) return fail(findings, 'reads');
  process.stdout.write(json ? historyJson(entries) : historyText(entries));
  printFindings(findings, 'reads');
  return EXIT.fine;
}

/** Options of `ai-service audit`. */
export interface AuditOptions {
  readonly service: string;
  readonly env: string;
  /** RFC 3339, or a date. Default: now. */
  readonly at?: string;
  readonly gitops: string;
  readonly releases: string;
  readonly ref?: string;
  readonly json?: boolean;
}

/** `ai-service audit`: what served at a time. */
export async function audit(
  { service, env: environment, at, gitops, releases, ref, json }: AuditOptions,
  now = new Date(),
): Promise<number> {
  const time = at === undefined ? answered(now) : parseTime(at, now);
  if (!time.value) return fail(time.findings, 'reads');
  const repository = await openRepository(gitops);
  if (!repository.value) return fail(repository.findings, 'reads');
  const { value, findings } = await auditAt(repository.value, {
    releases,
    service,
    environment,
    at: time.value,
    ...(ref !== undefined && { ref }),
  });
  if (!value) return fail(findings, 'reads');
  process.stdout.write(json ? auditJson(value) : auditText(value));
  printFindings(findings, 'reads');
  return findings.some(({ severity }) => severity === 'error') ? EXIT.error : EXIT.fine;
}
