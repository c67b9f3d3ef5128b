import type { ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { authorizationCovers, partsOf, uncovered } from './covers.ts';
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
import { touching } from './said.ts';

const ISTIO_SECURITY = 'security.istio.io';

/** Words on Istio's objects that say who may speak to whom, and how. */
export function meshWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  if (isKind(object, ISTIO_SECURITY, 'PeerAuthentication')) return peerWords(unit, stage, change);
  if (isKind(object, ISTIO_SECURITY, 'AuthorizationPolicy')) return policyWords(unit, stage, change);
  if (isKind(object, ISTIO_SECURITY, 'RequestAuthentication')) return tokenWords(unit, stage, change);
  return isKind(object, 'networking.istio.io', 'DestinationRule') ? tlsWords(unit, stage, change) : [];
}

/** How strict a mode of mTLS is; what is inherited may be anything. */
const STRICTNESS: Readonly<Record<string, number>> = { STRICT: 3, UNSET: 2, PERMISSIVE: 1, DISABLE: 0 };
const INHERITED = 'inherited';

/** Modes by where they hold: `mTLS`, `mTLS of port 8080`. */
function peerModes(object: unknown): Map<string, string> {
  const modes = new Map([['mTLS', textAt(object, 'spec', 'mtls', 'mode') ?? INHERITED]]);
  for (const port of Object.keys(mapAt(object, 'spec', 'portLevelMtls'))) {
    modes.set(`mTLS of port ${shown(port)}`, textAt(object, 'spec', 'portLevelMtls', port, 'mode') ?? INHERITED);
  }
  return modes;
}

function strictness(mode: string): number {
  return Object.hasOwn(STRICTNESS, mode) ? STRICTNESS[mode]! : STRICTNESS['UNSET']!;
}

function peerWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  if (change.change === 'removed') {
    const strict = [...peerModes(change.before.object)].filter(([, mode]) => strictness(mode) === 3);
    const reasons = strict.length > 0 ? [reasonOf('risk/mtls', stage, `it demanded ${strict[0]![0]}`)] : [];
    return [
      {
        text: `${label} removed${strict.length > 0 ? ', which demanded mTLS' : ''}`,
        reasons,
        explains: [explainsAll(change)],
      },
    ];
  }
  const [old, now] = [
    change.before ? peerModes(change.before.object) : new Map<string, string>(),
    peerModes(change.after.object),
  ];
  const said: Said[] = [...new Set([...old.keys(), ...now.keys()])].flatMap((where) => {
    // A port without a mode of its own has that of the workload.
    const [was, is] = [old.get(where) ?? old.get('mTLS') ?? INHERITED, now.get(where) ?? now.get('mTLS') ?? INHERITED];
    if (was === is) return [];
    const reasons = strictness(is) < strictness(was) ? [reasonOf('risk/mtls', stage, `${where} is ${shown(is)}`)] : [];
    return [
      {
        text: `${label}: ${where} is ${shown(is)} (was ${shown(was)})`,
        reasons,
        explains: [explainsBelow(change, ['spec', 'mtls'], ['spec', 'portLevelMtls'])],
      },
    ];
  });
  return [...said, ...scopeWords(stage, change, label, 'risk/mtls', false)];
}

/** Modes of TLS to a host, the weaker the lower. Without one the mesh uses mTLS where the other side can. */
const TLS: Readonly<Record<string, number>> = { ISTIO_MUTUAL: 3, MUTUAL: 3, none: 2, SIMPLE: 1, DISABLE: 0 };

function tlsModes(object: unknown): Map<string, string> {
  const modes = new Map<string, string>();
  const add = (where: string, policy: unknown): void => {
    modes.set(where, tlsOf(valueAt(policy, 'tls')));
    for (const setting of listAt(policy, 'portLevelSettings'))
      modes.set(`${where} port ${shown(valueAt(setting, 'port', 'number'))}`, tlsOf(valueAt(setting, 'tls')));
  };
  add('', valueAt(object, 'spec', 'trafficPolicy'));
  for (const subset of listAt(object, 'spec', 'subsets')) {
    if (valueAt(subset, 'trafficPolicy', 'tls') !== undefined)
      add(` subset ${shown(valueAt(subset, 'name'))}`, valueAt(subset, 'trafficPolicy'));
  }
  return modes;
}

