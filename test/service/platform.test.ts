import { describe, expect, test } from 'vitest';
import { parseWith } from '../../src/service/parse.ts';
import { platform } from '../../src/service/platform.ts';

const config = {
  gitops: { repoUrl: 'https://git.example.com/acme/ml-gitops.git' },
  argocd: { version: '3.5' },
  clusters: { 'eu-1': { kubernetes: '1.33' } },
  environments: {},
};

/** What is said about a platform, as `field: message -> fix`. */
function said(value: unknown): string[] {
  return parseWith(platform, value, {}).findings.map(
    ({ where, message, fix }) => `${where.field}: ${message} -> ${fix}`,
  );
}

const ofCluster = (more: object): string[] =>
  said({ ...config, clusters: { 'eu-1': { kubernetes: '1.33', ...more } } });

describe('mirrors', () => {
  test.each(['mirrors', 'imageMirrors'])('of %s end alike on both sides, since names go on right behind', (field) => {
    expect(ofCluster({ [field]: { 's3://models-us/': 's3://models-eu' } })).toEqual([
      `clusters.eu-1.${field}["s3://models-us/"]: "s3://models-us/" ends in "/" and "s3://models-eu" does not, so that "s3://models-us/" + "x" would become "s3://models-eux" -> end both alike: "s3://models-us/": "s3://models-eu/"`,
    ]);
    expect(ofCluster({ [field]: { 's3://models-us': 's3://models-eu/' } })).toEqual([
      `clusters.eu-1.${field}["s3://models-us"]: "s3://models-eu/" ends in "/" and "s3://models-us" does not, so that "s3://models-us" + "x" would become "s3://models-eu/x" -> end both alike: "s3://models-us/": "s3://models-eu/"`,
    ]);
    expect(ofCluster({ [field]: { 's3://models-us/': 's3://models-eu/', 's3://old/a': 's3://new/b' } })).toEqual([]);
  });

  test('of images may be bare hosts', () => {
    expect(
      ofCluster({
        imageMirrors: { 'docker.io': 'mirror.example.com:5000/docker', 'kserve/': 'mirror.example.com/kserve/' },
      }),
    ).toEqual([]);
  });

  test('of models are beginnings of URIs', () => {
    expect(ofCluster({ mirrors: { 's3:/models/': 's3://models-eu/', 'gs://a/': 'b/' } })).toEqual([
      'clusters.eu-1.mirrors["s3:/models/"]: "s3:/models/" is not the beginning of a model URI -> write it with its scheme: s3://models/',
      'clusters.eu-1.mirrors["gs://a/"]: "b/" is not the beginning of a model URI -> write it with its scheme: s3://b/',
    ]);
  });

  test('are not empty, and no password in one is repeated', () => {
    expect(ofCluster({ mirrors: { 's3://a/': '' } })).toEqual([
      'clusters.eu-1.mirrors["s3://a/"]: the text is empty -> write at least 1 character',
    ]);
    expect(
      ofCluster({ imageMirrors: { 'docker.io/': 'https://argo:tr0ub4dor@mirror.example.com' } }).join(),
    ).not.toContain('tr0ub4dor');
  });
});

describe('the domain of a cluster', () => {
  test.each([
    ['https://a.acme.io/', 'a.acme.io'],
    ['*.acme.io', 'acme.io'],
    ['a.acme.io:443', 'a.acme.io'],
    ['A.acme.io', 'a.acme.io'],
    ['A acme', 'ml.example.com'],
    ['', 'ml.example.com'],
    [`${'a'.repeat(64)}.io`, 'ml.example.com'],
  ])('%j is refused', (domain, meant) => {
    expect(ofCluster({ domain })).toEqual([
      `clusters.eu-1.domain: ${JSON.stringify(domain)} is not a DNS name -> write ${meant}: lower-case letters, digits and "-" between dots, without scheme, port and path`,
    ]);
  });

  test.each(['eu.example.com', 'internal'])('%s is accepted', (domain) => {
    expect(ofCluster({ domain })).toEqual([]);
  });
});

describe('where Argo CD reads', () => {
  const ofGitops = (more: object): string[] => said({ ...config, gitops: { ...config.gitops, ...more } });
  const NO_URL =
    'gitops.repoUrl: the value is not the URL of a Git repository -> write https://git.example.com/acme/ml-gitops.git, or git@git.example.com:acme/ml-gitops.git';

  test.each(['not a url', '', 'git.example.com/acme/x.git', 'https:/git.example.com/x.git'])(
    'is no repository: %j',
    (repoUrl) => {
      expect(ofGitops({ repoUrl })).toEqual([NO_URL]);
    },
  );

  test.each([
    'git@git.example.com:acme/x.git',
    'ssh://git@git.example.com:2222/x.git',
    'https://dev.azure.com/acme/_git/x',
    'file:///srv/git/x.git',
  ])('is a repository: %s', (repoUrl) => {
    expect(ofGitops({ repoUrl })).toEqual([]);
  });

  test('is a branch or tag', () => {
    expect(ofGitops({ revision: '' })).toEqual([
      'gitops.revision: "" is not a branch or tag -> write a branch or tag, as main',
    ]);
    expect(ofGitops({ revision: 'release-1.2' })).toEqual([]);
  });
});

test('kinds that may be unknown are written with their version', () => {
  expect(
    said({ ...config, allowUnknownKinds: ['nope', 'apps/Widget', 'example.com/v1beta1/Widget', 'v1/Widget'] }),
  ).toEqual([
    'allowUnknownKinds[0]: "nope" is not <apiVersion>/<Kind> -> write <apiVersion>/<Kind>, as example.com/v1/Widget',
    'allowUnknownKinds[1]: "apps/Widget" is not <apiVersion>/<Kind> -> write <apiVersion>/<Kind>, as example.com/v1/Widget',
  ]);
});
