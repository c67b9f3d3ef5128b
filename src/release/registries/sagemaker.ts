import { answered, type Answer } from '../../core/answer.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import { ask, isLatest, newestVersion, noCredentials, notFound, refuse, registryOf, type Context } from './adapter.ts';
import { awsCredentials, CREDENTIALS_FIX } from './credentials.ts';
import type { Reply } from './http.ts';
import { at, instant, listAt, numberAt, parseJson, sortedRecord, textAt, textsAt } from './json.ts';
import type { Allowance, Approval, ModelStatus, Registry, ResolvedModel, VersionSummary } from './registry.ts';
import { readS3Text } from './s3.ts';
import { signV4 } from './sigv4.ts';

/** Amazon SageMaker Model Registry (API 2017-07-24, JSON 1.1). A model is a model package group. */

const STATUS: Readonly<Record<string, ModelStatus>> = {
  Completed: 'ready',
  Pending: 'pending',
  InProgress: 'pending',
  Failed: 'failed',
  Deleting: 'failed',
};

const APPROVAL: Readonly<Record<string, Approval>> = { Approved: 'approved', PendingManualApproval: 'pending', Rejected: 'rejected' };

/** SageMaker refuses with 400 where others have statuses; the type of the error says what is meant. */
const REFUSED = /AccessDenied|ExpiredToken|Signature|UnrecognizedClient|InvalidClientTokenId|MissingAuthenticationToken/;

