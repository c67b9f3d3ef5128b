import { answered, refused, type Answer } from '../core/answer.ts';
import { readObjects } from './files.ts';
import type { Place } from './paths.ts';
import { failed, piecesOf, runGit } from './run.ts';

/** What git knows about the signature of a commit. */
export interface Signature {
  /**
   * `good`; `untrusted`: right, by a key of unknown validity; `expired`, `expired-key`, `revoked-key`: right, but;
   * `bad`; `unverifiable`: signed, but git lacks the key or the list of allowed signers; `none`.
   */
  readonly status: 'good' | 'untrusted' | 'expired' | 'expired-key' | 'revoked-key' | 'bad' | 'unverifiable' | 'none';
  /** Who signed, where git knows. */
  readonly signer?: string;
}

/** The letters of `%G?`. */
const STATUS: Readonly<Record<string, Signature['status']>> = {
  G: 'good',
  U: 'untrusted',
  X: 'expired',
  Y: 'expired-key',
  R: 'revoked-key',
  B: 'bad',
  E: 'unverifiable',
  N: 'none',
};

/** Verifies the signatures of commits. */
export async function findSignatures(
  place: Place,
  shas: readonly string[],
): Promise<Answer<ReadonlyMap<string, Signature>>> {
  const signatures = new Map<string, Signature>();
  if (shas.length === 0) return answered(signatures);
  const args = ['log', '-z', '--no-walk', '--stdin', '--no-show-signature', '--format=tformat:%H%x00%G?%x00%GS'];
  const [ran, commits] = await Promise.all([
    runGit(place.folder, ['--no-replace-objects', ...args], { input: shas.join('\n') }),
    readObjects(place, shas),
  ]);
  if (ran.code !== 0) return refused(failed('verify the signatures of commits', ran));
  if (commits.value === undefined) return commits;
  const pieces = piecesOf(ran.stdout);
  for (let at = 0; at + 2 < pieces.length; at += 3) {
    const [sha = '', letter = '', signer = ''] = pieces.slice(at, at + 3);
    const status = STATUS[letter] ?? 'unverifiable';
    // Git says N also for a signature by ssh when it has no list of allowed signers.
    const unread = status === 'none' && isSigned(commits.value.get(sha) ?? '');
    signatures.set(sha, { status: unread ? 'unverifiable' : status, ...(signer !== '' && { signer }) });
  }
  return answered(signatures);
}

function isSigned(commit: string): boolean {
  const header = commit.slice(0, commit.indexOf('\n\n'));
  return /^gpgsig(-sha256)? /m.test(header);
}
