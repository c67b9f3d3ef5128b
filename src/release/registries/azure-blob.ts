import { azureToken, CREDENTIALS_FIX } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { NOTHING, treeDigest, unread, unreadReply, type Digest, type Entry, type Unread } from './digest.ts';
import { send, type NoReply, type Reply } from './http.ts';
import { xmlText } from './xml.ts';

/** The version of the Blob service that takes bearer tokens and lists what we read. */
const API_VERSION = '2021-08-06';

/** Blobs of the public cloud and of the national ones: nobody else gets a token of Azure. */
export function isAzureBlob(uri: string): boolean {
  return /^https:\/\/[a-z0-9-]+\.blob\.core\.(?:windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)\//.test(uri);
}

/**
 * Reads blobs: `https://<account>.blob.core.windows.net/<container>/<path>`. A directory with a sibling whose name starts with
 * its name cannot be vouched for: KServe loads by prefix, and its Azure client strips the slash (kserve#3776).
 */
export async function readAzureBlob(uri: string, deps: RegistryDeps): Promise<Digest> {
  const listed = await listBlobs(uri, deps);
  if ('digest' in listed) return listed;
  const { path, blobs } = listed;
  if (!uri.endsWith('/')) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return treeDigest(
      'etag-tree',
      blobs.filter(([blob]) => blob === path).map(([, size, tag]) => [name, size, tag]),
    );
  }
  const inside = blobs.filter(([name]) => name.startsWith(`${path}/`));
  const sibling = blobs.find(([name]) => name !== path && !name.startsWith(`${path}/`));
  if (sibling && inside.length > 0) {
    const reason = `KServe would load ${JSON.stringify(sibling[0])} with it, since it loads by prefix`;
    return unread(reason, 'name directories so that none starts with the name of another: v0012');
  }
  return treeDigest(
    'etag-tree',
    inside.map(([name, size, tag]) => [name.slice(path.length + 1), size, tag]),
  );
}

/** Whether blobs are a directory or an object, as the storage knows it; else why it cannot be told. */
export async function kindOfBlob(uri: string, deps: RegistryDeps): Promise<'directory' | 'object' | Unread> {
  const listed = await listBlobs(uri, deps);
  if ('digest' in listed) return listed;
  if (listed.blobs.some(([name]) => name.startsWith(`${listed.path}/`))) return 'directory';
  if (listed.blobs.some(([name]) => name === listed.path)) return 'object';
  return NOTHING;
}

/** All blobs whose names start with the path, as KServe takes them: without the slash at its end. */
async function listBlobs(uri: string, deps: RegistryDeps): Promise<{ path: string; blobs: readonly Entry[] } | Unread> {
  if (!isAzureBlob(uri))
    return unread('it is no address of Azure Blob Storage', 'register the model from Azure Blob Storage');
  const token = await azureToken('https://storage.azure.com', deps);
  if (token === undefined) return unread('there are no credentials for Azure Storage', CREDENTIALS_FIX.azure);
  const { origin, pathname } = new URL(uri);
  const [, container = '', ...segments] = pathname.split('/');
  const path = segments.map(decodeURIComponent).join('/').replace(/\/+$/, '');
  const headers = { 'x-ms-version': API_VERSION };
  const page = (marker: string): Promise<Reply | NoReply> => {
    const query = new URLSearchParams({
      restype: 'container',
      comp: 'list',
      prefix: path,
      ...(marker === '' ? {} : { marker }),
    });
    return send(
      {
        url: `${origin}/${container}?${query.toString()}`,
        headers,
        authorize: () => ({ authorization: `Bearer ${token}` }),
      },
      deps,
    );
  };
  const blobs: Entry[] = [];
  let marker = '';
  do {
    const reply = await page(marker);
    if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.azure);
    for (const [, blob = ''] of reply.text.matchAll(/<Blob>([^]*?)<\/Blob>/g)) {
      const tag = xmlText(blob, 'Content-MD5') || xmlText(blob, 'Etag');
      // Accounts with a hierarchical namespace list directories as empty blobs.
      if (xmlText(blob, 'ResourceType') !== 'directory')
        blobs.push([xmlText(blob, 'Name'), xmlText(blob, 'Content-Length'), tag]);
    }
    marker = xmlText(reply.text, 'NextMarker');
  } while (marker !== '');
  return { path, blobs };
}
