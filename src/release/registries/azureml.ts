import { answered, type Answer } from '../../core/answer.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { approvalByTag, ask, isLatest, lacking, newestVersion, noCredentials, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { kindOfBlob } from './azure-blob.ts';
import { azureToken, CREDENTIALS_FIX } from './credentials.ts';
import { at, instant, listAt, textAt, textsAt } from './json.ts';
import type { Allowance, ModelStatus, Registry, ResolvedModel, VersionSummary } from './registry.ts';
import { isAzureBlob } from './storage.ts';

/** Azure Machine Learning, through Azure Resource Manager. */

const ARM = 'https://management.azure.com';
const API_VERSION = '2025-09-01';

const STATUS: Readonly<Record<string, ModelStatus>> = { Succeeded: 'ready', Failed: 'failed', Canceled: 'failed', Deleting: 'failed' };

/** Model types that are directories by their definition. A custom model may be either. */
const DIRECTORIES = new Set(['mlflow_model', 'triton_model']);

export function openAzureMl(config: RegistryConfigOf<'azureml'>, context: Context): Registry {
  const { where, deps } = context;
  const group = scope(config.subscription, config.resourceGroup);
  const owner = config.workspace === undefined ? `${group}/registries/${config.registry ?? ''}` : `${group}/workspaces/${config.workspace}`;

  async function get(url: string): Promise<Answer<Asked>> {
    const bearer = await azureToken(ARM, deps);
    if (bearer === undefined) return noCredentials(where, 'Azure', CREDENTIALS_FIX.azure);
    return ask({ url, authorize: () => ({ authorization: `Bearer ${bearer}` }), credentials: CREDENTIALS_FIX.azure }, context);
  }

  /** Versions that are not archived, newest first, until `enough` says so. */
  async function versions(
    name: string,
    query: Readonly<Record<string, string>>,
    enough: (found: readonly unknown[]) => boolean,
  ): Promise<Answer<readonly unknown[]>> {
    const all = new URLSearchParams({ 'api-version': API_VERSION, $orderBy: 'createdtime desc', listViewType: 'ActiveOnly', ...query });
    const found: unknown[] = [];
    let url: string | undefined = `${owner}/models/${encodeURIComponent(name)}/versions?${all.toString()}`;
    while (url !== undefined && !enough(found)) {
      const { value: asked, findings } = await get(url);
      if (!asked) return { value: undefined, findings };
      if (asked.status !== 200) {
        return notFound(where, `model ${JSON.stringify(name)}`, 'check its name, and workspace or registry in the configuration');
      }
      found.push(...listAt(asked.json, 'value'));
      const next = textAt(asked.json, 'nextLink');
      // A page elsewhere would be asked with our token.
      url = next?.startsWith(`${ARM}/`) ? next : undefined;
    }
    return answered(found);
  }

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    const { value, findings } = await versions(name, {}, (found) => found.length >= limit);
    return value ? answered(value.slice(0, limit).map(summary)) : { value: undefined, findings };
  }

  function summary(found: unknown): VersionSummary {
    const [stage, created] = [textAt(found, 'properties', 'stage'), instant(textAt(found, 'systemData', 'createdAt'))];
    return {
      version: textAt(found, 'name') ?? '',
      status: statusOf(found),
      approval: approvalByTag(config.approvalTag, textsAt(found, 'properties', 'tags')),
      aliases: [],
      ...(stage === undefined ? {} : { stage }),
      ...(created === undefined ? {} : { created }),
    };
  }

  async function versionOf(name: string, alias: string, allow: Allowance): Promise<Answer<string>> {
    if (isLatest(alias)) return newestVersion(list, name, allow, context);
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
    const { value: found, findings } = await versions(name, kind === 'tag' ? { tags: wanted } : {}, (all) => all.some(fits));
    if (!found) return { value: undefined, findings };
    const version = textAt(found.find(fits), 'name');
    if (version !== undefined) return answered(version);
    return notFound(where, `version of ${JSON.stringify(name)} with ${kind} ${JSON.stringify(wanted)}`, 'set it, or name a version');
  }

  async function look(name: string, version: string): Promise<Answer<ResolvedModel>> {
    const said = `version ${JSON.stringify(version)} of model ${JSON.stringify(name)}`;
    const path = `models/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}`;
    const { value: asked, findings } = await get(`${owner}/${path}?api-version=${API_VERSION}`);
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) return notFound(where, said, 'name a version that is there');
    // A word in place of a version must not become the pin.
    if (textAt(asked.json, 'name') !== version) return lacking(where, `the version ${version}`);
    const properties = at(asked.json, 'properties');
    if (at(properties, 'isArchived') === true) {
      return notFound(where, `${said} that is not archived`, 'restore it, or name another version');
    }
    const modelUri = textAt(properties, 'modelUri');
    if (modelUri === undefined) return lacking(where, 'properties.modelUri');
    const blob = await blobOf(modelUri);
    if (blob.value === undefined) return blob;
    const place = await withSlash(blob.value, textAt(properties, 'modelType'), said);
    if (place.value === undefined) return place;
    const [run, uid, created] = [textAt(properties, 'jobName'), textAt(asked.json, 'id'), instant(textAt(asked.json, 'systemData', 'createdAt'))];
    const tags = textsAt(properties, 'tags');
    return answered({
      name,
      version,
      uri: place.value,
      ...(run === undefined ? {} : { run }),
      ...(uid === undefined ? {} : { uid }),
      ...(created === undefined ? {} : { created }),
      status: statusOf(asked.json),
      approval: approvalByTag(config.approvalTag, tags),
      metrics: {},
      tags,
      datasets: {},
    });
  }

  /** The address of the blobs behind a model URI, which may name a datastore or the outputs of a job. */
  async function blobOf(modelUri: string): Promise<Answer<string>> {
    if (isAzureBlob(modelUri)) return answered(modelUri.replace(/[?#].*$/, ''));
    const [, container, account, cloud, path] = /^(?:wasbs|abfss):\/\/([^@/]+)@([^./]+)\.(?:blob|dfs)\.([^/]+)\/([^?#]*)/.exec(modelUri) ?? [];
    if (container !== undefined) return answered(`https://${account}.blob.${cloud}/${container}/${path}`);
    const [, store, below] = /^azureml:\/\/(?:.*\/)?datastores\/([^/]+)\/paths\/([^?#]*)/.exec(modelUri) ?? [];
    if (store !== undefined) return datastoreBlob(workspaceOf(modelUri), store, below ?? '');
    const [, job, output] = /^azureml:\/\/(?:.*\/)?jobs\/([^/]+)\/outputs\/artifacts\/paths\/([^?#]*)/.exec(modelUri) ?? [];
    // Outputs of a job that have no name of their own are in the datastore of the workspace, below the job.
    if (job !== undefined) return datastoreBlob(workspaceOf(modelUri), 'workspaceartifactstore', `ExperimentRun/dcid.${job}/${output ?? ''}`);
    const scheme = /^([a-z]+):/.exec(modelUri)?.[1] ?? 'an unknown form';
    return refuse(
      'registry/place',
      where,
      `Azure ML names a place of ${scheme}:, of which no blob is known`,
      'register the model from a datastore of Azure Blob Storage',
    );
  }

  /** The workspace that a URI names, else the one of the configuration. */
  function workspaceOf(modelUri: string): string | undefined {
    const [, subscription, resourceGroup, workspace] =
      /^azureml:\/\/subscriptions\/([\w-]+)\/resource[gG]roups\/([\w.()-]+)\/(?:providers\/[^/]+\/)?workspaces\/([\w.()-]+)\//.exec(modelUri) ?? [];
    if (workspace !== undefined) return `${scope(subscription ?? '', resourceGroup ?? '')}/workspaces/${workspace}`;
    return config.workspace === undefined ? undefined : owner;
  }

  async function datastoreBlob(workspace: string | undefined, store: string, path: string): Promise<Answer<string>> {
    if (workspace === undefined) {
      return refuse(
        'registry/place',
        where,
        'the model URI names a datastore without its workspace',
        'register the model in the registry again, which copies it',
      );
    }
    const { value: asked, findings } = await get(`${workspace}/datastores/${encodeURIComponent(store)}?api-version=${API_VERSION}`);
    if (!asked) return { value: undefined, findings };
    if (asked.status !== 200) {
      return notFound(where, `datastore ${JSON.stringify(store)}`, 'register the model again from a datastore that is there');
    }
    const properties = at(asked.json, 'properties');
    const type = textAt(properties, 'datastoreType');
    const [account, container] = [textAt(properties, 'accountName'), textAt(properties, 'containerName') ?? textAt(properties, 'filesystem')];
    if (type !== 'AzureBlob' && type !== 'AzureDataLakeGen2') {
      const message = `datastore ${JSON.stringify(store)} is of type ${type ?? 'unknown'}, which KServe does not load`;
      return refuse('registry/place', where, message, 'register the model from a datastore of Azure Blob Storage');
    }
    if (account === undefined || container === undefined) return lacking(where, 'accountName or containerName of the datastore');
    return answered(`https://${account}.blob.${textAt(properties, 'endpoint') ?? 'core.windows.net'}/${container}/${path}`);
  }

  /** A directory ends in "/", an object does not. A custom model may be either, so its storage is asked. */
  async function withSlash(blob: string, type: string | undefined, said: string): Promise<Answer<string>> {
    const plain = blob.replace(/\/+$/, '');
    if (blob.endsWith('/') || (type !== undefined && DIRECTORIES.has(type))) return answered(`${plain}/`);
    const kind = await kindOfBlob(plain, deps);
    if (kind === 'directory') return answered(`${plain}/`);
    if (kind === 'object') return answered(plain);
    if (kind.missing) return notFound(where, `model at ${plain}`, kind.fix);
    const message = `${said} may be a directory or an object, and Azure ML does not say which: ${kind.reason}`;
    return refuse('registry/place', where, message, `let the storage be asked: ${kind.fix}`);
  }

  return registryOf({ list, versionOf, look }, context);
}

function scope(subscription: string, resourceGroup: string): string {
  return `${ARM}/subscriptions/${subscription}/resourceGroups/${resourceGroup}/providers/Microsoft.MachineLearningServices`;
}

/** Workspaces say nothing while all is well; registries copy, and say how far they are. */
function statusOf(found: unknown): ModelStatus {
  const state = textAt(found, 'properties', 'provisioningState') ?? 'Succeeded';
  return STATUS[state] ?? 'pending';
}
