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
  const isSecret = isPlainMap(value) && value['kind'] === 'Secret' && value['apiVersion'] === 'v1';
  return isSecret ? { ...(maskBelow(value, '', mask) as object), ...maskData(value, mask) } : maskBelow(value, '', mask);
}

/** All values of a Secret are secret, whatever they look like. */
function maskData(secret: Readonly<Record<string, unknown>>, mask: Mask): Record<string, unknown> {
  const masked = (map: unknown): unknown => (isPlainMap(map) ? Object.fromEntries(Object.entries(map).map(([key, value]) => [key, mask(value)])) : mask(map));
  return Object.fromEntries(['data', 'stringData'].filter((field) => secret[field] !== undefined).map((field) => [field, masked(secret[field])]));
}

function maskBelow(value: unknown, name: string, mask: Mask): unknown {
  if (typeof value === 'string') return maskText(value, name, mask);
  if (Array.isArray(value)) {
    const named = new Map(value.every((item) => typeof item === 'string') ? namedArguments(value).map(({ index, name: of, text }) => [index, [of, text]] as const) : []);
    return changedList(value, (item, index) => {
      const [of, text] = named.get(index) ?? [];
      if (of !== undefined && text !== undefined && secretReason(of, text) !== undefined) return (item as string).replace(text, () => mask(text));
      // A list under such a name has names of secrets, as `credentials` of a service.
      return maskBelow(item, '', mask);
    });
  }
  if (!isPlainMap(value)) return value;
  // A variable: the name of the value stands beside it.
  const own = typeof value['name'] === 'string' && typeof value['value'] === 'string' ? value['name'] : undefined;
  let changed: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const masked = maskBelow(value[key], key === 'value' && own !== undefined ? own : key, mask);
    if (masked !== value[key]) (changed ??= { ...value })[key] = masked;
  }
  return changed ?? value;
}

function changedList(items: readonly unknown[], change: (item: unknown, index: number) => unknown): readonly unknown[] {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
}

/** A text under a name: whole when the name or a short text itself says that it is a secret, else by line. */
function maskText(text: string, name: string, mask: Mask): string {
  if (!text.includes('\n')) return isSecretText(text, name) ? mask(text) : text;
  if (secretForm(text) === undefined && secretReason(name, text) === undefined) return text;
  // A key of several lines cannot be told from what is around it.
  if (/-----BEGIN/.test(text) || secretForm(text) === undefined) return mask(text);
  return text.split('\n').map((line) => (secretForm(line) === undefined ? line : mask(line))).join('\n');
}

function isSecretText(text: string, name: string): boolean {
  return secretForm(text) !== undefined || (!REFERENCES.has(name) && secretReason(name, text) !== undefined);
}

/** Fields of references: the Secret that is meant, and the key in it (`external-secrets.io` calls it so). */
const REFERENCES: ReadonlySet<string> = new Set(['secret', 'secretKey']);
