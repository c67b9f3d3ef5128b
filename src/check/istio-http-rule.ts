import type { Destination, Uri, VirtualService } from '../../imports/networking.istio.io/v1.js';
import { parseDuration } from '../core/duration.ts';
import type { Cluster } from '../service/platform.ts';
import { checkDestination } from './istio-common.ts';
import type { Report } from './report.ts';

/** A rule for HTTP of a VirtualService. */
export type HttpRule = NonNullable<NonNullable<VirtualService['spec']>['http']>[number];

/** Conditions of `retryOn` (istio 1.30.3 validateHTTPRetry); an HTTP status is one too. */
const RETRY_ON: ReadonlySet<string> = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]);

/** Conditions that also hold when the model has done its work. */
const REPEATS_WORK: ReadonlySet<string> = new Set(['5xx', 'gateway-error', 'reset', 'deadline-exceeded', 'internal']);

/** What `*` and `?` of RE2 do not know: looking around, and referring back. */
const NOT_RE2 = /\(\?(?:=|!|<=|<!)|\\[1-9]/;

/** What requests a rule is for. */
export function checkMatches({ add }: Report, field: string, rule: HttpRule): void {
  rule.match?.forEach((match, index) => {
    const place = `${field}.match[${index}]`;
    const patterns: [string, Uri][] = [
      ...(['uri', 'scheme', 'method', 'authority'] as const).flatMap((name): [string, Uri][] =>
        match[name] ? [[`${place}.${name}`, match[name]]] : [],
      ),
      ...(['headers', 'withoutHeaders', 'queryParams'] as const).flatMap((name) =>
        Object.entries(match[name] ?? {}).map(([key, pattern]): [string, Uri] => [`${place}.${name}.${key}`, pattern]),
      ),
    ];
    for (const [where, { exact, prefix, regex }] of patterns) {
      if (prefix === '') {
        add('istio/match', `${where}.prefix`, 'an empty prefix is refused', 'leave the match out, or write the prefix');
      }
      if (exact === '') {
        add('istio/match', `${where}.exact`, 'an empty text is refused', 'leave the match out, or write the text');
      }
      if (regex === undefined) continue;
      if (regex.length > 1024) {
        add('istio/match', `${where}.regex`, `the pattern has ${regex.length} characters`, 'write at most 1024');
      }
      if (NOT_RE2.test(regex)) {
        add(
          'istio/match',
          `${where}.regex`,
          'RE2 has no lookaround and no back-references',
          'write a pattern without (?=, (?!, (?<, \\1',
        );
      }
    }
  });
}

/** What is tried again, and how long one try may take. */
export function checkRetries({ add }: Report, field: string, { retries, timeout }: HttpRule): void {
  if (!retries) return;
  const { attempts = 0, perTryTimeout, retryOn } = retries;
  const place = `${field}.retries`;
  if (attempts < 0) add('istio/retries', `${place}.attempts`, `${attempts} attempts`, 'write 0 or more');
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn !== undefined)) {
    add('istio/retries', place, 'with attempts 0 Istio refuses every other field', 'write attempts: 0 alone');
  }
  for (const token of retryOn === undefined ? [] : retryOn.split(',')) {
    const named = RETRY_ON.has(token);
    if (!named && !/^[1-5]\d\d$/.test(token)) {
      add(
        'istio/retries',
        `${place}.retryOn`,
        `${JSON.stringify(token)} is no condition for a retry`,
        `use ${[...RETRY_ON].join(', ')} or a status, without spaces`,
      );
    } else if (named ? REPEATS_WORK.has(token) : token.startsWith('5')) {
      add(
        'istio/retry-repeats-work',
        `${place}.retryOn`,
        `${token} also repeats a request that the model has answered`,
        'use connect-failure,refused-stream,reset-before-request',
      );
    }
  }
  if (perTryTimeout === undefined || timeout === undefined) return;
  const one = parseDuration(perTryTimeout);
  const all = parseDuration(timeout);
  if (one !== undefined && all !== undefined && all > 0 && one > all) {
    add(
      'istio/timeout',
      `${place}.perTryTimeout`,
      `${perTryTimeout} for one try is longer than ${timeout} for the request`,
      'lower perTryTimeout, or leave it out',
    );
  }
}

/** Where copies of requests go. */
export function checkMirror(
  report: Report,
  field: string,
  rule: HttpRule,
  namespace: string | undefined,
  cluster: Cluster,
): void {
  const { add } = report;
  const { mirror, mirrors = [], mirrorPercentage } = rule;
  if (mirror && mirrors.length > 0) {
    add('istio/mirror', `${field}.mirrors`, 'mirror and mirrors stand side by side', 'use mirrors alone');
  }
  if ((rule.mirrorPercent ?? rule.mirror_percent) != null) {
    add(
      'istio/deprecated',
      `${field}.mirrorPercent`,
      'mirrorPercent is deprecated',
      'write mirrorPercentage: { value: … }',
    );
  }
  const checkCopy = (place: string, destination: Destination): void => {
    checkDestination(report, place, destination, namespace);
    if (destination.host === cluster.knative?.localGatewayService) {
      add(
        'istio/mirror',
        `${place}.host`,
        'a mirrored request keeps the host of the first, so Knative sends the copy to the release that answers',
        'mirror to a Service that selects the pods',
      );
    }
  };
  const checkShare = (place: string, value: number | undefined): void => {
    if (value !== undefined && (value < 0 || value > 100)) {
      add('istio/mirror', place, `${value} is no share in per cent`, 'write 0 to 100');
    }
  };
  if (mirror) checkCopy(`${field}.mirror`, mirror);
  if (mirrorPercentage) checkShare(`${field}.mirrorPercentage.value`, mirrorPercentage.value);
  mirrors.forEach(({ destination, percentage }, index) => {
    checkCopy(`${field}.mirrors[${index}].destination`, destination);
    checkShare(`${field}.mirrors[${index}].percentage.value`, percentage?.value);
  });
}

/** What is made to fail on purpose. */
export function checkFault({ add }: Report, field: string, { fault }: HttpRule): void {
  if (!fault) return;
  const { abort, delay } = fault;
  if (!abort && !delay) {
    add(
      'istio/fault',
      `${field}.fault`,
      'the fault neither delays nor aborts',
      'write delay or abort, or remove fault',
    );
  }
  if (abort?.httpStatus !== undefined && (abort.httpStatus < 200 || abort.httpStatus > 599)) {
    add(
      'istio/fault',
      `${field}.fault.abort.httpStatus`,
      `${abort.httpStatus} is no status`,
      'write a status from 200 to 599',
    );
  }
  for (const [name, value] of Object.entries({ abort: abort?.percentage?.value, delay: delay?.percentage?.value })) {
    if (value !== undefined && value !== 0 && (value < 0.0001 || value > 100)) {
      add(
        'istio/fault',
        `${field}.fault.${name}.percentage.value`,
        `${value} is no share in per cent`,
        'write 0, or 0.0001 to 100',
      );
    }
  }
}
