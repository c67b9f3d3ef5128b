import { z } from 'zod';
import { across, report } from './common.ts';
import type {
  AzureMlRegistry,
  HuggingFaceRegistry,
  MlflowRegistry,
  OciRegistry,
  SageMakerRegistry,
  VertexAiRegistry,
} from './platform-spec.ts';

/**
 * Model registries: where models are named. Synth asks none of them; `ai-service release` does, with credentials from
 * the environment. Nothing here may be a secret, since it stands in the sources.
 */

/** What a URL in the configuration must not carry. */
function urlProblem(text: string): { message: string; fix: string } | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return { message: 'the value is not a URL', fix: 'write https://mlflow.example.com' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return {
      message: `the URL is of ${url.protocol.slice(0, -1)}, and not of https`,
      fix: 'write https://mlflow.example.com',
    };
  }
  if (url.username !== '' || url.password !== '') {
    return {
      message: 'the URL carries credentials',
      fix: 'leave them out; commands take credentials from the environment (docs/registries.md)',
    };
  }
  if (url.search !== '' || url.hash !== '') {
    return {
      message: 'the URL carries a query or fragment, where secrets hide',
      fix: 'write scheme, host and path only',
    };
  }
  return undefined;
}

const serverUrl = z.string().check((context) => {
  const problem = urlProblem(context.value);
  if (problem) report(context, problem.message, problem.fix);
});

/** A bucket, with or without a path in it. */
const bucketUri = z.string().check((context) => {
  if (
    !/^(?:s3|gs|hdfs|pvc):\/\/[^\s/?#@]+(?:\/[^\s?#@]*)?$|^https:\/\/[^\s/?#@]+\.blob\.core\.windows\.net\/[^\s?#@]+$/.test(
      context.value,
    )
  ) {
    const fix =
      'write s3://bucket/path, gs://bucket/path, or https://<account>.blob.core.windows.net/<container>/<path>';
    report(context, 'the value is not a place in object storage, without credentials and query', fix);
  }
});

const approvalTag = z
  .string()
  .regex(/^[^=\s]+=[^=\s]+$/, 'expected <key>=<value>, as validation_status=passed')
  .optional()
  .meta({
    description:
      'Tag that says that a version is approved, as `<key>=<value>`: `validation_status=passed`. A version without it waits for approval; the values `rejected` and `failed` refuse it. Default: approval is unknown, and refuses nothing.',
  });

const mlflowRegistry = z
  .strictObject({
    kind: z.literal('mlflow').meta({ description: 'An MLflow tracking server with its model registry.' }),
    url: serverUrl.meta({ description: 'URL of the tracking server.' }),
    artifactsDestination: bucketUri.optional().meta({
      description:
        "The server's `--artifacts-destination`: where proxied `mlflow-artifacts:` URIs really are. The API does not tell.",
    }),
    approvalTag,
  })
  .meta({ id: 'MlflowRegistry', description: 'An MLflow tracking server with its model registry, 2.x or 3.x.' });

const sageMakerRegistry = z
  .strictObject({
    kind: z.literal('sagemaker').meta({ description: 'Amazon SageMaker Model Registry.' }),
    region: z
      .string()
      .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'expected an AWS region, as eu-central-1')
      .meta({ description: 'AWS region: `eu-central-1`.' }),
    account: z
      .string()
      .regex(/^\d{12}$/, 'expected the 12 digits of an AWS account, as "123456789012"')
      .optional()
      .meta({ description: 'Account that owns the model package groups. Default: that of the credentials.' }),
  })
  .meta({ id: 'SageMakerRegistry', description: 'The model package groups of an AWS account and region.' });

const azureName = z.string().regex(/^[\w.()-]+$/, 'expected a name in Azure, as ml-prod');

const azureMlRegistry = z
  .strictObject({
    kind: z.literal('azureml').meta({ description: 'Azure Machine Learning.' }),
    subscription: z
      .uuid('expected the id of a subscription, as 0f9c6f4e-2a4b-4c1d-9e57-3b8a7d2c1e60')
      .meta({ description: 'Id of the subscription.' }),
    resourceGroup: azureName.meta({ description: 'Resource group.' }),
    workspace: azureName.optional().meta({ description: 'The workspace that has the models; or name a `registry`.' }),
    registry: azureName.optional().meta({ description: 'The registry that has the models; or name a `workspace`.' }),
    approvalTag,
  })
  .check(
    across([], (context) => {
      const { workspace, registry } = context.value;
      if ((workspace === undefined) === (registry === undefined)) {
        report(
          context,
          'Azure ML needs a workspace or a registry, and not both',
          'write workspace: "<name>" or registry: "<name>"',
        );
      }
    }),
  )
  .meta({ id: 'AzureMlRegistry', description: 'The models of an Azure Machine Learning workspace or registry.' });

