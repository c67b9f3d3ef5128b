import {
  add,
  and,
  avgOverTime,
  compare,
  count,
  divide,
  increase,
  maximum,
  multiply,
  number,
  offset,
  or,
  rate,
  sum,
  sumOverTime,
  where,
  type Expr,
  type Range,
} from '../expr.ts';
import { ISTIO_REQUESTS } from '../metrics.ts';
import { OPENCOST } from '../metrics-opencost.ts';
import { VLLM } from '../metrics-vllm.ts';
import { alert, groupName, identityLabels, record, template, type RuleGroup, type Subject } from '../rule.ts';
import { equal, matches, selector, type Matcher, type Pattern, type Selector } from '../selector.ts';
import { ofParts } from './servers.ts';

/** Days of a month, for budgets. */
const DAYS = 30;

/** One recording of the service. */
function recorded(subject: Subject, name: string): Selector {
  return selector(
    name,
    Object.entries(identityLabels(subject)).map(([label, value]) => equal(label, value)),
  );
}

/**
 * What the pods of a service cost, by OpenCost: what they were given of processors, memory and GPUs, at the prices of their
 * nodes. Recorded in US dollars an hour; the alert compares a day of it with a month's budget. The idle rest of a node is
 * nobody's, and not counted.
 *
 * Runbook: right-size the requests, scale to zero, smaller GPUs; then raise the budget.
 *
 * @param budget US dollars a month.
 */
export function computeCost(
  subject: Subject,
  { pods, budget }: { readonly pods: readonly Pattern[]; readonly budget: number },
): RuleGroup {
  const of = [equal('namespace', subject.namespace), matches('pod', ...pods)];
  const priced = (allocation: string, price: string): Expr =>
    // Of two OpenCosts that are scraped, each says everything.
    sum(
      multiply(
        maximum(selector(allocation, of), ['node', 'pod', 'container']),
        maximum(selector(price, []), ['node']),
        { on: ['node'], groupLeft: true },
      ),
    );
  const cpu = priced(OPENCOST.cpu, OPENCOST.cpuPrice);
  const memory = divide(priced(OPENCOST.memoryBytes, OPENCOST.memoryPrice), number(2 ** 30));
  // Most services have no GPU, and so no series.
  const gpu = or(priced(OPENCOST.gpu, OPENCOST.gpuPrice), multiply(number(0), cpu));
  // A sum of minutes, and no mean: what was scaled to zero cost nothing.
  const day = divide(sumOverTime(recorded(subject, 'ai_cost:compute_usd:per_hour'), '1d'), number(60));
  return {
    name: groupName(subject, 'cost'),
    interval: '1m',
    rules: [
      record('ai_cost:compute_usd:per_hour', add(add(cpu, memory), gpu), identityLabels(subject)),
      alert(subject, 'AiCostBudgetExceeded', {
        expr: compare(multiply(day, number(DAYS)), '>', number(budget)),
        for: '1h',
        severity: 'warning',
        labels: {},
        summary: template`${subject.service} costs more than its budget.`,
        description: [
          template`at the rate of the last day it costs {{ $value | humanize }} dollars a month; the budget is ${budget}.`,
        ],
      }),
    ],
  };
}

/** What tokens may cost. */
export interface TokenBudget {
  /** Parts of the service that run vLLM. */
  readonly parts: readonly string[];
  /** US dollars for a million tokens. */
  readonly prompt: number;
  readonly generated: number;
  /** US dollars a month. */
  readonly budget: number;
}

/** How many times faster than evenly a budget may go, over a long and a short window. */
const BURNS: readonly {
  readonly factor: number;
  readonly long: Range;
  readonly short: Range;
  readonly exhausted: string;
}[] = [
  { factor: 14.4, long: '1h', short: '5m', exhausted: '50 hours' },
  { factor: 6, long: '6h', short: '30m', exhausted: '5 days' },
];

