import { answered, refused, type Answer } from '../core/answer.ts';
import { textOf } from '../core/files.ts';
import { checkPaths, fromFolder, fromTop, inGroups, pathspecs, type Place } from './paths.ts';
import { resolveRef } from './refs.ts';
import { failed, piecesOf, runGit } from './run.ts';

/** See `Repository.listFiles`. */
export async function listFiles(
  place: Place,
  ref: string,
  folders: readonly string[],
): Promise<Answer<readonly string[]>> {
  const flaws = checkPaths(folders, 'folders');
  if (flaws.length > 0) return refused(...flaws);
  const objects = await objectsIn(place, ref, folders.length === 0 ? [''] : folders);
  return objects.value === undefined ? objects : answered([...objects.value.keys()].sort());
}

/** See `Repository.readFiles`. */
export async function readFiles(
  place: Place,
  ref: string,
  paths: Iterable<string>,
): Promise<Answer<ReadonlyMap<string, string>>> {
  const wanted = new Set(paths);
  const flaws = checkPaths(wanted, 'files');
  if (flaws.length > 0) return refused(...flaws);
  if (wanted.size === 0) return answered(new Map());
  const objects = await objectsIn(place, ref, [...wanted]);
  if (objects.value === undefined) return objects;
  const found = [...objects.value].filter(([path]) => wanted.has(path));
  const texts = await readObjects(
    place,
    found.map(([, id]) => id),
  );
  if (texts.value === undefined) return texts;
  return answered(new Map(found.map(([path, id]) => [path, texts.value.get(id) ?? ''])));
}

/** See `Repository.listFolders`. */
export async function listFolders(place: Place, ref: string, folder: string): Promise<Answer<readonly string[]>> {
  const flaws = checkPaths([folder], 'folders');
  const commit = await resolveRef(place, ref);
  if (commit.value === undefined || flaws.length > 0) return refused(...flaws, ...commit.findings);
  const top = fromTop(place, folder).replace(/\/$/, '');
  const ran = await runGit(place.folder, [
    'ls-tree',
    '-d',
    '-z',
    '--name-only',
    '--full-tree',
    `${commit.value}:${top}`,
  ]);
  // A folder that the commit does not have is empty.
  return answered(ran.code === 0 ? piecesOf(ran.stdout).sort() : []);
}

/** The id of the object that each regular file has in a commit, by path. */
async function objectsIn(
  place: Place,
  ref: string,
  paths: readonly string[],
): Promise<Answer<ReadonlyMap<string, string>>> {
  const commit = await resolveRef(place, ref);
  if (commit.value === undefined) return commit;
  const objects = new Map<string, string>();
  for (const group of inGroups(paths)) {
    const ran = await runGit(place.folder, [
      'ls-tree',
      '-r',
      '-z',
      '--full-tree',
      commit.value,
      '--',
      ...pathspecs(place, group),
    ]);
    if (ran.code !== 0) return refused(failed(`list the files of ${ref}`, ran));
    for (const entry of piecesOf(ran.stdout)) {
      const [, mode = '', id = '', path = ''] = /^(\d+) \w+ (\w+)\t([^]*)$/.exec(entry) ?? [];
      if (mode.startsWith('100')) objects.set(fromFolder(place, path), id);
    }
  }
  return answered(objects);
}

/** Objects by id, as text. Asked for by id and not by path, because a path may have a line break in it. */
export async function readObjects(place: Place, ids: readonly string[]): Promise<Answer<ReadonlyMap<string, string>>> {
  const texts = new Map<string, string>();
  if (ids.length === 0) return answered(texts);
  const ran = await runGit(place.folder, ['cat-file', '--batch'], { input: `${[...new Set(ids)].join('\n')}\n` });
  if (ran.code !== 0) return refused(failed('read the files of a commit', ran));
  for (let at = 0; at < ran.stdout.length;) {
    const start = ran.stdout.indexOf('\n', at) + 1;
    const [id = '', type = '', size = ''] = ran.stdout.toString('latin1', at, start - 1).split(' ');
    if (type === 'missing') {
      return refused(failed('read the files of a commit', { ...ran, stderr: `object ${id} is not in this clone` }));
    }
    texts.set(id, textOf(ran.stdout.subarray(start, start + Number(size))));
    at = start + Number(size) + 1;
  }
  return answered(texts);
}
