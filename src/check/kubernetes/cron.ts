import type { Report } from '../report.ts';
import { showValue } from '../schema/plain-data.ts';

/** Times of CronJobs, as robfig/cron 3.0.1 `ParseStandard` reads them. */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, from the smallest on. */
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of the month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const DURATION = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** When a CronJob runs. Which time zones there are is known to the cluster alone. */
export function checkCron({ add }: Report, schedule: string, timeZone: string | undefined): void {
  const flaw = schedule.includes('TZ') ? 'names a time zone, which has a field of its own' : scheduleFlaw(schedule);
  if (flaw !== undefined) {
    const fix = schedule.includes('TZ')
      ? 'write it as spec.timeZone: Europe/Berlin'
      : 'write minute, hour, day of the month, month, day of the week: 30 2 * * 1-5';
    add('kubernetes/job', 'spec.schedule', `${showValue(schedule)} ${flaw}`, fix);
  }
  if (timeZone === undefined) return;
  const parts = timeZone.split('/');
  const fits = parts.every((part) => /^(?!-)[-.\w+]{1,14}$/.test(part) && part !== '.' && part !== '..');
  if (fits && timeZone.toLowerCase() !== 'local') return;
  add(
    'kubernetes/job',
    'spec.timeZone',
    `${showValue(timeZone)} is no time zone`,
    'write one of the IANA list: Europe/Berlin',
  );
}

/** What is wrong with a schedule. */
function scheduleFlaw(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    const every = schedule.startsWith('@every ') && DURATION.test(schedule.slice('@every '.length));
    return every || DESCRIPTORS.includes(schedule) ? undefined : 'is no schedule';
  }
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) return `has ${parts.length} fields instead of ${FIELDS.length}`;
  for (const [index, field] of FIELDS.entries()) {
    for (const range of parts[index]!.split(',').filter((one) => one !== '')) {
      if (!isRange(range, field)) return `has no ${field.name} ${showValue(range)}`;
    }
  }
  return undefined;
}

/** A star, `5` or `1-5`, each with a step behind a slash: `0-30/15`. */
function isRange(text: string, { min, max, names = [] }: Field): boolean {
  const [range = '', step, ...tooMany] = text.split('/');
  const [from = '', to, ...tooManyEnds] = range.split('-');
  if (tooMany.length > 0) return false;
  if (step !== undefined && !(/^\+?\d+$/.test(step) && Number(step) > 0)) return false;
  if (from === '*' || from === '?') return true;
  if (tooManyEnds.length > 0) return false;
  const read = (value: string): number => {
    const name = names.indexOf(value.toLowerCase());
    return name >= 0 ? min + name : /^\+?\d+$/.test(value) ? Number(value) : NaN;
  };
  const start = read(from);
  const end = to !== undefined ? read(to) : step === undefined ? start : max;
  return start >= min && end <= max && start <= end;
}
