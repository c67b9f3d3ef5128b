import { answered, refused, type Answer } from '../core/answer.ts';
import { editYaml } from '../core/edit-yaml.ts';
import type { Finding, Where } from '../core/finding.ts';
import { clusterHost, didYouMean } from '../core/names.ts';
import type { KubeObject } from '../core/object.ts';
import { emitYaml } from '../core/yaml.ts';
import { isLockOf } from '../release/from-sources.ts';
import { modelName } from '../release/record.ts';
import { servingOfState } from '../release/resolve.ts';
import { releaseFinding } from '../release/rules.ts';
import { releaseState, runningReleases, type ReleaseState } from '../release/state.ts';
import { transition, type Move, type MoveOptions } from '../release/transition.ts';
import { renderRunbook, RUNBOOK_FILE } from '../render/runbook.ts';
import type { Target } from '../render/target.ts';
import { sourceParts } from '../service/parts.ts';
import { policyOf, type ReleasePolicy } from '../service/release-policy.ts';
import type { FileChange } from '../tree/journal.ts';
import { manifestsFolder, nameManifests, unitFolder } from '../tree/layout.ts';
import { formatOwnership, ownershipOf } from '../tree/ownership.ts';
import { INDEX_FILE, inTree } from '../tree/paths.ts';
import { namespaceIn, situationOf, type Checkout, type CheckoutUnit } from './checkout.ts';
import { checkIntent, renderTarget } from './render-target.ts';
import { appFinding } from './rules.ts';

/** A move that is asked for. */
export interface MoveRequest extends MoveOptions {
  readonly service: string;
  readonly environment: string;
  readonly move: Move;
}

/** A move that is possible: the state before and after it, and the files that it changes. */
export interface PlannedMove {
  readonly team: string;
  readonly policy: ReleasePolicy;
  readonly before: ReleaseState;
  readonly after: ReleaseState;
  readonly changes: readonly FileChange[];
}

/** The order of fields in a state file. */
const STATE_FIELDS = Object.keys(releaseState.shape);

/**
 * What a move changes, in the release store and in the tree: the state, and whatever is rendered otherwise because of it.
 * Only reads. Files that the move does not touch are not looked at, so that a rollback at night does not stumble over
 * what somebody else left behind.
 *
 * @example (await planMove(checkout, { service: 'fraud-detector', environment: 'prod-eu', move: { action: 'rollback' } })).value?.changes
 */
export async function planMove(checkout: Checkout, request: MoveRequest): Promise<Answer<PlannedMove>> {
  const { service, environment, move } = request;
  const situation = situationOf(checkout, service, environment);
  if (!situation.value) return situation;
  const { units, team, policy, state: before, file } = situation.value;
  const unknown = unknownRelease(checkout, before, request, file);
  if (unknown) return refused(unknown);
  const { state: after, problem } = transition(before, move, policy, request);
  if (problem)
    return refused(
      releaseFinding('release/illegal-move', { service, environment, file }, problem.message, problem.fix),
    );
  const [unit] = units;
  const unheard = unit && before.stable !== after.stable ? unheardBySources(checkout, unit, after.stable, file) : [];
  if (unheard.length > 0) return refused(...unheard);
  const rendered = await changedFiles(checkout, units, before, after, file);
  if (!rendered.value) return rendered;
  if (move.action === 'rollback' && unit?.env.rollout === 'replace' && rendered.value.length === 0)
    return refused(changesNothing(request, after.stable));
  const text = checkout.files.read(file);
  const state: FileChange = { path: file, before: text, after: formatState(text, after) };
  return answered({ team, policy, before, after, changes: [state, ...rendered.value] }, ...rendered.findings);
}

/** A release that somebody names, and that has no record. One that the state names as well lost its record, which synth and the rest say. */
function unknownRelease(
  { store }: Checkout,
  state: ReleaseState,
  { service, environment, move }: MoveRequest,
  file: string,
): Finding | undefined {
  const named = 'release' in move ? move.release : 'to' in move ? move.to : undefined;
  if (
    named === undefined ||
    runningReleases(state).includes(named) ||
    Object.hasOwn(state.holds ?? {}, named) ||
    store.record(service, named)
  )
    return undefined;
  const known = store.releases(service);
  const near = didYouMean(named, known);
  const fix = near
    ? `did you mean ${near}?`
    : known.length > 0
      ? `name one of ${known.join(', ')}`
      : `npx ai-service release ${service} --env ${environment}`;
  return releaseFinding(
    'release/unknown-release',
    { service, environment, file },
    `there is no record of release ${named}`,
    fix,
  );
}

/** Models of a release that would not run where the sources are followed: those that they name by another place, or in another registry. */
function unheardBySources(
  { store }: Checkout,
  { service, environment, env, spec }: CheckoutUnit,
  release: string,
  file: string,
): Finding[] {
  const record = env.rollout === 'replace' ? store.record(service, release)?.value : undefined;
  if (!record) return [];
  return sourceParts(spec).flatMap((source) => {
    const wanted = source.kind === 'server' ? source.content.model : undefined;
    const recorded = record.parts[source.part]?.model;
    if (!wanted || (recorded && isLockOf(wanted, recorded))) return [];
    const message = `${environment} replaces in place and follows the sources, and what they name for ${source.part} is not what ${release} has, ${recorded ? modelName(recorded) : 'no model'}`;
    return [releaseFinding('release/request', { service, environment, file }, message, FOLLOW)];
  });
}

function changesNothing({ service, environment }: MoveRequest, release: string): Finding {
  const message = `${environment} replaces in place and follows the sources: going back to ${release} would change nothing there`;
  return releaseFinding('release/request', { service, environment }, message, FOLLOW);
}

