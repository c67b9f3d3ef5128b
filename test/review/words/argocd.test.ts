import { describe, expect, test } from 'vitest';
import { readFile } from '../../../src/review/documents.ts';
import { createMask } from '../../../src/review/mask.ts';
import { argocdWords } from '../../../src/review/words/argocd.ts';
import { edited, inWords, shapesOf } from './support.ts';

const ASSUMED = { prod: true, assumed: 'no stage in the tree: taken as production' };
const words = (before: string, after: string, more: object = {}): string[] =>
  inWords(argocdWords, before, after, { folder: 'argocd', ...more });

const project = `
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: risk-ml, namespace: argocd }
spec:
  clusterResourceWhitelist: [{ group: "", kind: Namespace, name: risk-ml-dev }]
  destinations: [{ name: eu-1, namespace: risk-ml-prod }]
  namespaceResourceWhitelist: [{ group: "", kind: Service }, { group: apps, kind: Deployment }]
  namespaceResourceBlacklist: [{ group: "", kind: ResourceQuota }]
  sourceRepos: [https://git.example.com/acme/ml-gitops.git]
  syncWindows: [{ kind: deny, schedule: "0 22 * * *", duration: 1h }]
  orphanedResources: { warn: true }
`;

describe('an AppProject', () => {
  test.each([
    [
      'destinations: [',
      'destinations: [{ name: eu-1, namespace: payments }, ',
      'may now deploy to namespace payments on eu-1 [high risk/project]',
    ],
    [
      'destinations: [',
      'destinations: [{ server: "*", namespace: "*" }, ',
      'may now deploy to every namespace on every cluster [high risk/project]',
    ],
    ['sourceRepos: [', 'sourceRepos: ["*", ', 'may now deploy from every repository [high risk/project]'],
    [
      'Whitelist: [{ group: "", kind: Namespace, name: risk-ml-dev }]',
      'Whitelist: [{ group: "*", kind: "*" }, { group: "", kind: Namespace, name: risk-ml-dev }]',
      'may now deploy every kind outside of namespaces [high risk/project]',
    ],
    [
      '[{ group: "", kind: Service }, ',
      '[{ group: "", kind: Service }, { group: rbac.authorization.k8s.io, kind: Role }, ',
      'may now deploy Role (rbac.authorization.k8s.io) [high risk/project]',
    ],
    ['[{ group: "", kind: ResourceQuota }]', '[]', 'may now deploy ResourceQuota [high risk/project]'],
    [
      '  namespaceResourceWhitelist: [{ group: "", kind: Service }, { group: apps, kind: Deployment }]\n',
      '',
      'may now deploy every kind [high risk/project]',
    ],
    [
      '{ warn: true }',
      '{ warn: true, ignore: [{ kind: Secret }] }',
      'watches other objects that no Application owns [high risk/project]',
    ],
    [
      '  orphanedResources: { warn: true }\n',
      '',
      'no longer watches objects that no Application owns [high risk/project]',
    ],
    [
      '[{ kind: deny, schedule: "0 22 * * *", duration: 1h }]',
      '[]',
      'has sync windows none (was deny 0 22 * * * for 1h) [high risk/project]',
    ],
    [
      'sourceRepos:',
      'sourceNamespaces: [shop]\n  sourceRepos:',
      'may now have Applications in namespace shop [high risk/project]',
    ],
    [
      'sourceRepos:',
      'roles: [{ name: ci, groups: [devs], policies: ["p, proj:risk-ml:ci, applications, sync, risk-ml/*, allow"] }]\n  sourceRepos:',
      'gives role ci to group devs and lets role ci sync applications risk-ml/* [high risk/project]',
    ],
  ])('allows more: %s, then %s', (from, to, said) => {
    expect(words(project, edited(project, [from, to]))).toEqual([`AppProject risk-ml ${said}`]);
  });

  test('allows more, also outside of production', () => {
    expect(
      words(project, edited(project, ['destinations: [', 'destinations: [{ name: dev-1, namespace: x-dev }, ']), {
        stage: { prod: false },
      }),
    ).toEqual(['AppProject risk-ml may now deploy to namespace x-dev on dev-1 [high risk/project]']);
  });

  test('allows less', () => {
    expect(words(project, edited(project, [', { group: apps, kind: Deployment }', '']))).toEqual([
      'AppProject risk-ml may no longer deploy Deployment (apps)',
    ]);
    expect(
      words(
        project,
        edited(project, ['destinations: [', 'destinations: [{ name: eu-1, namespace: "!kube-system" }, ']),
      ),
    ).toEqual(['AppProject risk-ml may no longer deploy to namespace kube-system on eu-1']);
  });

  test('says once what several places may be used for', () => {
    const two = edited(project, [
      'destinations: [',
      'destinations: [{ name: eu-1, namespace: a }, { name: us-1, namespace: b }, ',
    ]);
    expect(words(project, two)).toEqual([
      'AppProject risk-ml may now deploy to namespace a on eu-1 and namespace b on us-1 [high risk/project]',
    ]);
  });

  test('comes and goes', () => {
    expect(words('', project)).toEqual([
      'AppProject risk-ml added: it may deploy to namespace risk-ml-prod on eu-1 and deploy from https://git.example.com/acme/ml-gitops.git [high risk/project]',
    ]);
    expect(words(project, '')).toEqual([
      'AppProject risk-ml removed: its Applications are no longer synced [high risk/delivery]',
    ]);
  });
});

