import type { ObjectChange } from '../compare.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { partsOf, roleCovers, uncovered } from './covers.ts';
import {
  alike,
  changesBelow,
  exactly,
  explainsAll,
  explainsBelow,
  isKind,
  labelOf,
  latest,
  listAt,
  listed,
  shown,
  textAt,
  valueAt,
} from './read.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Words on roles and bindings: who may do what in the cluster. */
export function rbacWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  if (isKind(object, RBAC, 'Role') || isKind(object, RBAC, 'ClusterRole')) return roleWords(unit, stage, change);
  if (isKind(object, RBAC, 'RoleBinding') || isKind(object, RBAC, 'ClusterRoleBinding'))
    return bindingWords(unit, stage, change);
  return [];
}

function roleWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  const [old, now] = [listAt(change.before?.object, 'rules'), listAt(change.after?.object, 'rules')];
  if (change.change === 'removed')
    return [
      {
        text: `${label} removed: it allowed ${rulesInWords(old)}`,
        reasons: [reasonOf('risk/delete', stage, 'who is bound to it loses what it allowed')],
        explains: [explainsAll(change)],
      },
    ];
  if (change.change === 'added') {
    const allows = now.length > 0 || valueAt(change.after.object, 'aggregationRule') !== undefined;
    const reasons = allows ? [reasonOf('risk/privilege', stage, `who is bound to it may ${rulesInWords(now)}`)] : [];
    return [{ text: `${label} added: it allows ${rulesInWords(now)}`, reasons, explains: [explainsAll(change)] }];
  }
  const said: Said[] = [];
  if (!alike(old, now)) {
    const [has, had] = [now, old].map((all) => all.flatMap((rule) => partsOf(rule, 'apiGroups', 'resources', 'verbs')));
    const [more, less] = [uncovered(has!, had!, roleCovers), uncovered(had!, has!, roleCovers)];
    const explains = [explainsBelow(change, ['rules'])];
    if (more.length > 0)
      said.push({
        text: `${label} allows more: ${rulesInWords(more)}`,
        reasons: [reasonOf('risk/privilege', stage, 'no rule of it did')],
        explains,
      });
    else if (less.length > 0)
      said.push({ text: `${label} allows less: no longer all of ${rulesInWords(less)}`, reasons: [], explains });
    else said.push({ text: `rules of ${label} are written otherwise`, reasons: [], explains });
  }
  const aggregation = changesBelow(change.changes, ['aggregationRule']);
  if (aggregation.length > 0) {
    said.push({
      text: `${label} is made of other roles`,
      reasons: [reasonOf('risk/privilege', stage, 'they may allow more')],
      explains: [{ of: change, changes: aggregation }],
    });
  }
  return said;
}

/** `get and list of secrets` */
function rulesInWords(rules: readonly unknown[]): string {
  const words = rules.map((rule) => {
    const what = [...listAt(rule, 'resources'), ...listAt(rule, 'nonResourceURLs')].map((resource) =>
      resource === '*' ? 'everything' : shown(resource),
    );
    const verbs = listAt(rule, 'verbs').map((verb) => (verb === '*' ? 'everything' : shown(verb)));
    const names = listAt(rule, 'resourceNames').map((name) => shown(name));
    return `${listed(verbs, 4) || 'nothing'} on ${listed(what, 4) || 'nothing'}${names.length === 0 ? '' : ` named ${listed(names)}`}`;
  });
  return listed(words) || 'nothing';
}

function bindingWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  const [old, now] = [change.before, change.after].map((placed) => ({
    role: roleOf(placed?.object),
    subjects: listAt(placed?.object, 'subjects'),
  }));
  if (change.change === 'removed') {
    return [
      {
        text: `${label} removed: ${subjectsInWords(old!.subjects)} lost ${old!.role}`,
        reasons: [reasonOf('risk/delete', stage, 'what they did with it fails')],
        explains: [explainsAll(change)],
      },
    ];
  }
  const gives = (subjects: readonly unknown[]): string => `${label} gives ${now!.role} to ${subjectsInWords(subjects)}`;
  const why = 'who is bound may do all that the role allows';
  if (change.change === 'added')
    return [
      {
        text: gives(now!.subjects),
        reasons: [reasonOf('risk/privilege', stage, why)],
        explains: [explainsAll(change)],
      },
    ];
  const explains = [explainsBelow(change, ['subjects'], ['roleRef'])];
  if (old!.role !== now!.role)
    return [
      {
        text: `${gives(now!.subjects)} (was ${old!.role})`,
        reasons: [reasonOf('risk/privilege', stage, why)],
        explains,
      },
    ];
  const [had, has] = [new Set(old!.subjects.map(exactly)), new Set(now!.subjects.map(exactly))];
  const [come, gone] = [
    now!.subjects.filter((one) => !had.has(exactly(one))),
    old!.subjects.filter((one) => !has.has(exactly(one))),
  ];
  if (come.length > 0)
    return [{ text: `${gives(come)} too`, reasons: [reasonOf('risk/privilege', stage, why)], explains }];
  return gone.length > 0
    ? [{ text: `${label} takes ${now!.role} from ${subjectsInWords(gone)}`, reasons: [], explains }]
    : [];
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
