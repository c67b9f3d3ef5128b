import { parseQuantity } from '../../core/quantity.ts';
import type { Reason } from '../plan.ts';
import { mapAt, textAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { phrase, type Phrase } from './said.ts';
import { counted, isWas, shown } from './text.ts';

/** Processor, memory and GPUs. */

/** More kinds of resources than any container has. */
const MOST_RESOURCES = 8;

/** What changes of what a container asks for and may use: `memory of fraud-detector predictor is 4Gi (was 8Gi)`. */
export function resourceWords(stage: Stage, who: string, before: unknown, after: unknown): Phrase[] {
  const all = [before, after].flatMap((resources) =>
    ['requests', 'limits'].flatMap((kind) => Object.keys(mapAt(resources, kind))),
  );
  const kinds = [...new Set(all)].sort();
  const rest = kinds.length - MOST_RESOURCES;
  const more = rest > 0 ? [phrase(`${counted(rest, 'other resource')} of ${who} may change too`)] : [];
  return [...kinds.slice(0, MOST_RESOURCES).flatMap((kind) => oneResource(stage, who, kind, before, after)), ...more];
}

function oneResource(stage: Stage, who: string, kind: string, before: unknown, after: unknown): Phrase[] {
  const [request, oldRequest] = [textAt(after, 'requests', kind), textAt(before, 'requests', kind)];
  const [limit, oldLimit] = [textAt(after, 'limits', kind), textAt(before, 'limits', kind)];
  const noun = nounOf(kind);
  const words = (
    what: string,
    old: string | undefined,
    now: string | undefined,
    bound: 'request' | 'limit',
  ): Phrase[] =>
    isSame(old, now) ? [] : [phrase(`${what} of ${who} ${isWas(now, old)}`, lessReason(stage, kind, old, now, bound))];
  // A request that is missing is the limit.
  if (isSame(request ?? limit, limit ?? request) && isSame(oldRequest ?? oldLimit, oldLimit ?? oldRequest)) {
    return words(noun, oldRequest ?? oldLimit, request ?? limit, 'request');
  }
  return [
    ...words(`requested ${noun}`, oldRequest, request, 'request'),
    ...words(`limit of ${noun}`, oldLimit, limit, 'limit'),
  ];
}

function nounOf(kind: string): string {
  return /\/(?:gpu|mig-[\w.]+)$/.test(kind) ? 'GPU' : shown(kind);
}

function isSame(a: string | undefined, b: string | undefined): boolean {
  return a === b || (amount(a) !== undefined && amount(a) === amount(b));
}

function amount(text: string | undefined): bigint | undefined {
  return text === undefined || text.length > 40 ? undefined : parseQuantity(text)?.nanos;
}

/** Without a request nothing is kept free; without a limit everything may be used. */
function lessReason(
  stage: Stage,
  kind: string,
  before: string | undefined,
  after: string | undefined,
  bound: 'request' | 'limit',
): Reason | undefined {
  if (before === undefined || after === undefined) {
    const lost = bound === 'request' ? before !== undefined : after !== undefined;
    return lost
      ? reasonOf('risk/resources', stage, bound === 'request' ? 'none of it is kept free for it' : 'there was no limit')
      : undefined;
  }
  const [old, now] = [amount(before), amount(after)];
  if (old === undefined || now === undefined || now >= old) return undefined;
  const text = kind === 'memory' ? 'it may be killed' : kind === 'cpu' ? 'it may be slower' : undefined;
  return reasonOf(2n * now <= old ? 'risk/resources-halved' : 'risk/resources', stage, text);
}
