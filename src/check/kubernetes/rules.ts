import type { Rule } from '../../core/finding.ts';

const APIS = 'kubernetes 1.33.13 pkg/apis';
const CORE = `${APIS}/core/validation/validation.go`;

/** Rules on Kubernetes' own kinds beyond their schema. Read in 1.33.13 and 1.36.1: what only some versions refuse is asked of the cluster. */
export const KUBERNETES_RULES: readonly Rule[] = [
  {
    id: 'kubernetes/spec',
    severity: 'error',
    summary:
      'An object has a spec where its kind is nothing without one; the schema of core kinds does not ask for it.',
    source: `${APIS}/{core,apps,batch,networking,autoscaling}/validation/validation.go, field.Required`,
  },
  {
    id: 'kubernetes/value',
    severity: 'error',
    summary: 'A field with a list of values has one of them; the schema of core kinds names none.',
    source: `${APIS}/{core,apps,batch,networking,policy,autoscaling,rbac}/validation/validation.go, field.NotSupported`,
  },
  {
    id: 'kubernetes/range',
    severity: 'error',
    summary: 'Replicas, seconds, percentages, user ids and weights are in their range.',
    source: `${CORE} ValidateNonnegativeField; apps/validation/validation.go ValidatePositiveIntOrPercent, IsNotMoreThan100Percent`,
  },
  {
    id: 'kubernetes/name',
    severity: 'error',
    summary: 'Names of containers, volumes, Secrets, accounts, hosts and what else an object refers to can be names.',
    source: `${CORE} ValidateDNS1123Label, ValidateDNS1123Subdomain, ValidateQualifiedName`,
  },
  {
    id: 'kubernetes/label',
    severity: 'error',
    summary: 'Labels and annotations of templates, and labels that a selector asks for, can be labels and annotations.',
    source:
      'apimachinery 0.33.13 pkg/apis/meta/v1/validation ValidateLabels, ValidateLabelSelector; pkg/api/validation ValidateAnnotations',
  },
  {
    id: 'kubernetes/selector',
    severity: 'error',
    summary: 'A workload selects the pods that it makes, and a selector has values where its operator needs them.',
    source: `${APIS}/apps/validation/validation.go ValidateDeploymentSpec, ValidateStatefulSetSpec, ValidateDaemonSetSpec; batch ValidateJobSpec`,
  },
  {
    id: 'kubernetes/container',
    severity: 'error',
    summary: 'A pod has containers, with an image and names of their own; init containers that end have no probes.',
    source: `${CORE} validateContainers, validateInitContainers, validateContainerCommon`,
  },
  {
    id: 'kubernetes/port',
    severity: 'error',
    summary:
      'Ports are between 1 and 65535, port names have at most 15 characters with a letter, and none is there twice.',
    source: `${CORE} validateContainerPorts, checkHostPortConflicts, validatePodHostNetworkDeps, ValidatePortNumOrName`,
  },
  {
    id: 'kubernetes/env',
    severity: 'error',
    summary: 'An environment variable has a name, and a value or one source that exists.',
    source: `${CORE} ValidateEnv, ValidateEnvFrom, validateObjectFieldSelector; names like 1A since 1.32 (RelaxedEnvironmentVariableValidation)`,
  },
  {
    id: 'kubernetes/volume',
    severity: 'error',
    summary: 'A volume has one source and a name of its own, and a mount has its volume and a path of its own.',
    source: `${CORE} ValidateVolumes, validateVolumeSource, ValidateVolumeMounts, ValidateVolumeDevices`,
  },
  {
    id: 'kubernetes/probe',
    severity: 'error',
    summary: 'A probe or hook does one thing, and its times and thresholds can be.',
    source: `${CORE} validateHandler, validateProbe, validateLivenessProbe, validateReadinessProbe, validateSleepAction`,
  },
  {
    id: 'kubernetes/resources',
    severity: 'error',
    summary:
      'Requests are no larger than limits; GPUs and other extended resources come whole, and the request is the limit.',
    source: `${CORE} validateResourceRequirements, validateContainerResourceName, ValidateResourceQuantityValue`,
  },
  {
    id: 'kubernetes/security-context',
    severity: 'error',
    summary: 'A security context does not contradict itself, and a profile on the node is named.',
    source: `${CORE} ValidateSecurityContext, validatePodSpecSecurityContext, validateSeccompProfileField, ValidateAppArmorProfileField`,
  },
  {
    id: 'kubernetes/placement',
    severity: 'error',
    summary: 'Tolerations, affinities and spread constraints say something that the scheduler can read.',
    source: `${CORE} ValidateTolerations, validateAffinity, validateTopologySpreadConstraints`,
  },
  {
    id: 'kubernetes/pod',
    severity: 'error',
    summary: 'Fields of a pod fit each other and the kind that makes the pod.',
    source: `${CORE} ValidatePodSpec, validatePodDNSConfig; apps/validation/validation.go ValidatePodTemplateSpecForReplicaSet; a StatefulSet is looked into since 1.36, before that its pods are refused`,
  },
  {
    id: 'kubernetes/rollout',
    severity: 'error',
    summary: 'A rollout can replace a pod, and has the settings of its type alone.',
    source: `${APIS}/apps/validation/validation.go ValidateDeploymentStrategy, ValidateDaemonSetUpdateStrategy, ValidateStatefulSetSpec`,
  },
  {
    id: 'kubernetes/job',
    severity: 'error',
    summary: 'A Job ends, leaves its selector to the cluster, and indexes what it counts; a CronJob has a schedule.',
    source: `${APIS}/batch/validation/validation.go validateJobSpec, validateCronJobSpec; robfig/cron 3.0.1 ParseStandard`,
  },
  {
    id: 'kubernetes/service',
    severity: 'error',
    summary: 'A Service has ports with names of their own, and only the fields of its type.',
    source: `${CORE} ValidateService, ValidateServiceClusterIPsRelatedFields`,
  },
  {
    id: 'kubernetes/ingress',
    severity: 'error',
    summary: 'An Ingress has rules with host names, absolute paths and one backend each.',
    source: `${APIS}/networking/validation/validation.go ValidateIngressSpec`,
  },
  {
    id: 'kubernetes/network-policy',
    severity: 'error',
    summary: 'Peers of a NetworkPolicy are pods, namespaces or an address range with its exceptions inside.',
    source: `${APIS}/networking/validation/validation.go ValidateNetworkPolicySpec`,
  },
  {
    id: 'kubernetes/autoscaler',
    severity: 'error',
    summary: 'An autoscaler has at least its minimum, and a metric has the part and the target of its type.',
    source: `${APIS}/autoscaling/validation/validation.go validateHorizontalPodAutoscalerSpec`,
  },
  {
    id: 'kubernetes/scale-to-zero',
    severity: 'warning',
    summary:
      'An autoscaler that goes to zero needs the feature gate HPAScaleToZero, which is off unless someone sets it.',
    source: 'kubernetes 1.36.1 pkg/features/kube_features.go: alpha from 1.16 to 1.36',
  },
  {
    id: 'kubernetes/disruption-budget',
    severity: 'error',
    summary: 'A PodDisruptionBudget has minAvailable or maxUnavailable, not both.',
    source: `${APIS}/policy/validation/validation.go ValidatePodDisruptionBudgetSpec`,
  },
  {
    id: 'kubernetes/role',
    severity: 'error',
    summary: 'A role says which verbs on what, and a binding names subjects that can be.',
    source: `${APIS}/rbac/validation/validation.go ValidatePolicyRule, ValidateRoleBinding, ValidateRoleBindingSubject`,
  },
  {
    id: 'kubernetes/data',
    severity: 'error',
    summary:
      'ConfigMaps and Secrets have keys that can be file names, each once, the keys of their type, and at most 1 MiB.',
    source: `${CORE} ValidateConfigMap, ValidateSecret`,
  },
  {
    id: 'kubernetes/claim',
    severity: 'error',
    summary: 'A PersistentVolumeClaim says how it is mounted and how much storage it wants.',
    source: `${CORE} ValidatePersistentVolumeClaimSpec`,
  },
  {
    id: 'kubernetes/quota',
    severity: 'error',
    summary: 'A ResourceQuota counts what Kubernetes knows, and the bounds of a LimitRange fit each other.',
    source: `${CORE} ValidateResourceQuotaSpec, ValidateLimitRange`,
  },
];
