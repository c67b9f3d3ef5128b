import { parseQuantity } from '../../core/quantity.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import { counted, mapAt, shown, textAt } from './read.ts';
import type { Words } from './running.ts';

/** Processor, memory and GPUs. */

/** What changes of what a container asks for and may use: `memory of fraud-detector predictor is 4Gi (was 8Gi)`. */
export function resourceWords(stage: Stage, who: string, before: unknown, after: unknown): Words[] {
  const names = [
    ...new Set(
      [before, after].flatMap((resources) => ['requests', 'limits'].flatMap((kind) => Object.keys(mapAt(resources, kind)))),
    ),
  ].sort();
  const rest = names.length - MOST_RESOURCES;
  const more = rest > 0 ? [{ text: `${counted(rest, 'other resource')} of ${who} may change too`, reasons: [] }] : [];
  return [...names.slice(0, MOST_RESOURCES).flatMap((name) => oneResource(stage, who, name, before, after)), ...more];
}

/** More kinds of resources than any container has. */
const MOST_RESOURCES = 8;

function oneResource(stage: Stage, who: string, name: string, before: unknown, after: unknown): Words[] {
  const [request, oldRequest] = [textAt(after, 'requests', name), textAt(before, 'requests', name)];
  const [limit, oldLimit] = [textAt(after, 'limits', name), textAt(before, 'limits', name)];
  const [requested, limited] = [!alike(request, oldRequest), !alike(limit, oldLimit)];
  const noun = resourceName(name);
  // A request that is missing is the limit.
  if (alike(request ?? limit, limit ?? request) && alike(oldRequest ?? oldLimit, oldLimit ?? oldRequest)) {
    const [now, old] = [request ?? limit, oldRequest ?? oldLimit];
    return alike(now, old)
      ? []
      : [
          {
            text: `${noun} of ${who} is ${shown(now)} (was ${shown(old)})`,
            reasons: lessReasons(stage, noun, old, now, 'request'),
          },
        ];
  }
  return [
    ...(requested
      ? [
          {
            text: `requested ${noun} of ${who} is ${shown(request)} (was ${shown(oldRequest)})`,
            reasons: lessReasons(stage, `requested ${noun}`, oldRequest, request, 'request'),
          },
        ]
      : []),
    ...(limited
      ? [
          {
            text: `limit of ${noun} of ${who} is ${shown(limit)} (was ${shown(oldLimit)})`,
            reasons: lessReasons(stage, `limit of ${noun}`, oldLimit, limit, 'limit'),
          },
        ]
      : []),
  ];
}

function resourceName(name: string): string {
  if (name === 'cpu' || name === 'memory') return name;
  return /\/(?:gpu|mig-[\w.]+)$/.test(name) ? 'GPU' : shown(name);
}

function alike(a: string | undefined, b: string | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && amount(a) !== undefined && amount(a) === amount(b));
}

function amount(text: string | undefined): bigint | undefined {
  return text === undefined || text.length > 40 ? undefined : parseQuantity(text)?.nanos;
}

/** Without a request nothing is kept free; without a limit everything may be used. */
function lessReasons(
  stage: Stage,
  noun: string,
  before: string | undefined,
  after: string | undefined,
  kind: 'request' | 'limit',
): Reason[] {
  if (after === undefined)
    return kind === 'request' && before !== undefined
      ? [reasonOf('risk/resources', stage, `nothing is said of ${noun} any more`)]
      : [];
  const [old, now] = [amount(before), amount(after)];
  if (now === undefined) return [];
  if (before === undefined) return kind === 'limit' ? [reasonOf('risk/resources', stage, `${noun} had no end`)] : [];
  if (old === undefined || now >= old) return [];
  return [reasonOf(2n * now <= old ? 'risk/resources-halved' : 'risk/resources', stage, `${noun} was ${shown(before)}`)];
}
