import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, type ApiObjectProps } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { beforeAll, describe, expect, test } from 'vitest';
import { AIService, type AIServiceProps } from '../../src/app/ai-service.ts';
import { Platform } from '../../src/app/platform.ts';
import { formatFinding, type Finding } from '../../src/core/finding.ts';
import type { ClusterSpec } from '../../src/service/platform-spec.ts';
import { platformWith, stack } from '../support/platform.ts';
import { projectWith, put, run, SERVICE, serviceInTypeScript, timesIn, treeIn, type Ran } from '../support/project.ts';

/** Given this mistake, this message: through the public face, as a user meets it. */

type Service = AIService<'dev' | 'prod-eu', 'dev' | 'prod'>;
type Props = AIServiceProps<'dev' | 'prod-eu', 'dev' | 'prod'>;

const predictor = {
  framework: 'sklearn',
  model: { uri: 's3://ml-models/fraud/v47/' },
  resources: { cpu: '4', memory: '8Gi' },
} as const;

/** In one environment, so that what each environment says is said once. */
const good: Props = { owner: { team: 'risk-ml' }, environments: ['dev'], predictor };

const withPredictor = (more: object): unknown => ({ ...good, predictor: { ...predictor, ...more } });

interface Situation {
  readonly name?: unknown;
  readonly cluster?: Partial<ClusterSpec>;
  /** What the service's file does after it made the service. */
  readonly then?: (service: Service) => void;
}

function errorsOf(props: unknown, { name = 'fraud', cluster = {}, then }: Situation = {}): readonly Finding[] {
  const platform = platformWith(cluster);
  const service = new AIService(platform, name as string, props as Props);
  then?.(service);
  return platform.render().findings.filter(({ severity }) => severity === 'error');
}

/** Everything that is printed about a service, an empty line between findings. */
function printed(props: unknown, situation?: Situation): string {
  return errorsOf(props, situation).map(formatFinding).join('\n\n');
}

describe('an environment or field that there is not', () => {
  test('is named, with the one that was meant', () => {
    expect(
      printed({
        ...good,
        environments: ['prd'],
        overrides: { 'prod-us': {} },
        predictor: { ...predictor, scalling: { min: 2 } },
      }),
    ).toBe(
      `error service/unknown-environment: apps/fraud/service.ts: fraud: environments[0]
  there is no environment or stage "prd"
  fix: did you mean "prod"?

error service/unknown-environment: apps/fraud/service.ts: fraud: overrides.prod-us
  there is no environment or stage "prod-us"
  fix: did you mean "prod-eu"?

error service/unknown-field: apps/fraud/service.ts: fraud: predictor.scalling
  unknown field "scalling"
  fix: did you mean "scaling"?`,
    );
    expect(printed({ ...good, environments: ['dev', 'staging'] })).toBe(
      `error service/unknown-environment: apps/fraud/service.ts: fraud: environments[1]
  there is no environment or stage "staging"
  fix: use one of dev, prod-eu, prod`,
    );
  });

  test('is named in an override too, and in a patch', () => {
    expect(printed({ ...good, overrides: { dev: { predictor: { scaling: { maximum: 2 } } } } })).toContain(
      'error service/unknown-field: apps/fraud/service.ts: fraud: overrides.dev.predictor.scaling.maximum\n  unknown field "maximum"',
    );
    expect(
      printed(good, {
        then: (service) =>
          service.patch({ kind: 'Service', environment: 'prod-us' as 'prod-eu' }, { op: 'remove', path: '/spec' }),
      }),
    ).toContain('patch.environment\n  there is no environment or stage "prod-us"\n  fix: did you mean "prod-eu"?');
  });
});

describe('an amount without sense', () => {
  test.each([
    ['8GB', '"8GB" is not a Kubernetes quantity', 'write cores as 4, or thousandths of a core as 500m'],
    ['-1', '"-1" is negative', 'write cores as 4, or thousandths of a core as 500m'],
    ['4000m cores', '"4000m cores" is not a Kubernetes quantity', 'write cores as 4, or thousandths of a core as 500m'],
    [4, '4 is not text', 'write it in quotes: "4"'],
    [null, 'null is not text', 'write text'],
  ])('of CPU: %j', (cpu, message, fix) => {
    expect(errorsOf(withPredictor({ resources: { cpu, memory: '8Gi' } }))).toEqual([
      {
        id: 'service/value',
        severity: 'error',
        where: { service: 'fraud', file: 'apps/fraud/service.ts', field: 'predictor.resources.cpu' },
        message,
        fix,
      },
    ]);
  });

  test('of memory says what was meant', () => {
    expect(printed(withPredictor({ resources: { cpu: '4', memory: '8GB' } }))).toBe(
      `error service/value: apps/fraud/service.ts: fraud: predictor.resources.memory
  "8GB" is not a Kubernetes quantity
  fix: write 8G or 8Gi`,
    );
  });
});

test('a name that is too long once derived names are counted says how much room there is', () => {
  const name = 'f'.repeat(45);
  expect(printed(good, { name })).toBe(
    `error serving/name-too-long: ${name}, dev, dev-1: predictor
  ${name}-v47 is 8 characters too long: KServe makes the host name label ${name}-v47-predictor-risk-ml-dev of it, 71 characters where 63 fit
  fix: shorten the name of the service from 45 to at most 37 characters, or the namespace`,
  );
});

describe('a reference that may mean something else tomorrow', () => {
  test.each([
    [
      { image: 'registry.example.com/a/b:latest' },
      'image',
      'image "registry.example.com/a/b:latest" has the moving tag "latest"',
      'pin it: name:1.4.2 or, better, name@sha256:<64 hex digits>',
    ],
    [
      { image: 'registry.example.com/a/b' },
      'image',
      'image "registry.example.com/a/b" has no tag, which means latest',
      'pin it: name:1.4.2 or, better, name@sha256:<64 hex digits>',
    ],
    [
      { model: { uri: 's3://ml-models/fraud/Production/' } },
      'model.uri',
      'model URI "s3://ml-models/fraud/Production/" may mean another model tomorrow: "Production" is a floating name',
      'name the version: s3://ml-models/fraud/v47/',
    ],
    [
      { model: { uri: 'models:/fraud/Production' } },
      'model.uri',
      'model URI "models:/fraud/Production": KServe does not load models://',
      "name the model with ModelRef.registry('<registry>', '<name>@<alias>')",
    ],
    [
      { model: { uri: 'hf://acme/llm:main' } },
      'model.uri',
      'model URI "hf://acme/llm:main" names "main", which may move',
      'pin the commit: hf://acme/llm:<commit of 40 hex digits>',
    ],
    [
      { model: { uri: 'hf://acme/llm' } },
      'model.uri',
      'model URI "hf://acme/llm" has no revision, which means the branch main',
      'pin the commit: hf://acme/llm:<commit of 40 hex digits>',
    ],
    [
      { model: { uri: 's3://ml-models/fraud/' } },
      'model.uri',
      'model URI "s3://ml-models/fraud/" has no version in its path, so it may mean another model tomorrow',
      'put the version into the path: s3://ml-models/fraud/v47/',
    ],
    [
      { model: { uri: 's3://ml-models/fraud/model.joblib?versionId=abc' } },
      'model.uri',
      'model URI "s3://ml-models/fraud/model.joblib?…" has a query or fragment: KServe\'s storage initializer ignores it, so it pins nothing',
      'put the version into the path: s3://bucket/name/v47/',
    ],
    [
      { model: { uri: 'oci://registry.example.com/fraud:latest' } },
      'model.uri',
      'model URI "oci://registry.example.com/fraud:latest" has no digest, and a tag may move',
      'pin the digest: oci://registry.example.com/fraud@sha256:<64 hex digits>',
    ],
  ])('%j', (more, field, message, fix) => {
    const [finding, ...others] = errorsOf(withPredictor(more));
    expect(others).toEqual([]);
    expect(finding).toEqual({
      id: 'service/value',
      severity: 'error',
      where: { service: 'fraud', file: 'apps/fraud/service.ts', field: `predictor.${field}` },
      message,
      fix,
    });
  });

  test('is refused as a model of a registry that the platform does not have', () => {
    expect(printed(withPredictor({ model: { registry: 'corp', name: 'fraud', alias: 'champion' } }))).toBe(
      `error release/request: fraud, dev: predictor.model
  the platform has no registry "corp"
  fix: describe it in registries of apps/platform.ts`,
    );
  });
});

