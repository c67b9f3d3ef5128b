import { answered, refused, type Answer } from '../../core/answer.ts';
import type { Where } from '../../core/finding.ts';
import { modelUriProblem } from '../../service/model-uri.ts';
import type { RegistryDeps } from './deps.ts';
import type { Digest } from './digest.ts';
import { send, type HttpRequest, type NoReply, type Reply } from './http.ts';
import { parseJson } from './json.ts';
import type { Allowance, Approval, ModelRequest, Registry, ResolvedModel } from './registry.ts';
import { registryFinding, type RegistryRule } from './rules.ts';
import { readDigest } from './storage.ts';
import { verifyPin, type Sources } from './verify.ts';

/** What the registries have in common: how they are asked, and how their answers become the face of `registry.ts`. */
export interface Context {
  /** Where findings point to: the registry in the platform. */
  readonly where: Where;
  readonly deps: RegistryDeps;
}

/**
 * What one kind of registry knows how to do; `registryOf` does the rest. A session is what is open: the context, and what the
 * kind of registry adds to it.
 */
export interface Adapter<Session extends Context> {
  /** The version that an alias or selector means now; `allow` is for `latest`, which `newestVersion` resolves. */
  readonly versionOf: (name: string, alias: string, allow: Allowance, session: Session) => Promise<Answer<string>>;
  /** A version by its exact name, its bytes unread. */
  readonly look: (name: string, version: string, session: Session) => Promise<Answer<ResolvedModel>>;
  /** Reads the bytes behind a URI that `look` gave. Default: `readDigest`. */
  readonly digest?: (uri: string, session: Session) => Promise<Digest>;
}

/** Makes a registry of what one kind of registry knows how to do. */
export function registryOf<Session extends Context>(
  { versionOf, look, digest }: Adapter<Session>,
  session: Session,
): Registry {
  const { where, deps } = session;
  const sources: Sources = {
    versionOf: (name, alias, allow) => versionOf(name, alias, allow, session),
    look: async (name, version) => withPlace(await look(name, version, session), name, version, where),
    digest: (uri) => (digest ? digest(uri, session) : readDigest(uri, deps)),
  };
  return {
    describe: (name, version) => describe(name, version, sources, where),
    async resolve(request) {
      const { value: version, findings } = await versionMeant(request, sources, where);
      return version === undefined ? refused(...findings) : describe(request.name, version, sources, where);
    },
    verify: (pin) => verifyPin(pin, sources),
  };
}

/** A version whose place KServe loads. Whether it needs a version of its own is for `describe` to say, which knows of a digest. */
function withPlace(answer: Answer<ResolvedModel>, name: string, version: string, where: Where): Answer<ResolvedModel> {
  const problem = answer.value && modelUriProblem(answer.value.uri, { pinned: true });
  return problem ? refuse('registry/place', where, said(name, version, problem.message), PLACE_FIX) : answer;
}

async function versionMeant(
  { name, version, alias, allow = {} }: ModelRequest,
  sources: Sources,
  where: Where,
): Promise<Answer<string>> {
  if (version !== undefined) return answered(version);
  if (alias !== undefined) return sources.versionOf(name, alias, allow);
  const fix = `write ${JSON.stringify(`${name}@champion`)} or ${JSON.stringify(`${name}:47`)}`;
  return refuse('registry/request', where, `${JSON.stringify(name)} is asked for without a version or alias`, fix);
}

/** A version with the digest of its bytes; without one, its place must pin it. */
async function describe(
  name: string,
  version: string,
  { look, digest }: Sources,
  where: Where,
): Promise<Answer<ResolvedModel>> {
  const { value: model, findings } = await look(name, version);
  if (!model) return refused(...findings);
  const read = await digest(model.uri);
  const flaw = modelUriProblem(model.uri);
  if (read.digest !== undefined) {
    const value = { ...model, digest: read.digest };
    if (!flaw) return { value, findings };
    const message = said(name, version, `${flaw.message}; its digest is locked`);
    return { value, findings: [...findings, registryFinding('registry/place-reused', where, message, PLACE_FIX)] };
  }
  if (read.known === 'missing') return notFound(where, `model at ${model.uri}`, read.fix);
  if (flaw) {
    const unpinned = said(name, version, `${flaw.message}, and there is no digest: ${read.reason}`);
    return refuse('registry/place', where, unpinned, `${read.fix}; or ${PLACE_FIX}`);
  }
  const message = `${JSON.stringify(name)} ${version} is locked without a digest: ${read.reason}`;
  return { value: model, findings: [...findings, registryFinding('registry/unread', where, message, read.fix)] };
}

function said(name: string, version: string, problem: string): string {
  return `version ${JSON.stringify(version)} of ${JSON.stringify(name)}: ${problem}`;
}

