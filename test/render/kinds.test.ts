import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderTarget } from '../../src/app/render-target.ts';
import { groupOf, type KubeObject } from '../../src/core/object.ts';
import { NAMESPACE, RENDERED_KINDS } from '../../src/render/kinds.ts';
import { renderShared } from '../../src/render/kubernetes.ts';
import { environment as environmentSchema } from '../../src/service/platform.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

const RENDER = join(import.meta.dirname, '../../src/render');
const PREDICTOR = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud-detector/v46/' },
  resources: { cpu: '4', memory: '8Gi' },
  scaling: { min: 2 },
} as const;
const FUNCTION = {
  image: 'registry.example.com/api:v46',
  resources: { cpu: '500m', memory: '512Mi' },
  scaling: { min: 1, max: 3 },
} as const;
const gates = [{ latency: { quantile: 0.99, max: '1s' } }];

/** One of everything, on clusters that differ. */
const EVERYTHING: readonly TargetOptions[] = [
  {
    spec: {
      predictor: PREDICTOR,
      function: FUNCTION,
      canary: { steps: [10], gates },
      network: {},
      secrets: { hub: { store: 'vault', keys: { token: { key: 'hub' } } } },
    },
    cluster: {
      argoRollouts: { version: '1.9' },
      grafana: {},
      prometheus: {
        version: '3.4',
        alertmanager: {
          receivers: { pager: { webhook: { url: { secret: 'pager', key: 'url' } } } },
          routes: { critical: 'pager', warning: 'pager' },
        },
      },
    },
    candidate: { release: 'v47', weight: 10 },
  },
  {
    spec: {
      predictor: {
        framework: 'vllm',
        image: 'registry.example.com/llm-d:0.10.0',
        model: PREDICTOR.model,
        resources: PREDICTOR.resources,
        llm: {},
      },
    },
    cluster: {
      kserve: { version: '0.20.0', mode: 'Standard', llm: { gatewayService: 'gateway.kserve.svc.cluster.local' } },
    },
  },
  {
    spec: { function: FUNCTION },
    cluster: { istio: undefined, knative: undefined, gatewayApi: { version: '1.4', mesh: true } },
  },
];

function rendered(): KubeObject[] {
  const env = environmentSchema.parse({
    stage: 'dev',
    clusters: ['eu-1'],
    namespace: 'risk-ml-dev',
    createNamespaces: true,
  });
  const ambient = targetOf({ cluster: { istio: { version: '1.30', dataplane: 'ambient' } } });
  return [
    ...EVERYTHING.flatMap((options) => renderTarget(targetOf(options), new Map())),
    ...renderShared({
      team: 'risk-ml',
      environment: 'dev',
      env,
      clusterName: 'eu-1',
      cluster: ambient.cluster,
      namespace: 'risk-ml-dev',
    }),
  ];
}

it('lists what the renderers make, and nothing else', () => {
  const made = new Set(rendered().map(({ apiVersion, kind }) => `${groupOf(apiVersion)}/${kind}`));
  expect([...made].sort()).toEqual([NAMESPACE, ...RENDERED_KINDS].sort());
});

it('lists every kind that stands in the code of a renderer', () => {
  const written = readdirSync(RENDER)
    .filter((file) => file !== 'argocd.ts')
    .flatMap((file) => [
      ...readFileSync(join(RENDER, file), 'utf8').matchAll(/apiVersion: '([^']+)',\s+kind: '([^']+)'/g),
    ])
    .map(([, apiVersion = '', kind = '']) => `${groupOf(apiVersion)}/${kind}`);
  expect([...new Set(written)].sort()).toEqual([NAMESPACE, ...RENDERED_KINDS].sort());
});

it('is sorted, so that a new kind is one line in every project', () => {
  expect([...RENDERED_KINDS]).toEqual([...RENDERED_KINDS].sort());
});
