import { rememberOf } from '../core/remember.ts';
import { z } from 'zod';
import { duration, report } from './common.ts';
import { dataClass } from './data-class.ts';
import { gate } from './gate.ts';
import type {
  ABTestPolicySpec,
  BlueGreenPolicySpec,
  CanaryPolicySpec,
  ReplacePolicySpec,
  ShadowPolicySpec,
} from './spec.ts';

/**
 * How a new release gets its traffic. Every policy but `replace` deploys the candidate beside what serves, at weight 0;
 * they differ in who may see it before it takes over.
 */

const warm = z
  .strictObject({
    deadline: duration
      .default('20m')
      .meta({ description: 'How long a candidate may take to become ready at weight 0.' }),
  })
  .prefault({})
  .meta({ description: 'A candidate is deployed at weight 0 and must be ready before it gets traffic.' });

const common = {
  warm,
  bake: duration.default('30m').meta({ description: 'How long the gates must hold at each step.' }),
  gates: z.array(gate).default([]).meta({ description: 'What must hold before the next step.' }),
  keepPrevious: z.enum(['warm', 'stopped', 'none']).default('warm').meta({
    description:
      'What becomes of the release that served before: `warm` keeps it running, so that a rollback only moves weights; `stopped` keeps its objects without replicas, for which Argo CD needs a health check (docs/gitops-tree.md).',
  }),
};

export const mechanisms = ['workloads', 'kserve', 'revisions'] as const;

export const canaryPolicy = z
  .strictObject({
    steps: z
      .array(z.int().min(1).max(99))
      .min(1)
      .check((context) => {
        const steps = context.value;
        if (steps.some((step, index) => index > 0 && step <= (steps[index - 1] ?? 0))) {
          const fix = 'write rising weights between 1 and 99, in per cent: [10, 25, 50]; 100 follows by itself';
          report(context, `steps ${JSON.stringify(steps)} do not rise`, fix);
        }
      })
      .meta({
        description: 'Weights of the candidate in per cent, rising, between 1 and 99. 100 follows the last step.',
      }),
    mechanism: z.enum(mechanisms).default('workloads').meta({
      description:
        'What splits the traffic. `workloads`: a workload per release and weights of our own route; the tree alone says who gets what. `kserve`: canaryTrafficPercent of one InferenceService (Knative mode only), `revisions`: named revisions of one Knative Service (functions only); with these two the older release lives in the cluster alone.',
    }),
    ...common,
  })
  .meta({ id: 'CanaryPolicySpec', description: 'A new release gets a rising share of the traffic.' });

export const blueGreenPolicy = z
  .strictObject(common)
  .meta({ id: 'BlueGreenPolicySpec', description: 'Both releases run, and all traffic flips at once.' });

export const shadowPolicy = z
  .strictObject({
    percent: z
      .int()
      .min(1)
      .max(100)
      .default(100)
      .meta({ description: 'Share of the requests that is copied to the candidate, in per cent.' }),
    ...common,
  })
  .meta({ id: 'ShadowPolicySpec', description: 'The candidate gets copies of requests, and nobody sees its answers.' });

export const abTestPolicy = z
  .strictObject({
    header: z
      .strictObject({
        name: z
          .string()
          .regex(/^[a-z0-9][-a-z0-9_]*$/, 'expected a header name in lower case, as x-variant')
          .meta({ description: 'Name of the header, in lower case.' }),
        value: z.string().min(1).max(256).meta({ description: 'Its value, exactly.' }),
      })
      .meta({ description: 'Requests with this header go to the candidate.' }),
    ...common,
  })
  .meta({
    id: 'ABTestPolicySpec',
    description: 'Requests with a header go to the candidate, all others to the stable release.',
  });

export const replacePolicy = z.strictObject({}).meta({
  id: 'ReplacePolicySpec',
  description: 'One workload, updated in place: for small stages, and models that leave no room for two.',
});

/** The fields of a service of which one may be set. */
export const releasePolicies = {
  canary: canaryPolicy.optional().meta({ description: 'A new release gets a rising share of the traffic.' }),
  blueGreen: blueGreenPolicy
    .optional()
    .meta({ description: 'Both releases run, and all traffic flips at once. The default, without gates.' }),
  shadow: shadowPolicy.optional().meta({ description: 'The candidate gets copies of requests before it takes over.' }),
  abTest: abTestPolicy
    .optional()
    .meta({ description: 'The candidate answers requests with a header before it takes over.' }),
  replace: replacePolicy.optional().meta({ description: 'A new release replaces the old one in place.' }),
};

