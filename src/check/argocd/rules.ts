import type { Rule } from '../../core/finding.ts';

/** Rules on objects of Argo CD beyond their schema, which says little and has no CEL. */
export const ARGOCD_RULES: readonly Rule[] = [
  {
    id: 'argocd/source',
    severity: 'error',
    summary: 'An Application has one way to its source, with a repository and a path or chart.',
    source: 'argo-cd 3.5.1 util/argo/argo.go validateSourcePermissions',
  },
  {
    id: 'argocd/directory',
    severity: 'error',
    summary: 'A `directory` says something: `recurse: true`.',
    source:
      'argo-cd 3.5.1 util/argo/argo.go NormalizeSource: an empty one is dropped, and the folder taken for what its files look like',
  },
  {
    id: 'argocd/destination',
    severity: 'error',
    summary: 'A destination is named by name or by server, not both.',
    source: 'argo-cd 3.5.1 util/argo/argo.go ValidateDestination',
  },
  {
    id: 'argocd/project',
    severity: 'error',
    summary: 'The project of an ApplicationSet is literal.',
    source: 'argo-cd docs/operator-manual/applicationset/Security.md: whoever writes the parameters would choose it',
  },
  {
    id: 'argocd/sync-option',
    severity: 'error',
    summary: 'Sync options are ones that Argo CD knows.',
    source: 'argo-cd 3.5.1 docs/user-guide/sync-options.md: unknown ones are ignored silently',
  },
  {
    id: 'argocd/compare-option',
    severity: 'warning',
    summary: 'The diff leaves out what webhooks change.',
    source: 'argo-cd#19800: IncludeMutationWebhook makes ignoreDifferences a permanent difference',
  },
  {
    id: 'argocd/managed-namespace',
    severity: 'error',
    summary: 'A managed namespace has CreateNamespace=true.',
    source: 'argo-cd 3.5.1 docs/user-guide/sync-options.md: without it the metadata is ignored',
  },
  {
    id: 'argocd/go-template',
    severity: 'error',
    summary: 'An ApplicationSet uses Go templates, and a missing key is an error.',
    source: 'argo-cd 3.5.1 applicationset/utils: otherwise a placeholder stays in the Application as text',
  },
  {
    id: 'argocd/generator',
    severity: 'error',
    summary: 'Generators have what they need and nothing that is ignored.',
    source: 'argo-cd 3.5.1 applicationset/generators/{git,matrix,merge}.go',
  },
  {
    id: 'argocd/rolling-sync',
    severity: 'error',
    summary: 'Steps of a rolling sync select by In or NotIn, with values.',
    source: 'argo-cd 3.5.1 applicationset/controllers/applicationset_controller.go',
  },
  {
    id: 'argocd/sync-wave',
    severity: 'error',
    summary: 'A sync wave is a whole number, and stands on nothing whose annotations reach pods.',
    source:
      'argo-cd docs/user-guide/sync-waves.md; kserve v0.20.0 copies annotations of an InferenceService to pods and revisions',
  },
  {
    id: 'argocd/name',
    severity: 'error',
    summary: 'Names are DNS subdomains.',
    source: 'argo-cd 3.5.1 applicationset/controllers/applicationset_controller.go',
  },
  {
    id: 'argocd/project-list',
    severity: 'error',
    summary: 'Lists of an AppProject have no repeats and no `!*`.',
    source: 'argo-cd 3.5.1 pkg/apis/application/v1alpha1/app_project_types.go ValidateProject',
  },
  {
    id: 'argocd/project-open',
    severity: 'warning',
    summary: 'An AppProject names repositories, destinations and kinds.',
    source: 'argo-cd 3.5.1 docs/user-guide/projects.md: a missing namespaceResourceWhitelist allows every kind',
  },
  {
    id: 'argocd/project-role',
    severity: 'error',
    summary: 'Roles have a name, and policies of six fields about their own project.',
    source: 'argo-cd 3.5.1 app_project_types.go validatePolicy',
  },
  {
    id: 'argocd/sync-window',
    severity: 'error',
    summary: 'A sync window allows or denies, at a time, for something.',
    source: 'argo-cd 3.5.1 app_project_types.go SyncWindow.Validate',
  },
];
