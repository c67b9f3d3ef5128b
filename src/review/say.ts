import type { DocumentChange, ObjectChange } from './compare.ts';
import type { Change } from './field.ts';
import { stageOf } from './stage.ts';
import type { Explained, Said } from './statement.ts';
import type { ChangedUnit } from './unit.ts';
import { argocdWords } from './words/argocd.ts';
import { monitoringWords } from './words/monitoring.ts';
import { restOf } from './words/objects.ts';
import { policyWords } from './words/policy.ts';
import { releaseWords } from './words/release.ts';
import { routeWords } from './words/routes.ts';
import { secretWords } from './words/secrets.ts';
import { securityWords } from './words/security.ts';
import { trafficWords } from './words/traffic.ts';
import { workloadWords } from './words/workload.ts';

/** Each speaks of what it knows, and leaves the rest. */
const WORDS = [
  trafficWords,
  releaseWords,
  workloadWords,
  routeWords,
  policyWords,
  monitoringWords,
  securityWords,
  secretWords,
  argocdWords,
] as const;

/** All that there is to say of a unit: every change is explained by a sentence. */
export function say(unit: ChangedUnit): Said[] {
  const stage = stageOf(unit);
  const said = WORDS.flatMap((words) => words(unit, stage));
  return [...said, ...restOf(unit, stage, unexplained(unit, said))];
}

/** What no sentence explains: objects and files as a whole, or some of their fields. */
function unexplained(unit: ChangedUnit, said: readonly Said[]): Explained[] {
  const whole = new Set<ObjectChange | DocumentChange>();
  const fields = new Set<Change>();
  for (const { of, changes } of said.flatMap(({ explains }) => explains)) {
    if (changes) changes.forEach((change) => fields.add(change));
    else whole.add(of);
  }
  return [...unit.objects, ...unit.documents].flatMap((of): Explained[] => {
    if (whole.has(of)) return [];
    if (of.changes.length === 0) return [{ of }];
    const changes = of.changes.filter((change) => !fields.has(change));
    return changes.length === 0 ? [] : changes.length === of.changes.length ? [{ of }] : [{ of, changes }];
  });
}
