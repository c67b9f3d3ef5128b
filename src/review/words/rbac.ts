import type { ObjectChange } from '../compare.ts';
import { isKind, listAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, explainsBelow, latest } from './changes.ts';
import { compared, roleCovers } from './covers.ts';
import { sentence } from './said.ts';
import { alike, comeAndGone } from './sets.ts';
import { labelOf } from './subject.ts';
import { listed, names, shown } from './text.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Words on roles and bindings: who may do what in the cluster. */
export function rbacWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const label = labelOf(unit, object);
  if (isKind(object, RBAC, 'Role', 'ClusterRole')) return roleWords(stage, change, label);
  return isKind(object, RBAC, 'RoleBinding', 'ClusterRoleBinding') ? bindingWords(stage, change, label) : [];
}

function roleWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  const [old, now] = [listAt(change.before?.object, 'rules'), listAt(change.after?.object, 'rules')];
  if (change.change === 'removed') {
    const reason = reasonOf('risk/delete', stage, 'who is bound to it loses what it allowed');
    return [sentence(`${label} removed: it allowed ${rulesInWords(old)}`, { of: change }, reason)];
  }
  if (change.change === 'added') {
    const allows = now.length > 0 || valueAt(change.after.object, 'aggregationRule') !== undefined;
    return [
      sentence(
        `${label} added: it allows ${rulesInWords(now)}`,
        { of: change },
        allows ? reasonOf('risk/privilege', stage) : undefined,
      ),
    ];
  }
  const said: Said[] = [];
  if (!alike(old, now)) {
    const { more, less } = compared(old, now, ['apiGroups', 'resources', 'verbs'], roleCovers);
    const explains = explainsBelow(change, ['rules']);
    if (more.length > 0)
      said.push(sentence(`${label} allows more: ${rulesInWords(more)}`, explains, reasonOf('risk/privilege', stage)));
    else if (less.length > 0)
      said.push(sentence(`${label} allows less: no longer all of ${rulesInWords(less)}`, explains));
    else said.push(sentence(`rules of ${label} are written otherwise`, explains));
  }
  const changes = changesBelow(change.changes, ['aggregationRule']);
  if (changes.length > 0) {
    said.push(
      sentence(
        `${label} is made of other roles`,
        { of: change, changes },
        reasonOf('risk/privilege', stage, 'they may allow more'),
      ),
    );
  }
  return said;
}

/** `get and list on secrets` */
function rulesInWords(rules: readonly unknown[]): string {
  const everything = (items: readonly unknown[]): string =>
    listed(
      items.map((item) => (item === '*' ? 'everything' : shown(item))),
      4,
    ) || 'nothing';
  const words = rules.map((rule) => {
    const named = names(listAt(rule, 'resourceNames'));
    const what = everything([...listAt(rule, 'resources'), ...listAt(rule, 'nonResourceURLs')]);
    return `${everything(listAt(rule, 'verbs'))} on ${what}${named === '' ? '' : ` named ${named}`}`;
  });
  return listed(words) || 'nothing';
}

function bindingWords(stage: Stage, change: ObjectChange, label: string): Said[] {
  const [was, is] = [roleOf(change.before?.object), roleOf(change.after?.object)];
  const [old, now] = [listAt(change.before?.object, 'subjects'), listAt(change.after?.object, 'subjects')];
  if (change.change === 'removed') {
    const reason = reasonOf('risk/delete', stage, 'what they did with it fails');
    return [sentence(`${label} removed: ${subjectsInWords(old)} lost ${was}`, { of: change }, reason)];
  }
  const gives = (subjects: readonly unknown[]): string => `${label} gives ${is} to ${subjectsInWords(subjects)}`;
  const reason = reasonOf('risk/privilege', stage, 'who is bound may do all that the role allows');
  if (change.change === 'added') return [sentence(gives(now), { of: change }, reason)];
  const explains = explainsBelow(change, ['subjects'], ['roleRef']);
  if (was !== is) return [sentence(`${gives(now)} (was ${was})`, explains, reason)];
  const { come, gone } = comeAndGone(old, now);
  if (come.length > 0) return [sentence(`${gives(come)} too`, explains, reason)];
  return gone.length > 0 ? [sentence(`${label} takes ${is} from ${subjectsInWords(gone)}`, explains)] : [];
}

function roleOf(object: unknown): string {
  return `${shown(textAt(object, 'roleRef', 'kind') ?? 'role')} ${shown(valueAt(object, 'roleRef', 'name'))}`;
}

function subjectsInWords(subjects: readonly unknown[]): string {
  const words = subjects.map((subject) => {
    const namespace = textAt(subject, 'namespace');
    return `${shown(textAt(subject, 'kind') ?? 'subject')} ${namespace === undefined ? '' : `${shown(namespace)}/`}${shown(valueAt(subject, 'name'))}`;
  });
  return listed(words) || 'nobody';
}
