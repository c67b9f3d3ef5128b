/** A place in what a user wrote that no file can hold as it is. */
export interface Unwritable {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly fix: string;
}

/** Deeper than anything in the vocabulary; what is deeper holds itself, and its schema says that it is wrong. */
const MAX_DEPTH = 30;

/**
 * Everything in plain data that is lost or changed on its way into a file, which no schema of a single field says: half
 * a surrogate pair in text or in a name, -0, and the name `__proto__`. No value is repeated: one may be a secret.
 *
 * @example findUnwritable({ env: { A: '\ud800' } }) // [{ path: ['env', 'A'], message: 'the text holds …', … }]
 */
export function findUnwritable(value: unknown): Unwritable[] {
  const found: Unwritable[] = [];
  look(value, [], found);
  return found;
}

function look(value: unknown, path: PropertyKey[], found: Unwritable[]): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) found.push(half('text', path));
  } else if (typeof value === 'number') {
    if (Object.is(value, -0))
      found.push({ path: [...path], message: '-0 reads back as another number', fix: 'write 0' });
  } else if (typeof value === 'object' && value !== null && path.length < MAX_DEPTH) {
    const list = Array.isArray(value);
    for (const key of Object.keys(value)) {
      path.push(list ? Number(key) : key);
      if (!key.isWellFormed()) found.push(half('name', path));
      if (key === '__proto__')
        found.push({ path: [...path], message: '"__proto__" can be no name', fix: 'choose another name' });
      look((value as Readonly<Record<string, unknown>>)[key], path, found);
      path.pop();
    }
  }
}

function half(what: string, path: readonly PropertyKey[]): Unwritable {
  return {
    path: [...path],
    message: `the ${what} holds half a surrogate pair, which is no character`,
    fix: 'write the whole character',
  };
}
