import { isIP } from 'node:net';
import type { Destination } from '../../../imports/networking.istio.io/v1.js';
import { parseDuration } from '../../core/duration.ts';
import { isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName } from '../../core/names.ts';
import { remember } from '../../core/remember.ts';
import { regexFlaw } from '../../promql/regex.ts';
import type { Report } from '../report.ts';

/** A field `host` that resolves from every namespace: with a dot, a wildcard, or not a name at all. */
export function checkShortHost({ add }: Report, field: string, host: string, namespace: string | undefined): void {
  if (host === '' || host.includes('.') || host.includes('*')) return;
  const said = `${JSON.stringify(host)} means a Service of the namespace that this object is in`;
  add('istio/short-host', `${field}.host`, said, `write ${host}.${namespace ?? '<namespace>'}.svc.cluster.local`);
}

/** A label of a DNS name as Istio reads it, in capitals too: subsets are called so, and hosts are made of them. */
export function isIstioLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/i.test(text);
}

/**
 * A host as Istio takes it: a DNS name, whose first label may be `*` or begin with it.
 *
 * @example isHostPattern('*.example.com') // true
 */
export const isHostPattern = remember((host: string): boolean => {
  const [first = '', ...rest] = host.split('.');
  if (host.length > 255 || !(first === '*' || isIstioLabel(first.replace(/^\*-?/, '')))) return false;
  // A dot at the end says that the name is complete.
  const labels = rest.at(-1) === '' ? rest.slice(0, -1) : rest;
  return labels.every(isIstioLabel) && !/^[-+]?\d+$/.test(rest.at(-1) ?? '');
});

/** The whole name of one host, without a wildcard. */
export function isHostName(host: string): boolean {
  return !host.includes('*') && isHostPattern(host) && !/^[-+]?\d+$/.test(host);
}

/** An address, or a range of them as `10.1.0.0/16`. */
export function isAddressRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (bits === undefined) return version !== 0;
  // A zone names a network card, which a range has not.
  const fits = /^(?:0|[1-9]\d*)$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128);
  return version !== 0 && fits && more.length === 0 && !address.includes('%');
}

/** A host of a Gateway or a Sidecar: a host name or `*`, with the namespace that it is looked for in before it. */
export function checkScopedHost({ add }: Report, field: string, text: string, of: 'Gateway' | 'Sidecar'): void {
  const say = (message: string, fix: string): void =>
    add('istio/hosts', field, `${JSON.stringify(text)} ${message}`, fix);
  const inSidecar = of === 'Sidecar';
  const slash = text.indexOf('/');
  const namespace = slash === -1 ? undefined : text.slice(0, slash);
  const host = text.slice(slash + 1);
  const noHost = (): void =>
    say('is no host name', 'write fraud.example.com or *.example.com: without scheme, port and path');
  if (text.includes('://')) noHost();
  else if (namespace === undefined && inSidecar) {
    say('says no namespace', 'write <namespace>/<host>, ./* for this namespace, or */* for all');
  } else if (
    namespace !== undefined &&
    !(['*', '.'].includes(namespace) || isIstioLabel(namespace) || (inSidecar && namespace === '~'))
  ) {
    say('begins with no namespace', 'write a namespace, "." for this one or "*" for all');
  } else if (host !== '*' && !host.includes('.')) {
    say(
      'is no whole name',
      `write ${inSidecar ? '<service>.<namespace>.svc.cluster.local' : 'fraud.example.com'}, or *`,
    );
  } else if (host.includes('*') && host !== '*' && !host.startsWith('*.')) {
    say('has "*" within a name', 'write *.example.com');
  } else if (!isHostPattern(host) && (inSidecar || isIP(host) === 0)) noHost();
}

/** Whether the first of two hosts stands for all that the second one does. */
export function coversHost(host: string, other: string): boolean {
  return host === other || host === '*' || (host.startsWith('*') && other.endsWith(host.slice(1)));
}

/** A pattern that Envoy runs. */
export function checkPattern({ add }: Report, id: string, field: string, pattern: string): void {
  if (pattern === '') add(id, field, 'an empty pattern is refused', 'leave it out, or write the pattern');
  if (pattern.length > 1024) {
    add(id, field, `the pattern has ${pattern.length} characters`, 'write at most 1024');
  }
  const flaw = regexFlaw(pattern);
  if (flaw !== undefined) add(id, field, `the pattern ${flaw}`, 'write a pattern of RE2');
}

/**
 * Who may see an object: `.`, `*` alone, or namespaces.
 *
 * @param toNobody whether `~` alone is fine: a ServiceEntry may be for what serves it, and for nobody else.
 */
