import type { ObjectChange } from '../compare.ts';
import { isKind, mapAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Explained, Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { comesOrGoes, isAltered, latest, touching } from './changes.ts';
import { meshWords } from './mesh.ts';
import { networkWords } from './network.ts';
import { podSecurityWords } from './pod-security.ts';
import { rbacWords } from './rbac.ts';
import { sentence } from './said.ts';
import { labelOf } from './subject.ts';
import { isWas, listed, shown } from './text.ts';

/**
 * What changes of who may reach, read or do what: mTLS, authorisation, network policies, roles, what containers may do,
 * and the identities that workloads have.
 *
 * @example securityWords(unit, stage)[0]?.text // 'PeerAuthentication fraud-detector: mTLS is PERMISSIVE (was STRICT)'
 */
export function securityWords(unit: ChangedUnit, stage: Stage): Said[] {
  const told = comesOrGoes(unit);
  const objects = told === 'removed' ? unit.objects.filter(({ change }) => change !== told) : unit.objects;
  const said = [
    ...objects.flatMap((change) => [
      ...meshWords(unit, stage, change),
      ...networkWords(unit, stage, change),
      ...rbacWords(unit, stage, change),
      ...accountWords(unit, stage, change),
      ...namespaceWords(unit, stage, change),
    ]),
    ...podSecurityWords(unit, stage),
  ];
  // What a new service has is said with it, unless it may do harm.
  return told === 'added' ? said.filter(({ reasons }) => reasons.length > 0) : said;
}

/** Annotations by which clouds and meshes know who a ServiceAccount is. */
const IDENTITIES = [
  'eks.amazonaws.com/role-arn',
  'iam.gke.io/gcp-service-account',
  'azure.workload.identity/client-id',
  'azure.workload.identity/tenant-id',
];

/** Names of roles in clouds are long. */
const MAX_IDENTITY = 160;

function accountWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  if (!isKind(object, '', 'ServiceAccount') || change.change === 'removed') return [];
  const label = labelOf(unit, object);
  const said = IDENTITIES.flatMap((annotation) => {
    const path = ['metadata', 'annotations', annotation];
    const [was, is] = [textAt(change.before?.object, ...path), textAt(change.after.object, ...path)];
    if (was === is) return [];
    // Whom a new one serves is said by what uses it.
    if (change.change === 'added')
      return [sentence(`${label} added: it acts as ${shown(is, MAX_IDENTITY)}`, { of: change })];
    const [old, now] = [shown(was, MAX_IDENTITY), shown(is, MAX_IDENTITY)];
    const text = is === undefined ? `no longer acts as ${old}` : `acts as ${now} (was ${old})`;
    return [
      sentence(
        `${label} ${text}`,
        { of: change, changes: touching(change.changes, path) },
        reasonOf('risk/identity', stage),
      ),
    ];
  });
  if (change.before && !automounts(change.before.object) && automounts(change.after.object)) {
    const changes = touching(change.changes, ['automountServiceAccountToken']);
    const reason = reasonOf('risk/privilege', stage, 'whoever gets into one may use it');
    said.push(sentence(`pods of ${label} get its token`, { of: change, changes }, reason));
  }
  return said;
}

function automounts(object: unknown): boolean {
  return valueAt(object, 'automountServiceAccountToken') !== false;
}

/** Levels of pod security, the strictest first. */
const LEVELS = ['restricted', 'baseline', 'privileged'];
const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** Labels that bring the pods of a namespace into the mesh. */
const MESH = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'];

function namespaceWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isKind(latest(change), '', 'Namespace') || !isAltered(change)) return [];
  const label = labelOf(unit, latest(change));
  const [old, now] = [
    mapAt(change.before.object, 'metadata', 'labels'),
    mapAt(change.after.object, 'metadata', 'labels'),
  ];
  const explains = (labels: readonly string[]): Explained => ({
    of: change,
    changes: touching(change.changes, ...labels.map((one) => ['metadata', 'labels', one])),
  });
  const said: Said[] = [];
  if (old[ENFORCE] !== now[ENFORCE]) {
    const reason =
      levelOf(now[ENFORCE]) > levelOf(old[ENFORCE])
        ? reasonOf('risk/privilege', stage, 'its pods may do more to their node')
        : undefined;
    said.push(sentence(`${label}: pod security ${isWas(now[ENFORCE], old[ENFORCE])}`, explains([ENFORCE]), reason));
  }
  if (inMesh(old) && !inMesh(now)) {
    const labels = MESH.filter((name) => old[name] !== now[name]).map(
      (name) => `${name} ${isWas(now[name], old[name])}`,
    );
    said.push(
      sentence(
        `${label} leaves the mesh: ${listed(labels)}`,
        explains(MESH),
        reasonOf('risk/mtls', stage, 'its pods have no proxy any more'),
      ),
    );
  }
  return said;
}

/** Without a label everything is allowed. */
function levelOf(level: unknown): number {
  const index = LEVELS.indexOf(typeof level === 'string' ? level : 'privileged');
  return index < 0 ? LEVELS.length : index;
}

function inMesh(labels: Readonly<Record<string, unknown>>): boolean {
  const [injection, revision, mode] = MESH.map((name) => labels[name]);
  return injection === 'enabled' || (injection !== 'disabled' && revision !== undefined) || mode === 'ambient';
}
