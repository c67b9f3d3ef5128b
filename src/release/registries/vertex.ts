import { answered, type Answer } from '../../core/answer.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { ask, isLatest, lacking, newestVersion, noCredentials, notFound, refuse, registryOf, type Asked, type Context } from './adapter.ts';
import { CREDENTIALS_FIX, googleToken } from './credentials.ts';
import { at, instant, listAt, numberAt, sortedRecord, textAt, textsAt } from './json.ts';
import type { Allowance, Registry, ResolvedModel, VersionSummary } from './registry.ts';

/** Google Vertex AI Model Registry (v1). A model is named by its id or by its display name. */

const ALIAS = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;

export function openVertexAi({ project, location }: RegistryConfigOf<'vertex'>, context: Context): Registry {
  const { where, deps } = context;
  const models = `https://${location}-aiplatform.googleapis.com/v1/projects/${project}/locations/${location}/models`;

  async function get(rest: string): Promise<Answer<Asked>> {
    const bearer = await googleToken(deps);
    if (bearer === undefined) return noCredentials(where, 'Google Cloud', CREDENTIALS_FIX.google);
    return ask({ url: `${models}${rest}`, authorize: () => ({ authorization: `Bearer ${bearer}` }), credentials: CREDENTIALS_FIX.google }, context);
  }

  /** All pages of a list. */
  async function pages(path: string, query: Readonly<Record<string, string>>, field: string): Promise<Answer<readonly unknown[] | null>> {
    const found: unknown[] = [];
    let page: string | undefined = '';
    while (page !== undefined) {
      const all = new URLSearchParams({ ...query, ...(page === '' ? {} : { pageToken: page }) });
      const { value: asked, findings } = await get(`${path}?${all.toString()}`);
      if (!asked) return { value: undefined, findings };
      if (asked.status !== 200) return answered(null);
      found.push(...listAt(asked.json, field));
      page = textAt(asked.json, 'nextPageToken');
    }
    return answered(found);
  }

  /** The id behind a name: a display name where one model has it, else the name is the id. */
  async function idOf(name: string): Promise<Answer<string>> {
    const { value: found, findings } = await pages('', { filter: `display_name=${JSON.stringify(name)}` }, 'models');
    if (found === undefined) return { value: undefined, findings };
    const ids = (found ?? []).map((model) => textAt(model, 'name')?.split('/').at(-1)?.replace(/@.*$/, '') ?? '');
    if (ids.length < 2) return answered(ids[0] ?? name);
    const message = `${ids.length} models have the display name ${JSON.stringify(name)}`;
    return refuse('registry/request', where, message, `name the id: ${ids.sort().join(' or ')}`);
  }

  const missing = (what: string, name: string): Answer<never> => notFound(
    where,
    `${what} of model ${JSON.stringify(name)}`,
    'check project, location, model and version',
  );

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    const { value: id, findings: noId } = await idOf(name);
    if (id === undefined) return { value: undefined, findings: noId };
    const { value: found, findings } = await pages(`/${encodeURIComponent(id)}:listVersions`, {}, 'models');
    if (found === undefined) return { value: undefined, findings };
    if (found === null) return missing('version', name);
    const number = (version: unknown): number => numberAt(version, 'versionId') ?? 0;
    return answered([...found].sort((a, b) => number(b) - number(a)).slice(0, limit).map(summary));
  }

  async function versionOf(name: string, alias: string, allow: Allowance): Promise<Answer<string>> {
    if (!ALIAS.test(alias)) {
      const fix = `write ${JSON.stringify(`${name}@prod`)}`;
      return refuse('registry/request', where, `${JSON.stringify(alias)} is not a version alias`, fix);
    }
    const { value: found, findings } = await version(name, alias);
    // Somebody may have set an alias of that name.
    if (!found && isLatest(alias) && findings.every(({ id }) => id === 'registry/not-found')) return newestVersion(list, name, allow, context);
    if (!found) return { value: undefined, findings };
    const number = textAt(found, 'versionId');
    return number === undefined ? lacking(where, 'versionId') : answered(number);
  }

  async function version(name: string, suffix: string): Promise<Answer<unknown>> {
    const { value: id, findings: noId } = await idOf(name);
    if (id === undefined) return { value: undefined, findings: noId };
    const { value: asked, findings } = await get(`/${encodeURIComponent(id)}@${suffix}`);
    if (!asked) return { value: undefined, findings };
    return asked.status === 200 ? answered(asked.json) : missing(`version ${JSON.stringify(suffix)}`, name);
  }

  async function look(name: string, wanted: string): Promise<Answer<ResolvedModel>> {
    if (!/^\d+$/.test(wanted)) {
      const fix = `ask for an alias as ${JSON.stringify(`${name}@${wanted}`)}; a release locks its version`;
      return refuse('registry/request', where, `version ${JSON.stringify(wanted)} of ${JSON.stringify(name)} is not a number`, fix);
    }
    const { value: found, findings } = await version(name, wanted);
    if (found === undefined) return { value: undefined, findings };
    const [uid, uri] = [textAt(found, 'name')?.replace(/@.*$/, ''), textAt(found, 'artifactUri')];
    if (uid === undefined || textAt(found, 'versionId') !== wanted) return lacking(where, `name and versionId ${wanted}`);
    if (uri === undefined) {
      const message = `version ${wanted} of ${JSON.stringify(name)} has no artifactUri: its model is in its container image`;
      return refuse(
        'registry/place',
        where,
        message,
        'upload the model with an artifactUri in Cloud Storage, or serve the image as a component',
      );
    }
    const evaluations = await pages(`/${encodeURIComponent(uid.split('/').at(-1) ?? '')}@${wanted}/evaluations`, {}, 'modelEvaluations');
    if (evaluations.value === undefined) return { value: undefined, findings: evaluations.findings };
    const run = textAt(found, 'pipelineJob') ?? textAt(found, 'trainingPipeline');
    const created = instant(textAt(found, 'versionCreateTime'));
    return answered({
      name,
      version: wanted,
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

  return registryOf({ list, versionOf, look }, context);
}

function summary(found: unknown): VersionSummary {
  const created = instant(textAt(found, 'versionCreateTime'));
  const aliases = listAt(found, 'versionAliases').map(String).sort();
  return { version: textAt(found, 'versionId') ?? '', status: 'ready', approval: 'unknown', aliases, ...(created === undefined ? {} : { created }) };
}

/** The numbers of all evaluations; the newest of a name wins. */
function metricsOf(evaluations: readonly unknown[]): Readonly<Record<string, number>> {
  const created = (evaluation: unknown): string => textAt(evaluation, 'createTime') ?? '';
  const oldestFirst = [...evaluations].sort((a, b) => (created(a) < created(b) ? -1 : 1));
  return sortedRecord(
    oldestFirst.flatMap((evaluation) => {
      const metrics = at(evaluation, 'metrics');
      return Object.keys(Object(metrics) as object).flatMap((key) => {
        const value = numberAt(metrics, key);
        return value === undefined ? [] : [[key, value] as const];
      });
    }),
  );
}
