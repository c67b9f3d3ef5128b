import { answered, type Answer } from '../../core/answer.ts';
import { sha256 } from '../../core/digest.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { explain, lacking, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { basic, CREDENTIALS_FIX, ociLogin } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { send, type NoReply, type Reply } from './http.ts';
import { instant, listAt, parseJson, textAt, textsAt } from './json.ts';
import type { Registry, ResolvedModel, VersionSummary } from './registry.ts';
import { unread, unreadReply, type Digest } from './storage.ts';

/** OCI registries (distribution specification 1.1). A version is a digest; tags are asked for like aliases. */

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^\w[\w.-]{0,127}$/;
const REPOSITORY = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Artifacts that hold a model in a form of their own; KServe takes /models out of an image. */
const FOREIGN = /^application\/vnd\.(?:cncf\.model|kitops)\./;

export function openOci({ host }: RegistryConfigOf<'oci'>, context: Context): Registry {
  const { where, deps } = context;
  const request = session(host, deps);

  async function ask(repository: string, path: string, method: 'GET' | 'HEAD' = 'GET'): Promise<Answer<Asked>> {
    if (!REPOSITORY.test(repository)) {
      return refuse(
        'registry/request',
        where,
        `${JSON.stringify(repository)} is not the name of a repository`,
        'write it without host and tag: models/fraud',
      );
    }
    const reply = await request(repository, path, method);
    return explain(reply, { url: urlOf(host, repository, path), method, credentials: CREDENTIALS_FIX.oci }, context);
  }

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    const { value: asked, findings } = await ask(name, 'tags/list');
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) {
      return notFound(where, `repository ${JSON.stringify(name)} at ${host}`, 'check its name; it stands without the host');
    }
    // Registries do not tell the age of tags, so the highest number counts as the newest.
    const tags = listAt(asked.json, 'tags').map(String).sort(byNumber).slice(0, limit);
    const byDigest = new Map<string, string[]>();
    for (const tag of tags) {
      const { value: digest, findings: wrong } = await versionOf(name, tag);
      if (digest === undefined) return { value: undefined, findings: wrong };
      byDigest.set(digest, [...(byDigest.get(digest) ?? []), tag]);
    }
    return answered([...byDigest].map(([version, aliases]) => ({ version, status: 'ready', approval: 'unknown', aliases: aliases.sort() })));
  }

  async function versionOf(name: string, alias: string): Promise<Answer<string>> {
    if (!TAG.test(alias)) {
      return refuse('registry/request', where, `${JSON.stringify(alias)} is not a tag`, `write ${JSON.stringify(`${name}@v47`)}`);
    }
    const { value: asked, findings } = await ask(name, `manifests/${alias}`, 'HEAD');
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) {
      return notFound(where, `tag ${JSON.stringify(alias)} of ${JSON.stringify(name)} at ${host}`, 'check repository and tag');
    }
    const digest = asked.headers.get('docker-content-digest') ?? '';
    return DIGEST.test(digest) ? answered(digest) : lacking(where, 'Docker-Content-Digest');
  }

  async function look(name: string, version: string): Promise<Answer<ResolvedModel>> {
    if (!DIGEST.test(version)) {
      const fix = `ask for a tag as ${JSON.stringify(`${name}@${version}`)}; a release locks its digest`;
      return refuse(
        'registry/request',
        where,
        `version ${JSON.stringify(version)} of ${JSON.stringify(name)} is not sha256: with 64 hex digits`,
        fix,
      );
    }
    const { value: asked, findings } = await ask(name, `manifests/${version}`);
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) {
      return notFound(where, `manifest ${version} of ${JSON.stringify(name)} at ${host}`, 'push it again, or release another digest');
    }
    if (`sha256:${sha256(asked.text)}` !== version) {
      return refuse(
        'registry/answer',
        where,
        `the manifest that ${host} gives for ${version} has another digest`,
        'find out who changes answers on the way',
      );
    }
    const typesOf = (part: unknown): readonly (string | undefined)[] =>
      [textAt(part, 'artifactType'), textAt(part, 'config', 'mediaType'), textAt(part, 'mediaType')];
    const types = [asked.json, ...listAt(asked.json, 'layers')].flatMap(typesOf);
    const foreign = types.find((type) => type !== undefined && FOREIGN.test(type));
    if (foreign !== undefined) {
      const message = `${JSON.stringify(name)} is an artifact of type ${foreign}, and KServe takes /models out of an image`;
      return refuse('registry/place', where, message, 'build an image with the model in /models');
    }
    const tags = textsAt(asked.json, 'annotations');
    const created = instant(tags['org.opencontainers.image.created']);
    return answered({
      name,
      version,
      uri: `oci://${host}/${name}@${version}`,
      ...(created === undefined ? {} : { created }),
      status: 'ready',
      approval: 'unknown',
      metrics: {},
      tags,
      datasets: {},
    });
  }

  return registryOf({ list, versionOf, look }, context);
}

