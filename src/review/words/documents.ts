import type { DocumentChange } from '../compare.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { clusterWords } from './cluster.ts';
import { fieldsInWords } from './fields.ts';
import { sentence } from './said.ts';
import { groupedBy } from './sets.ts';
import { serviceOf } from './subject.ts';
import { counted, listed, shown } from './text.ts';

/** So many files have a sentence each; more share one. */
const FEW = 3;

/** Files from which other tools make objects that nobody sees here. */
const MAKES_OBJECTS =
  /(?:^|\/)(?:kustomization\.ya?ml|Kustomization|Chart\.(?:yaml|lock)|values[^/]*\.ya?ml|helmfile\.ya?ml|templates\/.+)$/;

/** What is left of a file. */
export interface LeftDocument {
  readonly of: DocumentChange;
  readonly changes: readonly Change[];
}

/** Words on files that hold no objects. */
export function documentWords(unit: ChangedUnit, stage: Stage, left: readonly LeftDocument[]): Said[] {
  const known = left.map((one) => ({ one, said: special(unit, stage, one) }));
  const plain = known.flatMap(({ one: { of }, said }) => (said.length > 0 ? [] : [of]));
  const rest = [...groupedBy(plain, ({ change }) => change)].flatMap(([verb, files]): Said[] => {
    if (files.length <= FEW) return files.map((of) => sentence(`${fileIn(unit, of)} ${verb}`, { of }));
    const names = listed(files.map((of) => fileIn(unit, of)));
    return [
      sentence(
        `${counted(files.length, 'file')} ${verb}: ${names}`,
        files.map((of) => ({ of })),
      ),
    ];
  });
  return [...known.flatMap(({ said }) => said), ...rest];
}

/** The path of a file, without the folder of its service. */
function fileIn({ place: { folder, service } }: ChangedUnit, { file }: DocumentChange): string {
  const inside = service !== undefined && file.startsWith(`${folder}/`);
  return shown(inside ? `${file.slice(folder.length + 1)} of ${service}` : file, 160);
}

/** Words on files that mean something; none for the rest. */
function special(unit: ChangedUnit, stage: Stage, { of, changes }: LeftDocument): Said[] {
  const subject = serviceOf(unit) ?? shown(unit.place.folder);
  const name = of.file.slice(of.file.lastIndexOf('/') + 1);
  const say = (text: string, reason?: Reason): Said[] => [
    sentence(text, changes === of.changes ? { of } : { of, changes }, reason),
  ];
  // What went cannot do anything any more, whatever it was.
  if (of.change !== 'removed' && of.after === undefined)
    return say(`${fileIn(unit, of)} ${of.change}: it cannot be read`, unreadable(stage, of));
  const kind = nameless(of.after ?? of.before);
  if (kind !== undefined) {
    return say(
      `${fileIn(unit, of)} ${of.change}: it has an object without a name, of kind ${shown(kind)}`,
      reasonOf('risk/unknown', stage, 'what it makes in the cluster is not seen'),
    );
  }
  if (name === 'runbook.md') return say(`runbook of ${subject} ${of.change}`);
  if (name === 'intent.yaml') return say(`what synth recorded of ${subject} ${of.change} (intent.yaml)`);
  if (name === 'cluster.yaml') return clusterWords(unit, of, changes);
  if (name === 'argocd-app.json')
    return say(
      `descriptor of ${subject}${of.change === 'changed' ? `: ${fieldsInWords(changes)}` : ` ${of.change} (argocd-app.json)`}`,
    );
  if (!MAKES_OBJECTS.test(of.file)) return [];
  return say(
    `${fileIn(unit, of)} ${of.change}`,
    reasonOf('risk/unknown', stage, 'what another tool makes of it is not seen'),
  );
}

/** The kind of what would be an object if it had a name; some tools make names themselves. */
function nameless(value: unknown): string | undefined {
  const items = valueAt(value, 'items');
  const kind = textAt(value, 'kind');
  if (kind?.endsWith('List') && Array.isArray(items)) return items.flatMap((item) => nameless(item) ?? [])[0];
  const isObject = textAt(value, 'apiVersion') !== undefined && valueAt(value, 'metadata') !== undefined;
  return isObject && typeof valueAt(value, 'metadata', 'name') !== 'string' ? kind : undefined;
}

/** A file that no one can read here: broken, binary, or too large. Objects may be in it. */
function unreadable(stage: Stage, { file }: DocumentChange): Reason {
  const manifest = /\.(?:ya?ml|json)$/i.test(file);
  return manifest
    ? reasonOf('risk/unreadable', stage, 'the objects in it are not seen')
    : reasonOf('risk/unknown', stage, 'it is binary, or too large');
}
