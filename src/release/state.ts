import { z } from 'zod';
import { report } from '../service/common.ts';
import { releaseName } from './record.ts';

/** Where a service stands on its way to a new release, in one environment. */
const phases = ['idle', 'warming', 'canary', 'finishing', 'held'] as const;

/**
 * The state of one service in one environment: `releases/<env>/<team>/<service>.yaml`.
 * `weight` is the truth for synth; `step` and `policy` are for the commands.
 */
export const releaseState = z
  .strictObject({
    stable: releaseName,
    previous: releaseName.optional(),
    candidate: releaseName.optional(),
    phase: z.enum(phases).default('idle'),
    weight: z.int().min(0).max(100).default(0),
    step: z.int().min(0).optional(),
    policy: z.string().optional(),
    hold: z.strictObject({ release: releaseName, reason: z.string() }).optional(),
    reason: z.string().optional(),
  })
  .check((context) => {
    const { stable, previous, candidate, phase, weight } = context.value;
    const add = (field: string, message: string, fix: string): void => report(context, message, fix, [field]);
    if (candidate === undefined && weight > 0) add('weight', `weight ${weight} has no candidate to go to`, 'name the candidate, or remove weight');
    if (candidate === undefined && phase !== 'idle' && phase !== 'held') add('candidate', `phase ${phase} has no candidate`, 'name the candidate, or write phase: idle');
    if (candidate !== undefined && phase === 'idle') add('phase', 'a candidate cannot be idle', 'write phase: warming, canary or finishing');
    if (phase === 'warming' && weight > 0) add('weight', `a warming candidate has weight ${weight}`, 'write weight: 0, or phase: canary');
    if (candidate !== undefined && candidate === stable) add('candidate', `candidate and stable are both ${stable}`, 'remove the candidate');
    if (previous !== undefined && (previous === stable || previous === candidate)) {
      add('previous', `previous ${previous} is stable or candidate already`, 'remove previous');
    }
  });

export type ReleaseState = z.output<typeof releaseState>;
