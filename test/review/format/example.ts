import type { ObjectChange } from '../../../src/review/compare.ts';
import type { Change } from '../../../src/review/field.ts';
import type { Entry, Plan, Risk, Routes, Statement } from '../../../src/review/plan.ts';
import type { Place } from '../../../src/review/unit.ts';

/** Plans that the tests of the formats print. */

/** The place of a service on a cluster. */
export function placeOf(service: string, environment: string, cluster: string, team = 'risk-ml'): Place {
  return { folder: `envs/${environment}/${cluster}/${team}/${service}`, environment, cluster, team, service };
}

/** A changed object at a place. */
export function changed(place: Place, kind: string, name: string, risk: Risk, changes: readonly Change[]): Entry {
  const placed = {
    file: `${place.folder}/${kind.toLowerCase()}.${name}.yaml`,
    object: {
      apiVersion: 'v1',
      kind,
      metadata: { name, namespace: place.service === undefined ? 'argocd' : 'risk-ml-prod' },
    },
  };
  return { type: 'object', place, risk, change: 'changed', before: placed, after: placed, changes };
}

/** A change of one field. */
export function field(name: string, before: unknown, after: unknown): Change {
  return { op: 'change', path: name.split('.'), field: name, before, after };
}

function came(place: Place, risk: Risk, object: NonNullable<ObjectChange['after']>['object']): Entry {
  const file = `${place.folder}/${object.kind.toLowerCase()}.${object.metadata.name}.yaml`;
  return { type: 'object', place, risk, change: 'added', after: { file, object }, changes: [] };
}

function went(place: Place, risk: Risk, kind: string, name: string): Entry {
  const file = `${place.folder}/${kind.toLowerCase()}.${name}.yaml`;
  return {
    type: 'object',
    place,
    risk,
    change: 'removed',
    before: { file, object: { apiVersion: 'v1', kind, metadata: { name, namespace: 'risk-ml-prod' } } },
    changes: [],
  };
}

const FRAUD_EU = placeOf('fraud-detector', 'prod-eu', 'eu-1');
const FRAUD_US = placeOf('fraud-detector', 'prod-us', 'us-1');
const IMAGES_DEV = placeOf('image-classifier', 'dev', 'dev-1', 'vision');
const ARGOCD: Place = { folder: 'argocd' };

const EXPRESSION = (window: string): string => `(
  fraud_detector:errors:ratio_rate${window} > (14.4 * 0.001)
  and
  fraud_detector:errors:ratio_rate5m > (14.4 * 0.001)
)
or
(
  fraud_detector:errors:ratio_rate6h > (6 * 0.001)
)
`;

function routes(weight: number): Routes {
  const parts = (release: string): Routes['releases'][number]['parts'] => [
    { part: 'function', kind: 'Service', name: `fraud-detector-function-${release}`, replicas: '2 to 10' },
    {
      part: 'predictor',
      kind: 'InferenceService',
      name: `fraud-detector-${release}`,
      model: `s3://ml-models/fraud-detector/${release}/`,
      replicas: '2 to 20',
    },
  ];
  return {
    hosts: ['fraud-detector.risk-ml-prod.svc.cluster.local', 'fraud-detector.eu.example.com'],
    public: true,
    releases: [
      { release: 'v46', weight: 100 - weight, parts: parts('v46') },
      { release: 'v47', weight, header: 'x-canary: always', parts: parts('v47') },
    ],
  };
}

const IMAGES: Routes = {
  hosts: ['image-classifier.vision-dev.svc.cluster.local'],
  public: false,
  releases: [
    {
      release: 'main',
      weight: 100,
      parts: [
        {
          part: 'predictor',
          kind: 'InferenceService',
          name: 'image-classifier-main',
          model: 'hf://acme/vit',
          replicas: '0 to 2',
        },
      ],
    },
  ],
};

const traffic = (): Change[] => [
  {
    op: 'change',
    path: ['spec', 'http', 1, 'route', 0, 'weight'],
    field: 'spec.http[default].route[0].weight',
    before: 90,
    after: 50,
  },
  {
    op: 'change',
    path: ['spec', 'http', 1, 'route', 1, 'weight'],
    field: 'spec.http[default].route[1].weight',
    before: 10,
    after: 50,
  },
];

