import type { Analysis } from './analyze.ts';
import type { PromqlProblem, QueryMatcher, SelectorQuery } from './parse.ts';
import { equal, exactly, matcherText, quote, type Matcher } from './selector.ts';

/** Whose expression it is: what `$service` and the like stand for. */
export type Scope = Readonly<Record<'service' | 'namespace' | 'environment' | 'team', string>>;

const PLACEHOLDER = /\$(?:\{([a-z]\w*)\}|([a-z]\w*))/g;

/** Placeholders that stand for nothing; in a regular expression a `$` in front of a letter could never match either. */
export function unknownPlaceholders({ reads }: Analysis, scope: Scope): PromqlProblem[] {
  return reads
    .flatMap(({ selector }) => selector.matchers)
    .flatMap(({ value, literal }) =>
      placeholders(value)
        .filter((name) => !Object.hasOwn(scope, name))
        .map((name) => ({
          from: literal.from,
          message: `$${name} stands for nothing`,
          fix: `write ${Object.keys(scope)
            .map((known) => `$${known}`)
            .join(', ')}`,
        })),
    );
}

/** Whether a selector asks for less than everything of its name: one value of some label, or some beginning of one. */
export function isBounded({ matchers }: SelectorQuery): boolean {
  return matchers.some(
    ({ label, operator, value }) =>
      label !== '__name__' && (operator === '=' ? value !== '' : operator === '=~' && everyAlternativeStarts(value)),
  );
}

/** Whether each alternative of a regular expression starts with text of its own. */
function everyAlternativeStarts(source: string): boolean {
  // Alternatives inside of groups begin with a bracket, which is no text.
  return source.split('|').every((alternative) => /^(?:[\w$-]|\\[.-])(?![*?{])/.test(alternative));
}

/**
 * An expression for one service: placeholders in conditions are filled in, quoted, and selectors of its own metrics are
 * kept to it. Nothing else changes.
 *
 * @param isOwn whether a series comes from the service, and has the labels `ai_service` and `namespace`.
 * @example scoped('rate(x[5m])', analysis, scope, () => true) // rate(x{ai_service="s",namespace="n"}[5m])
 */
export function scoped(text: string, { reads }: Analysis, scope: Scope, isOwn: (series: string) => boolean): string {
  const edits = reads.flatMap(({ selector }) => [
    ...selector.matchers.flatMap((matcher) => fillIn(matcher, scope)),
    ...(selector.metric !== undefined && isOwn(selector.metric) ? keepTo(selector, scope) : []),
  ]);
  // From the end, so that the places before stay where they are.
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce((result, { from, to, text: by }) => result.slice(0, from) + by + result.slice(to), text);
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function placeholders(value: string): string[] {
  return [...value.matchAll(PLACEHOLDER)].map(([, braced, bare]) => braced ?? bare ?? '');
}

function fillIn({ operator, value, literal }: QueryMatcher, scope: Scope): Edit[] {
  if (placeholders(value).length === 0) return [];
  const isRegex = operator === '=~' || operator === '!~';
  const filled = value.replace(PLACEHOLDER, (_all, braced: string | undefined, bare: string | undefined) => {
    const meant = scope[(braced ?? bare) as keyof Scope];
    return isRegex ? exactly(meant).source : meant;
  });
  return [{ ...literal, text: quote(filled) }];
}

/** The conditions that keep a selector to the service, in front of those that it has. */
function keepTo({ from, metric = '', matchers, braces }: SelectorQuery, { service, namespace }: Scope): Edit[] {
  const identity: readonly Matcher[] = [equal('ai_service', service), equal('namespace', namespace)];
  const missing = identity
    .filter(({ label }) => !matchers.some((matcher) => matcher.label === label))
    .map(matcherText)
    .join(',');
  if (missing === '') return [];
  if (!braces) return [{ from: from + metric.length, to: from + metric.length, text: `{${missing}}` }];
  return [{ from: braces.from + 1, to: braces.from + 1, text: matchers.length > 0 ? `${missing},` : missing }];
}
