import type { Topology } from '../plan.ts';
import { environmentOf } from './details.ts';
import { html, type Markup } from './html-markup.ts';
import { topologySvg } from './html-topology.ts';

/** Who answers before and after, at all places where that is alike. */
export interface Drawing {
  /** `prod-eu, prod-us`. */
  readonly where: string;
  readonly markup: Markup;
}

/** The drawings of each service, in the order of the plan. */
export function topologiesOf(topologies: readonly Topology[]): ReadonlyMap<string, readonly Drawing[]> {
  const clusters = new Map<string, Set<string | undefined>>();
  for (const { place } of topologies) {
    const key = environmentOf(place);
    clusters.set(key, (clusters.get(key) ?? new Set()).add(place.cluster));
  }
  const alike = new Map<string, { topology: Topology; places: Set<string> }>();
  for (const topology of topologies) {
    if (!topology.before && !topology.after) continue;
    const { service, folder, cluster } = topology.place;
    const key = JSON.stringify([service ?? folder, topology.before ?? null, topology.after ?? null]);
    const environment = environmentOf(topology.place);
    const place =
      cluster !== undefined && clusters.get(environment)!.size > 1 ? `${environment} (${cluster})` : environment;
    const found = alike.get(key);
    if (found) found.places.add(place);
    else alike.set(key, { topology, places: new Set([place]) });
  }
  const drawings = new Map<string, Drawing[]>();
  for (const { topology, places } of alike.values()) {
    const { service, folder } = topology.place;
    const named = drawings.get(service ?? folder) ?? [];
    named.push({ where: [...places].join(', '), markup: drawing(topology) });
    drawings.set(service ?? folder, named);
  }
  return drawings;
}

function drawing({ before, after }: Topology): Markup {
  const names = [...new Set([before, after].flatMap((routes) => routes?.releases.map(({ release }) => release) ?? []))];
  if (before && after && JSON.stringify(before) === JSON.stringify(after)) {
    return html`<div class="sides">${side('Before and after', topologySvg(after, names))}</div>`;
  }
  const [old, now] = [before && topologySvg(before, names), after && topologySvg(after, names, before)];
  return html`<div class="sides">${side('Before', old)}${side('After', now)}</div>`;
}

function side(when: string, markup: Markup | undefined): Markup {
  return html`<div class="side"><p class="when">${when}</p>${markup ?? html`<p class="nothing">not there</p>`}</div>`;
}
