import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../src/core/object.ts';
import { emitYaml } from '../../../src/core/yaml.ts';
import type { AlertRule, RuleGroup } from '../../../src/promql/rule.ts';
import { releaseState, type ReleaseState } from '../../../src/release/state.ts';
import { transition, type Move } from '../../../src/release/transition.ts';
import { argocdApp } from '../../../src/render/argocd.ts';
import { renderFunctions } from '../../../src/render/knative.ts';
import { renderKserve } from '../../../src/render/kserve.ts';
import { renderPrometheus } from '../../../src/render/prometheus.ts';
import { ALERT_GUIDES } from '../../../src/render/runbook-guides.ts';
import type { Target } from '../../../src/render/target.ts';
import { besideNeeded } from '../../../src/review/words/beside.ts';
import { monitoringWords } from '../../../src/review/words/monitoring.ts';
import { policyOf, type ReleasePolicy } from '../../../src/service/release-policy.ts';
import type { AIServiceInput } from '../../../src/service/service.ts';
import { targetOf, type TargetOptions } from '../../support/target.ts';
import { EVERY_SOURCE, REFERENCES, WATCHED } from '../../support/watched.ts';
import { lineOf, PROD, unexplained, unitOfScenario } from './support.ts';

/** Every alert there is, through the life of releases: that they follow it is one sentence, and no other is said. */

const prometheus = { version: '3.4', sources: EVERY_SOURCE };
const resources = { cpu: '1', memory: '1Gi' };
const model = { uri: 's3://ml-models/fraud-detector/v46/' };
const predictor = { framework: 'sklearn', model, resources, scaling: { min: 2, max: 5 } } as const;
const onKnative = { ...predictor, scaling: { min: 0, max: 5, target: { concurrency: 4 } } } as const;
const transformer = { image: 'registry.example.com/transformer:1.0.0', resources };
const api = { image: 'registry.example.com/api:1.0.0', resources };
const canary = { canary: { steps: [10, 50] } };
const llm: AIServiceInput['predictor'] = {
  framework: 'vllm',
  image: 'registry.example.com/llm-d:0.10.0',
  model,
  resources: { cpu: '8', memory: '64Gi', gpu: 1 },
  llm: {},
  scaling: { min: 2 },
};
const withLlm = {
  version: '0.20.0',
  mode: 'Standard',
  llm: { gatewayService: 'kserve-ingress-gateway-istio.kserve.svc.cluster.local' },
} as const;

const standard = (spec: TargetOptions['spec'], cluster: TargetOptions['cluster'] = {}): TargetOptions => ({
  cluster: { prometheus, ...cluster },
  spec: { ...spec },
});
const knative = (spec: TargetOptions['spec']): TargetOptions => ({ ...standard(spec), mode: 'Knative' });

/** What runs; of the services that have every alert the releases are left out. */
const PLACES: Readonly<Record<string, TargetOptions>> = {
  ...Object.fromEntries(
    Object.entries(WATCHED).map(([name, { candidate: _candidate, ...options }]) => [name, options]),
  ),
  'a predictor with a transformer, and the age of its model': standard({
    ...canary,
    predictor,
    transformer,
    monitoring: { health: { modelAge: 30 } },
  }),
  'a predictor with a transformer, on Knative': knative({ ...canary, predictor: onKnative, transformer }),
  'a function in front of a predictor, on Knative': knative({ ...canary, predictor: onKnative, function: api }),
  'a function in front of two models, in Deployments': standard(
    { ...canary, predictor, function: api, models: { embedder: predictor } },
    { knative: undefined },
  ),
  'a function alone': standard({ ...canary, function: api }),
  'an LLMInferenceService': standard({ ...canary, predictor: llm }, { kserve: withLlm }),
  'the canary of KServe': knative({ canary: { steps: [10, 50], mechanism: 'kserve' }, predictor: onKnative }),
  'revisions of a function in front of a predictor': knative({
    canary: { steps: [10, 50], mechanism: 'revisions' },
    predictor: onKnative,
    function: api,
  }),
  'revisions of a function alone': knative({ canary: { steps: [10, 50], mechanism: 'revisions' }, function: api }),
  'a shadow of which nothing is kept': standard({ shadow: { percent: 20, keepPrevious: 'none' }, predictor }),
  'an A/B test after which the older release is stopped': standard({
    abTest: { header: { name: 'x-cohort', value: 'b' }, keepPrevious: 'stopped' },
    predictor,
  }),
};

