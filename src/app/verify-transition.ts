import { answered, refused, type Answer } from '../core/answer.ts';
import { overlaid, type Files } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import { expectedResults } from '../gate/expected.ts';
import type { Change } from '../git/changes.ts';
import type { Repository } from '../git/repository.ts';
import { movesBetween, type FoundMove } from '../release/find-move.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, placeOfState, recordFile, stateFile, type StatePlace } from '../release/store.ts';
import { legalMoves, transition, type MoveOptions } from '../release/transition.ts';
import { policyOf, type ReleasePolicy } from '../service/release-policy.ts';
import { unitFolder } from '../tree/layout.ts';
import { INDEX_FILE, inTree } from '../tree/paths.ts';
import {
  environmentsOf,
  openCheckout,
  placesOf,
  unitsOf,
  type Checkout,
  type CheckoutFolders,
  type CheckoutUnit,
} from './checkout.ts';
import { commitFiles, memoryFiles } from './commit-files.ts';
import { gateCase, resultName } from './gate.ts';
import { planMove, type PlannedMove } from './move.ts';
import { appFinding } from './rules.ts';
import { subjectOf, weightsOf } from './words.ts';

/** Two commits that a transition shall lie between. */
export interface TransitionQuery extends CheckoutFolders {
  /** The branch that it goes to. */
  readonly base: string;
  /** The branch that brings it. */
  readonly head: string;
  /** Takes a move that needed --force: one that a person has looked at. Default: false. */
  readonly allowForced?: boolean;
}

/** A transition that may merge by itself. */
export interface VerifiedTransition extends StatePlace {
  readonly move: FoundMove['move'];
  /** One sentence: `fraud-detector prod-eu: v47 gets 25 % (was 10 %)`. */
  readonly sentence: string;
  /** `Gate:` trailers that allowed it; empty where a move needs none. */
  readonly gates: readonly string[];
  /** Why it was forced, when it was. */
  readonly forced?: string;
}

/**
 * Whether what a branch brings is one legal move of one service in one environment and nothing else, with its evidence. It
 * reads two commits, and runs nothing of what they hold: the move is made again on the files of the base, and must give
 * the files of the head.
 *
 * What a person must look at is refused: first releases, moves past steps or past a changed policy, changed sources. Of these a
 * move that needed --force, and has a reason, is taken with `allowForced`; everything else is asked of it all the same, but for
 * the evidence of the gates that it leaves out.
 */
