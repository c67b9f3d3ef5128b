import type { Reason, Risk } from './plan.ts';

/** A reason why a change may hurt. */
export interface RiskRule {
  readonly id: string;
  /** How much in production. */
  readonly prod: Risk;
  /** How much elsewhere. */
  readonly elsewhere: Risk;
  /** What the change does, one sentence. */
  readonly summary: string;
  /** Why that matters. */
  readonly why: string;
}

/** All reasons that a plan gives, in the order of the docs. */
export const RISKS = [
  {
    id: 'risk/traffic-step',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A release gets more traffic at once than the next step of the policy.',
    why: 'the gates between the steps never see it',
  },
  {
    id: 'risk/traffic',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A release gets more traffic, as the policy says.',
    why: 'users meet it',
  },
  {
    id: 'risk/retreat',
    prod: 'low',
    elsewhere: 'low',
    summary: 'Traffic goes back to a release that runs.',
    why: 'it served before, and is warm',
  },
  {
    id: 'risk/no-backend',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'Traffic goes to a workload that the same change creates or removes.',
    why: 'requests fail until it is ready, or for ever',
  },
  {
    id: 'risk/first-in-prod',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A service is deployed to production for the first time.',
    why: 'nothing there has proven it yet',
  },
  {
    id: 'risk/delete-data',
    prod: 'high',
    elsewhere: 'high',
    summary: 'An object goes away that holds data or other objects: a namespace, a claim, a definition, a secret.',
    why: 'what was in it is gone',
  },
  {
    id: 'risk/delete-live',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A live object goes away: a workload, its address, its route.',
    why: 'callers may still use it',
  },
  {
    id: 'risk/delete',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'Another object goes away.',
    why: 'something may count on it',
  },
  {
    id: 'risk/retire',
    prod: 'low',
    elsewhere: 'low',
    summary: 'A workload goes away that no route sends requests to.',
    why: 'a rollback to it has to start it again',
  },
  {
    id: 'risk/replace',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A live object gets another name or namespace.',
    why: 'the cluster deletes the one and creates the other',
  },
  {
    id: 'risk/new-release',
    prod: 'low',
    elsewhere: 'low',
    summary: 'A release is deployed without traffic.',
    why: 'it costs its resources, and nobody meets it yet',
  },
  {
    id: 'risk/in-place',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'What serves is changed where it runs: model, image, arguments, environment.',
    why: 'its pods restart with something that has not served yet',
  },
  {
    id: 'risk/mutable',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'An image or a model is named by something that can move.',
    why: 'what runs changes without a change in Git',
  },
  {
    id: 'risk/replicas',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'Fewer replicas than before.',
    why: 'the load of before may be too much for them',
  },
  {
    id: 'risk/scale-to-zero',
    prod: 'high',
    elsewhere: 'low',
    summary: 'A service may now scale to zero.',
    why: 'the first request after a pause waits for a cold start',
  },
  {
    id: 'risk/resources',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'Less processor, memory or GPU than before.',
    why: 'it may be slower, or be killed',
  },
  {
    id: 'risk/resources-halved',
    prod: 'high',
    elsewhere: 'low',
    summary: 'At most half of the processor, memory or GPU of before.',
    why: 'it may be slower, or be killed',
  },
  {
    id: 'risk/timeout',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A route gives up before the model does, or sooner than before.',
    why: 'slow requests fail, and the model computes for nobody',
  },
  {
    id: 'risk/fault',
    prod: 'high',
    elsewhere: 'low',
    summary: 'Requests are made to fail or to wait on purpose.',
    why: 'callers meet it',
  },
  {
    id: 'risk/public',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A service can be reached from places that could not reach it before.',
    why: 'anybody there may call it',
  },
  {
    id: 'risk/address',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'An address of a service goes away.',
    why: 'callers of that address fail',
  },
  {
    id: 'risk/gate',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A gate, a bake time or a step of a release policy is removed or loosened.',
    why: 'a bad release gets further',
  },
  {
    id: 'risk/slo',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'An objective is removed or loosened.',
    why: 'what was an incident is one no more',
  },
  {
    id: 'risk/alert',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'An alert is removed or loosened.',
    why: 'nobody is told, or later',
  },
  {
    id: 'risk/alert-routing',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'Alerts go to somebody else.',
    why: 'who was told before is not',
  },
  {
    id: 'risk/scrape',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'Metrics are no longer collected.',
    why: 'alerts on them never fire',
  },
  {
    id: 'risk/mtls',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'Encryption between services is loosened.',
    why: 'requests may travel in the clear, from anybody',
  },
  {
    id: 'risk/authorization',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'Authorisation is removed or loosened.',
    why: 'more callers may do more',
  },
  {
    id: 'risk/network',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A network policy is removed or lets more in or out.',
    why: 'more pods reach the service, or are reached by it',
  },
  {
    id: 'risk/privilege',
    prod: 'high',
    elsewhere: 'high',
    summary: 'A role, a binding or a security context allows more.',
    why: 'whoever holds it may do more',
  },
  {
    id: 'risk/identity',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A workload runs as another identity.',
    why: 'what it may read and write changes',
  },
  {
    id: 'risk/secret',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A reference to a secret is changed.',
    why: 'a wrong one keeps pods from starting',
  },
  {
    id: 'risk/secret-value',
    prod: 'high',
    elsewhere: 'high',
    summary: 'A value that looks like a secret is in the tree.',
    why: 'all who read the repository know it, for ever',
  },
  {
    id: 'risk/project',
    prod: 'high',
    elsewhere: 'high',
    summary: 'An AppProject allows more: a source, a destination, a kind, a role.',
    why: 'who writes to the repository may do more',
  },
  {
    id: 'risk/delivery',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'How Argo CD or Flux delivers becomes less careful, or looks elsewhere.',
    why: 'a mistake in Git reaches further',
  },
  {
    id: 'risk/destination',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A service goes to another cluster or namespace.',
    why: 'it leaves the one where it is now',
  },
  {
    id: 'risk/refused',
    prod: 'high',
    elsewhere: 'medium',
    summary: 'A field changes that the API server never lets change.',
    why: 'the sync fails until somebody deletes the object',
  },
  {
    id: 'risk/unreadable',
    prod: 'high',
    elsewhere: 'high',
    summary: 'A file cannot be read.',
    why: 'nobody can say what it will do',
  },
  {
    id: 'risk/unknown',
    prod: 'medium',
    elsewhere: 'low',
    summary: 'A file changes that the plan cannot look into: binary, too large, or input of another tool.',
    why: 'nobody can say what it will do',
  },
] as const satisfies readonly RiskRule[];

