import type { ObjectChange } from '../compare.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { networkCovers, partsOf, selectorCovers, uncovered } from './covers.ts';
import { fieldsInWords } from './fields.ts';
import {
  alike,
  changesBelow,
  explainsAll,
  explainsBelow,
  isKind,
  labelOf,
  latest,
  listAt,
  listed,
  mapAt,
  shown,
  textAt,
  valueAt,
} from './read.ts';

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
  const whole = [explainsAll(change)];
  if (change.change === 'removed') {
    return [
      {
        text: `${label} removed`,
        reasons: [reasonOf('risk/network', stage, 'what it kept out or in may pass now')],
        explains: whole,
      },
    ];
  }
  if (change.change === 'added') {
    const open = DIRECTIONS.filter(
      (direction) =>
        restricts(change.after.object, direction) &&
        rulesOf(change.after.object, direction).some((rule) => networkCovers(rule, {}, direction.peers)),
    );
    const words = listed(open.map(({ verb }) => `lets everything ${verb}`));
    const reasons =
      open.length > 0 ? [reasonOf('risk/network', stage, `it ${words}, whatever other policies say`)] : [];
    return [{ text: `${label} added${words === '' ? '' : `: it ${words}`}`, reasons, explains: whole }];
  }
  const [before, after] = [change.before.object, change.after.object];
  const said = DIRECTIONS.flatMap((direction): Said[] => {
    const { field, peers, verb } = direction;
    const [old, now] = [restricts(before, direction), restricts(after, direction)];
    const explains = [explainsBelow(change, ['spec', field], ['spec', 'policyTypes'])];
    if (!old && !now) return [];
    if (old && !now)
      return [
        {
          text: `${label} no longer restricts ${field}`,
          reasons: [reasonOf('risk/network', stage, `everything may go ${verb}, as far as it goes`)],
          explains,
        },
      ];
    if (!old) return [{ text: `${label} restricts ${field} too`, reasons: [], explains }];
    const [rules, others] = [rulesOf(after, direction), rulesOf(before, direction)];
    if (alike(rules, others)) return [];
    const covers = (wide: unknown, narrow: unknown): boolean => networkCovers(wide, narrow, peers);
    const parts = (all: readonly unknown[]): unknown[] => all.flatMap((rule) => partsOf(rule, peers));
    const [more, less] = [
      uncovered(parts(rules), parts(others), covers),
      uncovered(parts(others), parts(rules), covers),
    ];
    if (more.length > 0)
      return [
        {
          text: `${label} lets more ${verb}: ${listed(
            more.map((rule) => ruleInWords(rule, peers)),
            2,
          )}`,
          reasons: [reasonOf('risk/network', stage, 'no rule of it did')],
          explains,
        },
      ];
    if (less.length > 0)
      return [
        {
          text: `${label} lets less ${verb}: no longer all ${listed(
            less.map((rule) => ruleInWords(rule, peers)),
            2,
          )}`,
          reasons: [],
          explains,
        },
      ];
    return [{ text: `${field} rules of ${label} are written otherwise`, reasons: [], explains }];
  });
  const selection = changesBelow(change.changes, ['spec', 'podSelector']);
  if (selection.length > 0) {
    const wider = selectorCovers(valueAt(after, 'spec', 'podSelector'), valueAt(before, 'spec', 'podSelector'));
    const reasons = wider ? [] : [reasonOf('risk/network', stage, 'pods that it held for may be without it')];
    said.push({
      text: `${label} holds for other pods: ${fieldsInWords(selection, 2)}`,
      reasons,
      explains: [{ of: change, changes: selection }],
    });
  }
  return said;
}

/** Whether a policy says anything about a direction. Without `policyTypes` it is one of ingress, and of egress if it has rules of it. */
function restricts(object: unknown, { type, field }: Direction): boolean {
  const types = listAt(object, 'spec', 'policyTypes');
  return types.length > 0 ? types.includes(type) : type === 'Ingress' || listAt(object, 'spec', field).length > 0;
}

function rulesOf(object: unknown, { field }: Direction): readonly unknown[] {
  return listAt(object, 'spec', field);
}

/** `from namespaces kubernetes.io/metadata.name=web on port 8080` */
function ruleInWords(rule: unknown, peers: 'from' | 'to'): string {
  const ports = listAt(rule, 'ports').map(
    (port) =>
      `${shown(valueAt(port, 'port') ?? 'any port')}${valueAt(port, 'endPort') === undefined ? '' : `-${shown(valueAt(port, 'endPort'))}`}`,
  );
  const all = listAt(rule, peers).map(peerInWords);
  return `${peers} ${all.length === 0 ? 'anywhere' : listed(all, 2)}${ports.length === 0 ? '' : ` on port ${listed(ports)}`}`;
}

function peerInWords(peer: unknown): string {
  const block = textAt(peer, 'ipBlock', 'cidr');
  if (block !== undefined) return shown(block);
  const [namespaces, pods] = [valueAt(peer, 'namespaceSelector'), valueAt(peer, 'podSelector')];
  const parts = [
    ...(pods === undefined ? [] : [selectorInWords('pods', pods)]),
    ...(namespaces === undefined ? [] : [selectorInWords('namespaces', namespaces)]),
  ];
  return parts.length === 0 ? 'anywhere' : parts.join(' in ');
}

function selectorInWords(what: string, selector: unknown): string {
  const labels = Object.entries(mapAt(selector, 'matchLabels')).map(
    ([label, value]) => `${shown(label)}=${shown(value)}`,
  );
  const expressions = listAt(selector, 'matchExpressions').map(
    (expression) => `${shown(valueAt(expression, 'key'))} ${shown(valueAt(expression, 'operator'))}`,
  );
  return labels.length + expressions.length === 0 ? `all ${what}` : `${what} ${listed([...labels, ...expressions], 2)}`;
}
