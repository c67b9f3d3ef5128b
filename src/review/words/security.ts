import type { ObjectChange } from '../compare.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { meshWords } from './mesh.ts';
import { networkWords } from './network.ts';
import { podSecurityWords } from './pod-security.ts';
import { rbacWords } from './rbac.ts';
import { comesOrGoes, isKind, labelOf, latest, listed, mapAt, shown } from './read.ts';

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
const IDENTITIES: ReadonlySet<string> = new Set([
  'eks.amazonaws.com/role-arn',
  'iam.gke.io/gcp-service-account',
  'azure.workload.identity/client-id',
  'azure.workload.identity/tenant-id',
]);

/** Names of roles in clouds are long. */
const MAX_IDENTITY = 160;

function accountWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  if (!isKind(object, '', 'ServiceAccount') || change.change === 'removed') return [];
  const label = labelOf(unit, object);
  const [old, now] = [
    mapAt(change.before?.object, 'metadata', 'annotations'),
    mapAt(change.after.object, 'metadata', 'annotations'),
  ];
  const token = automounts(change.after.object) && change.before !== undefined && !automounts(change.before.object);
  const said: Said[] = [...IDENTITIES].flatMap((annotation): Said[] => {
    const [was, is] = [old[annotation], now[annotation]];
    if (was === is) return [];
    const changes = change.changes.filter(
      ({ path, before, after }) =>
        path.includes(annotation) ||
        (path.at(-1) === 'annotations' && Object.hasOwn(mapAt(before ?? after), annotation)),
    );
    const text =
      is === undefined
        ? `${label} no longer acts as ${shown(was, MAX_IDENTITY)}`
        : `${label} acts as ${shown(is, MAX_IDENTITY)} (was ${shown(was, MAX_IDENTITY)})`;
    // Whom a new one serves is said by what uses it.
    if (change.change === 'added')
      return [
        { text: `${label} added: it acts as ${shown(is, MAX_IDENTITY)}`, reasons: [], explains: [{ of: change }] },
      ];
    return [
      {
        text,
        reasons: [reasonOf('risk/identity', stage, `its workloads were ${shown(was, MAX_IDENTITY)}`)],
        explains: [{ of: change, changes }],
      },
    ];
  });
  if (token) {
    const changes = change.changes.filter(({ path }) => path[0] === 'automountServiceAccountToken');
    said.push({
      text: `pods of ${label} get its token`,
      reasons: [reasonOf('risk/privilege', stage, 'whoever gets into one may use it')],
      explains: [{ of: change, changes }],
    });
  }
  return said;
}

function automounts(object: unknown): boolean {
  return mapAt(object)['automountServiceAccountToken'] !== false;
}

/** Levels of pod security, the strictest first. */
const LEVELS = ['restricted', 'baseline', 'privileged'];
const ENFORCE = 'pod-security.kubernetes.io/enforce';

/** Labels that bring the pods of a namespace into the mesh. */
const MESH = ['istio-injection', 'istio.io/rev', 'istio.io/dataplane-mode'];

function namespaceWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  if (!isKind(latest(change), '', 'Namespace') || change.change === 'added' || change.change === 'removed') return [];
  const label = labelOf(unit, latest(change));
  const [old, now] = [
    mapAt(change.before.object, 'metadata', 'labels'),
    mapAt(change.after.object, 'metadata', 'labels'),
  ];
  const changesOf = (labels: readonly string[]): ObjectChange['changes'] =>
    change.changes.filter(({ path }) => labels.some((one) => path.includes(one)) || path.at(-1) === 'labels');
  const said: Said[] = [];
  if (old[ENFORCE] !== now[ENFORCE]) {
    const [was, is] = [levelOf(old[ENFORCE]), levelOf(now[ENFORCE])];
    const reasons = is > was ? [reasonOf('risk/privilege', stage, `it was ${shown(old[ENFORCE])}`)] : [];
    said.push({
      text: `${label}: pod security is ${shown(now[ENFORCE])} (was ${shown(old[ENFORCE])})`,
      reasons,
      explains: [{ of: change, changes: changesOf([ENFORCE]) }],
    });
  }
  if (inMesh(old) && !inMesh(now)) {
    const text = `${label} leaves the mesh: ${listed(MESH.filter((name) => old[name] !== now[name]).map((name) => `${name} is ${shown(now[name])} (was ${shown(old[name])})`))}`;
    said.push({
      text,
      reasons: [reasonOf('risk/mtls', stage, 'its pods have no proxy any more')],
      explains: [{ of: change, changes: changesOf(MESH) }],
    });
  }
  return said;
}

/** Without a label everything is allowed. */
function levelOf(level: unknown): number {
  const index = LEVELS.indexOf(typeof level === 'string' ? level : 'privileged');
  return index < 0 ? LEVELS.length : index;
}

function inMesh(labels: Readonly<Record<string, unknown>>): boolean {
  return (
    labels['istio-injection'] === 'enabled' ||
    (labels['istio-injection'] !== 'disabled' && labels['istio.io/rev'] !== undefined) ||
    labels['istio.io/dataplane-mode'] === 'ambient'
  );
}