/** The states of a service, commit by commit. The names of its releases get longer, so that long names of pods are cut. */
function lifeOf(policy: ReleasePolicy): ReleaseState[] {
  const states = [releaseState.parse({ stable: 'v46' })];
  const make = (...moves: readonly Move[]): void => {
    for (const move of moves) {
      const { state, problem } = transition(states.at(-1)!, move, policy);
      if (!state) throw new Error(problem.message);
      states.push(state);
    }
  };
  const steps = policy.exposures.map((): Move => ({ action: 'advance' }));
  const rollback = (): void => {
    make({ action: 'rollback' });
    // What does not run any more warms first.
    if (states.at(-1)!.returning) make({ action: 'finish' });
  };
  make({ action: 'release', release: 'v99' }, ...steps, { action: 'abort' }, { action: 'resume' });
  make({ action: 'hold' }, { action: 'cleanup' }, { action: 'resume' });
  make({ action: 'release', release: 'v99' }, ...steps, { action: 'finish' });
  make({ action: 'release', release: 'v100' }, ...steps, { action: 'finish' });
  rollback();
  make(
    { action: 'cleanup' },
    { action: 'resume' },
    { action: 'release', release: 'v100' },
    ...steps,
    { action: 'finish' },
    { action: 'cleanup' },
  );
  if (states.at(-1)!.previous === undefined) return states;
  rollback();
  make({ action: 'cleanup' });
  return states;
}

/** The service as a state has it, also with releases that are on their way out or stopped. */
function targetAt(options: TargetOptions, state: ReleaseState): Target {
  const { stable, candidate, previous, retiring = [], stopped = [], phase, weight, mirror, header } = state;
  const exposure = {
    weight,
    ...(mirror !== undefined && { mirror }),
    ...(header && { header }),
    ...(phase === 'held' && { held: true as const }),
  };
  const target = targetOf({
    ...options,
    stable,
    ...(previous !== undefined && { previous }),
    ...(candidate !== undefined && { candidate: { release: candidate, ...exposure } }),
  });
  const { serving } = target;
  const { workload } = serving.stable;
  const created = new Date(Date.UTC(2025, 0, Number(stable.slice(1)))).toISOString();
  const dated =
    workload.kind === 'server' && workload.model ? { ...workload, model: { ...workload.model, created } } : workload;
  const leaving = serving.native ? [] : retiring.map((release) => targetOf({ ...options, stable: release }).serving);
  const workloads = [...serving.workloads, ...leaving.flatMap((each) => each.workloads)].map((each) =>
    stopped.includes(each.release) ? { ...each, stopped: true } : each,
  );
  const kept = [...serving.kept, ...leaving.map((each) => each.stable)];
  return { ...target, serving: { ...serving, stable: { ...serving.stable, workload: dated }, workloads, kept } };
}

function alertsIn(target: Target): AlertRule[] {
  const rules = renderPrometheus(target, REFERENCES).filter(({ kind }) => kind === 'PrometheusRule');
  const groups = rules.flatMap(({ spec }) => (spec as { groups: readonly RuleGroup[] }).groups);
  return groups.flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? [rule] : [])));
}

