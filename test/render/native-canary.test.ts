import { describe, expect, it } from 'vitest';
import { checkServing } from '../../src/check/serving.ts';
import { createChecker } from '../../src/check/checker.ts';
import { renderTarget } from '../../src/app/render-target.ts';
import type { KubeObject } from '../../src/core/object.ts';
import { emitYaml } from '../../src/core/yaml.ts';
import { targetOf, type TargetOptions } from '../support/target.ts';

/** Canaries whose traffic KServe or Knative splits: what each move of a release writes. */

const predictorOf = (release: string) =>
  ({
    framework: 'sklearn',
    model: { uri: `s3://ml-models/fraud-detector/${release}/` },
    resources: { cpu: '4', memory: '8Gi' },
    scaling: { min: 2 },
  }) as const;
const PREDICTOR = predictorOf('v46');
const FUNCTION = {
  image: 'registry.example.com/api:v46',
  env: { MODEL_URL: { part: 'predictor' } },
  resources: { cpu: '500m', memory: '512Mi' },
  scaling: { min: 1, max: 5 },
};

/** From the first deployment to a promotion, and to an abort that is cleaned up. */
const MOVES = {
  first: { stable: 'v46' },
  warming: { stable: 'v46', candidate: { release: 'v47', weight: 0 } },
  step: { stable: 'v46', candidate: { release: 'v47', weight: 10 } },
  finished: { stable: 'v47', previous: 'v46' },
  aborted: { stable: 'v46', candidate: { release: 'v47', weight: 0, held: true } },
  cleanedUp: { stable: 'v46' },
} as const satisfies Record<string, TargetOptions>;

function rendered(kind: string, options: TargetOptions): KubeObject[] {
  return renderTarget(targetOf(options), new Map()).filter((object) => object.kind === kind);
}

/** One line for each move. */
function moves<T>(look: (options: TargetOptions) => T): Record<keyof typeof MOVES, T> {
  return Object.fromEntries(Object.entries(MOVES).map(([move, options]) => [move, look(options)])) as Record<
    keyof typeof MOVES,
    T
  >;
}

describe('KServe splits the traffic of a predictor', () => {
  const kserve = (options: TargetOptions): TargetOptions => ({
    mode: 'Knative',
    spec: { predictor: predictorOf(options.stable ?? 'v46'), canary: { steps: [10], mechanism: 'kserve' } },
    ...options,
  });
  const isvc = (options: TargetOptions): string => {
    const [object, ...others] = rendered('InferenceService', kserve(options));
    expect(others).toEqual([]);
    const { predictor } = object!['spec'] as {
      predictor: { canaryTrafficPercent?: number; model: { storageUri: string; runtime: string } };
    };
    return `${object!.metadata.name}: ${predictor.model.storageUri} by ${predictor.model.runtime}, ${predictor.canaryTrafficPercent ?? 'no percent'}`;
  };

  it('with one InferenceService, whose edits come in the order that KServe asks for', () => {
    expect(moves(isvc)).toEqual({
      first: 'fraud-detector-main: s3://ml-models/fraud-detector/v46/ by fraud-detector-v46, no percent',
      warming: 'fraud-detector-main: s3://ml-models/fraud-detector/v47/ by fraud-detector-v47, 0',
      step: 'fraud-detector-main: s3://ml-models/fraud-detector/v47/ by fraud-detector-v47, 10',
      finished: 'fraud-detector-main: s3://ml-models/fraud-detector/v47/ by fraud-detector-v47, no percent',
      aborted: 'fraud-detector-main: s3://ml-models/fraud-detector/v47/ by fraud-detector-v47, 0',
      cleanedUp: 'fraud-detector-main: s3://ml-models/fraud-detector/v46/ by fraud-detector-v46, no percent',
    });
  });

  it('changes nothing but the percent from step to step', () => {
    const text = (weight: number): string =>
      emitYaml(rendered('InferenceService', kserve({ candidate: { release: 'v47', weight } }))[0]!);
    expect(text(50)).toBe(text(10).replace('canaryTrafficPercent: 10', 'canaryTrafficPercent: 50'));
  });

  it('keeps a runtime per release, which no edit of the InferenceService before can meet', () => {
    expect(
      moves((options) =>
        rendered('ServingRuntime', kserve(options))
          .map(({ metadata }) => metadata.name)
          .join(),
      ),
    ).toEqual({
      first: 'fraud-detector-v46',
      warming: 'fraud-detector-v47',
      step: 'fraud-detector-v47',
      finished: 'fraud-detector-v47',
      aborted: 'fraud-detector-v47',
      cleanedUp: 'fraud-detector-v46',
    });
  });

  it('leaves the route alone, which cannot say who answered', () => {
    const routes = moves((options) => emitYaml(rendered('VirtualService', kserve(options))[0]!));
    expect(new Set(Object.values(routes)).size).toBe(1);
    expect(routes.first).toContain('Host: fraud-detector-main-predictor.risk-ml-prod.svc.cluster.local');
    expect(routes.first).not.toContain('x-model-version');
  });

  it('spends one disruption budget on the pods of all revisions', () => {
    const [budget, ...others] = rendered('PodDisruptionBudget', kserve({ candidate: { release: 'v47', weight: 10 } }));
    expect(others).toEqual([]);
    expect(budget).toMatchObject({
      metadata: { name: 'fraud-detector-main' },
      spec: {
        selector: {
          matchLabels: { 'app.kubernetes.io/component': 'predictor', 'app.kubernetes.io/name': 'fraud-detector' },
        },
      },
    });
    expect(budget!['spec']).not.toHaveProperty('selector.matchLabels.app\\.kubernetes\\.io/version');
  });
});

