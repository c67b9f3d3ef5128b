import { answered, refused, type Answer } from '../../core/answer.ts';
import { listAt, valueAt } from '../../core/value-at.ts';
import type { RegistryConfigOf } from '../../service/registry.ts';
import {
  ask,
  isLatest,
  newestVersion,
  noCredentials,
  notFound,
  refuse,
  registryOf,
  type Context,
  type Listed,
} from './adapter.ts';
import { awsCredentials, CREDENTIALS_FIX } from './credentials.ts';
import type { RegistryDeps } from './deps.ts';
import type { Reply } from './http.ts';
import { instant, numberAt, parseJson, sortedRecord, textAt, textsAt } from './json.ts';
import type { Allowance, Approval, ModelStatus, Registry, ResolvedModel } from './registry.ts';
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

const APPROVAL: Readonly<Record<string, Approval>> = {
  Approved: 'approved',
  PendingManualApproval: 'pending',
  Rejected: 'rejected',
};

/** SageMaker refuses with 400 where others have statuses; the type of the error says what is meant. */
const REFUSED =
  /AccessDenied|ExpiredToken|Signature|UnrecognizedClient|InvalidClientTokenId|MissingAuthenticationToken/;

/** The registry of one region, and of one account where the configuration names it. */
interface Session extends Context {
  readonly region: string;
  readonly account: string | undefined;
  /** The address of the API, with a slash at the end. */
  readonly url: string;
}

export function openSageMaker({ region, account }: RegistryConfigOf<'sagemaker'>, context: Context): Registry {
  const { env } = context.deps;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const endpoint =
    env['AWS_ENDPOINT_URL_SAGEMAKER'] || env['AWS_ENDPOINT_URL'] || `https://api.sagemaker.${region}.${domain}`;
  const session: Session = { ...context, region, account, url: `${endpoint.replace(/\/+$/, '')}/` };
  return registryOf({ versionOf, look }, session);
}

async function versionOf(name: string, alias: string, allow: Allowance, session: Session): Promise<Answer<string>> {
  const { where } = session;
  const { group } = partsOf(name);
  if (isLatest(alias)) return newestVersion(name, allow, (limit) => list(group, limit, session), session);
  const [, stage] = /^stage=(.+)$/.exec(alias) ?? [];
  if (alias !== 'latestApproved' && stage === undefined) {
    const fix = `write ${JSON.stringify(`${name}@latestApproved`)}, ${JSON.stringify(`${name}@stage=Production/Approved`)}, or a version`;
    return refuse('registry/request', where, `SageMaker has no aliases, so there is no ${JSON.stringify(alias)}`, fix);
  }
  const fits = (found: unknown): boolean =>
    textAt(found, 'ModelPackageStatus') === 'Completed' &&
    (stage === undefined ? textAt(found, 'ModelApprovalStatus') === 'Approved' : stagesOf(found).includes(stage));
  const filter = stage === undefined ? { ModelApprovalStatus: 'Approved' } : {};
  const { value, findings } = await summaries(group, filter, (found) => found.some(fits), session);
  if (!value) return refused(...findings);
  const version = textAt(value.find(fits), 'ModelPackageVersion');
  if (version !== undefined) return answered(version);
  const wanted = stage === undefined ? 'approved version' : `version in stage ${JSON.stringify(stage)}`;
  return notFound(where, `${wanted} of model package group ${JSON.stringify(group)}`, 'approve one, or name a version');
}

/** Versions, newest first. */
async function list(group: string, limit: number, session: Session): Promise<Answer<readonly Listed[]>> {
  const { value, findings } = await summaries(group, {}, (found) => found.length >= limit, session);
  if (!value) return refused(...findings);
  const listed = (found: unknown): Listed => ({
    version: textAt(found, 'ModelPackageVersion') ?? '',
    status: statusOf(found),
    approval: approvalOf(found),
  });
  return answered(value.slice(0, limit).map(listed));
}

/** Summaries, newest first, until `enough` says so. */
async function summaries(
  group: string,
  filter: object,
  enough: (found: readonly unknown[]) => boolean,
  session: Session,
): Promise<Answer<readonly unknown[]>> {
  const { where, region, account } = session;
  const found: unknown[] = [];
  let token: string | undefined;
  do {
    // Groups of other accounts are known by their ARN only.
    const input = {
      ModelPackageGroupName: account === undefined ? group : arn('model-package-group', group, session),
      ...filter,
    };
    const order = { SortBy: 'CreationTime', SortOrder: 'Descending', MaxResults: 100 };
    const page = { ...input, ...order, ...(token === undefined ? {} : { NextToken: token }) };
    const { value: answer, findings } = await call('ListModelPackages', page, session);
    if (answer === undefined) return refused(...findings);
    if (answer === null) {
      const fix = 'check its name, the region and the account in the configuration';
      return notFound(where, `model package group ${JSON.stringify(group)} in ${region}`, fix);
    }
    found.push(...listAt(answer.json, 'ModelPackageSummaryList'));
    token = textAt(answer.json, 'NextToken');
  } while (token !== undefined && !enough(found));
  return answered(found);
}

