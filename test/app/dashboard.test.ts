import { describe, expect, test } from 'vitest';
import { AIService } from '../../src/app/ai-service.ts';
import type { DashboardSource } from '../../src/app/dashboard.ts';
import { readYaml } from '../../src/core/read-yaml.ts';
import { platformWith } from '../support/platform.ts';

const CONFIG_MAP = 'envs/prod-eu/eu-1/risk-ml/fraud/manifests/configmap.fraud-scores.yaml';

/** Files and findings of a service with one dashboard. */
function synth(
  source: DashboardSource,
  { name = 'scores', grafana = true } = {},
): { files: ReadonlyMap<string, string>; findings: string[] } {
  const platform = platformWith(grafana ? { grafana: {} } : {});
  const service = new AIService(platform, 'fraud', {
    owner: { team: 'risk-ml' },
    predictor: {
      framework: 'sklearn',
      model: { uri: 's3://ml-models/fraud/v1/' },
      resources: { cpu: '1', memory: '1Gi' },
    },
    replace: {},
  });
  service.addDashboard(name, source);
  const { files, findings } = platform.render();
  return {
    files,
    findings: findings
      .filter(({ severity }) => severity === 'error')
      .map(({ id, where, message }) => `${id} ${where.environment ?? '-'}: ${message}`),
  };
}

function written(files: ReadonlyMap<string, string>): unknown {
  const { data } = readYaml(files.get(CONFIG_MAP) ?? '', CONFIG_MAP).value as { data: Record<string, string> };
  return JSON.parse(Object.values(data)[0] ?? '');
}

describe('a dashboard that is added to a service', () => {
  test('is written as it is, on every cluster with a Grafana', () => {
    const { files, findings } = synth({ title: 'Scores', panels: [] });
    expect(findings).toEqual([]);
    expect([...files.keys()].filter((file) => file.includes('configmap.fraud-scores'))).toEqual([
      'envs/dev/dev-1/risk-ml/fraud/manifests/configmap.fraud-scores.yaml',
      CONFIG_MAP,
    ]);
    expect(written(files)).toEqual({ uid: 'fraud-scores-prod-eu-eu-1', title: 'Scores', panels: [] });
  });

  test('may be a builder, and depend on its place', () => {
    class Builder {
      readonly #title: string;
      constructor(title: string) {
        this.#title = title;
      }
      build(): { title: string } {
        return { title: this.#title };
      }
    }
    expect(written(synth(new Builder('Scores')).files)).toMatchObject({ title: 'Scores' });
    const placed = synth(
      ({ service, environment, cluster, namespace }) =>
        new Builder([service, environment, cluster, namespace].join(' ')),
    );
    expect(written(placed.files)).toMatchObject({ title: 'fraud prod-eu eu-1 risk-ml-prod' });
  });

  test('is nowhere where there is no Grafana', () => {
    const { files, findings } = synth({ title: 'Scores' }, { grafana: false });
    expect([files.has(CONFIG_MAP), findings]).toEqual([false, []]);
  });

  test.each<[string, DashboardSource, string]>([
    [
      'throws',
      {
        build: () => {
          throw new Error('no such panel');
        },
      },
      'no such panel',
    ],
    ['gives nothing', { build: () => undefined }, 'it is no map'],
    ['gives a list', { build: () => [] }, 'it is no map'],
    ['has no title', { panels: [] }, 'it has no title'],
    [
      'is too large',
      { uid: 'u', title: 'x'.repeat(1_000_000) },
      'it has 1000032 bytes, and a ConfigMap holds a million',
    ],
  ])('and %s is an error in each place, and nothing is written', (_, source, flaw) => {
    const findings = ['dev', 'prod-eu'].map(
      (environment) => `chart/dashboard ${environment}: the dashboard "scores" cannot be written: ${flaw}`,
    );
    expect(synth(source).findings).toEqual(findings);
  });

  test.each(['Scores', 'dashboard', ''])('cannot be called %j', (name) => {
    expect(synth({ title: 'x' }, { name }).findings).toEqual([
      `chart/dashboard -: the name ${JSON.stringify(name)} of a dashboard is taken, or not a DNS label`,
    ]);
  });
});
