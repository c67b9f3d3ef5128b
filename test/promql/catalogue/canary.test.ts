import { describe, expect, test } from 'vitest';
import type { ProxiedRequests } from '../../../src/promql/catalogue/availability.ts';
import { releases, type StatedRelease } from '../../../src/promql/catalogue/canary.ts';
import { countsOf, errorRatioBeyond, failingBeyond } from '../../../src/promql/catalogue/gates.ts';
import type { Subject } from '../../../src/promql/rule.ts';
import { exactly } from '../../../src/promql/selector.ts';

const SUBJECT: Subject = {
  service: 's',
  namespace: 'n',
  team: 't',
  environment: 'e',
  escalation: undefined,
  page: 'critical',
};
const V2 = 'reporter="source",destination_service_namespace="n",destination_service_name="s-v2"';
const FOR_EVER = { candidate: undefined, hold: undefined };

/** Requests to a Service, as a gateway counts them. */
function requestsTo(service: string): ProxiedRequests {
  return { istio: { reporters: ['source'], namespace: 'n', services: [exactly(service)] } };
}

function stated(release: string, phase: StatedRelease['phase'], weight: number): StatedRelease {
  return { release, phase, weight, source: requestsTo(`s-${release}`), otherwise: false };
}

/** An expression on one line. */
function flat(expr: string): string {
  return expr.replaceAll(/\s+/g, ' ').replaceAll('( ', '(').replaceAll(' )', ')');
}

/** Expressions by the name of the rule and its release. */
function exprs(all: readonly StatedRelease[]): Record<string, string> {
  const { rules } = releases(SUBJECT, all, FOR_EVER);
  return Object.fromEntries(
    rules.map((rule) => [`${'record' in rule ? rule.record : rule.alert} ${rule.labels['release']}`, flat(rule.expr)]),
  );
}

describe('the releases of a service', () => {
  const canary = exprs([stated('v1', 'stable', 90), stated('v2', 'canary', 10)]);

  test('are counted once each, and compared as recorded', () => {
    expect(Object.keys(canary)).toEqual([
      ...['ai_release:info v1', 'ai_release:info v2'],
      ...[
        'ai_release:requests:increase10m v1',
        'ai_release:failed:increase10m v1',
        'ai_release:refused:increase10m v1',
      ],
      ...[
        'ai_release:requests:increase10m v2',
        'ai_release:failed:increase10m v2',
        'ai_release:refused:increase10m v2',
      ],
      ...['AiCandidateFailing v2', 'AiCandidateSlow v2', 'AiTrafficShareDiffers v2'],
    ]);
    expect(canary['ai_release:failed:increase10m v2']).toBe(
      `sum(increase(istio_requests_total{${V2},response_code=~"5.."}[10m])) or 0 * sum(increase(istio_requests_total{${V2}}[10m]))`,
    );
    expect(canary['AiCandidateFailing v2']).not.toContain('istio_requests_total');
  });

  test('share the traffic as declared, but for chance: four standard errors', () => {
    const identity = 'namespace="n",ai_service="s"';
    const total = `sum(ai_release:requests:increase10m{${identity},release=~"v1|v2"})`;
    const off = `abs((sum(ai_release:requests:increase10m{${identity},release="v2"}) or 0 * ${total}) / (${total} > 0) - 0.1)`;
    expect(canary['AiTrafficShareDiffers v2']).toBe(`${off} > 0.05 and ${off} > 4 * sqrt(0.09 / ${total})`);
  });

  test('that should get nothing may get next to nothing', () => {
    const identity = 'namespace="n",ai_service="s"';
    const total = `sum(ai_release:requests:increase10m{${identity},release=~"v1|v2"})`;
    const own = `(sum(ai_release:requests:increase10m{${identity},release="v2"}) or 0 * ${total})`;
    expect(exprs([stated('v1', 'stable', 100), stated('v2', 'kept', 0)])['AiTrafficShareDiffers v2']).toBe(
      `${own} / (${total} > 0) > 0.005 and ${own} >= 20`,
    );
  });

  test('are not compared when something answers for two of them', () => {
    const alike = { ...stated('v1', 'stable', 90), source: undefined };
    expect(Object.keys(exprs([alike, stated('v2', 'canary', 10)]))).toEqual([
      'ai_release:info v1',
      'ai_release:info v2',
    ]);
  });
});

test('what is recorded is compared as gates compare it', () => {
  const [candidate, stable] = [{ source: requestsTo('a') }, { source: requestsTo('b') }];
  expect(failingBeyond(countsOf(candidate, '10m'), countsOf(stable, '10m'), 2).text).toBe(
    errorRatioBeyond({ candidate, stable }, 2, '10m').text,
  );
});
