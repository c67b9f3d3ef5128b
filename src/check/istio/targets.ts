import type { TargetRef, Selector } from '../../../imports/security.istio.io/v1.js';
import type { Report } from '../report.ts';
import { checkLabels } from './common.ts';

const ID = 'istio/selector';

/** By what a policy says which workloads or Services it is for. */
interface Targets {
  readonly selector?: Selector;
  readonly targetRef?: TargetRef;
  readonly targetRefs?: readonly TargetRef[];
}

/** What a policy may be attached to (istio 1.30.3 validation.go allowedTargetRefs). */
const TARGETS: ReadonlySet<string> = new Set([
  '/Service',
  'networking.istio.io/ServiceEntry',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/GatewayClass',
]);

/** What a policy of security is for, or a Telemetry. */
export function checkTargets(report: Report, { selector, targetRef, targetRefs = [] }: Targets): void {
  const { add } = report;
  if ([selector, targetRef, targetRefs.length > 0].filter(Boolean).length > 1) {
    add(ID, 'spec.selector', 'selector and targetRefs stand side by side', 'choose one');
  }
  checkSelector(report, 'spec.selector.matchLabels', selector && (selector.matchLabels ?? {}));
  for (const { group = '', kind } of [...(targetRef ? [targetRef] : []), ...targetRefs]) {
    if (TARGETS.has(`${group === 'core' ? '' : group}/${kind}`)) continue;
    const message = `a policy is not for a ${kind}${group === '' ? '' : ` of ${group}`}`;
    add(ID, 'spec.targetRefs', message, 'name a Service, ServiceEntry, Gateway or GatewayClass with its group');
  }
}

/**
 * Labels by which workloads are chosen.
 *
 * @param labels `undefined` where nothing is chosen.
 */
export function checkSelector(
  report: Report,
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  if (!labels) return;
  checkLabels(report, ID, field, labels);
  if (Object.keys(labels).length > 0) return;
  const message = 'a selector without labels is for all workloads of the namespace';
  report.add('istio/ignored', field, message, 'write labels, or remove the selector');
}
