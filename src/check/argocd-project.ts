import type { AppProject } from '../../imports/argoproj.io/v1alpha1.js';
import { parseDuration } from '../core/duration.ts';
import type { Report } from './report.ts';

type ProjectSpec = AppProject['spec'];

/** What roles may be given rights on (app_project_types.go validatePolicy). */
const RESOURCES: ReadonlySet<string> = new Set([
  'applications',
  'applicationsets',
  'repositories',
  'exec',
  'logs',
  'clusters',
]);

const ACTION = /^(?:\*|get|create|update|delete|sync|override|action\/.+|(?:update|delete)\/.+)$/;

/** Checks an AppProject beyond its schema. */
export function checkProject(result: Report, name: string, spec: ProjectSpec): void {
  const { add } = result;
  const { sourceRepos = [], sourceNamespaces = [], destinations = [], description = '' } = spec;
  const { namespaceResourceWhitelist, clusterResourceWhitelist = [] } = spec;
  checkList(result, 'spec.sourceRepos', sourceRepos);
  checkList(result, 'spec.sourceNamespaces', sourceNamespaces);
  const places = destinations.map(({ server = '', name: cluster = '', namespace = '' }) =>
    [server, cluster, namespace].join(' '),
  );
  checkList(result, 'spec.destinations', places);
  if (destinations.some(({ server, name: cluster, namespace }) => [server, cluster, namespace].includes('!*'))) {
    add('argocd/project-list', 'spec.destinations', '"!*" denies everything', 'remove it');
  }
  if (description.length > 255) {
    add('argocd/project-list', 'spec.description', `it has ${description.length} characters`, 'write at most 255');
  }
  if (spec.signatureKeys && spec.sourceIntegrity) {
    add('argocd/project-list', 'spec.signatureKeys', 'sourceIntegrity is given too', 'use sourceIntegrity alone');
  }
  checkOpen(result, sourceRepos, destinations, namespaceResourceWhitelist, clusterResourceWhitelist);
  checkRoles(result, name, spec.roles ?? []);
  checkWindows(result, spec.syncWindows ?? []);
}

function checkList({ add }: Report, field: string, items: readonly string[]): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    if (item === '!*') add('argocd/project-list', `${field}[${index}]`, '"!*" denies everything', 'remove it');
    if (seen.has(item)) {
      add(
        'argocd/project-list',
        `${field}[${index}]`,
        `${JSON.stringify(item.trim())} is listed twice`,
        'remove one of them',
      );
    }
    seen.add(item);
  });
}

function checkOpen(
  { add }: Report,
  sourceRepos: readonly string[],
  destinations: NonNullable<ProjectSpec['destinations']>,
  kinds: ProjectSpec['namespaceResourceWhitelist'],
  clusterKinds: NonNullable<ProjectSpec['clusterResourceWhitelist']>,
): void {
  const open = (field: string, what: string): void =>
    add('argocd/project-open', field, what, 'list what the team needs');
  if (sourceRepos.includes('*')) open('spec.sourceRepos', 'every repository may be deployed from');
  if (destinations.some(({ namespace }) => namespace === '*'))
    open('spec.destinations', 'every namespace may be deployed to');
  if (!kinds || kinds.some(({ kind }) => kind === '*'))
    open('spec.namespaceResourceWhitelist', 'every kind may be deployed');
  if (clusterKinds.some(({ kind }) => kind === '*'))
    open('spec.clusterResourceWhitelist', 'every kind outside of namespaces may be deployed');
}

function checkRoles({ add }: Report, project: string, roles: NonNullable<ProjectSpec['roles']>): void {
  const names = new Set<string>();
  roles.forEach((role, index) => {
    const field = `spec.roles[${index}]`;
    if (!/^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/.test(role.name)) {
      add(
        'argocd/project-role',
        `${field}.name`,
        `${JSON.stringify(role.name)} is no name of a role`,
        'use letters, digits, "-" and "_"',
      );
    }
    if (names.has(role.name)) {
      add('argocd/project-role', `${field}.name`, `there are two roles ${role.name}`, 'rename one of them');
    }
    names.add(role.name);
    const policies = new Set<string>();
    role.policies?.forEach((policy, i) => {
      const problem = policies.has(policy) ? 'it is listed twice' : policyProblem(project, role.name, policy);
      policies.add(policy);
      if (problem) {
        add(
          'argocd/project-role',
          `${field}.policies[${i}]`,
          problem,
          `write p, proj:${project}:${role.name}, applications, get, ${project}/*, allow`,
        );
      }
    });
  });
}

function policyProblem(project: string, role: string, policy: string): string | undefined {
  const fields = policy.split(',').map((text) => text.trim());
  const [p, subject, resource = '', action = '', object = '', effect = ''] = fields;
  if (fields.length !== 6 || p !== 'p') return 'a policy has six fields, the first of which is p';
  if (subject !== `proj:${project}:${role}`) return `the subject is not proj:${project}:${role}`;
  if (!RESOURCES.has(resource)) return `${JSON.stringify(resource)} is no resource`;
  if (!ACTION.test(action)) return `${JSON.stringify(action)} is no action`;
  if (!object.startsWith(`${project}/`)) return `the object is not in project ${project}`;
  return effect === 'allow' || effect === 'deny' ? undefined : `${JSON.stringify(effect)} is neither allow nor deny`;
}

function checkWindows({ add }: Report, windows: NonNullable<ProjectSpec['syncWindows']>): void {
  windows.forEach(({ kind, schedule = '', duration = '', applications, namespaces, clusters }, index) => {
    const field = `spec.syncWindows[${index}]`;
    const id = 'argocd/sync-window';
    if (kind !== 'allow' && kind !== 'deny') {
      add(id, `${field}.kind`, `${JSON.stringify(kind ?? '')} is neither allow nor deny`, 'write allow or deny');
    }
    if (schedule.trim().split(/\s+/).length !== 5) {
      add(
        id,
        `${field}.schedule`,
        `${JSON.stringify(schedule)} is no schedule`,
        'write five fields, as cron does: "0 22 * * *"',
      );
    }
    if (parseDuration(duration) === undefined) {
      add(id, `${field}.duration`, `${JSON.stringify(duration)} is no duration`, 'write 1h');
    }
    if (![applications, namespaces, clusters].some((list) => list?.length)) {
      add(id, field, 'the window is for nothing', 'list applications, namespaces or clusters');
    }
  });
}
