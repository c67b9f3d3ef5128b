import type { Service } from '../../imports/serving.knative.dev/v1.js';
import { parseDuration } from '../core/duration.ts';
import type { Finding, Rule } from '../core/finding.ts';
import { didYouMean, isDns1035 } from '../core/names.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { parseQuantity } from '../core/quantity.ts';
import type { Cluster } from '../service/platform.ts';
import { checkKnativePod, checkVolumes, KNATIVE_POD_RULES, type ContainerLike } from './knative/pod.ts';
import { reporter, type Report } from './report.ts';

/** Rules on Knative Services beyond their schema: the webhook's, and what it silently ignores. */

const SOURCE = 'knative serving 1.21 (v0.48.1) pkg/apis';

/** Rules of Knative Serving. */
export const KNATIVE_RULES: readonly Rule[] = [
  {
    id: 'knative/not-installed',
    severity: 'error',
    summary: 'A Knative Service needs Knative on the cluster.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'knative/name',
    severity: 'error',
    summary: 'Names of Services, tags and revisions are DNS-1035 labels of at most 63 characters.',
    source: `${SOURCE}/serving/v1/{service,route,revision}_validation.go`,
  },
  {
    id: 'knative/annotation-place',
    severity: 'error',
    summary: 'Autoscaling annotations stand on the template.',
    source: `${SOURCE}/serving/metadata_validation.go ValidateHasNoAutoscalingAnnotation`,
  },
  {
    id: 'knative/annotation-key',
    severity: 'error',
    summary: 'Autoscaling annotations have a known key in kebab case; unknown ones are ignored without a word.',
    source: `${SOURCE}/autoscaling/register.go; ValidateAnnotations checks known keys only; ours: the spelling of old versions, which it takes too`,
  },
  {
    id: 'knative/annotation-value',
    severity: 'error',
    summary: 'Autoscaling annotations have a value in range.',
    source: `${SOURCE}/autoscaling/annotation_validation.go, serving/v1/revision_validation.go`,
  },
  {
    id: 'knative/concurrency',
    severity: 'error',
    summary: 'containerConcurrency is between 0 and 1000.',
    source: `${SOURCE}/serving/metadata_validation.go ValidateContainerConcurrency; config-defaults container-concurrency-max-limit`,
  },
  {
    id: 'knative/timeout-limit',
    severity: 'warning',
    summary: 'A timeout above 600 s needs a larger max-revision-timeout-seconds on the cluster.',
    source: `${SOURCE}/serving/v1/revision_validation.go validateTimeoutSeconds; config-defaults`,
  },
  {
    id: 'knative/timeout',
    severity: 'error',
    summary: 'A timeout is not negative.',
    source: `${SOURCE}/serving/v1/revision_validation.go validateTimeoutSeconds`,
  },
  {
    id: 'knative/traffic',
    severity: 'error',
    summary: 'Traffic sums to 100 per cent, tags are unique, and a target names its revision or takes the latest.',
    source: `${SOURCE}/serving/v1/route_validation.go validateTrafficList`,
  },
  {
    id: 'knative/revision-name',
    severity: 'error',
    summary: 'A revision that is named starts with the name of its Service.',
    source: `${SOURCE}/serving/v1/revision_validation.go validateRevisionName`,
  },
  ...KNATIVE_POD_RULES,
];

const report = reporter(KNATIVE_RULES);

const PREFIX = 'autoscaling.knative.dev/';
const WHOLE_SECONDS = 'write whole seconds: 30s, 5m';

/** A check of an annotation's value: what it must be, or `undefined` when it is. */
type ValueCheck = (value: string, annotations: Readonly<Record<string, string>>) => string | undefined;

const number =
  (min: number, max: number): ValueCheck =>
  (value) => {
    if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(value) && Number(value) >= min && Number(value) <= max)
      return undefined;
    return max === Infinity ? `write a number from ${min}` : `write a number from ${min} to ${max}`;
  };
