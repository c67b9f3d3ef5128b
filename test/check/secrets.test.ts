import { describe, expect, it } from 'vitest';
import { isSecretName, isSecretValue, secretForm } from '../../src/check/secret-text.ts';
import { checkSecretReferences, checkSecrets, SECRET_RULES } from '../../src/check/secrets.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { fc } from '../support/property.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

// Made here, so that no scanner takes this file for a leak.
const KEYS: Readonly<Record<string, string>> = {
  'an AWS access key': `AKIA${'A1'.repeat(8)}`,
  'a GitHub token': `ghp_${'aB3'.repeat(12)}`,
  'a GitLab token': `glpat-${'aB3-'.repeat(5)}`,
  'a Hugging Face token': `hf_${'aB'.repeat(17)}`,
  'an API key of a model provider': `sk-proj-${'aB3_'.repeat(8)}`,
  'a Google API key': `AIza${'a'.repeat(35)}`,
  'a Slack token': `xoxb-${'12-ab'.repeat(3)}`,
  'a Stripe key': `sk_live_${'aB3'.repeat(8)}`,
  'a Databricks token': `dapi${'0f'.repeat(16)}`,
  'a Vault token': `hvs.${'aB3'.repeat(8)}`,
  'an Azure storage key': `AccountName=a;AccountKey=${'aB3/'.repeat(20)}==`,
  'a private key': `-----BEGIN RSA ${'PRIVATE'} KEY-----\nabc`,
  'a JSON Web Token': `eyJ${'hbGci'.repeat(3)}.eyJ${'zdWIi'.repeat(3)}.${'c2ln'.repeat(3)}`,
  'a URL with a password': `postgres://user:${'pass'}word@db.example.com:5432/x`,
};

describe('the name of a secret', () => {
  it.each([
    'TOKEN',
    'HF_TOKEN',
    'GITHUB_TOKEN_2',
    'DB_PASSWORD',
    'dbPassword',
    'REDIS_PASSWD',
    'DB_PWD',
    'KEY_PASSPHRASE',
    'CLIENT_SECRET',
    'AWS_SECRET_ACCESS_KEY',
    'OPENAI_API_KEY',
    'apiKey',
    'APIKEY',
    'SIGNING_KEY_BASE64',
    'GCP_CREDENTIALS',
    'AZURE_STORAGE_ACCOUNT_KEY',
    'PASSWORD1',
    'api-key',
  ])('%s is one', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each([
    'TOKENIZER_PATH',
    'MAX_TOKENS',
    'TOKENS_PER_SECOND',
    'DB_SECRET_NAME',
    'TOKEN_FILE',
    'PASSWORD_FILE',
    'EOS_TOKEN',
    'PAD_TOKEN',
    'PRICE_PER_TOKEN',
    'MAX_TOKEN',
    'AWS_ACCESS_KEY_ID',
    'PARTITION_KEY',
    'KEY',
    'PWD',
    'SECRETARY',
    'MODEL_URL',
    'TOKEN_LIMIT',
    'PASSWORD_MIN_LENGTH',
    'CACHE_KEY',
    '_',
    '',
  ])('%s is none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe('a literal under the name of a secret', () => {
  it.each(['', 'true', 'off', 'none', '4096', '$(DB_PASSWORD)', '/var/run/secrets/token'])(
    '%j is no secret',
    (text) => {
      expect(isSecretValue(text)).toBe(false);
    },
  );

  it.each(['hunter2', '123456', 'a b', '/x'])('%j may be one', (text) => {
    expect(isSecretValue(text)).toBe(true);
  });
});

describe('the form of a key', () => {
  it.each(Object.entries(KEYS))('%s is known', (name, text) => {
    expect(secretForm(text)).toBe(name);
    expect(secretForm(`before "${text}" after`)).toBe(name);
  });

  it.each([
    'http://fraud-detector-v46-predictor.ml.svc.cluster.local',
    'https://git.example.com/acme/gitops.git',
    'postgres://db.example.com:5432/x',
    'postgres://user@db.example.com/x',
    'postgres://user:$(DB_PASSWORD)@db.example.com/x',
    'postgres://user:${DB_PASSWORD}@db.example.com/x',
    's3://ml-models/fraud-detector/v47/',
    'sk-learn-fraud-detector-model-v47',
    'hf://acme/support-llm-8b:5f0b02c75b57c5855da9ae460ce51323ea669d8a',
    'sha256:3f9c8a7b6d5e4f3c2b1a0918273645546372819a0b1c2d3e4f5061728394a5b6',
    '--model_name=fraud-detector',
    'registry.example.com/a/b:1.0.0',
  ])('%s is none', (text) => {
    expect(secretForm(text)).toBeUndefined();
  });

  it('is searched in time that grows with the text alone, or this takes minutes', () => {
    expect(secretForm(`${'a.'.repeat(200_000)}${'://a'.repeat(50_000)}${':'.repeat(100_000)}`)).toBeUndefined();
  });
});

const LEAK = KEYS['a Hugging Face token']!;

const deployment = (container: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', namespace: 'ml' },
  spec: { template: { spec: { containers: [{ name: 'a', ...container }] } } },
});
const core = (kind: string, fields: object): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'a', namespace: 'ml' },
  ...fields,
});
const external = (spec: object): KubeObject => ({
  apiVersion: 'external-secrets.io/v1',
  kind: 'ExternalSecret',
  metadata: { name: 'a', namespace: 'ml' },
  spec,
});
const DATA = [{ secretKey: 'token', remoteRef: { key: 'a' } }];

