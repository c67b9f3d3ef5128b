import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
} from '../../../imports/rbac.authorization.k8s.io/v1.js';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkSelector } from './selector.ts';
import { checkValue, DNS_SUBDOMAIN, PATH_SEGMENT, requireName } from './values.ts';

const GROUP = 'rbac.authorization.k8s.io';

/** Roles and ClusterRoles. */
export function checkRole(report: Report, role: Role | ClusterRole): void {
  const { add } = report;
  role.rules?.forEach((rule, index) => {
    const path = `rules[${index}]`;
    const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (verbs.length === 0)
      add('kubernetes/role', `${path}.verbs`, 'is empty, so it allows nothing', 'write get, list, …');
    if (nonResourceURLs.length > 0) {
      if (role.kind === 'Role') {
        const said = 'paths of the API server are in no namespace';
        add('kubernetes/role', `${path}.nonResourceURLs`, said, 'leave it out, or write a ClusterRole');
      }
      if (apiGroups.length + resources.length + resourceNames.length > 0) {
        add('kubernetes/role', `${path}.nonResourceURLs`, 'stands beside resources', 'make two rules of it');
      }
      return;
    }
    if (apiGroups.length === 0) {
      add(
        'kubernetes/role',
        `${path}.apiGroups`,
        'is missing',
        "write the group of the resources: '' for pods, apps for deployments",
      );
    }
    if (resources.length === 0) add('kubernetes/role', `${path}.resources`, 'is missing', 'write pods, deployments, …');
  });
  if (role.kind !== 'ClusterRole' || !role.aggregationRule) return;
  const { clusterRoleSelectors = [] } = role.aggregationRule;
  const path = 'aggregationRule.clusterRoleSelectors';
  if (clusterRoleSelectors.length === 0)
    add('kubernetes/role', path, 'is empty', 'write a selector, or leave aggregationRule out');
  clusterRoleSelectors.forEach((selector, index) => checkSelector(report, `${path}[${index}]`, selector));
}

/** RoleBindings and ClusterRoleBindings. */
export function checkBinding(report: Report, { kind, roleRef, subjects = [] }: RoleBinding | ClusterRoleBinding): void {
  const { add } = report;
  checkValue(report, 'roleRef', 'apiGroup', roleRef.apiGroup, [GROUP, '']);
  checkValue(
    report,
    'roleRef',
    'kind',
    roleRef.kind,
    kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole'],
  );
  requireName(report, 'roleRef', 'name', roleRef.name, PATH_SEGMENT);
  subjects.forEach((subject, index) => {
    const path = `subjects[${index}]`;
    checkValue(report, path, 'kind', subject.kind, ['ServiceAccount', 'User', 'Group']);
    if (subject.kind === 'ServiceAccount') {
      requireName(report, path, 'name', subject.name, DNS_SUBDOMAIN);
      if (subject.apiGroup) {
        const said = `${showValue(subject.apiGroup)} has no ServiceAccounts`;
        add('kubernetes/role', `${path}.apiGroup`, said, 'leave it out');
      }
      if (kind === 'ClusterRoleBinding' && !subject.namespace) {
        const said = 'is missing: the binding is in no namespace of its own';
        add('kubernetes/role', `${path}.namespace`, said, 'write the namespace of the ServiceAccount');
      }
      return;
    }
    if (subject.name === '') add('kubernetes/role', `${path}.name`, 'is empty', 'write the name of the user or group');
    checkValue(report, path, 'apiGroup', subject.apiGroup, [GROUP, '']);
  });
}
