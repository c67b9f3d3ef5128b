import { answered, refused, type Answer } from '../core/answer.ts';
import { atMost, checkPaths, fromFolder, pathspecs, type Place } from './paths.ts';
import { resolveRef } from './refs.ts';
import { failed, piecesOf, runGit } from './run.ts';

/** See `Repository.listFiles`. */
export async function listFiles(place: Place, ref: string, folder = ''): Promise<Answer<readonly string[]>> {
  const flaws = checkPaths([folder], 'folders');
  if (flaws.length > 0) return refused(...flaws);
  const objects = await objectsIn(place, ref, [folder]);
  return objects.value === undefined ? objects : answered([...objects.value.keys()].sort());
}

/** See `Repository.readFiles`. */
export async function readFiles(place: Place, ref: string, paths: Iterable<string>): Promise<Answer<ReadonlyMap<string, string>>> {
  const wanted = new Set(paths);
  const flaws = checkPaths(wanted, 'files');
  if (flaws.length > 0) return refused(...flaws);
  if (wanted.size === 0) return answered(new Map());
  const objects = await objectsIn(place, ref, atMost([...wanted]));
  if (objects.value === undefined) return objects;
  const found = [...objects.value].filter(([path]) => wanted.has(path));
  const texts = await readObjects(place, found.map(([, id]) => id));
  if (texts.value === undefined) return texts;
  return answered(new Map(found.map(([path, id]) => [path, texts.value.get(id) ?? ''])));
}

/** The id of the object that each regular file has in a commit, by path. */
async function objectsIn(place: Place, ref: string, paths: readonly string[]): Promise<Answer<ReadonlyMap<string, string>>> {
  const commit = await resolveRef(place, ref);
  if (commit.value === undefined) return commit;
  const ran = await runGit(place.folder, ['ls-tree', '-r', '-z', '--full-tree', commit.value, '--', ...pathspecs(place, paths)]);
  if (ran.code !== 0) return refused(failed(`list the files of ${ref}`, ran));
  const objects = new Map<string, string>();
  for (const entry of piecesOf(ran.stdout)) {
    const [, mode = '', id = '', path = ''] = /^(\d+) \w+ (\w+)\t([^]*)$/.exec(entry) ?? [];
    if (mode.startsWith('100')) objects.set(fromFolder(place, path), id);
  }
  return answered(objects);
}

/** Objects by id, as text. Asked for by id and not by path, because a path may have a line break in it. */
export async function readObjects(place: Place, ids: readonly string[]): Promise<Answer<ReadonlyMap<string, string>>> {
  const texts = new Map<string, string>();
  if (ids.length === 0) return answered(texts);
  const ran = await runGit(place.folder, ['cat-file', '--batch'], { input: `${[...new Set(ids)].join('\n')}\n` });
  if (ran.code !== 0) return refused(failed('read the files of a commit', ran));
  for (let at = 0; at < ran.stdout.length; ) {
    const start = ran.stdout.indexOf('\n', at) + 1;
    const [id = '', type = '', size = ''] = ran.stdout.toString('latin1', at, start - 1).split(' ');
    if (type === 'missing') {
      return refused(failed('read the files of a commit', { ...ran, stderr: `object ${id} is not in this clone` }));
    }
    texts.set(id, ran.stdout.toString('utf8', start, start + Number(size)));
    at = start + Number(size) + 1;
  }
  return answered(texts);
}
