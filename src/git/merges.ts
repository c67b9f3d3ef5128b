import { answered, refused, type Answer } from '../core/answer.ts';
import type { Place } from './paths.ts';
import { failed, runGit } from './run.ts';

/**
 * The merge that brought each commit to the first-parent line of `head`, by commit. A commit on that line was brought
 * by none and is left out.
 */
export async function findMerges(
  place: Place,
  head: string,
  shas: readonly string[],
): Promise<Answer<ReadonlyMap<string, string>>> {
  const merges = new Map<string, string>();
  if (shas.length === 0) return answered(merges);
  const ran = await runGit(place.folder, ['--no-replace-objects', 'rev-list', '--parents', head]);
  if (ran.code !== 0) return refused(failed('read the merges of the history', ran));
  const parents = new Map<string, readonly string[]>();
  for (const line of ran.stdout.toString().split('\n')) {
    const [sha = '', ...before] = line.split(' ');
    if (sha !== '') parents.set(sha, before);
  }

  const line: string[] = [];
  for (let sha: string | undefined = head; sha !== undefined; sha = parents.get(sha)?.[0]) line.push(sha);
  const wanted = new Set(shas);
  const seen = new Set(line);
  // From the oldest merge on: what an older one brought is there already.
  for (const merge of line.reverse()) {
    const next = (parents.get(merge) ?? []).slice(1);
    for (let sha = next.pop(); sha !== undefined; sha = next.pop()) {
      if (seen.has(sha)) continue;
      seen.add(sha);
      if (wanted.has(sha)) merges.set(sha, merge);
      next.push(...(parents.get(sha) ?? []));
    }
  }
  return answered(merges);
}