export function checkExportTo(
  { add }: Report,
  exportTo: readonly string[] | undefined,
  own: string | undefined,
  toNobody = false,
): void {
  if (!exportTo) return;
  const meant = exportTo.map((namespace) => (namespace === '.' ? (own ?? '.') : namespace));
  exportTo.forEach((namespace, index) => {
    const field = `spec.exportTo[${index}]`;
    const nobody = toNobody && namespace === '~';
    if (!['.', '*'].includes(namespace) && !isDnsLabel(namespace) && !nobody) {
      add(
        'istio/export-to',
        field,
        `${JSON.stringify(namespace)} is no namespace`,
        'write a namespace, "." for this one or "*" for all',
      );
    } else if (meant.indexOf(meant[index] ?? '') !== index) {
      add('istio/export-to', field, `${JSON.stringify(meant[index])} is listed twice`, 'remove one of them');
    } else if ((namespace === '*' || nobody) && exportTo.length > 1) {
      const fix = `write ["${namespace}"] alone, or leave "${namespace}" out`;
      add('istio/export-to', field, `"${namespace}" stands beside other namespaces`, fix);
    }
  });
}

/** `mesh`, `<name>` or `<namespace>/<name>`. Dots alone are the older form, a host name. */
export const isGatewayName = remember((name: string): boolean => {
  const parts = name.split('/');
  return parts.length === 1
    ? isDnsSubdomain(name) && isHostPattern(name)
    : parts.length === 2 && parts.every(isDnsLabel);
});

/** Names of Gateways, of a VirtualService or one of its matches. */
export function checkGatewayNames({ add }: Report, field: string, gateways: readonly string[] = []): void {
  gateways.forEach((gateway, index) => {
    const place = `${field}[${index}]`;
    if (!isGatewayName(gateway)) {
      add(
        'istio/gateway-name',
        place,
        `${JSON.stringify(gateway)} names no Gateway`,
        'write mesh, <name> or <namespace>/<name>',
      );
    } else if (gateway.includes('.')) {
      const [name, namespace] = gateway.split('.');
      add('istio/deprecated', place, 'a Gateway by host name is deprecated', `write ${namespace}/${name}`);
    }
  });
}

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

/** Labels that an object can have. */
export function checkLabels(
  { add }: Report,
  id: string,
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): void {
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (!isQualifiedName(name)) {
      add(id, field, `${JSON.stringify(name)} is no name of a label`, 'write app or example.com/app');
    } else if (!isLabelValue(value)) {
      add(
        id,
        `${field}.${name}`,
        `${JSON.stringify(value)} is no value of a label`,
        'write letters, digits, "-", "_", "."',
      );
    }
  }
}

/** A port that something can listen on. */
export function isPort(port: number | undefined): boolean {
  return port !== undefined && port >= 1 && port <= 65535;
}

/** By what a match of any protocol says who calls, and where. */
interface Callers {
  readonly gateways?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Readonly<Record<string, string>>;
  readonly sourceNamespace?: string;
}

/** Checks who calls, and where, in a match of any protocol. */
export function checkCallers(report: Report, place: string, match: Callers): void {
  const { gateways, port, sourceLabels, sourceNamespace } = match;
  checkGatewayNames(report, `${place}.gateways`, gateways);
  checkLabels(report, 'istio/match', `${place}.sourceLabels`, sourceLabels);
  if (port && !isPort(port)) {
    report.add('istio/match', `${place}.port`, `${port} is no port`, 'write a port between 1 and 65535');
  }
  if (sourceNamespace && !isDnsLabel(sourceNamespace)) {
    const message = `${JSON.stringify(sourceNamespace)} is no namespace`;
    report.add('istio/match', `${place}.sourceNamespace`, message, 'write the namespace of the callers');
  }
}

/** A destination that requests can go to. */
export function checkDestination(
  report: Report,
  field: string,
  { host, port, subset }: Destination,
  namespace: string | undefined,
): void {
  const { add } = report;
  // `*.example.com` is the host of a ServiceEntry.
  if (host === '*' || !isHostPattern(host)) {
    add(
      'istio/destination',
      `${field}.host`,
      `${JSON.stringify(host)} is no host that requests can go to`,
      'write <service>.<namespace>.svc.cluster.local',
    );
  }
  checkShortHost(report, field, host, namespace);
  if (port && !isPort(port.number)) {
    add(
      'istio/destination',
      `${field}.port.number`,
      `${port.number ?? 'nothing'} is no port`,
      'write a port between 1 and 65535',
    );
  }
  if (subset && !isIstioLabel(subset)) {
    add(
      'istio/destination',
      `${field}.subset`,
      `${JSON.stringify(subset)} is no name of a subset`,
      'write the name that the DestinationRule gives it, a DNS label',
    );
  }
}
