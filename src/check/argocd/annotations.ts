import type { Finding } from '../../core/finding.ts';
import { didYouMean } from '../../core/names.ts';
import { groupOf, objectLabel, type KubeObject } from '../../core/object.ts';
import { reporter, type Report } from '../report.ts';
import { ARGOCD_RULES } from './rules.ts';

const report = reporter(ARGOCD_RULES);

/** Sync options by name, and their values (argo-cd 3.5.1 docs/user-guide/sync-options.md); both are case-sensitive. */
// prettier-ignore
const SYNC_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries({
  ApplyOutOfSyncOnly: ['true'],
  ClientSideApplyMigration: ['false'],
  CreateNamespace: ['true'],
  Delete: ['false', 'confirm'],
  FailOnSharedResource: ['true'],
  Force: ['true'],
  Prune: ['false', 'confirm'],
  PruneLast: ['true'],
  PrunePropagationPolicy: ['foreground', 'background', 'orphan'],
  Replace: ['true'],
  RespectIgnoreDifferences: ['true'],
  ServerSideApply: ['true', 'false'],
  SkipDryRunOnMissingResource: ['true'],
  Validate: ['false', 'true'],
}));

/** Checks sync options; Argo CD ignores those that it does not know. */
export function checkSyncOptions({ add }: Report, field: string, options: readonly string[]): void {
  for (const option of options) {
    const [name = '', value = ''] = option.split('=', 2);
    const values = SYNC_OPTIONS.get(name);
    if (values?.includes(value)) continue;
    add(
      'argocd/sync-option',
      field,
      `Argo CD knows no sync option ${JSON.stringify(option)} and would ignore it`,
      fixOf(name),
    );
  }
}

function fixOf(name: string): string {
  const values = SYNC_OPTIONS.get(name);
  if (values) return `write ${values.map((value) => `${name}=${value}`).join(' or ')}`;
  const near = didYouMean(name, SYNC_OPTIONS.keys());
  return near === undefined ? `use one of ${[...SYNC_OPTIONS.keys()].join(', ')}` : `did you mean ${near}?`;
}

const WAVE = 'argocd.argoproj.io/sync-wave';
const OPTIONS = 'argocd.argoproj.io/sync-options';

/** Kinds whose annotations reach pods: an annotation that changes, or one too many, is a new revision of what serves. */
const COPIED: ReadonlySet<string> = new Set(['serving.kserve.io/InferenceService']);

/** Checks the annotations by which any object may steer its sync. */
export function checkSyncAnnotations(object: KubeObject): readonly Finding[] {
  const { annotations } = object.metadata;
  if (annotations?.[WAVE] === undefined && annotations?.[OPTIONS] === undefined) return [];
  const result = report({ object: objectLabel(object) });
  const wave = annotations[WAVE];
  const field = `metadata.annotations["${WAVE}"]`;
  if (wave !== undefined && !/^-?\d+$/.test(wave)) {
    result.add(
      'argocd/sync-wave',
      field,
      `${JSON.stringify(wave)} is no whole number, so Argo CD takes wave 0`,
      'write "-1"',
    );
  } else if (wave !== undefined && COPIED.has(`${groupOf(object.apiVersion)}/${object.kind}`)) {
    result.add(
      'argocd/sync-wave',
      field,
      'KServe copies it to the pods',
      'remove it, and give an earlier wave to what must be there before',
    );
  }
  const options = annotations[OPTIONS];
  if (options !== undefined)
    checkSyncOptions(
      result,
      `metadata.annotations["${OPTIONS}"]`,
      options.split(',').map((option) => option.trim()),
    );
  return result.findings;
}