test('an override that nothing uses is warned about, as the service does not run there', () => {
  const platform = platformWith();
  new AIService(platform, 'fraud', {
    ...good,
    overrides: {
      dev: { disruption: { maxUnavailable: 2 } },
      'prod-eu': { disruption: { maxUnavailable: 3 } },
      prod: {},
    },
  });
  expect(platform.render().findings.map(formatFinding)).toEqual([
    `warning service/unused-override: apps/fraud/service.ts: fraud: overrides.prod
  the service does not run in prod, so that nothing uses the override
  fix: remove it, or add "prod" to environments`,
    `warning service/unused-override: apps/fraud/service.ts: fraud: overrides.prod-eu
  the service does not run in prod-eu, so that nothing uses the override
  fix: remove it, or add "prod-eu" to environments`,
  ]);
  const everywhere = platformWith();
  new AIService(everywhere, 'fraud', { owner: good.owner, predictor, overrides: { prod: {}, 'prod-eu': {} } });
  expect(everywhere.render().findings).toEqual([]);
});

test('a variable that leads back to the service itself is refused', () => {
  const notify: Props = {
    ...good,
    function: { image: 'a/b:1', resources: predictor.resources, env: { MAIL_URL: { service: 'fraud' } } },
  };
  expect(printed(notify)).toBe(
    `error serving/endpoint: fraud, dev, dev-1: function.env.MAIL_URL
  MAIL_URL is the address of fraud itself, whose requests would come back to it
  fix: name the service that is meant, or a part of this one: ModelRef.part('predictor')`,
  );
  expect(printed(withPredictor({ env: { MAIL_URL: { service: 'fraud' } } }))).toContain(
    '  fix: name the service that is meant',
  );
});

test('a storage URI that may be a directory or an object is refused with both spellings', () => {
  expect(printed(withPredictor({ model: { uri: 's3://ml-models/fraud/v47' } }))).toBe(
    `error service/value: apps/fraud/service.ts: fraud: predictor.model.uri
  model URI "s3://ml-models/fraud/v47" may be a directory or an object, and KServe loads the two differently
  fix: write s3://ml-models/fraud/v47/ for a directory, or s3://ml-models/fraud/v47/<file name> for an object`,
  );
});

test('of two services with one name the second is refused, once', () => {
  const platform = platformWith();
  for (let i = 0; i < 2; i += 1) new AIService(platform, 'fraud', good);
  expect(platform.render().findings.map(formatFinding)).toEqual([
    'error service/duplicate: apps/fraud/service.ts: fraud\n  there are two services named fraud\n  fix: rename one of them; a name is one address for life',
  ]);
});

describe('a name that cannot be that of a Service', () => {
  test.each([['../fraud'], ['fraud/../../x'], ['Fraud'], ['47-fraud'], ['f'.repeat(64)], ['']])(
    '%j is refused once, and nothing is made of it',
    (name) => {
      expect(errorsOf(good, { name })).toEqual([
        {
          id: 'service/name',
          severity: 'error',
          where: { service: name, file: `apps/${name}/service.ts` },
          message: `${JSON.stringify(name)} cannot be the name of a Service`,
          fix: 'use at most 63 lower-case letters, digits and "-", starting with a letter and ending with a letter or digit',
        },
      ]);
    },
  );

  test.each([[null], [47], [{}]])('%j, which is no text at all, neither', (name) => {
    expect(errorsOf(good, { name }).map(({ id }) => id)).toEqual(['service/name']);
  });

  test('and a path in the name of a team or environment', () => {
    expect(printed({ ...good, owner: { team: '../risk-ml' } })).toContain(
      'owner.team\n  "../risk-ml" is not a DNS label',
    );
    const platform = new Platform({
      gitops: { repoUrl: 'https://git.example.com/x.git' },
      argocd: { version: '3.5' },
      clusters: { 'dev-1': stack },
      environments: { '../dev': { stage: 'dev', clusters: ['dev-1'], namespace: 'ml' } },
    });
    expect(platform.render().findings.map(formatFinding)).toEqual([
      `error service/value: apps/platform.ts: environments["../dev"]
  "../dev" is not a DNS label
  fix: use at most 63 lower-case letters, digits and "-", with a letter or digit at both ends`,
    ]);
  });
});

describe('weights', () => {
  test('of a canary rise between 1 and 99', () => {
    expect(printed({ ...good, canary: { steps: [10, 120] } })).toBe(
      `error service/value: apps/fraud/service.ts: fraud: canary.steps[1]
  120 is more than 99
  fix: write at most 99`,
    );
    expect(printed({ ...good, canary: { steps: [25, 10] } })).toBe(
      `error service/value: apps/fraud/service.ts: fraud: canary.steps
  steps [25,10] do not rise
  fix: write rising weights between 1 and 99, in per cent: [10, 25, 50]; 100 follows by itself`,
    );
  });

  test('of a VirtualService sum to 100, whoever wrote them', () => {
    const route = (host: string, weight: number) => ({ destination: { host }, weight });
    const then = (service: Service): void =>
      service.patch(
        { kind: 'VirtualService' },
        { op: 'replace', path: '/spec/http/0/route', value: [route('a', 90), route('b', 20)] },
      );
    expect(printed(good, { then })).toBe(
      `error istio/weights: fraud, dev, dev-1: VirtualService risk-ml-dev/fraud: spec.http[0].route
  the weights sum to 110, and Istio would take them as proportions
  fix: let the weights sum to 100`,
    );
  });
});

test('a drift rule whose metric nothing exports, and whose reference leaves the folder of the service', () => {
  const monitoring = { drift: [{ psi: { metric: 'score', reference: '../../secrets/score.json' } }] };
  expect(printed({ ...good, monitoring })).toBe(
    `error monitoring/metric-not-exported: fraud, dev, dev-1: monitoring.drift[0].psi.metric
  no part (predictor) declares that it exports "score"; model servers export no predictions by themselves, so the rule would never have data
  fix: have a part expose this histogram and declare it: predictor.exports: { predictions: "score" }

error monitoring/reference: fraud: monitoring.drift
  the reference "../../secrets/score.json" is outside of the folder of the service
  fix: put the file below apps/fraud/`,
  );
});

