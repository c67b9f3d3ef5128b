/** Answers are kept for this many different texts. */
const MOST = 10_000;

/**
 * A pure function that keeps its answers: thousands of services share their keys, durations and names, and each is looked
 * at once. What comes when the memory is full is answered, and not kept.
 *
 * @param textOf a text that is the same for inputs with the same answer. Default: the input is that text.
 * @example const isQualifiedName = remember((key: string) => …);
 */
export function remember<T, Input = string>(
  answer: (input: Input) => T,
  textOf?: (input: Input) => string,
): (input: Input) => T {
  const known = new Map<unknown, T>();
  return (input) => {
    const text = textOf === undefined ? input : textOf(input);
    const found = known.get(text);
    if (found !== undefined || known.has(text)) return found as T;
    const fresh = answer(input);
    if (known.size < MOST) known.set(text, fresh);
    return fresh;
  };
}

/**
 * A pure function that keeps its answers with the objects it was asked about, for as long as these are there: what several
 * rooms ask of one thing is worked out once.
 *
 * @example const promisesOf = rememberOf((spec: ServiceSpec) => …);
 */
export function rememberOf<T extends object, Input extends object>(answer: (input: Input) => T): (input: Input) => T {
  const known = new WeakMap<Input, T>();
  return (input) => {
    const found = known.get(input);
    if (found !== undefined) return found;
    const fresh = answer(input);
    known.set(input, fresh);
    return fresh;
  };
}