export async function verifyTransition(
  repository: Repository,
  query: TransitionQuery,
): Promise<Answer<VerifiedTransition>> {
  const { tree, releases } = query;
  const [base, head] = await Promise.all([
    repository.mergeBase(query.base, query.head),
    repository.resolve(query.head),
  ]);
  if (base.value === undefined || head.value === undefined) return refused(...base.findings, ...head.findings);
  const [changes, meanwhile] = await Promise.all([
    repository.changedFiles(base.value, head.value),
    repository.changedFiles(base.value, query.base),
  ]);
  if (!changes.value || !meanwhile.value) return refused(...changes.findings, ...meanwhile.findings);

  const states = changes.value.filter(({ path }) => placeOfState(releases, path));
  const [state] = states;
  if (changes.value.length === 0) {
    const message = `${JSON.stringify(query.head)} brings nothing that ${JSON.stringify(query.base)} does not have`;
    const fix = 'name the branch that it goes to with --base, and the one that brings it with --head';
    return refused(appFinding('transition/one-state', {}, message, fix));
  }
  if (!state || states.length > 1) return refused(notOneState(states, releases));
  const place = placeOfState(releases, state.path)!;
  const where: Where = { service: place.service, environment: place.environment };
  if (state.status !== 'changed' || state.kind !== 'file') {
    const message =
      state.status === 'added'
        ? 'the service had no state here before: nothing says what served'
        : 'the state is no file any more';
    return refused(
      appFinding('transition/illegal', { ...where, file: state.path }, message, 'let a person look at it, and merge'),
    );
  }

  const [files, texts] = await Promise.all([
    baseFiles(repository, base.value, query, place),
    repository.readFiles(
      head.value,
      changes.value.map(({ path }) => path),
    ),
  ]);
  if (!files.value || !texts.value) return refused(...files.findings, ...texts.findings);
  const headStore = openStore(memoryFiles(new Map([[state.path, texts.value.get(state.path) ?? '']])), releases);
  const after = headStore.state(place.environment, place.team, place.service);
  if (!after?.value) return refused(...(after?.findings ?? []));

  const strangers = foreignFiles(openCheckout(files.value, query), place, after.value, changes.value, meanwhile.value);
  if (strangers.length > 0) return refused(...strangers);
  // The record that the move releases is the one thing that the base may lack.
  const added = changes.value
    .filter(({ path }) => path.startsWith(`${releases}/${place.service}/`))
    .map(({ path }) => path);
  const checkout = openCheckout(
    overlaid(files.value, new Map(added.map((path) => [path, texts.value.get(path) ?? '']))),
    { tree, releases },
  );
  const made = await makeAgain(checkout, place, after.value, state.path);
  if (!made.value) return made;
  const { found, planned } = made.value;
  const needs = made.value.needs ?? promotionNeeds(checkout, place, found);
  const forced = needs?.words === '--force' && query.allowForced ? givenReason(found) : undefined;

  const at: Where = { ...where, file: state.path };
  const wrong = [
    ...(needs && forced === undefined ? [unspoken(needs, found, at)] : []),
    ...personsOnly(planned, made.value.needs, found, at),
    ...treeProblems(
      { base: files.value, changes: changes.value, head: texts.value, planned, state: state.path, added },
      where,
    ),
  ];
  // Whoever leaves steps out leaves their gates out as well.
  const gates = needs
    ? answered([])
    : await evidence(
        repository,
        { base: base.value, head: head.value, file: state.path },
        checkout,
        place,
        found,
        after.value,
      );
  if (wrong.length > 0 || gates.value === undefined) return refused(...wrong, ...gates.findings);
  const sentence = subjectOf({
    ...where,
    service: place.service,
    environment: place.environment,
    action: found.move.action,
    planned,
  });
  return answered(
    { ...place, move: found.move, sentence, gates: gates.value, ...(forced !== undefined && { forced }) },
    ...made.findings,
  );
}

function notOneState(states: readonly Change[], releases: string): Finding {
  if (states.length === 0) {
    const message = `no state in ${releases} changed: this is no transition`;
    return appFinding('transition/one-state', {}, message, 'let a person look at it, and merge');
  }
  const message = `the states of ${states.length} services or environments changed: ${states.map(({ path }) => path).join(', ')}`;
  return appFinding('transition/one-state', {}, message, 'make a branch for each of them');
}

/** What a move reads, as it is in a commit. */
function baseFiles(
  repository: Repository,
  base: string,
  { tree, releases }: CheckoutFolders,
  { service, team }: StatePlace,
): Promise<Answer<Files>> {
  const isWanted = (path: string): boolean => {
    if (path === inTree(tree, INDEX_FILE) || path.startsWith(`${releases}/${service}/`)) return true;
    if (placeOfState(releases, path)?.service === service) return true;
    // Of other services it is where they are; of this one everything.
    if (!path.startsWith(inTree(tree, 'envs/'))) return false;
    return path.endsWith('/argocd-app.json') || path.endsWith('/cluster.yaml') || path.includes(`/${team}/${service}/`);
  };
  return commitFiles(repository, base, [tree, releases], isWanted);
}

