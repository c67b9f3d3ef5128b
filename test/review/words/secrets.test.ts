import { describe, expect, test } from 'vitest';
import { readFile } from '../../../src/review/documents.ts';
import { createMask } from '../../../src/review/mask.ts';
import { secretWords } from '../../../src/review/words/secrets.ts';
import { edited, inWords, PROD, shapesOf, unexplained, unitOfScenario } from './support.ts';

const words = (before: string, after: string, more: object = {}): string[] => inWords(secretWords, before, after, more);

const external = `
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: fraud-hub, namespace: risk-ml-prod }
spec:
  data:
    - { secretKey: HF_TOKEN, remoteRef: { key: risk/hub, property: token } }
  secretStoreRef: { kind: ClusterSecretStore, name: vault }
  target: { name: fraud-hub, deletionPolicy: Retain }
`;

describe('an ExternalSecret', () => {
  test.each([
    [
      'name: vault',
      'name: other',
      'ExternalSecret fraud-hub reads from ClusterSecretStore other (was ClusterSecretStore vault) [medium risk/secret]',
    ],
    [
      'key: risk/hub',
      'key: risk/other',
      'HF_TOKEN of ExternalSecret fraud-hub comes from risk/other (token) (was risk/hub (token)) [medium risk/secret]',
    ],
    [
      'deletionPolicy: Retain',
      'deletionPolicy: Delete',
      'ExternalSecret fraud-hub: spec.target.deletionPolicy is Delete (was Retain) [medium risk/secret]',
    ],
    [
      '  data:\n',
      '  data:\n    - { secretKey: DB, remoteRef: { key: risk/db } }\n',
      'ExternalSecret fraud-hub reads DB too, from risk/db',
    ],
  ])('%s, then %s', (from, to, said) => {
    expect(words(external, edited(external, [from, to]))).toEqual([said]);
    const unit = unitOfScenario(external, edited(external, [from, to]));
    expect(unexplained(unit, secretWords(unit, PROD))).toEqual([]);
  });

  test('no longer has a key', () => {
    const two = edited(external, ['  data:\n', '  data:\n    - { secretKey: DB, remoteRef: { key: risk/db } }\n']);
    expect(words(two, external)).toEqual(['ExternalSecret fraud-hub no longer has DB [medium risk/secret]']);
  });
});

test('a store reads from somewhere else', () => {
  const store =
    'apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: { name: vault, namespace: risk-ml-prod }\nspec: { provider: { vault: { server: https://a.example.com } } }\n';
  expect(words(store, edited(store, ['a.example.com', 'b.example.com']))).toEqual([
    'SecretStore vault reads otherwise: spec.provider.vault.server is https://b.example.com (was https://a.example.com) [medium risk/secret]',
  ]);
});

describe('references', () => {
  const deployment = (pod: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api, namespace: risk-ml-prod }\nspec: { template: { spec: ${pod} } }\n`;
  const variable = (name: string, key = 'password'): string =>
    deployment(
      `{ containers: [{ name: api, env: [{ name: DB, valueFrom: { secretKeyRef: { name: ${name}, key: ${key} } } }] }] }`,
    );

  test('a variable comes from another secret, and all of the change is explained', () => {
    expect(words(variable('a'), variable('b'))).toEqual([
      'DB of container api of Deployment api comes from secret b (password) (was a (password)) [medium risk/secret]',
    ]);
    const unit = unitOfScenario(variable('a'), variable('b'));
    expect(unexplained(unit, secretWords(unit, PROD))).toEqual([]);
  });

  test('a variable comes and goes', () => {
    const none = deployment('{ containers: [{ name: api, env: [] }] }');
    expect(words(none, variable('a'))).toEqual([
      'Deployment api reads secret a (password) for DB of container api [medium risk/secret]',
    ]);
    expect(words(variable('a'), none)).toEqual([
      'Deployment api no longer reads secret a (password) for DB of container api',
    ]);
  });

  test('volumes, pulls and whole environments', () => {
    const pod = (name: string): string =>
      deployment(`{ volumes: [{ name: keys, secret: { secretName: ${name} } }], containers: [] }`);
    expect(words(pod('a'), pod('b'))).toEqual([
      'keys of Deployment api comes from secret b (was a) [medium risk/secret]',
    ]);
    expect(
      words(deployment('{ containers: [] }'), deployment('{ containers: [], imagePullSecrets: [{ name: hub }] }')),
    ).toEqual(['Deployment api reads secret hub [medium risk/secret]']);
    expect(
      words(
        deployment('{ containers: [{ name: api }] }'),
        deployment('{ containers: [{ name: api, envFrom: [{ secretRef: { name: all } }] }] }'),
      ),
    ).toEqual(['Deployment api reads secret all [medium risk/secret]']);
  });
});

describe('values', () => {
  const plain = (value: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: api, namespace: risk-ml-prod }\nspec: { template: { spec: { containers: [{ name: api, env: [{ name: DB_PASSWORD, value: "${value}" }] }] } } }\n`;

  test('one that looks like a secret is said, and never shown', () => {
    const said = inWords(secretWords, plain(''), plain('hunter2-hunter2'), { stage: { prod: false } });
    expect(said).toEqual([
      'Deployment api has a value in it that looks like a secret: spec.template.spec.containers[api].env[DB_PASSWORD].value [high risk/secret-value]',
    ]);
  });

  test('one that was there before is no news', () => {
    expect(
      words(
        plain('hunter2-hunter2'),
        edited(plain('hunter2-hunter2'), ['name: api, namespace', 'labels: { a: b }, name: api, namespace']),
      ),
    ).toEqual([]);
    expect(words(plain('hunter2-hunter2'), plain('hunter3-hunter3'))).toHaveLength(1);
  });

  test('one that SOPS encrypted is none', () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: db }\ndata: { a: aHVudGVyMg== }\n';
    expect(words('', `${secret}sops: { mac: x, version: 3.9.0 }\n`)).toEqual([]);
  });

  test('a Secret with data, and a file', () => {
    expect(words('', 'apiVersion: v1\nkind: Secret\nmetadata: { name: db }\ndata: { a: aHVudGVyMg== }\n')).toEqual([
      'Secret db has a value in it that looks like a secret: data.a [high risk/secret-value]',
    ]);
    expect(inWords(secretWords, {}, { 'values.yaml': 'db:\n  password: hunter2-hunter2\n' })).toEqual([
      'envs/prod-eu/eu-1/risk-ml/fraud-detector/values.yaml has a value in it that looks like a secret: db.password [high risk/secret-value]',
    ]);
  });
});

test('whatever a field holds, nothing throws', () => {
  for (const shape of shapesOf(readFile('a.yaml', external, createMask()).objects[0])) {
    const odd = JSON.stringify(shape);
    expect(() => words(external, odd)).not.toThrow();
    expect(() => words(odd, external)).not.toThrow();
  }
});
