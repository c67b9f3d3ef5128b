import { answered, refused, type Answer } from '../../core/answer.ts';
import { valueAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { ask, lacking, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { CREDENTIALS_FIX } from './credentials.ts';
import { HUB, hubAuthorization, readCommit } from './hugging-face-files.ts';
import { textAt } from './json.ts';
import type { Allowance, Registry, ResolvedModel } from './registry.ts';

/** The Hugging Face Hub. A version is a commit; branches and tags are asked for like aliases. */

const COMMIT = /^[0-9a-f]{40}$/;

/** The Hub, or a mirror of it. */
interface Session extends Context {
  /** Its address, without a slash at the end. */
  readonly hub: string;
}

export function openHuggingFace({ endpoint = HUB }: RegistryConfigOf<'huggingface'>, context: Context): Registry {
  const session: Session = { ...context, hub: endpoint.replace(/\/+$/, '') };
  return registryOf({ versionOf, look, digest: (uri, { deps, hub }) => readCommit(uri, deps, hub) }, session);
}

async function versionOf(name: string, alias: string, _allow: Allowance, session: Session): Promise<Answer<string>> {
  const { value, findings } = await commitOf(name, alias, session);
  return value ? answered(value.sha) : refused(...findings);
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const { where } = session;
  if (!COMMIT.test(version)) {
    const message = `version ${JSON.stringify(version)} of ${JSON.stringify(name)} is not a commit of 40 hex digits`;
    const fix = `ask for a branch or tag as ${JSON.stringify(`${name}@${version}`)}; a release locks its commit`;
    return refuse('registry/request', where, message, fix);
  }
  const { value, findings } = await commitOf(name, version, session);
  if (!value) return refused(...findings);
  if (value.sha !== version) return lacking(where, `the commit ${version}`);
  return answered({
    name,
    version,
    uri: `hf://${name}:${version}`,
    // The Hub gives the time of the newest commit for every commit, so it says nothing about this one.
    status: valueAt(value.json, 'disabled') === true ? 'failed' : 'ready',
    approval: 'unknown',
    metrics: {},
    tags: {},
    datasets: {},
  });
}

async function commitOf(
  name: string,
  revision: string,
  session: Session,
): Promise<Answer<{ sha: string; json: unknown }>> {
  const { where } = session;
  const { value: asked, findings } = await get(name, `revision/${encodeURIComponent(revision)}`, session);
  if (!asked) return refused(...findings);
  if (asked.status !== 200) {
    const what = `revision ${JSON.stringify(revision)} of ${JSON.stringify(name)} on the Hub`;
    return notFound(where, what, 'check owner, name and revision; private models need HF_TOKEN');
  }
  const sha = textAt(asked.json, 'sha');
  return sha === undefined || !COMMIT.test(sha) ? lacking(where, 'sha') : answered({ sha, json: asked.json });
}

async function get(name: string, rest: string, session: Session): Promise<Answer<Asked>> {
  const { where, deps, hub } = session;
  if (!/^[\w.-]+\/[\w.-]+$/.test(name)) {
    const fix = 'KServe loads models of an owner only: acme/support-llm';
    return refuse('registry/request', where, `${JSON.stringify(name)} is not <owner>/<name>`, fix);
  }
  const url = `${hub}/api/models/${name}/${rest}`;
  return ask({ url, authorize: () => hubAuthorization(deps), credentials: CREDENTIALS_FIX.huggingFace }, session);
}