/** Two services, three environments and a project; all kinds of changes. */
export const EXAMPLE: Plan = {
  version: 1,
  base: 'origin/main',
  head: '4f1c2ab',
  risk: 'high',
  totals: {
    services: 2,
    environments: 3,
    objects: { added: 1, changed: 4, replaced: 0, removed: 1 },
    statements: { high: 2, medium: 2, low: 1 },
  },
  statements: [
    {
      text: 'AppProject risk-ml allows namespace * on any cluster',
      subject: 'AppProject argocd/risk-ml',
      places: [ARGOCD],
      where: 'argocd',
      risk: 'high',
      reasons: [{ rule: 'risk/project', risk: 'high', text: 'destinations gain namespace *' }],
      entries: [0],
    },
    {
      text: 'fraud-detector sends 50 % (was 10 %) to v47',
      subject: 'fraud-detector',
      places: [FRAUD_EU, FRAUD_US],
      where: 'prod-eu, prod-us',
      risk: 'high',
      reasons: [{ rule: 'risk/traffic-step', risk: 'high', text: 'the next step of the policy is 25 %' }],
      entries: [3, 6],
    },
    {
      text: 'alert FraudDetectorErrorsBurnFast waits for 2 hours (was 1 hour)',
      subject: 'fraud-detector',
      places: [FRAUD_EU],
      where: 'prod-eu',
      risk: 'medium',
      reasons: [{ rule: 'risk/alert', risk: 'medium', text: 'it fires later' }],
      entries: [4],
    },
    {
      text: 'PodMonitor fraud-detector removed',
      subject: 'fraud-detector',
      places: [FRAUD_EU],
      where: 'prod-eu',
      risk: 'medium',
      reasons: [{ rule: 'risk/scrape', risk: 'medium', text: 'metrics of 2 workloads are no longer collected' }],
      entries: [5],
    },
    {
      text: 'image-classifier is deployed',
      subject: 'image-classifier',
      places: [IMAGES_DEV],
      where: 'dev',
      risk: 'low',
      reasons: [{ rule: 'risk/first-in-prod', risk: 'low', text: 'nothing of it ran here' }],
      entries: [1, 2],
    },
  ],
  cells: [
    { subject: 'AppProject argocd/risk-ml', service: false, environment: '', risk: 'high', statements: [0] },
    { subject: 'fraud-detector', service: true, environment: 'prod-eu', risk: 'high', statements: [1, 2, 3] },
    { subject: 'fraud-detector', service: true, environment: 'prod-us', risk: 'high', statements: [1] },
    { subject: 'image-classifier', service: true, environment: 'dev', risk: 'low', statements: [4] },
  ],
  entries: [
    changed(ARGOCD, 'AppProject', 'risk-ml', 'high', [
      {
        op: 'add',
        path: ['spec', 'destinations', { '': { name: '*' } }],
        field: 'spec.destinations[*]',
        after: { name: '*', namespace: '*' },
      },
    ]),
    came(IMAGES_DEV, 'low', {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { name: 'image-classifier-main', namespace: 'vision-dev' },
      spec: {
        predictor: {
          minReplicas: 0,
          model: {
            runtime: 'image-classifier-main',
            storageUri: 'hf://acme/vit',
            env: [{ name: 'HF_TOKEN', value: '[redacted 1]' }],
          },
        },
      },
    }),
    {
      type: 'document',
      place: IMAGES_DEV,
      risk: 'low',
      change: 'changed',
      file: `${IMAGES_DEV.folder}/README.md`,
      before: 'a',
      after: 'b',
      changes: [field('line 12', 'see the old page', 'see the new page')],
    },
    changed(FRAUD_EU, 'VirtualService', 'fraud-detector', 'high', traffic()),
    changed(FRAUD_EU, 'PrometheusRule', 'fraud-detector', 'medium', [
      field('spec.groups[slo].rules[FraudDetectorErrorsBurnFast].expr', EXPRESSION('1h'), EXPRESSION('2h')),
      field(
        'spec.groups[slo].rules[FraudDetectorErrorsBurnFast].annotations.description',
        'Requests of fraud-detector fail 14.4 times as often as its objective of one hour allows.',
        'Requests of fraud-detector fail 14.4 times as often as its objective of two hours allows.',
      ),
      {
        op: 'remove',
        path: ['spec', 'groups', 0, 'rules', 4, 'labels', 'severity'],
        field: 'spec.groups[slo].rules[FraudDetectorErrorsBurnFast].labels.severity',
        before: 'page',
      },
    ]),
    went(FRAUD_EU, 'medium', 'PodMonitor', 'fraud-detector'),
    changed(FRAUD_US, 'VirtualService', 'fraud-detector', 'high', traffic()),
  ],
  topologies: [
    { place: IMAGES_DEV, before: undefined, after: IMAGES },
    { place: FRAUD_EU, before: routes(10), after: routes(50) },
    { place: FRAUD_US, before: routes(10), after: routes(50) },
  ],
  findings: [
    {
      id: 'plan/too-large',
      severity: 'warning',
      where: { file: 'envs/prod-eu/eu-1/risk-ml/fraud-detector/reference.json' },
      message: 'the file has 10 MB and is not compared',
      fix: 'keep data of this size out of the tree',
    },
  ],
};

