import { ApiObject } from 'cdk8s';
import { expect, test } from 'vitest';
import { AIService } from '../../src/app/ai-service.ts';
import { formatFinding } from '../../src/core/finding.ts';
import { MonitoringRules } from '../../src/service/monitoring-rules.ts';
import { Slo } from '../../src/service/slo.ts';
import { platformWith } from '../support/platform.ts';

/** What is said about a service with an objective on the graph `claims`, beside which it has a graph of some name. */
function findingsOf(name: string): string[] {
  const platform = platformWith();
  const service = new AIService(platform, 'fraud', {
    owner: { team: 'risk-ml' },
    environments: ['dev'],
    predictor: {
      framework: 'sklearn',
      model: { uri: 's3://ml-models/fraud/v47/' },
      resources: { cpu: '4', memory: '8Gi' },
    },
    monitoring: new MonitoringRules({ slos: [Slo.availability(99.5, { graph: 'claims' })] }),
  });
  const spec = {
    nodes: {
      root: {
        routerType: 'Sequence',
        steps: [{ serviceName: 'features' }, { serviceName: 'scorer', data: '$response' }],
      },
    },
  };
  new ApiObject(service.chart('dev', 'dev-1'), 'graph', {
    apiVersion: 'serving.kserve.io/v1alpha1',
    kind: 'InferenceGraph',
    metadata: { name },
    spec,
  });
  return platform
    .render()
    .findings.filter(({ severity }) => severity !== 'info')
    .map(formatFinding);
}

test('an objective on a graph that the service adds to its chart is found good', () => {
  expect(findingsOf('claims')).toEqual([]);
});

test('an objective on a graph that is called otherwise is told of', () => {
  expect(findingsOf('claim')).toEqual([
    `warning monitoring/no-graph: fraud, dev, dev-1: monitoring.slos[0].availability.graph
  no InferenceGraph claims is among the objects of the service (there are claim); if nobody else makes it, the objective is about no requests and its alerts never fire
  fix: add the InferenceGraph to the chart of the service, or correct its name; nothing, if it is delivered otherwise`,
  ]);
});
