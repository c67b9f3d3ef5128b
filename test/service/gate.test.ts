import { describe, expect, it } from 'vitest';
import { Gate, gate, PLACEHOLDERS } from '../../src/service/gate.ts';
import { parseWith } from '../../src/service/parse.ts';

/** What is wrong with a gate: field, message and fix. */
function wrong(written: unknown): string[] {
  return parseWith(gate, written, {}).findings.map(
    ({ where, message, fix }) => `${where.field ?? ''}: ${message}: ${fix}`,
  );
}

const own = (query: string): unknown => Gate.prometheus({ name: 'own', query, max: 1 });

describe('a gate', () => {
  it('is plain data, and nothing is filled in', () => {
    const written = [
      Gate.errorRatio({ max: 0.01, comparedToStable: { difference: 0.005 } }),
      Gate.latency({
        quantile: 0.99,
        max: '250ms',
        comparedToStable: { factor: 1.25 },
        minSamples: 500,
        consecutive: 1,
      }),
      Gate.predictionDrift({ psi: 0.2, edges: [0.1, 0.5] }),
      Gate.registryMetric({ metric: 'auc', min: 0.9, notWorseThanStable: { by: 0.01 } }),
      Gate.prometheus({ name: 'chargebacks', query: 'sum(x{release="{{candidate}}"})', max: 3 }),
    ];
    expect(written).toEqual([
      { errorRatio: { max: 0.01, comparedToStable: { difference: 0.005 } } },
      {
        latency: { quantile: 0.99, max: '250ms', comparedToStable: { factor: 1.25 }, minSamples: 500, consecutive: 1 },
      },
      { predictionDrift: { psi: 0.2, edges: [0.1, 0.5] } },
      { registryMetric: { metric: 'auc', min: 0.9, notWorseThanStable: { by: 0.01 } } },
      { prometheus: { name: 'chargebacks', query: 'sum(x{release="{{candidate}}"})', max: 3 } },
    ]);
    expect(written.map((one) => gate.parse(one))).toEqual(written);
  });

  it('compares with the stable release in one way', () => {
    const fix = 'write one of them: { factor: 1.5 } or { difference: 0.005 }';
    expect(wrong({ errorRatio: { max: 0.01, comparedToStable: {} } })).toEqual([
      `errorRatio.comparedToStable: neither of factor and difference given: ${fix}`,
    ]);
    expect(wrong({ errorRatio: { max: 0.01, comparedToStable: { factor: 2, difference: 0.1 } } })).toEqual([
      `errorRatio.comparedToStable: both of factor and difference given: ${fix}`,
    ]);
  });

  it('on latency has a limit that can hold', () => {
    expect(wrong({ latency: { quantile: 0.99, max: '0s' } })).toEqual([
      'latency.max: a limit of 0 can never hold: write a longer duration: 250ms',
    ]);
  });

  it('on predictions names bounds in their order', () => {
    expect(wrong({ predictionDrift: { psi: 0.2, edges: [1, 1] } })).toEqual([
      'predictionDrift.edges: edges [1,1] do not rise: write the bucket bounds of the histogram in rising order, without +Inf',
    ]);
  });

  it('on a metric of the registry asks something that can hold', () => {
    expect(wrong({ registryMetric: { metric: 'auc' } })).toEqual([
      'registryMetric: nothing is asked of "auc": write min, max or notWorseThanStable: true',
    ]);
    expect(wrong({ registryMetric: { metric: 'auc', min: 2, max: 1 } })).toEqual([
      'registryMetric.min: min 2 is above max 1: exchange the two',
    ]);
  });
});

describe('a query of the user', () => {
  it('has a limit', () => {
    expect(wrong({ prometheus: { name: 'own', query: 'up' } })).toEqual([
      'prometheus: gate own has no limit: write min or max',
    ]);
  });

  it('uses placeholders that there are', () => {
    const known = Object.keys(PLACEHOLDERS)
      .map((name) => `{{${name}}}`)
      .join(', ');
    expect(wrong(own('sum(x{r="{{canidate}}"})'))).toEqual([
      `prometheus.query: the query has the placeholder {{canidate}}, which stands for nothing: use ${known}`,
    ]);
    expect(wrong(own('sum(rate(x{r="{{ candidate }}"}[{{window}}]))'))).toEqual([]);
  });
});
