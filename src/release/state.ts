import { z } from 'zod';
import { canonicalJson, sha256 } from '../core/digest.ts';
import { report } from '../service/common.ts';
import type { ReleasePolicy } from '../service/release-policy.ts';
import { releaseName } from './record.ts';

/** Where a service stands on its way to a new release, in one environment. */
export const PHASES = ['idle', 'warming', 'canary', 'finishing', 'held'] as const;

export type Phase = (typeof PHASES)[number];

/**
 * The state of one service in one environment: `releases/<env>/<team>/<service>.yaml`.
 * `weight`, `mirror` and `header` are the truth for synth; `step` and `policy` are for the commands.
 */
export const releaseState = z
  .strictObject({
    stable: releaseName,
    previous: releaseName.optional(),
    candidate: releaseName.optional(),
    phase: z.enum(PHASES).default('idle'),
    weight: z.int().min(0).max(100).default(0),
    mirror: z.int().min(1).max(100).optional(),
    header: z.strictObject({ name: z.string(), value: z.string() }).optional(),
    step: z.int().min(0).optional(),
    policy: z.string().optional(),
    returning: z.literal(true).optional(),
    retiring: z.array(releaseName).min(1).optional(),
    stopped: z.array(releaseName).min(1).optional(),
    holds: z.record(releaseName, z.string()).optional(),
    paused: z.string().optional(),
    reason: z.string().optional(),
  })
  .check((context) => {
    const {
      stable,
      previous,
      candidate,
      phase,
      weight,
      mirror,
      header,
      retiring = [],
      stopped = [],
      holds = {},
    } = context.value;
    const add = (field: string, message: string, fix: string): void => report(context, message, fix, [field]);
    if (candidate === undefined) {
      if (weight > 0)
        add('weight', `weight ${weight} has no candidate to go to`, 'name the candidate, or remove weight');
      if (phase !== 'idle' && phase !== 'finishing')
        add('candidate', `phase ${phase} has no candidate`, 'name the candidate, or write phase: idle');
    } else {
      if (phase === 'idle' || phase === 'finishing')
        add('phase', `a candidate cannot be ${phase}`, 'write phase: warming, canary or held');
      if (candidate === stable) add('candidate', `candidate and stable are both ${stable}`, 'remove the candidate');
      if (phase === 'canary' && Object.hasOwn(holds, candidate))
        add('holds', `${candidate} is held, and gets traffic`, 'write phase: held and weight: 0');
    }
    if (phase !== 'canary' && candidate !== undefined) {
      if (weight > 0)
        add('weight', `a candidate that is ${phase} has weight ${weight}`, 'write weight: 0, or phase: canary');
      for (const [field, value] of Object.entries({ mirror, header })) {
        if (value !== undefined)
          add(
            field,
            `a candidate that is ${phase} gets requests by ${field}`,
            `remove ${field}, or write phase: canary`,
          );
      }
    }
    if (Object.hasOwn(holds, stable))
      add('holds', `${stable} is held, and serves`, 'release the hold, or make another release stable');
    if (previous !== undefined && (previous === stable || previous === candidate)) {
      add('previous', `previous ${previous} is stable or candidate already`, 'remove previous');
    }
    retiring.forEach((release, index) => {
      if (release === stable || release === candidate || release === previous || retiring.indexOf(release) < index) {
        add('retiring', `${release} is retiring, and somewhere else already`, 'name every release once');
      }
    });
    for (const release of stopped) {
      if (release !== previous && !retiring.includes(release))
        add('stopped', `${release} is stopped, but neither previous nor retiring`, 'remove it from stopped');
    }
  });

export type ReleaseState = z.output<typeof releaseState>;

/** The releases whose workloads run, stable first; each once. */
export function runningReleases({ stable, candidate, previous, retiring = [] }: ReleaseState): string[] {
  return [stable, candidate, previous, ...retiring].filter((release) => release !== undefined);
}

/** Digest of a policy, by which a state remembers under which one its candidate set out. */
export function policyDigest(policy: ReleasePolicy): string {
  return `sha256:${sha256(canonicalJson(policy))}`;
}
