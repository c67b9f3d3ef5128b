import { basicAuth } from '../../core/basic-auth.ts';
import type { RegistryDeps } from './deps.ts';
import { send } from './http.ts';
import { parseJson, textAt } from './json.ts';
import type { AwsCredentials } from './sigv4.ts';

/**
 * Credentials: from the environment first, else from the command line of the vendor, which knows profiles, single sign-on and
 * workload identity. They stay in memory, and in no message.
 */

/** What to do when credentials are missing or refused, by vendor. */
export const CREDENTIALS_FIX = {
  mlflow: 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN',
  aws: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or log in with the aws command',
  azure: 'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or log in with the az command',
  google: 'set GOOGLE_OAUTH_ACCESS_TOKEN, or log in with the gcloud command',
  huggingFace: 'set HF_TOKEN to a token that may read the model; accept its conditions on the Hub when it is gated',
  oci: 'set OCI_HOST, OCI_USERNAME and OCI_PASSWORD, or log in with the crane command',
} as const;

/**
 * `Authorization` for MLflow, in the order in which its own client looks; none for a server that is open. With several servers,
 * `MLFLOW_TRACKING_URI` says whose credentials they are.
 */
export function mlflowAuthorization(url: string, env: RegistryDeps['env']): string | undefined {
  const owner = env['MLFLOW_TRACKING_URI'];
  if (owner && URL.canParse(owner) && new URL(owner).origin !== new URL(url).origin) return undefined;
  const username = env['MLFLOW_TRACKING_USERNAME'];
  const password = env['MLFLOW_TRACKING_PASSWORD'];
  if (username && password) return basicAuth(username, password);
  const token = env['MLFLOW_TRACKING_TOKEN'];
  return token ? `Bearer ${token}` : undefined;
}

/** How long credentials are kept: well below the life of any token. */
const KEEP_MS = 4 * 60_000;

/** What was found, or is being looked for, in one world. */
const memory = new WeakMap<RegistryDeps, Map<string, { readonly since: number; readonly found: Promise<unknown> }>>();

/** Asks once for all models of a command: programs of vendors take seconds. */
function remembered<T>(deps: RegistryDeps, what: string, find: () => Promise<T>): Promise<T> {
  const known = memory.get(deps) ?? new Map<string, { since: number; found: Promise<unknown> }>();
  memory.set(deps, known);
  const before = known.get(what);
  if (before && deps.now() - before.since < KEEP_MS) return before.found as Promise<T>;
  const found = find();
  known.set(what, { since: deps.now(), found });
  return found;
}

/** Credentials of AWS, or `undefined`. */
export function awsCredentials(deps: RegistryDeps): Promise<AwsCredentials | undefined> {
  return remembered(deps, 'aws', () => findAwsCredentials(deps));
}

async function findAwsCredentials({ env, run }: RegistryDeps): Promise<AwsCredentials | undefined> {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    env['AWS_ACCESS_KEY_ID'],
    env['AWS_SECRET_ACCESS_KEY'],
    env['AWS_SESSION_TOKEN'],
  ];
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
  const answer = parseJson((await run('aws', ['configure', 'export-credentials', '--format', 'process'])) ?? '');
  const [id, secret, token] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map((field) => textAt(answer, field));
  if (id === undefined || secret === undefined) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token === undefined ? {} : { sessionToken: token }) };
}

/** What an Azure token is for: the control plane, or the bytes of blobs. */
export type AzureResource = 'https://management.azure.com' | 'https://storage.azure.com';

/** A bearer token of Microsoft Entra, or `undefined`. */
export function azureToken(resource: AzureResource, deps: RegistryDeps): Promise<string | undefined> {
  return remembered(deps, resource, () => findAzureToken(resource, deps));
}

async function findAzureToken(resource: AzureResource, deps: RegistryDeps): Promise<string | undefined> {
  const { env, run } = deps;
  const [tenant, client, secret] = [env['AZURE_TENANT_ID'], env['AZURE_CLIENT_ID'], env['AZURE_CLIENT_SECRET']];
  const assertion = env['AZURE_FEDERATED_TOKEN'];
  if (tenant && client && (secret || assertion)) {
    const proof = secret
      ? { client_secret: secret }
      : {
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: assertion ?? '',
        };
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client,
      scope: `${resource}/.default`,
      ...proof,
    });
    const authority = (env['AZURE_AUTHORITY_HOST'] || 'https://login.microsoftonline.com').replace(/\/+$/, '');
    const url = `${authority}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const reply = await send({ url, method: 'POST', headers, body: form.toString() }, deps);
    return reply.status === 200 ? textAt(parseJson(reply.text), 'access_token') : undefined;
  }
  const answer = await run('az', ['account', 'get-access-token', '--resource', resource, '-o', 'json']);
  return textAt(parseJson(answer ?? ''), 'accessToken');
}

/** An access token of Google Cloud, or `undefined`. */
export function googleToken(deps: RegistryDeps): Promise<string | undefined> {
  const { env, run } = deps;
  return remembered(deps, 'google', async () => {
    const token = env['GOOGLE_OAUTH_ACCESS_TOKEN'] || env['CLOUDSDK_AUTH_ACCESS_TOKEN'];
    return token || (await run('gcloud', ['auth', 'print-access-token']))?.trim() || undefined;
  });
}

/** Who logs in to an OCI registry. */
export interface OciLogin {
  readonly username: string;
  readonly password: string;
}

/** User and password of an OCI registry, or `undefined`, which means that it is asked without. */
export function ociLogin(host: string, deps: RegistryDeps): Promise<OciLogin | undefined> {
  return remembered(deps, host, () => findOciLogin(host, deps));
}

async function findOciLogin(host: string, { env, run }: RegistryDeps): Promise<OciLogin | undefined> {
  const [username, password] = [env['OCI_USERNAME'], env['OCI_PASSWORD']];
  // Images come from many registries, and the password is for one.
  if (username && password && env['OCI_HOST'] === host) return { username, password };
  const answer = parseJson((await run('crane', ['auth', 'get', host])) ?? '');
  const [user, secret] = [textAt(answer, 'Username'), textAt(answer, 'Secret')];
  return user === undefined || secret === undefined ? undefined : { username: user, password: secret };
}