/** Two trees that mean the same. */
export const EMPTY: Plan = {
  version: 1,
  base: 'origin/main',
  head: '4f1c2ab',
  risk: 'none',
  totals: {
    services: 0,
    environments: 0,
    objects: { added: 0, changed: 0, replaced: 0, removed: 0 },
    statements: { high: 0, medium: 0, low: 0 },
  },
  statements: [],
  cells: [],
  entries: [],
  topologies: [],
  findings: [],
};

/** A plan in which everything that a tree may say is the given text. */
export function sayingOnly(text: string): Plan {
  const place: Place = { folder: text, environment: text, cluster: text, team: text, service: text };
  const entry: Entry = {
    ...changed(place, text, text, 'high', [
      field(text, text, `${text}2`),
      field(text, `${text}\nb\n`, `${text}\nc\n`),
      { op: 'add', path: [text], field: text, after: { [text]: text } },
    ]),
  };
  const share = {
    release: text,
    weight: 100,
    header: text,
    mirror: 10,
    parts: [{ part: text, kind: text, name: text, model: text, replicas: text }],
  };
  const side: Routes = { hosts: [text, text], public: true, releases: [share] };
  return {
    ...EXAMPLE,
    base: text,
    head: text,
    statements: [
      {
        text,
        subject: text,
        places: [place],
        where: text,
        risk: 'high',
        reasons: [{ rule: text, risk: 'high', text }],
        entries: [0],
      },
    ],
    cells: [{ subject: text, service: true, environment: text, risk: 'high', statements: [0] }],
    entries: [entry, { type: 'document', place, risk: 'low', change: 'added', file: text, after: text, changes: [] }],
    topologies: [{ place, before: side, after: { ...side, releases: [{ ...share, weight: 50 }] } }],
    findings: [{ id: 'plan/syntax', severity: 'error', where: { file: text }, message: text, fix: text }],
  };
}

/** A plan of so many statements, each of a service of its own in one environment, the first ones of high risk. */
export function manyStatements(statements: number): Plan {
  const riskAt = (index: number): Risk =>
    index < statements / 100 ? 'high' : index < statements / 10 ? 'medium' : 'low';
  const names = Array.from({ length: statements }, (_, index) => `service-${index}`);
  const places = names.map((name) => placeOf(name, 'prod-eu', 'eu-1'));
  return {
    ...EXAMPLE,
    totals: {
      ...EXAMPLE.totals,
      services: statements,
      environments: 1,
      statements: { high: statements / 100, medium: statements / 10 - statements / 100, low: statements * 0.9 },
    },
    statements: names.map((subject, index): Statement => ({
      text: `${subject} has a timeout of 30 s (was 60 s)`,
      subject,
      places: [places[index]!],
      where: 'prod-eu',
      risk: riskAt(index),
      reasons: [{ rule: 'risk/timeout', risk: riskAt(index), text: 'it is shorter than before' }],
      entries: [index],
    })),
    cells: names.map((subject, index) => ({
      subject,
      service: true,
      environment: 'prod-eu',
      risk: riskAt(index),
      statements: [index],
    })),
    entries: names.map((name, index) =>
      changed(places[index]!, 'VirtualService', name, riskAt(index), [field('spec.http[0].timeout', '60s', '30s')]),
    ),
    topologies: [],
    findings: [],
  };
}

/** One problem, as it is found in each of two environments. */
export const IN_TWO_ENVIRONMENTS = ['dev', 'prod-eu'].map(
  (environment) =>
    ({
      id: 'plan/duplicate',
      severity: 'error',
      where: { service: 'fraud-detector', environment, cluster: 'a' },
      message: 'twice',
      fix: 'remove one',
    }) as const,
);
