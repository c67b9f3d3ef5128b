import { basicAuth } from '../core/basic-auth.ts';
import type { Finding } from '../core/finding.ts';
import { networkFailure, withRetries, type Attempt, type Network } from '../core/network.ts';
import { gateFinding } from './rules.ts';

/** Asks a Prometheus, or what has its HTTP API: Thanos, Mimir, VictoriaMetrics. */
export interface PrometheusClient {
  /** The value of an expression at a time. */
  query(expr: string, at: Date): Promise<Answer>;
  /** The values of an expression at times that lie `stepSeconds` apart, `start` and `end` among them. */
  queryRange(
    expr: string,
    range: { readonly start: Date; readonly end: Date; readonly stepSeconds: number },
  ): Promise<Answer>;
}

/** What came back: series, or why there are none. */
export type Answer = Series[] | NoAnswer;

/** Why a query has no result that counts, in words without a secret. */
export interface NoAnswer {
  readonly problem: string;
  /** Nobody answered: it makes no sense to ask on. */
  readonly unreachable: boolean;
}

/** A series of a result. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

/** A value as Prometheus wrote it (`0.0123`, `NaN`, `+Inf`), and its time in seconds. */
export interface Sample {
  readonly time: number;
  readonly value: string;
}

/** Who asks. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
}

const TIMEOUT_SECONDS = 30;
const ATTEMPTS = 3;
/** A server that wants more patience than this gets none. */
const LONGEST_WAIT_MS = 30_000;
/** Too many requests, and what stands in front of a Prometheus that restarts. */
const WORTH_A_RETRY = new Set([429, 500, 502, 503, 504]);

/**
 * Credentials from the environment: `PROMETHEUS_TOKEN`, or `PROMETHEUS_USER` with `PROMETHEUS_PASSWORD`; beside them
 * `PROMETHEUS_ORG_ID`, the tenant of Mimir and Cortex (`X-Scope-OrgID`).
 *
 * @param env the environment, as `process.env` has it; an empty variable is none.
 */
export function prometheusCredentials(env: Readonly<Record<string, string | undefined>>): {
  credentials: Credentials;
  findings: readonly Finding[];
} {
  const { PROMETHEUS_TOKEN: token = '', PROMETHEUS_ORG_ID: tenant = '' } = env;
  const { PROMETHEUS_USER: user = '', PROMETHEUS_PASSWORD: password = '' } = env;
  const findings: Finding[] = [];
  const wrong = (field: string, message: string, fix: string): void => {
    findings.push(gateFinding('gate/prometheus-credentials', { field }, message, fix));
  };
  if (token !== '' && (user !== '' || password !== '')) {
    const fix = 'unset PROMETHEUS_TOKEN, or PROMETHEUS_USER and PROMETHEUS_PASSWORD';
    wrong('PROMETHEUS_TOKEN', 'there are a token and a user, and a request can carry one of them', fix);
  } else if ((user === '') !== (password === '')) {
    const missing = user === '' ? 'PROMETHEUS_USER' : 'PROMETHEUS_PASSWORD';
    wrong(missing, 'of user and password one is missing', 'set PROMETHEUS_USER and PROMETHEUS_PASSWORD');
  }
  for (const [field, value] of Object.entries({ PROMETHEUS_TOKEN: token, PROMETHEUS_ORG_ID: tenant })) {
    if (!/^[\x21-\x7e]*$/.test(value))
      wrong(
        field,
        'it has white space or other characters that no HTTP header can carry',
        'see whether a line break came along',
      );
  }
  if (findings.length > 0) return { credentials: { headers: {} }, findings };
  const authorization = token !== '' ? `Bearer ${token}` : user !== '' ? basicAuth(user, password) : undefined;
  const headers = {
    ...(authorization !== undefined && { authorization }),
    ...(tenant !== '' && { 'x-scope-orgid': tenant }),
  };
  return { credentials: { headers }, findings };
}

/**
 * A client. A request has 30 s, and at most three attempts when nobody answers or the server says 429 or 5xx: after 1 s
 * and 2 s, or what `Retry-After` says, at most 30 s. Redirects are not followed, since they may lead credentials away.
 *
 * A result with warnings is none: Thanos and Mimir warn when a part of the data is missing.
 *
 * @param url base URL: `https://prometheus.example.com`, `https://mimir.example.com/prometheus`.
 */