const integer =
  (min: number): ValueCheck =>
  (value) =>
    /^\+?\d+$/.test(value) && Number(value) >= min && Number(value) < 2 ** 31
      ? undefined
      : `write a whole number, at least ${min}`;
const oneOf =
  (...values: readonly string[]): ValueCheck =>
  (value) =>
    values.includes(value) ? undefined : `write ${values.join(' or ')}`;
const seconds =
  (min: number, max: number): ValueCheck =>
  (value) => {
    const ms = parseDuration(value);
    if (ms === undefined || ms % 1000 !== 0) return WHOLE_SECONDS;
    return ms >= min && ms <= max ? undefined : `write a duration from ${min / 1000}s to ${max / 1000}s`;
  };
/** A duration that may have fractions of a second. */
const span =
  (max: number): ValueCheck =>
  (value) => {
    const ms = parseDuration(value);
    return ms !== undefined && ms <= max ? undefined : `write a duration up to ${max / 1000}s`;
  };
const HOUR = 3_600_000;
const HPA = 'hpa.autoscaling.knative.dev';

/** Annotations of a revision's template that Knative knows, and what it says about their values. */
const AUTOSCALING: Readonly<Record<string, ValueCheck>> = {
  'activation-scale': integer(2),
  // Classes of other autoscalers are their own business.
  class: (value) => (value.endsWith('.knative.dev') ? oneOf('kpa.autoscaling.knative.dev', HPA)(value, {}) : undefined),
  'initial-scale': integer(0),
  'max-scale': integer(0),
  metric: (value, annotations) => {
    if (annotations[`${PREFIX}class`] !== HPA) return oneOf('concurrency', 'rps')(value, annotations);
    return value === '' ? 'write cpu or memory' : undefined;
  },
  'metric-aggregation-algorithm': oneOf('linear', 'weighted-exponential', 'weightedExponential'),
  'min-scale': integer(0),
  'panic-threshold-percentage': number(110, 1000),
  'panic-window-percentage': number(1, 100),
  'scale-down-delay': seconds(0, HOUR),
  'scale-to-zero-pod-retention-period': span(HOUR),
  target: number(0.01, Infinity),
  'target-burst-capacity': (value) =>
    value === '-1' ? undefined : number(0, Infinity)(value, {}) && 'write a number from 0, or -1 for no limit',
  'target-utilization-percentage': number(1, 100),
  window: seconds(6000, HOUR),
};

/** Other annotations of the template that the webhook reads. */
const OTHER: Readonly<Record<string, ValueCheck>> = {
  'serving.knative.dev/progress-deadline': seconds(0, Number.MAX_SAFE_INTEGER),
  'queue.sidecar.serving.knative.dev/resource-percentage': number(0.1, 100),
  'queue.sidecar.serving.knative.dev/resourcePercentage': number(0.1, 100),
  ...Object.fromEntries(
    ['cpu', 'memory', 'ephemeral-storage'].flatMap((resource) =>
      ['request', 'limit'].map((kind): [string, ValueCheck] => [
        `queue.sidecar.serving.knative.dev/${resource}-resource-${kind}`,
        (value) => (parseQuantity(value) ? undefined : 'write a Kubernetes quantity: 100m, 200Mi'),
      ]),
    ),
  ),
};

/**
 * Checks an object of Knative Serving. Only Services are looked into; Routes and Configurations are Knative's own.
 *
 * @example checkKnative(service, cluster) // [{ id: 'knative/traffic', … }]
 */
