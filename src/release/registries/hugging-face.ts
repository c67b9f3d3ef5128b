import { answered, type Answer } from '../../core/answer.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { ask, lacking, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { CREDENTIALS_FIX } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { send } from './http.ts';
import { at, instant, listAt, parseJson, textAt } from './json.ts';
import type { Registry, ResolvedModel, VersionSummary } from './registry.ts';
import { treeDigest, unreadReply, type Digest, type Entry } from './storage.ts';

/** The Hugging Face Hub. A version is a commit; branches and tags are asked for like aliases. */

const HUB = 'https://huggingface.co';
const COMMIT = /^[0-9a-f]{40}$/;

export function openHuggingFace({ endpoint = HUB }: RegistryConfigOf<'huggingface'>, context: Context): Registry {
  const { where, deps } = context;
  const hub = endpoint.replace(/\/+$/, '');

  async function get(name: string, rest: string): Promise<Answer<Asked>> {
    if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
      return refuse(
        'registry/request',
        where,
        `${JSON.stringify(name)} is not <owner>/<name>`,
        'KServe loads models of an owner only: acme/support-llm',
      );
    }
    return ask({ url: `${hub}/api/models/${name}/${rest}`, authorize: () => authorization(deps), credentials: CREDENTIALS_FIX.huggingFace }, context);
  }

  const missing = (what: string, name: string): Answer<never> =>
    notFound(where, `${what} of ${JSON.stringify(name)} on the Hub`, 'check owner, name and revision; private models need HF_TOKEN');

  async function commitOf(name: string, revision: string): Promise<Answer<{ sha: string; json: unknown }>> {
    const { value: asked, findings } = await get(name, `revision/${encodeURIComponent(revision)}`);
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) return missing(`revision ${JSON.stringify(revision)}`, name);
    const sha = textAt(asked.json, 'sha');
    return sha === undefined || !COMMIT.test(sha) ? lacking(where, 'sha') : answered({ sha, json: asked.json });
  }

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    const refs = await get(name, 'refs');
    if (!refs.value) return refs;
    if (refs.value.status !== 200) return missing('model', name);
    const names = [...listAt(refs.value.json, 'branches'), ...listAt(refs.value.json, 'tags')];
    const commits = await get(name, `commits/main?limit=${limit}`);
    if (!commits.value) return commits;
    const listed = listAt(commits.value.json).map((commit) => summary(textAt(commit, 'id') ?? '', textAt(commit, 'date'), names));
    const seen = new Set(listed.map(({ version }) => version));
    const targets = [...new Set(names.map((ref) => textAt(ref, 'targetCommit') ?? ''))].filter((sha) => sha !== '' && !seen.has(sha));
    return answered([...listed, ...targets.sort().map((sha) => summary(sha, undefined, names))].slice(0, limit));
  }

  function summary(version: string, date: string | undefined, refs: readonly unknown[]): VersionSummary {
    const aliases = refs.filter((ref) => textAt(ref, 'targetCommit') === version).map((ref) => textAt(ref, 'name') ?? '');
    const created = instant(date);
    return { version, status: 'ready', approval: 'unknown', aliases: aliases.sort(), ...(created === undefined ? {} : { created }) };
  }

  async function versionOf(name: string, alias: string): Promise<Answer<string>> {
    const { value, findings } = await commitOf(name, alias);
    return value ? answered(value.sha) : { value: undefined, findings };
  }

  async function look(name: string, version: string): Promise<Answer<ResolvedModel>> {
    if (!COMMIT.test(version)) {
      const fix = `ask for a branch or tag as ${JSON.stringify(`${name}@${version}`)}; a release locks its commit`;
      return refuse(
        'registry/request',
        where,
        `version ${JSON.stringify(version)} of ${JSON.stringify(name)} is not a commit of 40 hex digits`,
        fix,
      );
    }
    const { value, findings } = await commitOf(name, version);
    if (!value) return { value: undefined, findings };
    if (value.sha !== version) return lacking(where, `the commit ${version}`);
    return answered({
      name,
      version,
      uri: `hf://${name}:${version}`,
      // The Hub gives the time of the newest commit for every commit, so it says nothing about this one.
      status: at(value.json, 'disabled') === true ? 'failed' : 'ready',
      approval: 'unknown',
      metrics: {},
      tags: {},
      datasets: {},
    });
  }

  return registryOf({ list, versionOf, look, digest: (uri) => readCommit(uri, deps, hub) }, context);
}

function authorization({ env }: RegistryDeps): Record<string, string> {
  return env['HF_TOKEN'] ? { authorization: `Bearer ${env['HF_TOKEN']}` } : {};
}

/**
 * Reads the files of a commit: `hf://<owner>/<name>:<commit>`. The Hub knows the SHA-256 of large files and the Git hash of small
 * ones, so this is their content.
 */
export async function readCommit(uri: string, deps: RegistryDeps, hub: string = HUB): Promise<Digest> {
  const [, name = '', commit = ''] = /^hf:\/\/([^:]+):(.+)$/.exec(uri) ?? [];
  const entries: Entry[] = [];
  let url: string | undefined = `${hub}/api/models/${name}/tree/${commit}?recursive=true`;
  while (url !== undefined) {
    const reply = await send({ url, authorize: () => authorization(deps) }, deps);
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
