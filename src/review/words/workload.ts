import type { KubeObject } from '../../core/object.ts';
import { entriesAt, isKind, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import { nativeShares, newestShare } from '../topology.ts';
import type { ChangedUnit } from '../unit.ts';
import { isAltered } from './changes.ts';
import { containersSaid } from './containers.ts';
import { differenceOf, short } from './difference.ts';
import { languageModelSaid } from './models.ts';
import { told, within, type Part } from './part.ts';
import { reachOf, type Reach } from './reach.ts';
import { runningOf, whoIs } from './running.ts';
import { merged, phrase } from './said.ts';
import { scaleSaid } from './scaling.ts';
import { alike } from './sets.ts';
import { listed, shown } from './text.ts';

/** What runs, and how it is changed where it runs: model, image, arguments, environment, replicas, resources, identity, place. */

/**
 * What changes of workloads that stay, or that another one replaces.
 *
 * @example workloadWords(unit, stage)[0]?.text // 'memory of fraud-detector predictor is 4Gi (was 8Gi)'
 */
export function workloadWords(unit: ChangedUnit, stage: Stage): Said[] {
  let known: { readonly after: Reach | undefined } | undefined;
  const reach = (): Reach | undefined => (known ??= reachOf(unit)).after;
  return merged(
    unit.objects.filter(isAltered).flatMap((change) => {
      const [before, after] = [change.before.object, change.after.object];
      const parts = runningOf(after).map(({ component, pod }) => {
        const who = whoIs(unit, after, component);
        const whole: Part = {
          stage,
          change,
          who,
          inPlace: isInPlace(before, after),
          path: [],
          changes: change.changes,
          before,
          after,
        };
        return { whole, pod: within(whole, ...pod) };
      });
      return [
        ...parts.flatMap(({ whole, pod }) => [...containersSaid(pod), ...languageModelSaid(whole), ...podSaid(pod)]),
        ...scaleSaid(unit, stage, change, reach),
      ];
    }),
  );
}

/** Whether a change is one of what serves; not where it starts a revision beside that, which Git gives no requests yet. */
function isInPlace(before: KubeObject, after: KubeObject): boolean {
  if (isKind(after, 'serving.kserve.io', 'LLMInferenceService') || nativeShares(after) === undefined) return true;
  const release = (object: KubeObject): string | undefined =>
    textAt(object, 'metadata', 'labels', 'app.kubernetes.io/version');
  return release(before) === release(after) && newestShare(after) > 0;
}

const PLACEMENT = [
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'nodeName',
  'runtimeClassName',
] as const;

/** Sentences of a pod's own fields. */
function podSaid(pod: Part): Said[] {
  const account = (spec: unknown): string =>
    textAt(spec, 'serviceAccountName') ?? textAt(spec, 'serviceAccount') ?? 'default';
  return [
    ...told(pod, [['serviceAccountName'], ['serviceAccount']], (before, after) => {
      const [was, is] = [account(before), account(after)];
      const text = `${pod.who} runs as service account ${shown(is)} (was ${shown(was)})`;
      return was === is ? [] : [phrase(text, reasonOf('risk/identity', pod.stage))];
    }),
    ...told(
      pod,
      PLACEMENT.map((field) => [field]),
      (before, after) => {
        const moved = PLACEMENT.filter((field) => !alike(valueAt(before, field), valueAt(after, field)));
        const words = moved.map((field) => placementText(field, valueAt(before, field), valueAt(after, field)));
        return [phrase(`${pod.who} runs on other nodes: ${listed(words)}`)];
      },
    ),
  ];
}

function placementText(field: string, before: unknown, after: unknown): string {
  if (field !== 'nodeSelector')
    return `${field} ${after === undefined ? 'removed' : before === undefined ? 'added' : 'changed'}`;
  const labels = (value: unknown): Map<string, string> =>
    new Map(
      entriesAt(value)
        .slice(0, 32)
        .map(([key, text]) => [short(key), short(text)]),
    );
  return differenceOf(labels(before), labels(after), (key, text) => `${key}=${text}`);
}
