import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with a project, its platform and the patches of its services. */
export const APP_RULES = [
  {
    id: 'project/no-platform',
    severity: 'error',
    summary: '`apps/platform.ts` is there and exports one Platform.',
    source: 'ours: environments and clusters are written once, for all services',
  },
  {
    id: 'project/load',
    severity: 'error',
    summary: 'The TypeScript of a project can be loaded.',
    source: 'ours: what could not be loaded would be missing in the tree',
  },
  {
    id: 'project/two-sources',
    severity: 'error',
    summary: 'A service is described by `service.ts` or by `service.yaml`, not by both.',
    source: 'ours: nobody could say which one counts',
  },
  {
    id: 'project/service-name',
    severity: 'error',
    summary: '`apps/<name>/service.ts` defines the service `<name>` and no other.',
    source: 'ours: who looks for a service finds its folder',
  },
  {
    id: 'project/service-folder',
    severity: 'error',
    summary: 'The folder of a service is a folder, no link, and its file has the name that is looked for.',
    source: 'ours: what nothing reads would be missing in the tree without a word',
  },
  {
    id: 'platform/unknown-cluster',
    severity: 'error',
    summary: 'Environments name clusters of the platform.',
    source: 'ours: nothing is known of another one, so nothing can be rendered for it',
  },
  {
    id: 'platform/duplicate-cluster',
    severity: 'error',
    summary: 'An environment names a cluster once.',
    source: 'ours: every object would be written twice',
  },
  {
    id: 'platform/same-destination',
    severity: 'error',
    summary: 'What two clusters of the platform get does not go to one namespace of one cluster.',
    source:
      'argo-cd 3.5.1: two Applications that own the same objects undo the work of each other (SharedResourceWarning)',
  },
  {
    id: 'platform/imports',
    severity: 'error',
    summary: 'Folders with imported CRDs are there.',
    source: 'ours: kinds would be unknown, and nobody would look for the cause in a path',
  },
  {
    id: 'platform/health-check',
    severity: 'warning',
    summary:
      'Where finished releases leave a stopped InferenceService behind, Argo CD has been told that it is healthy.',
    source:
      "argo-cd 3.5.7 resource_customizations/serving.kserve.io/InferenceService/health.lua: Suspended, for which gitops-engine pkg/sync/sync_context.go Sync waits before it prunes, whatever the object's annotations say",
  },
  {
    id: 'platform/metric-sources',
    severity: 'info',
    summary: 'A cluster with a Prometheus says what that scrapes.',
    source: 'ours: an alert on metrics that nobody has would never fire, so it is not rendered',
  },
  {
    id: 'platform/stage',
    severity: 'warning',
    summary: 'An environment that is called like production is in the stage `prod`.',
    source: 'ours: only stage prod keeps live objects when Git loses them, and wakes people up',
  },
  {
    id: 'platform/namespace',
    severity: 'error',
    summary: 'The namespace that an environment gives a team is a DNS label.',
    source: 'apimachinery v0.33 ValidateNamespaceName',
  },
  {
    id: 'platform/annotations',
    severity: 'error',
    summary: 'The function of a cluster gives a ServiceAccount annotations: texts by name.',
    source: 'ours: without them the pods have no identity, and cannot fetch their model',
  },
  {
    id: 'platform/root-project',
    severity: 'error',
    summary: 'No team is called like the AppProject of the root Application.',
    source: 'ours: every team has an AppProject of its name, with little in it',
  },
  {
    id: 'chart/construct',
    severity: 'error',
    summary: 'What users add to the chart of a service can be rendered, and is valid by its own word.',
    source: 'constructs: node.validate(), as the App of cdk8s asks it',
  },
  {
    id: 'chart/dashboard',
    severity: 'error',
    summary: 'A dashboard that is added to a service has a name of its own, and is one that a ConfigMap can hold.',
    source: 'ours: Grafana skips a dashboard that it cannot read with a log line',
  },
  {
    id: 'chart/unwritable',
    severity: 'error',
    summary: 'Objects hold nothing that YAML cannot hold: half a character, dates, keys of more than 1000 characters.',
    source: 'YAML 1.2',
  },
  {
    id: 'checkout/unknown-service',
    severity: 'error',
    summary: 'A release command names a service that the tree has in that environment.',
    source: 'ours: a misspelt name would move nothing, and say nothing',
  },
  {
    id: 'checkout/incomplete',
    severity: 'error',
    summary: 'A checkout holds all that synth wrote: descriptors, intents, and the release store.',
    source: 'ours: release commands render again from what synth left beside the manifests',
  },
  {
    id: 'checkout/differs',
    severity: 'error',
    summary: 'What a release command is about to change is what the state before the change says.',
    source: 'ours: an edit by hand is never lost silently',
  },
  {
    id: 'trail/time',
    severity: 'error',
    summary: 'The time of an audit has one meaning, and is not in the future.',
    source: 'RFC 3339; a date stands for its end in UTC',
  },
  {
    id: 'trail/too-early',
    severity: 'error',
    summary: 'An audit asks for a time of which Git knows.',
    source: 'ours: before the first commit with a state nothing is known',
  },
  {
    id: 'transition/one-state',
    severity: 'error',
    summary: 'A transition changes the state of one service in one environment.',
    source: 'ours: one commit, one move, so that it can be read and taken back',
  },
  {
    id: 'transition/foreign-file',
    severity: 'error',
    summary: 'A transition changes nothing but the state, and the files of that service and environment in the tree.',
    source: 'ours: what merges by itself has no passengers',
  },
  {
    id: 'transition/record',
    severity: 'error',
    summary: 'A transition leaves release records as they are, and adds at most the one that it releases.',
    source: 'ours: records are written once',
  },
  {
    id: 'transition/illegal',
    severity: 'error',
    summary: 'The state is what a legal move makes of the one before.',
    source:
      'ours: the table of moves in docs/releases.md; what needs --force or --accept-policy is for people to merge',
  },
  {
    id: 'transition/tree',
    severity: 'error',
    summary: 'The tree is, byte for byte, what the move renders.',
    source: 'ours: the state is what was approved, and the tree must not say another thing',
  },
  {
    id: 'transition/evidence',
    severity: 'error',
    summary: 'A move that gives a candidate more traffic names the gates that it passed.',
    source: 'ours: `Gate:` trailers of the commit, as ai-service gate writes them',
  },
  {
    id: 'transition/behind',
    severity: 'error',
    summary: 'The branch that a transition goes to has not moved the same service meanwhile.',
    source: 'ours: a merge of two moves is neither of them',
  },
  {
    id: 'patch/no-match',
    severity: 'error',
    summary: 'A patch selects something that is rendered.',
    source: 'ours: a patch that does nothing any more is a mistake',
  },
  {
    id: 'patch/operation',
    severity: 'error',
    summary: 'A patch adds, removes or replaces.',
    source: 'RFC 6902 has more operations, which nothing here needs',
  },
  {
    id: 'patch/missing-path',
    severity: 'error',
    summary: 'The path of a patch is there.',
    source: 'RFC 6902; ours: what we render may change, and the patch must not silently miss it',
  },
] as const satisfies readonly Rule[];

/** A finding of one of these rules. */
export const appFinding = findingOf(APP_RULES);
