import type { Commit } from './log.ts';

/** Somebody who stands by a commit, as far as Git knows. What was clicked in a forge and not written down is not known. */
export interface Approval {
  readonly kind: 'approved' | 'reviewed' | 'signed-off' | 'merged';
  /** As written in the trailer: `Ada Example <ada@example.com>`; of a merge, its author. */
  readonly who: string;
  /** The commit that says so: the commit itself, or the merge that brought it in. */
  readonly sha: string;
}

const KINDS: Readonly<Record<string, Approval['kind']>> = {
  'approved-by': 'approved',
  'reviewed-by': 'reviewed',
  'signed-off-by': 'signed-off',
};

/**
 * Who stands by a commit: its trailers, and those and the author of the merge that brought it in. Merges are only there
 * when the log was asked for them: `log({ merges: true })`.
 */
export function approvals({ mergedBy, ...commit }: Commit): readonly Approval[] {
  const written = [commit, ...(mergedBy ? [mergedBy] : [])].flatMap(({ sha, trailers }) =>
    trailers.flatMap(([key, who]) => {
      const kind = KINDS[key.toLowerCase()];
      return kind === undefined ? [] : [{ kind, who, sha }];
    }),
  );
  if (!mergedBy) return written;
  return [...written, { kind: 'merged', who: `${mergedBy.author.name} <${mergedBy.author.email}>`, sha: mergedBy.sha }];
}
