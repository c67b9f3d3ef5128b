import type { DaemonSet, Deployment, StatefulSet, Strategy } from '../../../imports/apps/v1.js';
import type { CronJob, Job } from '../../../imports/batch/v1.js';
import type { Versions } from '../../core/version.ts';
import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';
import { checkCron } from './cron.ts';
import { checkTemplate } from './pod.ts';
import { checkManualSelector, checkOwnSelector, checkSelector } from './selector.ts';
import { checkCountOrPercent, checkRange, checkValue, DNS_LABEL, QUALIFIED_NAME, requireName } from './values.ts';
import { checkClaim } from './volume.ts';

const FOR_EVER = ['Always'];

/** Deployments, and ReplicaSets, which have fewer of their fields. */
export function checkDeployment(report: Report, spec: NonNullable<Deployment['spec']>, kubernetes: Versions): void {
  const { minReadySeconds = 0, progressDeadlineSeconds = 600 } = spec;
  checkOwnSelector(report, spec.selector, spec.template.metadata?.labels);
  checkTemplate(report, 'spec.template', spec.template, { kubernetes, restarts: FOR_EVER });
  for (const field of ['replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'] as const) {
    checkRange(report, 'spec', field, spec[field], 0);
  }
  if (progressDeadlineSeconds <= minReadySeconds) {
    const said = `${progressDeadlineSeconds} s pass before a pod is ready for ${minReadySeconds} s, so every rollout fails`;
    const fix = `write more than ${minReadySeconds}`;
    report.add('kubernetes/rollout', 'spec.progressDeadlineSeconds', said, fix);
  }
  if (spec.strategy) checkStrategy(report, 'spec.strategy', spec.strategy);
}

/** How a Deployment replaces its pods: its own strategy, or one that KServe hands on to it. */
export function checkStrategy(report: Report, path: string, { type, rollingUpdate }: Strategy): void {
  checkValue(report, path, 'type', type, ['RollingUpdate', 'Recreate', '']);
  if (!rollingUpdate) return;
  const at = `${path}.rollingUpdate`;
  if (type === 'Recreate') {
    report.add('kubernetes/rollout', at, 'stands beside type: Recreate', 'leave it out');
    return;
  }
  const { maxUnavailable = '25%', maxSurge = '25%' } = rollingUpdate;
  const unavailable = checkCountOrPercent(report, at, 'maxUnavailable', maxUnavailable);
  const surge = checkCountOrPercent(report, at, 'maxSurge', maxSurge, Infinity);
  if (unavailable === 0 && surge === 0) {
    const said = 'no pod may be missing and none may be added, so none can be replaced';
    report.add('kubernetes/rollout', at, said, 'write maxSurge: 1 or maxUnavailable: 1');
  }
}

/** DaemonSets. */
export function checkDaemonSet(report: Report, spec: NonNullable<DaemonSet['spec']>, kubernetes: Versions): void {
  const { updateStrategy = {} } = spec;
  checkOwnSelector(report, spec.selector, spec.template.metadata?.labels);
  checkTemplate(report, 'spec.template', spec.template, { kubernetes, restarts: FOR_EVER });
  checkRange(report, 'spec', 'minReadySeconds', spec.minReadySeconds, 0);
  checkRange(report, 'spec', 'revisionHistoryLimit', spec.revisionHistoryLimit, 0);
  checkValue(report, 'spec.updateStrategy', 'type', updateStrategy.type, ['RollingUpdate', 'OnDelete', '']);
  if (!updateStrategy.rollingUpdate || updateStrategy.type === 'OnDelete') return;
  const path = 'spec.updateStrategy.rollingUpdate';
  const { maxUnavailable = 1, maxSurge = 0 } = updateStrategy.rollingUpdate;
  const unavailable = checkCountOrPercent(report, path, 'maxUnavailable', maxUnavailable);
  const surge = checkCountOrPercent(report, path, 'maxSurge', maxSurge);
  if ((unavailable === 0) === (surge === 0)) {
    const said =
      surge === 0 ? 'no pod may be missing and none may be added' : 'maxUnavailable and maxSurge are both more than 0';
    report.add(
      'kubernetes/rollout',
      path,
      said,
      'write one of the two, and 0 for the other: maxUnavailable is 1 by itself',
    );
  }
}

