import { sha256 } from '../../core/digest.ts';
import type { RegistryDeps } from './deps.ts';
import { send, type NoReply, type Reply } from './http.ts';

/** The digest of what is behind a URI, or why it could not be read and what would help. */
export type Digest = { readonly digest: string } | Unread;

/** Why bytes could not be read. */
export interface Unread {
  readonly digest: undefined;
  readonly reason: string;
  readonly fix: string;
  /** The storage was asked, and has nothing there. */
  readonly missing?: true;
}

/**
 * Reads what can be known of the bytes behind a storage URI, without downloading them: checksums where the storage has
 * them, else `etag-tree:` over names, sizes and ETags, which notices that objects were written again but proves no content.
 * Never guesses: what cannot be read comes with the reason.
 *
 * | URI | digest |
 * |---|---|
 * | `s3://` directory | `etag-tree:` |
 * | `s3://` object | `sha256:` where S3 has the checksum, else `etag-tree:` |
 * | `gs://` | `md5-tree:`, or `crc32c-tree:` where composite objects are among them |
 * | Azure blobs | `etag-tree:` |
 * | `https://` object | `etag-tree:` |
 * | `hf://` | `content-tree:` |
 * | `oci://` | `sha256:` of the manifest |
 */
export async function readDigest(uri: string, deps: RegistryDeps): Promise<Digest> {
  const [, scheme = '', rest = ''] = /^([a-z0-9+]+):\/\/(.*)$/.exec(uri) ?? [];
  switch (scheme) {
    case 's3':
      return (await import('./s3.ts')).readS3(rest, deps);
    case 'gs':
      return (await import('./gcs.ts')).readGcs(rest, deps);
    case 'hf':
      return (await import('./hugging-face.ts')).readCommit(uri, deps);
    case 'oci':
    case 'oci+native':
    case 'oci+fetch':
      return (await import('./oci.ts')).readManifest(uri, deps);
    case 'https':
    case 'http':
      return isAzureBlob(uri) ? (await import('./azure-blob.ts')).readAzureBlob(uri, deps) : readObject(uri, deps);
    default:
      return unread(`nothing here can read ${scheme}://`, 'check it where it is mounted');
  }
}

/** Blobs of the public cloud and of the national ones: nobody else gets a token of Azure. */
export function isAzureBlob(uri: string): boolean {
  return /^https:\/\/[a-z0-9-]+\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)\//.test(uri);
}

async function readObject(uri: string, deps: RegistryDeps): Promise<Digest> {
  if (uri.endsWith('/')) return unread('a folder behind https cannot be listed', 'name the object, or use a bucket');
  const reply = await send({ url: uri, method: 'HEAD' }, deps);
  if (reply.status !== 200) return unreadReply(reply, 'check that the address answers without credentials');
  const etag = reply.headers.get('etag');
  // A weak ETag only says that two answers mean the same (RFC 9110 §8.8.1).
  if (etag === null || etag.startsWith('W/')) return unread('the server gives no strong ETag', 'use a bucket, or a registry with digests');
  return treeDigest('etag-tree', [[uri.slice(uri.lastIndexOf('/') + 1), reply.headers.get('content-length') ?? '', etag]]);
}

/** No digest, why, and what would help. */
export function unread(reason: string, fix: string): Unread {
  return { digest: undefined, reason, fix };
}

/** The storage was asked, and has nothing there. */
export const NOTHING: Unread = {
  digest: undefined,
  reason: 'the storage has nothing there',
  fix: 'restore what was deleted, or release another version',
  missing: true,
};

/** No digest, since the storage refused or was not there. */
export function unreadReply(reply: Reply | NoReply, credentials: string): Unread {
  if (reply.status === undefined) return unread(`the storage gives no answer: ${reply.reason}`, 'check the network, and run the command again');
  if (reply.status === 404) return NOTHING;
  const refused = reply.status === 401 || reply.status === 403;
  return unread(`the storage answers ${reply.status}`, refused ? credentials : 'check the address, and run the command again');
}

/** One object below a place: its name from there on, its size, and what tells its content. */
export type Entry = readonly [name: string, size: string, tag: string];

/** `<algorithm>:` and the digest over all objects below a place, whatever order they were listed in. */
export function treeDigest(algorithm: string, entries: readonly Entry[]): Digest {
  if (entries.length === 0) return NOTHING;
  const lines = entries.map((entry) => entry.join('\t')).sort();
  return { digest: `${algorithm}:${sha256(lines.join('\n'))}` };
}
