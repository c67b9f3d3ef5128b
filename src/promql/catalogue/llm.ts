import {
  and,
  avgOverTime,
  compare,
  increase,
  maximum,
  minOverTime,
  multiply,
  number,
  or,
  rate,
  ratio,
  sum,
  type Expr,
} from '../expr.ts';
import { observedIn, quantileOf, type HistogramForm, type HistogramSeries } from '../histogram.ts';
import { kvCacheUsage, timeBetweenTokens, VLLM } from '../metrics-vllm.ts';
import { alert, groupName, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { isOneOf, selector, type Matcher, type Selector } from '../selector.ts';
import { ofParts } from './servers.ts';

/** What runs vLLM. */
export interface LanguageModel {
  /** Parts of the service. */
  readonly parts: readonly string[];
  /** Versions of vLLM that run; `undefined` for an image that does not say. */
  readonly versions: readonly (string | undefined)[];
  /** How Prometheus keeps the histograms of vLLM. */
  readonly form: HistogramForm;
  /** Whether an engine that hangs, a queue that grows and a cache that is full are watched. */
  readonly usual: boolean;
  /** Limits of the 95th percentile, in seconds; without one there is no alert. */
  readonly timeToFirstToken: number | undefined;
  readonly timeBetweenTokens: number | undefined;
  /** Whether preemptions and answers that were aborted or cut off are watched too. */
  readonly detailed: boolean;
}

/** Requests that wait, all replicas together, before a queue is worth a word. */
const MIN_WAITING = 10;

/** Requests with a first token in the window, before a percentile says something. */
const MIN_REQUESTS = 20;

/**
 * What only vLLM knows about itself: an engine that hangs, requests that queue up, a KV cache that is full while they do; on
 * request also time to the first token and between tokens, preemptions, and answers that were aborted or cut off. Metrics are
 * called as the version in the image calls them.
 *
 * Whole-request latency says nothing here: it depends on how much a model has to say.
 *
 * Runbook: queue and cache: more replicas, a shorter `--max-model-len`, fewer `--max-num-seqs`. An engine that hangs: restart
 * the pod, and look for XID errors of its GPU.
 */
export function languageModel(subject: Subject, model: LanguageModel): RuleGroup {
  const of = ofParts(subject, model.parts);
  const own = (metric: string, ...matchers: readonly Matcher[]): Selector => selector(metric, [...of, ...matchers]);
  const versions = [...new Set(model.versions)];
  return {
    name: groupName(subject, 'llm'),
    rules: [
      ...(model.usual ? usual(subject, own, versions) : []),
      ...slow(
        subject,
        of,
        model.form,
        'AiLlmFirstTokenSlow',
        [VLLM.timeToFirstToken],
        model.timeToFirstToken,
        template`until the first token`,
      ),
      ...slow(
        subject,
        of,
        model.form,
        'AiLlmTokensSlow',
        [...new Set(versions.flatMap(timeBetweenTokens))],
        model.timeBetweenTokens,
        template`from one token to the next`,
      ),
      ...(model.detailed ? detailed(subject, own) : []),
    ],
  };
}

type Own = (metric: string, ...matchers: readonly Matcher[]) => Selector;

function usual(subject: Subject, own: Own, versions: LanguageModel['versions']): AlertRule[] {
  const waiting = sum(avgOverTime(own(VLLM.waiting), '5m'), ['part']);
  const running = sum(avgOverTime(own(VLLM.running), '5m'), ['part']);
  const fullest = or(...[...new Set(versions.flatMap(kvCacheUsage))].map((metric) => minOverTime(own(metric), '5m')));
  return [
    alert(subject, 'AiLlmEngineStalled', {
      expr: and(
        compare(sum(minOverTime(own(VLLM.running), '5m'), ['part', 'pod']), '>', number(0)),
        compare(sum(rate(own(VLLM.generatedTokens), '5m'), ['part', 'pod']), '==', number(0)),
      ),
      for: '3m',
      severity: subject.page,
      labels: {},
      summary: template`A language model of ${subject.service} hangs.`,
      description: [
        template`pod {{ $labels.pod }} ({{ $labels.part }}) has had requests for 8m, and generated no token.`,
      ],
    }),
    alert(subject, 'AiLlmQueueGrowing', {
      expr: and(compare(waiting, '>', multiply(number(0.5), running)), compare(waiting, '>', number(MIN_WAITING))),
      for: '5m',
      severity: 'warning',
      labels: {},
      summary: template`Requests to a language model of ${subject.service} queue up.`,
      description: [
        template`{{ $value | humanize }} requests wait for {{ $labels.part }}, more than half as many as run.`,
      ],
    }),
    alert(subject, 'AiLlmCacheFull', {
      // A full cache alone is what it is for.
      expr: and(
        compare(maximum(fullest, ['part', 'pod']), '>', number(0.95)),
        compare(maximum(own(VLLM.waiting), ['part', 'pod']), '>', number(0)),
      ),
      for: '5m',
      severity: 'warning',
      labels: {},
      summary: template`The KV cache of a language model of ${subject.service} is full.`,
      description: [
        template`pod {{ $labels.pod }} ({{ $labels.part }}) uses {{ $value | humanizePercentage }} of its cache, and requests wait.`,
      ],
    }),
  ];
}

function slow(
  subject: Subject,
  of: readonly Matcher[],
  form: HistogramForm,
  name: string,
  histograms: readonly string[],
  limit: number | undefined,
  what: ReturnType<typeof template>,
): AlertRule[] {
  if (limit === undefined) return [];
  const series = histograms.map((name): HistogramSeries => ({ name, form, matchers: of }));
  return [
    alert(subject, name, {
      expr: and(
        compare(quantileOf(series, 0.95, '5m', ['part']), '>', number(limit)),
        compare(observedIn(series, '5m', ['part']), '>=', number(MIN_REQUESTS)),
      ),
      for: '5m',
      severity: 'warning',
      labels: {},
      summary: template`A language model of ${subject.service} answers slowly.`,
      description: [
        template`it takes {{ $value | humanizeDuration }}`,
        what,
        template`at the 95th percentile ({{ $labels.part }}); the limit is ${limit} s.`,
      ],
    }),
  ];
}

function detailed(subject: Subject, own: Own): AlertRule[] {
  const finished = (...reasons: readonly string[]): Expr =>
    sum(rate(own(VLLM.finished, ...(reasons.length > 0 ? [isOneOf('finished_reason', reasons)] : [])), '30m'), [
      'part',
    ]);
  const enough = compare(sum(increase(own(VLLM.finished), '30m'), ['part']), '>=', number(MIN_REQUESTS));
  const share = (limit: number, ...reasons: readonly string[]): Expr =>
    and(compare(ratio(finished(...reasons), finished()), '>', number(limit)), enough);
  return [
    alert(subject, 'AiLlmPreemptions', {
      expr: compare(sum(rate(own(VLLM.preemptions), '10m'), ['part', 'pod']), '>', number(0.1)),
      for: '10m',
      severity: 'warning',
      labels: {},
      summary: template`A language model of ${subject.service} puts requests off again and again.`,
      description: [
        template`pod {{ $labels.pod }} ({{ $labels.part }}) preempts {{ $value | humanize }} requests a second, since its KV cache is too small for them.`,
      ],
    }),
    alert(subject, 'AiLlmAnswersAborted', {
      expr: share(0.05, 'abort', 'error'),
      for: '10m',
      severity: 'warning',
      labels: {},
      summary: template`Answers of a language model of ${subject.service} are aborted.`,
      description: [
        template`{{ $value | humanizePercentage }} of the requests to {{ $labels.part }} were aborted in the last 30m. See traffic.timeout.`,
      ],
    }),
    alert(subject, 'AiLlmAnswersCut', {
      expr: share(0.3, 'length'),
      for: '30m',
      severity: 'warning',
      labels: {},
      summary: template`Answers of a language model of ${subject.service} are cut off.`,
      description: [
        template`{{ $value | humanizePercentage }} of the answers of {{ $labels.part }} ended at the limit of tokens in the last 30m.`,
      ],
    }),
  ];
}
