import type { Report } from '../report.ts';
import { checkPattern, isPort } from './common.ts';
import { isHeaderName } from './headers.ts';
import type { HttpRule } from './http-rule.ts';

/** What a rule answers without asking anybody. */
export function checkAnswer({ add }: Report, field: string, { redirect, directResponse }: HttpRule): void {
  const id = 'istio/answer';
  if (redirect) {
    const { uri, authority, port, derivePort, scheme, redirectCode } = redirect;
    const place = `${field}.redirect`;
    if (!uri && !authority && port === undefined && derivePort === undefined && !scheme) {
      add(id, place, 'the redirect leads nowhere else', 'write uri, authority, scheme or port');
    }
    if (redirectCode && (redirectCode < 300 || redirectCode > 399)) {
      add(id, `${place}.redirectCode`, `${redirectCode} is no redirect`, 'write 301, 302, 303, 307 or 308');
    }
    if (scheme && scheme !== 'http' && scheme !== 'https') {
      add(id, `${place}.scheme`, `${JSON.stringify(scheme)} is no scheme here`, 'write http or https');
    }
    if (port && !isPort(port)) add(id, `${place}.port`, `${port} is no port`, 'write a port between 1 and 65535');
  }
  if (!directResponse) return;
  const { status, body } = directResponse;
  if (status < 200 || status > 599) {
    add(id, `${field}.directResponse.status`, `${status} is no status`, 'write a status from 200 to 599');
  }
  const size = Math.max(Buffer.byteLength(body?.string ?? ''), Buffer.byteLength(body?.bytes ?? '', 'base64'));
  if (size > 1024 * 1024) {
    add(id, `${field}.directResponse.body`, `the answer has ${size} bytes`, 'write at most 1 MiB');
  }
}

/** What becomes of the path and host of a request. */
export function checkRewrite(report: Report, field: string, { rewrite }: HttpRule): void {
  if (!rewrite) return;
  const { uri, authority, uriRegexRewrite: pattern } = rewrite;
  const place = `${field}.rewrite`;
  const id = 'istio/answer';
  if (uri && pattern) report.add(id, place, 'uri and uriRegexRewrite stand side by side', 'choose one');
  if (!uri && !authority && !pattern) {
    report.add(id, place, 'nothing is rewritten', 'write uri, uriRegexRewrite or authority');
  }
  if (!pattern) return;
  if (!pattern.match || !pattern.rewrite) {
    const message = 'a rewrite by pattern has match and rewrite';
    report.add(id, `${place}.uriRegexRewrite`, message, 'write both');
  }
  if (pattern.match) checkPattern(report, id, `${place}.uriRegexRewrite.match`, pattern.match);
}

/** What browsers may send from other sites. */
export function checkCors(report: Report, field: string, { corsPolicy }: HttpRule): void {
  if (!corsPolicy) return;
  const id = 'istio/cors';
  const { allowOrigins = [], allowMethods = [] } = corsPolicy;
  allowOrigins.forEach(({ exact, prefix, regex }, index) => {
    const place = `${field}.corsPolicy.allowOrigins[${index}]`;
    if (!exact && !prefix && !regex) {
      report.add(id, place, 'the origin is empty', 'write exact, prefix or regex');
    } else if (regex) checkPattern(report, id, `${place}.regex`, regex);
  });
  for (const method of allowMethods) {
    if (METHODS.has(method)) continue;
    const message = `${JSON.stringify(method)} is no method`;
    report.add(id, `${field}.corsPolicy.allowMethods`, message, `use ${[...METHODS].join(', ')}`);
  }
  for (const list of ['allowHeaders', 'exposeHeaders'] as const) {
    for (const name of corsPolicy[list] ?? []) {
      if (isHeaderName(name)) continue;
      const message = `${JSON.stringify(name)} is no name of a header`;
      report.add(id, `${field}.corsPolicy.${list}`, message, 'write letters, digits and "-"');
    }
  }
}

const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]);