const FINE: readonly (readonly [string, KubeObject])[] = [
  [
    'a reference',
    deployment({ env: [{ name: 'HF_TOKEN', valueFrom: { secretKeyRef: { name: 'hub', key: 'token' } } }] }),
  ],
  [
    'plain variables',
    deployment({ env: [{ name: 'MODEL_NAME', value: 'fraud' }, { name: 'MAX_TOKENS', value: '512' }, null] }),
  ],
  [
    'plain arguments',
    deployment({
      args: ['--model_name=fraud', '--api-key', '$(API_KEY)', '--max-tokens', '512', '--token'],
      command: ['/bin/server'],
    }),
  ],
  ['a Secret without data, that a controller fills', core('Secret', { type: 'kubernetes.io/service-account-token' })],
  ['a ConfigMap with settings', core('ConfigMap', { data: { 'app.yaml': 'tokens: 5', secretName: 'hub' } })],
  ['a ServiceAccount', core('ServiceAccount', { secrets: [{ name: 'hub' }] })],
  ['an ExternalSecret', external({ data: DATA, target: { creationPolicy: 'Owner', deletionPolicy: 'Delete' } })],
  ['an ExternalSecret of a whole entry', external({ dataFrom: [{ extract: { key: 'a' } }] })],
];

const WRONG: readonly (readonly [KubeObject, string])[] = [
  [
    core('Secret', { data: { token: 'YQ==' } }),
    'secrets/secret-object data: a Secret with data would put its values into Git',
  ],
  [
    core('Secret', { stringData: { token: 'a' } }),
    'secrets/secret-object stringData: a Secret with data would put its values into Git',
  ],
  [
    deployment({
      env: [
        { name: 'A', value: 'a' },
        { name: 'DB_PASSWORD', value: 'hunter2' },
      ],
    }),
    'secrets/literal spec.template.spec.containers[0].env[1].value: DB_PASSWORD is the name of a secret, and has a literal value',
  ],
  [
    deployment({ env: [{ name: 'HUB', value: LEAK }] }),
    'secrets/literal spec.template.spec.containers[0].env[0].value: the value of HUB looks like a Hugging Face token',
  ],
  [
    deployment({ args: ['--api-key=hunter2'] }),
    'secrets/literal spec.template.spec.containers[0].args[0]: api-key is the name of a secret, and has a literal value',
  ],
  [
    deployment({ args: ['--api-key', 'hunter2'] }),
    'secrets/literal spec.template.spec.containers[0].args[1]: api-key is the name of a secret, and has a literal value',
  ],
  [
    deployment({ command: ['sh', '-c', `login ${LEAK}`] }),
    'secrets/literal spec.template.spec.containers[0].command[2]: the value of c looks like a Hugging Face token',
  ],
  [
    deployment({ args: [LEAK] }),
    'secrets/literal spec.template.spec.containers[0].args[0]: the argument looks like a Hugging Face token',
  ],
  [
    core('ConfigMap', { data: { password: 'hunter2' } }),
    'secrets/literal data["password"]: password is the name of a secret, and has a literal value',
  ],
  [
    core('ConfigMap', { data: { 'app.yaml': `hub: ${LEAK}` } }),
    'secrets/literal data["app.yaml"]: the value of app.yaml looks like a Hugging Face token',
  ],
  [external({ data: [] }), 'secrets/external-secret spec.data: the ExternalSecret reads nothing'],
  [external({ data: [...DATA, ...DATA] }), 'secrets/external-secret spec.data[1].secretKey: key token is filled twice'],
  [external({ dataFrom: [{}] }), 'secrets/external-secret spec.dataFrom[0]: it reads nothing'],
  [
    external({ dataFrom: [{ extract: { key: 'a' }, find: {} }] }),
    'secrets/external-secret spec.dataFrom[0]: it reads in several ways',
  ],
  [
    external({ data: DATA, target: { creationPolicy: 'Orphan', deletionPolicy: 'Delete' } }),
    'secrets/external-secret spec.target.deletionPolicy: Delete needs creationPolicy Owner, not Orphan',
  ],
  [
    external({ data: DATA, target: { creationPolicy: 'None', deletionPolicy: 'Merge' } }),
    'secrets/external-secret spec.target.deletionPolicy: Merge has nothing to merge into with creationPolicy None',
  ],
];

const said = (findings: ReturnType<typeof checkSecrets>): string[] =>
  findings.map(({ id, where, message }) => `${id} ${where.field ?? ''}: ${message}`);

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, object) => {
    expect(said(checkSecrets(object))).toEqual([]);
  });
});

