import type { ObjectChange } from '../compare.ts';
import type { Reason } from '../plan.ts';
import { entriesAt, isKind, listAt, mapAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, latest, touching } from './changes.ts';
import { authorizationCovers, compared } from './covers.ts';
import { fieldsInWords } from './fields.ts';
import { sentence } from './said.ts';
import { alike, comeAndGone, keysOf } from './sets.ts';
import { labelOf } from './subject.ts';
import { isWas, listed, names, shown } from './text.ts';

const ISTIO_SECURITY = 'security.istio.io';

/** Words on Istio's objects that say who may speak to whom, and how. */
export function meshWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const label = labelOf(unit, object);
  if (isKind(object, ISTIO_SECURITY, 'PeerAuthentication')) return peerWords(stage, change, label);
  if (isKind(object, ISTIO_SECURITY, 'AuthorizationPolicy')) return policyWords(stage, change, label);
  if (isKind(object, ISTIO_SECURITY, 'RequestAuthentication')) return tokenWords(stage, change, label);
  return isKind(object, 'networking.istio.io', 'DestinationRule') ? tlsWords(stage, change, label) : [];
}

/** How strict a mode of mTLS is; what is inherited may be anything. */
const STRICTNESS: ReadonlyMap<string, number> = new Map(
  Object.entries({ STRICT: 3, UNSET: 2, PERMISSIVE: 1, DISABLE: 0 }),
);
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
  return STRICTNESS.get(mode) ?? 2;
}

function peerWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  if (change.change === 'removed') {
    const strict = [...peerModes(change.before.object)].some(([, mode]) => strictness(mode) === 3);
    const reason = strict ? reasonOf('risk/mtls', stage) : undefined;
    return [sentence(`${label} removed${strict ? ', which demanded mTLS' : ''}`, { of: change }, reason)];
  }
  const [old, now] = [peerModes(change.before?.object), peerModes(change.after.object)];
  const said = keysOf(old, now).flatMap((where) => {
    // A port without a mode of its own has that of the workload.
    const [was, is] = [old, now].map((modes) => modes.get(where) ?? modes.get('mTLS') ?? INHERITED) as [string, string];
    if (was === is) return [];
    const explains = explainsBelow(change, ['spec', 'mtls'], ['spec', 'portLevelMtls']);
    const reason = strictness(is) < strictness(was) ? reasonOf('risk/mtls', stage) : undefined;
    return [sentence(`${label}: ${where} ${isWas(is, was)}`, explains, reason)];
  });
  return [...said, ...scopeWords(stage, change, label, 'risk/mtls', false)];
}

/** Modes of TLS to a host, the weaker the lower. Without one the mesh uses mTLS where the other side can. */
const TLS: ReadonlyMap<string, number> = new Map(
  Object.entries({ ISTIO_MUTUAL: 3, MUTUAL: 3, none: 2, SIMPLE: 1, DISABLE: 0 }),
);

function tlsModes(object: unknown): Map<string, string> {
  const modes = new Map<string, string>();
  const add = (where: string, policy: unknown): void => {
    modes.set(where, tlsOf(valueAt(policy, 'tls')));
    for (const setting of listAt(policy, 'portLevelSettings')) {
      modes.set(`${where} port ${shown(valueAt(setting, 'port', 'number'))}`, tlsOf(valueAt(setting, 'tls')));
    }
  };
  add('', valueAt(object, 'spec', 'trafficPolicy'));
  for (const subset of listAt(object, 'spec', 'subsets')) {
    const policy = valueAt(subset, 'trafficPolicy');
    if (valueAt(policy, 'tls') !== undefined) add(` subset ${shown(valueAt(subset, 'name'))}`, policy);
  }
  return modes;
}

function tlsOf(tls: unknown): string {
  const mode = textAt(tls, 'mode') ?? 'none';
  return textAt(tls, 'insecureSkipVerify') === 'true' ? `${mode} without a check of the certificate` : mode;
}

