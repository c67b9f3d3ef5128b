import { answered, refused, type Answer } from '../../core/answer.ts';
import { sha256 } from '../../core/digest.ts';
import { listAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { explain, lacking, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { CREDENTIALS_FIX } from './credentials.ts';
import { instant, textAt, textsAt } from './json.ts';
import { requestsTo, urlOf, type Send } from './oci-requests.ts';
import type { Allowance, Registry, ResolvedModel } from './registry.ts';

/** OCI registries (distribution specification 1.1). A version is a digest; tags are asked for like aliases. */

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^\w[\w.-]{0,127}$/;
const REPOSITORY = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;

/** Artifacts that hold a model in a form of their own; KServe takes /models out of an image. */
const FOREIGN = /^application\/vnd\.(?:cncf\.model|kitops)\./;

/** One registry, with the tokens that it gave out. */
interface Session extends Context {
  readonly host: string;
  readonly request: Send;
}

export function openOci({ host }: RegistryConfigOf<'oci'>, context: Context): Registry {
  const session: Session = { ...context, host, request: requestsTo(host, context.deps) };
  return registryOf({ versionOf, look }, session);
}

async function versionOf(name: string, alias: string, _allow: Allowance, session: Session): Promise<Answer<string>> {
  const { where, host } = session;
  if (!TAG.test(alias)) {
    return refuse(
      'registry/request',
      where,
      `${JSON.stringify(alias)} is not a tag`,
      `write ${JSON.stringify(`${name}@v47`)}`,
    );
  }
  const { value: asked, findings } = await ask(name, `manifests/${alias}`, 'HEAD', session);
  if (!asked) return refused(...findings);
  if (asked.status !== 200) {
    return notFound(
      where,
      `tag ${JSON.stringify(alias)} of ${JSON.stringify(name)} at ${host}`,
      'check repository and tag',
    );
  }
  const digest = asked.headers.get('docker-content-digest') ?? '';
  return DIGEST.test(digest) ? answered(digest) : lacking(where, 'Docker-Content-Digest');
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const { where, host } = session;
  const { value: manifest, findings } = await manifestOf(name, version, session);
  if (manifest === undefined) return refused(...findings);
  const foreign = typesOf(manifest).find((type) => FOREIGN.test(type));
  if (foreign !== undefined) {
    const message = `${JSON.stringify(name)} is an artifact of type ${foreign}, and KServe takes /models out of an image`;
    return refuse('registry/place', where, message, 'build an image with the model in /models');
  }
  const tags = textsAt(manifest, 'annotations');
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

/** A manifest by its digest, which it has to have. */
async function manifestOf(name: string, version: string, session: Session): Promise<Answer<unknown>> {
  const { where, host } = session;
  if (!DIGEST.test(version)) {
    const message = `version ${JSON.stringify(version)} of ${JSON.stringify(name)} is not sha256: with 64 hex digits`;
    const fix = `ask for a tag as ${JSON.stringify(`${name}@${version}`)}; a release locks its digest`;
    return refuse('registry/request', where, message, fix);
  }
  const { value: asked, findings } = await ask(name, `manifests/${version}`, 'GET', session);
  if (!asked) return refused(...findings);
  if (asked.status !== 200) {
    return notFound(
      where,
      `manifest ${version} of ${JSON.stringify(name)} at ${host}`,
      'push it again, or release another digest',
    );
  }
  if (`sha256:${sha256(asked.text)}` === version) return answered(asked.json);
  const message = `the manifest that ${host} gives for ${version} has another digest`;
  return refuse('registry/answer', where, message, 'find out who changes answers on the way');
}

/** What a manifest and its layers say that they are. */
function typesOf(manifest: unknown): readonly string[] {
  return [manifest, ...listAt(manifest, 'layers')].flatMap((part) => {
    const types = [textAt(part, 'artifactType'), textAt(part, 'config', 'mediaType'), textAt(part, 'mediaType')];
    return types.filter((type) => type !== undefined);
  });
}

async function ask(repository: string, path: string, method: 'GET' | 'HEAD', session: Session): Promise<Answer<Asked>> {
  const { where, host, request } = session;
  if (!REPOSITORY.test(repository)) {
    const message = `${JSON.stringify(repository)} is not the name of a repository`;
    return refuse('registry/request', where, message, 'write it without host and tag: models/fraud');
  }
  const reply = await request(repository, path, method);
  return explain(reply, { url: urlOf(host, repository, path), method, credentials: CREDENTIALS_FIX.oci }, session);
}
