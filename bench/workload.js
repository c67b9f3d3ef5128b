/**
 * The workload of the benchmark: N services of about 12 objects, one environment, one cluster. The same objects are
 * given to every contender.
 */
import { AIService, CanaryPolicy, Gate, ModelRef, MonitoringRules, Platform, Slo } from '../lib/index.js';

const stack = {
  kubernetes: '1.33',
  kserve: { version: '0.20.0', mode: 'Standard' },
  istio: { version: '1.30', dataplane: 'sidecar', gateway: 'istio-system/public' },
  prometheus: { version: '3.4', ruleLabels: { release: 'kube-prometheus-stack' }, sources: [] },
  externalSecrets: { version: '2.9' },
  domain: 'eu.example.com',
};

/** A platform with `count` services, built through the public API. */
export function platformOf(count) {
  const platform = new Platform({
    gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
    argocd: { version: '3.5' },
    clusters: { 'eu-1': stack },
    environments: { prod: { stage: 'prod', clusters: ['eu-1'], namespace: ({ team }) => `${team}-prod` } },
    releases: 'no-releases',
  });
  for (let index = 0; index < count; index += 1) addService(platform, index);
  return platform;
}

function addService(platform, index) {
  const name = serviceName(index);
  new AIService(platform, name, {
    owner: { team: `team-${index % 20}`, escalation: '#oncall' },
    traffic: { expectedRps: 40, visibility: 'public', hosts: [`${name}.old.example.com`] },
    predictor: {
      framework: 'sklearn',
      model: ModelRef.uri(`s3://ml-models/${name}/v47/`),
      resources: { cpu: '4', memory: '8Gi' },
      scaling: { min: 2, max: 20, target: { cpu: 70 } },
      env: { LOG_LEVEL: 'info', HUB: { secret: `${name}-hub`, key: 'token' } },
    },
    transformer: {
      image: 'registry.example.com/ml/transformer:1.4.2',
      resources: { cpu: '500m', memory: '512Mi' },
      scaling: { min: 2, max: 10 },
    },
    canary: new CanaryPolicy({ steps: [10, 25, 50], gates: [Gate.errorRatio({ max: 0.01 })] }),
    monitoring: new MonitoringRules({ slos: [Slo.availability(99.9), Slo.latency({ below: '250ms', objective: 99 })] }),
    secrets: { [`${name}-hub`]: { store: 'vault', keys: { token: { key: 'ml/hub' } } } },
    network: { allowFrom: [{ namespace: 'shop' }] },
  });
}

export function serviceName(index) {
  return `model-${String(index).padStart(5, '0')}`;
}