const PLACE_FIX =
  'register the model from a place that names its version for ever and that KServe loads: s3://bucket/name/v47/';

/** No value, and the finding that says why. */
export function refuse(rule: RegistryRule, where: Where, message: string, fix: string): Answer<never> {
  return refused(registryFinding(rule, where, message, fix));
}

/** No value: what is asked for is not there. */
export function notFound(where: Where, what: string, fix: string): Answer<never> {
  return refuse('registry/not-found', where, `there is no ${what}`, fix);
}

/** Whether a word asks for the newest version. */
export function isLatest(alias: string): boolean {
  return alias.toLowerCase() === 'latest';
}

/** What tells whether a version is fit to be `latest`. */
export type Listed = Pick<ResolvedModel, 'version' | 'status' | 'approval'>;

/** How many versions are looked at: few at first, since one of them nearly always fits. */
const LOOKED_AT = [20, 1000];

/**
 * What `latest` means: the newest version that is ready, and approved where the registry knows approval. One that waits for
 * approval counts when it is allowed; one that was rejected never does.
 *
 * @param list versions of the model, newest first, and at most so many.
 */
export async function newestVersion(
  name: string,
  { unapproved = false }: Allowance,
  list: (limit: number) => Promise<Answer<readonly Listed[]>>,
  { where }: Context,
): Promise<Answer<string>> {
  const fits = ({ status, approval }: Listed): boolean =>
    status === 'ready' && (approval === 'approved' || approval === 'unknown' || (unapproved && approval === 'pending'));
  for (const limit of LOOKED_AT) {
    const { value: versions, findings } = await list(limit);
    if (!versions) return refused(...findings);
    const newest = versions.find(fits);
    if (newest) return answered(newest.version);
    if (versions.length < limit) break;
  }
  const what = `version of ${JSON.stringify(name)} that is ready${unapproved ? ' and was not rejected' : ' and approved'}`;
  return notFound(where, what, 'register or approve one, or name a version');
}

/** What a registry answered: 2xx with JSON, or 400 and 404, which mean different things to different registries. */
export interface Asked {
  readonly status: number;
  readonly json: unknown;
  readonly headers: Headers;
  readonly text: string;
}

/** A request that knows where its credentials come from, for the fix of a 401 or 403. */
export interface Ask extends HttpRequest {
  readonly credentials: string;
}

/** Asks a registry, and explains why it does not answer. */
export async function ask(request: Ask, context: Context): Promise<Answer<Asked>> {
  return explain(await send(request, context.deps), request, context);
}

/**
 * What a reply means. A network that fails, refused credentials and unknown statuses are findings; what the server writes is
 * not repeated, since it may repeat what it was sent.
 */
export function explain(reply: Reply | NoReply, { url, method, credentials }: Ask, { where }: Context): Answer<Asked> {
  const server = new URL(url).host;
  if (reply.status === undefined) {
    const fix = 'check network, address and proxy variables (docs/registries.md), and run the command again';
    return refuse('registry/unreachable', where, `${server} gives no answer: ${reply.reason}`, fix);
  }
  const { status, headers, text } = reply;
  if (status === 401 || status === 403) {
    const why =
      status === 401 ? 'does not take the credentials, or wants some' : 'does not allow it with these credentials';
    return refuse('registry/credentials', where, `${server} ${why} (${status})`, credentials);
  }
  const json = parseJson(text);
  const known = (status >= 200 && status < 300) || status === 400 || status === 404;
  // Errors are known by their status; proxies write them as pages.
  if (known && (json !== undefined || method === 'HEAD' || status >= 400))
    return answered({ status, json, headers, text });
  const message = known ? `${server} answers ${status} with something that is not JSON` : `${server} answers ${status}`;
  return refuse(
    'registry/answer',
    where,
    message,
    'check that the address in the configuration is that of the registry',
  );
}

/** No value: there are no credentials to ask with. */
export function noCredentials(where: Where, system: string, fix: string): Answer<never> {
  return refuse('registry/credentials', where, `there are no credentials for ${system}`, fix);
}

/** No value: the answer lacks what its documentation promises. */
export function lacking(where: Where, what: string): Answer<never> {
  return refuse(
    'registry/answer',
    where,
    `the answer of the registry lacks ${what}`,
    'check that the address in the configuration is that of the registry',
  );
}

/** Approval by a tag `<key>=<value>`; without the convention nothing is known. */
export function approvalByTag(approvalTag: string | undefined, tags: Readonly<Record<string, string>>): Approval {
  if (approvalTag === undefined) return 'unknown';
  const sign = approvalTag.indexOf('=');
  const value = tags[approvalTag.slice(0, sign)];
  if (value === approvalTag.slice(sign + 1)) return 'approved';
  return value === 'rejected' || value === 'failed' ? 'rejected' : 'pending';
}
