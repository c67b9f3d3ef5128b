import { basicAuth } from '../../core/basic-auth.ts';
import { CREDENTIALS_FIX, ociLogin } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import { unread, unreadReply, type Digest } from './digest.ts';
import { send, type NoReply, type Reply } from './http.ts';
import { parseJson, textAt } from './json.ts';

const ACCEPT = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Reads a manifest by its digest: `oci://<host>/<repository>@sha256:…`. The digest is that of the content, so being there is enough. */
export async function readManifest(uri: string, deps: RegistryDeps): Promise<Digest> {
  const [, host = '', repository = '', digest = ''] =
    /^[a-z+]+:\/\/([^/]+)\/(.+?)(?::[^/@]*)?@(sha256:[0-9a-f]{64})$/.exec(uri) ?? [];
  if (host === '') return unread('it has no digest', 'pin the digest');
  const reply = await requestsTo(host, deps)(repository, `manifests/${digest}`, 'HEAD');
  return reply.status === 200 ? { digest } : unreadReply(reply, CREDENTIALS_FIX.oci);
}

/** Sends a request to one registry, and whoever guards it. */
export type Send = (repository: string, path: string, method: 'GET' | 'HEAD') => Promise<Reply | NoReply>;

/**
 * Requests to one registry. Most answer 401 first, with the place that gives out tokens for a repository (distribution token
 * specification); the token is kept for the repository.
 */
export function requestsTo(host: string, deps: RegistryDeps): Send {
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
  if (/^basic\b/i.test(challenge)) return login && basicAuth(login.username, login.password);
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
  const authorize = (): Record<string, string> =>
    login ? { authorization: basicAuth(login.username, login.password) } : {};
  const reply = await send({ url: url.href, authorize }, deps);
  const json = reply.status === 200 ? parseJson(reply.text) : undefined;
  const token = textAt(json, 'token') ?? textAt(json, 'access_token');
  return token === undefined ? undefined : `Bearer ${token}`;
}

/**
 * The address of something in a repository. Registries on this machine speak plain http, as for every tool of containers;
 * Docker Hub has another name for its API.
 */
export function urlOf(host: string, repository: string, path: string): string {
  const scheme = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(host) ? 'http' : 'https';
  return `${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}/v2/${repository}/${path}`;
}
