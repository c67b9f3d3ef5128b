import { createHash } from 'node:crypto';

/**
 * JSON with sorted keys and no white space: the same text for the same data, however it was built. Fields that
 * are `undefined` are left out. What JSON cannot hold (NaN, functions, bigint, `undefined` in a list) throws a
 * `TypeError`: a digest must never be taken over something that was silently dropped.
 *
 * @example canonicalJson({ b: 1, a: [true, null] }) // '{"a":[true,null],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  throw new TypeError(`${typeof value === 'number' ? value : `a value of type ${typeof value}`} has no canonical JSON`);
}

/**
 * SHA-256 of a text (as UTF-8), 64 lower-case hex digits without a prefix.
 *
 * @example sha256('') // 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
 */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
