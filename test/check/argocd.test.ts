import { describe, expect, it } from 'vitest';
import { checkSyncAnnotations } from '../../src/check/argocd/annotations.ts';
import { ARGOCD_RULES, checkArgocd } from '../../src/check/argocd.ts';
import type { KubeObject } from '../../src/core/object.ts';

const object = (kind: string, spec: object, name = 'fraud', annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind,
  metadata: { name, namespace: 'argocd', annotations },
  spec,
});

const SOURCE = { repoURL: 'https://git.example.com/a.git', path: 'a', directory: { recurse: true } };
const APPLICATION = { project: 'ml', source: SOURCE, destination: { name: 'eu-1', namespace: 'ml' } };
const application = (fields: object): KubeObject => object('Application', { ...APPLICATION, ...fields });

const git = { repoURL: SOURCE.repoURL, revision: 'main', files: [{ path: 'a' }] };
const SET = {
  goTemplate: true,
  goTemplateOptions: ['missingkey=error'],
  generators: [{ git }],
  template: {
    metadata: { name: '{{ .name }}' },
    spec: { ...APPLICATION, destination: { name: '{{ .a }}', server: '{{ .b }}' } },
  },
};
const set = (fields: object): KubeObject => object('ApplicationSet', { ...SET, ...fields });
const generator = (fields: object): KubeObject => set({ generators: [fields] });
const rolling = (step: object): KubeObject =>
  set({ strategy: { type: 'RollingSync', rollingSync: { steps: [step] } } });

const PROJECT = {
  sourceRepos: [SOURCE.repoURL],
  destinations: [{ name: 'eu-1', namespace: 'ml' }],
  namespaceResourceWhitelist: [{ group: '', kind: 'Service' }],
};
const project = (fields: object): KubeObject => object('AppProject', { ...PROJECT, ...fields });
const role = (policy: string): KubeObject => project({ roles: [{ name: 'ci', policies: [policy] }] });
const WINDOW = { kind: 'deny', schedule: '0 22 * * *', duration: '1h', applications: ['*'] };
const syncWindow = (fields: object): KubeObject => project({ syncWindows: [{ ...WINDOW, ...fields }] });

const found = (checked: KubeObject): string[] =>
  [...checkArgocd(checked), ...checkSyncAnnotations(checked)].map(
    ({ id, where, message }) => `${id} ${where.field ?? ''}: ${message}`,
  );

const FINE: readonly (readonly [string, KubeObject])[] = [
  ['a folder of manifests', application({})],
  [
    'windows, groups and accounts of a project',
    project({
      syncWindows: [
        { ...WINDOW, schedule: '*/5 1-5 1,15 jan-mar MON-FRI' },
        { ...WINDOW, schedule: 'CRON_TZ=Europe/Berlin 0 22 * * ?' },
      ],
      roles: [{ name: 'ci', groups: ['ml', '"a, b"'] }],
      destinationServiceAccounts: [{ server: '*', namespace: 'ml', defaultServiceAccount: 'ml:deployer' }],
    }),
  ],
  [
    'a chart with its version',
    application({ source: { repoURL: 'https://charts.example.com', chart: 'a', targetRevision: '1.2.3', helm: {} } }),
  ],
  [
    'several sources, one of them for values',
    application({ source: undefined, sources: [SOURCE, { repoURL: SOURCE.repoURL, ref: 'values' }] }),
  ],
  [
    'options that Argo CD knows',
    application({
      syncPolicy: {
        syncOptions: ['CreateNamespace=true', 'PrunePropagationPolicy=background'],
        managedNamespaceMetadata: {},
      },
    }),
  ],
  ['a set over files', set({})],
  ['a matrix of two', generator({ matrix: { generators: [{ git }, { list: { elements: [] } }] } })],
  ['a merge of two', generator({ merge: { mergeKeys: ['name'], generators: [{ git }, { list: {} }] } })],
  [
    'a step of a rolling sync',
    rolling({ matchExpressions: [{ key: 'ring', operator: 'In', values: ['1'] }], maxUpdate: '25%' }),
  ],
  ['a narrow project', project({})],
  ['a role of the project', role('p, proj:fraud:ci, applications, sync, fraud/*, allow')],
  ['a window for syncs', syncWindow({})],
  [
    'an earlier wave, and no pruning',
    object('AppProject', PROJECT, 'fraud', {
      'argocd.argoproj.io/sync-wave': '-1',
      'argocd.argoproj.io/sync-options': 'Prune=false, Delete=confirm',
    }),
  ],
];

