import type {
  Application,
  ApplicationSet,
  ApplicationSpec,
  AppProject,
  Destination,
  Generator,
  Source,
} from '../../imports/argoproj.io/v1alpha1.js';
import type { Finding } from '../core/finding.ts';
import { isDnsSubdomain } from '../core/names.ts';
import { objectLabel, type KubeObject } from '../core/object.ts';
import { checkSyncOptions } from './argocd/annotations.ts';
import { checkProject } from './argocd/project.ts';
import { ARGOCD_RULES } from './argocd/rules.ts';
import { reporter, type Report } from './report.ts';

export { ARGOCD_RULES } from './argocd/rules.ts';

const report = reporter(ARGOCD_RULES);

/**
 * Checks an Application, ApplicationSet or AppProject that its schema has accepted.
 *
 * @example checkArgocd(application) // [{ id: 'argocd/sync-option', … }]
 */
export function checkArgocd(object: KubeObject): Finding[] {
  const result = report({ object: objectLabel(object) });
  const { name } = object.metadata;
  if (!isDnsSubdomain(name)) {
    result.add(
      'argocd/name',
      'metadata.name',
      `${JSON.stringify(name)} is no name of an object`,
      'use lower-case letters, digits, "-" and "."',
    );
  }
  switch (object.kind) {
    case 'Application':
      checkApplication(result, 'spec', (object as unknown as Application).spec);
      checkCompareOptions(result, 'metadata', object.metadata.annotations);
      break;
    case 'ApplicationSet':
      checkApplicationSet(result, (object as unknown as ApplicationSet).spec);
      break;
    case 'AppProject':
      checkProject(result, name, (object as unknown as AppProject).spec);
      break;
  }
  return result.findings;
}

function checkApplication(result: Report, field: string, spec: ApplicationSpec): void {
  const { add } = result;
  const { source, sources, sourceHydrator, destination, syncPolicy } = spec;
  const given = { source, sources: sources?.length ? sources : undefined, sourceHydrator };
  const ways = Object.entries(given).filter(([, value]) => value !== undefined);
  if (ways.length !== 1) {
    const message =
      ways.length === 0
        ? 'the Application has no source'
        : `${ways.map(([name]) => name).join(' and ')} stand side by side`;
    add('argocd/source', field, message, 'write exactly one of source, sources, sourceHydrator');
  }
  if (source) checkSource(result, `${field}.source`, source, false);
  if (sourceHydrator) {
    const { drySource, syncSource, hydrateTo } = sourceHydrator;
    const place = `${field}.sourceHydrator`;
    const missing = [
      ['drySource.repoURL', drySource.repoURL],
      ['syncSource.targetBranch', syncSource.targetBranch],
      ['hydrateTo.targetBranch', hydrateTo?.targetBranch],
    ].find(([, value]) => value === '');
    if (missing) add('argocd/source', `${place}.${missing[0]}`, 'it is empty', 'say from where, and to which branch');
  }
  sources?.forEach((each, index) => checkSource(result, `${field}.sources[${index}]`, each, true));
  checkDestination(result, `${field}.destination`, destination);
  const options = syncPolicy?.syncOptions ?? [];
  checkSyncOptions(result, `${field}.syncPolicy.syncOptions`, options);
  if (syncPolicy?.managedNamespaceMetadata && !options.includes('CreateNamespace=true')) {
    add(
      'argocd/managed-namespace',
      `${field}.syncPolicy.managedNamespaceMetadata`,
      'without CreateNamespace=true it is ignored',
      'add CreateNamespace=true to syncOptions',
    );
  }
}

function checkSource({ add }: Report, field: string, source: Source, multiple: boolean): void {
  const { repoURL, path, chart, ref, targetRevision, directory } = source;
  if (repoURL === '') add('argocd/source', `${field}.repoURL`, 'the repository is empty', 'write its URL');
  if (!path && !chart && !(multiple && ref)) {
    add('argocd/source', field, 'the source has neither path nor chart', 'write path or chart');
  }
  if (chart && !targetRevision) {
    add('argocd/source', `${field}.targetRevision`, 'a chart has no version', 'write targetRevision: <version>');
  }
  const tools = (['helm', 'kustomize', 'directory', 'plugin'] as const).filter((tool) => source[tool] !== undefined);
  if (tools.length > 1) add('argocd/source', field, `${tools.join(' and ')} stand side by side`, 'choose one');
  if (directory && !directory.recurse && !directory.include && !directory.exclude && !directory.jsonnet) {
    add(
      'argocd/directory',
      `${field}.directory`,
      'it says nothing, so Argo CD drops it',
      'write directory: { recurse: true }',
    );
  }
}

/** A placeholder may turn out empty, so only what is literal is judged. */
function checkDestination({ add }: Report, field: string, { name, server }: Destination): void {
  if (name?.includes('{{') || server?.includes('{{')) return;
  if (Boolean(name) === Boolean(server)) {
    add(
      'argocd/destination',
      field,
      name ? 'the cluster is named twice' : 'no cluster is named',
      'write exactly one of name and server',
    );
  }
}

function checkCompareOptions(
  { add }: Report,
  field: string,
  annotations: Readonly<Record<string, string>> | undefined,
): void {
  const options = annotations?.['argocd.argoproj.io/compare-options'] ?? '';
  if (!options.includes('IncludeMutationWebhook=true')) return;
  add(
    'argocd/compare-option',
    `${field}.annotations["argocd.argoproj.io/compare-options"]`,
    'IncludeMutationWebhook=true shows what webhooks change as a difference for ever',
    'remove it',
  );
}