const set = `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: risk-ml-prod-eu, namespace: argocd }
spec:
  generators: [{ git: { repoURL: https://git.example.com/a.git, revision: main, files: [{ path: gitops/envs/prod-eu/*/risk-ml/*/argocd-app.json }] } }]
  syncPolicy: { applicationsSync: create-update, preserveResourcesOnDeletion: true }
  template:
    metadata: { name: "{{ .name }}" }
    spec:
      destination: { name: eu-1, namespace: risk-ml-prod }
      project: risk-ml
      source: { path: "{{ .path.path }}/manifests", repoURL: https://git.example.com/a.git, targetRevision: main }
      syncPolicy:
        automated: { prune: true, selfHeal: true }
        syncOptions: [PruneLast=true, ServerSideApply=true]
`;

describe('an ApplicationSet', () => {
  test.each([
    ['prune: true', 'prune: false', ' no longer deletes what leaves Git'],
    ['selfHeal: true', 'selfHeal: false', ' no longer takes back changes by hand [high risk/delivery]'],
    ['automated: { prune: true, selfHeal: true }', 'retry: {}', ' no longer syncs by itself [high risk/delivery]'],
    [
      'preserveResourcesOnDeletion: true',
      'preserveResourcesOnDeletion: false',
      ' no longer keeps the objects of an Application that goes [high risk/delivery]',
    ],
    ['create-update', 'sync', ': applicationsSync is sync (was create-update) [high risk/delivery]'],
    ['create-update', 'create-only', ': applicationsSync is create-only (was create-update)'],
    ['targetRevision: main', 'targetRevision: feature', ': targetRevision is feature (was main) [high risk/delivery]'],
    ['name: eu-1', 'name: us-1', ': destination name is us-1 (was eu-1) [high risk/destination]'],
    ['project: risk-ml', 'project: default', ': project is default (was risk-ml) [high risk/delivery]'],
    ['PruneLast=true, ', '', ' no longer syncs with PruneLast=true [high risk/delivery]'],
    ['PruneLast=true, ', 'PruneLast=true, Force=true, ', ' syncs with Force=true too [high risk/delivery]'],
    [
      'envs/prod-eu/*',
      'envs/*/*',
      ' looks elsewhere: spec.generators[0].git.files[0].path is gitops/envs/*/*/risk-ml/*/argocd-app.json (was gitops/envs/prod-eu/*/risk-ml/*/argocd-app.json) [high risk/delivery]',
    ],
    [
      '      project: risk-ml',
      '      ignoreDifferences: [{ kind: Deployment, jsonPointers: [/spec] }]\n      project: risk-ml',
      ' overlooks other differences: spec.template.spec.ignoreDifferences added [high risk/delivery]',
    ],
  ])('%s, then %s', (from, to, said) => {
    expect(words(set, edited(set, [from, to]))).toEqual([`ApplicationSet risk-ml-prod-eu${said}`]);
  });

  test('follows another repository, in its generator as in its template', () => {
    const [old, now] = ['https://git.example.com/a.git', 'https://git.example.com/b.git'];
    expect(words(set, edited(set, [old, now]))).toEqual([
      `ApplicationSet risk-ml-prod-eu: repoURL is ${now} (was ${old}) [high risk/delivery]`,
    ]);
    expect(
      words(set, edited(set, [`git: { repoURL: ${old}`, `git: { repoURL: ${now}`])),
      'finds elsewhere alone',
    ).toEqual([
      `ApplicationSet risk-ml-prod-eu looks elsewhere: spec.generators[0].git.repoURL is ${now} (was ${old}) [high risk/delivery]`,
    ]);
  });

  test('comes with the place that it finds services in, and not with a template', () => {
    expect(words('', set)).toEqual([
      'ApplicationSet risk-ml-prod-eu added: it delivers gitops/envs/prod-eu/*/risk-ml/*, in project risk-ml',
    ]);
  });

  test('a switch that is written out and one that is not are the same', () => {
    expect(words(edited(set, ['prune: true, ', 'prune: false, ']), edited(set, ['prune: true, ', '']))).toEqual([]);
  });

  test('is of the stage that its paths say', () => {
    const dev = edited(set, ['envs/prod-eu', 'envs/dev'], ['risk-ml-prod-eu', 'risk-ml-dev']);
    expect(words(dev, edited(dev, ['selfHeal: true', 'selfHeal: false']), { stage: ASSUMED })).toEqual([
      'ApplicationSet risk-ml-dev no longer takes back changes by hand [medium risk/delivery]',
    ]);
    expect(words(set, edited(set, ['selfHeal: true', 'selfHeal: false']), { stage: ASSUMED })).toEqual([
      'ApplicationSet risk-ml-prod-eu no longer takes back changes by hand [high risk/delivery]',
    ]);
    // One of the two paths is production.
    expect(words(set, edited(set, ['envs/prod-eu', 'envs/dev']), { stage: ASSUMED })[0]).toMatch(
      /\[high risk\/delivery\]$/,
    );
  });

  test('goes, with or without what its Applications deliver', () => {
    expect(words(set, '')).toEqual([
      'ApplicationSet risk-ml-prod-eu removed: its Applications go, their objects stay [high risk/delete-live]',
    ]);
    expect(words(edited(set, ['OnDeletion: true', 'OnDeletion: false']), '')).toEqual([
      'ApplicationSet risk-ml-prod-eu removed: its Applications go, and their objects with them [high risk/delete-live]',
    ]);
  });
});

