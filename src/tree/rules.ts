import { findingOf, type Finding, type Rule } from '../core/finding.ts';

/** Every rule of the tree room, for the docs table. */
export const TREE_RULES = [
  {
    id: 'tree/path',
    severity: 'error',
    summary: 'A path in the tree stays inside it, is portable, and has no name that Git or Argo CD gives a meaning.',
    source: 'Argo CD 3.5 util/app/discovery: *Chart.yaml makes a folder Helm, kustomization.yaml Kustomize',
  },
  {
    id: 'tree/path-clash',
    severity: 'error',
    summary: 'No two paths are the same on a disk that ignores case, and none is both file and folder.',
    source: 'default file systems of macOS and Windows, where a checkout would lose one of the two',
  },
  {
    id: 'tree/foreign-file',
    severity: 'error',
    summary: 'A file that the tree did not write is never overwritten.',
    source: 'ours: files of others are never touched',
  },
  {
    id: 'tree/symlink',
    severity: 'error',
    summary: 'No path of the tree goes through a symbolic link.',
    source: 'ours: files of others are never touched; Argo CD rejects links that leave the repository',
  },
  {
    id: 'tree/journal',
    severity: 'error',
    summary: 'The journal of a release command that was killed is one that we wrote.',
    source: 'ours: its changes are carried out by the next run',
  },
  {
    id: 'tree/output-folder',
    severity: 'error',
    summary:
      'The output folder is a folder of its own, or can be made, and can be written to: no disk, home or folder above the sources.',
    source: 'ours: nothing could be written otherwise, or it would lie among files that are not of the tree',
  },
  {
    id: 'tree/index',
    severity: 'error',
    summary: 'The ownership index can be read and lists paths inside the tree only.',
    source: 'ours: without it nobody knows which files may be removed',
  },
  {
    id: 'tree/guarded-delete',
    severity: 'error',
    summary: 'What would take data or a live service down is deleted only when it is named.',
    source: 'ours: an edit of the sources must not end what serves by accident',
  },
  {
    id: 'tree/locked',
    severity: 'error',
    summary: 'One writer at a time.',
    source: 'ours: two writers would undo each other half-way',
  },
  {
    id: 'tree/write-failed',
    severity: 'error',
    summary: 'Every file could be written; where not, the next run completes the tree.',
    source: 'the operating system refused',
  },
] as const satisfies readonly Rule[];

const finding = findingOf(TREE_RULES);

/** A finding of one of these rules about a file or folder, as the caller spells it. */
export function treeFinding(
  id: (typeof TREE_RULES)[number]['id'],
  file: string,
  message: string,
  fix: string,
): Finding {
  return finding(id, { file }, message, fix);
}