describe('exactly one thing is wrong', () => {
  it.each(WRONG.map(([object, expected]) => ({ object, expected })))('$expected', ({ object, expected }) => {
    expect(said(checkSecrets(object))).toEqual([expected]);
  });
});

it('a finding never repeats the secret', () => {
  const kinds = fc.constantFrom(
    (value: string) => deployment({ env: [{ name: 'TOKEN', value }] }),
    (value: string) => deployment({ args: [`--password=${value}`] }),
    (value: string) => deployment({ args: ['--password', value] }),
    (value: string) => core('ConfigMap', { data: { password: value } }),
    (value: string) => core('Secret', { data: { password: value } }),
  );
  const secret = fc.stringMatching(/^[A-Za-z0-9]{12,40}$/);
  fc.assert(
    fc.property(kinds, secret, (make, value) => {
      const findings = checkSecrets(make(value));
      return findings.length === 1 && !JSON.stringify(findings).includes(value);
    }),
  );
});

describe('a service', () => {
  const predictor = {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/fraud-detector/v46/' },
    resources: { cpu: '4', memory: '8Gi' },
  } as const;
  const secrets = { hub: { store: 'vault', keys: { token: { key: 'hub' } } } };
  const found = (options: TargetOptions): string[] => said(checkSecretReferences(targetOf(options)));

  it('may refer to its secrets, and to those that exist', () => {
    const env = {
      HF_TOKEN: { secret: 'hub', key: 'token' },
      DB_PASSWORD: { secret: 'existing', key: 'any' },
      API: { url: 'https://api.example.com' },
    };
    expect(found({ spec: { secrets, predictor: { ...predictor, env } } })).toEqual([]);
    expect(
      found({ spec: { predictor: { ...predictor, env: { A: { secret: 'constructor', key: 'name' } } } } }),
    ).toEqual([]);
  });

  it('has no secrets as text, in no part', () => {
    const small = { image: 'registry.example.com/code:v46', resources: { cpu: '1', memory: '1Gi' } };
    const env = { HF_TOKEN: 'hunter2' };
    const spec = {
      predictor: { ...predictor, env, args: ['--api-key=hunter2'] },
      transformer: { ...small, env },
      explainer: { ...small, env },
      models: { embedding: { ...predictor, env } },
      function: { ...small, env: { API: { url: KEYS['a URL with a password']!.replace('postgres', 'https') } } },
    };
    expect(found({ spec })).toEqual([
      'secrets/literal function.env.API: the value of API looks like a URL with a password',
      'secrets/literal predictor.env.HF_TOKEN: HF_TOKEN is the name of a secret, and has a literal value',
      'secrets/literal predictor.args[0]: api-key is the name of a secret, and has a literal value',
      'secrets/literal transformer.env.HF_TOKEN: HF_TOKEN is the name of a secret, and has a literal value',
      'secrets/literal explainer.env.HF_TOKEN: HF_TOKEN is the name of a secret, and has a literal value',
      'secrets/literal models.embedding.env.HF_TOKEN: HF_TOKEN is the name of a secret, and has a literal value',
    ]);
  });

  it('has no address under the name of a secret, which would look like one in the object', () => {
    const env = {
      A_PWD: { url: 'https://api.example.com' },
      DB_TOKEN: { part: 'predictor' },
      MODEL_URL: { service: 'geo' },
    };
    const reason = (name: string): string =>
      `secrets/literal function.env.${name}: ${name} is the name of a secret, and has an address`;
    const small = { image: 'registry.example.com/code:v46', resources: { cpu: '1', memory: '1Gi' } };
    expect(found({ spec: { predictor, function: { ...small, env } } })).toEqual([reason('A_PWD'), reason('DB_TOKEN')]);
  });

  it('refers to keys that its secrets have', () => {
    expect(
      checkSecretReferences(
        targetOf({ spec: { secrets, predictor: { ...predictor, env: { HF_TOKEN: { secret: 'hub', key: 'tokn' } } } } }),
      ),
    ).toEqual([
      {
        id: 'secrets/unknown-key',
        severity: 'error',
        where: { service: 'fraud-detector', environment: 'prod-eu', cluster: 'eu-1', field: 'predictor.env.HF_TOKEN' },
        message: 'secret hub has no key "tokn"',
        fix: 'did you mean token?',
      },
    ]);
  });

  it('needs External Secrets, and keys to fill', () => {
    expect(found({ cluster: { externalSecrets: undefined }, spec: { predictor, secrets } })).toEqual([
      'secrets/not-installed secrets.hub: cluster eu-1 has no External Secrets to fill the Secret',
    ]);
    expect(found({ spec: { predictor, secrets: { hub: { store: 'vault', keys: {} } } } })).toEqual([
      'secrets/external-secret secrets.hub.keys: the Secret would have no keys',
    ]);
  });
});

it('each rule has an example here', () => {
  const ids = new Set([
    ...WRONG.map(([, expected]) => expected.split(' ')[0]),
    'secrets/not-installed',
    'secrets/unknown-key',
  ]);
  expect(SECRET_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
});