const vertexAiRegistry = z
  .strictObject({
    kind: z.literal('vertex').meta({ description: 'Google Vertex AI Model Registry.' }),
    project: z
      .string()
      .regex(/^[a-z0-9][a-z0-9:.-]*$/, 'expected the id or number of a project, as acme-ml-prod')
      .meta({ description: 'Id or number of the project.' }),
    location: z
      .string()
      .regex(/^[a-z]+(?:-[a-z]+\d+)?$/, 'expected a location of Google Cloud, as europe-west4')
      .meta({ description: 'Location: `europe-west4`.' }),
  })
  .meta({ id: 'VertexAiRegistry', description: 'The models of a Google Cloud project and location.' });

const huggingFaceRegistry = z
  .strictObject({
    kind: z.literal('huggingface').meta({ description: 'Hugging Face Hub.' }),
    endpoint: serverUrl
      .optional()
      .meta({ description: 'URL of the Hub or a mirror of it. Default: https://huggingface.co.' }),
  })
  .meta({
    id: 'HuggingFaceRegistry',
    description: 'The Hugging Face Hub; a model is `<owner>/<name>`, its versions are commits.',
  });

/** Not repeated when it is wrong: it may be a URL with a password. */
const registryHost = z.string().check((context) => {
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i.test(context.value)) {
    report(context, 'the value is not a host', 'write registry.example.com, without scheme, credentials and path');
  }
});

const ociRegistryConfig = z
  .strictObject({
    kind: z.literal('oci').meta({ description: 'An OCI registry with models as images.' }),
    host: registryHost.meta({
      description: 'Host of the registry, with its port when it is not 443: `registry.example.com`.',
    }),
  })
  .meta({ id: 'OciRegistry', description: 'An OCI registry; a model is a repository, its versions are digests.' });

/** A registry of the platform, of any kind. */
export const registry = z
  .discriminatedUnion('kind', [
    mlflowRegistry,
    sageMakerRegistry,
    azureMlRegistry,
    vertexAiRegistry,
    huggingFaceRegistry,
    ociRegistryConfig,
  ])
  .meta({
    id: 'RegistrySpec',
    description: 'A model registry. Credentials never stand here: commands take them from the environment.',
  });

/** A registry of the platform, of any kind, as the schema gives it. */
export type RegistryConfig = z.output<typeof registry>;
/** A registry of one kind, as the schema gives it. */
export type RegistryConfigOf<Kind extends RegistryConfig['kind']> = Extract<RegistryConfig, { kind: Kind }>;

/**
 * An MLflow registry, for the platform's `registries`. A model is asked for by alias (`@champion`), by version (`:47`), as
 * `@latest` or, on servers that still have them, by stage (`@stage=Production`). Credentials never stand here.
 *
 * @example
 * registries: {
 *   corp: mlflow({ url: 'https://mlflow.example.com', artifactsDestination: 's3://ml-models', approvalTag: 'review=passed' }),
 * }
 */
export function mlflow(options: Omit<MlflowRegistry, 'kind'>): MlflowRegistry {
  return { kind: 'mlflow', ...options };
}

/**
 * Amazon SageMaker Model Registry, for the platform's `registries`. A model is a model package group; it is asked for by
 * version (`:12`), `@latestApproved`, `@latest` or `@stage=<Stage>/<StageStatus>`.
 *
 * @example registries: { aws: sageMaker({ region: 'eu-central-1', account: '123456789012' }) }
 */
export function sageMaker(options: Omit<SageMakerRegistry, 'kind'>): SageMakerRegistry {
  return { kind: 'sagemaker', ...options };
}

/**
 * Azure Machine Learning, for the platform's `registries`: the models of a workspace, or of a registry. A model is asked for
 * by version (`:12`), by `@tag=<key>=<value>`, by `@stage=<Stage>` or as `@latest`.
 *
 * @example
 * registries: {
 *   azure: azureMl({ subscription: '0b1f6471-1bf0-4dda-aec3-cb9272f09590', resourceGroup: 'ml', workspace: 'risk' }),
 * }
 */
export function azureMl(options: Omit<AzureMlRegistry, 'kind'>): AzureMlRegistry {
  return { kind: 'azureml', ...options };
}

/**
 * Google Vertex AI Model Registry, for the platform's `registries`. A model is named by its id or display name, and asked for
 * by version (`:3`), by version alias (`@prod`, `@default`) or as `@latest`.
 *
 * @example registries: { gcp: vertexAi({ project: 'acme-ml', location: 'europe-west4' }) }
 */
export function vertexAi(options: Omit<VertexAiRegistry, 'kind'>): VertexAiRegistry {
  return { kind: 'vertex', ...options };
}

/**
 * The Hugging Face Hub, for the platform's `registries`. A model is `<owner>/<name>`; a branch or tag (`@v1.0`) is locked to
 * its commit.
 *
 * @example registries: { hub: huggingFace() }
 */
export function huggingFace(options: Omit<HuggingFaceRegistry, 'kind'> = {}): HuggingFaceRegistry {
  return { kind: 'huggingface', ...options };
}

/**
 * An OCI registry with models as images, for the platform's `registries`. A model is a repository; a tag (`@v47`) is locked to
 * its digest.
 *
 * @example registries: { models: ociRegistry({ host: 'registry.example.com' }) }
 */
export function ociRegistry(options: Omit<OciRegistry, 'kind'>): OciRegistry {
  return { kind: 'oci', ...options };
}
