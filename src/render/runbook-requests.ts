import { counterOf } from '../promql/catalogue/availability.ts';
import type { Expr } from '../promql/expr.ts';
import { countedRequests, measuredTimes, releaseLabel, requestRate, requestRateByCode } from './counted-requests.ts';
import type { Target } from './target.ts';

/** PromQL by which somebody sees the requests to a service, whoever counts them on the cluster; times are in milliseconds. */
export interface RequestQueries {
  /** Requests per second, by what they were answered and by release. */
  readonly byCode: string;
  readonly byRelease: string;
  /** Missing where nobody knows the caller. */
  readonly byCaller: string | undefined;
  /** The 95th percentile of the time that an answer takes, by release; of a vLLM until its first token. */
  readonly slow: string;
  /** For each objective on a length of time: the quantile that it is about, by release. */
  readonly promised: readonly string[];
}

/**
 * The requests to a service, for its runbook: as Istio counts them, the queue-proxies of Knative, or a vLLM behind the gateway of
 * KServe, of the same series that its alerts read; `undefined` where nobody does.
 */
export function requestQueries(target: Target): RequestQueries | undefined {
  const { source } = countedRequests(target);
  if (!source) return undefined;
  const requests = counterOf(source, 'any');
  const release = [releaseLabel(source)];
  // Whoever counts requests measures them too, and comes first.
  const [own, ...others] = measuredTimes(target, source).map(({ limits, at, release: label }, index) => {
    const quantiles = new Set(limits.map(({ quantile }) => quantile));
    return at(index === 0 ? [SLOW, ...quantiles] : [...quantiles], [label]).map(oneLine);
  });
  const [slow = '', ...promised] = own ?? [];
  return {
    byCode: oneLine(requestRateByCode(source, requests)),
    byRelease: oneLine(requestRate(requests, release)),
    byCaller: 'istio' in source ? `topk(10, ${requestRate(requests, ['source_principal'], '15m').text})` : undefined,
    slow,
    promised: [...promised, ...others.flat()],
  };
}

/** The quantile that `AiCandidateSlow` compares. */
const SLOW = 0.95;

/** An expression as somebody pastes it; quoted text has no line breaks. */
function oneLine({ text, broken }: Expr): string {
  return broken ? text.replace(/\n */g, ' ') : text;
}