function tlsRank(mode: string): number {
  return TLS.get(mode) ?? -1;
}

function tlsWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  if (change.change === 'removed') return [];
  const [old, now] = [tlsModes(change.before?.object), tlsModes(change.after.object)];
  return keysOf(old, now).flatMap((where) => {
    const [was, is] = [old, now].map((modes) => modes.get(where) ?? modes.get('') ?? 'none') as [string, string];
    const weaker = tlsRank(is) < tlsRank(was);
    // A new rule that weakens nothing has words elsewhere.
    if (was === is || (change.change === 'added' && !weaker)) return [];
    const text = `${label}: TLS to ${shown(valueAt(change.after.object, 'spec', 'host'))}${where} ${isWas(is, was)}`;
    const changes = change.changes.filter(({ path }) => path.includes('tls') || path.at(-1) === 'trafficPolicy');
    return [sentence(text, { of: change, changes }, weaker ? reasonOf('risk/mtls', stage) : undefined)];
  });
}

const DRY_RUN = ['metadata', 'annotations', 'istio.io/dry-run'] as const;

function actionOf(object: unknown): string {
  return textAt(object, 'spec', 'action') ?? 'ALLOW';
}

/** What follows when a policy goes, by what it did. */
const WITHOUT: ReadonlyMap<string, string> = new Map([
  ['DENY', 'what it denied is allowed now'],
  ['ALLOW', 'what it did not allow may be allowed now'],
]);

function policyWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  const risk = (text?: string): Reason => reasonOf('risk/authorization', stage, text);
  if (change.change === 'removed') {
    const action = actionOf(change.before.object);
    return [
      sentence(
        `${label} removed (${shown(action)})`,
        { of: change },
        action === 'AUDIT' ? undefined : risk(WITHOUT.get(action)),
      ),
    ];
  }
  const action = actionOf(change.after.object);
  const rules = listAt(change.after.object, 'spec', 'rules');
  if (change.change === 'added') {
    if (action !== 'ALLOW' || rules.length === 0) {
      return [sentence(`${label} added (${shown(action)}${action === 'ALLOW' ? ' nothing' : ''})`, { of: change })];
    }
    const text = `${label} added: it allows requests ${rulesInWords(rules)}`;
    return [sentence(text, { of: change }, risk('it allows requests beside what other policies allow'))];
  }
  const said: Said[] = [];
  const before = actionOf(change.before.object);
  const old = listAt(change.before.object, 'spec', 'rules');
  const explains = explainsBelow(change, ['spec', 'rules'], ['spec', 'action']);
  const denies = action === 'DENY';
  if (action !== before)
    said.push(sentence(`${label}: action ${isWas(action, before)}`, explains, risk('its rules meant something else')));
  else if (!alike(rules, old)) {
    const { more, less } = compared(old, rules, ['from', 'to'], authorizationCovers);
    const [loosened, tightened] = denies ? [less, more] : [more, less];
    const verb = action === 'ALLOW' ? 'allows' : 'matches';
    if (loosened.length > 0) {
      const what = denies ? 'no longer denies requests' : `${verb} more requests:`;
      said.push(
        sentence(
          `${label} ${what} ${rulesInWords(loosened)}`,
          explains,
          risk(denies ? undefined : 'no rule of it allowed them'),
        ),
      );
    } else if (tightened.length > 0) {
      said.push(sentence(`${label} ${denies ? 'denies more' : `${verb} less`}: ${rulesInWords(tightened)}`, explains));
    } else said.push(sentence(`rules of ${label} are written otherwise`, explains));
  }
  const [was, dry] = [change.before, change.after].map(({ object }) => textAt(object, ...DRY_RUN) === 'true');
  if (was !== dry) {
    const text = `${label} is ${dry ? '' : 'no longer '}only tried out (istio.io/dry-run)`;
    const reason = dry && action !== 'AUDIT' ? risk('nothing is refused by it any more') : undefined;
    said.push(sentence(text, { of: change, changes: touching(change.changes, DRY_RUN) }, reason));
  }
  return [...said, ...scopeWords(stage, change, label, 'risk/authorization', action === 'ALLOW')];
}

