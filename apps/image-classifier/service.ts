import { ApiObject, JsonPatch, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { AIService, CanaryPolicy, Gate, ModelRef, MonitoringRules, ServerlessFunction, Slo } from 'cdk8s-ai-service';
import { platform } from '../platform.ts';

const service = new AIService(platform, 'image-classifier', {
  description: 'Classifies product photos; a public API in front of a ResNet on Triton.',
  owner: { team: 'vision', escalation: '#vision-oncall' },
  traffic: { expectedRps: 15, visibility: 'public', timeout: '20s' },
  function: new ServerlessFunction({
    image: 'registry.example.com/vision/image-api:2.3.1',
    env: {
      MODEL_URL: ModelRef.part('predictor'),
      MODEL_NAME: 'resnet50',
      LABELS_FILE: '/etc/labels/labels.txt',
    },
    resources: { cpu: '500m', memory: '512Mi' },
    scaling: { min: 1, max: 20, target: { concurrency: 20 } },
    readiness: '/healthz',
  }),
  predictor: {
    framework: 'triton',
    servedName: 'resnet50',
    model: ModelRef.uri('s3://ml-models/image-classifier/v12/'),
    resources: { cpu: '2', memory: '8Gi', gpu: 1 },
    // A fixed number: what the processor does says nothing about who waits for the GPU.
    scaling: { min: 1 },
  },
  canary: new CanaryPolicy({ steps: [5, 25], bake: '20m', gates: [Gate.errorRatio({ max: 0.02 })] }),
  monitoring: new MonitoringRules({
    slos: [Slo.availability(99.5), Slo.latency({ below: '1s', objective: 95 })],
  }),
  overrides: {
    dev: { function: { scaling: { min: 0, max: 2 } } },
    prod: { function: { scaling: { min: 2 } }, predictor: { scaling: { min: 2 } } },
  },
});

// Whatever the vocabulary has no word for joins the service's chart, and is checked like the rest. cdk8s-plus labels
// and selects pods by a hash of the construct's path, which would restart them on a rename: the selector is given by
// hand, and the hash removed.
for (const chart of service.charts()) {
  const labels = { 'app.kubernetes.io/name': 'image-classifier-thumbnails' };
  const thumbnails = new kplus.Deployment(chart, 'thumbnails', {
    replicas: 1,
    select: false,
    podMetadata: { labels },
    containers: [
      {
        image: 'registry.example.com/vision/thumbnails:1.0.4',
        portNumber: 8080,
        resources: {
          cpu: { request: kplus.Cpu.millis(100) },
          memory: { request: Size.mebibytes(128), limit: Size.mebibytes(128) },
        },
      },
    ],
  });
  thumbnails.select(kplus.LabelSelector.of({ labels }));
  const hash = '/spec/template/metadata/labels/cdk8s.io~1metadata.addr';
  ApiObject.of(thumbnails).addJsonPatch(JsonPatch.remove(hash));
}