function tlsOf(tls: unknown): string {
  const mode = textAt(tls, 'mode') ?? 'none';
  return textAt(tls, 'insecureSkipVerify') === 'true' ? `${mode} without a check of the certificate` : mode;
}

function tlsRank(mode: string): number {
  return Object.hasOwn(TLS, mode) ? TLS[mode]! : -1;
}

function tlsWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (change.change === 'removed') return [];
  const [old, now] = [
    change.before ? tlsModes(change.before.object) : new Map<string, string>(),
    tlsModes(change.after.object),
  ];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((where) => {
    const [was, is] = [old.get(where) ?? old.get('') ?? 'none', now.get(where) ?? now.get('') ?? 'none'];
    if (was === is) return [];
    const weaker = tlsRank(is) < tlsRank(was);
    // A new rule that weakens nothing has words elsewhere.
    if (change.change === 'added' && !weaker) return [];
    const text = `${labelOf(unit, change.after.object)}: TLS to ${shown(valueAt(change.after.object, 'spec', 'host'))}${where} is ${shown(is)} (was ${shown(was)})`;
    const changes = change.changes.filter(({ path }) => path.includes('tls') || path.at(-1) === 'trafficPolicy');
    return [
      {
        text,
        reasons: weaker ? [reasonOf('risk/mtls', stage, `TLS was ${shown(was)}`)] : [],
        explains: [{ of: change, changes }],
      },
    ];
  });
}

const DRY_RUN = ['metadata', 'annotations', 'istio.io/dry-run'] as const;

function actionOf(object: unknown): string {
  return textAt(object, 'spec', 'action') ?? 'ALLOW';
}

function policyWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  const risk = (text: string): Reason[] => [reasonOf('risk/authorization', stage, text)];
  if (change.change === 'removed') {
    const action = actionOf(change.before.object);
    const why =
      action === 'DENY'
        ? 'what it denied is allowed now'
        : action === 'ALLOW'
          ? 'what it did not allow may be allowed now'
          : `it did ${shown(action)}`;
    return [
      {
        text: `${label} removed (${shown(action)})`,
        reasons: action === 'AUDIT' ? [] : risk(why),
        explains: [explainsAll(change)],
      },
    ];
  }
  const action = actionOf(change.after.object);
  const rules = listAt(change.after.object, 'spec', 'rules');
  if (change.change === 'added') {
    const allows = action === 'ALLOW' && rules.length > 0;
    const text = allows
      ? `${label} added: it allows requests ${listed(rules.map(ruleInWords), 2)}`
      : `${label} added (${shown(action)}${action === 'ALLOW' ? ' nothing' : ''})`;
    return [
      {
        text,
        reasons: allows ? risk('it allows requests beside what other policies allow') : [],
        explains: [explainsAll(change)],
      },
    ];
  }
  const said: Said[] = [];
  const before = actionOf(change.before.object);
  const old = listAt(change.before.object, 'spec', 'rules');
  const explains = [explainsBelow(change, ['spec', 'rules'], ['spec', 'action'])];
  if (action !== before) {
    said.push({
      text: `${label}: action is ${shown(action)} (was ${shown(before)})`,
      reasons: risk(`its rules did ${shown(before)}`),
      explains,
    });
  } else if (!alike(rules, old)) {
    const [now, was] = [rules, old].map((all) => all.flatMap((rule) => partsOf(rule, 'from', 'to')));
    const [gains, losses] = [uncovered(now!, was!, authorizationCovers), uncovered(was!, now!, authorizationCovers)];
    const loosened = action === 'DENY' ? losses : gains;
    const tightened = action === 'DENY' ? gains : losses;
    const verb = action === 'DENY' ? 'denies' : action === 'ALLOW' ? 'allows' : 'matches';
    const more = loosened.length > 0;
    if (more) {
      const what = action === 'DENY' ? `no longer denies requests` : `${verb} more requests:`;
      said.push({
        text: `${label} ${what} ${listed(loosened.map(ruleInWords), 2)}`,
        reasons: risk(action === 'DENY' ? 'it denied them' : 'no rule of it allowed them'),
        explains,
      });
    } else if (tightened.length > 0) {
      said.push({
        text: `${label} ${action === 'DENY' ? 'denies more' : `${verb} less`}: ${listed(tightened.map(ruleInWords), 2)}`,
        reasons: [],
        explains,
      });
    } else said.push({ text: `rules of ${label} are written otherwise`, reasons: [], explains });
  }
  const [was, dry] = [change.before, change.after].map(({ object }) => textAt(object, ...DRY_RUN) === 'true');
  if (was !== dry) {
    const tried = touching(change.changes, DRY_RUN);
    const reasons = dry && action !== 'AUDIT' ? risk('nothing is refused by it any more') : [];
    said.push({
      text: `${label} is ${dry ? 'only tried out' : 'no longer only tried out'} (istio.io/dry-run)`,
      reasons,
      explains: [{ of: change, changes: tried }],
    });
  }
  return [...said, ...scopeWords(stage, change, label, 'risk/authorization', action === 'ALLOW')];
}

