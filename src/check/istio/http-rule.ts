import { STATUS_CODES } from 'node:http';
import type { Destination, Uri, VirtualService } from '../../../imports/networking.istio.io/v1.js';
import { parseDuration } from '../../core/duration.ts';
import type { Cluster } from '../../service/platform.ts';
import type { Report } from '../report.ts';
import { checkCallers, checkDestination, checkPattern } from './common.ts';
import { isHeaderName } from './headers.ts';

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

/** Names of what a call of gRPC may come to. */
// prettier-ignore
const GRPC_STATUS: ReadonlySet<string> = new Set([
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS',
  'UNAUTHENTICATED',
]);

/** Conditions that also hold when the model has done its work. */
const REPEATS_WORK: ReadonlySet<string> = new Set(['5xx', 'gateway-error', 'reset', 'deadline-exceeded', 'internal']);

/** What requests a rule is for. */
export type Match = NonNullable<HttpRule['match']>[number];

/** Headers that HTTP/2 has for itself. */
const PSEUDO_HEADERS: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':status']);

/** A claim of a token in the place of a header, which only a gateway knows. */
const CLAIM = /^@request\.auth\.claims[.[]/i;

/** What requests a rule is for. */
export function checkMatches(report: Report, field: string, rule: HttpRule, inMesh: boolean): void {
  rule.match?.forEach((match, index) => {
    const place = `${field}.match[${index}]`;
    checkMatchedTexts(report, place, match);
    checkMatchedHeaders(report, place, match, inMesh);
    checkCallers(report, place, match);
  });
}

function checkMatchedTexts(report: Report, place: string, match: Match): void {
  const texts: [string, Uri][] = [
    ...(['uri', 'scheme', 'method', 'authority'] as const).flatMap((name): [string, Uri][] =>
      match[name] ? [[`${place}.${name}`, match[name]]] : [],
    ),
    ...(['headers', 'withoutHeaders', 'queryParams'] as const).flatMap((name) =>
      Object.entries(match[name] ?? {}).map(([key, text]): [string, Uri] => [`${place}.${name}.${key}`, text]),
    ),
  ];
  for (const [where, { prefix, regex }] of texts) {
    // Every path begins with nothing.
    if (prefix === '' && where !== `${place}.uri`) {
      const fix = 'leave the match out, or write the prefix';
      report.add('istio/match', `${where}.prefix`, 'an empty prefix is refused', fix);
    }
    // A header that is not there at all: no pattern, a word of Istio's.
    if (regex === '*' && where.startsWith(`${place}.withoutHeaders.`)) continue;
    if (regex !== undefined) checkPattern(report, 'istio/match', `${where}.regex`, regex);
  }
}

function checkMatchedHeaders({ add }: Report, place: string, match: Match, inMesh: boolean): void {
  for (const kind of ['headers', 'withoutHeaders'] as const) {
    for (const name of Object.keys(match[kind] ?? {})) {
      if (CLAIM.test(name)) {
        if (!inMesh) continue;
        const message = 'in the mesh nobody reads the claims of a token';
        add('istio/match', `${place}.${kind}.${name}`, message, 'leave it to a VirtualService of the gateway alone');
      } else if (!isHeaderName(name) && !PSEUDO_HEADERS.has(name)) {
        const message = `${JSON.stringify(name)} is no name of a header`;
        add('istio/match', `${place}.${kind}`, message, 'write letters, digits and "-"');
      }
    }
  }
}

/** What is tried again, and how long one try may take. */
export function checkRetries({ add }: Report, field: string, { retries, timeout }: HttpRule): void {
  if (!retries) return;
  const { attempts = 0, perTryTimeout, retryOn, retryRemoteLocalities } = retries;
  const place = `${field}.retries`;
  if (attempts < 0) add('istio/retries', `${place}.attempts`, `${attempts} attempts`, 'write 0 or more');
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn || retryRemoteLocalities != null)) {
    add('istio/retries', place, 'with attempts 0 Istio refuses every other field', 'write attempts: 0 alone');
  }
  for (const token of retryOn ? retryOn.split(',') : []) {
    const named = RETRY_ON.has(token);
    if (!named && STATUS_CODES[token] === undefined) {
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
  const old = rule.mirrorPercent ?? rule.mirror_percent;
  if (old != null) {
    if (old > 100) add('istio/mirror', `${field}.mirrorPercent`, `${old} is no share in per cent`, 'write 0 to 100');
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
  if (abort?.grpcStatus !== undefined && !GRPC_STATUS.has(abort.grpcStatus)) {
    const message = `${JSON.stringify(abort.grpcStatus)} is no status of gRPC`;
    add('istio/fault', `${field}.fault.abort.grpcStatus`, message, `use one of ${[...GRPC_STATUS].join(', ')}`);
  }
  for (const [where, given] of [
    ['abort.http2Error', abort?.http2Error],
    ['delay.exponentialDelay', delay?.exponentialDelay],
  ] as const) {
    if (given === undefined) continue;
    add('istio/fault', `${field}.fault.${where}`, 'Istio does not do that yet', 'write httpStatus or fixedDelay');
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
