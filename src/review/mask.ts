import { isPlainMap } from '../check/schema/plain-data.ts';
import { namedArguments, secretForm, secretReason } from '../check/secret-text.ts';

/**
 * Replaces values that look like secrets by marks, the same value by the same mark, so that a change of a secret still shows
 * and the secret does not. Made once for a plan.
 */
export type Mask = (secret: unknown) => string;

/** @example createMask()('hunter2') // '[redacted 1]' */
export function createMask(): Mask {
  const marks = new Map<unknown, string>();
  return (secret) => {
    const mark = marks.get(secret) ?? `[redacted ${marks.size + 1}]`;
    marks.set(secret, mark);
    return mark;
  };
}

/** The value with its secrets masked; itself when it has none. */
export function maskSecrets(value: unknown, mask: Mask): unknown {
  return maskBelow(value, '', mask);
}

/** All values of a Secret are secret, whatever they look like, and wherever it is: in a `List`, in a template. */
function isSecret(map: Readonly<Record<string, unknown>>): boolean {
  return map['kind'] === 'Secret' && map['apiVersion'] === 'v1';
}

const SECRET_FIELDS: ReadonlySet<string> = new Set(['data', 'stringData']);

/** Maps and lists stay what they are: a list has no mark of its own, and would never be the same as itself. */
function maskAll(value: unknown, mask: Mask): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((item) => maskAll(item, mask));
  return isPlainMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, below]) => [key, maskAll(below, mask)]))
    : mask(value);
}

function maskBelow(value: unknown, name: string, mask: Mask): unknown {
  if (typeof value === 'string') return maskText(value, name, mask);
  if (Array.isArray(value)) {
    const named = new Map(
      value.every((item) => typeof item === 'string')
        ? namedArguments(value).map(({ index, name: of, text }) => [index, [of, text]] as const)
        : [],
    );
    return changedList(value, (item, index) => {
      const [of, text] = named.get(index) ?? [];
      if (of !== undefined && text !== undefined && secretReason(of, text) !== undefined)
        return (item as string).replace(text, () => mask(text));
      // A list under such a name has names of secrets, as `credentials` of a service.
      return maskBelow(item, '', mask);
    });
  }
  if (!isPlainMap(value)) return value;
  // A variable: the name of the value stands beside it.
  const own = typeof value['name'] === 'string' && typeof value['value'] === 'string' ? value['name'] : undefined;
  let changed: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const name = key === 'value' && own !== undefined ? own : key;
    const masked =
      SECRET_FIELDS.has(key) && isSecret(value) ? maskAll(value[key], mask) : maskBelow(value[key], name, mask);
    if (masked !== value[key]) (changed ??= { ...value })[key] = masked;
  }
  return changed ?? value;
}

function changedList(items: readonly unknown[], change: (item: unknown, index: number) => unknown): readonly unknown[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}

/** Copies of an object, secrets too, that `kubectl apply` leaves in it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Values in the query of an address whose names say that they are secret; signatures let in whoever has them. */
const IN_QUERY = /([?&])([\w.-]+)=([^&\s"'#]+)/g;
const SIGNATURE = /^(?:sig|signature|x-(?:amz|goog)-signature)$/i;

function maskQueries(text: string, mask: Mask): string {
  if (!text.includes('?')) return text;
  return text.replace(IN_QUERY, (all, sign: string, name: string, value: string) => {
    return SIGNATURE.test(name) || secretReason(name, value) !== undefined ? `${sign}${name}=${mask(value)}` : all;
  });
}

/** A text under a name: whole when the name or a short text itself says that it is a secret, else by line. */
function maskText(text: string, name: string, mask: Mask): string {
  if (name === LAST_APPLIED && /"kind":\s*"Secret"/.test(text)) return mask(text);
  if (!text.includes('\n')) return isSecretText(text, name) ? mask(text) : maskQueries(text, mask);
  if (secretForm(text) === undefined && secretReason(name, text) === undefined) return maskQueries(text, mask);
  // A key of several lines cannot be told from what is around it.
  if (/-----BEGIN/.test(text) || secretForm(text) === undefined) return mask(text);
  return text
    .split('\n')
    .map((line) => (secretForm(line) === undefined ? maskQueries(line, mask) : mask(line)))
    .join('\n');
}

function isSecretText(text: string, name: string): boolean {
  return secretForm(text) !== undefined || (!REFERENCES.has(name) && secretReason(name, text) !== undefined);
}

/** Fields of references: the Secret that is meant, and the key in it (`external-secrets.io` calls it so). */
const REFERENCES: ReadonlySet<string> = new Set(['secret', 'secretKey']);
