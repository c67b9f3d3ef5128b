import { mlflow, Platform } from 'cdk8s-ai-service';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  knative: { version: '1.21.1' },
  istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
  prometheus: {
    version: '3.4',
    ruleLabels: { release: 'kube-prometheus-stack' },
    sources: ['argocd', 'dcgm', 'knative', 'kubeStateMetrics'],
    runbookUrl: 'https://git.example.com/acme/ml-gitops/blob/main/gitops/{page}',
    alertmanager: {
      configLabels: { alertmanager: 'main' },
      // Of each team its own: the Secrets are in the namespaces of the services.
      receivers: {
        pager: { pagerduty: { routingKey: { secret: 'pagerduty', key: 'routing-key' } } },
        chat: { slack: { apiUrl: { secret: 'slack', key: 'url' } } },
      },
      routes: { critical: 'pager', warning: 'chat' },
    },
  },
  grafana: { folder: 'AI services' },
  externalSecrets: { version: '2.9' },
} as const;

export const platform = new Platform({
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: {
    'dev-1': { ...stack, domain: 'dev.example.com' },
    'eu-1': {
      ...stack,
      domain: 'eu.example.com',
      serviceAccountAnnotations: ({ team, service }) => ({
        'eks.amazonaws.com/role-arn': `arn:aws:iam::111111111111:role/${team}-${service}-eu`,
      }),
    },
    'us-1': {
      ...stack,
      domain: 'us.example.com',
      mirrors: { 's3://ml-models/': 's3://ml-models-us/' },
      serviceAccountAnnotations: ({ team, service }) => ({
        'eks.amazonaws.com/role-arn': `arn:aws:iam::111111111111:role/${team}-${service}-us`,
      }),
    },
  },
  environments: {
    dev: { stage: 'dev', clusters: ['dev-1'], namespace: ({ team }) => `${team}-dev`, createNamespaces: true },
    'prod-eu': { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => `${team}-prod` },
    'prod-us': { stage: 'prod', clusters: ['us-1'], namespace: ({ team }) => `${team}-prod` },
  },
  registries: { corp: mlflow({ url: 'https://mlflow.example.com', artifactsDestination: 's3://ml-models' }) },
});