export const STRATEGIES = ['canary', 'blueGreen', 'shadow', 'abTest', 'replace'] as const;
export type Strategy = (typeof STRATEGIES)[number];

type Common = Pick<z.output<typeof blueGreenPolicy>, 'warm' | 'bake' | 'gates' | 'keepPrevious'>;

/** Who sees a candidate: a share of the traffic, copies of requests, or requests with a header. */
export interface Exposure {
  /** Share of the traffic in per cent. */
  readonly weight: number;
  /** Share of the requests that is copied, in per cent. */
  readonly mirror?: number;
  readonly header?: { readonly name: string; readonly value: string };
}

/** The policy of a service, whichever strategy it is. */
export interface ReleasePolicy extends Common {
  readonly strategy: Strategy;
  /** What a candidate goes through between being ready and taking over. */
  readonly exposures: readonly Exposure[];
  readonly mechanism: (typeof mechanisms)[number];
}

/** What the policies of a service are read from. */
export type Policies = { readonly [Name in Strategy]?: z.output<NonNullable<(typeof releasePolicies)[Name]>> };

const DEFAULTS = blueGreenPolicy.parse({});

const IN_PLACE = policy('replace', { ...DEFAULTS, keepPrevious: 'none' }, []);

/**
 * The policy of a service. Without one, and without room for a second workload, releases flip at once.
 *
 * @param rollout of the environment; `replace` beats the service's own policy.
 */
export function policyOf(policies: Policies, rollout: 'release' | 'replace'): ReleasePolicy {
  return rollout === 'replace' ? IN_PLACE : ownPolicy(policies);
}

const ownPolicy = rememberOf(({ canary, shadow, abTest, replace, blueGreen = DEFAULTS }: Policies): ReleasePolicy => {
  if (replace) return IN_PLACE;
  if (canary)
    return policy(
      'canary',
      canary,
      canary.steps.map((weight) => ({ weight })),
      canary.mechanism,
    );
  if (shadow) return policy('shadow', shadow, [{ weight: 0, mirror: shadow.percent }]);
  if (abTest) return policy('abTest', abTest, [{ weight: 0, header: abTest.header }]);
  return policy('blueGreen', blueGreen, []);
});

function policy(
  strategy: Strategy,
  { warm, bake, gates, keepPrevious }: Common,
  exposures: readonly Exposure[],
  mechanism: ReleasePolicy['mechanism'] = 'workloads',
): ReleasePolicy {
  return { strategy, warm, bake, gates, keepPrevious, exposures, mechanism };
}

/**
 * How traffic moves to a new release: it is deployed at weight 0, must become ready, then climbs the steps while
 * the gates hold. Steps are per cent, times are durations (`20m`).
 *
 * @example
 * new CanaryPolicy({
 *   steps: [10, 25, 50],
 *   bake: '30m',
 *   gates: [Gate.errorRatio({ max: 0.01 })],
 * })
 */
export class CanaryPolicy extends dataClass<CanaryPolicySpec>() {}

/**
 * Both releases run; when the candidate is ready, all traffic flips at once. The gates hold for the time of `bake` after
 * the flip, while the release that served before is still warm.
 *
 * @example new BlueGreenPolicy({ bake: '15m', gates: [Gate.errorRatio({ max: 0.01 })] })
 */
export class BlueGreenPolicy extends dataClass<BlueGreenPolicySpec>() {}

/**
 * The candidate gets copies of requests, in per cent, and its answers are thrown away. Then it takes over.
 *
 * @example new ShadowPolicy({ percent: 10, bake: '1h' })
 */
export class ShadowPolicy extends dataClass<ShadowPolicySpec>() {}

/**
 * Requests with a header go to the candidate, all others to the stable release, until the candidate takes over.
 *
 * @example new ABTestPolicy({ header: { name: 'x-cohort', value: 'b' }, bake: '24h' })
 */
export class ABTestPolicy extends dataClass<ABTestPolicySpec>() {}

/**
 * One workload, updated in place. With GPUs the old replica goes before the new one starts, since the new one could wait
 * for ever for a device that only the old one can give back.
 *
 * @example overrides: { dev: { canary: null, replace: new ReplacePolicy({}) } }
 */
export class ReplacePolicy extends dataClass<ReplacePolicySpec>() {}
