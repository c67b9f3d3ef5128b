import type { KubeObject } from '../../../src/core/object.ts';

/** The objects that one service typically becomes, all valid. Each call gives fresh ones, to be spoilt at will. */
export function typicalObjects() {
  const labels = {
    'app.kubernetes.io/name': 'fraud-detector',
    'app.kubernetes.io/part-of': 'risk-ml',
    'app.kubernetes.io/managed-by': 'ai-service',
  };
  const metadata = { name: 'fraud-detector', namespace: 'risk-ml-prod', labels };
  return {
    inferenceService: {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        ...metadata,
        name: 'fraud-detector-v47',
        annotations: { 'serving.kserve.io/deploymentMode': 'Standard', 'serving.kserve.io/autoscalerClass': 'hpa' },
      },
      spec: {
        predictor: {
          minReplicas: 2,
          maxReplicas: 20,
          scaleMetric: 'cpu',
          scaleTarget: 70,
          serviceAccountName: 'fraud-detector',
          labels: { ai_service: 'fraud-detector', release: 'v47', part: 'predictor' },
          model: {
            name: 'kserve-container',
            modelFormat: { name: 'sklearn', version: '1' },
            protocolVersion: 'v2',
            runtime: 'fraud-detector-sklearn',
            storageUri: 's3://ml-models/fraud-detector/v47/',
            args: ['--model_name=fraud-detector', '--workers=2'],
            env: [
              { name: 'LOG_LEVEL', value: 'info' },
              { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'fraud-detector', key: 'token' } } },
            ],
            resources: { requests: { cpu: '4', memory: '8Gi' }, limits: { cpu: '4', memory: '8Gi' } },
            readinessProbe: {
              httpGet: { path: '/v2/models/fraud-detector/ready', port: 8080 },
              periodSeconds: 5,
              failureThreshold: 3,
            },
            startupProbe: {
              httpGet: { path: '/v2/health/ready', port: 8080 },
              periodSeconds: 5,
              failureThreshold: 120,
            },
          },
          affinity: {
            podAntiAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                {
                  weight: 100,
                  podAffinityTerm: {
                    topologyKey: 'kubernetes.io/hostname',
                    labelSelector: { matchLabels: { ai_service: 'fraud-detector' } },
                  },
                },
              ],
            },
          },
        },
      },
    },
    servingRuntime: {
      apiVersion: 'serving.kserve.io/v1alpha1',
      kind: 'ServingRuntime',
      metadata: { ...metadata, name: 'fraud-detector-sklearn' },
      spec: {
        annotations: { 'prometheus.kserve.io/port': '8080', 'prometheus.kserve.io/path': '/metrics' },
        supportedModelFormats: [{ name: 'sklearn', version: '1', autoSelect: false, priority: 1 }],
        protocolVersions: ['v1', 'v2'],
        containers: [
          {
            name: 'kserve-container',
            image:
              'kserve/sklearnserver:v0.20.0@sha256:3f9c0b6d1d3f6a6a5d1f9d8fb1c2a7e40f4f5a0f5f0c3a9c5f2f7b1a4d6e8c90',
            args: ['--model_name={{.Name}}', '--model_dir=/mnt/models', '--http_port=8080'],
            ports: [{ name: 'http1', containerPort: 8080, protocol: 'TCP' }],
            securityContext: {
              allowPrivilegeEscalation: false,
              privileged: false,
              runAsNonRoot: true,
              capabilities: { drop: ['ALL'] },
            },
            resources: { requests: { cpu: '1', memory: '2Gi' }, limits: { cpu: '1', memory: '2Gi' } },
          },
        ],
      },
    },
    virtualService: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: ['fraud-detector.risk-ml-prod.svc.cluster.local', 'fraud-detector.eu.example.com'],
        gateways: ['mesh', 'istio-system/public'],
        http: [
          {
            name: 'inference',
            match: [
              { uri: { prefix: '/v2/models/fraud-detector' } },
              { uri: { prefix: '/v1/models/fraud-detector' }, headers: { 'x-debug': { exact: 'no' } } },
            ],
            timeout: '30s',
            retries: { attempts: 2, perTryTimeout: '10s', retryOn: 'connect-failure,refused-stream,503' },
            route: [
              {
                destination: { host: 'fraud-detector-v46-predictor', port: { number: 80 } },
                weight: 90,
                headers: { request: { set: { host: 'fraud-detector-v46' } } },
              },
              {
                destination: { host: 'fraud-detector-v47-predictor', port: { number: 80 } },
                weight: 10,
                headers: { request: { set: { host: 'fraud-detector-v47' } } },
              },
            ],
          },
          { name: 'rest', directResponse: { status: 404 } },
        ],
      },
    },
    destinationRule: {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { ...metadata, name: 'fraud-detector-v47' },
      spec: {
        host: 'fraud-detector-v47-predictor.risk-ml-prod.svc.cluster.local',
        trafficPolicy: {
          connectionPool: {
            tcp: { maxConnections: 100, connectTimeout: '5s' },
            http: { http1MaxPendingRequests: 64, idleTimeout: '300s' },
          },
          outlierDetection: {
            consecutive5xxErrors: 5,
            interval: '10s',
            baseEjectionTime: '30s',
            maxEjectionPercent: 50,
          },
          loadBalancer: { simple: 'LEAST_REQUEST' },
        },
      },
    },
    prometheusRule: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { ...metadata, labels: { ...labels, release: 'kube-prometheus-stack' } },
      spec: {
        groups: [
          {
            name: 'fraud-detector.slo',
            interval: '30s',
            rules: Array.from({ length: 10 }, (_, i) => ({
              alert: `FraudDetectorErrorBudgetBurn${i}`,
              expr: `sum(rate(istio_requests_total{destination_service_name="fraud-detector",response_code=~"5.."}[${i + 1}h])) / sum(rate(istio_requests_total{destination_service_name="fraud-detector"}[${i + 1}h])) > ${14.4 - i} * 0.001`,
              for: '2m',
              labels: { severity: 'critical', team: 'risk-ml', ai_service: 'fraud-detector' },
              annotations: {
                summary: 'fraud-detector burns its error budget too fast',
                description: 'At this rate the monthly budget of {{ $labels.ai_service }} is gone within two days.',
                runbook_url: 'https://runbooks.example.com/ai-service/error-budget-burn',
              },
            })),
          },
        ],
      },
    },
    podMonitor: {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata,
      spec: {
        selector: { matchLabels: { ai_service: 'fraud-detector' } },
        podMetricsEndpoints: [
          {
            port: 'http1',
            path: '/metrics',
            interval: '15s',
            relabelings: [
              { sourceLabels: ['__meta_kubernetes_pod_label_release'], targetLabel: 'release', action: 'replace' },
            ],
          },
        ],
      },
    },
    networkPolicy: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: { ai_service: 'fraud-detector' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [
          {
            from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'istio-system' } } }],
            ports: [{ port: 8080, protocol: 'TCP' }],
          },
        ],
        egress: [
          {
            to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }],
            ports: [{ port: 443, protocol: 'TCP' }],
          },
        ],
      },
    },
    podDisruptionBudget: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: { ai_service: 'fraud-detector', release: 'v47' } } },
    },
    serviceAccount: {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        ...metadata,
        annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/fraud-detector' },
      },
      automountServiceAccountToken: false,
    },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
        selector: { ai_service: 'fraud-detector' },
        type: 'ClusterIP',
      },
    },
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: {
        'dashboard.json': JSON.stringify({
          title: 'fraud-detector',
          panels: Array.from({ length: 8 }, (_, id) => ({ id, type: 'timeseries' })),
        }),
      },
    },
    applicationSet: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'ApplicationSet',
      metadata: { ...metadata, name: 'risk-ml-prod-eu', namespace: 'argocd' },
      spec: {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [
          {
            git: {
              repoURL: 'https://git.example.com/acme/ml-gitops.git',
              revision: 'main',
              files: [{ path: 'envs/prod-eu/*/risk-ml/*/argocd-app.json' }],
            },
          },
        ],
        syncPolicy: { preserveResourcesOnDeletion: true, applicationsSync: 'create-update' },
        ignoreApplicationDifferences: [{ jsonPointers: ['/spec/syncPolicy'] }],
        template: {
          metadata: { name: '{{.name}}', labels: { team: 'risk-ml' } },
          spec: {
            project: 'risk-ml',
            source: {
              repoURL: 'https://git.example.com/acme/ml-gitops.git',
              targetRevision: 'main',
              path: '{{.path.path}}/manifests',
              directory: { recurse: true },
            },
            destination: { name: '{{.cluster}}', namespace: '{{.namespace}}' },
            syncPolicy: {
              automated: { prune: true, selfHeal: true },
              syncOptions: ['ServerSideApply=true', 'PruneLast=true'],
            },
          },
        },
      },
    },
  } satisfies Record<string, KubeObject>;
}