export function prometheusClient(url: string, { headers }: Credentials, network: Network): PrometheusClient {
  const { host } = new URL(url);

  return {
    query: (expr, at) => ask('query', { query: expr, time: seconds(at) }),
    queryRange: (expr, { start, end, stepSeconds }) =>
      ask('query_range', { query: expr, start: seconds(start), end: seconds(end), step: String(stepSeconds) }),
  };

  async function ask(path: 'query' | 'query_range', form: Readonly<Record<string, string>>): Promise<Answer> {
    // Thanos leaves stores out that do not answer, unless it is told not to; others do not read the field.
    const body = new URLSearchParams({
      ...form,
      timeout: `${TIMEOUT_SECONDS - 5}s`,
      partial_response: 'false',
    }).toString();
    const patience = { attempts: ATTEMPTS, longestWait: LONGEST_WAIT_MS };
    return (await withRetries(() => post(`${url}/api/v1/${path}`, body), patience, network)).result;
  }

  async function post(address: string, body: string): Promise<Attempt<Answer>> {
    try {
      const response = await network.fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', ...headers },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
      });
      const result = answerOf(response.status, await response.text());
      return { result, retry: WORTH_A_RETRY.has(response.status), headers: response.headers };
    } catch (error) {
      return { result: noAnswer(`${host}: ${networkFailure(error, TIMEOUT_SECONDS * 1000)}`, true), retry: true };
    }
  }

  function answerOf(status: number, text: string): Answer {
    const reply = parsed(text);
    if (status === 401 || status === 403) {
      return noAnswer(
        `${host} answers ${status}: see PROMETHEUS_TOKEN, or PROMETHEUS_USER and PROMETHEUS_PASSWORD`,
        true,
      );
    }
    if (status >= 300 && status < 400)
      return noAnswer(`${host} redirects: give the address that it redirects to`, true);
    const { errorType, error } = reply;
    if (status !== 200 || reply.status !== 'success') {
      const said =
        typeof error === 'string'
          ? `: ${typeof errorType === 'string' ? `${errorType}: ` : ''}${shortened(error)}`
          : '';
      return noAnswer(`${host} answers ${status}${said}`, false);
    }
    const warnings = Array.isArray(reply.warnings) ? reply.warnings : [];
    if (warnings.length > 0) return noAnswer(`${host} warns: ${shortened(String(warnings[0]))}`, false);
    return seriesOf(reply.data) ?? noAnswer(`${host} gives a result that is not of Prometheus' form`, false);
  }
}

function noAnswer(problem: string, unreachable: boolean): NoAnswer {
  return { problem, unreachable };
}

/** Prometheus reads seconds, with milliseconds after the point. */
function seconds(time: Date): string {
  return (time.getTime() / 1000).toFixed(3);
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** The series of a vector or matrix; a scalar is one without labels. */
function seriesOf(data: unknown): Series[] | undefined {
  if (!isRecord(data)) return undefined;
  const { resultType, result } = data;
  if (resultType === 'scalar') {
    const sample = sampleOf(result);
    return sample && [{ labels: {}, samples: [sample] }];
  }
  if ((resultType !== 'vector' && resultType !== 'matrix') || !Array.isArray(result)) return undefined;
  const series: Series[] = [];
  for (const one of result as unknown[]) {
    if (!isRecord(one) || !isRecord(one['metric'])) return undefined;
    // A native histogram has `histogram` instead: a series without a value that a gate could read.
    const values: unknown = resultType === 'vector' ? ('value' in one ? [one['value']] : []) : (one['values'] ?? []);
    if (!Array.isArray(values)) return undefined;
    const samples = values.map(sampleOf);
    if (samples.some((sample) => sample === undefined)) return undefined;
    series.push({ labels: one['metric'] as Record<string, string>, samples: samples as Sample[] });
  }
  return series;
}

function sampleOf(value: unknown): Sample | undefined {
  if (!Array.isArray(value)) return undefined;
  const [time, text] = value as unknown[];
  return typeof time === 'number' && typeof text === 'string' ? { time, value: text } : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
