import { listAt } from '../../core/value-at.ts';
import { CREDENTIALS_FIX } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { treeDigest, unreadReply, type Digest, type Entry } from './digest.ts';
import { send } from './http.ts';
import { parseJson, textAt } from './json.ts';

/** The Hub itself; companies have mirrors of it. */
export const HUB = 'https://huggingface.co';

/**
 * Reads the files of a commit: `hf://<owner>/<name>:<commit>`. The Hub knows the SHA-256 of large files and the Git hash of small
 * ones, so this is their content.
 */
export async function readCommit(uri: string, deps: RegistryDeps, hub: string = HUB): Promise<Digest> {
  const [, name = '', commit = ''] = /^hf:\/\/([^:]+):(.+)$/.exec(uri) ?? [];
  const entries: Entry[] = [];
  let url: string | undefined = `${hub}/api/models/${name}/tree/${commit}?recursive=true`;
  while (url !== undefined) {
    const reply = await send({ url, authorize: () => hubAuthorization(deps) }, deps);
    if (reply.status !== 200) return unreadReply(reply, CREDENTIALS_FIX.huggingFace);
    for (const file of listAt(parseJson(reply.text))) {
      if (textAt(file, 'type') !== 'file') continue;
      const hash = textAt(file, 'lfs', 'oid') ?? textAt(file, 'oid') ?? '';
      entries.push([textAt(file, 'path') ?? '', textAt(file, 'size') ?? '', hash]);
    }
    const [, next] = /<([^>]+)>;\s*rel="next"/.exec(reply.headers.get('link') ?? '') ?? [];
    // A page elsewhere would be asked with our token.
    url = next !== undefined && new URL(next, url).origin === new URL(hub).origin ? new URL(next, url).href : undefined;
  }
  return treeDigest('content-tree', entries);
}

/** Headers that let a request read what the token of the environment may read. */
export function hubAuthorization({ env }: RegistryDeps): Record<string, string> {
  return env['HF_TOKEN'] ? { authorization: `Bearer ${env['HF_TOKEN']}` } : {};
}
