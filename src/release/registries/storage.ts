import type { RegistryDeps } from './deps.ts';
import { treeDigest, unread, unreadReply, type Digest } from './digest.ts';
import { send } from './http.ts';

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
      return (await import('./hugging-face-files.ts')).readCommit(uri, deps);
    case 'oci':
    case 'oci+native':
      return (await import('./oci-requests.ts')).readManifest(uri, deps);
    case 'https':
    case 'http': {
      const { isAzureBlob, readAzureBlob } = await import('./azure-blob.ts');
      return isAzureBlob(uri) ? readAzureBlob(uri, deps) : readObject(uri, deps);
    }
    default:
      return unread(`nothing here can read ${scheme}://`, 'check it where it is mounted', 'out-of-reach');
  }
}

async function readObject(uri: string, deps: RegistryDeps): Promise<Digest> {
  if (uri.endsWith('/'))
    return unread('a folder behind https cannot be listed', 'name the object, or use a bucket', 'out-of-reach');
  const reply = await send({ url: uri, method: 'HEAD' }, deps);
  if (reply.status !== 200) return unreadReply(reply, 'check that the address answers without credentials');
  const etag = reply.headers.get('etag');
  // A weak ETag only says that two answers mean the same (RFC 9110 §8.8.1).
  if (etag === null || etag.startsWith('W/'))
    return unread('the server gives no strong ETag', 'use a bucket, or a registry with digests', 'there');
  return treeDigest('etag-tree', [
    [uri.slice(uri.lastIndexOf('/') + 1), reply.headers.get('content-length') ?? '', etag],
  ]);
}
