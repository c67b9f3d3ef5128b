import { AIService, CanaryPolicy, Drift, Gate, ModelRef, MonitoringRules, Slo } from 'cdk8s-ai-service';
import { platform } from '../platform.ts';

new AIService(platform, 'fraud-detector', {
  description: 'Scores card payments for fraud.',
  owner: { team: 'risk-ml', escalation: '#risk-ml-oncall' },
  traffic: { expectedRps: 40 },
  predictor: {
    framework: 'sklearn',
    // KServe's sklearn server with a histogram of its predictions, which the drift rule below reads.
    image: 'registry.example.com/risk-ml/sklearnserver-metrics:0.20.0',
    model: ModelRef.registry('corp', 'fraud-detector@champion'),
    resources: { cpu: '4', memory: '8Gi' },
    scaling: { min: 2, max: 20, target: { cpu: 70 } },
    exports: { predictions: 'fraud_score' },
  },
  canary: new CanaryPolicy({
    warm: { deadline: '20m' },
    steps: [10, 25, 50],
    bake: '30m',
    gates: [
      Gate.errorRatio({ max: 0.01 }),
      Gate.latency({ quantile: 0.99, max: '250ms' }),
      Gate.predictionDrift({ psi: 0.2 }),
    ],
    keepPrevious: 'warm',
  }),
  monitoring: new MonitoringRules({
    slos: [Slo.availability(99.9), Slo.latency({ quantile: 0.99, below: '250ms', objective: 99 })],
    drift: [Drift.psi({ metric: 'fraud_score', reference: './reference/fraud_score.json' })],
  }),
  overrides: {
    dev: { predictor: { scaling: { min: 1, max: 2 } } },
  },
});
