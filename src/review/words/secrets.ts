import type { DocumentChange, ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { isKind, listAt, mapAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, isAltered, latest } from './changes.ts';
import { fieldsInWords } from './fields.ts';
import { sentence } from './said.ts';
import { keysOf } from './sets.ts';
import { labelOf } from './subject.ts';
import { listed, shown } from './text.ts';

const EXTERNAL_SECRETS = 'external-secrets.io';

/**
 * What changes of secrets: where they come from, which of them workloads read, and values that stand in the tree. The
 * values are masked before anything gets here, and no sentence has more of them than that they are there.
 *
 * @example secretWords(unit, stage)[0]?.text // 'ExternalSecret fraud-hub reads from ClusterSecretStore b (was ClusterSecretStore a)'
 */
export function secretWords(unit: ChangedUnit, stage: Stage): Said[] {
  return [
    ...valueWords(unit, stage),
    ...unit.objects.flatMap((change) => [
      ...externalWords(unit, stage, change),
      ...storeWords(unit, stage, change),
      ...referenceWords(unit, stage, change),
    ]),
  ];
}

function storeOf(object: unknown): string {
  return `${shown(textAt(object, 'spec', 'secretStoreRef', 'kind') ?? 'SecretStore')} ${shown(valueAt(object, 'spec', 'secretStoreRef', 'name'))}`;
}

function externalWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isKind(latest(change), EXTERNAL_SECRETS, 'ExternalSecret') || !isAltered(change)) return [];
  const label = labelOf(unit, latest(change));
  const said: Said[] = [];
  const say = (text: string, why: string | undefined, changes: readonly Change[]): void =>
    void said.push(
      sentence(text, { of: change, changes }, why === undefined ? undefined : reasonOf('risk/secret', stage, why)),
    );
  const [was, is] = [storeOf(change.before.object), storeOf(change.after.object)];
  if (was !== is)
    say(
      `${label} reads from ${is} (was ${was})`,
      'what it makes is another secret',
      changesBelow(change.changes, ['spec', 'secretStoreRef']),
    );
  const [old, now] = [sourcesOf(change.before.object), sourcesOf(change.after.object)];
  const data = changesBelow(change.changes, ['spec', 'data']);
  for (const key of keysOf(old, now)) {
    const [from, to] = [old.get(key), now.get(key)];
    if (from === to) continue;
    const changes = data.filter(
      ({ path }) =>
        path.length === 2 ||
        textAt(path[2], 'secretKey') === key ||
        typeof path[2] === 'number' ||
        textAt(path[2], '', 'secretKey') === key,
    );
    if (from === undefined) say(`${label} reads ${shown(key)} too, from ${to!}`, undefined, changes);
    else if (to === undefined) say(`${label} no longer has ${shown(key)}`, 'what reads it does not start', changes);
    else say(`${shown(key)} of ${label} comes from ${to} (was ${from})`, 'what it makes is another secret', changes);
  }
  const rest = changesBelow(change.changes, ['spec', 'dataFrom'], ['spec', 'target']);
  if (rest.length > 0) say(`${label}: ${fieldsInWords(rest)}`, 'the Secret that it makes is another one', rest);
  return said;
}

/** Where each key of an ExternalSecret comes from. */
function sourcesOf(object: unknown): Map<string, string> {
  return new Map(
    listAt(object, 'spec', 'data').map((item) => {
      const [key, property, version] = ['key', 'property', 'version'].map((field) => textAt(item, 'remoteRef', field));
      const place = `${shown(key)}${property === undefined ? '' : ` (${shown(property)})`}${version === undefined ? '' : ` version ${shown(version)}`}`;
      return [textAt(item, 'secretKey') ?? '', place] as const;
    }),
  );
}

function storeWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  if (!isKind(object, EXTERNAL_SECRETS, 'SecretStore', 'ClusterSecretStore')) return [];
  const changes = changesBelow(change.changes, ['spec', 'provider'], ['spec', 'conditions']);
  if (changes.length === 0) return [];
  const reason = reasonOf('risk/secret', stage, 'all secrets that are read through it come from there');
  return [
    sentence(`${labelOf(unit, object)} reads otherwise: ${fieldsInWords(changes, 2)}`, { of: change, changes }, reason),
  ];
}

/** Deeper than any pod template. */
const MAX_DEPTH = 12;

/** A secret that an object names, by what for: `DB_PASSWORD of container api`. */
type References = Map<string, { readonly secret: string; readonly segment: string }>;