const WRONG: readonly (readonly [KubeObject, string])[] = [
  [application({ source: undefined }), 'argocd/source spec: the Application has no source'],
  [application({ sources: [SOURCE] }), 'argocd/source spec: source and sources stand side by side'],
  [application({ source: { repoURL: 'a' } }), 'argocd/source spec.source: the source has neither path nor chart'],
  [application({ source: { ...SOURCE, repoURL: '' } }), 'argocd/source spec.source.repoURL: the repository is empty'],
  [
    application({ source: { repoURL: 'a', chart: 'b' } }),
    'argocd/source spec.source.targetRevision: a chart has no version',
  ],
  [
    application({ source: { ...SOURCE, kustomize: {} } }),
    'argocd/source spec.source: kustomize and directory stand side by side',
  ],
  [
    application({ source: { ...SOURCE, directory: {} } }),
    'argocd/directory spec.source.directory: it says nothing, so Argo CD drops it',
  ],
  [
    application({ destination: { name: 'a', server: 'https://a' } }),
    'argocd/destination spec.destination: the cluster is named twice',
  ],
  [application({ destination: { namespace: 'a' } }), 'argocd/destination spec.destination: no cluster is named'],
  [
    application({ syncPolicy: { syncOptions: ['ServerSideAplly=true'] } }),
    'argocd/sync-option spec.syncPolicy.syncOptions: Argo CD knows no sync option "ServerSideAplly=true" and would ignore it',
  ],
  [
    application({ syncPolicy: { syncOptions: ['PruneLast=yes'] } }),
    'argocd/sync-option spec.syncPolicy.syncOptions: Argo CD knows no sync option "PruneLast=yes" and would ignore it',
  ],
  [
    application({ syncPolicy: { managedNamespaceMetadata: {} } }),
    'argocd/managed-namespace spec.syncPolicy.managedNamespaceMetadata: without CreateNamespace=true it is ignored',
  ],
  [
    object('Application', APPLICATION, 'fraud', {
      'argocd.argoproj.io/compare-options': 'ServerSideDiff=true,IncludeMutationWebhook=true',
    }),
    'argocd/compare-option metadata.annotations["argocd.argoproj.io/compare-options"]: IncludeMutationWebhook=true shows what webhooks change as a difference for ever',
  ],
  [object('Application', APPLICATION, 'Fraud_1'), 'argocd/name metadata.name: "Fraud_1" is no name of an object'],
  [
    set({ template: { ...SET.template, metadata: {} } }),
    'argocd/name spec.template.metadata.name: the Applications have no name',
  ],
  [
    set({ goTemplate: undefined, goTemplateOptions: [] }),
    'argocd/go-template spec.goTemplate: without Go templates an unknown placeholder stays in the Application as text',
  ],
  [
    set({ goTemplateOptions: [] }),
    'argocd/go-template spec.goTemplateOptions: a missing key would become "<no value>"',
  ],
  [
    set({ goTemplateOptions: ['missingkey=error', 'x'] }),
    'argocd/go-template spec.goTemplateOptions: "x" stops the controller',
  ],
  [
    set({ template: { ...SET.template, spec: { ...SET.template.spec, project: '{{ .team }}' } } }),
    'argocd/project spec.template.spec.project: who writes the parameters would choose the project',
  ],
  [
    set({ templatePatch: 'spec:\n  project: x\n' }),
    'argocd/project spec.templatePatch: a patch must not change the project',
  ],
  [generator({}), 'argocd/generator spec.generators[0]: no generator is given'],
  [generator({ git, list: {} }), 'argocd/generator spec.generators[0]: git and list stand side by side'],
  [
    generator({ git: { ...git, directories: [{ path: 'b' }] } }),
    'argocd/generator spec.generators[0].git.files: directories are given too, so files are ignored',
  ],
  [
    generator({ git: { ...git, files: [] } }),
    'argocd/generator spec.generators[0].git: neither directories nor files are given',
  ],
  [
    generator({ matrix: { generators: [{ git }] } }),
    'argocd/generator spec.generators[0].matrix.generators: a matrix has two generators, not 1',
  ],
  [
    generator({ merge: { mergeKeys: ['a'], generators: [{ git }] } }),
    'argocd/generator spec.generators[0].merge.generators: a merge has two or more generators',
  ],
  [
    generator({ merge: { mergeKeys: [], generators: [{ git }, { git }] } }),
    'argocd/generator spec.generators[0].merge.mergeKeys: a merge has no keys',
  ],
  [
    generator({
      matrix: {
        generators: [{ git }, { matrix: { generators: [{ git }, { matrix: { generators: [{ git }, { git }] } }] } }],
      },
    }),
    'argocd/generator spec.generators[0].matrix.generators[1].matrix.generators[1].matrix: Argo CD combines generators in two levels at most',
  ],
  [
    rolling({ matchExpressions: [{ operator: 'Exists', values: ['1'] }] }),
    'argocd/rolling-sync spec.strategy.rollingSync.steps[0].matchExpressions[0].operator: "Exists" is no operator here',
  ],
  [
    rolling({ matchExpressions: [{ operator: 'In', values: [] }] }),
    'argocd/rolling-sync spec.strategy.rollingSync.steps[0].matchExpressions[0].values: there are no values',
  ],
  [
    rolling({ maxUpdate: 'half' }),
    'argocd/rolling-sync spec.strategy.rollingSync.steps[0].maxUpdate: "half" is no share',
  ],
  [
    set({ strategy: { deletionOrder: 'Reverse' } }),
    'argocd/rolling-sync spec.strategy.deletionOrder: Reverse needs a rolling sync with steps',
  ],
  [project({ sourceRepos: ['a', 'a'] }), 'argocd/project-list spec.sourceRepos[1]: "a" is listed twice'],
  [project({ sourceNamespaces: ['!*'] }), 'argocd/project-list spec.sourceNamespaces[0]: "!*" denies everything'],
  [
    project({ destinations: [{ server: '!*', namespace: 'a' }] }),
    'argocd/project-list spec.destinations: "!*" denies everything',
  ],
  [project({ description: 'a'.repeat(256) }), 'argocd/project-list spec.description: it has 256 characters'],
  [
    project({ signatureKeys: [], sourceIntegrity: {} }),
    'argocd/project-list spec.signatureKeys: sourceIntegrity is given too',
  ],
  [project({ sourceRepos: ['*'] }), 'argocd/project-open spec.sourceRepos: every repository may be deployed from'],
  [
    project({ destinations: [{ name: 'a', namespace: '*' }] }),
    'argocd/project-open spec.destinations: every namespace may be deployed to',
  ],
  [
    project({ namespaceResourceWhitelist: undefined }),
    'argocd/project-open spec.namespaceResourceWhitelist: every kind may be deployed',
  ],
  [
    project({ clusterResourceWhitelist: [{ group: '*', kind: '*' }] }),
    'argocd/project-open spec.clusterResourceWhitelist: every kind outside of namespaces may be deployed',
  ],
  [project({ roles: [{ name: 'c i' }] }), 'argocd/project-role spec.roles[0].name: "c i" is no name of a role'],
  [
    project({ roles: [{ name: 'ci' }, { name: 'ci' }] }),
    'argocd/project-role spec.roles[1].name: there are two roles ci',
  ],
  [
    role('p, proj:fraud:ci, applications, sync, fraud/*'),
    'argocd/project-role spec.roles[0].policies[0]: a policy has six fields, the first of which is p',
  ],
  [
    role('p, proj:other:ci, applications, sync, fraud/*, allow'),
    'argocd/project-role spec.roles[0].policies[0]: the subject is not proj:fraud:ci',
  ],
  [
    role('p, proj:fraud:ci, pods, sync, fraud/*, allow'),
    'argocd/project-role spec.roles[0].policies[0]: "pods" is no resource',
  ],
  [
    role('p, proj:fraud:ci, applications, destroy, fraud/*, allow'),
    'argocd/project-role spec.roles[0].policies[0]: "destroy" is no action',
  ],
  [
    role('p, proj:fraud:ci, applications, sync, other/*, allow'),
    'argocd/project-role spec.roles[0].policies[0]: the object is not in project fraud',
  ],
  [
    role('p, proj:fraud:ci, applications, sync, fraud/*, maybe'),
    'argocd/project-role spec.roles[0].policies[0]: "maybe" is neither allow nor deny',
  ],
  [syncWindow({ kind: 'block' }), 'argocd/sync-window spec.syncWindows[0].kind: "block" is neither allow nor deny'],
  ...['99 22 * * *', 'a b c d e', '0 0 * * 7', '5-1 * * * *', '* * 0 * *', '*/0 * * * *', '@daily'].map(
    (schedule): [KubeObject, string] => [
      syncWindow({ schedule }),
      `argocd/sync-window spec.syncWindows[0].schedule: "${schedule}" is no schedule`,
    ],
  ),
  [
    project({ syncWindows: [WINDOW, { ...WINDOW, manualSync: true }] }),
    'argocd/sync-window spec.syncWindows[1]: the window is there twice',
  ],
  [
    syncWindow({ description: 'a'.repeat(256) }),
    'argocd/sync-window spec.syncWindows[0].description: it has 256 characters',
  ],
  ...(
    [
      ['', 'the group has no name'],
      ['a,b', 'a group with a comma stands in quotes'],
      [' a', 'the group has space around its name'],
      ['a\nb', 'the group has quotes, tabs or line breaks in its name'],
    ] as const
  ).map(([group, message]): [KubeObject, string] => [
    project({ roles: [{ name: 'ci', groups: [group] }] }),
    `argocd/project-role spec.roles[0].groups[0]: ${message}`,
  ]),
  [
    project({ roles: [{ name: 'ci', groups: ['a', 'a'] }] }),
    'argocd/project-role spec.roles[0].groups[1]: it is listed twice',
  ],
  [
    project({ destinationServiceAccounts: [{ server: '!a', namespace: 'b', defaultServiceAccount: 'c' }] }),
    'argocd/project-list spec.destinationServiceAccounts[0].server: a place cannot be left out here',
  ],
  [
    project({ destinationServiceAccounts: [{ server: '*', defaultServiceAccount: 'c*' }] }),
    'argocd/project-list spec.destinationServiceAccounts[0].defaultServiceAccount: "c*" is no ServiceAccount',
  ],
  [
    project({
      destinationServiceAccounts: [
        { server: '*', defaultServiceAccount: 'c' },
        { server: '*', defaultServiceAccount: 'd' },
      ],
    }),
    'argocd/project-list spec.destinationServiceAccounts[1]: the place is listed twice',
  ],
  [
    project({
      destinations: [
        { name: 'a', server: 'https://a', namespace: 'ml' },
        { name: 'b', server: 'https://a', namespace: 'ml' },
      ],
    }),
    'argocd/project-list spec.destinations[1]: "https://a ml" is listed twice',
  ],
  [
    application({ source: { ...SOURCE, path: '' } }),
    'argocd/source spec.source: the source has neither path nor chart',
  ],
  [
    application({
      source: undefined,
      sourceHydrator: {
        drySource: { repoURL: SOURCE.repoURL, path: 'a', targetRevision: 'main' },
        syncSource: { path: 'a', targetBranch: '' },
      },
    }),
    'argocd/source spec.sourceHydrator.syncSource.targetBranch: it is empty',
  ],
  [syncWindow({ schedule: '22:00' }), 'argocd/sync-window spec.syncWindows[0].schedule: "22:00" is no schedule'],
  [syncWindow({ duration: '1d' }), 'argocd/sync-window spec.syncWindows[0].duration: "1d" is no duration'],
  [syncWindow({ applications: [] }), 'argocd/sync-window spec.syncWindows[0]: the window is for nothing'],
  [
    object('AppProject', PROJECT, 'fraud', { 'argocd.argoproj.io/sync-wave': 'first' }),
    'argocd/sync-wave metadata.annotations["argocd.argoproj.io/sync-wave"]: "first" is no whole number, so Argo CD takes wave 0',
  ],
  [
    object('AppProject', PROJECT, 'fraud', { 'argocd.argoproj.io/sync-options': 'prune=false' }),
    'argocd/sync-option metadata.annotations["argocd.argoproj.io/sync-options"]: Argo CD knows no sync option "prune=false" and would ignore it',
  ],
];

