import { z } from 'zod';
import { parseDuration } from '../core/duration.ts';
import { duration, report } from './common.ts';

const window = duration.check((context) => {
  const milliseconds = parseDuration(context.value);
  if (
    milliseconds === undefined ||
    (milliseconds % 60_000 === 0 && milliseconds >= 120_000 && milliseconds <= 6 * 3_600_000)
  )
    return;
  report(context, `${context.value} is no window of the alert on outages`, 'write whole minutes, from 2m to 6h');
});

/** The alert on a total outage, which comes sooner than those on burn rates. */
export const outage = z
  .union([
    z.literal(false),
    z.strictObject({
      window: window.optional().meta({
        description:
          'Time in which no request is answered. Default: 2m; longer where `traffic.expectedRps` is so low that too few requests come in that time.',
      }),
      minFailures: z
        .int()
        .min(1)
        .default(5)
        .meta({ description: 'Fewest requests in that time that must have failed.' }),
      severity: z
        .enum(['page', 'ticket'])
        .default('page')
        .meta({ description: '`page` wakes somebody up in stage prod.' }),
    }),
  ])
  .prefault({})
  .meta({
    id: 'Outage',
    description: 'The alert on a total outage: requests come, and none is answered. `false` switches it off.',
  });
