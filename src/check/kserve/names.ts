/** A label of a host name, a label's value, and the name of a Service end here. */
const LABEL_MAX = 63;

/** `1 character`, `2 characters`. */
export function countOfCharacters(count: number): string {
  return `${count} ${count === 1 ? 'character' : 'characters'}`;
}

/** A name that leaves too little room. */
export interface NameProblem {
  readonly message: string;
  readonly fix: string;
  /** By how many characters it is too long. */
  readonly over: number;
}

/**
 * Whether what KServe derives from the name of an InferenceService stays in its limits, for one component
 * (`predictor`, `transformer`, `explainer`, or `<predictor name>-predictor`).
 *
 * In Knative mode that is the Knative Service `<name>-<component>`; in Standard mode the first label of the host
 * `<name>-<component>-<namespace>.<domain>`, which the reconciler makes for cluster-local services too, and refuses.
 */
export function componentNameProblem(
  knative: boolean,
  name: string,
  namespace: string,
  component: string,
): NameProblem | undefined {
  const derived = knative ? `${name}-${component}` : `${name}-${component}-${namespace}`;
  const over = derived.length - LABEL_MAX;
  if (over <= 0) return undefined;
  const what = knative ? `the Knative Service ${derived}` : `the host name label ${derived}`;
  return {
    message: `${name} is ${countOfCharacters(over)} too long: KServe makes ${what} of it, ${derived.length} characters where ${LABEL_MAX} fit`,
    fix: `shorten the name to at most ${name.length - over} characters`,
    over,
  };
}