/** StatefulSets. Before 1.36 the API server takes any pod and claim, and refuses what the controller makes of them. */
export function checkStatefulSet(report: Report, spec: NonNullable<StatefulSet['spec']>, kubernetes: Versions): void {
  const { updateStrategy = {}, volumeClaimTemplates = [], serviceName } = spec;
  checkOwnSelector(report, spec.selector, spec.template.metadata?.labels);
  const claims = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '');
  checkTemplate(report, 'spec.template', spec.template, {
    kubernetes,
    restarts: FOR_EVER,
    claims,
    namesPods: true,
  });
  volumeClaimTemplates.forEach(({ metadata, spec: claim = {} }, index) => {
    const path = `spec.volumeClaimTemplates[${index}]`;
    requireName(report, `${path}.metadata`, 'name', metadata?.name, DNS_LABEL);
    checkClaim(report, `${path}.spec`, claim);
  });
  checkRange(report, 'spec', 'replicas', spec.replicas, 0);
  checkRange(report, 'spec', 'minReadySeconds', spec.minReadySeconds, 0);
  checkRange(report, 'spec', 'ordinals.start', spec.ordinals?.start, 0);
  // It is the subdomain of the pods.
  if (serviceName) requireName(report, 'spec', 'serviceName', serviceName, DNS_LABEL);
  checkValue(report, 'spec', 'podManagementPolicy', spec.podManagementPolicy, ['OrderedReady', 'Parallel', '']);
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const value = spec.persistentVolumeClaimRetentionPolicy?.[field];
    checkValue(report, 'spec.persistentVolumeClaimRetentionPolicy', field, value, ['Retain', 'Delete', '']);
  }
  checkValue(report, 'spec.updateStrategy', 'type', updateStrategy.type, ['RollingUpdate', 'OnDelete', '']);
  checkRange(report, 'spec.updateStrategy.rollingUpdate', 'partition', updateStrategy.rollingUpdate?.partition, 0);
  if (updateStrategy.rollingUpdate && updateStrategy.type === 'OnDelete') {
    report.add(
      'kubernetes/rollout',
      'spec.updateStrategy.rollingUpdate',
      'stands beside type: OnDelete',
      'leave it out',
    );
  }
}

type JobSpec = NonNullable<Job['spec']>;

/** Jobs. */
export function checkJob(report: Report, spec: JobSpec, kubernetes: Versions, name: string): void {
  checkJobSpec(report, 'spec', spec, kubernetes);
  const { selector, manualSelector, completionMode, completions } = spec;
  if (manualSelector) {
    if (selector) checkManualSelector(report, selector, spec.template.metadata?.labels);
    else
      report.add(
        'kubernetes/job',
        'spec.selector',
        'manualSelector asks for it, and it is missing',
        'leave manualSelector out',
      );
  } else if (selector) {
    checkSelector(report, 'spec.selector', selector);
    if (Object.keys(selector.matchLabels ?? {}).some((key) => !/^(?:batch\.kubernetes\.io\/)?job-name$/.test(key))) {
      const said = 'the cluster gives each Job a selector of its own, and refuses another one';
      report.add('kubernetes/job', 'spec.selector', said, 'leave it out');
    }
  }
  if (completionMode !== 'Indexed' || completions === undefined || completions < 1) return;
  const last = `${name}-${completions - 1}`;
  if (!DNS_LABEL.test(last)) {
    const said = `its last pod would have the host name ${showValue(last)} (${last.length} characters), which cannot be`;
    report.add('kubernetes/job', 'metadata.name', said, 'shorten the name, and leave dots out');
  }
}

/** CronJobs. */
export function checkCronJob(
  report: Report,
  spec: NonNullable<CronJob['spec']>,
  kubernetes: Versions,
  name: string,
): void {
  const job = spec.jobTemplate.spec;
  checkCron(report, spec.schedule, spec.timeZone);
  if (name.length > 52) {
    const said = `has ${name.length} characters, and the Jobs add 11 to it, of which 63 are allowed`;
    report.add('kubernetes/job', 'metadata.name', said, 'write at most 52');
  }
  checkValue(report, 'spec', 'concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace', '']);
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    checkRange(report, 'spec', field, spec[field], 0);
  }
  const path = 'spec.jobTemplate.spec';
  if (!job) {
    report.add('kubernetes/job', path, 'is missing, so nothing would run', 'write the Job');
    return;
  }
  checkJobSpec(report, path, job, kubernetes);
  for (const field of ['selector', 'manualSelector'] as const) {
    if (!job[field]) continue;
    report.add(
      'kubernetes/job',
      `${path}.${field}`,
      'each Job of a CronJob gets a selector of its own',
      'leave it out',
    );
  }
}

const COUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const;

function checkJobSpec(report: Report, path: string, spec: JobSpec, kubernetes: Versions): void {
  const { add } = report;
  const { template, completionMode = 'NonIndexed', completions, podFailurePolicy, podReplacementPolicy } = spec;
  for (const field of COUNTS) checkRange(report, path, field, spec[field], 0);
  checkValue(report, path, 'completionMode', completionMode, ['NonIndexed', 'Indexed']);
  if (completionMode === 'Indexed') {
    // Without parallelism as well both are 1.
    if (completions === undefined && spec.parallelism !== undefined) {
      add(
        'kubernetes/job',
        `${path}.completions`,
        'is missing: Indexed counts to it',
        'write how many pods are to end',
      );
    }
    checkRange(report, path, 'parallelism', spec.parallelism, 0, 100_000);
    checkRange(report, path, 'maxFailedIndexes', spec.maxFailedIndexes, 0, Math.min(completions ?? 100_000, 100_000));
  } else {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const) {
      if (spec[field] === undefined) continue;
      const fix = 'write completionMode: Indexed, or leave it out';
      add('kubernetes/job', `${path}.${field}`, `means an index, and ${completionMode} pods have none`, fix);
    }
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined && completionMode === 'Indexed') {
    add('kubernetes/job', `${path}.backoffLimitPerIndex`, 'is missing: maxFailedIndexes counts by it', 'write it');
  }
  const replacements = podFailurePolicy ? ['Failed'] : ['TerminatingOrFailed', 'Failed'];
  checkValue(report, path, 'podReplacementPolicy', podReplacementPolicy, replacements);
  if (podFailurePolicy) checkFailurePolicy(report, path, spec);
  checkTemplate(report, `${path}.template`, template, { kubernetes, restarts: ['OnFailure', 'Never'] });
  const { restartPolicy } = template.spec ?? {};
  if (!restartPolicy) {
    const said = 'is missing: Always, the default, never ends';
    add('kubernetes/job', `${path}.template.spec.restartPolicy`, said, 'write OnFailure or Never');
  } else if (podFailurePolicy && restartPolicy === 'OnFailure') {
    const said = 'the failures that podFailurePolicy tells apart are those of pods, which OnFailure keeps';
    add('kubernetes/job', `${path}.template.spec.restartPolicy`, said, 'write Never');
  }
}

function checkFailurePolicy(report: Report, path: string, spec: JobSpec): void {
  const { add } = report;
  const { containers = [], initContainers = [] } = spec.template.spec ?? {};
  const names = [...containers, ...initContainers].map(({ name }) => name);
  spec.podFailurePolicy?.rules.forEach(({ action, onExitCodes, onPodConditions = [] }, index) => {
    const at = `${path}.podFailurePolicy.rules[${index}]`;
    checkValue(report, at, 'action', action, ['FailJob', 'FailIndex', 'Ignore', 'Count']);
    if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
      add('kubernetes/job', `${at}.action`, 'FailIndex needs backoffLimitPerIndex', 'write it, or action: FailJob');
    }
    if ((onExitCodes === undefined) === (onPodConditions.length === 0)) {
      add('kubernetes/job', at, 'looks at exit codes or at conditions, and at one of them', 'write one of the two');
    }
    onPodConditions.forEach(({ type, status }, number) => {
      requireName(report, `${at}.onPodConditions[${number}]`, 'type', type, QUALIFIED_NAME);
      checkValue(report, `${at}.onPodConditions[${number}]`, 'status', status, ['True', 'False', 'Unknown']);
    });
    if (!onExitCodes) return;
    const { operator, values, containerName } = onExitCodes;
    checkValue(report, `${at}.onExitCodes`, 'operator', operator, ['In', 'NotIn']);
    if (containerName !== undefined) checkValue(report, `${at}.onExitCodes`, 'containerName', containerName, names);
    const ordered = values.every((value, number) => number === 0 || values[number - 1]! < value);
    if (values.length === 0 || !ordered || (operator === 'In' && values.includes(0))) {
      const said = `[${values.join(', ')}] are no exit codes of a failure in ascending order`;
      add('kubernetes/job', `${at}.onExitCodes.values`, said, 'list each once, the smallest first, without 0');
    }
  });
}