/** What a plan says of the alerts, what of them it leaves open, and how many objects with alerts there are to talk of. */
function wordsOf(
  before: Target,
  after: Target,
  rules = renderPrometheus(after, REFERENCES),
): { said: string[]; open: string[]; changed: number } {
  const yaml = (target: Target, monitoring: readonly KubeObject[]): string =>
    [...renderKserve(target), ...renderFunctions(target), ...monitoring].map((object) => emitYaml(object)).join('');
  const changed = unitOfScenario(yaml(before, renderPrometheus(before, REFERENCES)), yaml(after, rules));
  const kinds = besideNeeded(changed.objects);
  const others = new Set(
    changed.objects.map((change) => `${change.after?.object.kind ?? ''} ${change.after?.object.metadata.name ?? ''}`),
  );
  const beside = rules.filter(
    ({ kind, metadata }) => kinds.has(kind.toLowerCase()) && !others.has(`${kind} ${metadata.name}`),
  );
  const unit = { ...changed, beside, descriptor: { before: { ...argocdApp(before) }, after: { ...argocdApp(after) } } };
  const objects = unit.objects.filter((change) =>
    ['PrometheusRule', 'PodMonitor'].includes((change.after ?? change.before).object.kind),
  );
  const said = monitoringWords(unit, PROD);
  return { said: said.map(lineOf), open: unexplained({ ...unit, objects }, said), changed: objects.length };
}

const FOLLOWING = /^alerts of fraud-detector (?:follow|no longer watch) [a-z0-9 ,]+$/;

describe('the alerts of a service follow its releases, and no sentence says anything else', () => {
  const lives = new Map(
    Object.entries(PLACES).map(([name, options]) => {
      const policy = policyOf(targetOf(options).spec, 'release');
      return [name, lifeOf(policy).map((state) => targetAt(options, state))];
    }),
  );

  test('these have every alert of the catalogue', () => {
    const ofCatalogue = [...lives.values()]
      .flat()
      .flatMap(alertsIn)
      .map(({ alert }) => alert)
      .filter((alert) => alert.startsWith('Ai'));
    expect([...new Set(ofCatalogue)].sort()).toEqual(Object.keys(ALERT_GUIDES).sort());
  });

  test.each([...lives])('%s', (_, life) => {
    const commits = life.slice(1).map((after, index) => wordsOf(life[index]!, after));
    const others = commits.flatMap(({ said, open }) => [...said.filter((text) => !FOLLOWING.test(text)), ...open]);
    expect(others).toEqual([]);
    expect(commits.map(({ said }) => said.length)).toEqual(commits.map(({ changed }) => (changed > 0 ? 1 : 0)));
    expect(commits.filter(({ changed }) => changed > 0).length).toBeGreaterThan(10);
  });
});

/** All that is left of an expression when the stable release is forgotten somewhere: one text for each place. */
function forgetting(expr: string): string[] {
  const found: string[] = [];
  for (const { 0: whole, 1: value = '', index } of expr.matchAll(/=~"([^"]*)"/g)) {
    const others = value.split('|').filter((way) => !way.includes('v46'));
    if (others.length === 0 || others.length === value.split('|').length) continue;
    found.push(`${expr.slice(0, index)}=~"${others.join('|')}"${expr.slice(index + whole.length)}`);
  }
  return found;
}

test.each(['a predictor with everything, and a candidate', 'a function in front of Triton and TorchServe'])(
  'an alert that forgets at any place the release that serves is told, when another one comes: %s',
  (place) => {
    const at = (state: object): Target => targetAt(PLACES[place]!, releaseState.parse({ stable: 'v46', ...state }));
    const [before, after] = [at({}), at({ candidate: 'v47', phase: 'warming' })];
    const rules = renderPrometheus(after, REFERENCES);
    const known = new Set(alertsIn(before).map(({ alert }) => alert));
    const alerts = alertsIn(after).filter(({ alert }) => known.has(alert));
    const asked = alerts.flatMap(({ alert, expr }) =>
      forgetting(expr).map((forgotten) => ({ alert, expr, forgotten })),
    );
    expect(asked.length).toBeGreaterThan(10);
    const missed = asked.filter(({ alert, expr, forgotten }) => {
      const forget = (_: string, value: unknown): unknown => (value === expr ? forgotten : value);
      const edited = rules.map((object) => JSON.parse(JSON.stringify(object), forget) as KubeObject);
      return !wordsOf(before, after, edited).said.some(
        (text) => text.startsWith('the expression') && text.includes(alert),
      );
    });
    expect(missed).toEqual([]);
  },
);
