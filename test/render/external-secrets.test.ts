import { expect, it } from 'vitest';
import { renderExternalSecrets } from '../../src/render/external-secrets.ts';
import { targetOf } from '../support/target.ts';

it('makes an ExternalSecret of each entry, sorted, with the defaults written out', () => {
  const target = targetOf({
    spec: {
      secrets: {
        'model-store': {
          store: 'vault',
          refresh: '90m',
          keys: { AWS_SECRET_ACCESS_KEY: { key: 's3', property: 'secret' }, AWS_ACCESS_KEY_ID: { key: 's3-id' } },
          annotations: { 'serving.kserve.io/s3-endpoint': 's3.example.com' },
        },
        hub: { store: 'team-store', storeKind: 'SecretStore', keys: { token: { key: 'hub' } } },
      },
    },
  });
  const metadata = (name: string): object => ({
    name,
    namespace: 'risk-ml-prod',
    labels: {
      'app.kubernetes.io/managed-by': 'cdk8s-ai-service',
      'app.kubernetes.io/name': 'fraud-detector',
      'app.kubernetes.io/part-of': 'risk-ml',
    },
    annotations: { 'argocd.argoproj.io/sync-wave': '-1' },
  });
  const defaults = { conversionStrategy: 'Default', decodingStrategy: 'None', metadataPolicy: 'None' };
  expect(renderExternalSecrets(target)).toEqual([
    {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: metadata('hub'),
      spec: {
        refreshInterval: '1h',
        secretStoreRef: { kind: 'SecretStore', name: 'team-store' },
        target: { name: 'hub', creationPolicy: 'Owner', deletionPolicy: 'Retain' },
        data: [{ secretKey: 'token', remoteRef: { key: 'hub', ...defaults } }],
      },
    },
    {
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: metadata('model-store'),
      spec: {
        refreshInterval: '1h30m',
        secretStoreRef: { kind: 'ClusterSecretStore', name: 'vault' },
        target: {
          name: 'model-store',
          creationPolicy: 'Owner',
          deletionPolicy: 'Retain',
          template: {
            engineVersion: 'v2',
            mergePolicy: 'Replace',
            metadata: { annotations: { 'serving.kserve.io/s3-endpoint': 's3.example.com' } },
          },
        },
        data: [
          { secretKey: 'AWS_ACCESS_KEY_ID', remoteRef: { key: 's3-id', ...defaults } },
          { secretKey: 'AWS_SECRET_ACCESS_KEY', remoteRef: { key: 's3', property: 'secret', ...defaults } },
        ],
      },
    },
  ]);
});

it('makes nothing where no secrets are named', () => {
  expect(renderExternalSecrets(targetOf())).toEqual([]);
});