/** Id of a reason. */
export type RiskId = (typeof RISKS)[number]['id'];

const BY_ID: ReadonlyMap<string, RiskRule> = new Map(RISKS.map((rule) => [rule.id, rule]));

/** Whether a change is one in production; where the tree does not say, it is taken for one. */
export interface Stage {
  readonly prod: boolean;
  /** What had to be assumed; missing where the tree says the stage. */
  readonly assumed?: string;
}

/**
 * A reason, with the risk that its rule has in this stage.
 *
 * @param text why it is one here, with values: `the next step of the policy is 25 %`. Without one it is why the rule is one at all.
 * @example reasonOf('risk/traffic-step', { prod: true }, 'the next step of the policy is 25 %').risk // 'high'
 */
export function reasonOf(id: RiskId, stage: Stage, text?: string): Reason {
  const rule = BY_ID.get(id)!;
  const why = text ?? rule.why;
  const risk = stage.prod ? rule.prod : rule.elsewhere;
  return {
    rule: id,
    risk,
    text: stage.assumed !== undefined && rule.prod !== rule.elsewhere ? `${why} (${stage.assumed})` : why,
  };
}

/** From the least to the most risky. */
export const RISK_ORDER: readonly Risk[] = ['low', 'medium', 'high'];

/** The highest risk of some reasons; `low` when there is none. */
export function riskOf(reasons: readonly { readonly risk: Risk }[]): Risk {
  return reasons.reduce<Risk>(
    (highest, { risk }) => (RISK_ORDER.indexOf(risk) > RISK_ORDER.indexOf(highest) ? risk : highest),
    'low',
  );
}