describe('a cluster that cannot do what is asked', () => {
  test('scaling to zero in Standard mode without KEDA', () => {
    expect(printed(withPredictor({ scaling: { min: 0, max: 2 } }))).toBe(
      `error serving/scale-to-zero: fraud, dev, dev-1: predictor.scaling.min
  min 0 asks to scale to zero, but in Standard mode nothing starts a replica when a request comes, so one always stays
  fix: write min: 1, in overrides.dev if other environments scale to zero; or use a cluster where KServe is in Knative mode`,
    );
  });

  test('scaling by concurrency in Standard mode', () => {
    expect(printed(withPredictor({ scaling: { target: { concurrency: 4 } }, concurrency: 8 }))).toBe(
      `error serving/concurrency: fraud, dev, dev-1: predictor.concurrency
  in Standard mode nothing limits the requests in flight per replica
  fix: leave concurrency out, and limit connections with traffic.connectionPool

error serving/scaling-target: fraud, dev, dev-1: predictor.scaling.target
  in Standard mode nothing scales by concurrency
  fix: aim at cpu or memory: target: { cpu: 70 }`,
    );
  });

  test('tolerations on Knative without the feature flag', () => {
    const cluster: Partial<ClusterSpec> = { kserve: { version: '0.20.0', mode: 'Knative' } };
    const props = withPredictor({ placement: { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] } });
    expect(printed(props, { cluster })).toBe(
      `error serving/placement: fraud, dev, dev-1: predictor.placement.tolerations
  Knative on cluster dev-1 refuses tolerations: its feature tolerations is off
  fix: set kubernetes.podspec-tolerations: enabled in config-features and add 'tolerations' to knative.features of the cluster`,
    );
    expect(printed(props, { cluster: { ...cluster, knative: { version: '1.21.1', features: ['tolerations'] } } })).toBe(
      '',
    );
  });

  test("canary by percent in Standard mode, by a patch and by an object of one's own", () => {
    const said = (
      object: string,
    ): string => `error kserve/canary-percent: fraud, dev, dev-1: InferenceService risk-ml-dev/${object}: spec.predictor.canaryTrafficPercent
  Standard mode ignores it: all traffic would go to the new model at once
  fix: leave it out and let the VirtualService split the traffic, or use Knative mode`;
    const patch = (service: Service): void =>
      service.patch(
        { kind: 'InferenceService' },
        { op: 'add', path: '/spec/predictor/canaryTrafficPercent', value: 10 },
      );
    expect(printed(good, { then: patch })).toBe(said('fraud-v47'));
    const model = {
      modelFormat: { name: 'sklearn' },
      runtime: 'own',
      protocolVersion: 'v2',
      storageUri: 's3://ml-models/own/v1/',
    };
    expect(
      printed(good, {
        then: adds({
          apiVersion: 'serving.kserve.io/v1beta1',
          kind: 'InferenceService',
          metadata: { name: 'own', annotations: { 'serving.kserve.io/deploymentMode': 'Standard' } },
          spec: { predictor: { canaryTrafficPercent: 10, model } },
        }),
      }),
    ).toBe(said('own'));
  });
});

describe('a secret in the sources', () => {
  const TOKEN = `hf_${'abcdefghij'.repeat(4)}`;

  test.each([
    [
      'a literal under the name of a secret',
      { env: { DB_PASSWORD: 'tr0ub4dor&3' } },
      ['tr0ub4dor'],
      ['secrets/literal predictor.env.DB_PASSWORD'],
    ],
    ['a token under any name', { env: { HUB: TOKEN } }, [TOKEN], ['secrets/literal predictor.env.HUB']],
    ['a token in an argument', { args: [`--hub=${TOKEN}`] }, [TOKEN], ['secrets/literal predictor.args[0]']],
    [
      'a number under the name of a secret',
      { env: { DB_PASSWORD: 73313370 } },
      ['73313370'],
      ['service/value predictor.env.DB_PASSWORD'],
    ],
    [
      'a value in a map of its own',
      { env: { DB_PASSWORD: { value: 'tr0ub4dor&3' } } },
      ['tr0ub4dor'],
      ['service/value predictor.env.DB_PASSWORD'],
    ],
  ])('%s is refused, and never shown', (_, more, secrets, found) => {
    const findings = errorsOf(withPredictor(more));
    expect(findings.map(({ id, where }) => `${id} ${where.field}`)).toEqual(found);
    for (const secret of secrets) expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test('is told how to be given by reference', () => {
    expect(printed(withPredictor({ env: { DB_PASSWORD: 'tr0ub4dor&3' } }))).toBe(
      `error secrets/literal: fraud, dev, dev-1: predictor.env.DB_PASSWORD
  DB_PASSWORD is the name of a secret, and has a literal value
  fix: put it into a secret store, name it in secrets, and refer to it: { secret: <name>, key: <key> }`,
    );
  });

  test('also where a store is described', () => {
    const findings = errorsOf({ ...good, secrets: { db: { store: 'vault', keys: { password: 'tr0ub4dor&3' } } } });
    expect(findings).toMatchObject([
      { where: { field: 'secrets.db.keys.password' }, message: 'the value is not a map' },
    ]);
  });
});

describe('PromQL that comes in beside monitoring', () => {
  const adding = (groups: unknown): string => {
    const metadata = { name: 'own', labels: { release: 'kube-prometheus-stack' } };
    return printed(good, {
      then: adds({ apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule', metadata, spec: { groups } }),
    });
  };
  const patching = (path: string, op: 'add' | 'replace', value: unknown): string =>
    printed(good, { then: (service) => service.patch({ kind: 'PrometheusRule', name: 'fraud' }, { op, path, value }) });

  test("in a rule of one's own names the rule, and the place in the expression", () => {
    const rules = [
      { record: 'a:b', expr: 'sum(rate(foo[5m]))' },
      { record: 'a:c', expr: 'sum(rate(foo[5m])' },
    ];
    expect(adding([{ name: 'own', rules }])).toBe(
      `error promql/syntax: fraud, dev, dev-1: PrometheusRule risk-ml-dev/own: spec.groups[0].rules[1].expr
  line 1, column 18: the expression ends too early
  fix: complete it: a value, or a closing bracket, is missing`,
    );
  });

  test('in a rule of ours that a patch changed is read too', () => {
    expect(patching('/spec/groups/0/rules/0/expr', 'replace', 'sum(rate(foo[5m])')).toBe(
      `error promql/syntax: fraud, dev, dev-1: PrometheusRule risk-ml-dev/fraud: spec.groups[0].rules[0].expr
  line 1, column 18: the expression ends too early
  fix: complete it: a value, or a closing bracket, is missing`,
    );
  });

  test('passes when it can be read, and so does a number', () => {
    expect(
      adding([
        {
          name: 'own',
          rules: [
            { record: 'a:b', expr: 'sum(rate(foo[5m]))' },
            { record: 'a:c', expr: 1 },
          ],
        },
      ]),
    ).toBe('');
    expect(patching('/spec/groups/0/rules/0/expr', 'replace', 'sum(rate(foo[5m]))')).toBe('');
    expect(patching('/metadata/labels/note', 'add', 'reviewed')).toBe('');
  });

  test.each([
    ['/metadata', 1, 'schema/type'],
    ['/apiVersion', 1, 'schema/type'],
    ['/spec', null, 'schema/'],
    ['/spec/groups/0', null, 'schema/'],
    ['/spec/groups/0/rules', {}, 'schema/type'],
    ['/spec/groups/0/rules/0/expr', ['up'], 'schema/type'],
    ['/spec/groups/0/rules/0/expr', '', 'prometheus/record-or-alert'],
  ])('where a patch makes %s %j is left to %s', (path, value, id) => {
    const said = patching(path, 'replace', value);
    expect(said).toContain(`error ${id}`);
    expect(said).not.toContain('promql/syntax');
  });
});

/** Adds an object to the chart of dev. */
function adds(...objects: readonly (ApiObjectProps & Record<string, unknown>)[]): (service: Service) => void {
  return (service) =>
    objects.forEach((object, index) => new ApiObject(service.chart('dev', 'dev-1'), `own${index}`, object));
}

describe("an object of one's own", () => {
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } };

  test('of a kind without schema names the command that imports one', () => {
    expect(printed(good, { then: adds({ apiVersion: 'acme.example/v1', kind: 'Widget', spec: {} }) })).toBe(
      `error schema/unknown-kind: fraud, dev, dev-1: Widget risk-ml-dev/fraud-own0
  kind Widget of apiVersion acme.example/v1 has no schema, so nothing can be checked
  fix: run ai-service import <file or URL of its CustomResourceDefinition>, and name its folder in imports of the platform`,
    );
  });

  test('with a name that is taken, by ours or by another of them', () => {
    const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'fraud' }, spec: { ports: [{ port: 80 }] } };
    const twin = { ...configMap, metadata: { name: 'twin' } };
    expect(printed(good, { then: adds(service, twin, twin) })).toBe(
      `error objects/duplicate: fraud, dev, dev-1: ConfigMap risk-ml-dev/twin
  it is written twice, in envs/dev/dev-1/risk-ml/fraud
  fix: rename one of the two, or leave it to one unit

error objects/duplicate: fraud, dev, dev-1: Service risk-ml-dev/fraud
  it is written twice, in envs/dev/dev-1/risk-ml/fraud
  fix: rename one of the two, or leave it to one unit`,
    );
  });

  test('in another namespace, or in none', () => {
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] };
    expect(printed(good, { then: adds({ ...configMap, metadata: { namespace: 'kube-system' } }, role) })).toBe(
      `error objects/cluster-scoped: fraud, dev, dev-1: ClusterRole risk-ml-dev/fraud-own1
  a ClusterRole belongs to no namespace
  fix: leave it to those who run the cluster

error schema/metadata: fraud, dev, dev-1: ClusterRole risk-ml-dev/fraud-own1: metadata.namespace
  "risk-ml-dev" cannot be: the kind is cluster-scoped
  fix: leave metadata.namespace out

error objects/namespace: fraud, dev, dev-1: ConfigMap kube-system/fraud-own0: metadata.namespace
  the object is in namespace kube-system, and the service in risk-ml-dev
  fix: write namespace: risk-ml-dev`,
    );
  });

  test('with text that no file can hold', () => {
    const csi = { driver: 'a.example.com', volumeAttributes: { a: '\ud800', ['\udc00']: 'b' } };
    const spec = { containers: [{ name: 'a', image: 'a/b:1' }], volumes: [{ name: 'v', csi }] };
    expect(printed(good, { then: adds({ apiVersion: 'v1', kind: 'Pod', spec }) })).toBe(
      `error chart/unwritable: fraud, dev, dev-1: Pod risk-ml-dev/fraud-own0: spec.volumes[0].csi.volumeAttributes.a
  the text holds half a surrogate pair, which is no character
  fix: write the whole character

error chart/unwritable: fraud, dev, dev-1: Pod risk-ml-dev/fraud-own0: spec.volumes[0].csi.volumeAttributes["\\udc00"]
  the name holds half a surrogate pair, which is no character
  fix: write the whole character`,
    );
  });

  test('with a key longer than any parser takes', () => {
    const rule = { apiGroups: [''], resources: ['pods'], verbs: ['get'] };
    const resource = {
      apiVersion: 'networking.istio.io/v1alpha3',
      kind: 'EnvoyFilter',
      spec: {
        configPatches: [{ applyTo: 'CLUSTER', patch: { operation: 'MERGE', value: { ['k'.repeat(2000)]: 1 } } }],
      },
    };
    const findings = errorsOf(good, {
      then: adds({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [rule] }, resource),
    });
    expect(findings).toMatchObject([
      {
        id: 'chart/unwritable',
        where: { object: 'EnvoyFilter risk-ml-dev/fraud-own1' },
        fix: 'write plain data, with keys of moderate length',
      },
    ]);
  });

  test('that says itself that it is wrong, or cannot be rendered', () => {
    expect(printed(good, { then: (service) => void new kplus.Ingress(service.chart('dev', 'dev-1'), 'empty') })).toBe(
      `error chart/construct: fraud, dev, dev-1
  fraud/dev.dev-1/empty: ingress with no rules or default backend
  fix: correct the construct

error kubernetes/ingress: fraud, dev, dev-1: Ingress risk-ml-dev/fraud-empty: spec.rules
  neither rules nor defaultBackend: no request goes anywhere
  fix: write a rule`,
    );
    expect(
      printed(good, { then: (service) => void new kplus.Deployment(service.chart('dev', 'dev-1'), 'empty') }),
    ).toContain('PodSpec must have at least 1 container');
  });

  test('where the service does not run would be lost', () => {
    const platform = platformWith();
    const service = new AIService(platform, 'fraud', good);
    expect(() => service.chart('prod-eu', 'eu-1')).toThrow('service fraud does not run in environment prod-eu');
    expect(() => service.chart('dev', 'eu-1')).toThrow('environment dev has no cluster eu-1');
  });

  test('in an environment that is not there would be lost too', () => {
    expect(printed(good, { then: (service) => void service.charts('prod-uk' as 'dev') })).toContain(
      'there is no environment or stage "prod-uk"\n  fix: did you mean "prod-eu"?',
    );
  });
});

