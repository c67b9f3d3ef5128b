import { compareText } from '../core/finding.ts';

/** Names that say nothing without what stands above them. */
const GENERIC: ReadonlySet<string> = new Set(['Spec', 'Metadata', 'Template', 'Value', 'Item', 'Config', 'List']);

/**
 * A property name as a type name: `nodeAffinity` → `NodeAffinity`, `http2-rule` → `Http2Rule`.
 */
export function pascalCase(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[A-Za-z]/.test(name) ? name : `Field${name}`;
}

/**
 * One element of what a list or map is named after: `containers` → `container`, `policies` → `policy`,
 * `matches` → `match`. Names that are no plural stay (`env`, `access`, `status`).
 */
export function singular(name: string): string {
  if (/ies$/i.test(name) && name.length > 4) return `${name.slice(0, -3)}y`;
  if (/(ss|x|ch|sh|ias)es$/i.test(name)) return name.slice(0, -2);
  if (/s$/i.test(name) && !/(ss|us|is|as|ns)$/i.test(name)) return name.slice(0, -1);
  // `dns`, `tls` and `os` are names of their own; `options` and `patterns` are plurals.
  if (/[a-z]{3,}ns$/i.test(name) && !/dns$/i.test(name)) return name.slice(0, -1);
  return name;
}

/** Where a schema was met: the name that the place suggests, and the name of the type around it. */
export interface Place {
  readonly label: string;
  readonly context: string;
}

/** How often each place was met. */
export type Votes = Map<string, { readonly place: Place; count: number }>;

/** Counts a place; of the same label in several contexts, the first in the alphabet is remembered. */
export function vote(votes: Votes, place: Place, count: number): void {
  const known = votes.get(place.label);
  if (!known) votes.set(place.label, { place, count });
  else {
    known.count += count;
    if (compareText(place.context, known.place.context) < 0) votes.set(place.label, { place, count: known.count });
  }
}

/** The place met most often; the shorter, then the earlier name decides a tie. */
export function mostVoted(votes: Votes): Place {
  const [best] = [...votes.values()].sort(
    (a, b) =>
      b.count - a.count || a.place.label.length - b.place.label.length || compareText(a.place.label, b.place.label),
  );
  return best?.place ?? { label: 'Value', context: '' };
}

/** The name that a place alone would give: `NodeAffinity`; `TemplateSpec`, where `Spec` says too little. */
export function nameOf({ label, context }: Place): string {
  return GENERIC.has(label) ? `${context}${label}` : label;
}

/** The first free name: the plain one, the one with its context, then numbered. Marks it as taken. */
export function claimName(place: Place, taken: Set<string>): string {
  const plain = nameOf(place);
  let name = taken.has(plain) ? `${place.context}${place.label}` : plain;
  for (let number = 2; taken.has(name); number += 1) name = `${plain}${number}`;
  taken.add(name);
  return name;
}
