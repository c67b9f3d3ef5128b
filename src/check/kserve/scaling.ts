import { parseQuantity } from '../../core/quantity.ts';
import type { Report } from '../report.ts';
import type { Annotations, Component } from './predictor.ts';

type Metric = NonNullable<NonNullable<Component['autoScaling']>['metrics']>[number];

/** Checks how a component scales: replicas, metric and target in the form that the mode's autoscaler understands. */
export function checkScaling(report: Report, field: string, component: Component, annotations: Annotations): void {
  const { add } = report;
  const { minReplicas = 1, maxReplicas = 0, scaleMetric, scaleTarget, autoScaling } = component;
  if (minReplicas < 0) add('kserve/replicas', `${field}.minReplicas`, `${minReplicas} is negative`, 'write 0 or more');
  if (maxReplicas < 0) {
    add('kserve/replicas', `${field}.maxReplicas`, `${maxReplicas} is negative`, 'write 0 for no limit, or more');
  }
  if (maxReplicas > 0 && minReplicas > maxReplicas) {
    add(
      'kserve/replicas',
      `${field}.maxReplicas`,
      `${maxReplicas} is below minReplicas, ${minReplicas}`,
      `write ${minReplicas} or more`,
    );
  }

  if (annotations['serving.kserve.io/deploymentMode'] !== 'Standard') {
    if (annotations['autoscaling.knative.dev/class'] === 'hpa.autoscaling.knative.dev')
      return checkHpa(report, field, component);
    if (scaleMetric !== undefined && scaleMetric !== 'concurrency' && scaleMetric !== 'rps') {
      add(
        'kserve/scale-metric',
        `${field}.scaleMetric`,
        `Knative's autoscaler does not scale by ${scaleMetric}`,
        'write concurrency or rps',
      );
    }
    if (scaleTarget !== undefined && scaleTarget < 1) {
      add(
        'kserve/scale-target',
        `${field}.scaleTarget`,
        `${scaleTarget} ${scaleMetric === 'rps' ? 'requests per second' : 'requests in flight'} keep no replica busy`,
        'write 1 or more',
      );
    }
    return;
  }

  const autoscaler = annotations['serving.kserve.io/autoscalerClass'] ?? 'hpa';
  if (autoscaler === 'keda') {
    if (scaleMetric !== undefined) {
      add(
        'kserve/scale-metric',
        `${field}.scaleMetric`,
        'KEDA takes its metrics from autoScaling.metrics',
        'move it to autoScaling.metrics',
      );
    }
    autoScaling?.metrics?.forEach((metric, index) =>
      checkKedaMetric(report, `${field}.autoScaling.metrics[${index}]`, metric),
    );
  } else if (autoscaler === 'hpa') {
    if (component.minReplicas === 0) {
      add(
        'kserve/scale-to-zero',
        `${field}.minReplicas`,
        'Standard mode keeps one replica: 0 silently becomes 1',
        'write minReplicas: 1, or scale with KEDA, or use Knative mode',
      );
    }
    checkHpa(report, field, component);
  }
}

function checkHpa({ add }: Report, field: string, { scaleMetric = 'cpu', scaleTarget, autoScaling }: Component): void {
  if (scaleMetric !== 'cpu' && scaleMetric !== 'memory') {
    add(
      'kserve/scale-metric',
      `${field}.scaleMetric`,
      `a HorizontalPodAutoscaler does not scale by ${scaleMetric}`,
      'write cpu or memory, or use Knative mode',
    );
  }
  // The webhook's own limit of memory is 100 too, by the precedence of its operators.
  if (scaleTarget !== undefined && (scaleTarget < 1 || scaleTarget > 100)) {
    add(
      'kserve/scale-target',
      `${field}.scaleTarget`,
      `${scaleTarget} is no share of the request in per cent`,
      'write 1 to 100',
    );
  }
  autoScaling?.metrics?.forEach((metric, index) => {
    const at = `${field}.autoScaling.metrics[${index}]`;
    if (metric.type !== 'Resource') {
      add(
        'kserve/scale-metric',
        `${at}.type`,
        `a HorizontalPodAutoscaler made by KServe knows no ${metric.type} metrics`,
        'write type: Resource, or use autoscalerClass: keda',
      );
    } else if (!metric.resource) add('kserve/scale-metric', at, 'the metric has no resource', 'describe resource');
  });
  if (autoScaling?.behavior) {
    add(
      'kserve/scale-behavior',
      `${field}.autoScaling.behavior`,
      'the HorizontalPodAutoscaler that KServe makes ignores behavior',
      'leave it out, or use autoscalerClass: keda',
    );
  }
}

function checkKedaMetric({ add }: Report, at: string, metric: Metric): void {
  const source =
    metric.type === 'Resource' ? metric.resource : metric.type === 'External' ? metric.external : metric.podmetric;
  if (!source)
    return add(
      'kserve/scale-metric',
      at,
      `a metric of type ${metric.type} has no source`,
      `describe ${metric.type === 'PodMetric' ? 'podmetric' : metric.type.toLowerCase()}`,
    );
  const { target } = source;
  if ('name' in source) {
    if (source.name === 'cpu' && target.type !== 'Utilization') {
      add(
        'kserve/scale-target',
        `${at}.resource.target.type`,
        'processor time is scaled by utilization',
        'write type: Utilization',
      );
    }
    if (source.name === 'memory' && target.type === 'Value') {
      add(
        'kserve/scale-target',
        `${at}.resource.target.type`,
        'memory is scaled by utilization or average value',
        'write type: Utilization or AverageValue',
      );
    }
  } else {
    if (!source.metric.query) {
      add(
        'kserve/scale-metric',
        `${at}.${metric.type.toLowerCase()}.metric.query`,
        'the metric has no query',
        'write the query',
      );
    }
    if (target.value === undefined) {
      add(
        'kserve/scale-target',
        `${at}.${metric.type.toLowerCase()}.target.value`,
        'the target has no value',
        'write value',
      );
    }
  }
  const { type, averageUtilization } = target;
  if ('name' in source && source.name === 'memory' && type === 'AverageValue' && target.averageValue !== undefined) {
    const least = parseQuantity(target.averageValue);
    if (least && least.nanos < 2n ** 20n * 10n ** 9n) {
      add(
        'kserve/scale-target',
        `${at}.resource.target.averageValue`,
        'KServe takes no less than 1Mi',
        'write 1Mi or more',
      );
    }
  }
  if (
    type === 'Utilization' &&
    (averageUtilization === undefined || averageUtilization < 1 || averageUtilization > 100)
  ) {
    add(
      'kserve/scale-target',
      `${at}.target`,
      'a utilization target needs averageUtilization from 1 to 100',
      'write averageUtilization: 70',
    );
  }
  if (type === 'AverageValue' && target.averageValue === undefined) {
    add('kserve/scale-target', `${at}.target`, 'an average-value target has no averageValue', 'write averageValue');
  }
  if (type === 'Value' && target.value === undefined && 'name' in source) {
    add('kserve/scale-target', `${at}.target`, 'a value target has no value', 'write value');
  }
}
