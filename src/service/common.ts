import { z } from 'zod';
import { formatGoDuration, parseDuration } from '../core/duration.ts';
import { isAnnotationKey, isDnsLabel, isLabelValue, isQualifiedName, NAME_FORMS } from '../core/names.ts';
import { canonicalQuantity, explainQuantity } from '../core/quantity.ts';
import { movingImage } from './image.ts';

/**
 * Reports an issue from a schema's check. The fix says what to write instead; it travels in `params` and becomes
 * the finding's fix.
 *
 * @param path below the value that is checked.
 */
export function report(context: z.core.ParsePayload, message: string, fix: string, path: string[] = []): void {
  context.issues.push({ code: 'custom', message, params: { fix }, path, input: context.value });
}

/**
 * A check across some fields of a map: it runs when these are right, whatever is wrong with the others. By itself zod runs a
 * check of a map only when all of it has the right shape, so that a mistake in one field would hide one in others.
 *
 * @param fields those whose values the check reads; a field that it asks for no more than to be there need not be named.
 * @example z.strictObject({ min, max, target }).check(across(['min', 'max'], (context) => …))
 */
export function across<T extends object>(
  fields: readonly (keyof T & string)[],
  check: (context: z.core.ParsePayload<T>) => void,
): z.core.$ZodCheck<T> {
  const read: ReadonlySet<PropertyKey | undefined> = new Set(fields);
  const when = ({ value, issues }: z.core.ParsePayload): boolean =>
    isMap(value) && !issues.some(({ path }) => read.has(path?.[0]));
  return z.core._check<T>(check, { when });
}

/** Whether a value is a map: what a check across fields may find in a field that it does not read. */
export function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name that becomes (part of) a Kubernetes object name. */
export const dnsLabel = z.string().check((context) => {
  if (!isDnsLabel(context.value)) {
    report(context, `${JSON.stringify(context.value)} is not a DNS label`, `use ${NAME_FORMS.dnsLabel}`);
  }
});

/** A key of labels or annotations, which differ in whether a prefix may have capital letters. */
function keyOf(what: string, isKey: (key: string) => boolean): z.ZodString {
  return z.string().check((context) => {
    if (isKey(context.value)) return;
    const fix = `write ${NAME_FORMS.qualifiedName}`;
    report(context, `${JSON.stringify(context.value.slice(0, 80))} is not a key of ${what}`, fix);
  });
}

const labelValue = z.string().check((context) => {
  if (!isLabelValue(context.value)) {
    const fix = `write ${NAME_FORMS.labelValue}`;
    report(context, `${JSON.stringify(context.value.slice(0, 80))} is not the value of a label`, fix);
  }
});

/** Labels by key. */
export const labels = z.record(keyOf('labels', isQualifiedName), labelValue);

/** Annotations by key. */
export const annotations = z.record(keyOf('annotations', isAnnotationKey), z.string());

/** A length of time, as Go writes it: `250ms`, `30s`, `20m`, `1h30m`; read in its canonical form. */
export const duration = z
  .string()
  .check((context) => {
    if (parseDuration(context.value) === undefined) {
      const bare = /^(?:\d+\.?\d*|\.\d+)$/.test(context.value)
        ? `: "${context.value}s" or "${context.value}m"`
        : ': 250ms, 30s, 20m, 1h30m';
      report(context, `${JSON.stringify(context.value)} is not a duration`, `write a number with a unit${bare}`);
    }
  })
  .overwrite((text) => {
    const milliseconds = parseDuration(text);
    return milliseconds === undefined ? text : formatGoDuration(milliseconds);
  });

/** A Kubernetes quantity of processor time: `500m`, `4`; read in its canonical form, like memory. */
export const cpuQuantity = quantity('cpu');

/** A Kubernetes quantity of memory: `512Mi`, `8Gi`. */
export const memoryQuantity = quantity('memory');

function quantity(kind: 'cpu' | 'memory'): z.ZodString {
  return z
    .string()
    .check((context) => {
      const wrong = explainQuantity(context.value, kind);
      if (wrong) report(context, wrong.message, wrong.fix);
    })
    .overwrite((text) => canonicalQuantity(text) ?? text);
}

/** A container image with a tag or digest that is not a moving one. */
export const image = z.string().check((context) => {
  const reason = movingImage(context.value);
  if (reason) {
    report(
      context,
      `image ${JSON.stringify(context.value)} ${reason}`,
      'pin it: name:1.4.2 or, better, name@sha256:<64 hex digits>',
    );
  }
});
