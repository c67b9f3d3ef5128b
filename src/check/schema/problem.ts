/** What is wrong with one value of an object. It becomes a finding once it is known which object it is in. */
export interface Problem {
  readonly id: string;
  /** Path below the value that was checked, empty for the value itself: `http[0].route[1].weight`. */
  readonly path: string;
  readonly message: string;
  readonly fix: string;
}

/** `undefined` when nothing is wrong, which is nearly always: the good case allocates nothing. */
export type Problems = readonly Problem[] | undefined;

/** A compiled check of a value. Paths are put together on the way back, so that a good value costs no text. */
export type Check = (value: unknown) => Problems;

/** A single problem with the value itself. */
export function problem(id: string, message: string, fix: string): readonly Problem[] {
  return [{ id, path: '', message, fix }];
}

/** The problems of a child, as seen from its parent. */
export function below(step: string | number, problems: readonly Problem[]): readonly Problem[] {
  return problems.map((one) => ({ ...one, path: joinPath(step, one.path) }));
}

/** Both, either or none. */
export function both(a: Problems, b: Problems): Problems {
  return a === undefined ? b : b === undefined ? a : [...a, ...b];
}

/** All checks on the same value. */
export function all(checks: readonly Check[]): Check {
  const [first, second] = checks;
  if (first === undefined) return () => undefined;
  if (second === undefined) return first;
  if (checks.length === 2) return (value) => both(first(value), second(value));
  return (value) => {
    let found: Problems;
    for (const check of checks) found = both(found, check(value));
    return found;
  };
}

/** One step in front of a path: `spec` + `http[0]`, `[0]`, `annotations` + `["a.b/c"]`. */
export function joinPath(step: string | number, rest: string): string {
  const head = typeof step === 'number' ? `[${step}]` : /^[\w$-]+$/.test(step) ? step : `[${JSON.stringify(step)}]`;
  return rest === '' || rest.startsWith('[') ? head + rest : `${head}.${rest}`;
}
