import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createChecker, type Checker } from '../check/checker.ts';
import { createObjectChecks } from '../check/objects.ts';
import { checkMonitoring } from '../check/monitoring.ts';
import { checkServing } from '../check/serving.ts';
import { checkTraffic } from '../check/traffic.ts';
import { sortFindings, type Finding, type Where } from '../core/finding.ts';
import { groupOf, type KubeObject } from '../core/object.ts';
import { emitYaml } from '../core/yaml.ts';
import { resolveServing } from '../release/resolve.ts';
import { openStore, type ReleaseStore } from '../release/store.ts';
import { argocdApp, renderApplicationSet, renderAppProject, renderRootApplication, sharedApp } from '../render/argocd.ts';
import { renderShared } from '../render/kubernetes.ts';
import type { Target } from '../render/target.ts';
import type { Cluster, Environment, PlatformConfig } from '../service/platform.ts';
import { readReference } from '../service/reference.ts';
import type { ServiceSpec } from '../service/service.ts';
import { applicationPath, createLayout, manifestPath, unitFolder } from '../tree/layout.ts';
import { namespaceOf, type AIService } from './ai-service.ts';
import { applyPatches } from './patch.ts';
import type { Platform } from './platform.ts';
import { renderTarget } from './render-target.ts';

/** A rendered tree, or what is wrong with it. */
export interface Synthesis {
  /** Content by path, relative to the GitOps tree. Complete only when no finding is an error. */
  readonly files: ReadonlyMap<string, string>;
  /** All findings of the run, sorted. */
  readonly findings: readonly Finding[];
  /** What `--allow-delete` must name before a file that is no longer produced may go; `undefined` when it may go freely. */
  readonly guard: (path: string) => string | undefined;
  /** Counted work, for tests that guard against super-linear growth. */
  readonly counts: { readonly targets: number; readonly objects: number };
}
