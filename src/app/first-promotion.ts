import { answered, refused, type Answer } from '../core/answer.ts';
import type { Where } from '../core/finding.ts';
import type { ReleaseState } from '../release/state.ts';
import { requiredState, stateFile } from '../release/store.ts';
import { stagesOf } from '../service/platform.ts';
import { policyOf } from '../service/release-policy.ts';
import type { FileChange } from '../tree/journal.ts';
import { formatState, type PlannedMove } from './move.ts';
import { refusals, type Promotion } from './promote.ts';
import { renderedWith, type ReleaseScope } from './release.ts';
import { appFinding } from './rules.ts';
import { treeChanges } from './tree-changes.ts';

/** A promotion to where nothing was before. */
export type FirstPromotion = Omit<PlannedMove, 'before'> & { readonly before: undefined };

/**
 * The first release of a service in an environment: it serves at once, as nothing did before. The tree is that of a full
 * synth with the new state.
 */
export function planFirstPromotion(scope: ReleaseScope, promotion: Promotion): Answer<FirstPromotion> {
  const { service, from, to, reason } = promotion;
  const { config, platform, store, files } = scope;
  const where: Where = { service, environment: to };
  const spec = platform.services.find(({ name }) => name === service)?.base;
  const [here, there] = [config.environments[from], config.environments[to]];
  if (!spec || !here || !there || !platform.services.some((each) => each.name === service && each.runsIn(to))) {
    const message = `the sources have no service ${JSON.stringify(service)} in ${to}`;
    return refused(
      appFinding('checkout/unknown-service', where, message, 'correct the name, or add the environment to the service'),
    );
  }
  const { team } = spec.owner;
  const stages = stagesOf(Object.values(config.environments));
  const source = requiredState(store, from, team, service);
  if (!source.value) return source;
  const release = promotion.release ?? source.value.stable;
  const problems = refusals(promotion, { release, state: source.value, stages, here: here.stage, there: there.stage });
  if (problems.length > 0) return refused(...problems);
  const after: ReleaseState = { stable: release, phase: 'idle', weight: 0, ...(reason !== undefined && { reason }) };
  const file = stateFile(config.releases, to, team, service);
  const state: FileChange = { path: file, before: files.read(file), after: formatState(files.read(file), after) };
  const rendered = renderedWith(scope, service, [state]);
  if (!rendered.value) return rendered;
  const changed = treeChanges({ root: scope.root, tree: scope.tree, synthesis: rendered.value });
  if (!changed.value) return refused(...rendered.findings, ...changed.findings);
  return answered(
    { team, policy: policyOf(spec, there.rollout), before: undefined, after, changes: [state, ...changed.value] },
    ...rendered.findings,
  );
}