export function checkKnative(object: KubeObject, cluster: Cluster): Finding[] {
  if (object.kind !== 'Service') return [];
  const service = object as unknown as Service;
  const { add, findings } = report({ object: objectLabel(object) });
  if (!cluster.knative) {
    add(
      'knative/not-installed',
      undefined,
      'the cluster has no Knative',
      'add knative to the cluster, or render a Deployment',
    );
  }
  const { name, annotations = {} } = service.metadata;
  if (!isDns1035(name)) {
    add(
      'knative/name',
      'metadata.name',
      `${JSON.stringify(name)} (${name.length} characters) is no DNS-1035 label of at most 63 characters`,
      'start with a letter, use lower-case letters, digits and "-", and shorten it',
    );
  }
  for (const key of Object.keys(annotations)) {
    if (key.startsWith(PREFIX)) {
      add(
        'knative/annotation-place',
        `metadata.annotations["${key}"]`,
        'autoscaling annotations count on the revision, not on the Service',
        'move it to spec.template.metadata.annotations',
      );
    }
  }
  checkRolloutDuration({ add, findings }, annotations);
  const template = service.spec?.template;
  if (template?.metadata) {
    checkTemplate({ add, findings }, name, template.metadata.name, template.metadata.annotations ?? {});
  }
  if (template?.spec) checkRevision({ add, findings }, cluster, template.spec);
  if (service.spec?.traffic) checkTraffic({ add, findings }, name, service.spec.traffic);
  return findings;
}

function checkTemplate(
  { add }: Report,
  service: string,
  name: string | undefined,
  annotations: Readonly<Record<string, string>>,
): void {
  const field = 'spec.template.metadata';
  if (name !== undefined && (!name.startsWith(`${service}-`) || !isDns1035(name))) {
    add(
      'knative/revision-name',
      `${field}.name`,
      `${JSON.stringify(name)} is no revision name of ${service}`,
      `write a DNS label that starts with ${service}-`,
    );
  }
  checkRevisionAnnotations(annotations, (id, key, message, fix) =>
    add(id, `${field}.annotations["${key}"]`, message, fix),
  );
  const min = Number(annotations[`${PREFIX}min-scale`] ?? 0);
  const max = Number(annotations[`${PREFIX}max-scale`] ?? 0);
  const activation = Number(annotations[`${PREFIX}activation-scale`] ?? 0);
  if (max !== 0 && max < activation) {
    add(
      'knative/annotation-value',
      `${field}.annotations["${PREFIX}max-scale"]`,
      `max-scale ${max} is below activation-scale ${activation}`,
      `write ${activation} or more`,
    );
  }
  if (max !== 0 && max < min) {
    add(
      'knative/annotation-value',
      `${field}.annotations["${PREFIX}max-scale"]`,
      `max-scale ${max} is below min-scale ${min}`,
      `write ${min} or more`,
    );
  }
}

/** Checks how long a Service takes to move its traffic; KServe hands the annotation on. */
export function checkRolloutDuration({ add }: Report, annotations: Readonly<Record<string, string>>): void {
  const rollout = annotations['serving.knative.dev/rollout-duration'];
  if (rollout !== undefined && seconds(0, Number.MAX_SAFE_INTEGER)(rollout, {})) {
    add(
      'knative/annotation-value',
      'metadata.annotations["serving.knative.dev/rollout-duration"]',
      `${JSON.stringify(rollout)} is no duration in whole seconds`,
      WHOLE_SECONDS,
    );
  }
}

/** Checks how long a request may take; KServe hands the field on. */
export function checkTimeout({ add }: Report, field: string, timeoutSeconds: number | undefined): void {
  if (timeoutSeconds === undefined) return;
  if (timeoutSeconds < 0) add('knative/timeout', field, `${timeoutSeconds} is negative`, 'write 1 or more');
  if (timeoutSeconds > 600) {
    add(
      'knative/timeout-limit',
      field,
      `${timeoutSeconds} s is above 600 s, the limit of a cluster that says nothing else`,
      'raise max-revision-timeout-seconds in config-defaults, or shorten traffic.timeout',
    );
  }
}

/** Checks the annotations of a revision; KServe copies those of an InferenceService to it. */
export function checkRevisionAnnotations(
  annotations: Readonly<Record<string, string>>,
  add: (id: 'knative/annotation-key' | 'knative/annotation-value', key: string, message: string, fix: string) => void,
): void {
  for (const [key, value] of Object.entries(annotations)) {
    const own = key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined;
    const check = own === undefined ? OTHER[key] : AUTOSCALING[own];
    if (own !== undefined && !check) {
      const kebab = own.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      const near = kebab in AUTOSCALING ? kebab : didYouMean(own, Object.keys(AUTOSCALING));
      const why = near === kebab ? 'is the spelling of old versions' : 'is none that Knative knows, which ignores it';
      add('knative/annotation-key', key, `${key} ${why}`, near === undefined ? 'remove it' : `write ${PREFIX}${near}`);
      continue;
    }
    const fix = check?.(value, annotations);
    if (fix !== undefined) add('knative/annotation-value', key, `${JSON.stringify(value)} is not valid here`, fix);
  }
}

