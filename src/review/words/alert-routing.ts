import type { ObjectChange } from '../compare.ts';
import type { Change } from '../field.ts';
import type { Reason } from '../plan.ts';
import { listAt, mapAt, textAt, valueAt } from '../read.ts';
import { reasonOf, type Stage } from '../risks.ts';
import type { Said } from '../statement.ts';
import type { ChangedUnit } from '../unit.ts';
import { changesBelow, latest } from './changes.ts';
import { fieldsInWords } from './fields.ts';
import { sentence } from './said.ts';
import { groupedBy, keysOf } from './sets.ts';
import { labelOf, subjectOf } from './subject.ts';
import { listed, shown } from './text.ts';

/** What changes of who is told of alerts, by an AlertmanagerConfig. */
export function receiverWords(unit: ChangedUnit, stage: Stage, change: ObjectChange): Said[] {
  const label = labelOf(unit, latest(change));
  const subject = subjectOf(unit, latest(change));
  const risk = (text?: string): Reason => reasonOf('risk/alert-routing', stage, text);
  if (change.change === 'removed') {
    return [
      sentence(
        `alerts of ${subject} have no receivers of their own any more: ${label} removed`,
        { of: change },
        risk(),
      ),
    ];
  }
  const [old, now] = [receiversOf(change.before?.object), receiversOf(change.after.object)];
  if (change.change === 'added') {
    const words = [...now].map(([severity, receiver]) => `${shown(severity)} ones to ${shown(receiver)}`);
    return [
      sentence(`alerts of ${subject} have receivers of their own: ${listed(words, 4) || 'none'}`, { of: change }),
    ];
  }
  const said: Said[] = [];
  const say = (text: string, changes: readonly Change[], reason?: Reason): void =>
    void (changes.length > 0 && said.push(sentence(text, { of: change, changes }, reason)));
  const routes = changesBelow(change.changes, ['spec', 'route']);
  const directions = routes.filter(saysReceiver);
  for (const severity of keysOf(old, now)) {
    const [was, is] = [old.get(severity) ?? NOBODY, now.get(severity) ?? NOBODY];
    const reason = was === NOBODY ? undefined : risk();
    if (was !== is)
      said.push(
        sentence(
          `${shown(severity)} alerts of ${subject} go to ${shown(is)} (was ${shown(was)})`,
          { of: change, changes: directions },
          reason,
        ),
      );
  }
  if (said.length === 0) {
    say(
      `alerts of ${subject} are routed otherwise: ${fieldsInWords(directions, 2)}`,
      directions,
      risk('some may reach somebody else'),
    );
  }
  const quiet = routes.filter(({ path }) => path.some((segment) => TIMES.has(segment)));
  say(
    `the times at which alerts of ${subject} are sent change: ${fieldsInWords(quiet, 2)}`,
    quiet,
    risk('at other times nobody is told'),
  );
  const receivers = changesBelow(change.changes, ['spec', 'receivers']);
  for (const [name, changes] of groupedBy(receivers, ({ path, before, after }) =>
    receiverName(path[2], before ?? after),
  )) {
    // A receiver that comes or goes together with its route has been said.
    const whole = changes.every(({ path }) => path.length === 3);
    const what = whole
      ? ` ${changes[0]!.op === 'add' ? 'added' : 'removed'}`
      : `: ${fieldsInWords(changes.map(shortened))}`;
    say(
      `receiver ${shown(name)} of ${subject}${what}`,
      changes,
      whole ? undefined : risk('its alerts may reach somebody else'),
    );
  }
  const inhibit = changesBelow(change.changes, ['spec', 'inhibitRules']);
  const rules = (object: unknown): number => listAt(object, 'spec', 'inhibitRules').length;
  const more = rules(change.after.object) > rules(change.before.object);
  say(
    `which alerts of ${subject} silence others changed`,
    inhibit,
    more ? reasonOf('risk/alert', stage, 'more alerts may be silenced') : undefined,
  );
  return said;
}

/** Where alerts go that nobody is told of. */
const NOBODY = 'nobody';

/** The key of alerts that no route of its own takes. */
const OTHERS = 'other';

/** The receiver of each severity, as the routes say. */
function receiversOf(object: unknown): Map<string, string> {
  const silent = new Set(
    listAt(object, 'spec', 'receivers').flatMap((receiver) =>
      Object.keys(mapAt(receiver)).length < 2 ? [textAt(receiver, 'name')] : [],
    ),
  );
  const called = (route: unknown): string => {
    const name = textAt(route, 'receiver');
    return name === undefined || silent.has(name) ? NOBODY : name;
  };
  const found = new Map<string, string>();
  for (const route of listAt(object, 'spec', 'route', 'routes')) {
    const [matcher, ...more] = listAt(route, 'matchers');
    const severity = more.length === 0 && textAt(matcher, 'name') === 'severity' ? textAt(matcher, 'value') : undefined;
    if (severity !== undefined && !found.has(severity)) found.set(severity, called(route));
  }
  const rest = called(valueAt(object, 'spec', 'route'));
  if (rest !== NOBODY) found.set(OTHERS, rest);
  return found;
}

const TIMES: ReadonlySet<unknown> = new Set(['muteTimeIntervals', 'activeTimeIntervals']);
const WHEN: ReadonlySet<unknown> = new Set(['groupBy', 'groupWait', 'groupInterval', 'repeatInterval', ...TIMES]);

/** Times and groups of a route say when, and not who. */
function saysReceiver({ path }: Change): boolean {
  return !path.some((segment) => WHEN.has(segment));
}

function receiverName(segment: unknown, receiver: unknown): string {
  return textAt(segment, 'name') ?? textAt(receiver, 'name') ?? 'without name';
}

/** The part of a path below the receiver. */
function shortened(change: Change): Change {
  return { ...change, field: change.field.replace(/^spec\.receivers\[[^\]]*\]\.?/, '') || change.field };
}
