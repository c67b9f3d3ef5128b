import { answered, refused, type Answer } from '../core/answer.ts';
import type { Files } from '../core/files.ts';
import type { Finding, Where } from '../core/finding.ts';
import type { Repository } from '../git/repository.ts';
import { conflictLine, saferState, sidesOf, type Sides } from '../release/conflict.ts';
import { releaseFinding } from '../release/rules.ts';
import type { ReleaseState } from '../release/state.ts';
import { openStore, placeOfState, stateFile, statesIn } from '../release/store.ts';
import type { FileChange } from '../tree/journal.ts';
import { formatState } from './move.ts';

/** A state that a rule could repair. */
export interface Repair {
  readonly change: FileChange;
  readonly state: ReleaseState;
  /** What was done, in one line. */
  readonly said: string;
}

/** State files with markers of a merge in them. */
export function conflictedStates(files: Files, releases: string): readonly string[] {
  const paths = statesIn(files, releases).map(({ environment, team, service }) =>
    stateFile(releases, environment, team, service),
  );
  return paths.filter((path) => conflictLine(files.read(path) ?? '') !== undefined);
}

/**
 * Repairs a state file in which a merge left its markers: the safer side by rule, with the holds of both. What the rule
 * does not decide is a finding that says both sides.
 *
 * @param repository to read the two sides from, while the merge is under way. Git mixes what does not touch, so that the
 * text between and around the markers may be a state that neither side had; without a merge under way nothing else is there.
 */
export async function repairState(
  files: Files,
  releases: string,
  file: string,
  repository?: Repository,
): Promise<Answer<Repair>> {
  const place = placeOfState(releases, file);
  const cannot = (message: string, fix: string, where: Where = { file }): Answer<Repair> =>
    refused(releaseFinding('release/repair', where, message, fix));
  if (!place) {
    const fix = `name a file as ${releases}/<environment>/<team>/<service>.yaml; of two records with one name, one must get another name`;
    return cannot('it is no state file', fix);
  }
  let text: string | undefined;
  try {
    text = files.read(file);
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message}`;
    return refused(releaseFinding('release/unreadable', { file }, message, 'make it a file that can be read'));
  }
  if (text === undefined) return cannot('there is no such file', 'run it without a name: it finds the files by itself');
  const line = conflictLine(text);
  if (line === undefined) return cannot('there are no markers of a merge in it', 'nothing to do');
  const where: Where = { service: place.service, environment: place.environment, file, line };
  const sides = (repository && (await sidesInGit(repository, file))) ?? sidesOf(text);
  if (!sides) {
    const fix = `restore the file from one of the two branches: git checkout <branch> -- ${file}`;
    return cannot('the markers of the merge do not fit together', fix, where);
  }
  const read = (side: string) => {
    const store = openStore({ ...files, read: (path) => (path === file ? side : files.read(path)) }, releases);
    return store.state(place.environment, place.team, place.service);
  };
  const [ours, theirs] = [read(sides.ours), read(sides.theirs)];
  if (!ours?.value || !theirs?.value) {
    const named = (side: string, findings: readonly Finding[] = []): Finding[] =>
      findings.map((finding) => ({ ...finding, message: `in ${side} of the merge, ${finding.message}` }));
    return refused(...named('our side', ours?.findings), ...named('their side', theirs?.findings));
  }
  const { state, side, problem } = saferState(ours.value, theirs.value);
  if (problem) return cannot(problem.message, problem.fix, where);
  const after = formatState(sides[side], state);
  const candidate =
    state.candidate === undefined
      ? ''
      : `, ${state.candidate} ${state.phase}${state.weight > 0 ? ` ${state.weight} %` : ''}`;
  const said = `${file}: kept ${side === 'ours' ? 'our' : 'their'} side, the safer one: ${state.stable} serves${candidate}`;
  return answered({ change: { path: file, before: text, after }, state, said });
}

/** Which commit is brought in, by what is under way. */
const BROUGHT = ['MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REBASE_HEAD'] as const;

async function sidesInGit(repository: Repository, file: string): Promise<Sides | undefined> {
  for (const ref of BROUGHT) {
    const [ours, theirs] = await Promise.all([repository.readFiles('HEAD', [file]), repository.readFiles(ref, [file])]);
    const [one, other] = [ours.value?.get(file), theirs.value?.get(file)];
    // Markers that were committed long ago are in both.
    const whole = [one, other].every((text) => text !== undefined && conflictLine(text) === undefined);
    if (whole && one !== undefined && other !== undefined) return { ours: one, theirs: other };
  }
  return undefined;
}