type RevisionSpec = NonNullable<NonNullable<NonNullable<Service['spec']>['template']>['spec']>;

function checkRevision(result: Report, cluster: Cluster, spec: RevisionSpec): void {
  const { add } = result;
  const field = 'spec.template.spec';
  const { containerConcurrency, timeoutSeconds } = spec;
  if (containerConcurrency !== undefined && (containerConcurrency < 0 || containerConcurrency > 1000)) {
    add(
      'knative/concurrency',
      `${field}.containerConcurrency`,
      `${containerConcurrency} is not between 0 and 1000`,
      'write 1 to 1000, or 0 for no limit',
    );
  }
  checkTimeout(result, `${field}.timeoutSeconds`, timeoutSeconds);
  const containers = spec.containers as readonly ContainerLike[];
  if (containers.length === 0) {
    add(
      'knative/container-field',
      `${field}.containers`,
      'a revision without a container runs nothing',
      'describe one',
    );
  }
  checkKnativePod(
    result,
    cluster,
    field,
    spec,
    containers.map((container, index) => [`${field}.containers[${index}]`, container]),
  );
  checkVolumes(
    result,
    field,
    spec.volumes ?? [],
    [...containers, ...((spec.initContainers ?? []) as readonly ContainerLike[])].map((container, index) => [
      index < containers.length
        ? `${field}.containers[${index}]`
        : `${field}.initContainers[${index - containers.length}]`,
      container,
    ]),
  );
}

type TrafficTarget = NonNullable<NonNullable<Service['spec']>['traffic']>[number];

function checkTraffic({ add }: Report, service: string, traffic: readonly TrafficTarget[]): void {
  const field = 'spec.traffic';
  // An empty list is none, and Knative writes its own.
  if (traffic.length === 0) return;
  const sum = traffic.reduce((total, { percent = 0 }) => total + percent, 0);
  if (sum !== 100) add('knative/traffic', field, `traffic sums to ${sum} per cent`, 'make the percentages sum to 100');
  const tags = new Set<string>();
  traffic.forEach(({ percent, tag, latestRevision, revisionName, configurationName, url }, index) => {
    const at = `${field}[${index}]`;
    if (percent !== undefined && (percent < 0 || percent > 100)) {
      add('knative/traffic', `${at}.percent`, `${percent} is not between 0 and 100`, 'write 0 to 100');
    }
    if (configurationName !== undefined) {
      add(
        'knative/traffic',
        `${at}.configurationName`,
        'a Service has one configuration, its own',
        'leave configurationName out',
      );
    }
    if (url !== undefined) add('knative/traffic', `${at}.url`, 'url is set by Knative', 'leave url out');
    if (latestRevision !== undefined && latestRevision !== (revisionName === undefined)) {
      add(
        'knative/traffic',
        `${at}.latestRevision`,
        latestRevision
          ? 'the latest revision cannot have a name'
          : 'a target needs revisionName when it is not the latest',
        'write latestRevision: true or revisionName, not both',
      );
    }
    if (tag === undefined) return;
    if (tags.has(tag)) {
      add('knative/traffic', `${at}.tag`, `tag ${tag} stands there twice`, 'give each target a tag of its own');
    }
    tags.add(tag);
    // The tag becomes the first label of a host name.
    if (!isDns1035(tag) || `${tag}-${service}`.length > 63) {
      add(
        'knative/name',
        `${at}.tag`,
        `${tag}-${service} is no DNS label of at most 63 characters`,
        'write a shorter tag of lower-case letters, digits and "-"',
      );
    }
  });
}
