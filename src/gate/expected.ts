import type { GateQuestion, GateResult } from './evaluate.ts';
import { isMeasured, measuresOf, registryGateName, uniquelyNamed } from './measure.ts';
import { registryQuestions } from './registry-metric.ts';

/** A result, without what it says. */
export type ExpectedResult = Pick<GateResult, 'name' | 'cluster'>;

/** The results that an evaluation of this question has, without asking anybody: what evidence must be there. */
export function expectedResults({
  phase,
  policy,
  clusters,
  candidate,
  stable,
}: GateQuestion): readonly ExpectedResult[] {
  const perCluster = clusters.flatMap((subject) => {
    const { cluster } = subject;
    const readiness = subject.deployments.map(({ part }) => ({ name: `readiness-${part}`, cluster }));
    if (phase === 'warming') return readiness;
    // Which edges a histogram has makes no difference to what the gate is called.
    const measures = measuresOf(subject, policy.gates.filter(isMeasured), { edges: { edges: [0] } });
    return [...readiness, { name: 'bake', cluster }, ...measures.map(({ name }) => ({ name, cluster }))];
  });
  const registry = policy.gates.flatMap((gate) => {
    if (isMeasured(gate)) return [];
    const name = registryGateName(gate.registryMetric.metric);
    return registryQuestions(gate.registryMetric, candidate, stable).map(({ suffix }) => ({
      name: `${name}${suffix}`,
      cluster: undefined,
    }));
  });
  return [...perCluster, ...uniquelyNamed(registry)];
}
