/**
 * cdk8s-ai-service: describe an AI service in TypeScript, and synth the whole GitOps tree.
 */
export { AIService, type AIServiceOverride, type AIServiceProps } from './app/ai-service.ts';
export type { DashboardBuilder, DashboardPlace, DashboardSource } from './app/dashboard.ts';
export type { PatchOperation, PatchSelector } from './app/patch.ts';
export { Platform, type PlatformOptions, type PlatformProps } from './app/platform.ts';
export type { ServiceChart } from './app/service-chart.ts';
export type { Progress, Synthesis } from './app/synthesize.ts';
export { FindingsError, formatFinding, type Finding, type Severity, type Where } from './core/finding.ts';
export type { KubeObject, ObjectMeta } from './core/object.ts';
export { Gate } from './service/gate.ts';
export { ModelRef } from './service/model-ref.ts';
export { Schema } from './service/data-schema.ts';
export { Drift } from './service/drift.ts';
export { MonitoringRules } from './service/monitoring-rules.ts';
export type { ServiceScope, TeamScope } from './service/platform.ts';
export type {
  AzureMlRegistry,
  ClusterSpec,
  EnvironmentSpec,
  HuggingFaceRegistry,
  MlflowRegistry,
  OciRegistry,
  PlatformSpec,
  RegistrySpec,
  SageMakerRegistry,
  VertexAiRegistry,
} from './service/platform-spec.ts';
export { ABTestPolicy, BlueGreenPolicy, CanaryPolicy, ReplacePolicy, ShadowPolicy } from './service/release-policy.ts';
export { azureMl, huggingFace, mlflow, ociRegistry, sageMaker, vertexAi } from './service/registry.ts';
export { Slo } from './service/slo.ts';
export type {
  ABTestPolicySpec,
  AIServiceSpec,
  BlueGreenPolicySpec,
  CanaryPolicySpec,
  Component,
  Cost,
  Delivery,
  Endpoint,
  EnvValue,
  ExternalSecret,
  Health,
  ModelServer,
  ModelUri,
  MonitoringRulesSpec,
  Placement,
  RegistryModel,
  Resources,
  Scaling,
  SchemaWatchSpec,
} from './service/spec.ts';
export { ServerlessFunction } from './service/workload.ts';
