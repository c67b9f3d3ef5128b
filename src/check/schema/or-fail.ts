/** The value, or the error that a CEL function ends in. */
export function orFail<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(what);
  return value;
}