/** Files that a transition must not touch, and files that it is about and that somebody else touched meanwhile. */
function foreignFiles(
  checkout: Checkout,
  place: StatePlace,
  after: ReleaseState,
  changes: readonly Change[],
  meanwhile: readonly Change[],
): Finding[] {
  const { tree, releases } = checkout;
  const { service, environment, team } = place;
  const where: Where = { service, environment };
  const own = stateFile(releases, environment, team, service);
  const clusters = placesOf(checkout, service, environment).map(({ clusterName }) => clusterName);
  const units = clusters.map((cluster) => inTree(tree, `${unitFolder({ environment, cluster, team, service })}/`));
  const released = [after.candidate, after.stable].map((release) => release && recordFile(releases, service, release));
  const findings = changes.flatMap(({ path, status, kind }) => {
    const at = { ...where, file: path };
    if (kind !== 'file') {
      return [
        appFinding(
          'transition/foreign-file',
          at,
          `it is a ${kind}, and a transition changes files`,
          'take it out of the branch',
        ),
      ];
    }
    if (path === own || path === inTree(tree, INDEX_FILE) || units.some((folder) => path.startsWith(folder))) return [];
    if (path.startsWith(`${releases}/${service}/`)) {
      if (status !== 'added') {
        const fix = 'restore it from Git, and make a new release for a change';
        return [appFinding('transition/record', at, `the record is ${status}, and records are written once`, fix)];
      }
      if (released.includes(path)) return [];
      return [
        appFinding(
          'transition/record',
          at,
          'the record is not that of the release which the state names',
          'take it out of the branch',
        ),
      ];
    }
    const message = `it is ${status}, and is not a file of ${service} in ${environment}`;
    return [appFinding('transition/foreign-file', at, message, 'take it out of the branch, or let a person merge it')];
  });
  const clusterFiles = clusters.map((cluster) => inTree(tree, `envs/${environment}/${cluster}/cluster.yaml`));
  const concerned = [own, ...units, `${releases}/${service}/`, ...clusterFiles];
  const moved = meanwhile.filter(({ path }) =>
    concerned.some((each) => (each.endsWith('/') ? path.startsWith(each) : path === each)),
  );
  const behind = moved.slice(0, 1).map(({ path }) => {
    const message = 'the branch that it goes to has changed this file since';
    return appFinding('transition/behind', { ...where, file: path }, message, 'make the move again on that branch');
  });
  return [...findings, ...behind];
}

/** What a move needs of the person who asks for it. */
interface Needs {
  readonly words: '--force' | '--accept-policy' | '--force and --accept-policy';
  /** Why it is refused without. */
  readonly because: string;
  /** What is better than that. */
  readonly instead?: string;
}

interface Made {
  readonly found: FoundMove;
  /** Missing for a move that everybody may make. */
  readonly needs?: Needs | undefined;
  readonly planned: PlannedMove;
}

/** Finds the move by its result, and makes it again on the base. */
async function makeAgain(
  checkout: Checkout,
  place: StatePlace,
  after: ReleaseState,
  file: string,
): Promise<Answer<Made>> {
  const { service, environment, team } = place;
  const where: Where = { service, environment, file };
  const units = unitsOf(checkout, service, environment);
  if (!units.value) return units;
  const before = checkout.store.state(environment, team, service);
  if (!before?.value) return refused(...(before?.findings ?? []));
  const [first] = units.value;
  const wanted = first && findMove(before.value, after, policyOf(first.spec, first.env.rollout));
  if (!wanted) {
    const fix = 'make the move with its command; an edit by hand is for a person to merge';
    const message = `no legal move leads to this state; legal are ${legalMoves(before.value).join(', ')}`;
    return refused(appFinding('transition/illegal', where, message, fix));
  }
  const { found, word, needs } = wanted;
  const { paused } = before.value;
  if (paused !== undefined && !SAFE.includes(found.move.action)) {
    const fix = 'let a person merge it, or run ai-service unpause first';
    return refused(appFinding('transition/illegal', where, `automation is paused here: ${paused}`, fix));
  }
  const planned = await planMove(checkout, {
    service,
    environment,
    move: found.move,
    ...(found.reason !== undefined && { reason: found.reason }),
    ...word,
  });
  return planned.value ? answered({ found, needs, planned: planned.value }, ...planned.findings) : planned;
}

interface WantedMove {
  readonly found: FoundMove;
  readonly word: Pick<MoveOptions, 'force' | 'acceptPolicy'>;
  readonly needs?: Needs;
}

/** What may have to be said for a move, the least of it first. */
const WORDS: readonly (readonly [WantedMove['word'], Needs['words']])[] = [
  [{ force: true }, '--force'],
  [{ acceptPolicy: true }, '--accept-policy'],
  [{ force: true, acceptPolicy: true }, '--force and --accept-policy'],
];