/**
 * Tokens of language models against a month's budget, in the manner of an error budget: it goes much too fast, and still
 * does. Prompts that were cached count in full.
 *
 * Runbook: which caller (`source_principal` of Istio's metrics)? Limit its rate, or answer with a smaller model.
 */
export function tokenBudget(subject: Subject, { parts, prompt, generated, budget }: TokenBudget): RuleGroup {
  const of = ofParts(subject, parts);
  const tokens = (metric: string, price: number): Expr =>
    multiply(sum(rate(selector(metric, of), '5m')), number(price / 1e6));
  const spent = recorded(subject, 'ai_cost:tokens_usd:rate5m');
  const even = budget / (DAYS * 86_400);
  return {
    name: groupName(subject, 'tokens'),
    interval: '1m',
    rules: [
      record(
        'ai_cost:tokens_usd:rate5m',
        add(tokens(VLLM.promptTokens, prompt), tokens(VLLM.generatedTokens, generated)),
        identityLabels(subject),
      ),
      ...BURNS.map(({ factor, long, short, exhausted }) => {
        const limit = number(Number((factor * even).toPrecision(6)));
        // Missing samples cost nothing: what is scaled to zero has none.
        const mean = divide(sumOverTime(spent, long), number(long === '1h' ? 60 : 360));
        return alert(subject, 'AiTokenBudgetBurn', {
          expr: and(compare(mean, '>', limit), compare(avgOverTime(spent, short), '>', limit)),
          for: '5m',
          severity: 'warning',
          labels: { window: long },
          summary: template`The language models of ${subject.service} use up their budget of tokens too fast.`,
          description: [
            template`{{ $value | humanize }} dollars a second over the last ${long}: the ${budget} dollars of a month are gone within ${exhausted}.`,
          ],
        });
      }),
    ],
  };
}

/** Which callers are unusual. */
export interface Callers {
  /** Conditions on Istio's metrics for the requests to the service. */
  readonly requests: readonly Matcher[];
  /** Fewest requests in an hour that are worth a word. */
  readonly least: number;
  /** How many times its own hourly mean of the day before a caller may ask. */
  readonly factor: number;
  /** Share of all requests that one caller may have. */
  readonly share: number;
}

/**
 * A caller that asks unusually much: the signature of somebody who copies a model by its answers, or of a loop. It has more
 * than its share of the last hour's requests, and many times its own mean of the day before (none, for a new one; on the first
 * day of the service nobody is compared). Callers are told apart by their identity in the mesh; those without one, behind a
 * public gateway, count as the gateway.
 *
 * Runbook: who is it, and what does it ask? An AuthorizationPolicy or a rate limit stops it.
 */
export function callers(subject: Subject, { requests, least, factor, share }: Callers): RuleGroup {
  const of = selector(ISTIO_REQUESTS, requests);
  const now = sum(increase(of, '1h'), ['source_principal']);
  const before = or(divide(sum(increase(of, '1d', '1h'), ['source_principal']), number(24)), multiply(number(0), now));
  return {
    name: groupName(subject, 'callers'),
    rules: [
      alert(subject, 'AiCallerUnusual', {
        expr: where(
          and(
            compare(now, '>', number(least)),
            compare(now, '>', multiply(number(factor), before)),
            compare(divide(now, sum(increase(of, '1h')), { on: [], groupLeft: true }), '>', number(share)),
          ),
          // On the first day of a service nobody has a past.
          compare(count(offset(of, '1d')), '>', number(0)),
          { on: [] },
        ),
        for: '5m',
        severity: 'warning',
        labels: {},
        summary: template`A caller asks ${subject.service} unusually much.`,
        description: [
          template`{{ $labels.source_principal }} made {{ $value | humanize }} requests in the last hour: more than ${factor} times its mean of the day before,`,
          template`and more than ${Number((share * 100).toPrecision(12))} % of all.`,
        ],
      }),
    ],
  };
}
