import { describe, expect, test } from 'vitest';
import { parseWith } from '../../src/service/parse.ts';
import {
  azureMl,
  huggingFace,
  mlflow,
  ociRegistry,
  registry,
  sageMaker,
  vertexAi,
} from '../../src/service/registry.ts';

const SUBSCRIPTION = '0b1f6471-1bf0-4dda-aec3-cb9272f09590';

describe('a registry that is well configured', () => {
  test.each([
    mlflow({
      url: 'https://mlflow.example.com/team',
      artifactsDestination: 's3://ml-models/root',
      approvalTag: 'review=passed',
    }),
    mlflow({
      url: 'http://mlflow.ml.svc:5000',
      artifactsDestination: 'https://acme.blob.core.windows.net/models/root',
    }),
    sageMaker({ region: 'eu-central-1', account: '123456789012' }),
    azureMl({ subscription: SUBSCRIPTION, resourceGroup: 'ml', workspace: 'risk' }),
    azureMl({ subscription: SUBSCRIPTION, resourceGroup: 'ml', registry: 'shared', approvalTag: 'approved=true' }),
    vertexAi({ project: 'acme-ml', location: 'europe-west4' }),
    huggingFace(),
    huggingFace({ endpoint: 'https://hub.example.com' }),
    ociRegistry({ host: 'registry.example.com:5000' }),
  ])('is taken as it is: %j', (config) => {
    expect(parseWith(registry, config, {})).toEqual({ value: config, findings: [] });
  });
});

describe('a registry that is not', () => {
  const problems = (config: object): [string | undefined, string][] =>
    parseWith(registry, config, { field: 'registries.corp' }).findings.map(({ where, message }) => [
      where.field,
      message,
    ]);

  test.each([
    [mlflow({ url: 'https://ann:hunter2@mlflow.example.com' }), 'url', 'the URL carries credentials'],
    [
      mlflow({ url: 'https://mlflow.example.com/?token=hunter2' }),
      'url',
      'the URL carries a query or fragment, where secrets hide',
    ],
    [mlflow({ url: 'databricks://profile' }), 'url', 'the URL is of databricks, and not of https'],
    [mlflow({ url: 'mlflow.example.com' }), 'url', 'the value is not a URL'],
    [
      mlflow({ url: 'https://mlflow.example.com', artifactsDestination: '/mlartifacts' }),
      'artifactsDestination',
      'the value is not a place in object storage, without credentials and query',
    ],
    [
      mlflow({
        url: 'https://mlflow.example.com',
        artifactsDestination: 'https://a.blob.core.windows.net/c/p?sig=hunter2',
      }),
      'artifactsDestination',
      'the value is not a place in object storage, without credentials and query',
    ],
    [huggingFace({ endpoint: 'https://hunter2@hub.example.com' }), 'endpoint', 'the URL carries credentials'],
    [ociRegistry({ host: 'ann:hunter2@registry.example.com' }), 'host', 'the value is not a host'],
  ])('says what is wrong, and repeats no secret: %j', (config, field, message) => {
    expect(problems(config)).toEqual([[`registries.corp.${field}`, message]]);
  });

  test('names a workspace or a registry of Azure ML, and not both', () => {
    const azure = { subscription: SUBSCRIPTION, resourceGroup: 'ml' };
    const message = 'Azure ML needs a workspace or a registry, and not both';
    expect(problems(azureMl(azure))).toEqual([['registries.corp', message]]);
    expect(problems(azureMl({ ...azure, workspace: 'risk', registry: 'shared' }))).toEqual([
      ['registries.corp', message],
    ]);
  });

  const ofKind = (kind: unknown): string[] =>
    parseWith(registry, kind === undefined ? {} : { kind }, { field: 'registries.corp' }).findings.map(
      ({ where, message, fix }) => `${where.field}: ${message}; ${fix}`,
    );
  const KINDS = '"mlflow" or "sagemaker" or "azureml" or "vertex" or "huggingface" or "oci"';

  test('and is of a kind that is not known gets the one that was meant, or all that there are', () => {
    expect(ofKind('mlfow')).toEqual([
      'registries.corp.kind: "mlfow" is no kind that is known here; did you mean "mlflow"?',
    ]);
    expect(ofKind('artifactory')).toEqual([
      `registries.corp.kind: "artifactory" is no kind that is known here; write ${KINDS}`,
    ]);
    expect(ofKind(5)).toEqual([`registries.corp.kind: 5 is no kind that is known here; write ${KINDS}`]);
    expect(ofKind(undefined)).toEqual([`registries.corp.kind: the field is missing; write it; expected ${KINDS}`]);
  });

  test('does not know a field of another kind', () => {
    expect(
      problems({ ...vertexAi({ project: 'acme-ml', location: 'europe-west4' }), url: 'https://x.example.com' }),
    ).toEqual([['registries.corp.url', 'unknown field "url"']]);
  });
});