/** What rules of an AuthorizationPolicy match: `from principals a, to paths /v1/*`. */
function rulesInWords(rules: readonly unknown[]): string {
  const fields = (preposition: 'from' | 'to', map: unknown): string[] =>
    entriesAt(map).map(([field, values]) => `${preposition} ${shown(field)} ${valuesOf(values)}`);
  const words = rules.map((rule) => {
    const parts = [
      ...listAt(rule, 'from').flatMap((from) => fields('from', valueAt(from, 'source'))),
      ...listAt(rule, 'to').flatMap((to) => fields('to', valueAt(to, 'operation'))),
      ...listAt(rule, 'when').map((when) => `when ${shown(valueAt(when, 'key'))} ${conditionOf(when)}`),
    ];
    return parts.length === 0 ? 'from anybody' : listed(parts);
  });
  return listed(words, 2);
}

function conditionOf(when: unknown): string {
  const values = valueAt(when, 'values');
  return values === undefined ? `is not ${valuesOf(valueAt(when, 'notValues'))}` : `is ${valuesOf(values)}`;
}

function valuesOf(values: unknown): string {
  return names(listAt(values), 2) || 'none';
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
  const reason = reasonOf(
    rule,
    stage,
    widens ? 'it may allow requests to others' : 'what it held for may be without it',
  );
  return [
    sentence(`${label} holds for other workloads: ${fieldsInWords(changes, 2)}`, { of: change, changes }, reason),
  ];
}

function issuersOf(object: unknown): string[] {
  return listAt(object, 'spec', 'jwtRules').map((rule) => shown(valueAt(rule, 'issuer')));
}

function issuersWithAudience(object: unknown): string[] {
  return listAt(object, 'spec', 'jwtRules').flatMap((rule) =>
    listAt(rule, 'audiences').length > 0 ? [shown(valueAt(rule, 'issuer'))] : [],
  );
}

function tokenWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  if (change.change === 'removed') {
    const reason = reasonOf('risk/authorization', stage, 'a forged token is no longer refused');
    return [sentence(`${label} removed: tokens are no longer checked by it`, { of: change }, reason)];
  }
  const { come, gone } = comeAndGone(issuersOf(change.before?.object), issuersOf(change.after.object));
  if (change.change === 'added') {
    return [
      sentence(`${label} added: it accepts tokens of ${come.length === 0 ? 'nobody' : listed(come)}`, { of: change }),
    ];
  }
  const changes = changesBelow(change.changes, ['spec', 'jwtRules']);
  const scope = scopeWords(stage, change, label, 'risk/authorization', false);
  if (changes.length === 0) return scope;
  const anyAudience = issuersWithAudience(change.before.object).filter(
    (issuer) =>
      issuersOf(change.after.object).includes(issuer) && !issuersWithAudience(change.after.object).includes(issuer),
  );
  if (anyAudience.length > 0) {
    const text = `${label} takes tokens of ${listed(anyAudience)} for any audience`;
    const reason = reasonOf('risk/authorization', stage, 'tokens that were made for others are accepted');
    scope.push(sentence(text, { of: change, changes }, reason));
    if (come.length + gone.length === 0) return scope;
  }
  const text =
    come.length > 0
      ? `accepts tokens of ${listed(come)}${gone.length > 0 ? ` (was ${listed(gone)})` : ' too'}`
      : gone.length > 0
        ? `no longer checks tokens of ${listed(gone)}`
        : `checks tokens otherwise: ${fieldsInWords(changes, 2)}`;
  return [
    sentence(
      `${label} ${text}`,
      { of: change, changes },
      reasonOf('risk/authorization', stage, 'other tokens may be accepted'),
    ),
    ...scope,
  ];
}
