import type { HorizontalPodAutoscaler } from '../../../imports/autoscaling/v2.js';
import type { PodDisruptionBudget } from '../../../imports/policy/v1.js';
import { parseQuantity } from '../../core/quantity.ts';
import type { Report } from '../report.ts';
import { checkSelector } from './selector.ts';
import {
  checkCountOrPercent,
  checkName,
  checkRange,
  checkValue,
  DNS_LABEL,
  PATH_SEGMENT,
  requireName,
} from './values.ts';

type Spec = NonNullable<HorizontalPodAutoscaler['spec']>;
type Metric = NonNullable<Spec['metrics']>[number];
type Rules = NonNullable<NonNullable<Spec['behavior']>['scaleUp']>;

/** Parts of a metric by its type. */
const PARTS = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const satisfies Readonly<Record<string, keyof Metric>>;

/** HorizontalPodAutoscalers. */
export function checkAutoscaler(report: Report, spec: Spec): void {
  const { add } = report;
  const { minReplicas = 1, maxReplicas, metrics = [], behavior, scaleTargetRef } = spec;
  checkRange(report, 'spec', 'maxReplicas', maxReplicas, 1);
  checkRange(report, 'spec', 'minReplicas', minReplicas, 0);
  if (maxReplicas >= 1 && maxReplicas < minReplicas) {
    const said = `${maxReplicas} is less than minReplicas, ${minReplicas}`;
    add('kubernetes/autoscaler', 'spec.maxReplicas', said, `write ${minReplicas} or more`);
  }
  if (minReplicas === 0) {
    if (metrics.some(({ type }) => type === 'Object' || type === 'External')) {
      const said = 'zero is refused where the feature gate HPAScaleToZero is off, as it is by default';
      add('kubernetes/scale-to-zero', 'spec.minReplicas', said, 'write 1, or scale with KEDA');
    } else {
      const said = 'at zero nothing is left that its metrics could be taken from';
      add('kubernetes/autoscaler', 'spec.minReplicas', said, 'write 1, or a metric of type External');
    }
  }
  checkReference(report, 'spec.scaleTargetRef', scaleTargetRef);
  metrics.forEach((metric, index) => checkMetric(report, `spec.metrics[${index}]`, metric));
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    const rules = behavior?.[direction];
    if (rules) checkScalingRules(report, `spec.behavior.${direction}`, rules);
  }
}

function checkReference(report: Report, path: string, { kind, name }: Spec['scaleTargetRef']): void {
  requireName(report, path, 'kind', kind, PATH_SEGMENT);
  requireName(report, path, 'name', name, PATH_SEGMENT);
}

function checkMetric(report: Report, path: string, metric: Metric): void {
  const { add } = report;
  const { type } = metric;
  checkValue(report, path, 'type', type, Object.keys(PARTS));
  for (const [known, other] of Object.entries(PARTS)) {
    if (known === type || metric[other] === undefined) continue;
    add(
      'kubernetes/autoscaler',
      `${path}.${other}`,
      `stands in a metric of type ${type}`,
      'make a metric of its own of it',
    );
  }
  switch (type) {
    case 'Resource':
      checkTarget(report, `${path}.resource`, type, metric.resource, ['averageUtilization', 'averageValue']);
      break;
    case 'ContainerResource':
      checkName(report, `${path}.containerResource`, 'container', metric.containerResource?.container, DNS_LABEL);
      checkTarget(report, `${path}.containerResource`, type, metric.containerResource, [
        'averageUtilization',
        'averageValue',
      ]);
      break;
    case 'Pods':
      checkTarget(report, `${path}.pods`, type, metric.pods, ['averageValue']);
      break;
    case 'Object':
      if (metric.object) checkReference(report, `${path}.object.describedObject`, metric.object.describedObject);
      checkTarget(report, `${path}.object`, type, metric.object, ['averageValue', 'value'], true);
      break;
    case 'External':
      checkTarget(report, `${path}.external`, type, metric.external, ['averageValue', 'value']);
      break;
  }
}

type Target = NonNullable<Metric['resource']>['target'];
type Goal = 'averageUtilization' | 'averageValue' | 'value';

/** The part of a metric: it is there, names what it measures, and has one of the goals that its type can have. */
function checkTarget(
  report: Report,
  path: string,
  type: string,
  part: { readonly target: Target; readonly name?: string; readonly metric?: { readonly name: string } } | undefined,
  goals: readonly Goal[],
  several = false,
): void {
  const { add } = report;
  if (!part) {
    add('kubernetes/autoscaler', path, `is missing in a metric of type ${type}`, 'write it');
    return;
  }
  const { target, metric } = part;
  if (part.name !== undefined && part.name === '')
    add('kubernetes/autoscaler', `${path}.name`, 'is empty', 'write cpu or memory');
  if (metric) requireName(report, `${path}.metric`, 'name', metric.name, PATH_SEGMENT);
  checkValue(report, `${path}.target`, 'type', target.type, ['Utilization', 'AverageValue', 'Value']);
  const found = goals.filter((goal) => target[goal] !== undefined);
  if (found.length === 0 || (found.length > 1 && !several)) {
    const said =
      found.length === 0
        ? 'has no goal that counts for this type'
        : `has ${found.join(' and ')}, of which one can be reached`;
    add('kubernetes/autoscaler', `${path}.target`, said, `write ${goals.join(' or ')}`);
  }
  for (const goal of ['averageUtilization', 'averageValue', 'value'] as const) {
    const amount = target[goal];
    const quantity = amount === undefined ? undefined : parseQuantity(amount);
    if (quantity && quantity.nanos <= 0n) {
      add('kubernetes/autoscaler', `${path}.target.${goal}`, `${amount} is not positive`, 'write more than 0');
    }
  }
}

function checkScalingRules(report: Report, path: string, rules: Rules): void {
  checkRange(report, path, 'stabilizationWindowSeconds', rules.stabilizationWindowSeconds, 0, 3600);
  checkValue(report, path, 'selectPolicy', rules.selectPolicy, ['Max', 'Min', 'Disabled']);
  if (rules.policies?.length === 0) {
    report.add('kubernetes/autoscaler', `${path}.policies`, 'is empty', 'write one, or leave it out for the default');
  }
  rules.policies?.forEach(({ type, value, periodSeconds }, index) => {
    const at = `${path}.policies[${index}]`;
    checkValue(report, at, 'type', type, ['Pods', 'Percent']);
    checkRange(report, at, 'value', value, 1);
    checkRange(report, at, 'periodSeconds', periodSeconds, 1, 1800);
  });
}

/** PodDisruptionBudgets. */
export function checkDisruptionBudget(report: Report, spec: NonNullable<PodDisruptionBudget['spec']>): void {
  const { minAvailable, maxUnavailable } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const said = 'stands beside maxUnavailable, of which only one can be';
    report.add('kubernetes/disruption-budget', 'spec.minAvailable', said, 'leave one of them out');
  }
  checkCountOrPercent(report, 'spec', 'minAvailable', minAvailable);
  checkCountOrPercent(report, 'spec', 'maxUnavailable', maxUnavailable);
  checkSelector(report, 'spec.selector', spec.selector);
  const policies = ['IfHealthyBudget', 'AlwaysAllow'];
  checkValue(report, 'spec', 'unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, policies);
}