export function openSageMaker({ region, account }: RegistryConfigOf<'sagemaker'>, context: Context): Registry {
  const { where, deps } = context;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint = deps.env['AWS_ENDPOINT_URL_SAGEMAKER'] || deps.env['AWS_ENDPOINT_URL'] || `https://api.sagemaker.${region}.${domain}`;
  const url = `${endpoint.replace(/\/+$/, '')}/`;

  /** An operation: its answer, or `null` where SageMaker does not know what is named. */
  async function call(operation: string, input: object): Promise<Answer<{ json: unknown } | null>> {
    const signer = await awsCredentials(deps);
    if (!signer) return noCredentials(where, 'AWS', CREDENTIALS_FIX.aws);
    const body = JSON.stringify(input);
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `SageMaker.${operation}` };
    const authorize = (): Readonly<Record<string, string>> =>
      signV4({ method: 'POST', url, headers, body }, { credentials: signer, region, service: 'sagemaker', now: deps.now() });
    const busy = (reply: Reply): boolean => reply.status === 400 && /Throttling/.test(errorType(parseJson(reply.text)));
    const { value: asked, findings } = await ask({ url, method: 'POST', headers, body, authorize, busy, credentials: CREDENTIALS_FIX.aws }, context);
    if (!asked) return { value: undefined, findings };
    if (asked.status === 200) return answered({ json: asked.json });
    const type = errorType(asked.json);
    if (!REFUSED.test(type)) return answered(null);
    return refuse('registry/credentials', where, `SageMaker does not allow ${operation} with these credentials`, CREDENTIALS_FIX.aws);
  }

  const noGroup = (group: string): Answer<never> =>
    notFound(
      where,
      `model package group ${JSON.stringify(group)} in ${region}`,
      'check its name, the region and the account in the configuration',
    );

  /** Summaries, newest first, until `enough` says so. */
  async function summaries(group: string, filter: object, enough: (found: readonly unknown[]) => boolean): Promise<Answer<readonly unknown[]>> {
    const found: unknown[] = [];
    let token: string | undefined;
    do {
      // Groups of other accounts are known by their ARN only.
      const input = { ModelPackageGroupName: account === undefined ? group : arn('model-package-group', group), ...filter };
      const order = { SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 100 };
      const page = { ...input, ...order, ...(token === undefined ? {} : { NextToken: token }) };
      const { value: answer, findings } = await call('ListModelPackages', page);
      if (answer === undefined) return { value: undefined, findings };
      if (answer === null) return noGroup(group);
      found.push(...listAt(answer.json, 'ModelPackageSummaryList'));
      token = textAt(answer.json, 'NextToken');
    } while (token !== undefined && !enough(found));
    return answered(found);
  }

  function arn(kind: string, path: string): string {
    const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
    return `arn:${partition}:sagemaker:${region}:${account ?? ''}:${kind}/${path}`;
  }

  async function list(name: string, limit: number): Promise<Answer<readonly VersionSummary[]>> {
    const { value, findings } = await summaries(partsOf(name).group, {}, (found) => found.length >= limit);
    return value ? answered(value.slice(0, limit).map(summary)) : { value: undefined, findings };
  }

  async function versionOf(name: string, alias: string, allow: Allowance): Promise<Answer<string>> {
    const { group } = partsOf(name);
    if (isLatest(alias)) return newestVersion(list, name, allow, context);
    const [, stage] = /^stage=(.+)$/.exec(alias) ?? [];
    if (alias !== 'latestApproved' && stage === undefined) {
      const fix = `write ${JSON.stringify(`${name}@latestApproved`)}, ${JSON.stringify(`${name}@stage=Production/Approved`)}, or a version`;
      return refuse('registry/request', where, `SageMaker has no aliases, so there is no ${JSON.stringify(alias)}`, fix);
    }
    const fits = (found: unknown): boolean =>
      textAt(found, 'ModelPackageStatus') === 'Completed' &&
      (stage === undefined ? textAt(found, 'ModelApprovalStatus') === 'Approved' : stagesOf(found).includes(stage));
    const filter = stage === undefined ? { ModelApprovalStatus: 'Approved' } : {};
    const { value, findings } = await summaries(group, filter, (found) => found.some(fits));
    if (!value) return { value: undefined, findings };
    const version = textAt(value.find(fits), 'ModelPackageVersion');
    if (version !== undefined) return answered(version);
    const wanted = stage === undefined ? 'approved version' : `version in stage ${JSON.stringify(stage)}`;
    return notFound(where, `${wanted} of model package group ${JSON.stringify(group)}`, 'approve one, or name a version');
  }

  async function arnOf(group: string, version: string): Promise<Answer<string | undefined>> {
    if (account !== undefined) return answered(arn('model-package', `${group}/${version}`));
    const isIt = (found: unknown): boolean => textAt(found, 'ModelPackageVersion') === version;
    const { value, findings } = await summaries(group, {}, (found) => found.some(isIt));
    return value ? answered(textAt(value.find(isIt), 'ModelPackageArn')) : { value: undefined, findings };
  }

  async function look(name: string, version: string): Promise<Answer<ResolvedModel>> {
    const { group, container } = partsOf(name);
    const missing = notFound(
      where,
      `version ${JSON.stringify(version)} of model package group ${JSON.stringify(group)}`,
      'name a version that is there',
    );
    const named = await arnOf(group, version);
    if (named.findings.length > 0) return { value: undefined, findings: named.findings };
    if (named.value === undefined) return missing;
    const { value: answer, findings } = await call('DescribeModelPackage', { ModelPackageName: named.value });
    if (answer === undefined) return { value: undefined, findings };
    if (answer === null) return missing;
    const found = answer.json;
    const place = placeOf(name, version, container, listAt(found, 'InferenceSpecification', 'Containers'));
    if (place.value === undefined) return place;
    const metrics = await qualityMetrics(textAt(found, 'ModelMetrics', 'ModelQuality', 'Statistics', 'S3Uri'));
    if (!metrics.value) return metrics;
    const [uid, run] = [textAt(found, 'ModelPackageArn'), textAt(found, 'MetadataProperties', 'GeneratedBy')];
    const created = createdOf(found);
    return answered({
      name,
      version,
      uri: place.value,
      ...(run === undefined ? {} : { run }),
      ...(uid === undefined ? {} : { uid }),
      ...(created === undefined ? {} : { created }),
      status: statusOf(found),
      approval: approvalOf(found),
      metrics: metrics.value,
      tags: textsAt(found, 'CustomerMetadataProperties'),
      datasets: {},
    });
  }

  function placeOf(name: string, version: string, wanted: string | undefined, containers: readonly unknown[]): Answer<string> {
    const said = `version ${version} of ${JSON.stringify(name)}`;
    if (wanted === undefined && containers.length > 1) {
      const names = containers.map((container, index) => textAt(container, 'ContainerHostname') ?? String(index + 1));
      const fix = `say which: ${names.map((one) => JSON.stringify(`${name}#${one}`)).join(' or ')}`;
      return refuse('registry/request', where, `${said} has ${containers.length} containers, each with a model`, fix);
    }
    const byName = containers.find((one) => textAt(one, 'ContainerHostname') === wanted);
    const container = wanted === undefined ? containers[0] : (byName ?? containers[Number(wanted) - 1]);
    if (container === undefined) {
      return notFound(
        where,
        wanted === undefined ? `container in ${said}` : `container ${JSON.stringify(wanted)} in ${said}`,
        'name one that the model package has, or its number from 1',
      );
    }
    const source = at(container, 'ModelDataSource', 'S3DataSource');
    const uri = textAt(source, 'S3Uri') ?? textAt(container, 'ModelDataUrl');
    if (uri === undefined) {
      return notFound(where, `model data in ${said}`, 'register the model package with ModelDataUrl or ModelDataSource');
    }
    // A prefix is a directory and ends in "/"; ModelDataUrl and S3Object are one object.
    const directory = textAt(source, 'S3DataType') === 'S3Prefix';
    return answered(`${uri.replace(/\/+$/, '')}${directory ? '/' : ''}`);
  }

  /** The metrics that Model Monitor and pipelines write: a JSON file with groups of `{ value, standard_deviation }`. */
  async function qualityMetrics(uri: string | undefined): Promise<Answer<Readonly<Record<string, number>>>> {
    const [, place] = /^s3:\/\/([^/]+\/.*)$/.exec(uri ?? '') ?? [];
    const text = place === undefined ? undefined : await readS3Text(place, deps);
    const groups = Object.values(Object(parseJson(text ?? '')) as Record<string, unknown>);
    const metricsOf = (group: unknown): readonly (readonly [string, number | undefined])[] =>
      Object.keys(Object(group) as object).map((metric) => [metric, numberAt(group, metric, 'value')]);
    const pairs = groups.flatMap(metricsOf);
    return answered(sortedRecord(pairs.flatMap(([metric, value]) => (value === undefined ? [] : [[metric, value] as const]))));
  }

  return registryOf({ list, versionOf, look }, context);
}

