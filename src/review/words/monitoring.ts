import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import { isKind, mapAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { receiverWords } from './alert-routing.ts';
import { alertWords } from './alerts.ts';
import { comesOrGoes, explainsBelow, latest } from './changes.ts';
import { sentence } from './said.ts';
import { followingScrapes, isScrape, scrapeWords } from './scrape.ts';
import { labelOf, serviceOf } from './subject.ts';
import { shown } from './text.ts';

/**
 * What changes of who is told what: alerts and objectives, where alerts go, which metrics are collected, dashboards.
 *
 * @example monitoringWords(unit, stage)[0]?.text // 'availability objective of fraud-detector is 99.5 % (was 99.9 %)'
 */
export function monitoringWords(whole: ChangedUnit, stage: Stage): Said[] {
  const told = comesOrGoes(whole);
  const unit =
    told === undefined ? whole : { ...whole, objects: whole.objects.filter(({ change }) => change !== told) };
  const followers = new Map<ObjectChange, readonly Change[]>();
  const alerts = alertWords(unit, stage, (follow) => {
    for (const change of unit.objects.filter(isScrape)) {
      const changes = followingScrapes(change, follow);
      if (changes.length > 0) followers.set(change, changes);
    }
    return [...followers].map(([of, changes]) => ({ of, changes }));
  });
  const others = unit.objects.flatMap((change) => {
    if (isScrape(change)) return scrapeWords(unit, stage, change, followers.get(change) ?? []);
    if (isKind(latest(change), 'monitoring.coreos.com', 'AlertmanagerConfig'))
      return receiverWords(unit, stage, change);
    return isDashboard(change) ? dashboardWords(unit, stage, change) : [];
  });
  return [...alerts, ...others];
}

/** A ConfigMap that Grafana's sidecar looks for, or an object of its operator. */
function isDashboard(change: ObjectChange): boolean {
  const object = latest(change);
  const labels = Object.keys(mapAt(object, 'metadata', 'labels'));
  return (
    object.kind === 'GrafanaDashboard' ||
    (isKind(object, '', 'ConfigMap') && labels.some((label) => /grafana|dashboard/i.test(label)))
  );
}

function dashboardWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const object = latest(change);
  const { name } = object.metadata;
  const service = serviceOf(unit);
  const usual = name === `${unit.place.service ?? ''}-dashboard`;
  const named =
    service === undefined
      ? labelOf(unit, object).replace(/^\S+ /, '')
      : `${usual ? '' : `${shown(name)} `}of ${service}`;
  const explains = explainsBelow(change, ['data'], ['binaryData'], ['spec']);
  if (change.change === 'replaced' || explains.changes?.length === 0) return [];
  const reason = change.change === 'removed' ? reasonOf('risk/delete', stage, 'people may look at it') : undefined;
  return [sentence(`dashboard ${named} ${change.change}`, explains, reason)];
}
