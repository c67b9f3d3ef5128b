import type { ReleasePolicy } from '../service/release-policy.ts';
import { entriesOf, IN_PLACE, type RunningWorkload, type Serving } from './serving.ts';

/**
 * What is served where KServe or Knative splits the traffic of one object by itself. The workload that answers the
 * service's address is there once, under one name for all releases: with the content of the candidate while there is one,
 * else of the stable release. What the object was before lives on as a revision, in the cluster alone.
 *
 * Releases that are kept have nothing that answers any more; models that their functions called stay until they go.
 *
 * @example servedBy(serving, 'fraud', 'kserve').workloads.map(({ name }) => name) // ['fraud-main']
 */
export function servedBy(serving: Serving, service: string, mechanism: ReleasePolicy['mechanism']): Serving {
  if (mechanism === 'workloads') return serving;
  const { workloads, stable, candidate } = serving;
  const renamed = <W extends RunningWorkload>(workload: W): W => ({
    ...workload,
    name: `${service}-${workload.kind === 'function' ? workload.part : IN_PLACE}`,
    stopped: false,
  });
  const answered = new Set(entriesOf(serving).map(({ workload }) => workload.name));
  return {
    workloads: [renamed((candidate ?? stable).workload), ...workloads.filter(({ name }) => !answered.has(name))],
    stable: { ...stable, workload: renamed(stable.workload) },
    candidate: candidate && { ...candidate, workload: renamed(candidate.workload) },
    kept: [],
    native: mechanism,
  };
}
