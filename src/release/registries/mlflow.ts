import { answered, refused, type Answer } from '../../core/answer.ts';
import { listAt, valueAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import {
  approvalByTag,
  ask,
  isLatest,
  lacking,
  newestVersion,
  notFound,
  refuse,
  registryOf,
  type Asked,
  type Context,
  type Listed,
} from './adapter.ts';
import { CREDENTIALS_FIX, mlflowAuthorization } from './credentials.ts';
import { instant, numberAt, sortedRecord, textAt } from './json.ts';
import type { Allowance, ModelStatus, Registry, ResolvedModel } from './registry.ts';

/**
 * MLflow Model Registry, REST API 2.0, servers 2.x and 3.x. What a server can do is found by asking it, never by its
 * version: clients, servers and models of different ages live together.
 */

const STATUS: Readonly<Record<string, ModelStatus>> = {
  READY: 'ready',
  PENDING_REGISTRATION: 'pending',
  FAILED_REGISTRATION: 'failed',
};

/** Stages of MLflow 2 (deprecated since 2.9); an alias of such a name wins where there is one. */
const STAGES = new Set(['Staging', 'Production', 'Archived']);

/** A server, and how it is asked. */
interface Session extends Context {
  readonly config: RegistryConfigOf<'mlflow'>;
  /** Where its API is, without a slash at the end. */
  readonly api: string;
  readonly authorize: () => Readonly<Record<string, string>>;
}

export function openMlflow(config: RegistryConfigOf<'mlflow'>, context: Context): Registry {
  const authorization = mlflowAuthorization(config.url, context.deps.env);
  const session: Session = {
    ...context,
    config,
    api: `${config.url.replace(/\/+$/, '')}/api/2.0/mlflow`,
    authorize: () => (authorization === undefined ? {} : { authorization }),
  };
  return registryOf({ versionOf, look }, session);
}

async function versionOf(name: string, alias: string, allow: Allowance, session: Session): Promise<Answer<string>> {
  // No alias may have this name; MLflow 3 takes it for the newest version, ready or not.
  if (isLatest(alias)) return newestVersion(name, allow, (limit) => list(name, limit, session), session);
  const [, stage] = /^stage=(.+)$/.exec(alias) ?? [];
  if (stage !== undefined) return versionInStage(name, stage, session);
  const { value: asked, findings } = await get('registered-models/alias', { name, alias }, session);
  if (!asked) return refused(...findings);
  if (asked.status === 200) return versionNumber(valueAt(asked.json, 'model_version'), session);
  if (STAGES.has(alias)) return versionInStage(name, alias, session);
  const fix = `set it: client.set_registered_model_alias(${JSON.stringify(name)}, ${JSON.stringify(alias)}, "<version>")`;
  return notFound(session.where, `alias ${JSON.stringify(alias)} of registered model ${JSON.stringify(name)}`, fix);
}

async function versionInStage(name: string, stage: string, session: Session): Promise<Answer<string>> {
  const { value: asked, findings } = await get(
    'registered-models/get-latest-versions',
    { name, stages: stage },
    session,
  );
  if (!asked) return refused(...findings);
  const [version] = listAt(asked.json, 'model_versions');
  if (asked.status === 200 && version !== undefined) return versionNumber(version, session);
  const what = `version of ${JSON.stringify(name)} in stage ${JSON.stringify(stage)}`;
  return notFound(session.where, what, 'move a version there, or use an alias');
}

function versionNumber(version: unknown, { where }: Session): Answer<string> {
  const number = textAt(version, 'version');
  return number === undefined ? lacking(where, 'model_version.version') : answered(number);
}

/** Versions, newest first. */
async function list(name: string, limit: number, session: Session): Promise<Answer<readonly Listed[]>> {
  const fix = 'check the name; the UI of MLflow lists the registered models';
  const missing = notFound(session.where, `registered model ${JSON.stringify(name)}`, fix);
  // A search does not tell a model that is not there from one without versions.
  const registered = await getOr(missing, 'registered-models/get', { name }, session);
  if (!registered.value) return registered;
  const quote = name.includes("'") ? '"' : "'";
  const found: unknown[] = [];
  let page: string | undefined = '';
  while (page !== undefined && found.length < limit) {
    const query = {
      filter: `name=${quote}${name}${quote}`,
      max_results: String(limit - found.length),
      order_by: 'version_number DESC',
    };
    const next: Readonly<Record<string, string>> = page === '' ? query : { ...query, page_token: page };
    const { value: asked, findings } = await getOr(missing, 'model-versions/search', next, session);
    if (!asked) return refused(...findings);
    const versions = listAt(asked.json, 'model_versions');
    found.push(...versions);
    page = versions.length === 0 ? undefined : textAt(asked.json, 'next_page_token');
  }
  return answered(
    found
      .slice(0, limit)
      .map((version) => ({ version: textAt(version, 'version') ?? '', ...standing(version, session) })),
  );
}

/** How far a version is, and whether it is approved. */
function standing(version: unknown, { config }: Session): Pick<ResolvedModel, 'status' | 'approval'> {
  return {
    status: STATUS[textAt(version, 'status') ?? ''] ?? 'pending',
    approval: approvalByTag(config.approvalTag, tagsOf(version)),
  };
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const what = `version ${JSON.stringify(version)} of registered model ${JSON.stringify(name)}`;
  const missing = notFound(session.where, what, 'name a version that is there; deleted ones do not come back');
  const { value: asked, findings } = await getOr(missing, 'model-versions/get', { name, version }, session);
  if (!asked) return refused(...findings);
  const found = valueAt(asked.json, 'model_version');
  const number = textAt(found, 'version');
  if (number === undefined) return lacking(session.where, 'model_version.version');
  // Ids that mean nothing arrive as empty text.
  const modelId = textAt(found, 'model_id') ?? /^models:\/(m-[\w-]+)$/.exec(textAt(found, 'source') ?? '')?.[1];
  const logged = modelId === undefined ? undefined : await loggedModel(modelId, session);
  if (logged && !logged.value) return refused(...logged.findings);
  const place = await placeOf(name, number, textAt(logged?.value, 'info', 'artifact_uri'), session);
  if (place.value === undefined) return place;
  const run = textAt(found, 'run_id') ?? textAt(logged?.value, 'info', 'source_run_id');
  const measured = await measurements(run, logged?.value, session);
  if (!measured.value) return measured;
  const created = instant(numberAt(found, 'creation_timestamp'));
  return answered({
    name,
    version: number,
    uri: place.value,
    ...(run === undefined ? {} : { run }),
    ...(modelId === undefined ? {} : { uid: modelId }),
    ...(created === undefined ? {} : { created }),
    ...standing(found, session),
    tags: tagsOf(found),
    ...measured.value,
  });
}

/** The logged model of MLflow 3; an empty one where the server has none. */
async function loggedModel(id: string, session: Session): Promise<Answer<unknown>> {
  const { value: asked, findings } = await getOr<unknown>(
    answered({}),
    `logged-models/${encodeURIComponent(id)}`,
    {},
    session,
  );
  return asked === undefined ? refused(...findings) : answered(valueAt(asked, 'json', 'model') ?? {});
}

/**
 * Where the bytes are. A logged model knows best: versions that were registered from `runs:/` name the folder of the run, in
 * which MLflow 3 no longer puts models (mlflow#25562).
 */
async function placeOf(
  name: string,
  version: string,
  logged: string | undefined,
  session: Session,
): Promise<Answer<string>> {
  if (logged !== undefined) return storagePlace(logged, session);
  const what = `download URI for version ${version} of ${JSON.stringify(name)}`;
  const missing = notFound(session.where, what, 'register the version again from its run or model');
  const { value: asked, findings } = await getOr(
    missing,
    'model-versions/get-download-uri',
    { name, version },
    session,
  );
  if (!asked) return refused(...findings);
  const uri = textAt(asked.json, 'artifact_uri');
  return uri === undefined ? lacking(session.where, 'artifact_uri') : storagePlace(uri, session);
}

/** The place of a directory as KServe writes it. MLflow models are directories, with the file `MLmodel` in them. */
function storagePlace(uri: string, { config, where }: Session): Answer<string> {
  const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(uri);
  if (proxied) {
    const { artifactsDestination: root } = config;
    if (root !== undefined) return answered(directory(`${root.replace(/\/+$/, '')}/${proxied[1] ?? ''}`));
    const message =
      'the server hands out artifacts itself (mlflow-artifacts:), and its API does not tell where they are';
    const field = `${where.field ?? 'registries'}.artifactsDestination`;
    const fix = "set artifactsDestination to the server's --artifacts-destination: s3://bucket/path";
    return refuse('registry/setting', { ...where, field }, message, fix);
  }
  const [, container, account, cloud, path] =
    /^(?:wasbs?|abfss?):\/\/([^@/]+)@([^./]+)\.(?:blob|dfs)\.([^/]+)\/(.*)$/.exec(uri) ?? [];
  if (container !== undefined) return answered(directory(`https://${account}.blob.${cloud}/${container}/${path}`));
  if (/^(?:s3|gs|https?|hdfs|webhdfs|pvc):\/\//.test(uri)) return answered(directory(uri));
  const scheme = /^([a-z][\w+.-]*):/i.exec(uri)?.[1] ?? 'file';
  const fix = 'log models to object storage that the cluster can read, and register them from there';
  return refuse('registry/place', where, `MLflow keeps the model in ${scheme}:, which KServe does not load`, fix);
}

type Measurements = Pick<ResolvedModel, 'metrics' | 'datasets'>;

/** What was measured on the run and on the logged model. */
async function measurements(run: string | undefined, logged: unknown, session: Session): Promise<Answer<Measurements>> {
  const asked =
    run === undefined
      ? answered<unknown>({})
      : await getOr<unknown>(answered({}), 'runs/get', { run_id: run }, session);
  if (asked.value === undefined) return refused(...asked.findings);
  const data = valueAt(asked.value, 'json', 'run');
  const metrics = [...listAt(data, 'data', 'metrics'), ...listAt(logged, 'data', 'metrics')];
  const used = listAt(data, 'inputs', 'dataset_inputs').map((input) => valueAt(input, 'dataset'));
  const inputs = used.map((dataset) => [textAt(dataset, 'name'), textAt(dataset, 'digest')] as const);
  const measuredOn = metrics.map(
    (metric) => [textAt(metric, 'dataset_name'), textAt(metric, 'dataset_digest')] as const,
  );
  return answered({ metrics: latestMetrics(metrics), datasets: pairs([...inputs, ...measuredOn]) });
}

function get(path: string, query: Readonly<Record<string, string>>, session: Session): Promise<Answer<Asked>> {
  const { api, authorize } = session;
  return ask(
    { url: `${api}/${path}?${new URLSearchParams(query).toString()}`, authorize, credentials: CREDENTIALS_FIX.mlflow },
    session,
  );
}

/** MLflow says 404 or 400 for what is not there, by backend. */
async function getOr<T>(
  missing: Answer<T>,
  path: string,
  query: Readonly<Record<string, string>>,
  session: Session,
): Promise<Answer<T | Asked>> {
  const { value: asked, findings } = await get(path, query, session);
  if (!asked) return refused(...findings);
  return asked.status === 404 || asked.status === 400 ? missing : answered(asked);
}

function directory(uri: string): string {
  return `${uri.replace(/\/+$/, '')}/`;
}

function tagsOf(version: unknown): Readonly<Record<string, string>> {
  return pairs(listAt(version, 'tags').map((tag) => [textAt(tag, 'key'), textAt(tag, 'value')] as const));
}

function pairs(list: readonly (readonly [string | undefined, string | undefined])[]): Readonly<Record<string, string>> {
  return sortedRecord(
    list.flatMap(([key, value]) => (key === undefined || value === undefined ? [] : [[key, value] as const])),
  );
}

/** The newest value of each metric, by step and time. Values may be the text "NaN", which is no value. */
function latestMetrics(metrics: readonly unknown[]): Readonly<Record<string, number>> {
  const order = (metric: unknown, field: string): number => numberAt(metric, field) ?? 0;
  const sorted = [...metrics].sort(
    (a, b) => order(a, 'step') - order(b, 'step') || order(a, 'timestamp') - order(b, 'timestamp'),
  );
  return sortedRecord(
    sorted.flatMap((metric) => {
      const [key, value] = [textAt(metric, 'key'), numberAt(metric, 'value')];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}