/** Reads a manifest by its digest: `oci://<host>/<repository>@sha256:…`. The digest is that of the content, so being there is enough. */
export async function readManifest(uri: string, deps: RegistryDeps): Promise<Digest> {
  const [, host = '', repository = '', digest = ''] = /^[a-z+]+:\/\/([^/]+)\/(.+?)(?::[^/@]*)?@(sha256:[0-9a-f]{64})$/.exec(uri) ?? [];
  if (host === '') return unread('it has no digest', 'pin the digest');
  const reply = await session(host, deps)(repository, `manifests/${digest}`, 'HEAD');
  return reply.status === 200 ? { digest } : unreadReply(reply, CREDENTIALS_FIX.oci);
}

type Send = (repository: string, path: string, method: 'GET' | 'HEAD') => Promise<Reply | NoReply>;

/**
 * Requests to one registry. Most answer 401 first, with the place that gives out tokens for a repository (distribution token
 * specification); the token is kept for the repository.
 */
function session(host: string, deps: RegistryDeps): Send {
  const authorizations = new Map<string, string>();
  return async (repository, path, method) => {
    const attempt = (): Promise<Reply | NoReply> => {
      const authorization = authorizations.get(repository);
      const authorize = (): Record<string, string> => (authorization === undefined ? {} : { authorization });
      return send({ url: urlOf(host, repository, path), method, headers: { accept: ACCEPT }, authorize }, deps);
    };
    const reply = await attempt();
    if (reply.status !== 401) return reply;
    const authorization = await authorizationFor(reply.headers.get('www-authenticate') ?? '', host, deps);
    if (authorization === undefined) return reply;
    authorizations.set(repository, authorization);
    return attempt();
  };
}

async function authorizationFor(challenge: string, host: string, deps: RegistryDeps): Promise<string | undefined> {
  const login = await ociLogin(host, deps);
  if (/^basic\b/i.test(challenge)) return login && basic(login.username, login.password);
  const parameter = (name: string): string | undefined => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(challenge)?.[1];
  const realm = parameter('realm');
  if (!/^bearer\b/i.test(challenge) || realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  // The registry says who is shown the password; it must not be everybody on the way.
  const safe = url.protocol === 'https:' || url.host === new URL(urlOf(host, '', '')).host;
  if (!safe) return undefined;
  for (const name of ['service', 'scope']) {
    const value = parameter(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const authorize = (): Record<string, string> => (login ? { authorization: basic(login.username, login.password) } : {});
  const reply = await send({ url: url.href, authorize }, deps);
  const json = reply.status === 200 ? parseJson(reply.text) : undefined;
  const token = textAt(json, 'token') ?? textAt(json, 'access_token');
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** Registries on this machine speak plain http, as for every tool of containers; Docker Hub has another name for its API. */
function urlOf(host: string, repository: string, path: string): string {
  const scheme = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(host) ? 'http' : 'https';
  return `${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}/v2/${repository}/${path}`;
}

const NUMBERS = new Intl.Collator('en', { numeric: true });

function byNumber(a: string, b: string): number {
  return NUMBERS.compare(b, a);
}