describe('nothing is wrong with', () => {
  it.each(FINE)('%s', (_, checked) => {
    expect(found(checked)).toEqual([]);
  });
});

describe('exactly one thing is wrong', () => {
  it.each(WRONG.map(([checked, expected]) => ({ checked, expected })))('$expected', ({ checked, expected }) => {
    expect(found(checked)).toEqual([expected]);
  });

  it('when a wave would reach pods', () => {
    const service: KubeObject = {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { name: 'fraud', namespace: 'ml', annotations: { 'argocd.argoproj.io/sync-wave': '0' } },
    };
    expect(checkSyncAnnotations(service)).toEqual([
      {
        id: 'argocd/sync-wave',
        severity: 'error',
        where: { object: 'InferenceService ml/fraud', field: 'metadata.annotations["argocd.argoproj.io/sync-wave"]' },
        message: 'KServe copies it to the pods',
        fix: 'remove it, and give an earlier wave to what must be there before',
      },
    ]);
  });

  it('and each rule has an example here', () => {
    const ids = new Set(WRONG.map(([, expected]) => expected.split(' ')[0]));
    expect(ARGOCD_RULES.map(({ id }) => id).filter((id) => !ids.has(id))).toEqual([]);
  });
});

it('a misspelt sync option comes with the right one', () => {
  expect(
    checkArgocd(application({ syncPolicy: { syncOptions: ['serversideapply=true', 'PruneLast=yes'] } })).map(
      ({ fix }) => fix,
    ),
  ).toEqual(['did you mean ServerSideApply?', 'write PruneLast=true']);
});
