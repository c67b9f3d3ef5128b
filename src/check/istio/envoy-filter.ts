import type { EnvoyFilter } from '../../../imports/networking.istio.io/v1alpha3.js';
import { regexFlaw } from '../../promql/regex.ts';
import type { Report } from '../report.ts';
import { checkSelector } from './targets.ts';

type Patch = NonNullable<NonNullable<EnvoyFilter['spec']>['configPatches']>[number];
type Match = NonNullable<Patch['match']>;

const ID = 'istio/envoy-filter';

/** Checks an EnvoyFilter beyond its schema. What it patches with is Envoy's, and is not looked at. */
export function checkEnvoyFilter(report: Report, { spec = {} }: EnvoyFilter): void {
  const { configPatches = [], workloadSelector } = spec;
  checkSelector(report, 'spec.workloadSelector.labels', workloadSelector && (workloadSelector.labels ?? {}));
  configPatches.forEach((patch, index) => {
    if (patch.match?.context !== 'WAYPOINT') checkPatch(report, `spec.configPatches[${index}]`, patch);
  });
}

/** By what is matched, for what is patched. Other kinds of configuration are matched by anything. */
const MATCHED_BY: Readonly<Record<string, 'listener' | 'routeConfiguration' | 'cluster'>> = {
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
};

function checkPatch(report: Report, field: string, { applyTo = 'INVALID', match = {}, patch }: Patch): void {
  const { add } = report;
  const operation = patch?.operation ?? 'INVALID';
  if (applyTo === 'INVALID') add(ID, `${field}.applyTo`, 'nothing says what is patched', 'write applyTo');
  if (operation === 'INVALID') {
    add(ID, `${field}.patch.operation`, 'nothing says how it is patched', 'write MERGE, ADD, REMOVE, …');
  } else if (operation !== 'REMOVE' && !patch?.value) {
    add(ID, `${field}.patch.value`, `${operation} has nothing to patch with`, 'write value');
  }
  const flaw = regexFlaw(match.proxy?.proxyVersion ?? '');
  if (flaw !== undefined) {
    add(ID, `${field}.match.proxy.proxyVersion`, `the pattern ${flaw}`, 'write a pattern of RE2');
  }
  const by = MATCHED_BY[applyTo];
  const other = (['listener', 'routeConfiguration', 'cluster'] as const).find((name) => match[name]);
  if (by && other && other !== by) {
    add(ID, `${field}.match.${other}`, `${applyTo} is not matched by ${other}`, `write match: { ${by}: … }`);
  } else if (by === 'listener') {
    checkFilter(report, `${field}.match.listener.filterChain.filter`, applyTo, match.listener?.filterChain?.filter);
  }
}

function checkFilter(
  { add }: Report,
  field: string,
  applyTo: string,
  filter: NonNullable<NonNullable<Match['listener']>['filterChain']>['filter'],
): void {
  if (!filter) return;
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN') {
    add('istio/ignored', field, `${applyTo} is not matched by filters`, 'remove filter');
  }
  if (!filter.name) add(ID, `${field}.name`, 'the filter has no name', 'name it');
  const { subFilter } = filter;
  if (!subFilter) return;
  if (applyTo !== 'HTTP_FILTER' || !/^envoy\.(?:filters\.network\.)?http_connection_manager$/.test(filter.name ?? '')) {
    const fix = 'write applyTo: HTTP_FILTER, and the filter envoy.filters.network.http_connection_manager';
    add(ID, `${field}.subFilter`, 'only the filter for HTTP has filters of its own', fix);
  } else if (!subFilter.name) add(ID, `${field}.subFilter.name`, 'the filter has no name', 'name it');
}
