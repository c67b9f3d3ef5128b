import { expect, test } from 'vitest';
import type { Files, FolderEntries } from '../../src/core/files.ts';
import { openStore } from '../../src/release/store.ts';

/** A store with a record for each of some services, and states of the first two in prod. */
function filesOf(services: readonly string[]): { readonly files: Files; readonly listed: string[] } {
  const paths = [
    ...services.map((name) => `releases/${name}/v1.yaml`),
    ...services.slice(0, 2).map((name) => `releases/prod/ml/${name}.yaml`),
  ];
  const listed: string[] = [];
  const entries = (folder: string): FolderEntries => {
    listed.push(folder);
    const below = paths
      .filter((path) => path.startsWith(`${folder}/`))
      .map((path) => path.slice(folder.length + 1).split('/'));
    const names = (deep: boolean): string[] =>
      [...new Set(below.filter(({ length }) => length > 1 === deep).map(([name = '']) => name))].sort();
    return { files: names(false), folders: names(true) };
  };
  return { files: { read: () => undefined, entries }, listed };
}

test('a service is released when it has a state in some environment', () => {
  const store = openStore(filesOf(['churn', 'fraud', 'ranker']).files, 'releases');
  expect(['churn', 'fraud', 'ranker', 'v1'].filter((service) => store.isReleased('ml', service))).toEqual([
    'churn',
    'fraud',
  ]);
  expect(store.isReleased('other', 'churn')).toBe(false);
});

test('a folder is listed once for that, however many services ask', () => {
  const services = Array.from({ length: 50 }, (_, index) => `service-${index}`);
  const { files, listed } = filesOf(services);
  const store = openStore(files, 'releases');
  listed.length = 0;
  for (const service of services) store.isReleased('ml', service);
  expect(listed.length).toBeLessThan(2 * services.length);
  expect(new Set(listed).size).toBe(listed.length);
});