describe('Knative splits the traffic of a function', () => {
  const revisions = (options: TargetOptions): TargetOptions => ({
    spec: { predictor: PREDICTOR, function: FUNCTION, canary: { steps: [10], mechanism: 'revisions' } },
    ...options,
  });
  interface Spec {
    readonly template: { readonly metadata: { readonly name: string } };
    readonly traffic: readonly { readonly revisionName: string; readonly percent: number; readonly tag?: string }[];
  }
  const specOf = (options: TargetOptions): Spec => {
    const [object, ...others] = rendered('Service', revisions(options)).filter(({ apiVersion }) =>
      apiVersion.startsWith('serving.knative.dev/'),
    );
    expect([object?.metadata.name, others]).toEqual(['fraud-detector-function', []]);
    return object!['spec'] as Spec;
  };
  /** The release in a revision's name: the digest after it is proven on its own. */
  const releaseIn = (name: string): string => /^fraud-detector-function-(v\d+)-[0-9a-f]{8}$/.exec(name)?.[1] ?? name;

  it('with one Knative Service, whose revisions we name', () => {
    const looks = moves((options) => {
      const { template, traffic } = specOf(options);
      const shares = traffic.map(
        ({ revisionName, percent, tag }) =>
          `${releaseIn(revisionName)} ${percent}${tag === undefined ? '' : ` ${tag}`}`,
      );
      return `${releaseIn(template.metadata.name)}: ${shares.join(', ')}`;
    });
    expect(looks).toEqual({
      first: 'v46: v46 100',
      warming: 'v47: v46 100, v47 0 candidate',
      step: 'v47: v46 90, v47 10',
      finished: 'v47: v47 100',
      aborted: 'v47: v46 100',
      cleanedUp: 'v46: v46 100',
    });
  });

  it('names a revision alike in every move, so that the traffic finds what the cluster has', () => {
    const { template } = specOf(MOVES.first);
    for (const options of [MOVES.warming, MOVES.step, MOVES.aborted]) {
      expect(specOf(options).traffic.map(({ revisionName }) => revisionName)).toContain(template.metadata.name);
    }
    expect(specOf(MOVES.cleanedUp).template.metadata.name).toBe(template.metadata.name);
  });

  it('gives a template that changes without a release another name, since Knative refuses it under the old one', () => {
    const scaled = {
      spec: {
        predictor: PREDICTOR,
        function: { ...FUNCTION, scaling: { min: 2, max: 5 } },
        canary: { steps: [10], mechanism: 'revisions' as const },
      },
    };
    const [before, after] = [specOf({}), specOf(scaled)];
    expect(releaseIn(after.template.metadata.name)).toBe('v46');
    expect(after.template.metadata.name).not.toBe(before.template.metadata.name);
    expect(after.traffic[0]?.revisionName).toBe(after.template.metadata.name);
  });

  it('keeps the models that both releases call', () => {
    expect(rendered('InferenceService', revisions(MOVES.step)).map(({ metadata }) => metadata.name)).toEqual([
      'fraud-detector-v46',
      'fraud-detector-v47',
    ]);
  });

  it('counts the requests to all revisions', () => {
    expect(JSON.stringify(rendered('PrometheusRule', revisions(MOVES.step)))).toContain(
      'fraud-detector-function(-[0-9a-z-]+)?',
    );
  });

  it('needs a name that leaves room for release and digest', () => {
    const service = 'f'.repeat(42);
    const { image, resources } = FUNCTION;
    const findings = checkServing(
      targetOf({ service, spec: { function: { image, resources }, canary: { steps: [10], mechanism: 'revisions' } } }),
    );
    expect(findings.map(({ id, message }) => `${id}: ${message.replace(/[0-9a-f]{8} is/, '<digest> is')}`)).toEqual([
      `serving/name-too-long: ${service}-function-v46-<digest> is 1 character too long: it is the name of a Service, where 63 fit`,
    ]);
  });
});

it('every object of every move is one that the cluster takes', () => {
  const checker = createChecker([], []);
  const mechanisms = [
    { mode: 'Knative', spec: { predictor: PREDICTOR, canary: { steps: [10], mechanism: 'kserve' as const } } },
    { spec: { predictor: PREDICTOR, function: FUNCTION, canary: { steps: [10], mechanism: 'revisions' as const } } },
  ] satisfies TargetOptions[];
  for (const mechanism of mechanisms) {
    for (const move of Object.values(MOVES)) {
      const target = targetOf({ ...mechanism, ...move });
      for (const object of renderTarget(target, new Map())) expect(checker.check(object, target.cluster)).toEqual([]);
    }
  }
});
