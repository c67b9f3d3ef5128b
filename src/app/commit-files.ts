import { answered, refused, type Answer } from '../core/answer.ts';
import type { Files } from '../core/files.ts';
import type { Repository } from '../git/repository.ts';

/** Files that are in memory; `names` are those that are listed, by default the same. */
export function memoryFiles(texts: ReadonlyMap<string, string>, names: Iterable<string> = texts.keys()): Files {
  const folders = new Map<string, { files: Set<string>; folders: Set<string> }>();
  const folder = (path: string): { files: Set<string>; folders: Set<string> } => {
    const known = folders.get(path) ?? { files: new Set<string>(), folders: new Set<string>() };
    folders.set(path, known);
    return known;
  };
  for (const name of names) {
    const parts = name.split('/');
    parts.forEach((part, index) =>
      folder(parts.slice(0, index).join('/'))[index === parts.length - 1 ? 'files' : 'folders'].add(part),
    );
  }
  return {
    read: (path) => texts.get(path),
    entries(path) {
      const { files, folders: below } = folders.get(path) ?? { files: [], folders: [] };
      return { files: [...files].sort(), folders: [...below].sort() };
    },
  };
}

/**
 * The files of a commit below some folders, `.` for all: all of them are listed, and those that `wanted` names can be read.
 *
 * @example (await commitFiles(repository, 'HEAD', ['releases'], () => true)).value?.read('releases/fraud-detector/v47.yaml')
 */
export async function commitFiles(
  repository: Repository,
  ref: string,
  folders: readonly string[],
  wanted: (path: string) => boolean,
): Promise<Answer<Files>> {
  const listed = await Promise.all(folders.map((each) => repository.listFiles(ref, each === '.' ? '' : each)));
  const names = listed.flatMap(({ value }) => value ?? []);
  const wrong = listed.flatMap(({ value, findings }) => (value ? [] : findings));
  if (wrong.length > 0) return refused(...wrong);
  const texts = await repository.readFiles(ref, names.filter(wanted));
  return texts.value ? answered(memoryFiles(texts.value, names)) : texts;
}
