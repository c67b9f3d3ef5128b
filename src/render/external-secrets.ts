import type { ExternalSecret } from '../../imports/external-secrets.io/v1.js';
import { formatGoDuration, parseDuration } from '../core/duration.ts';
import { compareText } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import type { ServiceSpec } from '../service/service.ts';
import { serviceLabels, type Target } from './target.ts';

const REMOTE_REF_DEFAULTS = {
  conversionStrategy: 'Default',
  decodingStrategy: 'None',
  metadataPolicy: 'None',
} as const;

type SecretSource = ServiceSpec['secrets'][string];

/**
 * An ExternalSecret per entry of `secrets`: where each value is in the store, never the value. Defaults that the API
 * server would fill in are written out (CRD of external-secrets 2.9; older ones also fill in those of `remoteRef`).
 */
export function renderExternalSecrets(target: Target): KubeObject[] {
  const { secrets } = target.spec;
  return Object.keys(secrets)
    .sort(compareText)
    .map((name) => externalSecret(target, name, secrets[name]!));
}

function externalSecret(target: Target, name: string, source: SecretSource): ExternalSecret {
  const { store, storeKind, refresh, keys, annotations } = source;
  return {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: {
      name,
      namespace: target.namespace,
      labels: serviceLabels(target),
      // KServe reads the credentials once, when it makes a pod (0.20 pkg/credentials): the Secret must be there before.
      annotations: { 'argocd.argoproj.io/sync-wave': '-1' },
    },
    spec: {
      refreshInterval: formatGoDuration(parseDuration(refresh) ?? 0),
      secretStoreRef: { kind: storeKind, name: store },
      target: {
        name,
        creationPolicy: 'Owner',
        deletionPolicy: 'Retain',
        ...(annotations && { template: { engineVersion: 'v2', mergePolicy: 'Replace', metadata: { annotations } } }),
      },
      data: Object.keys(keys)
        .sort(compareText)
        .map((secretKey) => {
          const { key, property } = keys[secretKey]!;
          return {
            secretKey,
            remoteRef: { key, ...(property !== undefined && { property }), ...REMOTE_REF_DEFAULTS },
          };
        }),
    },
  };
}
