import { expect, test } from 'vitest';
import { checkPaths } from '../../src/tree/paths.ts';

function messages(...paths: string[]): string[] {
  return checkPaths(paths, (path) => `out/${path}`).map(({ id, message }) => `${id}: ${message}`);
}

test.each([
  ['../x.yaml', 'leaves its folder'],
  ['a/../x.yaml', 'leaves its folder'],
  ['./x.yaml', 'leaves its folder'],
  ['/etc/passwd', 'is absolute'],
  ['C:/x.yaml', 'is absolute'],
  ['', 'has an empty part'],
  ['a//b', 'has an empty part'],
  ['a/', 'has an empty part'],
  ['a\\b.yaml', 'has a character that not every file system can hold'],
  ['a\nb.yaml', 'has a character that not every file system can hold'],
  ['a\0.yaml', 'has a character that not every file system can hold'],
  ['\ud800.yaml', 'has a character that not every file system can hold'],
  ['.git/hooks/pre-commit', 'reaches into the Git repository itself'],
  ['a/.GIT/config', 'reaches into the Git repository itself'],
  [`a/${'x'.repeat(201)}`, 'has a name of more than 200 bytes'],
  [`${'é'.repeat(101)}/x`, 'has a name of more than 200 bytes'],
  ['a/Chart.yaml', 'makes Argo CD take the folder for a Helm chart'],
  ['a/clusterrole.MyChart.yaml', 'makes Argo CD take the folder for a Helm chart'],
  ['a/kustomization.yaml', 'makes Argo CD take the folder for a Kustomize overlay'],
  ['kustomization.yml', 'makes Argo CD take the folder for a Kustomize overlay'],
  ['a/Kustomization', 'makes Argo CD take the folder for a Kustomize overlay'],
  ['.ai-service-index', 'is a name the writer needs for itself'],
  ['.ai-service-lock', 'is a name the writer needs for itself'],
  ['a/.x.yaml.ai-service-tmp', 'is a name the writer needs for itself'],
])('%j %s', (path, flaw) => {
  expect(checkPaths([path], (shown) => `out/${shown}`)).toStrictEqual([
    {
      id: 'tree/path',
      severity: 'error',
      where: { file: `out/${path}` },
      message: `the path ${JSON.stringify(path)} ${flaw}`,
      fix: 'rename what the file is made from',
    },
  ]);
});

test('ordinary paths are fine', () => {
  expect(
    messages(
      'envs/prod-eu/eu-1/risk-ml/x/manifests/service.x.yaml',
      'argocd/root.yaml',
      'kustomization.x.yaml',
      `a/${'x'.repeat(200)}`,
      '..a/b..',
    ),
  ).toStrictEqual([]);
});

test.each([
  [
    'files that differ by case',
    ['a/x.yaml', 'a/X.yaml'],
    ['"a/X.yaml" and "a/x.yaml" are the same file on a disk that ignores case'],
  ],
  [
    'files that differ by composition',
    ['a/\u00e9', 'a/e\u0301'],
    ['"a/e\u0301" and "a/\u00e9" are the same file on a disk that ignores case'],
  ],
  [
    'folders that differ by case',
    ['a/b/x', 'A/b/y'],
    [
      '"A/b" and "a/b" are the same folder on a disk that ignores case',
      '"A" and "a" are the same folder on a disk that ignores case',
    ],
  ],
  ['a file and a folder', ['a/b', 'a/b/c'], ['"a/b" is a file and a folder at the same time']],
  ['a folder and a file', ['a/b/c', 'a/b'], ['"a/b" is a file and a folder at the same time']],
])('%s clash', (_, paths, expected) => {
  expect(messages(...paths)).toStrictEqual(expected.map((message) => `tree/path-clash: ${message}`));
});