describe('a patch', () => {
  const patched = (path: unknown, op = 'replace', value: unknown = 1): string =>
    printed(good, { then: (service) => service.patch({ kind: 'VirtualService' }, { op, path, value } as never) });

  test('whose path is missing says which part of it', () => {
    expect(patched('/spec/htpp/0/timeout')).toBe(
      `error patch/missing-path: fraud, dev, dev-1: VirtualService risk-ml-dev/fraud: /spec/htpp/0/timeout
  a patch wants to replace /spec/htpp/0/timeout, but /spec/htpp does not exist
  fix: use op 'add' for a new field, or correct the path`,
    );
  });

  test.each([
    ['add', '/spec/hosts/7', '/spec/hosts/7'],
    ['add', '/spec/hosts/x', '/spec/hosts/x'],
    ['add', '/spec/hosts/0/x', '/spec/hosts/0/x'],
    ['add', '/metadata/__proto__', '/metadata/__proto__'],
    ['replace', '/spec/hosts/length', '/spec/hosts/length'],
    ['remove', '/spec/hosts/-', '/spec/hosts/-'],
    ['remove', '/constructor', '/constructor'],
    ['replace', '', 'the path ""'],
    ['replace', 'spec', 'the path "spec"'],
    ['replace', undefined, 'the path undefined'],
  ])('that wants to %s %j', (op, path, missing) => {
    expect(patched(path, op)).toContain(`a patch wants to ${op} ${path}, but ${missing} does not exist`);
  });

  test('with another operation, or that selects nothing', () => {
    expect(patched('/spec/hosts', 'test')).toBe(
      'error patch/operation: fraud, dev, dev-1: VirtualService risk-ml-dev/fraud\n  a patch cannot test\n  fix: use op add, remove, replace',
    );
    expect(
      printed(good, { then: (service) => service.patch({ kind: 'Virtualservice' }, { op: 'remove', path: '/spec' }) }),
    ).toBe(
      `error patch/no-match: fraud, dev, dev-1
  a patch selects Virtualservice, and nothing like it is rendered
  fix: did you mean VirtualService?`,
    );
  });

  test.each([
    [{ kind: 'PodDisruptionBudget' }, 'say in which environment it is meant; or leave the patch out'],
    [{ kind: 'VirtualService', name: 'frau' }, 'name one of fraud, or none for all of the kind'],
    [
      { kind: 'Ingress' },
      'select one of the kinds that may be rendered: AlertmanagerConfig, AnalysisTemplate, ConfigMap, Deployment, DestinationRule, ExternalSecret, Gateway, HTTPRoute, HorizontalPodAutoscaler, InferenceService, LLMInferenceService, NetworkPolicy, PodDisruptionBudget, PodMonitor, PrometheusRule, Service, ServiceAccount, ServingRuntime, VirtualService',
    ],
  ])('that selects %j, of which nothing is rendered', (selector, fix) => {
    const remove = { op: 'remove', path: '/spec' } as const;
    expect(printed(good, { then: (service) => service.patch(selector, remove) })).toContain(
      `is rendered\n  fix: ${fix}`,
    );
  });

  test.each([
    [undefined, 'a patch names no kind of objects'],
    [{ name: 'fraud' }, 'a patch names no kind of objects'],
    [{ kind: 'VirtualService', enviroment: 'dev' }, 'a patch selects by enviroment, and there is no such field'],
  ])('with the selector %j', (selector, message) => {
    expect(
      printed(good, { then: (service) => service.patch(selector as never, { op: 'remove', path: '/spec' }) }),
    ).toContain(`  ${message}\n  fix: write { kind: 'VirtualService' }`);
  });

  test.each([
    ['/metadata', 'remove', 'schema/required'],
    ['/kind', 'remove', 'schema/required'],
    ['/spec/hosts', 'replace', 'schema/type'],
    ['/metadata/annotations', 'add', 'schema/type'],
    ['/metadata/name', 'replace', 'schema/type'],
  ])('that breaks %s is found by the checks', (path, op, id) => {
    expect(patched(path, op)).toContain(`error ${id}: fraud, dev, dev-1: `);
  });
});

