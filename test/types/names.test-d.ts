/**
 * Type tests, run by `npm run typecheck`: names are inferred from the platform, and a misspelt one does not compile.
 * Every `@ts-expect-error` fails the type check when the line below it compiles.
 */
import type { z } from 'zod';
import {
  AIService,
  CanaryPolicy,
  Gate,
  mlflow,
  ModelRef,
  MonitoringRules,
  Platform,
  ServerlessFunction,
  Slo,
} from '../../src/index.ts';
import type { platform as platformSchema } from '../../src/service/platform.ts';
import type { PlatformSpec } from '../../src/service/platform-spec.ts';
import type { aiService } from '../../src/service/service.ts';
import type { AIServiceSpec } from '../../src/service/spec.ts';

const cluster = { kubernetes: '1.33', kserve: { version: '0.20.0', mode: 'Standard' } } as const;

const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/ml.git' },
  argocd: { version: '3.5' },
  clusters: { 'dev-1': cluster, 'eu-1': cluster },
  environments: {
    dev: { stage: 'dev', clusters: ['dev-1'], namespace: ({ team }) => `${team}-dev` },
    'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: 'ml' },
  },
  registries: { corp: mlflow({ url: 'https://mlflow.example.com' }) },
});

new Platform({
  gitops: { repoUrl: 'https://git.example.com/ml.git' },
  argocd: { version: '3.5' },
  clusters: { 'dev-1': cluster },
  // @ts-expect-error a cluster that does not exist
  environments: { dev: { stage: 'dev', clusters: ['dev-2'], namespace: 'ml' } },
});

const stages = { dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'ml' } } as const;
const gitops = { repoUrl: 'https://git.example.com/ml.git' };
const written = new Platform({
  gitops,
  argocd: { version: '3.5' },
  clusters: { 'dev-1': cluster },
  environments: stages,
  registries: { corp: { kind: 'mlflow', url: 'https://mlflow.example.com' }, hub: { kind: 'huggingface' } },
});
export const registries_written_as_data_have_names: readonly ('corp' | 'hub')[] = written.registries;

new Platform({
  gitops,
  argocd: { version: '3.5' },
  clusters: { 'dev-1': cluster },
  environments: stages,
  // @ts-expect-error a field of a registry that does not exist
  registries: { corp: { kind: 'mlflow', uri: 'https://mlflow.example.com' } },
});

new Platform({
  gitops,
  argocd: { version: '3.5' },
  clusters: { 'dev-1': cluster },
  environments: stages,
  // @ts-expect-error a kind of registry that does not exist
  registries: { corp: { kind: 'mlfow', url: 'https://mlflow.example.com' } },
});

const predictor = {
  framework: 'sklearn',
  model: ModelRef.uri('s3://ml-models/fraud/v47/'),
  resources: { cpu: '4', memory: '8Gi' },
} as const;

const service = new AIService(platform, 'fraud', {
  owner: { team: 'risk-ml' },
  environments: ['prod'],
  predictor: { ...predictor, model: ModelRef.registry('corp', 'fraud@champion') },
  function: new ServerlessFunction({
    image: 'a/b:1',
    env: { MODEL: ModelRef.part('predictor') },
    resources: { cpu: '1', memory: '1Gi' },
  }),
  canary: new CanaryPolicy({ steps: [10], gates: [Gate.errorRatio({ max: 0.01 })] }),
  monitoring: new MonitoringRules({ slos: [Slo.availability(99.9)] }),
  overrides: {
    dev: { predictor: { scaling: { min: 1 } } },
    prod: { predictor: { scaling: { target: { cpu: 70 }, max: null } } },
  },
});

service.charts('prod-eu');
service.charts('prod');
// @ts-expect-error an environment that does not exist
service.charts('prod-us');

new AIService(platform, 'x', {
  owner: { team: 'risk-ml' },
  predictor,
  // @ts-expect-error a stage that does not exist
  overrides: { prd: { predictor: { scaling: { min: 1 } } } },
});

new AIService(platform, 'x', {
  owner: { team: 'risk-ml' },
  predictor,
  // @ts-expect-error a field that does not exist, deep in an override
  overrides: { dev: { predictor: { scalling: { min: 1 } } } },
});

new AIService(platform, 'x', {
  owner: { team: 'risk-ml' },
  // @ts-expect-error a field that does not exist
  predictor: { ...predictor, scalling: { min: 1 } },
});

new AIService(platform, 'x', {
  owner: { team: 'risk-ml' },
  // @ts-expect-error a registry that does not exist
  predictor: { ...predictor, model: ModelRef.registry('corporate', 'fraud@champion') },
});

new AIService(platform, 'x', {
  owner: { team: 'risk-ml' },
  predictor,
  // @ts-expect-error an environment that does not exist
  environments: ['prod-us'],
});

/** The committed interfaces say what the schemas accept: each is assignable to the other. */
type Same<A, B> = [Exact<A>] extends [Exact<B>] ? ([Exact<B>] extends [Exact<A>] ? true : false) : false;
/** zod's types allow `undefined` for a field that is left out; the interfaces do not. */
type Exact<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends readonly [infer A, infer B]
    ? readonly [Exact<A>, Exact<B>]
    : T extends readonly (infer I)[]
      ? readonly Exact<I>[]
      : T extends object
        ? { [K in keyof T]: Exact<Exclude<T[K], undefined>> }
        : T;
export const service_interface_and_schema_agree: Same<AIServiceSpec, z.input<typeof aiService>> = true;
export const platform_interface_and_schema_agree: Same<PlatformSpec, z.input<typeof platformSchema>> = true;
