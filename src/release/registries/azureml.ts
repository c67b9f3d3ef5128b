import { answered, refused, type Answer } from '../../core/answer.ts';
import { listAt, valueAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import {
  approvalByTag,
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
import { isAzureBlob, kindOfBlob } from './azure-blob.ts';
import { azureToken, CREDENTIALS_FIX } from './credentials.ts';
import { instant, textAt, textsAt } from './json.ts';
import type { Allowance, Approval, ModelStatus, Registry, ResolvedModel } from './registry.ts';

/** Azure Machine Learning, through Azure Resource Manager. */

const ARM = 'https://management.azure.com';
const API_VERSION = '2025-09-01';

const STATUS: Readonly<Record<string, ModelStatus>> = {
  Succeeded: 'ready',
  Failed: 'failed',
  Canceled: 'failed',
  Deleting: 'failed',
};

/** Model types that are directories by their definition. A custom model may be either. */
const DIRECTORIES = new Set(['mlflow_model', 'triton_model']);

/** One workspace or registry. */
interface Session extends Context {
  readonly config: RegistryConfigOf<'azureml'>;
  /** Its address, without a slash at the end. */
  readonly owner: string;
}

export function openAzureMl(config: RegistryConfigOf<'azureml'>, context: Context): Registry {
  const group = scope(config.subscription, config.resourceGroup);
  const owner =
    config.workspace === undefined
      ? `${group}/registries/${config.registry ?? ''}`
      : `${group}/workspaces/${config.workspace}`;
  const session: Session = { ...context, config, owner };
  return registryOf({ versionOf, look }, session);
}

async function versionOf(name: string, alias: string, allow: Allowance, session: Session): Promise<Answer<string>> {
  const { where } = session;
  if (isLatest(alias)) return newestVersion(name, allow, (limit) => list(name, limit, session), session);
  const [, kind, wanted = ''] = /^(tag|stage)=(.+)$/.exec(alias) ?? [];
  if (kind === undefined) {
    const fix = `write ${JSON.stringify(`${name}@tag=approved=true`)}, ${JSON.stringify(`${name}@stage=Production`)}, or a version`;
    return refuse('registry/request', where, `Azure ML has no aliases, so there is no ${JSON.stringify(alias)}`, fix);
  }
  const [, key = wanted, value] = /^([^=]+)=(.*)$/.exec(wanted) ?? [];
  // The service filters by tag too; what it answers is looked at again, since it ignores filters that it does not know.
  const fits = (found: unknown): boolean => {
    if (statusOf(found) !== 'ready') return false;
    if (kind === 'stage') return textAt(found, 'properties', 'stage') === wanted;
    const tag = textAt(found, 'properties', 'tags', key);
    return value === undefined ? tag !== undefined : tag === value;
  };
  const filter: Readonly<Record<string, string>> = kind === 'tag' ? { tags: wanted } : {};
  const { value: found, findings } = await versions(name, filter, (all) => all.some(fits), session);
  if (!found) return refused(...findings);
  const version = textAt(found.find(fits), 'name');
  if (version !== undefined) return answered(version);
  return notFound(
    where,
    `version of ${JSON.stringify(name)} with ${kind} ${JSON.stringify(wanted)}`,
    'set it, or name a version',
  );
}

/** Versions, newest first. */
async function list(name: string, limit: number, session: Session): Promise<Answer<readonly Listed[]>> {
  const { value, findings } = await versions(name, {}, (found) => found.length >= limit, session);
  if (!value) return refused(...findings);
  const listed = (found: unknown): Listed => ({
    version: textAt(found, 'name') ?? '',
    status: statusOf(found),
    approval: approvalOf(found, session),
  });
  return answered(value.slice(0, limit).map(listed));
}

/** Versions that are not archived, newest first, until `enough` says so. */
async function versions(
  name: string,
  query: Readonly<Record<string, string>>,
  enough: (found: readonly unknown[]) => boolean,
  session: Session,
): Promise<Answer<readonly unknown[]>> {
  const all = new URLSearchParams({
    'api-version': API_VERSION,
    $orderBy: 'createdtime desc',
    listViewType: 'ActiveOnly',
    ...query,
  });
  const found: unknown[] = [];
  let url: string | undefined = `${session.owner}/models/${encodeURIComponent(name)}/versions?${all.toString()}`;
  while (url !== undefined && !enough(found)) {
    const { value: asked, findings } = await get(url, session);
    if (!asked) return refused(...findings);
    if (asked.status !== 200) {
      return notFound(
        session.where,
        `model ${JSON.stringify(name)}`,
        'check its name, and workspace or registry in the configuration',
      );
    }
    found.push(...listAt(asked.json, 'value'));
    const next = textAt(asked.json, 'nextLink');
    // A page elsewhere would be asked with our token.
    url = next?.startsWith(`${ARM}/`) ? next : undefined;
  }
  return answered(found);
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const { where, owner } = session;
  const said = `version ${JSON.stringify(version)} of model ${JSON.stringify(name)}`;
  const path = `models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
  const { value: asked, findings } = await get(`${owner}/${path}?api-version=${API_VERSION}`, session);
  if (!asked) return refused(...findings);
  if (asked.status !== 200) return notFound(where, said, 'name a version that is there');
  // A word in place of a version must not become the pin.
  if (textAt(asked.json, 'name') !== version) return lacking(where, `the version ${version}`);
  const properties = valueAt(asked.json, 'properties');
  if (valueAt(properties, 'isArchived') === true) {
    return notFound(where, `${said} that is not archived`, 'restore it, or name another version');
  }
  const place = await placeOf(properties, said, session);
  if (place.value === undefined) return place;
  const [run, uid, created] = [
    textAt(properties, 'jobName'),
    textAt(asked.json, 'id'),
    instant(textAt(asked.json, 'systemData', 'createdAt')),
  ];
  return answered({
    name,
    version,
    uri: place.value,
    ...(run === undefined ? {} : { run }),
    ...(uid === undefined ? {} : { uid }),
    ...(created === undefined ? {} : { created }),
    status: statusOf(asked.json),
    approval: approvalOf(asked.json, session),
    metrics: {},
    tags: textsAt(properties, 'tags'),
    datasets: {},
  });
}

/** Where KServe loads a version from: a directory ends in "/", an object does not. */
async function placeOf(properties: unknown, said: string, session: Session): Promise<Answer<string>> {
  const modelUri = textAt(properties, 'modelUri');
  if (modelUri === undefined) return lacking(session.where, 'properties.modelUri');
  const blob = await blobOf(modelUri, session);
  return blob.value === undefined ? blob : withSlash(blob.value, textAt(properties, 'modelType'), said, session);
}

/** The address of the blobs behind a model URI, which may name a datastore or the outputs of a job. */
async function blobOf(modelUri: string, session: Session): Promise<Answer<string>> {
  if (isAzureBlob(modelUri)) return answered(modelUri.replace(/[?#].*$/, ''));
  const [, container, account, cloud, path] =
    /^(?:wasbs|abfss):\/\/([^@/]+)@([^./]+)\.(?:blob|dfs)\.([^/]+)\/([^?#]*)/.exec(modelUri) ?? [];
  if (container !== undefined) return answered(`https://${account}.blob.${cloud}/${container}/${path}`);
  const workspace = workspaceOf(modelUri, session);
  const [, store, below] = /^azureml:\/\/(?:.*\/)?datastores\/([^/]+)\/paths\/([^?#]*)/.exec(modelUri) ?? [];
  if (store !== undefined) return datastoreBlob(workspace, store, below ?? '', session);
  const [, job, output] =
    /^azureml:\/\/(?:.*\/)?jobs\/([^/]+)\/outputs\/artifacts\/paths\/([^?#]*)/.exec(modelUri) ?? [];
  // Outputs of a job that have no name of their own are in the datastore of the workspace, below the job.
  if (job !== undefined)
    return datastoreBlob(workspace, 'workspaceartifactstore', `ExperimentRun/dcid.${job}/${output ?? ''}`, session);
  const scheme = /^([a-z]+):/.exec(modelUri)?.[1] ?? 'an unknown form';
  const message = `Azure ML names a place of ${scheme}:, of which no blob is known`;
  return refuse('registry/place', session.where, message, FROM_BLOBS);
}

const FROM_BLOBS = 'register the model from a datastore of Azure Blob Storage';

/** The workspace that a URI names, else the one of the configuration. */
function workspaceOf(modelUri: string, { config, owner }: Session): string | undefined {
  const [, subscription, resourceGroup, workspace] =
    /^azureml:\/\/subscriptions\/([\w-]+)\/resource[gG]roups\/([\w.()-]+)\/(?:providers\/[^/]+\/)?workspaces\/([\w.()-]+)\//.exec(
      modelUri,
    ) ?? [];
  if (workspace !== undefined) return `${scope(subscription ?? '', resourceGroup ?? '')}/workspaces/${workspace}`;
  return config.workspace === undefined ? undefined : owner;
}

async function datastoreBlob(
  workspace: string | undefined,
  store: string,
  path: string,
  session: Session,
): Promise<Answer<string>> {
  const { where } = session;
  if (workspace === undefined) {
    const fix = 'register the model in the registry again, which copies it';
    return refuse('registry/place', where, 'the model URI names a datastore without its workspace', fix);
  }
  const { value: asked, findings } = await get(
    `${workspace}/datastores/${encodeURIComponent(store)}?api-version=${API_VERSION}`,
    session,
  );
  if (!asked) return refused(...findings);
  if (asked.status !== 200) {
    return notFound(
      where,
      `datastore ${JSON.stringify(store)}`,
      'register the model again from a datastore that is there',
    );
  }
  const properties = valueAt(asked.json, 'properties');
  const type = textAt(properties, 'datastoreType');
  const [account, container] = [
    textAt(properties, 'accountName'),
    textAt(properties, 'containerName') ?? textAt(properties, 'filesystem'),
  ];
  if (type !== 'AzureBlob' && type !== 'AzureDataLakeGen2') {
    const message = `datastore ${JSON.stringify(store)} is of type ${type ?? 'unknown'}, which KServe does not load`;
    return refuse('registry/place', where, message, FROM_BLOBS);
  }
  if (account === undefined || container === undefined)
    return lacking(where, 'accountName or containerName of the datastore');
  return answered(
    `https://${account}.blob.${textAt(properties, 'endpoint') ?? 'core.windows.net'}/${container}/${path}`,
  );
}

/** Tells a directory from an object. A custom model may be either, so its storage is asked. */
async function withSlash(
  blob: string,
  type: string | undefined,
  said: string,
  { where, deps }: Session,
): Promise<Answer<string>> {
  const plain = blob.replace(/\/+$/, '');
  if (blob.endsWith('/') || (type !== undefined && DIRECTORIES.has(type))) return answered(`${plain}/`);
  const kind = await kindOfBlob(plain, deps);
  if (kind === 'directory') return answered(`${plain}/`);
  if (kind === 'object') return answered(plain);
  if (kind.known === 'missing') return notFound(where, `model at ${plain}`, kind.fix);
  const message = `${said} may be a directory or an object, and Azure ML does not say which: ${kind.reason}`;
  return refuse('registry/place', where, message, `let the storage be asked: ${kind.fix}`);
}

async function get(url: string, session: Session): Promise<Answer<Asked>> {
  const { where, deps } = session;
  const bearer = await azureToken(ARM, deps);
  if (bearer === undefined) return noCredentials(where, 'Azure', CREDENTIALS_FIX.azure);
  return ask(
    { url, authorize: () => ({ authorization: `Bearer ${bearer}` }), credentials: CREDENTIALS_FIX.azure },
    session,
  );
}

function scope(subscription: string, resourceGroup: string): string {
  return `${ARM}/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices`;
}

/** Workspaces say nothing while all is well; registries copy, and say how far they are. */
function statusOf(found: unknown): ModelStatus {
  const state = textAt(found, 'properties', 'provisioningState') ?? 'Succeeded';
  return STATUS[state] ?? 'pending';
}

function approvalOf(found: unknown, { config }: Session): Approval {
  return approvalByTag(config.approvalTag, textsAt(found, 'properties', 'tags'));
}
