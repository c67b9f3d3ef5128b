import type { DocumentChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { fieldsInWords } from './fields.ts';
import { counted, listed, shown } from './read.ts';

/** So many files have a sentence each; more share one. */
const FEW = 3;

/** Files from which other tools make objects that nobody sees here. */
const MAKES_OBJECTS =
  /(?:^|\/)(?:kustomization\.ya?ml|Kustomization|Chart\.(?:yaml|lock)|values[^/]*\.ya?ml|helmfile\.ya?ml|templates\/[^/]+)$/;

interface Left {
  readonly of: DocumentChange;
  readonly changes: readonly Change[];
}

/** Words on files that hold no objects. */
export function documentWords(unit: ChangedUnit, stage: Stage, left: readonly Left[]): Said[] {
  const plain: Left[] = [];
  const said = left.flatMap((one): Said[] => {
    const words = special(unit, stage, one);
    if (!words) plain.push(one);
    return words ? [words] : [];
  });
  for (const verb of ['added', 'changed', 'removed'] as const) {
    const files = plain.filter(({ of }) => of.change === verb);
    if (files.length <= FEW)
      said.push(...files.map(({ of }) => ({ text: `${fileIn(unit, of)} ${verb}`, reasons: [], explains: [{ of }] })));
    else
      said.push({
        text: `${counted(files.length, 'file')} ${verb}: ${listed(files.map(({ of }) => fileIn(unit, of)))}`,
        reasons: [],
        explains: files.map(({ of }) => ({ of })),
      });
  }
  return said;
}

/** The path of a file, without the folder of its service. */
function fileIn(unit: ChangedUnit, { file }: DocumentChange): string {
  const { folder, service } = unit.place;
  return shown(
    service !== undefined && file.startsWith(`${folder}/`) ? `${file.slice(folder.length + 1)} of ${service}` : file,
    160,
  );
}

function special(unit: ChangedUnit, stage: Stage, { of, changes }: Left): Said | undefined {
  const subject = shown(unit.place.service ?? unit.place.folder);
  const name = of.file.slice(of.file.lastIndexOf('/') + 1);
  const say = (text: string, reasons: Said['reasons'] = []): Said => ({
    text,
    reasons,
    explains: [changes === of.changes ? { of } : { of, changes }],
  });
  // What went cannot do anything any more, whatever it was.
  if (of.change !== 'removed' && of.after === undefined) return unreadable(unit, stage, of);
  if (name === 'runbook.md') return say(`runbook of ${subject} ${of.change}`);
  if (name === 'intent.yaml') return say(`what synth recorded of ${subject} ${of.change} (intent.yaml)`);
  if (name === 'cluster.yaml') return say(`what synth recorded of ${clusterOf(unit)} ${of.change} (cluster.yaml)`);
  if (name === 'argocd-app.json') {
    if (of.change !== 'changed') return say(`descriptor of ${subject} ${of.change} (argocd-app.json)`);
    return say(`descriptor of ${subject}: ${fieldsInWords(changes)}`);
  }
  if (MAKES_OBJECTS.test(of.file))
    return say(`${fileIn(unit, of)} ${of.change}`, [
      reasonOf('risk/unknown', stage, 'what another tool makes of it is not seen'),
    ]);
  return undefined;
}

function clusterOf({ place }: ChangedUnit): string {
  return place.cluster === undefined ? shown(place.folder) : `cluster ${shown(place.cluster)}`;
}

/** A file that no one can read here: broken, binary, or too large. */
function unreadable(unit: ChangedUnit, stage: Stage, of: DocumentChange): Said {
  // Objects may be in it.
  const manifest = /\.(?:ya?ml|json)$/i.test(of.file);
  const reasons = [
    manifest
      ? reasonOf('risk/unreadable', stage, 'the objects in it are not seen')
      : reasonOf('risk/unknown', stage, 'it is binary, or too large'),
  ];
  return { text: `${fileIn(unit, of)} ${of.change}: it cannot be read`, reasons, explains: [{ of }] };
}