/** What a rule of an AuthorizationPolicy matches: `from principals a, to paths /v1/*`. */
function ruleInWords(rule: unknown): string {
  const parts = [
    ...listAt(rule, 'from').flatMap((from) =>
      Object.entries(mapAt(from, 'source')).map(([field, values]) => `from ${shown(field)} ${valuesOf(values)}`),
    ),
    ...listAt(rule, 'to').flatMap((to) =>
      Object.entries(mapAt(to, 'operation')).map(([field, values]) => `to ${shown(field)} ${valuesOf(values)}`),
    ),
    ...listAt(rule, 'when').map(
      (when) =>
        `when ${shown(valueAt(when, 'key'))} is ${valuesOf(valueAt(when, 'values') ?? valueAt(when, 'notValues'))}`,
    ),
  ];
  return parts.length === 0 ? 'from anybody' : listed(parts);
}

function valuesOf(values: unknown): string {
  return (
    listed(
      listAt(values).map((value) => shown(value)),
      2,
    ) || 'none'
  );
}

/** Where an object holds: its selector, or what it is attached to. */
function scopeWords(
  stage: Stage,
  change: ObjectChange,
  label: string,
  rule: 'risk/mtls' | 'risk/authorization',
  widens: boolean,
): Said[] {
  const changes = changesBelow(change.changes, ['spec', 'selector'], ['spec', 'targetRefs'], ['spec', 'targetRef']);
  if (changes.length === 0) return [];
  const reasons = [
    reasonOf(rule, stage, widens ? 'it may allow requests to others' : 'what it held for may be without it'),
  ];
  return [
    {
      text: `${label} holds for other workloads: ${fieldsInWords(changes, 2)}`,
      reasons,
      explains: [{ of: change, changes }],
    },
  ];
}

function issuersOf(object: unknown): Set<string> {
  return new Set(listAt(object, 'spec', 'jwtRules').map((rule) => shown(valueAt(rule, 'issuer'))));
}

function tokenWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  if (change.change === 'removed') {
    return [
      {
        text: `${label} removed: tokens are no longer checked by it`,
        reasons: [reasonOf('risk/authorization', stage, 'a forged token is no longer refused')],
        explains: [explainsAll(change)],
      },
    ];
  }
  if (change.change === 'added') {
    const issuers = listed([...issuersOf(change.after.object)]);
    return [
      {
        text: `${label} added: it accepts tokens ${issuers === '' ? 'of nobody' : `of ${issuers}`}`,
        reasons: [],
        explains: [explainsAll(change)],
      },
    ];
  }
  const changes = changesBelow(change.changes, ['spec', 'jwtRules']);
  const said = scopeWords(stage, change, label, 'risk/authorization', false);
  if (changes.length === 0) return said;
  const [old, now] = [issuersOf(change.before.object), issuersOf(change.after.object)];
  const [come, gone] = [[...now].filter((issuer) => !old.has(issuer)), [...old].filter((issuer) => !now.has(issuer))];
  const explains = [{ of: change, changes }];
  const text =
    come.length > 0
      ? `${label} accepts tokens of ${listed(come)}${gone.length > 0 ? ` (was ${listed(gone)})` : ' too'}`
      : gone.length > 0
        ? `${label} no longer checks tokens of ${listed(gone)}`
        : `${label} checks tokens otherwise: ${fieldsInWords(changes, 2)}`;
  return [
    { text, reasons: [reasonOf('risk/authorization', stage, 'other tokens may be accepted')], explains },
    ...said,
  ];
}