describe('text and numbers that no file can hold', () => {
  const half = 'the text holds half a surrogate pair, which is no character';
  test.each([
    [withPredictor({ env: { A: '\ud800' } }), 'predictor.env.A', half],
    [withPredictor({ args: ['ok', '\udfff x'] }), 'predictor.args[1]', half],
    [{ ...good, description: '\ud83d' }, 'description', half],
    [{ ...good, owner: { team: 'risk-ml', escalation: '#x\ud800' } }, 'owner.escalation', half],
    [{ ...good, overrides: { dev: { predictor: { env: { A: '\ud800' } } } } }, 'overrides.dev.predictor.env.A', half],
    [
      { ...good, traffic: { retries: { attempts: -0 } } },
      'traffic.retries.attempts',
      '-0 reads back as another number',
    ],
  ])('%#', (props, field, message) => {
    expect(errorsOf(props)).toMatchObject([
      { id: 'service/value', where: { service: 'fraud', file: 'apps/fraud/service.ts', field }, message },
    ]);
  });

  test('a whole character outside of the basic plane is fine', () => {
    expect(printed(withPredictor({ env: { A: '\u{1f600}' } }))).toBe('');
  });
});

describe('labels that no object can have', () => {
  test.each([
    [{ 'a b': 'x' }, '["a b"]', '"a b" is not a key of labels'],
    [{ ['k'.repeat(2000)]: 'x' }, `.${'k'.repeat(2000)}`, `"${'k'.repeat(80)}" is not a key of labels`],
    [{ 'Example.com/a': 'x' }, '["Example.com/a"]', '"Example.com/a" is not a key of labels'],
    [{ pool: 'gpu pool' }, '.pool', '"gpu pool" is not the value of a label'],
  ])('%#', (nodeSelector, field, message) => {
    expect(errorsOf(withPredictor({ placement: { nodeSelector } }))).toMatchObject([
      { where: { field: `predictor.placement.nodeSelector${field}` }, message },
    ]);
  });
});

test('a host name has at most 63 characters between two dots, as Istio has it', () => {
  const withHost = (host: string): unknown => ({ ...good, traffic: { hosts: [host] } });
  expect(printed(withHost(`${'a'.repeat(63)}.example.com`))).toBe('');
  const host = `${'a'.repeat(64)}.example.com`;
  expect(printed(withHost(host))).toBe(
    `error service/value: apps/fraud/service.ts: fraud: traffic.hosts[0]
  "${host}" is not a host name in lower case with at most 63 characters between two dots
  fix: write a host name in lower case with at most 63 characters between two dots, as fraud.example.com`,
  );
});

describe('hostile props and overrides', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  test.each<[string, unknown, readonly string[]]>([
    ['null', null, ['service/value: null is not a map']],
    ['undefined', undefined, ['service/required: the field is missing']],
    ['text', 'fraud', ['service/value: "fraud" is not a map']],
    ['a list', [good], ['service/value: […] is not a map']],
    ['a number', 47, ['service/value: 47 is not a map']],
    ['overrides null', { ...good, overrides: null }, ['service/value overrides: null is not a map']],
    ['overrides a list', { ...good, overrides: [{}] }, ['service/value overrides: […] is not a map']],
    ['an override null', { ...good, overrides: { dev: null } }, ['service/value overrides.dev: null is not a map']],
    ['an override a list', { ...good, overrides: { dev: [] } }, ['service/value overrides.dev: [] is not a map']],
    [
      'an override of text',
      { ...good, overrides: { dev: 'min: 1' } },
      ['service/value overrides.dev: "min: 1" is not a map'],
    ],
    [
      'an override of __proto__',
      { ...good, overrides: JSON.parse('{ "__proto__": { "network": {} } }') as unknown },
      [
        'service/unknown-environment overrides.__proto__: there is no environment or stage "__proto__"',
        'service/value overrides.__proto__: "__proto__" can be no name',
      ],
    ],
    [
      'an override with __proto__',
      { ...good, overrides: { dev: JSON.parse('{ "predictor": { "__proto__": { "image": "a/b:1" } } }') as unknown } },
      [
        expect.stringContaining('service/unknown-field overrides.dev.predictor.__proto__') as string,
        'service/value overrides.dev.predictor.__proto__: "__proto__" can be no name',
      ],
    ],
    [
      'a variable called __proto__',
      withPredictor({ env: JSON.parse('{ "__proto__": "x" }') as unknown }),
      ['service/value predictor.env.__proto__: "__proto__" can be no name'],
    ],
    [
      'an override of constructor',
      { ...good, overrides: { constructor: {} } },
      ['service/unknown-environment overrides.constructor: there is no environment or stage "constructor"'],
    ],
    [
      'a part called constructor',
      { ...good, function: { image: 'a/b:1', resources: predictor.resources, env: { A: { part: 'constructor' } } } },
      ['serving/endpoint function.env.A: the release has no model called constructor'],
    ],
    ['a required field null', { ...good, owner: null }, ['service/value owner: null is not a map']],
    [
      'a map that holds itself',
      withPredictor({ env: cyclic, placement: { nodeSelector: cyclic } }),
      [
        expect.stringContaining('service/value predictor.env.self') as string,
        expect.stringContaining('service/value predictor.placement.nodeSelector.self') as string,
      ],
    ],
    ['a bigint', withPredictor({ scaling: { min: 1n } }), ['service/value predictor.scaling.min: 1n is not a number']],
    [
      'a symbol',
      withPredictor({ scaling: { min: Symbol('x') } }),
      ['service/value predictor.scaling.min: Symbol(x) is not a number'],
    ],
    [
      'NaN',
      withPredictor({ scaling: { min: Number.NaN } }),
      ['service/value predictor.scaling.min: NaN is not a number'],
    ],
    ['a date', { ...good, description: new Date(0) }, ['service/value description: the map is not text']],
  ])('%s', (_, props, said) => {
    expect(
      errorsOf(props).map(
        ({ id, where, message }) => `${id}${where.field === undefined ? '' : ` ${where.field}`}: ${message}`,
      ),
    ).toEqual(said);
  });

  test('null unsets in an override, and only there where something may be unset', () => {
    expect(printed({ ...good, overrides: { dev: { predictor: { resources: { cpu: null } } } } })).toBe(
      `error service/required: apps/fraud/service.ts: fraud, dev: overrides.dev.predictor.resources.cpu
  the field is missing
  fix: write it; expected text`,
    );
  });

  test('a mistake that only the merged service has is told where the override stands', () => {
    expect(
      printed({
        ...(withPredictor({ scaling: { min: 3 } }) as Props),
        overrides: { dev: { predictor: { scaling: { max: 1 } } } },
      }),
    ).toBe(
      `error service/value: apps/fraud/service.ts: fraud, dev: overrides.dev.predictor.scaling.max
  max 1 is below min 3
  fix: write max: 3 or more, or lower min`,
    );
  });
});