describe('an Application', () => {
  const app =
    'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: ai-services, namespace: argocd }\nspec: { project: default, source: { path: gitops/argocd, repoURL: https://a.example.com }, destination: { server: https://b.example.com } }\n';

  test('comes, moves, and takes its objects along', () => {
    expect(words('', app)).toEqual(['Application ai-services added: it delivers gitops/argocd, in project default']);
    expect(words(app, edited(app, ['gitops/argocd', 'other']))).toEqual([
      'Application ai-services: path is other (was gitops/argocd) [high risk/delivery]',
    ]);
    expect(words(app, edited(app, ['https://b.example.com', 'https://c.example.com']))).toEqual([
      'Application ai-services: destination server is https://c.example.com (was https://b.example.com) [high risk/destination]',
    ]);
    expect(
      words(
        app,
        edited(app, [
          'namespace: argocd }',
          'namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io] }',
        ]),
      ),
    ).toEqual(['Application ai-services takes its objects along when it is deleted [high risk/delivery]']);
  });
});

describe('Flux', () => {
  const flux =
    'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: shop, namespace: flux-system }\nspec: { path: ./prod/shop, prune: false, sourceRef: { kind: GitRepository, name: a } }\n';

  test('a Kustomization deletes, stops, or looks elsewhere', () => {
    expect(words(flux, edited(flux, ['prune: false', 'prune: true']))).toEqual([
      'Kustomization flux-system/shop deletes what leaves Git [high risk/delivery]',
    ]);
    expect(words(flux, edited(flux, ['prune: false', 'prune: false, suspend: true']))).toEqual([
      'Kustomization flux-system/shop is suspended [high risk/delivery]',
    ]);
    expect(words(flux, edited(flux, ['./prod/shop', './prod/all']))).toEqual([
      'Kustomization flux-system/shop: path is ./prod/all (was ./prod/shop) [high risk/delivery]',
    ]);
  });

  test('a GitRepository follows another branch', () => {
    const source =
      'apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: { name: a, namespace: flux-system }\nspec: { url: https://a.example.com, ref: { branch: main } }\n';
    expect(words(source, edited(source, ['branch: main', 'branch: other']))).toEqual([
      'GitRepository flux-system/a: branch is other (was main) [high risk/delivery]',
    ]);
  });
});

test('an object is no longer kept when it leaves Git', () => {
  const claim =
    'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data, namespace: shop, annotations: { argocd.argoproj.io/sync-options: Prune=false } }\n';
  expect(
    words(claim, edited(claim, ['annotations: { argocd.argoproj.io/sync-options: Prune=false }', 'labels: {}'])),
  ).toEqual(['PersistentVolumeClaim shop/data is no longer kept when it leaves Git [high risk/delivery]']);
});

test('whatever a field holds, nothing throws', () => {
  for (const text of [project, set]) {
    for (const shape of shapesOf(readFile('a.yaml', text, createMask()).objects[0])) {
      const odd = JSON.stringify(shape);
      expect(() => words(text, odd)).not.toThrow();
      expect(() => words(odd, text)).not.toThrow();
    }
  }
});
