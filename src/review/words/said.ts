import type { ObjectChange, Placed } from '../compare.ts';
import type { Change, Segment } from '../field.ts';
import type { Reason } from '../plan.ts';
import type { Said } from '../statement.ts';

/** An object that is there before and after, under this name or another. */
export type Altered = Extract<ObjectChange, { readonly before: Placed; readonly after: Placed }>;

/** One sentence for all that say the same: with the reasons of each, once, and all that they explain. */
export function merged(sentences: readonly Said[]): Said[] {
  const byText = new Map<string, Said[]>();
  for (const sentence of sentences) {
    const alike = byText.get(sentence.text);
    if (alike) alike.push(sentence);
    else byText.set(sentence.text, [sentence]);
  }
  return [...byText].map(([text, alike]) =>
    alike.length === 1
      ? alike[0]!
      : {
          text,
          reasons: distinct(alike.flatMap(({ reasons }) => reasons)),
          explains: alike.flatMap(({ explains }) => explains),
        },
  );
}

/** Reasons, each once. */
export function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [`${reason.rule}\n${reason.text}`, reason])).values()];
}

/**
 * The changes that touch a field: those at or below its path, and those that bring or take away something around it, since
 * a map that is added is one change.
 */
export function touching(changes: readonly Change[], ...fields: readonly (readonly (string | number)[])[]): readonly Change[] {
  return changes.filter(({ path }) => fields.some((field) => isAlong(path, field)));
}

function isAlong(path: readonly Segment[], field: readonly (string | number)[]): boolean {
  const length = Math.min(path.length, field.length);
  for (let index = 0; index < length; index += 1) {
    if (field[index] !== '*' && field[index] !== path[index]) return false;
  }
  return true;
}

/** A share in words: `25`, `12.5`. */
export function percent(value: number): string {
  return String(Math.round(value * 10) / 10);
}
