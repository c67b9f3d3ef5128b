import { answered, refused, type Answer } from '../../core/answer.ts';
import { listAt, valueAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import {
  ask,
  isLatest,
  lacking,
  newestVersion,
  noCredentials,
  notFound,
  refuse,
  registryOf,
  type Asked,
  type Context,
  type Listed,
} from './adapter.ts';
import { CREDENTIALS_FIX, googleToken } from './credentials.ts';
import { instant, numberAt, sortedRecord, textAt, textsAt } from './json.ts';
import type { Allowance, Registry, ResolvedModel } from './registry.ts';

/** Google Vertex AI Model Registry (v1). A model is named by its id or by its display name. */

const ALIAS = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;

/** The models of one project in one location. */
interface Session extends Context {
  /** Their address, without a slash at the end. */
  readonly models: string;
}

export function openVertexAi({ project, location }: RegistryConfigOf<'vertex'>, context: Context): Registry {
  const models = `https://${location}-aiplatform.googleapis.com/v1/projects/${project}/locations/${location}/models`;
  const session: Session = { ...context, models };
  return registryOf({ versionOf, look }, session);
}

async function versionOf(name: string, alias: string, allow: Allowance, session: Session): Promise<Answer<string>> {
  const { where } = session;
  if (!ALIAS.test(alias)) {
    const fix = `write ${JSON.stringify(`${name}@prod`)}`;
    return refuse('registry/request', where, `${JSON.stringify(alias)} is not a version alias`, fix);
  }
  const { value: found, findings } = await versionAt(name, alias, session);
  // Somebody may have set an alias of that name.
  if (!found && isLatest(alias) && findings.every(({ id }) => id === 'registry/not-found')) {
    return newestVersion(name, allow, (limit) => list(name, limit, session), session);
  }
  if (!found) return refused(...findings);
  const number = textAt(found, 'versionId');
  return number === undefined ? lacking(where, 'versionId') : answered(number);
}

/** Versions, newest first. */
async function list(name: string, limit: number, session: Session): Promise<Answer<readonly Listed[]>> {
  const { value: id, findings: noId } = await idOf(name, session);
  if (id === undefined) return refused(...noId);
  const { value: found, findings } = await pages(`/${encodeURIComponent(id)}:listVersions`, {}, 'models', session);
  if (found === undefined) return refused(...findings);
  if (found === null) return missing('version', name, session);
  const number = (version: unknown): number => numberAt(version, 'versionId') ?? 0;
  const newest = [...found].sort((a, b) => number(b) - number(a)).slice(0, limit);
  return answered(
    newest.map((version) => ({ version: textAt(version, 'versionId') ?? '', status: 'ready', approval: 'unknown' })),
  );
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const { where } = session;
  if (!/^\d+$/.test(version)) {
    const fix = `ask for an alias as ${JSON.stringify(`${name}@${version}`)}; a release locks its version`;
    return refuse(
      'registry/request',
      where,
      `version ${JSON.stringify(version)} of ${JSON.stringify(name)} is not a number`,
      fix,
    );
  }
  const { value: found, findings } = await versionAt(name, version, session);
  if (found === undefined) return refused(...findings);
  const [uid, uri] = [textAt(found, 'name')?.replace(/@.*$/, ''), textAt(found, 'artifactUri')];
  if (uid === undefined || textAt(found, 'versionId') !== version)
    return lacking(where, `name and versionId ${version}`);
  if (uri === undefined) {
    const message = `version ${version} of ${JSON.stringify(name)} has no artifactUri: its model is in its container image`;
    const fix = 'upload the model with an artifactUri in Cloud Storage, or serve the image as a component';
    return refuse('registry/place', where, message, fix);
  }
  const evaluations = await pages(
    `/${encodeURIComponent(uid.split('/').at(-1) ?? '')}@${version}/evaluations`,
    {},
    'modelEvaluations',
    session,
  );
  if (evaluations.value === undefined) return refused(...evaluations.findings);
  const run = textAt(found, 'pipelineJob') ?? textAt(found, 'trainingPipeline');
  const created = instant(textAt(found, 'versionCreateTime'));
  return answered({
    name,
    version,
    // The artifact of a model is a directory (Model.artifact_uri of Vertex AI v1).
    uri: `${uri.replace(/\/+$/, '')}/`,
    ...(run === undefined ? {} : { run }),
    uid,
    ...(created === undefined ? {} : { created }),
    status: 'ready',
    approval: 'unknown',
    metrics: metricsOf(evaluations.value ?? []),
    tags: textsAt(found, 'labels'),
    datasets: {},
  });
}

/** A version by its number or by an alias. */
async function versionAt(name: string, suffix: string, session: Session): Promise<Answer<unknown>> {
  const { value: id, findings: noId } = await idOf(name, session);
  if (id === undefined) return refused(...noId);
  const { value: asked, findings } = await get(`/${encodeURIComponent(id)}@${suffix}`, session);
  if (!asked) return refused(...findings);
  return asked.status === 200 ? answered(asked.json) : missing(`version ${JSON.stringify(suffix)}`, name, session);
}

function missing(what: string, name: string, { where }: Session): Answer<never> {
  return notFound(where, `${what} of model ${JSON.stringify(name)}`, 'check project, location, model and version');
}

/** The id behind a name: a display name where one model has it, else the name is the id. */
async function idOf(name: string, session: Session): Promise<Answer<string>> {
  const { value: found, findings } = await pages(
    '',
    { filter: `display_name=${JSON.stringify(name)}` },
    'models',
    session,
  );
  if (found === undefined) return refused(...findings);
  const ids = (found ?? []).map((model) => textAt(model, 'name')?.split('/').at(-1)?.replace(/@.*$/, '') ?? '');
  if (ids.length < 2) return answered(ids[0] ?? name);
  const message = `${ids.length} models have the display name ${JSON.stringify(name)}`;
  return refuse('registry/request', session.where, message, `name the id: ${ids.sort().join(' or ')}`);
}

/** All pages of a list; `null` where Vertex AI does not know what is named. */
async function pages(
  path: string,
  query: Readonly<Record<string, string>>,
  field: string,
  session: Session,
): Promise<Answer<readonly unknown[] | null>> {
  const found: unknown[] = [];
  let page: string | undefined = '';
  while (page !== undefined) {
    const all = new URLSearchParams({ ...query, ...(page === '' ? {} : { pageToken: page }) });
    const { value: asked, findings } = await get(`${path}?${all.toString()}`, session);
    if (!asked) return refused(...findings);
    if (asked.status !== 200) return answered(null);
    found.push(...listAt(asked.json, field));
    page = textAt(asked.json, 'nextPageToken');
  }
  return answered(found);
}

async function get(rest: string, session: Session): Promise<Answer<Asked>> {
  const { where, deps, models } = session;
  const bearer = await googleToken(deps);
  if (bearer === undefined) return noCredentials(where, 'Google Cloud', CREDENTIALS_FIX.google);
  const authorize = (): Readonly<Record<string, string>> => ({ authorization: `Bearer ${bearer}` });
  return ask({ url: `${models}${rest}`, authorize, credentials: CREDENTIALS_FIX.google }, session);
}

/** The numbers of all evaluations; the newest of a name wins. */
function metricsOf(evaluations: readonly unknown[]): Readonly<Record<string, number>> {
  const created = (evaluation: unknown): string => textAt(evaluation, 'createTime') ?? '';
  const oldestFirst = [...evaluations].sort((a, b) => (created(a) < created(b) ? -1 : 1));
  return sortedRecord(
    oldestFirst.flatMap((evaluation) => {
      const metrics = valueAt(evaluation, 'metrics');
      return Object.keys(Object(metrics) as object).flatMap((key) => {
        const value = numberAt(metrics, key);
        return value === undefined ? [] : [[key, value] as const];
      });
    }),
  );
}
