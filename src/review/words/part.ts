import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { isKind, valueAt, type Path } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { touching, type Altered } from './changes.ts';
import type { Phrase } from './said.ts';

/** A part of an object that runs something, as its pod or a container, before and after. */
export interface Part {
  readonly stage: Stage;
  readonly change: Altered;
  /** What it is called: `fraud-detector predictor`. */
  readonly who: string;
  /** Whether pods restart for a change; else a revision of its own starts beside the one that serves. */
  readonly inPlace: boolean;
  /** Where it is in the object, and the changes there. */
  readonly path: Path;
  readonly changes: readonly Change[];
  readonly before: unknown;
  readonly after: unknown;
}

/** A part of a part. */
export function within(part: Part, ...fields: Path): Part {
  const path = [...part.path, ...fields];
  const [before, after] = [part.before, part.after].map((value) => valueAt(value, ...fields));
  return { ...part, path, changes: touching(part.changes, path), before, after };
}

/**
 * Sentences of some fields of a part; none when nothing of them changed.
 *
 * @param keep which of the changes they are about, when not all.
 */
export function told(
  { change, path, changes, before, after }: Part,
  fields: readonly Path[],
  say: (before: unknown, after: unknown) => readonly (Phrase | undefined)[],
  keep: (one: Change) => boolean = () => true,
): Said[] {
  const touched = touching(changes, ...fields.map((field) => [...path, ...field])).filter(keep);
  if (touched.length === 0) return [];
  return say(before, after).flatMap((words) =>
    words ? [{ ...words, explains: [{ of: change, changes: touched }] }] : [],
  );
}

/** What happens to pods that serve: `its pods restart with another image`. */
export function restart({ inPlace, stage, change }: Part, how: string): Reason | undefined {
  if (!inPlace) return undefined;
  const runs = isKind(change.after.object, 'batch', 'CronJob');
  return reasonOf('risk/in-place', stage, runs ? `its next run is ${how}` : `its pods restart ${how}`);
}
