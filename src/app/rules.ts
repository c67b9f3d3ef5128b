import { findingOf, type Rule } from '../core/finding.ts';

/** What may be wrong with a project, its platform and the patches of its services. */
export const APP_RULES = [
  {
    id: 'project/no-platform',
    severity: 'error',
    summary: '`apps/platform.ts` is there and exports one Platform.',
    source: 'ours',
  },
  {
    id: 'project/load',
    severity: 'error',
    summary: 'The TypeScript of a project can be loaded.',
    source: 'ours',
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
    id: 'platform/unknown-cluster',
    severity: 'error',
    summary: 'Environments name clusters of the platform.',
    source: 'ours',
  },
  {
    id: 'platform/duplicate-cluster',
    severity: 'error',
    summary: 'An environment names a cluster once.',
    source: 'ours: every object would be written twice',
  },
  {
    id: 'platform/namespace',
    severity: 'error',
    summary: 'The namespace that an environment gives a team is a DNS label.',
    source: 'apimachinery v0.33 ValidateNamespaceName',
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
    id: 'chart/unwritable',
    severity: 'error',
    summary: 'Objects hold nothing that YAML cannot hold: half a character, dates, keys of more than 1000 characters.',
    source: 'YAML 1.2',
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