describe('a platform', () => {
  const props = {
    gitops: { repoUrl: 'https://git.example.com/x.git' },
    argocd: { version: '3.5' },
    clusters: { 'dev-1': stack },
    environments: { dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'ml' } },
  };
  const dev = { ...props.environments.dev, clusters: ['dev-1'] as const };
  const said = (changed: unknown): string[] => {
    const platform = new Platform(changed as never, { root: '/nowhere' });
    new AIService(platform, 'fraud', good);
    return platform
      .render()
      .findings.map(({ id, where, message, fix }) => `${id} ${where.field ?? ''}: ${message} -> ${fix}`);
  };

  test.each<[string, unknown, readonly string[]]>([
    ['null', null, ['service/value : null is not a map -> write a map']],
    [
      'with an unknown field',
      { ...props, cluster: {} },
      ['service/unknown-field cluster: unknown field "cluster" -> did you mean "clusters"?'],
    ],
    [
      'with a cluster that it has not',
      { ...props, environments: { dev: { ...dev, clusters: ['dev-2'] } } },
      ['platform/unknown-cluster environments.dev.clusters[0]: there is no cluster "dev-2" -> did you mean "dev-1"?'],
    ],
    [
      'with a cluster named twice',
      { ...props, environments: { dev: { ...dev, clusters: ['dev-1', 'dev-1'] } } },
      [
        'platform/duplicate-cluster environments.dev.clusters[1]: environment dev has cluster dev-1 already -> remove one of the two',
      ],
    ],
    [
      'with a namespace that is none',
      { ...props, environments: { dev: { ...dev, namespace: ({ team }: { team: string }) => `${team}_dev` } } },
      [
        'platform/namespace environments.dev.namespace: team risk-ml would get the namespace "risk-ml_dev", which is not a DNS label -> give at most 63 lower-case letters, digits and "-", with a letter or digit at both ends',
      ],
    ],
    [
      'with a password in the URL of the repository',
      { ...props, gitops: { repoUrl: 'https://argo:tr0ub4dor@git.example.com/x.git' } },
      [
        'service/value gitops.repoUrl: the URL carries credentials, which would stand in the tree -> leave them out; Argo CD has them in a repository Secret',
      ],
    ],
    [
      'whose root Application is in the AppProject of a team',
      { ...props, argocd: { version: '3.5', rootProject: 'risk-ml' } },
      [
        'platform/root-project argocd.rootProject: team risk-ml would get the AppProject that the root Application is in, with the rights of the team only -> name another AppProject for the root Application, or rename the team',
      ],
    ],
    [
      'whose function throws',
      {
        ...props,
        environments: {
          dev: {
            ...dev,
            namespace: () => {
              throw new Error('no such team');
            },
          },
        },
      },
      [
        expect.stringContaining(
          'platform/namespace environments.dev.namespace: the function threw: no such team -> ',
        ) as string,
      ],
    ],
    [
      'whose annotations cannot be asked for',
      {
        ...props,
        clusters: {
          'dev-1': {
            ...stack,
            serviceAccountAnnotations: () => {
              throw new Error('no such role');
            },
          },
        },
      },
      [
        "platform/annotations clusters.dev-1.serviceAccountAnnotations: the function threw: no such role -> give a map of texts: { 'eks.amazonaws.com/role-arn': 'arn:…' }, or {} for none",
      ],
    ],
    ...[null, Promise.resolve({}), { role: undefined }, ['arn']].map((given): [string, unknown, readonly string[]] => [
      `whose annotations are ${JSON.stringify(given)}`,
      { ...props, clusters: { 'dev-1': { ...stack, serviceAccountAnnotations: () => given } } },
      [
        expect.stringContaining(
          'platform/annotations clusters.dev-1.serviceAccountAnnotations: it gives something else than texts by name',
        ) as string,
      ],
    ]),
    [
      'with no namespace for the team',
      { ...props, environments: { dev: { ...dev, namespace: () => undefined } } },
      [expect.stringContaining('team risk-ml would get the namespace undefined') as string],
    ],
  ])('%s', (_, changed, expected) => {
    expect(said(changed)).toEqual(expected);
  });

  test('whose teams and environments make the same name says so, instead of losing an ApplicationSet', () => {
    const namespace = ({ team }: { team: string }): string => team;
    const platform = new Platform(
      {
        ...props,
        environments: { eu: { ...dev, namespace }, 'lab-eu': { ...dev, namespace: ({ team }) => `${team}-lab` } },
      },
      { root: '/nowhere' },
    );
    new AIService(platform, 'a', { owner: { team: 'risk' }, environments: ['lab-eu'], predictor });
    new AIService(platform, 'b', { owner: { team: 'risk-lab' }, environments: ['eu'], predictor });
    expect(platform.render().findings.map(formatFinding)).toEqual([
      'error objects/duplicate: ApplicationSet argocd/risk-lab-eu\n  it is written twice, in argocd\n  fix: rename one of the two, or leave it to one unit',
    ]);
  });

  test('whose imports are not there says which', () => {
    expect(said({ ...props, imports: ['nope'] })).toEqual([
      'platform/imports imports[0]: there is no folder "nope" -> name the folder that ai-service import wrote to, relative to the project',
    ]);
  });

  describe('with two clusters that are one for Argo CD', () => {
    const kn = { ...props, clusters: { 'kn-a': stack, 'kn-b': { ...stack, destination: { name: 'kn-a' } } } };
    const inBoth = { stage: 'dev', clusters: ['kn-a', 'kn-b'], namespace: 'ml' } as const;

    test('in one environment names both, once for all services', () => {
      const platform = new Platform({ ...kn, environments: { dev: inBoth } }, { root: '/nowhere' });
      new AIService(platform, 'fraud', { owner: good.owner, predictor });
      new AIService(platform, 'churn', { owner: good.owner, predictor });
      expect(platform.render().findings.map(formatFinding)).toEqual([
        `error platform/same-destination: apps/platform.ts: clusters.kn-b.destination
  cluster kn-a in environment dev and cluster kn-b in environment dev are both "kn-a" in Argo CD, and have the namespace ml: two Applications would own the same objects
  fix: give each cluster a destination of its own, or each environment other namespaces`,
      ]);
    });

    test('in two environments names both where the namespace is the same, and is fine otherwise', () => {
      const of = (namespace: string): readonly Finding[] => {
        const environments = {
          a: { ...inBoth, clusters: ['kn-b'] },
          b: { ...inBoth, clusters: ['kn-a'], namespace },
        } as const;
        const platform = new Platform({ ...kn, environments }, { root: '/nowhere' });
        new AIService(platform, 'fraud', { owner: good.owner, predictor });
        return platform.render().findings;
      };
      expect(of('ml').map(({ where, message }) => `${where.field}: ${message}`)).toEqual([
        'clusters.kn-b.destination: cluster kn-b in environment a and cluster kn-a in environment b are both "kn-a" in Argo CD, and have the namespace ml: two Applications would own the same objects',
      ]);
      expect(of('ml-b')).toEqual([]);
    });
  });

  test('may reach its repository by SSH', () => {
    expect(said({ ...props, gitops: { repoUrl: 'git@git.example.com:acme/x.git' } })).toEqual([]);
    expect(said({ ...props, gitops: { repoUrl: 'ssh://git@git.example.com/acme/x.git' } })).toEqual([]);
  });
});

describe('a mistake that holds in several environments', () => {
  const everywhere: Props = { owner: { team: 'risk-ml' }, predictor };
  const said = (props: unknown, then?: (service: Service) => void): string => {
    const platform = platformWith();
    const service = new AIService(platform, 'fraud', props as Props);
    then?.(service);
    let message = '';
    try {
      platform.synth();
    } catch (error) {
      message = (error as Error).message;
    }
    return message;
  };

  test('is printed once, with all of them; programs get it for each', () => {
    const props = { ...everywhere, predictor: { ...predictor, scaling: { target: { concurrency: 4 } } } };
    expect(said(props)).toBe(`error serving/scaling-target: fraud, in dev, prod-eu: predictor.scaling.target
  in Standard mode nothing scales by concurrency
  fix: aim at cpu or memory: target: { cpu: 70 }`);
    expect(errorsOf(props).map(({ where }) => where)).toEqual([
      { service: 'fraud', environment: 'dev', cluster: 'dev-1', field: 'predictor.scaling.target' },
      { service: 'fraud', environment: 'prod-eu', cluster: 'eu-1', field: 'predictor.scaling.target' },
    ]);
  });

  test('names the override that it is from', () => {
    const scaling = { min: 1, target: { concurrency: 4 } };
    const overrides = {
      prod: { predictor: { scaling: { target: { rps: 4 } } } },
      dev: { predictor: { scaling: { max: 2 } } },
    };
    expect(said({ ...everywhere, predictor: { ...predictor, scaling }, overrides }))
      .toBe(`error serving/scaling-target: fraud, dev, dev-1: predictor.scaling.target
  in Standard mode nothing scales by concurrency
  fix: aim at cpu or memory: target: { cpu: 70 }
error serving/scaling-target: fraud, prod-eu, eu-1: overrides.prod.predictor.scaling.target
  in Standard mode nothing scales by rps
  fix: aim at cpu or memory: target: { cpu: 70 }`);
  });

  test('is printed once where other kinds are rendered in each of them', () => {
    const overrides = { prod: { predictor: { scaling: { min: 2, max: 4 } } } };
    const patch = (service: Service): void =>
      service.patch({ kind: 'Virtualservice' }, { op: 'remove', path: '/spec' });
    expect(said({ ...everywhere, overrides }, patch)).toBe(`error patch/no-match: fraud, in dev, prod-eu
  a patch selects Virtualservice, and nothing like it is rendered
  fix: did you mean VirtualService?`);
  });

  test("in an object of one's own or a patch names the object without its namespaces", () => {
    expect(
      said(everywhere, (service) => {
        service.patch({ kind: 'VirtualService' }, { op: 'remove', path: '/spec/htpp' });
        for (const chart of service.charts())
          new ApiObject(chart, 'own', { apiVersion: 'acme.example/v1', kind: 'Widget' });
      }),
    ).toBe(`error patch/missing-path: fraud, in dev, prod-eu: VirtualService fraud: /spec/htpp
  a patch wants to remove /spec/htpp, but /spec/htpp does not exist
  fix: correct the path
error schema/unknown-kind: fraud, in dev, prod-eu: Widget fraud-own
  kind Widget of apiVersion acme.example/v1 has no schema, so nothing can be checked
  fix: run ai-service import <file or URL of its CustomResourceDefinition>, and name its folder in imports of the platform`);
  });
});

