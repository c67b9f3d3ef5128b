import { answered, refused, type Answer } from '../core/answer.ts';
import type { Place } from './paths.ts';
import { gitFinding } from './rules.ts';
import { failed, runGit } from './run.ts';

/** See `Repository.resolve`. */
export async function resolveRef(place: Place, ref: string): Promise<Answer<string>> {
  // A colon would name a file or search for a message, two dots a range, white space nothing that git allows in a name.
  if (ref === '' || ref.startsWith('-') || /[\0-\x20\x7f:]|\.\./.test(ref)) {
    const fix = 'write the name of a branch or tag, or the sha of a commit';
    return refused(gitFinding('git/ref', {}, `${JSON.stringify(ref)} is no name of a commit`, fix));
  }
  const ran = await runGit(place.folder, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (ran.code === 0) return answered(ran.stdout.toString().trim());
  const message = `there is no commit ${JSON.stringify(ref)} in this repository`;
  const fix = place.shallow
    ? 'the clone is shallow: fetch the rest, git fetch --unshallow (in CI: fetch-depth 0, GIT_DEPTH 0)'
    : 'fetch it, or write a ref that git rev-parse knows';
  return refused(gitFinding('git/ref', {}, message, fix));
}

/** See `Repository.mergeBase`. */
export async function mergeBase(place: Place, a: string, b: string): Promise<Answer<string>> {
  const [one, other] = await Promise.all([resolveRef(place, a), resolveRef(place, b)]);
  if (one.value === undefined || other.value === undefined) return refused(...one.findings, ...other.findings);
  const ran = await runGit(place.folder, ['merge-base', one.value, other.value]);
  if (ran.code === 0) return answered(ran.stdout.toString().trim());
  if (ran.code !== 1) return refused(failed(`compare ${a} with ${b}`, ran));
  const here = place.shallow ? ' in this shallow clone' : '';
  const message = `${JSON.stringify(a)} and ${JSON.stringify(b)} have no common ancestor${here}`;
  const fix = place.shallow
    ? 'fetch the rest of the history: git fetch --unshallow (in CI: fetch-depth 0, GIT_DEPTH 0)'
    : 'name two branches of the same history';
  return refused(gitFinding('git/no-merge-base', {}, message, fix));
}
