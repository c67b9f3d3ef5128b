import { withoutMovedAway, type Change } from '../field.ts';
import { shown } from './text.ts';

/** Longest path and longest value that a sentence repeats. */
const MAX_FIELD = 120;
const MAX_VALUE = 60;

/**
 * A change of a field in words: `spec.priorityClassName is high (was none)`; without the values where they are long, or
 * are no scalars.
 *
 * @param field what to call it, when not by its path.
 */
export function fieldInWords(
  { op, path: segments, field: path, before, after, moved }: Change,
  field = shown(path, MAX_FIELD),
): string {
  if (moved) return `${field} moved`;
  const item = segments.at(-1);
  // An item that is its own name.
  if (typeof item === 'object' && '' in item && isShort(item[''])) {
    const list = shown(path.slice(0, path.lastIndexOf('[')), MAX_FIELD);
    return `${list} ${op === 'remove' ? 'no longer has' : 'has'} ${shown(item[''])}`;
  }
  if (isShort(before) && isShort(after)) return `${field} is ${shown(after)} (was ${shown(before)})`;
  return `${field} ${op === 'add' ? 'added' : op === 'remove' ? 'removed' : 'changed'}`;
}

/** Changes of fields in words: the first ones, and how many more there are. */
export function fieldsInWords(changes: readonly Change[], most = 3): string {
  const told = withoutMovedAway(changes);
  const words = told.slice(0, most).map((change) => fieldInWords(change));
  const more = told.length - words.length;
  if (more > 0) return `${words.join(', ')} and ${more} more field${more === 1 ? '' : 's'}`;
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)!}`;
}

function isShort(value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean') return true;
  return typeof value === 'string' && value.length <= MAX_VALUE && !value.includes('\n');
}
