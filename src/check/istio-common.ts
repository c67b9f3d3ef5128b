import type { Destination } from '../../imports/networking.istio.io/v1.js';
import { parseDuration } from '../core/duration.ts';
import { isDnsLabel, isDnsSubdomain } from '../core/names.ts';
import { remember } from '../core/remember.ts';
import type { Report } from './report.ts';

/** A field `host` that resolves from every namespace: with a dot, a wildcard, or not a name at all. */
export function checkShortHost({ add }: Report, field: string, host: string, namespace: string | undefined): void {
  if (host === '' || host.includes('.') || host.includes('*')) return;
  const said = `${JSON.stringify(host)} means a Service of the namespace that this object is in`;
  add('istio/short-host', `${field}.host`, said, `write ${host}.${namespace ?? '<namespace>'}.svc.cluster.local`);
}

/** Who may see an object: `.`, `*` alone, or namespaces. */
export function checkExportTo({ add }: Report, exportTo: readonly string[] | undefined): void {
  if (!exportTo) return;
  exportTo.forEach((namespace, index) => {
    const field = `spec.exportTo[${index}]`;
    if (!['.', '*', '~'].includes(namespace) && !isDnsLabel(namespace)) {
      add(
        'istio/export-to',
        field,
        `${JSON.stringify(namespace)} is no namespace`,
        'write a namespace, "." for this one or "*" for all',
      );
    } else if (exportTo.indexOf(namespace) !== index) {
      add('istio/export-to', field, `${JSON.stringify(namespace)} is listed twice`, 'remove one of them');
    } else if (namespace === '*' && exportTo.length > 1) {
      add('istio/export-to', field, '"*" stands beside other namespaces', 'write ["*"] alone, or leave "*" out');
    }
  });
}

/** `mesh`, `<name>` or `<namespace>/<name>`. */
export const isGatewayName = remember((name: string): boolean => {
  const parts = name.split('/');
  if (parts.length > 2) return false;
  const [namespace, gateway] = parts.length === 2 ? parts : [undefined, parts[0]];
  return (namespace === undefined || isDnsLabel(namespace)) && isDnsSubdomain(gateway ?? '');
});

/** A duration at a name below a field that Istio keeps exactly: it reads fractions of a millisecond, and refuses them. */
export function checkDuration(
  { add }: Report,
  field: string,
  name: string,
  text: string | undefined,
  unit: 's' | 'ms' = 'ms',
): void {
  if (text === undefined) return;
  const ms = parseDuration(text);
  if (ms !== undefined && (unit === 'ms' || ms % 1000 === 0)) return;
  add(
    'istio/duration',
    `${field}.${name}`,
    `${JSON.stringify(text)} is no whole number of ${unit === 's' ? 'seconds' : 'milliseconds'}`,
    'write 250ms, 30s, 5m',
  );
}

/** A destination that requests can go to. */
export function checkDestination(
  report: Report,
  field: string,
  { host, port, subset }: Destination,
  namespace: string | undefined,
): void {
  const { add } = report;
  if (host === '' || host.includes('*')) {
    add(
      'istio/destination',
      `${field}.host`,
      `${JSON.stringify(host)} is no host that requests can go to`,
      'write <service>.<namespace>.svc.cluster.local',
    );
  }
  checkShortHost(report, field, host, namespace);
  if (port?.number !== undefined && (port.number < 1 || port.number > 65535)) {
    add('istio/destination', `${field}.port.number`, `${port.number} is no port`, 'write a port between 1 and 65535');
  }
  if (subset !== undefined && !isDnsLabel(subset)) {
    add(
      'istio/destination',
      `${field}.subset`,
      `${JSON.stringify(subset)} is no name of a subset`,
      'write the name that the DestinationRule gives it, a DNS label',
    );
  }
}
