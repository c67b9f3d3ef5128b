/** The one kind outside of namespaces that we render. */
export const NAMESPACE = '/Namespace';

/**
 * Every kind in a namespace that the renderers can make for a team, as `<group>/<Kind>`. Whoever adds a renderer adds its
 * kinds here, and an admin lets them in once.
 */
export const RENDERED_KINDS = [
  '/ConfigMap',
  '/Service',
  '/ServiceAccount',
  'apps/Deployment',
  'argoproj.io/AnalysisTemplate',
  'autoscaling/HorizontalPodAutoscaler',
  'external-secrets.io/ExternalSecret',
  'gateway.networking.k8s.io/Gateway',
  'gateway.networking.k8s.io/HTTPRoute',
  'monitoring.coreos.com/AlertmanagerConfig',
  'monitoring.coreos.com/PodMonitor',
  'monitoring.coreos.com/PrometheusRule',
  'networking.istio.io/DestinationRule',
  'networking.istio.io/VirtualService',
  'networking.k8s.io/NetworkPolicy',
  'policy/PodDisruptionBudget',
  'serving.knative.dev/Service',
  'serving.kserve.io/InferenceService',
  'serving.kserve.io/LLMInferenceService',
  'serving.kserve.io/ServingRuntime',
] as const;
