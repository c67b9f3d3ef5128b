import { listAt } from '../../core/value-at.ts';
import { CREDENTIALS_FIX, googleToken } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { treeDigest, unreadReply, type Digest } from './digest.ts';
import { send, type NoReply, type Reply } from './http.ts';
import { parseJson, textAt } from './json.ts';

/** Reads a Google Cloud Storage directory or object: `<bucket>/<name>`. Public ones need no credentials. */
export async function readGcs(place: string, deps: RegistryDeps): Promise<Digest> {
  const token = await googleToken(deps);
  const authorize = (): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });
  const [, bucket = '', name = ''] = /^([^/]*)\/(.*)$/.exec(place) ?? [];
  const base = `https://storage.googleapis.com/storage/v1/b/${encodeURIComponent(bucket)}/o`;
  const get = (rest: string): Promise<Reply | NoReply> => send({ url: `${base}${rest}`, authorize }, deps);

  const objects: unknown[] = [];
  if (name.endsWith('/')) {
    let page: string | undefined = '';
    while (page !== undefined) {
      const fields = 'items(name,size,md5Hash,crc32c),nextPageToken';
      const query = new URLSearchParams({ prefix: name, fields, ...(page === '' ? {} : { pageToken: page }) });
      const reply = await get(`?${query.toString()}`);
      if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.google);
      const json = parseJson(reply.text);
      objects.push(...listAt(json, 'items'));
      page = textAt(json, 'nextPageToken');
    }
  } else {
    const reply = await get(`/${encodeURIComponent(name)}?fields=name,size,md5Hash,crc32c`);
    if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.google);
    objects.push(parseJson(reply.text));
  }
  const root = name.slice(0, name.lastIndexOf('/') + 1).length;
  const files = objects.filter((object) => !textAt(object, 'name')?.endsWith('/'));
  // Objects that were composed of others have no MD5.
  const hash = files.every((object) => textAt(object, 'md5Hash') !== undefined) ? 'md5Hash' : 'crc32c';
  const field = (object: unknown, name: string): string => textAt(object, name) ?? '';
  const entries = files.map(
    (object) => [field(object, 'name').slice(root), field(object, 'size'), field(object, hash)] as const,
  );
  return treeDigest(hash === 'md5Hash' ? 'md5-tree' : 'crc32c-tree', entries);
}