/** `<group>`, or `<group>#<container>` for model packages with several: names of groups have no "#". */
function partsOf(name: string): { readonly group: string; readonly container: string | undefined } {
  const [group = '', container] = name.split('#');
  return { group, container };
}

function summary(found: unknown): VersionSummary {
  const [stage] = stagesOf(found).slice(-1);
  const created = createdOf(found);
  return {
    version: textAt(found, 'ModelPackageVersion') ?? '',
    status: statusOf(found),
    approval: approvalOf(found),
    aliases: [],
    ...(stage === undefined ? {} : { stage }),
    ...(created === undefined ? {} : { created }),
  };
}

/** What a selector may call the stage: by itself, or with its status. */
function stagesOf(found: unknown): readonly string[] {
  const [stage, status] = [textAt(found, 'ModelLifeCycle', 'Stage'), textAt(found, 'ModelLifeCycle', 'StageStatus')];
  return stage === undefined ? [] : [stage, ...(status === undefined ? [] : [`${stage}/${status}`])];
}

function statusOf(found: unknown): ModelStatus {
  return STATUS[textAt(found, 'ModelPackageStatus') ?? ''] ?? 'pending';
}

function approvalOf(found: unknown): Approval {
  return APPROVAL[textAt(found, 'ModelApprovalStatus') ?? ''] ?? 'unknown';
}

/** Timestamps travel as seconds since 1970, with fractions. */
function createdOf(found: unknown): string | undefined {
  const seconds = numberAt(found, 'CreationTime');
  return instant(seconds === undefined ? undefined : Math.round(seconds * 1000));
}

function errorType(json: unknown): string {
  return textAt(json, '__type') ?? '';
}