describe('a platform with mistakes', () => {
  const broken = (then?: (service: AIService) => void, props: unknown = good): string[] => {
    const platform = new Platform(
      {
        gitops: { repoUrl: 'https://git.example.com/x.git' },
        argocd: { versoin: '3.5' } as unknown as { version: string },
        clusters: { 'dev-1': stack },
        environments: { dev: { stage: 'dev', clusters: ['dev-1'], namespace: 'ml' } },
      },
      { root: '/nowhere' },
    );
    const service = new AIService(platform, 'fraud', props as AIServiceProps<'dev', 'dev'>) as unknown as AIService;
    then?.(service);
    return platform
      .render()
      .findings.filter(({ where }) => where.file !== 'apps/platform.ts')
      .map(({ where, message, fix }) => `${where.field}: ${message} -> ${fix}`);
  };

  test('says its own, and nothing of a service that is right', () => {
    const chart = (service: AIService): void => {
      new ApiObject(service.chart('dev', 'dev-1'), 'own', { apiVersion: 'v1', kind: 'ConfigMap' });
    };
    expect(broken(chart, { ...good, overrides: { dev: { predictor: { scaling: { max: 2 } } } } })).toEqual([]);
  });

  test('does not hide what services say, in their overrides too, nor a reference that is not there', () => {
    const monitoring = { drift: [{ psi: { metric: 'score', reference: './score.json' } }] };
    const overrides = { dev: { predictor: { scaling: { min: 4, max: 2 } } } };
    expect(broken(undefined, { ...good, monitoring, overrides })).toEqual([
      expect.stringContaining('undefined: the reference file cannot be read: ENOENT') as string,
      'overrides.dev.predictor.scaling.max: max 2 is below min 4 -> write max: 4 or more, or lower min',
    ]);
    expect(broken((service) => void service.charts('prod'), { ...good, overrides: { staging: {} } })).toEqual([
      'charts: there is no environment or stage "prod" -> use one of dev',
      'overrides.staging: there is no environment or stage "staging" -> use one of dev',
    ]);
  });

  test('whose environments are not known says nothing of the names in services', () => {
    const platform = new Platform({ environments: { dev: { clusters: [] }, prod: { stage: 'prod' } } } as never);
    new AIService(platform, 'fraud', { ...good, overrides: { staging: {} } });
    expect(platform.render().findings.filter(({ where }) => where.service === 'fraud')).toEqual([]);
  });
});

