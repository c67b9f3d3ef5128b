import type { Pod, PodAffinity, PodAffinityTerm, Preference } from '../../../imports/core/v1.js';
import type { Report } from '../report.ts';
import { checkLabels, checkNodeExpression, checkSelector } from './selector.ts';
import { checkName, checkRange, checkValue, DNS_LABEL, DNS_SUBDOMAIN, LABEL_VALUE, QUALIFIED_NAME } from './values.ts';

type Spec = NonNullable<Pod['spec']>;

/** Where the pods of a template may run. */
export function checkPlacement(report: Report, path: string, spec: Partial<Spec>): void {
  checkLabels(report, `${path}.nodeSelector`, spec.nodeSelector);
  spec.tolerations?.forEach((toleration, index) =>
    checkToleration(report, `${path}.tolerations[${index}]`, toleration),
  );
  if (spec.affinity) checkAffinity(report, `${path}.affinity`, spec.affinity);
  if (spec.topologySpreadConstraints) {
    checkSpread(report, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints);
  }
}

// Lt and Gt are a feature gate of 1.35.
const TOLERATION_OPERATORS = ['Equal', 'Exists', 'Lt', 'Gt', ''];
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute', ''];

function checkToleration(report: Report, path: string, toleration: NonNullable<Spec['tolerations']>[number]): void {
  const { add } = report;
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  checkValue(report, path, 'operator', operator, TOLERATION_OPERATORS);
  checkValue(report, path, 'effect', effect, EFFECTS);
  if (key !== '') checkName(report, path, 'key', key, QUALIFIED_NAME);
  else if (operator !== 'Exists') {
    const said = 'without a key every taint is meant, whatever its value';
    add('kubernetes/placement', `${path}.operator`, said, 'write operator: Exists, or a key');
  }
  if (operator === 'Exists' && value !== '') {
    const fix = 'leave value out, or write operator: Equal';
    add('kubernetes/placement', `${path}.value`, 'Exists asks for the key alone', fix);
  }
  if (operator === 'Equal' || operator === '') checkName(report, path, 'value', value, LABEL_VALUE);
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const said = 'counts until a pod is evicted, which only NoExecute does';
    add('kubernetes/placement', `${path}.tolerationSeconds`, said, 'write effect: NoExecute, or leave it out');
  }
}

function checkAffinity(report: Report, path: string, affinity: NonNullable<Spec['affinity']>): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const required = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required) {
    const at = `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    if (required.nodeSelectorTerms.length === 0) {
      report.add('kubernetes/placement', at, 'no term, so no node', 'write a term, or leave the affinity out');
    }
    required.nodeSelectorTerms.forEach((term, index) => checkNodeTerm(report, `${at}[${index}]`, term, true));
  }
  nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, preference }, index) => {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    checkRange(report, at, 'weight', weight, 1, 100);
    checkNodeTerm(report, `${at}.preference`, preference, false);
  });
  if (podAffinity) checkPodAffinity(report, `${path}.podAffinity`, podAffinity);
  if (podAntiAffinity) checkPodAffinity(report, `${path}.podAntiAffinity`, podAntiAffinity);
}

function checkNodeTerm(report: Report, path: string, term: Preference, exact: boolean): void {
  term.matchExpressions?.forEach((expression, index) =>
    checkNodeExpression(report, `${path}.matchExpressions[${index}]`, expression, exact),
  );
  term.matchFields?.forEach(({ key, operator, values = [] }, index) => {
    const at = `${path}.matchFields[${index}]`;
    checkValue(report, at, 'key', key, ['metadata.name']);
    checkValue(report, at, 'operator', operator, ['In', 'NotIn']);
    if (values.length !== 1) {
      report.add('kubernetes/placement', `${at}.values`, `a field has one value, not ${values.length}`, 'write one');
    }
    values.forEach((value, number) => checkName(report, at, `values[${number}]`, value, DNS_SUBDOMAIN));
  });
}

function checkPodAffinity(report: Report, path: string, affinity: PodAffinity): void {
  affinity.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, index) =>
    checkPodTerm(report, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, term),
  );
  affinity.preferredDuringSchedulingIgnoredDuringExecution?.forEach(({ weight, podAffinityTerm }, index) => {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    checkRange(report, at, 'weight', weight, 1, 100);
    checkPodTerm(report, `${at}.podAffinityTerm`, podAffinityTerm);
  });
}

function checkPodTerm(report: Report, path: string, term: PodAffinityTerm): void {
  checkName(report, path, 'topologyKey', term.topologyKey, QUALIFIED_NAME);
  checkSelector(report, `${path}.labelSelector`, term.labelSelector);
  checkSelector(report, `${path}.namespaceSelector`, term.namespaceSelector);
  for (const field of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    term[field]?.forEach((key, index) => checkName(report, path, `${field}[${index}]`, key, QUALIFIED_NAME));
  }
  term.namespaces?.forEach((namespace, index) => checkName(report, path, `namespaces[${index}]`, namespace, DNS_LABEL));
}

function checkSpread(report: Report, path: string, constraints: NonNullable<Spec['topologySpreadConstraints']>): void {
  const { add } = report;
  constraints.forEach((constraint, index) => {
    const at = `${path}[${index}]`;
    const { maxSkew, minDomains, topologyKey, whenUnsatisfiable } = constraint;
    checkRange(report, at, 'maxSkew', maxSkew, 1);
    if (topologyKey === '') {
      add(
        'kubernetes/placement',
        `${at}.topologyKey`,
        'is empty',
        'write topology.kubernetes.io/zone or another label of nodes',
      );
    }
    checkValue(report, at, 'whenUnsatisfiable', whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']);
    checkRange(report, at, 'minDomains', minDomains, 1);
    if (minDomains !== undefined && whenUnsatisfiable === 'ScheduleAnyway') {
      const said = 'counts for DoNotSchedule alone';
      add('kubernetes/placement', `${at}.minDomains`, said, 'leave it out, or write whenUnsatisfiable: DoNotSchedule');
    }
    checkValue(report, at, 'nodeAffinityPolicy', constraint.nodeAffinityPolicy, ['Honor', 'Ignore']);
    checkValue(report, at, 'nodeTaintsPolicy', constraint.nodeTaintsPolicy, ['Honor', 'Ignore']);
    checkSelector(report, `${at}.labelSelector`, constraint.labelSelector);
    constraint.matchLabelKeys?.forEach((key, number) =>
      checkName(report, at, `matchLabelKeys[${number}]`, key, QUALIFIED_NAME),
    );
    if (constraint.matchLabelKeys?.length && !constraint.labelSelector) {
      add(
        'kubernetes/placement',
        `${at}.matchLabelKeys`,
        'stands without labelSelector',
        'write labelSelector as well',
      );
    }
  });
}