/** The move that leads from one state to the other one, if need be with the word of a person. */
function findMove(before: ReleaseState, after: ReleaseState, policy: ReleasePolicy): WantedMove | undefined {
  const moves = movesBetween(before, after, policy);
  // Where two moves have one result, the one that needs evidence counts.
  const free = moves.find(({ move }) => needsEvidence(move.action)) ?? moves[0];
  if (free) return { found: free, word: {} };
  for (const [word, words] of WORDS) {
    const [found] = movesBetween(before, after, policy, word);
    if (!found) continue;
    const { move, reason } = found;
    const { problem } = transition(before, move, policy, reason === undefined ? {} : { reason });
    return { found, word, needs: { words, because: problem?.message ?? 'it is refused else' } };
  }
  return undefined;
}

/** The reason of a move, if it says anything. */
function givenReason({ reason = '' }: FoundMove): string | undefined {
  return reason.trim() === '' ? undefined : reason;
}

/** That a move needs a word which nobody can have heard. */
function unspoken({ words, because, instead }: Needs, found: FoundMove, where: Where): Finding {
  const { action } = found.move;
  const better = instead === undefined ? '' : `${instead}; or `;
  if (words !== '--force') {
    const fix = `${better}let a person read the new policy, and merge`;
    return appFinding('transition/illegal', where, `${action} needs ${words} here: ${because}`, fix);
  }
  if (givenReason(found) === undefined) {
    const message = `${action} needs --force and a --reason here, and the state has no reason: ${because}`;
    return appFinding('transition/illegal', where, message, `${better}make the move with its command, and both`);
  }
  const fix = `${better}let a person look at it, and merge; where one has, say --allow-forced`;
  return appFinding('transition/illegal', where, `${action} needs --force here: ${because}`, fix);
}

/** Moves that may merge by themselves though automation is paused: none of them gives traffic to anything new, or removes it. */
const SAFE: readonly FoundMove['move']['action'][] = ['abort', 'rollback', 'hold', 'pause'];

/** Moves by which somebody takes back what automation must heed, or goes back further than to the release before. */
function personsOnly(
  { before, after }: PlannedMove,
  needs: Needs | undefined,
  { move: { action } }: FoundMove,
  where: Where,
): Finding[] {
  const problem = (message: string): Finding[] => [
    appFinding('transition/illegal', where, message, 'let a person look at it, and merge'),
  ];
  if (action === 'resume') return problem('a hold is released, which automation must not do');
  // What is forced has been said, and is the person's to decide.
  if (action !== 'rollback' || needs) return [];
  const target = after.returning ? after.candidate : after.stable;
  if (target === before.stable || target === before.previous) return [];
  return problem(`it goes back to ${target ?? ''}, and not to the release before`);
}

function needsEvidence(action: FoundMove['move']['action']): action is 'advance' | 'finish' {
  return action === 'advance' || action === 'finish';
}

/**
 * A release enters at the first stage where the service is released, or where the environment says so, and has served before it
 * comes to a later one.
 */
function promotionNeeds(
  checkout: Checkout,
  { service, environment, team }: StatePlace,
  { move }: FoundMove,
): Needs | undefined {
  if (move.action !== 'release') return undefined;
  const unitIn = (name: string): CheckoutUnit | undefined => unitsOf(checkout, service, name).value?.[0];
  const here = unitIn(environment);
  if (here?.env.entry) return undefined;
  const earlier = environmentsOf(checkout).flatMap((name) => {
    const unit = name === environment || placesOf(checkout, service, name).length === 0 ? undefined : unitIn(name);
    if (!here || !unit || unit.env.rollout === 'replace') return [];
    return here.stages.indexOf(unit.env.stage) < here.stages.indexOf(here.env.stage) ? [name] : [];
  });
  const served = earlier.filter((name) => {
    const state = checkout.store.state(name, team, service)?.value;
    return state?.stable === move.release || state?.previous === move.release;
  });
  if (earlier.length === 0 || served.length > 0) return undefined;
  const because = `${move.release} has not served in an earlier stage: ${earlier.join(', ')}`;
  return { words: '--force', because, instead: 'finish it there first' };
}

interface Compared {
  readonly base: Files;
  readonly changes: readonly Change[];
  /** Texts of the changed files. */
  readonly head: ReadonlyMap<string, string>;
  readonly planned: PlannedMove;
  /** Path of the state. */
  readonly state: string;
  /** Records that are new. */
  readonly added: readonly string[];
}

