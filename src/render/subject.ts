import type { Subject } from '../promql/rule.ts';
import type { Target } from './target.ts';

/** Whose rules, panels and queries they are. */
export function subjectOf({ service, namespace, environment, env, spec }: Target): Subject {
  const { team, escalation } = spec.owner;
  // Nobody is woken up for a service that is not in production.
  return { service, namespace, team, environment, escalation, page: env.stage === 'prod' ? 'critical' : 'warning' };
}
