import type { Destination, HttpHeaders, VirtualService } from '../../imports/networking.istio.io/v1.js';
import type { Cluster } from '../service/platform.ts';
import { checkDestination, checkDuration, checkExportTo, isGatewayName } from './istio-common.ts';
import { checkFault, checkMatches, checkMirror, checkRetries, type HttpRule } from './istio-http-rule.ts';
import type { Report } from './report.ts';

/** Checks a VirtualService beyond its schema. */
export function checkVirtualService(report: Report, { metadata, spec = {} }: VirtualService, cluster: Cluster): void {
  const { add } = report;
  const { hosts = [], gateways = ['mesh'], http = [], tcp = [], tls = [] } = spec;
  checkHosts(report, hosts, gateways);
  checkExportTo(report, spec.exportTo);
  gateways.forEach((gateway, index) => {
    if (!isGatewayName(gateway)) {
      add(
        'istio/gateway-name',
        `spec.gateways[${index}]`,
        `${JSON.stringify(gateway)} names no Gateway`,
        'write mesh, <name> or <namespace>/<name>',
      );
    }
  });
  if (http.length + tcp.length + tls.length === 0) {
    add('istio/route-conflict', 'spec.http', 'the VirtualService has no rule', 'add a rule to spec.http');
  }
  let catchAll: number | undefined;
  http.forEach((rule, index) => {
    const field = `spec.http[${index}]`;
    if (catchAll !== undefined) {
      add(
        'istio/unreachable-rule',
        field,
        `spec.http[${catchAll}] matches everything, so this rule is never asked`,
        'put it before that one, or give that one a match',
      );
    } else if (!rule.match?.length) {
      catchAll = index;
    }
    checkRule(report, field, rule, metadata.namespace, cluster);
  });
  tcp.forEach((rule, index) => checkDestinations(report, `spec.tcp[${index}]`, rule.route ?? [], metadata.namespace));
  tls.forEach((rule, index) => checkDestinations(report, `spec.tls[${index}]`, rule.route ?? [], metadata.namespace));
}

function checkHosts({ add }: Report, hosts: readonly string[], gateways: readonly string[]): void {
  // Without hosts and gateways it is a delegate, which another VirtualService names.
  if (hosts.length === 0 && !(gateways.length === 1 && gateways[0] === 'mesh')) {
    add('istio/hosts', 'spec.hosts', 'the VirtualService has gateways and no hosts', 'list the hosts');
  }
  hosts.forEach((host, index) => {
    if (hosts.indexOf(host) !== index) {
      add('istio/hosts', `spec.hosts[${index}]`, `host ${JSON.stringify(host)} is listed twice`, 'remove one of them');
    }
    if (host === '' || (host === '*' && gateways.includes('mesh'))) {
      add(
        'istio/hosts',
        `spec.hosts[${index}]`,
        host === '' ? 'a host is empty' : 'in the mesh "*" would catch every request of every caller',
        'name the host',
      );
    }
  });
}

function checkRule(
  report: Report,
  field: string,
  rule: HttpRule,
  namespace: string | undefined,
  cluster: Cluster,
): void {
  checkExclusive(report, field, rule);
  checkDestinations(report, field, rule.route ?? [], namespace);
  checkAuthority(report, field, rule);
  checkMatches(report, field, rule);
  checkRetries(report, field, rule);
  checkMirror(report, field, rule, namespace, cluster);
  checkFault(report, field, rule);
  const { timeout, retries, fault, corsPolicy } = rule;
  checkDuration(report, field, 'timeout', timeout);
  checkDuration(report, field, 'retries.perTryTimeout', retries?.perTryTimeout);
  checkDuration(report, field, 'retries.backoff', retries?.backoff);
  checkDuration(report, field, 'fault.delay.fixedDelay', fault?.delay?.fixedDelay);
  checkDuration(report, field, 'corsPolicy.maxAge', corsPolicy?.maxAge, 's');
}

/** What a rule may do, and what does not go together. */
function checkExclusive({ add }: Report, field: string, rule: HttpRule): void {
  const does = (['route', 'redirect', 'directResponse', 'delegate'] as const).filter((name) =>
    name === 'route' ? rule.route?.length : rule[name],
  );
  if (does.length !== 1) {
    const message =
      does.length === 0
        ? 'the rule has no route, redirect, directResponse or delegate'
        : `the rule has ${does.join(' and ')}`;
    add('istio/route-conflict', field, message, 'write exactly one of route, redirect, directResponse, delegate');
  }
  for (const answer of ['redirect', 'directResponse'] as const) {
    if (!rule[answer]) continue;
    for (const other of ['fault', 'rewrite'] as const) {
      if (rule[other]) {
        add(
          'istio/route-conflict',
          `${field}.${other}`,
          `${other} stands beside ${answer}, which sends the request nowhere`,
          `remove ${other}`,
        );
      }
    }
  }
}

function checkDestinations(
  report: Report,
  field: string,
  routes: readonly { readonly destination: Destination; readonly weight?: number }[],
  namespace: string | undefined,
): void {
  const { add } = report;
  routes.forEach(({ destination, weight = 0 }, index) => {
    checkDestination(report, `${field}.route[${index}].destination`, destination, namespace);
    if (weight < 0 || weight > 100) {
      add(
        'istio/weights',
        `${field}.route[${index}].weight`,
        `weight ${weight} is not between 0 and 100`,
        'write the share in per cent',
      );
    }
  });
  if (routes.length < 2) return;
  const sum = routes.reduce((total, { weight = 0 }) => total + weight, 0);
  if (sum === 100) return;
  const why = sum === 0 ? 'so no destination gets anything' : 'and Istio would take them as proportions';
  add('istio/weights', `${field}.route`, `the weights sum to ${sum}, ${why}`, 'let the weights sum to 100');
}

/** Where the host of a request is set; more than one place is refused, or nobody knows which one wins. */
function checkAuthority({ add }: Report, field: string, rule: HttpRule): void {
  const places = [
    ...(rule.rewrite?.authority ? [`${field}.rewrite.authority`] : []),
    ...authorityHeaders(`${field}.headers`, rule.headers),
  ];
  const perDestination = (rule.route ?? []).flatMap(({ headers }, index) => {
    const own = authorityHeaders(`${field}.route[${index}].headers`, headers);
    if (own.length > 1) {
      add('istio/authority', own[1], `the host of the request is also set in ${own[0]}`, 'set it once');
    }
    return own;
  });
  if (places.length > 1) {
    add('istio/authority', places[1], `the host of the request is also set in ${places[0]}`, 'set it once');
  }
  if (places.length > 0 && perDestination.length > 0) {
    add(
      'istio/authority',
      perDestination[0],
      `the host of the request is also set in ${places[0]}`,
      'set it at the destinations only',
    );
  }
}

function authorityHeaders(field: string, headers: HttpHeaders | undefined): string[] {
  if (!headers?.request) return [];
  return (['set', 'add'] as const).flatMap((how) =>
    Object.keys(headers?.request?.[how] ?? {})
      .filter((name) => /^(?:host|:authority)$/i.test(name))
      .map((name) => `${field}.request.${how}.${name}`),
  );
}
