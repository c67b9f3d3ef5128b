import type { Rule } from '../../core/finding.ts';

const VALIDATION = 'istio 1.30.3 pkg/config/validation';

/** Rules on objects of Istio beyond their schema. */
export const ISTIO_RULES: readonly Rule[] = [
  {
    id: 'istio/not-installed',
    severity: 'error',
    summary: 'The cluster has Istio.',
    source: 'ours: the cluster would refuse the kind',
  },
  {
    id: 'istio/hosts',
    severity: 'error',
    summary: 'Hosts are there, each once, are host names, and none is `*` in the mesh.',
    source: `${VALIDATION}/validation.go ValidateVirtualService, ValidateDestinationRule, ValidateServiceEntry; agent/validation.go ValidateNamespaceSlashWildcardHostname`,
  },
  {
    id: 'istio/short-host',
    severity: 'warning',
    summary: 'Hosts of the cluster are fully qualified.',
    source: 'ours: a short name is looked up in the namespace of the object, wherever the caller is',
  },
  {
    id: 'istio/gateway-name',
    severity: 'error',
    summary: 'Gateways are `mesh`, `<name>` or `<namespace>/<name>`.',
    source: `${VALIDATION}/validation.go validateGatewayNames; capitals are refused by us, no object has them`,
  },
  {
    id: 'istio/export-to',
    severity: 'error',
    summary: 'exportTo lists namespaces, or `.`, `*`, or `~` for a ServiceEntry, each once and the last two alone.',
    source: `${VALIDATION}/validation.go validateExportTo; capitals are refused by us, no namespace has them`,
  },
  {
    id: 'istio/route-conflict',
    severity: 'error',
    summary:
      'A rule does exactly one thing: route, redirect, direct response or delegate; and a VirtualService has a rule.',
    source: `${VALIDATION}/virtualservice.go validateHTTPRouteConflict; a direct response beside a delegate is refused by us`,
  },
  {
    id: 'istio/weights',
    severity: 'error',
    summary: 'Weights of two or more destinations are per cent, and sum to 100.',
    source: `${VALIDATION}/validation.go validateWeights refuses a sum of 0 and negative ones; 100 is ours: a weight means what it says`,
  },
  {
    id: 'istio/destination',
    severity: 'error',
    summary: 'A destination names a host, a port and a subset that can be.',
    source: `${VALIDATION}/validation.go validateDestination`,
  },
  {
    id: 'istio/authority',
    severity: 'error',
    summary: 'The host of a request is set once: by a rewrite, by the route, or by each destination.',
    source: `${VALIDATION}/virtualservice.go validateAuthorityRewrite; route and destination together are undefined`,
  },
  {
    id: 'istio/match',
    severity: 'error',
    summary: 'A match says something that can be, and its pattern is RE2.',
    source: `${VALIDATION}/virtualservice.go validateHTTPRouteMatchRequest, validation.go validateStringMatch, validateTCPMatch, validateTLSMatch`,
  },
  {
    id: 'istio/unreachable-rule',
    severity: 'warning',
    summary: 'No rule or match stands after one that has its requests already.',
    source: 'istio 1.30.3 pkg/config/analysis IST0130, IST0131',
  },
  {
    id: 'istio/answer',
    severity: 'error',
    summary: 'A redirect, direct response or rewrite says where to or what, with a status that can be.',
    source: `${VALIDATION}/validation.go validateHTTPRedirect, validateHTTPDirectResponse, validateHTTPRewrite`,
  },
  {
    id: 'istio/headers',
    severity: 'error',
    summary: 'Headers that are changed have names and values that Envoy takes: a percent sign is `%%`.',
    source: `${VALIDATION}/virtualservice.go validateHTTPRoute, header_value_validator.go`,
  },
  {
    id: 'istio/cors',
    severity: 'error',
    summary: 'A CORS policy lists origins, methods and headers that can be.',
    source: `${VALIDATION}/validation.go validateCORSPolicy`,
  },
  {
    id: 'istio/annotation',
    severity: 'error',
    summary: "Istio's own annotations are left to it, and only a policy that allows or denies is tried out.",
    source: `${VALIDATION}/validation.go validateMetadata, checkDryRunAnnotation`,
  },
  {
    id: 'istio/retries',
    severity: 'error',
    summary: 'Retries name conditions that Envoy knows; with attempts 0 there is nothing else.',
    source: `${VALIDATION}/validation.go validateHTTPRetry`,
  },
  {
    id: 'istio/retry-repeats-work',
    severity: 'warning',
    summary: 'A retry does not repeat a request that may have reached the model.',
    source: 'ours: an answer of a model is paid for twice, and a function may have acted already',
  },
  {
    id: 'istio/duration',
    severity: 'error',
    summary: 'Durations are whole milliseconds, a maxAge whole seconds.',
    source: `${VALIDATION}/validation.go ValidateDuration, validateCORSPolicy`,
  },
  {
    id: 'istio/timeout',
    severity: 'warning',
    summary: 'The time for one try is no longer than the time for the request.',
    source: 'ours: the second ends the first',
  },
  {
    id: 'istio/mirror',
    severity: 'error',
    summary: 'Traffic is mirrored by `mirror` or `mirrors`, 0 to 100 per cent, and not through the gateway of Knative.',
    source: `${VALIDATION}/virtualservice.go; a mirror has no host of its own, so Knative would send the copy to the release that answers`,
  },
  {
    id: 'istio/deprecated',
    severity: 'warning',
    summary: 'No field that Istio has given up.',
    source: `${VALIDATION}/virtualservice.go, validation.go`,
  },
  {
    id: 'istio/fault',
    severity: 'error',
    summary: 'A fault delays or aborts, with a status from 200 to 599.',
    source: `${VALIDATION}/validation.go validateHTTPFaultInjection; 600 passes there, and Envoy refuses it`,
  },
  {
    id: 'istio/subsets',
    severity: 'error',
    summary: 'Subsets have names of their own.',
    source: `${VALIDATION}/validation.go validateSubset; pilot drops the second one silently`,
  },
  {
    id: 'istio/traffic-policy',
    severity: 'error',
    summary: 'A traffic policy and its parts set something, and nothing that excludes something else.',
    source: `${VALIDATION}/validation.go validateTrafficPolicy; a hash without a key, and a port without a number, are refused by us`,
  },
  {
    id: 'istio/selector',
    severity: 'error',
    summary:
      'A policy is for workloads with labels that can be, or for what a policy can be attached to, and not for both.',
    source: `${VALIDATION}/validation.go validateOneOfSelectorType, validateWorkloadSelector, validatePolicyTargetReference, ValidateAlphaWorkloadSelector; labels that no workload can have are refused by us`,
  },
  {
    id: 'istio/port',
    severity: 'error',
    summary:
      'Ports have a number, a name of their own and a protocol that Istio knows, and listen at an address or a socket.',
    source: `${VALIDATION}/validation.go validateServerPort, validateServerBind, validateSidecarEgressPortBindAndCaptureMode, ValidatePortName, ValidateProtocol`,
  },
  {
    id: 'istio/gateway',
    severity: 'error',
    summary:
      'A Gateway has a name that can be written in a VirtualService, and servers whose protocol and TLS go together.',
    source: `${VALIDATION}/validation.go ValidateGateway, validateServer`,
  },
  {
    id: 'istio/server-tls',
    severity: 'error',
    summary: 'TLS that ends here has certificates, named once and as its mode needs them.',
    source: `${VALIDATION}/validation.go validateTLSOptions`,
  },
  {
    id: 'istio/service-entry',
    severity: 'error',
    summary: 'Hosts, addresses, endpoints and ports of a ServiceEntry go together with its resolution.',
    source: `${VALIDATION}/validation.go ValidateServiceEntry, validateWorkloadEntry; labels longer than 63 characters are refused by us`,
  },
  {
    id: 'istio/sidecar',
    severity: 'error',
    summary: 'A Sidecar says something, has one listener for each port, and hands requests on within its pod.',
    source: `${VALIDATION}/validation.go ValidateSidecar, validateSidecarOutboundTrafficPolicy`,
  },
  {
    id: 'istio/request-authentication',
    severity: 'error',
    summary: 'A rule for tokens says who issues them or where the keys are, and keys written out are public.',
    source: `${VALIDATION}/validation.go validateJwtRule; a private key is refused by us, Istio warns`,
  },
  {
    id: 'istio/telemetry',
    severity: 'error',
    summary: 'Tags have names and values, and a filter of access logs is CEL.',
    source: `${VALIDATION}/validation.go validateTelemetryTracing, validateTelemetryMetrics, validation_istiod.go validateTelemetryFilter`,
  },
  {
    id: 'istio/envoy-filter',
    severity: 'error',
    summary: 'A patch of an EnvoyFilter says what is patched, how and with what, and is matched by what it patches.',
    source: `${VALIDATION}/envoyfilter/envoyfilter.go validateEnvoyFilter; what it patches with is not looked at`,
  },
  {
    id: 'istio/ignored',
    severity: 'warning',
    summary:
      'A DestinationRule stands in the namespace of its host, failover has the outlier detection that it needs, and nothing is written that Istio does not read.',
    source: `istio 1.30.3 pilot/pkg/model/push_context.go looks at the caller, at the host and in the root namespace; pilot/pkg/networking/core/loadbalancer; what ${VALIDATION} warns of`,
  },
  {
    id: 'istio/authorization-policy',
    severity: 'error',
    summary:
      'A policy has rules where its action needs them, a provider with CUSTOM only, and says of requests what can be.',
    source: `${VALIDATION}/validation.go ValidateAuthorizationPolicy; pkg/config/security`,
  },
  {
    id: 'istio/denies-everything',
    severity: 'warning',
    summary: 'A policy that allows lists what it allows.',
    source: 'istio: ALLOW without rules matches nothing, and so denies all',
  },
];
