import type { Telemetry, TelemetrySpec } from '../../../imports/telemetry.istio.io/v1.js';
import type { Report } from '../report.ts';
import { celEnvironment } from '../schema/cel-environment.ts';
import { checkTargets } from './targets.ts';

const ID = 'istio/telemetry';

/** Checks a Telemetry beyond its schema. */
export function checkTelemetry(report: Report, { spec = {} }: Telemetry): void {
  const { add } = report;
  checkTargets(report, spec);
  checkTracing(report, spec.tracing ?? []);
  spec.metrics?.forEach((metrics, index) => checkMetrics(report, `spec.metrics[${index}]`, metrics));
  spec.accessLogging?.forEach(({ filter }, index) => {
    if (!filter || isCel(filter.expression ?? '')) return;
    const message = `${JSON.stringify(filter.expression ?? '')} is no expression of CEL`;
    add(ID, `spec.accessLogging[${index}].filter.expression`, message, 'write response.code >= 400');
  });
}

function checkTracing({ add }: Report, tracing: NonNullable<TelemetrySpec['tracing']>): void {
  if (tracing.length > 1) {
    add('istio/ignored', 'spec.tracing', 'Istio traces in one way, and several are written', 'join them');
  }
  tracing.forEach(({ providers = [], customTags = {} }, index) => {
    const field = `spec.tracing[${index}]`;
    if (providers.length > 1) {
      add('istio/ignored', `${field}.providers`, 'Istio traces with one provider', 'leave one of them');
    }
    if ('' in customTags) add(ID, `${field}.customTags`, 'a tag has no name', 'name it');
  });
}

function checkMetrics({ add }: Report, field: string, metrics: NonNullable<TelemetrySpec['metrics']>[number]): void {
  metrics.overrides?.forEach(({ tagOverrides = {} }, index) => {
    const place = `${field}.overrides[${index}].tagOverrides`;
    for (const [name, { operation = 'UPSERT', value = '' }] of Object.entries(tagOverrides)) {
      if (name === '') add('istio/ignored', place, 'a tag has no name', 'name it');
      if (operation === 'UPSERT' && value === '') {
        add(ID, `${place}.${name}`, 'the tag gets no value', 'write value, or operation: REMOVE');
      }
    }
  });
}

function isCel(expression: string): boolean {
  // Messages are CEL, and the library has none (version 8.0.0).
  if (/\w\s*\{/.test(expression)) return true;
  try {
    celEnvironment().parse(expression);
    return true;
  } catch {
    return false;
  }
}