function checkApplicationSet(result: Report, spec: ApplicationSet['spec']): void {
  const { add } = result;
  const { template, goTemplate, goTemplateOptions = [], templatePatch, generators } = spec;
  if (!goTemplate) {
    add(
      'argocd/go-template',
      'spec.goTemplate',
      'without Go templates an unknown placeholder stays in the Application as text',
      'write goTemplate: true',
    );
    if (templatePatch !== undefined) {
      add('argocd/go-template', 'spec.templatePatch', 'templatePatch needs Go templates', 'write goTemplate: true');
    }
  } else if (!goTemplateOptions.includes('missingkey=error')) {
    add(
      'argocd/go-template',
      'spec.goTemplateOptions',
      'a missing key would become "<no value>"',
      'write goTemplateOptions: ["missingkey=error"]',
    );
  }
  for (const option of goTemplateOptions) {
    if (!/^missingkey=(?:default|invalid|zero|error)$/.test(option)) {
      add(
        'argocd/go-template',
        'spec.goTemplateOptions',
        `${JSON.stringify(option)} stops the controller`,
        'write missingkey=error',
      );
    }
  }
  if (template.spec.project.includes('{{')) {
    add(
      'argocd/project',
      'spec.template.spec.project',
      'who writes the parameters would choose the project',
      'write the project itself',
    );
  }
  if (templatePatch !== undefined && /^ *project:/m.test(templatePatch)) {
    add('argocd/project', 'spec.templatePatch', 'a patch must not change the project', 'remove project');
  }
  if (!template.metadata.name) {
    add(
      'argocd/name',
      'spec.template.metadata.name',
      'the Applications have no name',
      'write a name with a placeholder',
    );
  }
  checkApplication(result, 'spec.template.spec', template.spec);
  checkCompareOptions(result, 'spec.template.metadata', template.metadata.annotations);
  generators.forEach((generator, index) => checkGenerator(result, `spec.generators[${index}]`, generator, 0));
  checkRollingSync(result, spec.strategy);
}

const GENERATORS = [
  'clusterDecisionResource',
  'clusters',
  'git',
  'list',
  'matrix',
  'merge',
  'plugin',
  'pullRequest',
  'scmProvider',
] as const;

interface Combination {
  readonly generators: readonly Generator[];
  readonly mergeKeys?: readonly string[];
}

function checkGenerator(result: Report, field: string, generator: Generator, depth: number): void {
  const { add } = result;
  const id = 'argocd/generator';
  const kinds = GENERATORS.filter((kind) => generator[kind] !== undefined);
  if (kinds.length !== 1) {
    add(
      id,
      field,
      kinds.length === 0 ? 'no generator is given' : `${kinds.join(' and ')} stand side by side`,
      'write one generator per item',
    );
  }
  const { git } = generator;
  if (git) {
    const both = git.directories?.length && git.files?.length;
    if (both) {
      add(id, `${field}.git.files`, 'directories are given too, so files are ignored', 'use directories or files');
    }
    if (!git.directories?.length && !git.files?.length) {
      add(id, `${field}.git`, 'neither directories nor files are given', 'write files: [{ path: … }]');
    }
  }
  for (const kind of ['matrix', 'merge'] as const) {
    const combination = generator[kind] as Combination | undefined;
    if (!combination) continue;
    const children = combination.generators;
    if (depth > 1) add(id, `${field}.${kind}`, 'Argo CD combines generators in two levels at most', 'make it flatter');
    if (kind === 'matrix' && children.length !== 2) {
      add(id, `${field}.matrix.generators`, `a matrix has two generators, not ${children.length}`, 'write exactly two');
    }
    if (kind === 'merge' && children.length < 2) {
      add(id, `${field}.merge.generators`, 'a merge has two or more generators', 'write at least two');
    }
    if (kind === 'merge' && !combination.mergeKeys?.length) {
      add(id, `${field}.merge.mergeKeys`, 'a merge has no keys', 'write mergeKeys');
    }
    children.forEach((child, index) =>
      checkGenerator(result, `${field}.${kind}.generators[${index}]`, child, depth + 1),
    );
  }
}

function checkRollingSync({ add }: Report, strategy: ApplicationSet['spec']['strategy']): void {
  const steps = strategy?.rollingSync?.steps ?? [];
  if (strategy?.deletionOrder === 'Reverse' && (strategy.type !== 'RollingSync' || steps.length === 0)) {
    add(
      'argocd/rolling-sync',
      'spec.strategy.deletionOrder',
      'Reverse needs a rolling sync with steps',
      'write type: RollingSync and steps',
    );
  }
  steps.forEach(({ matchExpressions = [], maxUpdate }, index) => {
    const field = `spec.strategy.rollingSync.steps[${index}]`;
    if (typeof maxUpdate === 'string' && !/^\d+%$/.test(maxUpdate)) {
      add(
        'argocd/rolling-sync',
        `${field}.maxUpdate`,
        `${JSON.stringify(maxUpdate)} is no share`,
        'write a number or "25%"',
      );
    }
    matchExpressions.forEach(({ operator, values }, i) => {
      if (operator !== 'In' && operator !== 'NotIn') {
        add(
          'argocd/rolling-sync',
          `${field}.matchExpressions[${i}].operator`,
          `${JSON.stringify(operator ?? '')} is no operator here`,
          'write In or NotIn',
        );
      }
      if (!values?.length) {
        add(
          'argocd/rolling-sync',
          `${field}.matchExpressions[${i}].values`,
          'there are no values',
          'list the values of the label',
        );
      }
    });
  });
}
