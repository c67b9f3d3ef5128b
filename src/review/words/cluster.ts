import type { DocumentChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { entriesAt, textAt } from '../read.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow } from './changes.ts';
import { sentence } from './said.ts';
import { comeAndGone } from './sets.ts';
import { isWas, names, shown } from './text.ts';

/** What changes of the cluster that synth wrote a tree for, as `cluster.yaml` says it. */

/** What is installed, by the field that says its version or mode, in the product's words. */
const INSTALLED: readonly (readonly [name: string, ...path: readonly string[]])[] = [
  ['Kubernetes', 'kubernetes'],
  ['KServe', 'kserve', 'version'],
  ['mode of KServe', 'kserve', 'mode'],
  ['Knative', 'knative', 'version'],
  ['Istio', 'istio', 'version'],
  ['data plane of Istio', 'istio', 'dataplane'],
  ['gateway of Istio', 'istio', 'gateway'],
  ['Gateway API', 'gatewayApi', 'version'],
  ['gateway of Gateway API', 'gatewayApi', 'gateway'],
  ['Prometheus', 'prometheus', 'version'],
  ['KEDA', 'keda', 'version'],
  ['External Secrets', 'externalSecrets', 'version'],
  ['domain', 'domain'],
];

const MIRRORS = [
  ['mirrors', 'models'],
  ['imageMirrors', 'images'],
] as const;

/** Sentences on one `cluster.yaml`. They do not name the cluster: clusters that change alike are said together. */
export function clusterWords(unit: ChangedUnit, of: DocumentChange, left: readonly Change[]): Said[] {
  const where = unit.place.cluster === undefined ? shown(unit.place.folder) : `cluster ${shown(unit.place.cluster)}`;
  if (of.change !== 'changed') return [sentence(`what synth recorded of ${where} ${of.change} (cluster.yaml)`, { of })];
  const said: Said[] = [];
  const add = (path: readonly string[], text: string): void => {
    const changes = changesBelow(left, ['cluster', ...path]);
    if (changes.length > 0) said.push(sentence(text, { of, changes }));
  };
  for (const [name, ...path] of INSTALLED) {
    const [was, is] = [of.before, of.after].map((side) => textAt(side, 'cluster', ...path));
    if (was !== is) add(path, `${name} of the cluster ${isWas(is, was)}`);
  }
  for (const [field, what] of MIRRORS) {
    const [before, after] = [of.before, of.after].map((side) => entriesAt(side, 'cluster', field));
    const { come, gone } = comeAndGone(before!, after!);
    const from = (entries: readonly (readonly [string, unknown])[]): string =>
      names(entries.map(([original]) => original));
    const still = new Set(come.map(([original]) => original));
    const ended = gone.filter(([original]) => !still.has(original));
    if (come.length > 0) add([field], `${what} of ${from(come)} come from a mirror`);
    if (ended.length > 0) add([field], `${what} of ${from(ended)} no longer come from a mirror`);
  }
  const told = new Set(said.flatMap(({ explains }) => explains.flatMap(({ changes = [] }) => changes)));
  const rest = left.filter((change) => !told.has(change));
  if (rest.length > 0)
    said.push(sentence(`what synth recorded of ${where} changed (cluster.yaml)`, { of, changes: rest }));
  return said;
}
