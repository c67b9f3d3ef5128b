import { expect, test } from 'vitest';
import { openImmutable, openRegistry } from '../../../src/release/registries/open.ts';
import type { RegistryDeps } from '../../../src/release/registries/deps.ts';
import type { Registry } from '../../../src/release/registries/registry.ts';
import type { RegistryConfig } from '../../../src/service/registry.ts';
import { fc } from '../../support/property.ts';
import { NOON } from './world.ts';

/** Whatever a server does with the secrets that it is sent, nothing that is said repeats one. */

const SECRETS = [
  'MLFLOW_TRACKING_USERNAME',
  'MLFLOW_TRACKING_PASSWORD',
  'MLFLOW_TRACKING_TOKEN',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AZURE_TENANT_ID',
  'AZURE_CLIENT_ID',
  'AZURE_CLIENT_SECRET',
  'GOOGLE_OAUTH_ACCESS_TOKEN',
  'HF_TOKEN',
  'OCI_USERNAME',
  'OCI_PASSWORD',
];

const CONFIGS: readonly RegistryConfig[] = [
  { kind: 'mlflow', url: 'https://mlflow.example.com' },
  { kind: 'sagemaker', region: 'eu-central-1' },
  { kind: 'azureml', subscription: '0b1f6471-1bf0-4dda-aec3-cb9272f09590', resourceGroup: 'ml', workspace: 'risk' },
  { kind: 'vertex', project: 'acme-ml', location: 'europe-west4' },
  { kind: 'huggingface' },
  { kind: 'oci', host: 'registry.example.com' },
];

const COMMIT = 'a'.repeat(40);
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** A name and version that the kind of registry takes, so that it is asked at all. */
const ASKED: Readonly<Record<RegistryConfig['kind'], readonly [name: string, version: string, alias: string]>> = {
  mlflow: ['fraud', '1', 'champion'],
  sagemaker: ['fraud', '1', 'latestApproved'],
  azureml: ['fraud', '1', 'tag=approved=true'],
  vertex: ['fraud', '1', 'prod'],
  huggingface: ['acme/fraud', COMMIT, 'v1'],
  oci: ['fraud', DIGEST, 'v1'],
};

/** Answers with what was sent, or with the secret itself, wherever it can be put. */
function hostile(secret: string, status: number): typeof fetch {
  const uri = `https://acme.blob.core.windows.net/models/v1?sig=${secret}`;
  const everything = {
    message: secret,
    error_code: secret,
    __type: secret,
    error: secret,
    artifact_uri: `s3://u:${secret}@b/v1/x`,
    token: secret,
    access_token: secret,
    sha: COMMIT,
    model_version: { version: '1', source: `runs:/${secret}`, status: secret },
    properties: { modelUri: uri, isArchived: false },
    name: 'a/b',
    versionId: '1',
    artifactUri: `gs://b/v1/?k=${secret}`,
    ModelPackageSummaryList: [
      {
        ModelPackageVersion: 1,
        ModelPackageArn: 'arn',
        ModelPackageStatus: 'Completed',
        ModelApprovalStatus: 'Approved',
      },
    ],
    InferenceSpecification: { Containers: [{ ModelDataUrl: `s3://b/v1/x?X-Amz-Signature=${secret}` }] },
  };
  const headers = {
    'www-authenticate': `Bearer realm="https://auth.example.com/${secret}",service="${secret}"`,
    location: `https://other.example.com/?token=${secret}`,
    etag: secret,
  };
  return () => {
    if (status === 0)
      return Promise.reject(
        new TypeError(`fetch failed: https://x/?${secret}`, {
          cause: new Error(`connect to http://u:${secret}@proxy`),
        }),
      );
    const redirect = status >= 300 && status < 400;
    return Promise.resolve(new Response(redirect ? null : JSON.stringify(everything), { status, headers }));
  };
}

async function everythingSaid(
  registry: Registry,
  [name, version, alias]: readonly [string, string, string],
  uri: string,
): Promise<string> {
  const answers = [
    await registry.resolve({ name, alias: 'latest' }),
    await registry.describe(name, version),
    await registry.resolve({ name, alias }),
  ];
  const drifts = await registry.verify({ name, version, alias, uri, digest: 'etag-tree:00' });
  const uris = answers.map(({ value }) => value?.uri);
  return JSON.stringify([answers.map(({ findings }) => findings), drifts, uris]);
}

const secrets = fc.string({
  unit: fc.constantFrom(...'ABCDEFGHJKMNPQRSTUVWXYZ23456789'),
  minLength: 20,
  maxLength: 40,
});
const statuses = fc.constantFrom(0, 200, 302, 400, 401, 403, 404, 418, 429, 500);

test('no finding, no drift and no place repeats a secret, whatever the server answers', async () => {
  await fc.assert(
    fc.asyncProperty(secrets, statuses, fc.constantFrom(...CONFIGS), async (secret, status, config) => {
      const deps: RegistryDeps = {
        fetch: hostile(secret, status),
        env: { ...Object.fromEntries(SECRETS.map((name) => [name, secret])), OCI_HOST: 'registry.example.com' },
        run: () => Promise.resolve(secret),
        sleep: () => Promise.resolve(),
        now: () => NOON,
      };
      const said = await everythingSaid(
        await openRegistry('corp', config, deps),
        ASKED[config.kind],
        's3://ml-models/fraud/v1/',
      );
      expect(said).not.toContain(secret);
      const uri = `https://ann:${secret}@models.example.com/fraud/v1/model.onnx?sig=${secret}`;
      expect(
        await everythingSaid(await openImmutable(deps), [uri, uri, 'x'], 's3://ml-models/fraud/v1/'),
      ).not.toContain(secret);
    }),
    { numRuns: 300 },
  );
});
