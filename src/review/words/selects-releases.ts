import { listAt, mapAt, textAt } from '../read.ts';
import { exactly } from './sets.ts';

/** The label of pods that is the name of their workload where KServe gives it: pods of an LLMInferenceService. */
const NAME = 'app.kubernetes.io/name';

/**
 * Whether two selectors differ only in which workloads of a service they name: they follow its releases.
 *
 * @example
 * const of = (...values: string[]) => ({ matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values }] });
 * selectsReleases(of('llm-v46'), of('llm-v46', 'llm-v47'), 'llm') // true
 */
export function selectsReleases(before: unknown, after: unknown, service: string): boolean {
  const [old, now] = [split(before), split(after)];
  const names = [...old.names, ...now.names];
  return (
    old.names.length > 0 &&
    now.names.length > 0 &&
    old.rest === now.rest &&
    names.every((name) => name === service || name.startsWith(`${service}-`))
  );
}

/** The names that a selector asks for, and what else it asks for. */
function split(selector: unknown): { readonly names: readonly string[]; readonly rest: string } {
  const isNames = (expression: unknown): boolean =>
    textAt(expression, 'key') === NAME && textAt(expression, 'operator') === 'In';
  const expressions = listAt(selector, 'matchExpressions');
  return {
    names: expressions.filter(isNames).flatMap((expression) => listAt(expression, 'values').map(String)),
    rest: exactly([mapAt(selector, 'matchLabels'), expressions.filter((expression) => !isNames(expression))]),
  };
}