/** Every file that changed, or should have, and is not what the move renders. */
function treeProblems({ base, changes, head, planned, state, added }: Compared, where: Where): Finding[] {
  const expected = new Map(planned.changes.map(({ path, after }) => [path, after]));
  const changed = new Map(changes.map(({ path, status }) => [path, status === 'removed' ? undefined : head.get(path)]));
  return [...new Set([...expected.keys(), ...changed.keys()])].sort().flatMap((path) => {
    // Comments of the state are free; what it says was compared already. A new record must only be a true one.
    if (path === state || added.includes(path)) return [];
    const wanted = expected.has(path) ? expected.get(path) : base.read(path);
    const is = changed.has(path) ? changed.get(path) : base.read(path);
    const untouched = !expected.has(path);
    if (is === wanted && !untouched) return [];
    const expectation =
      wanted === undefined ? 'the file is there, and the move removes it' : 'the file is not what the move renders';
    const message = untouched ? 'the file changed, and the move does not change it' : expectation;
    const fix = 'make the move again with its command, with the version of ai-service that the base was made with';
    return [appFinding('transition/tree', { ...where, file: path }, message, fix)];
  });
}

interface Span {
  readonly base: string;
  readonly head: string;
  readonly file: string;
}

/** The `Gate:` trailers of the commit that made the move, if it says so, and they are all there and all pass. */
async function evidence(
  repository: Repository,
  { base, head, file }: Span,
  checkout: Checkout,
  { service, environment }: StatePlace,
  { move }: FoundMove,
  after: ReleaseState,
): Promise<Answer<readonly string[]>> {
  if (!needsEvidence(move.action)) return answered([]);
  const [brought, before] = await Promise.all([
    repository.log({ ref: head, paths: [file] }),
    repository.log({ ref: base, paths: [file] }),
  ]);
  if (!brought.value || !before.value) return refused(...brought.findings, ...before.findings);
  const old = new Set(before.value.map(({ sha }) => sha));
  const commit = brought.value.find(({ sha, parents }) => !old.has(sha) && parents.length < 2);
  const values = (key: string): string[] =>
    (commit?.trailers ?? []).filter(([name]) => name.toLowerCase() === key).map(([, value]) => value);
  const fix = `let ai-service gate ${service} --env ${environment} --advance --commit make the move`;
  const problem = (message: string): Answer<never> =>
    refused(appFinding('transition/evidence', { service, environment, file }, message, fix));

  const { value: question, findings } = gateCase(checkout, service, environment, undefined);
  if (!question?.question) return refused(...findings);
  const release = after.candidate ?? after.stable;
  if (
    values('service')[0] !== service ||
    values('environment')[0] !== environment ||
    values('release')[0] !== release
  ) {
    return problem(
      `commit ${commit?.sha.slice(0, 12) ?? 'of the move'} does not say that it is about ${release} of ${service} in ${environment}`,
    );
  }
  if (values('action')[0] !== move.action || values('weights')[0] !== weightsOf(after)) {
    return problem(
      `commit ${commit?.sha.slice(0, 12) ?? 'of the move'} is about another move than ${move.action} to ${weightsOf(after)}`,
    );
  }
  const gates = values('gate');
  const verdicts = gates.map((text) => /^(\S+?)=(\w+)(?: |$)/.exec(text)?.slice(1) ?? [text, 'unreadable']);
  const failed = verdicts
    .filter(([, verdict]) => verdict !== 'pass')
    .map(([name = '', verdict = '']) => `${name} is ${verdict}`);
  const passed = new Set(verdicts.filter(([, verdict]) => verdict === 'pass').map(([name]) => name));
  const missing = expectedResults(question.question)
    .map(resultName)
    .filter((name) => !passed.has(name))
    .map((name) => `${name} is missing`);
  const said = [
    ...failed,
    ...missing.filter((text) => !failed.some((other) => other.startsWith(text.replace(/missing$/, '')))),
  ];
  return said.length > 0
    ? problem(`commit ${commit?.sha.slice(0, 12) ?? ''} lacks evidence: ${said.join(', ')}`)
    : answered(gates);
}