/** What to do where the sources are followed. */
const FOLLOW = 'change it in the sources, and run npx ai-service synth';

/** The state as a file; comments and layout of the one before stay. */
export function formatState(text: string | undefined, state: ReleaseState): string {
  const { weight, phase, ...rest } = state;
  // What is said by its absence is not written, unless somebody wrote it.
  return editYaml(
    text,
    { ...rest, ...(phase !== 'idle' && { phase }), ...(state.candidate !== undefined && { weight }) },
    STATE_FIELDS,
  );
}

/** Files of the tree that two states render differently. */
async function changedFiles(
  checkout: Checkout,
  units: readonly CheckoutUnit[],
  before: ReleaseState,
  after: ReleaseState,
  file: string,
): Promise<Answer<readonly FileChange[]>> {
  const changes: FileChange[] = [];
  const findings: Finding[] = [];
  for (const unit of units) {
    const old = await renderState(checkout, unit, before, file);
    const now = await renderState(checkout, unit, after, file);
    findings.push(...now.findings, ...(old.value ? [] : old.findings));
    if (!old.value || !now.value) continue;
    const target: Where = { service: unit.service, environment: unit.environment, cluster: unit.clusterName };
    for (const path of new Set([...old.value.keys(), ...now.value.keys()])) {
      const change = { path: inTree(checkout.tree, path), before: old.value.get(path), after: now.value.get(path) };
      if (change.before === change.after) continue;
      changes.push(change);
      const onDisk = checkout.files.read(change.path);
      if (onDisk !== change.before) findings.push(differs(change, onDisk, target));
    }
  }
  if (findings.some(({ severity }) => severity === 'error')) return refused(...findings);
  return answered([...changes, ...indexChange(checkout, changes)], ...findings);
}

/** A unit under a state, ready to be rendered. */
export function targetOf(checkout: Checkout, unit: CheckoutUnit, state: ReleaseState, file: string): Answer<Target> {
  const { service, environment, clusterName, namespace, annotations, spec, overrides, env, cluster } = unit;
  const { strategy, mechanism } = policyOf(spec, env.rollout);
  const input = {
    service,
    environment,
    merged: spec,
    overrides,
    rollout: env.rollout,
    strategy,
    mechanism,
    store: checkout.store,
  };
  const { serving, findings } = servingOfState(input, state, file);
  if (!serving) return refused(...findings);
  const serviceUrl = (name: string): string | undefined => {
    const other = namespaceIn(checkout, name, environment);
    return other === undefined ? undefined : `http://${clusterHost(name, other)}`;
  };
  return answered({
    service,
    spec,
    serving,
    environment,
    env,
    clusterName,
    cluster,
    namespace,
    annotations,
    serviceUrl,
  });
}

/** What a unit is under a state, as text by path. */
async function renderState(
  checkout: Checkout,
  unit: CheckoutUnit,
  state: ReleaseState,
  file: string,
): Promise<Answer<ReadonlyMap<string, string>>> {
  const { service, environment, clusterName, env, references, patches, team } = unit;
  const { value: target, findings } = targetOf(checkout, unit, state, file);
  if (!target) return refused(...findings);
  const wrong = checkIntent(target, references).filter(({ severity }) => severity === 'error');
  if (wrong.length > 0) return refused(...wrong);
  let objects: readonly KubeObject[] = renderTarget(target, references);
  if (patches.length > 0) {
    // Patches need cdk8s, which takes longer to load than all the rest.
    const { applyPatches } = await import('./patch.ts');
    const patched = applyPatches(objects, patches, {
      environment,
      stage: env.stage,
      where: { service, environment, cluster: clusterName },
    });
    if (patched.findings.length > 0) return refused(...patched.findings);
    ({ objects } = patched);
  }
  const place = { environment, cluster: clusterName, team, service };
  const { files } = nameManifests(manifestsFolder(place), objects);
  const texts = new Map([...files].map(([path, object]) => [path, emitYaml(object)]));
  const runbook = renderRunbook(target, objects);
  if (runbook !== undefined) texts.set(`${unitFolder(place)}/${RUNBOOK_FILE}`, runbook);
  return answered(texts);
}

/** The ownership index, when files come or go. */
function indexChange({ files, tree }: Checkout, changes: readonly FileChange[]): FileChange[] {
  // It is long where there are many services, and most moves change files that are there.
  if (changes.every(({ before, after }) => before !== undefined && after !== undefined)) return [];
  const path = inTree(tree, INDEX_FILE);
  const before = files.read(path);
  if (before === undefined) return [];
  const owned = new Set(ownershipOf(before));
  for (const change of changes) {
    const path = tree === '.' ? change.path : change.path.slice(tree.length + 1);
    if (change.after === undefined) owned.delete(path);
    else owned.add(path);
  }
  const after = formatOwnership(owned);
  return after === before ? [] : [{ path, before, after }];
}

function differs({ path: file, before }: FileChange, onDisk: string | undefined, where: Where): Finding {
  const differing = (message: string, fix: string): Finding =>
    appFinding('checkout/differs', { ...where, file }, message, fix);
  const again =
    'run npx ai-service synth where the sources are, and look at what changes; or restore the file from Git';
  if (onDisk === undefined) return differing('the file is not there, though the state has it rendered', again);
  if (onDisk.replaceAll('\r\n', '\n') === before) {
    return differing(
      'the lines of the file end in CR LF: git changed them when it checked the file out',
      'put "* -text" into .gitattributes of the repository, and check the tree out again',
    );
  }
  return differing('the file is not what the state renders: it was edited, or another version wrote it', again);
}
