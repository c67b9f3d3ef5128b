import { sha256 } from '../../core/digest.ts';
import type { NoReply, Reply } from './http.ts';

/** The digest of what is behind a URI, or why it could not be read and what would help. */
export type Digest = { readonly digest: string } | Unread;

/** Why bytes could not be read. */
export interface Unread {
  readonly digest: undefined;
  readonly reason: string;
  readonly fix: string;
  /** What is known all the same. */
  readonly known?: Known;
}

/**
 * What is known of bytes that have no digest. `missing`: the storage was asked, and has nothing there; `there`: it has them, and
 * says nothing that would tell them from others; `out-of-reach`: nothing can be asked, with whatever rights.
 */
type Known = 'missing' | 'there' | 'out-of-reach';

/** No digest, why, and what would help. */
export function unread(reason: string, fix: string, known?: Known): Unread {
  return { digest: undefined, reason, fix, ...(known && { known }) };
}

/** The storage was asked, and has nothing there. */
export const NOTHING: Unread = unread(
  'the storage has nothing there',
  'restore what was deleted, or release another version',
  'missing',
);

/** No digest, since the storage refused or was not there. */
export function unreadReply(reply: Reply | NoReply, credentials: string): Unread {
  if (reply.status === undefined)
    return unread(`the storage gives no answer: ${reply.reason}`, 'check the network, and run the command again');
  if (reply.status === 404) return NOTHING;
  const refused = reply.status === 401 || reply.status === 403;
  return unread(
    `the storage answers ${reply.status}`,
    refused ? credentials : 'check the address, and run the command again',
  );
}

/** One object below a place: its name from there on, its size, and what tells its content. */
export type Entry = readonly [name: string, size: string, tag: string];

/** `<algorithm>:` and the digest over all objects below a place, whatever order they were listed in. */
export function treeDigest(algorithm: string, entries: readonly Entry[]): Digest {
  if (entries.length === 0) return NOTHING;
  const lines = entries.map((entry) => entry.join('\t')).sort();
  return { digest: `${algorithm}:${sha256(lines.join('\n'))}` };
}