/** All Secrets that an object names. What a custom kind calls a secret otherwise is found by the name of the field. */
function referencesOf(object: unknown): References {
  const found: References = new Map();
  const add = (what: string, secret: string | undefined, key: string | undefined, segment: string): void => {
    if (secret !== undefined)
      found.set(what, { secret: key === undefined ? shown(secret) : `${shown(secret)} (${shown(key)})`, segment });
  };
  const walk = (value: unknown, name: string, holder: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return;
    if (Array.isArray(value)) {
      for (const item of value) walk(item, name, holder, depth + 1);
      return;
    }
    const own = textAt(value, 'name');
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'metadata' || key === 'status') continue;
      if (key === 'secretKeyRef' || key === 'secretRef') {
        const what =
          key === 'secretKeyRef' ? `${name}${holder}` : `the environment${holder} ${shown(valueAt(inner, 'name'))}`;
        add(what, textAt(inner, 'name'), textAt(inner, 'key'), key);
      } else if (key === 'imagePullSecrets' || (key === 'secrets' && depth === 0)) {
        for (const secret of listAt(inner))
          add(
            `${key === 'secrets' ? 'pods' : 'image pulls'} ${shown(valueAt(secret, 'name'))}`,
            textAt(secret, 'name'),
            undefined,
            key,
          );
      } else if ((key === 'secretName' || key === 'credentialName') && typeof inner === 'string')
        add(`${own ?? name}${holder}`, inner, undefined, key);
      else {
        const container = (key === 'env' || key === 'envFrom') && own !== undefined;
        walk(inner, own ?? key, container ? ` of container ${shown(own)}` : holder, depth + 1);
      }
    }
  };
  walk(object, '', '', 0);
  return found;
}

function referenceWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isAltered(change) || isKind(latest(change), EXTERNAL_SECRETS, 'ExternalSecret')) return [];
  const label = labelOf(unit, latest(change));
  const [old, now] = [referencesOf(change.before.object), referencesOf(change.after.object)];
  return keysOf(old, now).flatMap((what): Said[] => {
    const [was, is] = [old.get(what), now.get(what)];
    if (was?.secret === is?.secret) return [];
    const { segment } = (is ?? was)!;
    const changes = change.changes.filter(
      (one) => one.path.includes(segment) || holds(one.before, segment, 0) || holds(one.after, segment, 0),
    );
    // One that has no name of its own is told by its secret.
    const purpose = ['secretKeyRef', 'secretName', 'credentialName'].includes(segment) ? ` for ${shown(what)}` : '';
    const text =
      is && was
        ? `${shown(what)} of ${label} comes from secret ${is.secret} (was ${was.secret})`
        : `${label} ${is ? 'reads' : 'no longer reads'} secret ${(is ?? was)!.secret}${purpose}`;
    const reason = is && reasonOf('risk/secret', stage, was ? undefined : 'without it pods do not start');
    return [sentence(text, { of: change, changes }, reason)];
  });
}

function holds(value: unknown, field: string, depth: number): boolean {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.entries(value).some(([key, inner]) => key === field || holds(inner, field, depth + 1));
}

const MARK = /\[redacted \d+\]/g;

/** Marks of masked values below a value, with the fields that have them. */
function marksIn(value: unknown, field: string, depth: number, seen: (mark: string, field: string) => void): void {
  if (typeof value === 'string') {
    if (value.includes('[redacted ')) for (const mark of value.match(MARK) ?? []) seen(mark, field);
    return;
  }
  if (typeof value !== 'object' || value === null || depth > 64) return;
  if (Array.isArray(value)) {
    value.forEach((item, index) => marksIn(item, `${field}[${shown(textAt(item, 'name') ?? index)}]`, depth + 1, seen));
    return;
  }
  for (const key of Object.keys(value))
    marksIn((value as Record<string, unknown>)[key], field === '' ? key : `${field}.${key}`, depth + 1, seen);
}

function valueWords(unit: ChangedUnit, stage: Stage): Said[] {
  const known = new Set<string>();
  const know = (mark: string): void => void known.add(mark);
  for (const { before } of unit.objects) marksIn(before?.object, '', 0, know);
  for (const { before } of unit.documents) marksIn(before, '', 0, know);
  for (const object of unit.beside) marksIn(object, '', 0, know);
  const said = (change: ObjectChange | DocumentChange, value: unknown, label: string): Said[] => {
    const fields = new Set<string>();
    const marks = new Set<string>();
    marksIn(value, '', 0, (mark, field) => {
      if (known.has(mark)) return;
      fields.add(shown(field || 'text', 120));
      marks.add(mark);
    });
    if (fields.size === 0) return [];
    const changes = change.changes.filter(({ after }) => hasMark(after, marks));
    const text = `${label} has a value in it that looks like a secret: ${listed([...fields].sort())}`;
    return [sentence(text, { of: change, changes }, reasonOf('risk/secret-value', stage))];
  };
  return [
    ...unit.objects.flatMap((change) =>
      change.after && !isEncrypted(change.after.object)
        ? said(change, change.after.object, labelOf(unit, change.after.object))
        : [],
    ),
    ...unit.documents.flatMap((change) => said(change, change.after, shown(change.file))),
  ];
}

function hasMark(value: unknown, marks: ReadonlySet<string>): boolean {
  let found = false;
  marksIn(value, '', 0, (mark) => (found ||= marks.has(mark)));
  return found;
}

/** Whether SOPS encrypted the values of an object: then they are safe in a repository. */
function isEncrypted(object: unknown): boolean {
  return textAt(object, 'sops', 'mac') !== undefined && textAt(object, 'sops', 'version') !== undefined;
}

/** Whether an object is made of secrets alone, so that no field of it is worth a word. */
export function isSecret(object: unknown): boolean {
  return (
    textAt(object, 'kind') === 'Secret' &&
    Object.keys(mapAt(object, 'data')).length + Object.keys(mapAt(object, 'stringData')).length > 0
  );
}
