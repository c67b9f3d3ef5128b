import type { Rule } from '../../core/finding.ts';

const VALIDATION = 'kserve v0.20.0 pkg/apis/serving/v1beta1/inference_service_validation.go';
const COMPONENT = 'kserve v0.20.0 pkg/apis/serving/v1beta1/component.go';
const RUNTIME = 'kserve v0.20.0 pkg/webhook/admission/servingruntime/servingruntime_webhook.go';

/** Rules of KServe: what its webhooks refuse, and what they let pass that then fails or does nothing. */
export const KSERVE_RULES: readonly Rule[] = [
  {
    id: 'kserve/not-installed',
    severity: 'error',
    summary: 'An InferenceService needs KServe on the cluster.',
    source: 'the cluster as the platform declares it',
  },
  {
    id: 'kserve/name',
    severity: 'error',
    summary: 'Names start with a letter, then hold lower-case letters, digits and "-".',
    source: `${VALIDATION} IsvcNameFmt`,
  },
  {
    id: 'kserve/derived-name',
    severity: 'error',
    summary: 'What KServe derives from the name fits into 63 characters.',
    source:
      'kserve v0.20.0 reconcilers/raw createRawURL (domainTemplate <name>-<namespace>), pkg/constants GetRawServiceLabel; Knative: the name of the Knative Service',
  },
  {
    id: 'kserve/deployment-mode',
    severity: 'error',
    summary: 'The deployment mode is explicit, by its present name, and there on the cluster.',
    source: "kserve v0.20.0 inference_service_defaults.go; an absent annotation means the cluster's default",
  },
  {
    id: 'kserve/autoscaler-class',
    severity: 'error',
    summary: 'The autoscaler class is hpa, keda, external or none.',
    source: `${VALIDATION} validateInferenceServiceAutoscaler`,
  },
  {
    id: 'kserve/blocked-env',
    severity: 'error',
    summary: 'PYTHONPATH is not set on any container.',
    source: 'kserve v0.20.0 pkg/validation/env_policy.go',
  },
  {
    id: 'kserve/one-implementation',
    severity: 'error',
    summary: 'Each component has exactly one implementation.',
    source: `${COMPONENT} validateExactlyOneImplementation`,
  },
  {
    id: 'kserve/legacy-framework',
    severity: 'error',
    summary: 'Models are described by model and modelFormat, not by a key per framework.',
    source:
      'kserve v0.20.0 inference_service_defaults.go rewrites the keys, which Argo CD shows as a difference; inferenceservice/utils GetServingRuntime finds no runtime without a format',
  },
  {
    id: 'kserve/container-name',
    severity: 'error',
    summary: 'The container that serves is called kserve-container, and a model names none.',
    source: `${VALIDATION} validatePredictor; predictor_custom.go`,
  },
  {
    id: 'kserve/runtime',
    severity: 'warning',
    summary: 'A model names its runtime.',
    source: 'kserve v0.20.0 predictor_model.go GetSupportingRuntimes chooses by priority, at run time',
  },
  {
    id: 'kserve/runtime-image',
    severity: 'error',
    summary: 'Images of serving runtimes are pinned.',
    source: 'a KServe upgrade or a moved tag must not change what serves',
  },
  {
    id: 'kserve/runtime-priority',
    severity: 'error',
    summary: 'One format has one priority in a runtime.',
    source: `${RUNTIME} validateModelFormatPrioritySame`,
  },
  {
    id: 'kserve/protocol',
    severity: 'error',
    summary: 'The protocol is explicit and one that KServe knows.',
    source: 'kserve v0.20.0 predictor_custom.go validateCustomProtocol; the schema has no enum',
  },
  {
    id: 'kserve/template',
    severity: 'error',
    summary: 'Arguments and environment of a model hold "{{" only as KServe\'s placeholders.',
    source:
      'kserve v0.20.0 inferenceservice/utils ReplacePlaceholders; ours: other actions of Go templates, which it would run',
  },
  {
    id: 'kserve/storage',
    severity: 'error',
    summary: 'A model comes from one place, and is mounted in a folder of its own.',
    source: `${VALIDATION} validateMultipleStorageURIs, validateCollocationStorageURI, validateConfidential; predictor.go addStorageInitializerAnnotations`,
  },
  {
    id: 'kserve/storage-scheme',
    severity: 'error',
    summary: 'The storage initializer loads the scheme.',
    source: 'kserve v0.20.0 inferenceservice/utils ValidateStorageURI; checked only when it reconciles',
  },
  {
    id: 'kserve/replicas',
    severity: 'error',
    summary: 'Replicas are not negative, and min is at most max.',
    source: `${COMPONENT} validateReplicas`,
  },
  {
    id: 'kserve/scale-to-zero',
    severity: 'error',
    summary: 'Standard mode does not scale to zero without KEDA.',
    source: 'kserve v0.20.0 reconcilers/hpa createHPA: 0 silently becomes 1',
  },
  {
    id: 'kserve/scale-metric',
    severity: 'error',
    summary: "The metric is one that the mode's autoscaler knows.",
    source: `${VALIDATION} validateAutoScalingCompExtension; without a class Standard mode checks nothing`,
  },
  {
    id: 'kserve/scale-target',
    severity: 'error',
    summary: 'The target is in the range of its metric.',
    source: `${VALIDATION} validateScalingHPACompExtension, validateScalingKPACompExtension`,
  },
  {
    id: 'kserve/scale-behavior',
    severity: 'warning',
    summary: 'The HPA that KServe makes ignores a scaling behavior.',
    source: 'kserve v0.20.0 reconcilers/hpa createHPA',
  },
  {
    id: 'kserve/concurrency',
    severity: 'error',
    summary: 'containerConcurrency is not negative, and for Knative mode only.',
    source: `${COMPONENT} validateContainerConcurrency; the raw reconciler does not read it`,
  },
  {
    id: 'kserve/logger',
    severity: 'error',
    summary: 'A logger has a mode, and stores with path, parameters and key.',
    source: `${COMPONENT} validateLogger`,
  },
  {
    id: 'kserve/deployment-strategy',
    severity: 'error',
    summary: 'A deployment strategy is for Standard mode only.',
    source: `${VALIDATION} validateScalingKPACompExtension`,
  },
  {
    id: 'kserve/canary-percent',
    severity: 'error',
    summary: 'canaryTrafficPercent is for Knative mode, 0 to 100.',
    source: 'kserve v0.20.0 reconcilers/knative; the raw reconciler ignores it, no webhook checks it',
  },
  {
    id: 'kserve/canary',
    severity: 'error',
    summary: 'spec.canary is for Standard mode; names are unique, traffic sums to at most 100, replicas are fixed.',
    source: `${VALIDATION} validateCanarySpecs`,
  },
  {
    id: 'kserve/worker',
    severity: 'error',
    summary:
      'A multi-node predictor has one worker container, sizes of at least 1, GPUs that KServe knows, a model in a claim or image, and no autoscaler.',
    source: `${VALIDATION} validateMultiNodeVariables; ${RUNTIME} validateMultiNodeSpec`,
  },
];
