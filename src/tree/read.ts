import type { Finding } from '../core/finding.ts';
import type { KubeObject } from '../core/object.ts';
import { readYaml } from '../core/read-yaml.ts';
import { filesBelow, readDisk } from './disk.ts';
import { readOwnership } from './ownership.ts';
import { treeFinding } from './rules.ts';

/**
 * The files of a tree on disk, as sorted relative paths: those of the ownership index that are there, or, in a
 * folder without one (a scratch folder, the snapshots), all regular files. Links are not followed. An index that
 * cannot be read gives a finding.
 *
 * @example listTree('gitops').files // ['argocd/root.yaml', …]
 */
export function listTree(outDir: string): { readonly files: readonly string[]; readonly findings: readonly Finding[] } {
  const owned = readOwnership(outDir);
  if (owned.findings.length > 0) return { files: [], findings: owned.findings };
  const disk = readDisk(outDir);
  if (owned.text === undefined) return { files: filesBelow(disk, ''), findings: [] };
  return { files: [...owned.paths].filter((path) => disk.at(path) === 'file').sort(), findings: [] };
}

/** The object of a manifest, or why there is none. */
export type Manifest =
  | { readonly object: KubeObject; readonly findings?: never }
  | { readonly object?: never; readonly findings: readonly Finding[] };

/**
 * Reads the text of a manifest back. A syntax error, a duplicate key, several documents or something that is no
 * Kubernetes object give findings with line and column.
 *
 * @example parseManifest(text, 'gitops/argocd/root.yaml').object?.kind // 'Application'
 */
export function parseManifest(text: string, file: string): Manifest {
  const { value, findings, locate } = readYaml(text, file);
  if (findings.length > 0) return { findings };
  if (isKubeObject(value)) return { object: value };
  const message = 'the document has no apiVersion, kind and metadata.name, so it is no Kubernetes object';
  const finding = treeFinding('tree/manifest', file, message, 'write one Kubernetes object per file, or run synth again');
  return { findings: [{ ...finding, where: locate([]) }] };
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && typeof (metadata as { name?: unknown }).name === 'string';
}
