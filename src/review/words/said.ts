import type { Reason } from '../plan.ts';
import type { Explained, Said } from '../statement.ts';
import { groupedBy } from './sets.ts';

/** How sentences are made. */

/** A sentence that does not yet know what it explains. */
export type Phrase = Omit<Said, 'explains'>;

/** A phrase; reasons that do not hold are `undefined`. */
export function phrase(text: string, ...reasons: readonly (Reason | undefined)[]): Phrase {
  return { text, reasons: distinct(reasons.filter((reason) => reason !== undefined)) };
}

/**
 * A sentence on some changes.
 *
 * @param reasons why it matters; those that do not hold are `undefined`.
 */
export function sentence(
  text: string,
  explains: Explained | readonly Explained[],
  ...reasons: readonly (Reason | undefined)[]
): Said {
  return { ...phrase(text, ...reasons), explains: 'of' in explains ? [explains] : explains };
}

/** One sentence for all that say the same: with the reasons of each, once, and all that they explain. */
export function merged(sentences: readonly Said[]): Said[] {
  return [...groupedBy(sentences, ({ text }) => text)].map(([text, alike]) =>
    sentence(
      text,
      alike.flatMap(({ explains }) => explains),
      ...alike.flatMap(({ reasons }) => reasons),
    ),
  );
}

/** Reasons, each once. */
function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [`${reason.rule}\n${reason.text}`, reason])).values()];
}
