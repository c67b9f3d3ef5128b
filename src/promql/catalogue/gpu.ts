import { add, average, avgOverTime, compare, divide, maximum, number, offset, unless, type Range } from '../expr.ts';
import { DCGM, HARDWARE_ERRORS } from '../metrics-dcgm.ts';
import { alert, groupName, template, type AlertRule, type RuleGroup, type Subject } from '../rule.ts';
import { equal, isOneOf, matches, selector, type Matcher, type Pattern, type Selector } from '../selector.ts';

/** GPUs that a service uses. */
export interface Gpus {
  /** Pods that have one. */
  readonly pods: readonly Pattern[];
  /** Those of them whose memory is not taken as a whole at the start, as vLLM does. */
  readonly measured: readonly Pattern[];
  /** Whether errors and memory are watched. */
  readonly watched: boolean;
  /** When GPUs count as idle; `undefined` when nobody asks. */
  readonly idle: { readonly below: number; readonly for: string } | undefined;
}

/** What tells one GPU from another. */
const DEVICE = ['Hostname', 'gpu'] as const;

/**
 * GPUs of a service, from NVIDIA's dcgm-exporter: errors of the hardware, memory that is nearly full, and GPUs that are paid
 * for and do nothing.
 *
 * Runbook: hardware errors: drain the node and tell who owns it. Memory: smaller batches. Idle: scale to zero, fewer
 * replicas, or a smaller GPU.
 */
export function gpus(subject: Subject, { pods, measured, watched, idle }: Gpus): RuleGroup {
  const of = (metric: string, names: readonly Pattern[], ...more: readonly Matcher[]): Selector =>
    selector(metric, [equal(DCGM.namespace, subject.namespace), matches(DCGM.pod, ...names), ...more]);
  return {
    name: groupName(subject, 'gpu'),
    rules: [
      ...(watched ? [hardwareError(subject, (metric, ...more) => of(metric, pods, ...more))] : []),
      ...(!watched || measured.length === 0 ? [] : [memory(subject, (metric) => of(metric, measured))]),
      ...(idle === undefined ? [] : [idleGpus(subject, of(DCGM.active, pods), idle)]),
    ],
  };
}

function hardwareError(subject: Subject, of: (metric: string, ...more: readonly Matcher[]) => Selector): AlertRule {
  const errors = [isOneOf('err_code', HARDWARE_ERRORS)];
  return alert(subject, 'AiGpuHardwareError', {
    // The gauge keeps the last error for ever, so that only one that was not there counts; whose pod it was may change.
    expr: unless(
      compare(maximum(of(DCGM.xid, ...errors), [DCGM.pod, ...DEVICE, 'err_code']), '>', number(0)),
      compare(maximum(offset(selector(DCGM.xid, errors), '15m'), [...DEVICE, 'err_code']), '>', number(0)),
      { on: [...DEVICE, 'err_code'] },
    ),
    for: '1m',
    severity: subject.page,
    labels: {},
    summary: template`A GPU of ${subject.service} has a hardware error.`,
    description: [
      template`GPU {{ $labels.gpu }} of node {{ $labels.Hostname }}, used by pod {{ $labels.exported_pod }}: XID {{ $labels.err_code }}.`,
    ],
  });
}

function memory(subject: Subject, of: (metric: string) => Selector): AlertRule {
  const device = [DCGM.pod, ...DEVICE];
  const [used, free] = [maximum(of(DCGM.memoryUsed), device), maximum(of(DCGM.memoryFree), device)];
  return alert(subject, 'AiGpuMemoryFull', {
    expr: compare(divide(used, add(used, free)), '>', number(0.95)),
    for: '10m',
    severity: 'warning',
    labels: {},
    summary: template`The memory of a GPU of ${subject.service} is nearly full.`,
    description: [
      template`pod {{ $labels.exported_pod }} uses {{ $value | humanizePercentage }} of the memory of GPU {{ $labels.gpu }}.`,
    ],
  });
}

function idleGpus(subject: Subject, active: Selector, { below, for: pending }: NonNullable<Gpus['idle']>): AlertRule {
  const window: Range = '1h';
  const mean = average(avgOverTime(active, window));
  return alert(subject, 'AiGpuIdle', {
    // Without replicas there is no GPU, and no sample.
    expr: compare(mean, '<', number(below)),
    for: pending,
    severity: 'warning',
    labels: {},
    summary: template`GPUs of ${subject.service} are paid for, and idle.`,
    description: [template`they were busy {{ $value | humanizePercentage }} of the time over the last ${window}.`],
  });
}
