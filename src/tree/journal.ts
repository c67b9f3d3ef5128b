import { readFileSync, renameSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { sha256 } from '../core/digest.ts';
import type { Finding } from '../core/finding.ts';
import { makeFolder } from '../core/make-folder.ts';
import { readDisk } from './disk.ts';
import { acquireLock, releaseLock } from './lock.ts';
import { folderOf, INDEX_FILE, inTree, JOURNAL_FILE, nameOf, pathFlaw, pathIn, temporaryName } from './paths.ts';
import { outputFolderFinding } from './plan.ts';
import { treeFinding } from './rules.ts';

/** A file that changes; `undefined` stands for no file. */
export interface FileChange {
  /** Relative to the root of the checkout. */
  readonly path: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A checkout and the tree in it. */
export interface JournalPlace {
  /** Root of the checkout, which holds the tree and the release store. */
  readonly root: string;
  /** Folder of the tree in it. */
  readonly tree: string;
}

/**
 * Changes some files of a checkout together: what is killed in the middle is completed by the next run. All changes are
 * written into a journal first, then each file is replaced at once; `recoverJournal` does the rest.
 *
 * A file that is neither as it was nor as it shall be is left alone, and then nothing is written.
 */
export function writeJournaled(place: JournalPlace, changes: readonly FileChange[]): Finding[] {
  if (changes.length === 0) return [];
  const folder = `${place.root}/${place.tree}`;
  try {
    makeFolder(folder);
    const locked = acquireLock(folder);
    if (locked) return [locked];
  } catch (error) {
    return [outputFolderFinding(folder, error)];
  }
  try {
    const linked = throughLinks(place.root, changes);
    if (linked.length > 0) return linked;
    const foreign = changes.filter(({ path, before, after }) => {
      const now = textOf(`${place.root}/${path}`);
      return now !== before && now !== after;
    });
    if (foreign.length > 0) {
      return foreign.map(({ path }) =>
        treeFinding('tree/locked', path, 'the file changed while the command ran', 'run again'),
      );
    }
    const journal = `${folder}/${JOURNAL_FILE}`;
    replaceFile(journal, formatJournal(changes));
    apply(place, changes);
    unlinkSync(journal);
    return [];
  } catch (error) {
    return [
      treeFinding(
        'tree/write-failed',
        place.tree,
        `stopped half-way: ${(error as Error).message}`,
        'mend the cause and run again; the next run completes it',
      ),
    ];
  } finally {
    releaseLock(folder);
  }
}

/**
 * Completes what a killed run had begun. Every command that reads or writes a checkout asks for this first. A file that
 * somebody changed since then is not overwritten: what the run wanted to write is of another day.
 */
export function recoverJournal(place: JournalPlace): Finding[] {
  const folder = `${place.root}/${place.tree}`;
  const journal = `${folder}/${JOURNAL_FILE}`;
  if (textOf(journal) === undefined) return [];
  const locked = acquireLock(folder);
  if (locked) return [locked];
  try {
    const text = textOf(journal);
    if (text === undefined) return [];
    const changes = readJournal(text, place.tree);
    const file = inTree(place.tree, JOURNAL_FILE);
    if (!changes)
      return [
        treeFinding(
          'tree/journal',
          file,
          'this is not what a run left behind',
          'delete the file, and look at git diff',
        ),
      ];
    const linked = throughLinks(place.root, changes);
    if (linked.length > 0) return linked;
    const foreign = changes.find(({ path, before, after }) => {
      const now = textOf(`${place.root}/${path}`);
      return now !== after && digestOf(now) !== before;
    });
    if (foreign) {
      const message = `a run was killed in the middle of a move, and ${foreign.path} is neither as it was before nor as the move makes it`;
      return [
        treeFinding(
          'tree/journal',
          file,
          message,
          'look at git diff, restore the file and run again; or delete the journal, and make the move again',
        ),
      ];
    }
    apply(place, changes);
    unlinkSync(journal);
    return [];
  } catch (error) {
    const message = `what a killed run had begun cannot be completed: ${(error as Error).message}`;
    return [treeFinding('tree/write-failed', place.tree, message, 'mend the cause and run again')];
  } finally {
    releaseLock(folder);
  }
}

type Written = Pick<FileChange, 'path' | 'after'>;

/** A change as it is read back; `before` is the digest of what was there. */
interface Journaled extends Written {
  readonly before: string | undefined;
}

function formatJournal(changes: readonly FileChange[]): string {
  return JSON.stringify(changes.map(({ path, before, after }) => [path, after ?? null, digestOf(before) ?? null]));
}

function digestOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : sha256(text);
}

/** What a journal says, or `undefined` when it is not one of ours: it is written before it is renamed, thus always whole. */
function readJournal(text: string, tree: string): readonly Journaled[] | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(entries)) return undefined;
  const changes: Journaled[] = [];
  for (const entry of entries as unknown[]) {
    const [path, after, before] = Array.isArray(entry) ? (entry as unknown[]) : [];
    // Of the writer's own files the index alone changes with the others.
    if (typeof path !== 'string' || (pathFlaw(path) !== undefined && path !== inTree(tree, INDEX_FILE)))
      return undefined;
    if (!isTextOrNull(after) || !isTextOrNull(before)) return undefined;
    changes.push({ path, after: after ?? undefined, before: before ?? undefined });
  }
  return changes;
}

function isTextOrNull(value: unknown): value is string | null {
  return typeof value === 'string' || value === null;
}

/** Files whose folder is not a folder of the checkout itself. */
function throughLinks(root: string, changes: readonly Written[]): Finding[] {
  const disk = readDisk(root);
  return changes.flatMap(({ path }) =>
    disk.obstacle(path) !== undefined || disk.at(path) === 'link'
      ? [treeFinding('tree/symlink', path, 'a symbolic link or a file stands on the way to the file', 'remove it')]
      : [],
  );
}

function apply({ root, tree }: JournalPlace, changes: readonly Written[]): void {
  for (const { path, after } of changes) {
    const file = `${root}/${path}`;
    if (after !== undefined) {
      makeFolder(folderOf(file));
      replaceFile(file, after);
    } else {
      rmSync(file, { force: true });
      removeEmptyFolders(root, folderOf(path), tree);
    }
  }
}

/** Folders that became empty go, up to the tree itself. */
function removeEmptyFolders(root: string, folder: string, tree: string): void {
  if (folder === '' || folder === tree) return;
  try {
    rmdirSync(`${root}/${folder}`);
  } catch {
    // It holds something, or is gone already.
    return;
  }
  removeEmptyFolders(root, folderOf(folder), tree);
}

function replaceFile(file: string, content: string): void {
  const temporary = pathIn(folderOf(file), temporaryName(nameOf(file)));
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
