import { answered, type Answer } from '../../core/answer.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { approvalByTag, ask, lacking, isLatest, newestVersion, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { CREDENTIALS_FIX, mlflowAuthorization } from './credentials.ts';
import { at, instant, listAt, numberAt, sortedRecord, textAt } from './json.ts';
import type { Allowance, ModelStatus, Registry, ResolvedModel, VersionSummary } from './registry.ts';

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

export function openMlflow(config: RegistryConfigOf<'mlflow'>, context: Context): Registry {
  const { where, deps } = context;
  const base = `${config.url.replace(/\/+$/, '')}/api/2.0/mlflow`;
  const authorization = mlflowAuthorization(config.url, deps.env);
  const authorize = (): Record<string, string> => (authorization === undefined ? {} : { authorization });

  function get(path: string, query: Readonly<Record<string, string>>): Promise<Answer<Asked>> {
    return ask({ url: `${base}/${path}?${new URLSearchParams(query).toString()}`, authorize, credentials: CREDENTIALS_FIX.mlflow }, context);
  }

  /** MLflow says 404 or 400 for what is not there, by backend. */
  async function getOr<T>(missing: Answer<T>, path: string, query: Readonly<Record<string, string>>): Promise<Answer<T | Asked>> {
    const { value: asked, findings } = await get(path, query);
    if (!asked) return { value: undefined, findings };
    return asked.status === 404 || asked.status === 400 ? missing : answered(asked);
  }

  const noModel = (name: string): Answer<never> =>
    notFound(where, `registered model ${JSON.stringify(name)}`, 'check the name; the UI of MLflow lists the registered models');

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    // Some servers leave aliases out of a search; the registered model has them all.
    const registered = await getOr(noModel(name), 'registered-models/get', { name });
    if (!registered.value) return registered;
    const aliases = listAt(registered.value.json, 'registered_model', 'aliases');
    const quote = name.includes("'") ? '"' : "'";
    const found: unknown[] = [];
    let page: string | undefined = '';
    while (page !== undefined && found.length < limit) {
      const query = { filter: `name=${quote}${name}${quote}`, max_results: String(limit - found.length), order_by: 'version_number DESC' };
      const asking: Promise<Answer<Asked>> = getOr(noModel(name), 'model-versions/search', page === '' ? query : { ...query, page_token: page });
      const { value: asked, findings } = await asking;
      if (!asked) return { value: undefined, findings };
      const versions = listAt(asked.json, 'model_versions');
      found.push(...versions);
      page = versions.length === 0 ? undefined : textAt(asked.json, 'next_page_token');
    }
    return answered(found.slice(0, limit).map((version) => summary(version, aliases)));
  }

  function summary(version: unknown, aliases: readonly unknown[]): VersionSummary {
    const stage = textAt(version, 'current_stage');
    const created = instant(numberAt(version, 'creation_timestamp'));
    const number = textAt(version, 'version') ?? '';
    return {
      version: number,
      status: STATUS[textAt(version, 'status') ?? ''] ?? 'pending',
      approval: approvalByTag(config.approvalTag, tagsOf(version)),
      aliases: aliases.filter((one) => textAt(one, 'version') === number).map((one) => textAt(one, 'alias') ?? '').sort(),
      ...(stage === undefined || stage === 'None' ? {} : { stage }),
      ...(created === undefined ? {} : { created }),
    };
  }

  async function versionOf(name: string, alias: string, allow: Allowance): Promise<Answer<string>> {
    // No alias may have this name; MLflow 3 takes it for the newest version, ready or not.
    if (isLatest(alias)) return newestVersion(list, name, allow, context);
    const [, stage] = /^stage=(.+)$/.exec(alias) ?? [];
    if (stage !== undefined) return versionInStage(name, stage);
    const fix = `set it: client.set_registered_model_alias(${JSON.stringify(name)}, ${JSON.stringify(alias)}, "<version>")`;
    const missing = notFound(where, `alias ${JSON.stringify(alias)} of registered model ${JSON.stringify(name)}`, fix);
    const { value: asked, findings } = await get('registered-models/alias', { name, alias });
    if (!asked) return { value: undefined, findings };
    if (asked.status === 200) return versionNumber(at(asked.json, 'model_version'));
    return STAGES.has(alias) ? versionInStage(name, alias) : missing;
  }

  async function versionInStage(name: string, stage: string): Promise<Answer<string>> {
    const missing = notFound(
      where,
      `version of ${JSON.stringify(name)} in stage ${JSON.stringify(stage)}`,
      'move a version there, or use an alias',
    );
    const { value: asked, findings } = await get('registered-models/get-latest-versions', { name, stages: stage });
    if (!asked) return { value: undefined, findings };
    const [version] = listAt(asked.json, 'model_versions');
    return asked.status !== 200 || version === undefined ? missing : versionNumber(version);
  }

  function versionNumber(version: unknown): Answer<string> {
    const number = textAt(version, 'version');
    return number === undefined ? lacking(where, 'model_version.version') : answered(number);
  }

  async function look(name: string, version: string): Promise<Answer<ResolvedModel>> {
    const fix = 'name a version that is there; deleted ones do not come back';
    const missing = notFound(where, `version ${JSON.stringify(version)} of registered model ${JSON.stringify(name)}`, fix);
    const { value: asked, findings } = await getOr(missing, 'model-versions/get', { name, version });
    if (!asked) return { value: undefined, findings };
    const found = at(asked.json, 'model_version');
    const number = textAt(found, 'version');
    if (number === undefined) return lacking(where, 'model_version.version');
    // Ids that mean nothing arrive as empty text.
    const modelId = textAt(found, 'model_id') ?? /^models:\/(m-[\w-]+)$/.exec(textAt(found, 'source') ?? '')?.[1];
    const logged = modelId === undefined ? undefined : await loggedModel(modelId);
    if (logged && !logged.value) return { value: undefined, findings: logged.findings };
    const place = await placeOf(name, number, textAt(logged?.value, 'info', 'artifact_uri'));
    if (place.value === undefined) return place;
    const run = textAt(found, 'run_id') ?? textAt(logged?.value, 'info', 'source_run_id');
    const measured = await measurements(run, logged?.value);
    if (!measured.value) return measured;
    const tags = tagsOf(found);
    const created = instant(numberAt(found, 'creation_timestamp'));
    return answered({
      name,
      version: number,
      uri: place.value,
      ...(run === undefined ? {} : { run }),
      ...(modelId === undefined ? {} : { uid: modelId }),
      ...(created === undefined ? {} : { created }),
      status: STATUS[textAt(found, 'status') ?? ''] ?? 'pending',
      approval: approvalByTag(config.approvalTag, tags),
      tags,
      ...measured.value,
    });
  }

  /** The logged model of MLflow 3; an empty one where the server has none. */
  async function loggedModel(id: string): Promise<Answer<unknown>> {
    const { value: asked, findings } = await getOr<unknown>(answered({}), `logged-models/${encodeURIComponent(id)}`, {});
    return asked === undefined ? { value: undefined, findings } : answered(at(asked, 'json', 'model') ?? {});
  }

  /**
   * Where the bytes are. A logged model knows best: versions that were registered from `runs:/` name the folder of the run, in
   * which MLflow 3 no longer puts models (mlflow#25562).
   */
  async function placeOf(name: string, version: string, logged: string | undefined): Promise<Answer<string>> {
    if (logged !== undefined) return storagePlace(logged);
    const missing = notFound(
      where,
      `download URI for version ${version} of ${JSON.stringify(name)}`,
      'register the version again from its run or model',
    );
    const { value: asked, findings } = await getOr(missing, 'model-versions/get-download-uri', { name, version });
    if (!asked) return { value: undefined, findings };
    const uri = textAt(asked.json, 'artifact_uri');
    return uri === undefined ? lacking(where, 'artifact_uri') : storagePlace(uri);
  }

  /** The place of a directory as KServe writes it. MLflow models are directories, with the file `MLmodel` in them. */
  function storagePlace(uri: string): Answer<string> {
    const proxied = /^mlflow-artifacts:(?:\/\/[^/]*)?\/+(.*)$/.exec(uri);
    if (proxied) {
      if (config.artifactsDestination !== undefined) return answered(directory(`${config.artifactsDestination.replace(/\/+$/, '')}/${proxied[1] ?? ''}`));
      const message = 'the server hands out artifacts itself (mlflow-artifacts:), and its API does not tell where they are';
      const field = `${where.field ?? 'registries'}.artifactsDestination`;
      return refuse(
        'registry/setting',
        { ...where, field },
        message,
        "set artifactsDestination to the server's --artifacts-destination: s3://bucket/path",
      );
    }
    const [, container, account, cloud, path] = /^(?:wasbs?|abfss?):\/\/([^@/]+)@([^./]+)\.(?:blob|dfs)\.([^/]+)\/(.*)$/.exec(uri) ?? [];
    if (container !== undefined) return answered(directory(`https://${account}.blob.${cloud}/${container}/${path}`));
    if (/^(?:s3|gs|https?|hdfs|webhdfs|pvc):\/\//.test(uri)) return answered(directory(uri));
    const scheme = /^([a-z][\w+.-]*):/i.exec(uri)?.[1] ?? 'file';
    const fix = 'log models to object storage that the cluster can read, and register them from there';
    return refuse('registry/place', where, `MLflow keeps the model in ${scheme}:, which KServe does not load`, fix);
  }

  async function measurements(run: string | undefined, logged: unknown): Promise<Answer<Pick<ResolvedModel, 'metrics' | 'datasets'>>> {
    const asked = run === undefined ? answered<unknown>({}) : await getOr<unknown>(answered({}), 'runs/get', { run_id: run });
    if (asked.value === undefined) return { value: undefined, findings: asked.findings };
    const data = at(asked.value, 'json', 'run');
    const metrics = [...listAt(data, 'data', 'metrics'), ...listAt(logged, 'data', 'metrics')];
    const used = listAt(data, 'inputs', 'dataset_inputs').map((input) => at(input, 'dataset'));
    const inputs = used.map((dataset) => [textAt(dataset, 'name'), textAt(dataset, 'digest')] as const);
    const measuredOn = metrics.map((metric) => [textAt(metric, 'dataset_name'), textAt(metric, 'dataset_digest')] as const);
    return answered({ metrics: latestMetrics(metrics), datasets: pairs([...inputs, ...measuredOn]) });
  }

  return registryOf({ list, versionOf, look }, context);
}

function directory(uri: string): string {
  return `${uri.replace(/\/+$/, '')}/`;
}

function tagsOf(version: unknown): Readonly<Record<string, string>> {
  return pairs(listAt(version, 'tags').map((tag) => [textAt(tag, 'key'), textAt(tag, 'value')] as const));
}

function pairs(list: readonly (readonly [string | undefined, string | undefined])[]): Readonly<Record<string, string>> {
  return sortedRecord(list.flatMap(([key, value]) => (key === undefined || value === undefined ? [] : [[key, value] as const])));
}

/** The newest value of each metric, by step and time. Values may be the text "NaN", which is no value. */
function latestMetrics(metrics: readonly unknown[]): Readonly<Record<string, number>> {
  const order = (metric: unknown, field: string): number => numberAt(metric, field) ?? 0;
  const sorted = [...metrics].sort((a, b) => order(a, 'step') - order(b, 'step') || order(a, 'timestamp') - order(b, 'timestamp'));
  return sortedRecord(
    sorted.flatMap((metric) => {
      const [key, value] = [textAt(metric, 'key'), numberAt(metric, 'value')];
      return key === undefined || value === undefined ? [] : [[key, value] as const];
    }),
  );
}
