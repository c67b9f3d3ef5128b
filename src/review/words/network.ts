import type { ObjectChange } from '../compare.ts';
import { entriesAt, isKind, listAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, latest, type Altered } from './changes.ts';
import { compared, networkCovers, selectorCovers } from './covers.ts';
import { fieldsInWords } from './fields.ts';
import { sentence } from './said.ts';
import { selectsReleases } from './selects-releases.ts';
import { alike } from './sets.ts';
import { labelOf } from './subject.ts';
import { listed, shown } from './text.ts';

/** The two directions of a NetworkPolicy. */
const DIRECTIONS = [
  { type: 'Ingress', field: 'ingress', peers: 'from', verb: 'in' },
  { type: 'Egress', field: 'egress', peers: 'to', verb: 'out' },
] as const;

type Direction = (typeof DIRECTIONS)[number];

/** Words on NetworkPolicies: which pods may be reached by whom, and reach whom. */
export function networkWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isKind(latest(change), 'networking.k8s.io', 'NetworkPolicy')) return [];
  const label = labelOf(unit, latest(change));
  if (change.change === 'removed')
    return [
      sentence(
        `${label} removed`,
        { of: change },
        reasonOf('risk/network', stage, 'what it kept in or out may pass now'),
      ),
    ];
  if (change.change === 'added') {
    const open = DIRECTIONS.filter(
      (direction) =>
        restricts(change.after.object, direction) &&
        listAt(change.after.object, 'spec', direction.field).some((rule) => networkCovers(rule, {}, direction.peers)),
    );
    const words = listed(open.map(({ verb }) => `lets everything ${verb}`));
    const reason =
      open.length > 0 ? reasonOf('risk/network', stage, `it ${words}, whatever other policies say`) : undefined;
    return [sentence(`${label} added${words === '' ? '' : `: it ${words}`}`, { of: change }, reason)];
  }
  return [
    ...DIRECTIONS.flatMap((direction) => directionWords(stage, change, label, direction)),
    ...scopeWords(stage, change, label),
  ];
}

function directionWords(stage: Stage, change: Altered, label: string, direction: Direction): Said[] {
  const { field, peers, verb } = direction;
  const [was, is] = [restricts(change.before.object, direction), restricts(change.after.object, direction)];
  const [old, now] = [listAt(change.before.object, 'spec', field), listAt(change.after.object, 'spec', field)];
  const explains = explainsBelow(change, ['spec', field], ['spec', 'policyTypes']);
  if (was && !is)
    return [
      sentence(
        `${label} no longer restricts ${field}`,
        explains,
        reasonOf('risk/network', stage, `it lets everything ${verb}`),
      ),
    ];
  if (!was) return is ? [sentence(`${label} restricts ${field} too`, explains)] : [];
  if (alike(old, now)) return [];
  const { more, less } = compared(old, now, [peers], (wide, narrow) => networkCovers(wide, narrow, peers));
  const words = (rules: readonly unknown[]): string =>
    listed(
      rules.map((rule) => ruleInWords(rule, peers)),
      2,
    );
  if (more.length > 0 && more.every((rule) => isProbe(rule, peers)))
    return [sentence(`${label} lets probes of an ambient mesh in`, explains)];
  if (more.length > 0)
    return [sentence(`${label} lets more ${verb}: ${words(more)}`, explains, reasonOf('risk/network', stage))];
  if (less.length > 0) return [sentence(`${label} lets less ${verb}: no longer all ${words(less)}`, explains)];
  return [sentence(`${field} rules of ${label} are written otherwise`, explains)];
}

/** From where Istio's ambient mode sends the kubelet's probes on: no packet from another node has this address. */
const PROBES = '169.254.7.127/32';

function isProbe(rule: unknown, peers: 'from' | 'to'): boolean {
  const all = listAt(rule, peers);
  return peers === 'from' && all.length > 0 && all.every((peer) => textAt(peer, 'ipBlock', 'cidr') === PROBES);
}

function scopeWords(stage: Stage, change: Altered, label: string): Said[] {
  const changes = changesBelow(change.changes, ['spec', 'podSelector']);
  if (changes.length === 0) return [];
  const [old, now] = [change.before, change.after].map(({ object }) => valueAt(object, 'spec', 'podSelector'));
  if (selectsReleases(old, now, textAt(change.after.object, 'metadata', 'name') ?? ''))
    return [sentence(`${label} follows the releases`, { of: change, changes })];
  const wider = selectorCovers(now, old);
  const reason = wider ? undefined : reasonOf('risk/network', stage, 'pods that it held for may be without it');
  return [sentence(`${label} holds for other pods: ${fieldsInWords(changes, 2)}`, { of: change, changes }, reason)];
}

/** Whether a policy says anything about a direction. Without `policyTypes` it is one of ingress, and of egress if it has rules of it. */
function restricts(object: unknown, { type, field }: Direction): boolean {
  const types = listAt(object, 'spec', 'policyTypes');
  return types.length > 0 ? types.includes(type) : type === 'Ingress' || listAt(object, 'spec', field).length > 0;
}

/** `from namespaces kubernetes.io/metadata.name=web on port 8080` */
function ruleInWords(rule: unknown, peers: 'from' | 'to'): string {
  const ports = listAt(rule, 'ports').map((port) => {
    const last = valueAt(port, 'endPort');
    return `${shown(valueAt(port, 'port') ?? 'any port')}${last === undefined ? '' : `-${shown(last)}`}`;
  });
  const all = listAt(rule, peers).map(peerInWords);
  return `${peers} ${all.length === 0 ? 'anywhere' : listed(all, 2)}${ports.length === 0 ? '' : ` on port ${listed(ports)}`}`;
}

function peerInWords(peer: unknown): string {
  const block = textAt(peer, 'ipBlock', 'cidr');
  if (block !== undefined) return shown(block);
  const parts = [
    selectorInWords('pods', valueAt(peer, 'podSelector')),
    selectorInWords('namespaces', valueAt(peer, 'namespaceSelector')),
  ];
  return parts.filter((part) => part !== '').join(' in ') || 'anywhere';
}

function selectorInWords(what: string, selector: unknown): string {
  if (selector === undefined) return '';
  const labels = entriesAt(selector, 'matchLabels').map(([label, value]) => `${shown(label)}=${shown(value)}`);
  const expressions = listAt(selector, 'matchExpressions').map(
    (one) => `${shown(valueAt(one, 'key'))} ${shown(valueAt(one, 'operator'))}`,
  );
  return labels.length + expressions.length === 0 ? `all ${what}` : `${what} ${listed([...labels, ...expressions], 2)}`;
}