async function look(name: string, version: string, session: Session): Promise<Answer<ResolvedModel>> {
  const { where, deps } = session;
  const { group, container } = partsOf(name);
  const what = `version ${JSON.stringify(version)} of model package group ${JSON.stringify(group)}`;
  const missing = notFound(where, what, 'name a version that is there');
  const named = await arnOf(group, version, session);
  if (named.findings.length > 0) return refused(...named.findings);
  if (named.value === undefined) return missing;
  const { value: answer, findings } = await call('DescribeModelPackage', { ModelPackageName: named.value }, session);
  if (answer === undefined) return refused(...findings);
  if (answer === null) return missing;
  const found = answer.json;
  const place = placeOf(name, version, container, listAt(found, 'InferenceSpecification', 'Containers'), session);
  if (place.value === undefined) return place;
  const metrics = await qualityMetrics(textAt(found, 'ModelMetrics', 'ModelQuality', 'Statistics', 'S3Uri'), deps);
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
    metrics,
    tags: textsAt(found, 'CustomerMetadataProperties'),
    datasets: {},
  });
}

/** The ARN of a version; `undefined` where its group has none such. */
async function arnOf(group: string, version: string, session: Session): Promise<Answer<string | undefined>> {
  if (session.account !== undefined) return answered(arn('model-package', `${group}/${version}`, session));
  const isIt = (found: unknown): boolean => textAt(found, 'ModelPackageVersion') === version;
  const { value, findings } = await summaries(group, {}, (found) => found.some(isIt), session);
  return value ? answered(textAt(value.find(isIt), 'ModelPackageArn')) : refused(...findings);
}

function arn(kind: string, path: string, { region, account = '' }: Session): string {
  const partition = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  return `arn:${partition}:sagemaker:${region}:${account}:${kind}/${path}`;
}

/** The place of the model of one container: the one that is wanted by name or number, or the only one. */
function placeOf(
  name: string,
  version: string,
  wanted: string | undefined,
  containers: readonly unknown[],
  { where }: Session,
): Answer<string> {
  const said = `version ${version} of ${JSON.stringify(name)}`;
  if (wanted === undefined && containers.length > 1) {
    const names = containers.map((container, index) => textAt(container, 'ContainerHostname') ?? String(index + 1));
    const fix = `say which: ${names.map((one) => JSON.stringify(`${name}#${one}`)).join(' or ')}`;
    return refuse('registry/request', where, `${said} has ${containers.length} containers, each with a model`, fix);
  }
  const byName = containers.find((one) => textAt(one, 'ContainerHostname') === wanted);
  const container = wanted === undefined ? containers[0] : (byName ?? containers[Number(wanted) - 1]);
  if (container === undefined) {
    const what = wanted === undefined ? 'container' : `container ${JSON.stringify(wanted)}`;
    return notFound(where, `${what} in ${said}`, 'name one that the model package has, or its number from 1');
  }
  const source = valueAt(container, 'ModelDataSource', 'S3DataSource');
  const uri = textAt(source, 'S3Uri') ?? textAt(container, 'ModelDataUrl');
  if (uri === undefined) {
    return notFound(where, `model data in ${said}`, 'register the model package with ModelDataUrl or ModelDataSource');
  }
  // A prefix is a directory and ends in "/"; ModelDataUrl and S3Object are one object.
  const directory = textAt(source, 'S3DataType') === 'S3Prefix';
  return answered(`${uri.replace(/\/+$/, '')}${directory ? '/' : ''}`);
}

/**
 * The metrics that Model Monitor and pipelines write: a JSON file with groups of `{ value, standard_deviation }`. None where it
 * cannot be read.
 */
async function qualityMetrics(uri: string | undefined, deps: RegistryDeps): Promise<Readonly<Record<string, number>>> {
  const [, place] = /^s3:\/\/([^/]+\/.*)$/.exec(uri ?? '') ?? [];
  const text = place === undefined ? undefined : await readS3Text(place, deps);
  const groups = Object.values(Object(parseJson(text ?? '')) as Record<string, unknown>);
  const metricsOf = (group: unknown): readonly (readonly [string, number | undefined])[] =>
    Object.keys(Object(group) as object).map((metric) => [metric, numberAt(group, metric, 'value')]);
  const pairs = groups.flatMap(metricsOf);
  return sortedRecord(pairs.flatMap(([metric, value]) => (value === undefined ? [] : [[metric, value] as const])));
}

/** An operation: its answer, or `null` where SageMaker does not know what is named. */
async function call(operation: string, input: object, session: Session): Promise<Answer<{ json: unknown } | null>> {
  const { where, deps, region, url } = session;
  const signer = await awsCredentials(deps);
  if (!signer) return noCredentials(where, 'AWS', CREDENTIALS_FIX.aws);
  const body = JSON.stringify(input);
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `SageMaker.${operation}` };
  const authorize = (): Readonly<Record<string, string>> =>
    signV4(
      { method: 'POST', url, headers, body },
      { credentials: signer, region, service: 'sagemaker', now: deps.now() },
    );
  const busy = (reply: Reply): boolean => reply.status === 400 && /Throttling/.test(errorType(parseJson(reply.text)));
  const { value: asked, findings } = await ask(
    { url, method: 'POST', headers, body, authorize, busy, credentials: CREDENTIALS_FIX.aws },
    session,
  );
  if (!asked) return refused(...findings);
  if (asked.status === 200) return answered({ json: asked.json });
  if (!REFUSED.test(errorType(asked.json))) return answered(null);
  return refuse(
    'registry/credentials',
    where,
    `SageMaker does not allow ${operation} with these credentials`,
    CREDENTIALS_FIX.aws,
  );
}

/** `<group>`, or `<group>#<container>` for model packages with several: names of groups have no "#". */
function partsOf(name: string): { readonly group: string; readonly container: string | undefined } {
  const [group = '', container] = name.split('#');
  return { group, container };
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
