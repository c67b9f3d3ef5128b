import { isDeepStrictEqual } from 'node:util';
import type { AppProject } from '../../../imports/argoproj.io/v1alpha1.js';
import { parseDuration } from '../../core/duration.ts';
import type { Report } from '../report.ts';

type ProjectSpec = AppProject['spec'];
type Window = NonNullable<ProjectSpec['syncWindows']>[number];

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
    // A server has one name only.
    [server || cluster, namespace].join(' '),
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
  checkServiceAccounts(result, spec.destinationServiceAccounts ?? []);
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

function checkServiceAccounts({ add }: Report, accounts: NonNullable<ProjectSpec['destinationServiceAccounts']>): void {
  const id = 'argocd/project-list';
  const places = accounts.map(({ server, namespace = '' }) => [server, namespace].join(' '));
  accounts.forEach(({ server, namespace = '', defaultServiceAccount }, index) => {
    const field = `spec.destinationServiceAccounts[${index}]`;
    if (places.indexOf(places[index] ?? '') !== index)
      add(id, field, 'the place is listed twice', 'remove one of them');
    for (const [name, value] of Object.entries({ server, namespace })) {
      if (!value.includes('!')) continue;
      add(id, `${field}.${name}`, 'a place cannot be left out here', 'write the places that are meant, without "!"');
    }
    if (defaultServiceAccount.trim() === '' || /[!*[\]{}\\/]/.test(defaultServiceAccount)) {
      const message = `${JSON.stringify(defaultServiceAccount)} is no ServiceAccount`;
      add(id, `${field}.defaultServiceAccount`, message, 'write <name> or <namespace>:<name>');
    }
  });
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
    const groups = new Set<string>();
    role.groups?.forEach((group, i) => {
      const problem = groups.has(group) ? 'it is listed twice' : groupProblem(group);
      groups.add(group);
      if (problem) add('argocd/project-role', `${field}.groups[${i}]`, problem, 'write the name of a group, each once');
    });
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

/** A group may have a comma when it is in quotes, which are not part of its name. */
function groupProblem(group: string): string | undefined {
  const quoted = /^\s*"(.*)"\s*$/s.exec(group)?.[1];
  if (quoted === undefined && group.includes(',')) return 'a group with a comma stands in quotes';
  const name = quoted ?? group.trim();
  if (name === '') return 'the group has no name';
  if (/["\n\r\t]/.test(name)) return 'the group has quotes, tabs or line breaks in its name';
  return group.trim() === group ? undefined : 'the group has space around its name';
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

/** What makes two windows one and the same (app_project_types.go HashIdentity). */
function identity(window: Window): object {
  const { kind, schedule, duration, applications = [], namespaces = [], clusters = [], timeZone = '' } = window;
  const together = window.andOperator ?? false;
  return { kind, schedule, duration, applications, namespaces, clusters, timeZone: timeZone || 'UTC', together };
}

/** Fields of a schedule: least and most, and names that stand for numbers. */
const FIELDS: readonly (readonly [least: number, most: number, names: readonly string[]])[] = [
  [0, 59, []],
  [0, 23, []],
  [1, 31, []],
  [1, 12, ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']],
  [0, 6, ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']],
];

/** Five fields as cron writes them (robfig/cron v3, which knows no Sunday as 7), perhaps after a time zone. */
function isSchedule(schedule: string): boolean {
  const fields = schedule
    .trim()
    .replace(/^(?:CRON_)?TZ=\S+\s+/, '')
    .split(/\s+/);
  return (
    fields.length === FIELDS.length &&
    FIELDS.every(([least, most, names], index) =>
      (fields[index] ?? '').split(',').every((part) => {
        const [range = '', step = '1', ...more] = part.split('/');
        if (more.length > 0 || !/^\d+$/.test(step) || Number(step) === 0) return false;
        if (range === '*' || range === '?') return true;
        const ends = range.split('-').map((text) => {
          const named = text === '' ? -1 : names.indexOf(text.toLowerCase());
          return named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
        });
        const [from = Number.NaN, to = from] = ends;
        return ends.length <= 2 && from >= least && to <= most && from <= to;
      }),
    )
  );
}

function checkWindows({ add }: Report, windows: NonNullable<ProjectSpec['syncWindows']>): void {
  windows.forEach((window, index) => {
    const { kind, schedule = '', duration = '', applications, namespaces, clusters, description = '' } = window;
    const field = `spec.syncWindows[${index}]`;
    const id = 'argocd/sync-window';
    if (windows.findIndex((other) => isDeepStrictEqual(identity(other), identity(window))) < index) {
      add(id, field, 'the window is there twice', 'remove one of them');
    }
    if (description.length > 255) {
      add(id, `${field}.description`, `it has ${description.length} characters`, 'write at most 255');
    }
    if (kind !== 'allow' && kind !== 'deny') {
      add(id, `${field}.kind`, `${JSON.stringify(kind ?? '')} is neither allow nor deny`, 'write allow or deny');
    }
    if (!isSchedule(schedule)) {
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
