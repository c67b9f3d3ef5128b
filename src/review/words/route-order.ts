import { isKind } from '../read.ts';
import { reasonOf } from '../risks.ts';
import type { Route, RouteRule } from '../route.ts';
import type { Said } from '../statement.ts';
import type { Altered } from './changes.ts';
import { sentence } from './said.ts';
import type { Telling } from './shares.ts';
import { exactly } from './sets.ts';
import { listed, shown } from './text.ts';

/** Routes that are tried in another order, and those that no request comes to. */

/** Names that one sentence repeats. */
const MOST = 8;

/** What changes by the order of routes alone: who gets a request that several of them match, or none of them any more. */
export function orderSaid({ stage, subject, explains }: Telling, change: Altered, before: Route, after: Route): Said[] {
  const known = new Set(before.hidden.map(({ key }) => key));
  const last = after.rules.at(-1);
  const dead = after.hidden
    .filter(({ key }) => !known.has(key))
    .map((rule) => {
      const taker = last ? titleOf(last, after) : 'another one';
      return sentence(
        `no request comes to route ${titleOf(rule, after)} of ${subject}: ${taker} takes all before it`,
        explains,
      );
    });
  if (exactly(keysIn(before, after)) === exactly(keysIn(after, before))) return dead;
  const order = (route: Route): string =>
    listed(
      allOf(route).map((rule) => titleOf(rule, route)),
      MOST,
    );
  // By the Gateway API the most exact match wins, wherever it stands.
  const reason = isKind(change.after.object, 'networking.istio.io', 'VirtualService')
    ? reasonOf('risk/traffic', stage, 'the first that matches gets the request')
    : undefined;
  return [
    ...dead,
    sentence(`routes of ${subject} are tried in the order ${order(after)} (was ${order(before)})`, explains, reason),
  ];
}

/** The rules that requests come to in both routes, in the order of the one. */
function keysIn({ rules }: Route, other: Route): string[] {
  const both = new Set(other.rules.map(({ key }) => key));
  return rules.flatMap(({ key }) => (both.has(key) ? [key] : []));
}

function allOf({ rules, hidden }: Route): readonly RouteRule[] {
  return [...rules, ...hidden];
}

/** The name of a rule, else what it matches, else its place. */
function titleOf(rule: RouteRule, route: Route): string {
  return shown(rule.name ?? rule.header ?? rule.path ?? `${allOf(route).indexOf(rule) + 1}`);
}
