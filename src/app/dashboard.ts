import type { Finding, Where } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { dashboardObject, type Dashboard } from '../render/grafana.ts';
import type { Target } from '../render/target.ts';
import { appFinding } from './rules.ts';

/** Where a dashboard is shown: what its queries ask for. */
export interface DashboardPlace {
  /** Name of the service. */
  readonly service: string;
  /** Name of the environment. */
  readonly environment: string;
  /** Name of the cluster. */
  readonly cluster: string;
  /** Namespace of the service there. */
  readonly namespace: string;
}

/** Builders of Grafana's Foundation SDK are such things. */
export interface DashboardBuilder {
  /** Gives the dashboard as plain data. */
  build(): unknown;
}

/** A dashboard as JSON, a builder of one, or a function that makes one of these for a place. */
export type DashboardSource = DashboardBuilder | Dashboard | ((place: DashboardPlace) => DashboardBuilder | Dashboard);

/** A dashboard that a user brought along. */
export interface UserDashboard {
  readonly name: string;
  readonly source: DashboardSource;
}

/** What a ConfigMap holds, with room for its metadata. */
const MOST_BYTES = 1_000_000;

/**
 * The dashboards that a user brought along, as ConfigMaps; what cannot be one is a finding. Where the cluster has no
 * Grafana there are none.
 */
export function renderDashboards(
  target: Target,
  dashboards: readonly UserDashboard[],
  where: Where,
): { objects: KubeObject[]; findings: Finding[] } {
  const objects: KubeObject[] = [];
  const findings: Finding[] = [];
  if (!target.cluster.grafana) return { objects, findings };
  for (const { name, source } of dashboards) {
    const built = jsonOf(target, source);
    const problem = typeof built === 'string' ? built : undefined;
    const object = typeof built === 'string' ? undefined : dashboardObject(target, name, built);
    const bytes = object ? Buffer.byteLength(Object.values(object['data'] as Record<string, string>).join('')) : 0;
    const flaw = problem ?? (bytes > MOST_BYTES ? `it has ${bytes} bytes, and a ConfigMap holds a million` : undefined);
    if (flaw !== undefined) {
      const fix = 'give the JSON of a dashboard, with title and panels, or a builder with a build() that makes it';
      findings.push(
        appFinding('chart/dashboard', where, `the dashboard ${JSON.stringify(name)} cannot be written: ${flaw}`, fix),
      );
    } else if (object) objects.push(object);
  }
  return { objects, findings };
}

/** The dashboard as plain data, or what is wrong with it. */
function jsonOf(target: Target, source: DashboardSource): Dashboard | string {
  const { service, environment, clusterName: cluster, namespace } = target;
  let text: string | undefined;
  try {
    const made = typeof source === 'function' ? source({ service, environment, cluster, namespace }) : source;
    text = JSON.stringify(isBuilder(made) ? made.build() : made);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const json: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'it is no map';
  return typeof (json as Dashboard)['title'] === 'string' ? (json as Dashboard) : 'it has no title';
}

function isBuilder(value: DashboardBuilder | Dashboard): value is DashboardBuilder {
  return typeof (value as Partial<DashboardBuilder>).build === 'function';
}