/** What needs files, in projects of their own; all runs at once, since each starts a process. */
describe('on the command line', () => {
  const runs = new Map<string, { root: string; ran: Ran }>();
  const after = (name: string): { root: string; ran: Ran } => runs.get(name)!;
  const start = async (name: string, root: string, options: Parameters<typeof run>[2] = {}): Promise<void> => {
    runs.set(name, { root, ran: await run(root, ['synth'], options) });
  };

  /** Does something in place of the n-th write of a file below the output folder. */
  const strikeAt = (step: number, strike: string): string[] => [
    '--import',
    `data:text/javascript,${encodeURIComponent(`
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const { writeFileSync } = fs;
      let left = ${step};
      fs.writeFileSync = (file, ...rest) => {
        if (String(file).startsWith('gitops/') && --left === 0) ${strike};
        writeFileSync(file, ...rest);
      };
      syncBuiltinESMExports();
    `)}`,
  ];

  const broken = `owner: { team: ml, escalatoin: "#ml" }
predictor:
  framework: sklearn
  model: { uri: s3://ml-models/hello/latest/ }
  resources: { cpu: 8GB, memory: 1Gi }
overrides:
  prd: {}
`;

  beforeAll(async () => {
    const written = projectWith({
      'apps/hello/service.yaml': SERVICE,
      'apps/second/service.yaml': SERVICE.replaceAll('hello', 'second'),
    });
    const hello = (): string => projectWith({ 'apps/hello/service.yaml': SERVICE });
    const latin1 = projectWith({
      'apps/hello/service.yaml': `\ufeff${SERVICE}`,
      'apps/second/service.yaml': `${SERVICE}descripton: x\n`.replace(/^/, '\ufeff'),
      'releases/hello/v2.yaml': 'release: v2\ndigest: sha256:abc\nparts: {}\n',
    });
    for (const path of ['apps/third/service.yaml', 'releases/hello/v1.yaml', 'releases/prod-eu/ml/second.yaml']) {
      put(latin1, { [path]: '' });
      writeFileSync(join(latin1, path), Buffer.from('# 1\n# caf\u00e9\n', 'latin1'));
    }
    put(latin1, {
      'apps/watched/service.yaml': `${SERVICE}  exports: { predictions: score }\nmonitoring: { drift: [{ psi: { metric: score, reference: ./score.json } }] }\n`,
    });
    const reference = '{ "edges": [1], "shares": [0.5, 0.5],\n  "feature": "caf\u00e9" }';
    writeFileSync(join(latin1, 'apps/watched/score.json'), Buffer.from(reference, 'latin1'));
    put(latin1, { 'releases/prod-eu/ml/hello.yaml': 'stable: v1\nprevious: v2\n' });
    const foreign = projectWith({ 'apps/hello/service.yaml': SERVICE, 'gitops/argocd/root.yaml': 'hands off\n' });
    await Promise.all([
      start('first', written),
      start('fresh', hello()),
      start(
        'several',
        projectWith({
          'apps/Hello World/service.yaml': SERVICE,
          'apps/duplicate/service.yaml': `${SERVICE}owner: { team: other }\n`,
          'apps/hello/service.yaml': broken,
          'apps/syntax/service.yaml': `${SERVICE}traffic: { timeout: 20s\n`,
        }),
      ),
      start(
        'typescript',
        projectWith({
          'apps/hello/service.ts': serviceInTypeScript(
            'hello',
            `
        owner: { team: 'ml' },
        predictor: { framework: 'sklearn', model: ModelRef.uri('s3://ml-models/hello/v1/'), resources: { cpu: '1', memory: '1Gi' }, env: { HUB_TOKEN: 'tr0ub4dor&3' } },
        overrides: { prd: {} },
      `,
          ),
        }),
      ),
      start(
        'state',
        projectWith({
          'apps/hello/service.yaml': SERVICE,
          'apps/second/service.yaml': SERVICE,
          'releases/prod-eu/ml/hello.yaml': 'stable: v9\n',
          'releases/prod-eu/ml/second.yaml': 'stable: v9\ncandidate: v10\nphase: canary\nweight: 110\n',
        }),
      ),
      start(
        'environments',
        projectWith({
          'apps/hello/service.yaml': `${SERVICE}  scaling: { target: { concurrency: 4 } }\nmonitoring: { drift: [{ psi: { metric: score, reference: ./score.json } }] }\n`,
          'apps/hello/score.json': '{ "edges": [1], "shares": [0.5, 0.5] }',
          'apps/second/service.yaml': `${SERVICE}overrides: { prod: { predictor: { scaling: { min: 0 } } } }\n`,
        }),
      ),
      start('bytes', latin1),
      start('file', projectWith({ 'apps/hello/service.yaml': SERVICE, gitops: 'a file\n' })),
      start('foreign', foreign),
      start('full', hello(), { node: strikeAt(8, "throw new Error('ENOSPC: no space left on device')") }),
      start('killed', hello(), { node: strikeAt(8, "process.kill(process.pid, 'SIGKILL')") }),
    ]);
  });

  test('all mistakes of a run are told at once and sorted, in YAML with line and column', () => {
    expect(after('several').ran).toEqual({
      code: 1,
      signal: null,
      stdout: '',
      stderr: `error service/name: apps/Hello World/service.yaml: Hello World
  "Hello World" cannot be the name of a Service
  fix: use at most 63 lower-case letters, digits and "-", starting with a letter and ending with a letter or digit
error yaml/syntax: apps/duplicate/service.yaml:6:1
  this key is in the map already
  fix: remove one of the two
error service/unknown-field: apps/hello/service.yaml:1:20: hello: owner.escalatoin
  unknown field "escalatoin"
  fix: did you mean "escalation"?
error service/value: apps/hello/service.yaml:4:12: hello: predictor.model.uri
  model URI "s3://ml-models/hello/latest/" may mean another model tomorrow: "latest" is a floating name
  fix: name the version: s3://ml-models/hello/v47/
error service/value: apps/hello/service.yaml:5:16: hello: predictor.resources.cpu
  "8GB" is not a Kubernetes quantity
  fix: write cores as 4, or thousandths of a core as 500m
error service/unknown-environment: apps/hello/service.yaml:7:3: hello: overrides.prd
  there is no environment or stage "prd"
  fix: did you mean "prod"?
error yaml/syntax: apps/syntax/service.yaml:7:1
  Flow map in block collection must be sufficiently indented and end with a }
  fix: correct the YAML at this place
7 errors; nothing was written
`,
    });
  });

  test('a service in TypeScript says the same, with its file, and no secret', () => {
    const { code, stdout, stderr } = after('typescript').ran;
    expect(code).toBe(1);
    expect(stderr).toContain(
      'error service/unknown-environment: apps/hello/service.ts: hello: overrides.prd\n  there is no environment or stage "prd"',
    );
    expect(stdout + stderr).not.toContain('tr0ub4dor');
  });

  test('a state that names an unknown release, and one with a weight out of range', () => {
    expect(after('state').ran).toMatchObject({
      code: 1,
      stderr: `error release/unknown-release: releases/prod-eu/ml/hello.yaml: hello, prod-eu: stable
  there is no record of release v9
  fix: restore hello/v9.yaml of the release store from Git; or the state, if somebody edited that
error service/value: releases/prod-eu/ml/second.yaml:4:1: second, prod-eu: weight
  110 is more than 100
  fix: write at most 100
2 errors; nothing was written
`,
    });
  });

  test('what is wrong in several environments is told once, with file, line and override', () => {
    expect(after('environments').ran.stderr)
      .toBe(`error serving/scaling-target: apps/hello/service.yaml:6:14: hello, in dev, prod-eu: predictor.scaling.target
  in Standard mode nothing scales by concurrency
  fix: aim at cpu or memory: target: { cpu: 70 }
error monitoring/metric-not-exported: apps/hello/service.yaml:7:32: hello, in dev, prod-eu: monitoring.drift[0].psi.metric
  no part (predictor) declares that it exports "score"; model servers export no predictions by themselves, so the rule would never have data
  fix: have a part expose this histogram and declare it: predictor.exports: { predictions: "score" }
error serving/scale-to-zero: apps/second/service.yaml:6:46: second, prod-eu, eu-1: overrides.prod.predictor.scaling.min
  min 0 asks to scale to zero, but in Standard mode nothing starts a replica when a request comes, so one always stays
  fix: write min: 1, in overrides.prod-eu if other environments scale to zero; or use a cluster where KServe is in Knative mode
3 errors; nothing was written
`);
  });

  test('files that are no UTF-8 are refused, a byte order mark is nothing, and a digest is told in words', () => {
    expect(after('bytes').ran.stderr)
      .toBe(`error service/unknown-field: apps/second/service.yaml:6:1: second: descripton
  unknown field "descripton"
  fix: did you mean "description"?
error yaml/syntax: apps/third/service.yaml:2:6
  the byte 0xe9 is no UTF-8
  fix: save the file in UTF-8
error monitoring/reference: apps/watched/score.json:2:18: watched
  the byte 0xe9 is no UTF-8
  fix: save the file in UTF-8
error yaml/syntax: releases/hello/v1.yaml:2:6
  the byte 0xe9 is no UTF-8
  fix: save the file in UTF-8
error service/value: releases/hello/v2.yaml:2:1: hello: digest
  "sha256:abc" is not a SHA-256 digest
  fix: write a SHA-256 digest, as sha256:<64 hex digits>
warning monitoring/exports-of-runtime: apps/watched/service.yaml:6:3: watched, in dev, prod-eu: predictor.exports
  the usual image of framework sklearn exposes neither predictions nor features
  fix: write image: an image of this server that exposes them, or export them from a transformer
5 errors; nothing was written
`);
  });

  test('an output folder that cannot be written to', () => {
    const { root, ran } = after('file');
    expect(ran).toMatchObject({
      code: 1,
      stderr:
        'error tree/output-folder: gitops\n  cannot write here: it is not a folder\n  fix: give --out a folder that you may write to\n1 error; nothing was written\n',
    });
    expect(treeIn(root).get('gitops')).toBe('a file\n');
  });

  test('a file of somebody else in the place of an own one stays, and nothing else is written', () => {
    const { root, ran } = after('foreign');
    expect(ran).toMatchObject({
      code: 1,
      stderr: `error tree/foreign-file: gitops/argocd/root.yaml
  a file that synth did not write stands where the tree needs the name
  fix: move it away; if it is synth's own, restore .ai-service-index from Git
1 error; nothing was written
`,
    });
    expect([...treeIn(`${root}/gitops`)]).toEqual([['argocd/root.yaml', 'hands off\n']]);
  });

  test('a disk that is full half-way', () => {
    expect(after('full').ran).toMatchObject({
      code: 1,
      stderr: `error tree/write-failed: gitops
  stopped half-way: ENOSPC: no space left on device
  fix: mend the cause and run again; the next run completes the tree
1 error; the tree is half written
`,
    });
  });

  test('a run that was killed half-way, or stopped by a full disk, is completed by the next one', async () => {
    const { root, ran } = after('killed');
    expect(ran).toEqual({ code: null, signal: 'SIGKILL', stdout: '', stderr: '' });
    const full = after('full').root;
    const whole = treeIn(`${after('fresh').root}/gitops`);
    for (const folder of [root, full]) {
      const half = treeIn(`${folder}/gitops`);
      expect(half.size).toBeGreaterThan(0);
      expect(half).not.toEqual(whole);
    }
    const next = await Promise.all([run(root, ['synth']), run(full, ['synth'])]);
    expect(next).toMatchObject([{ code: 0 }, { code: 0 }]);
    for (const folder of [root, full]) expect(treeIn(`${folder}/gitops`)).toEqual(whole);
  });

  test('with one mistake in one service nothing at all is written, and the old tree is untouched', async () => {
    const { root, ran } = after('first');
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    const before = [treeIn(`${root}/gitops`), timesIn(`${root}/gitops`)];
    put(root, {
      'apps/hello/service.yaml': SERVICE.replace('v1/', 'v2/'),
      'apps/second/service.yaml': SERVICE.replace('"1"', '"-1"'),
    });
    expect(await run(root, ['synth'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"-1" is negative') as string,
    });
    expect([treeIn(`${root}/gitops`), timesIn(`${root}/gitops`)]).toEqual(before);
  });
});
