import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AIService } from '../../src/app/ai-service.ts';
import type { Platform } from '../../src/app/platform.ts';
import { synthesize } from '../../src/app/synthesize.ts';
import type { Files } from '../../src/core/files.ts';
import type { Finding } from '../../src/core/finding.ts';
import { openStore } from '../../src/release/store.ts';
import { platformWith } from '../support/platform.ts';
import { projectWith, put, REPOSITORY, run } from '../support/project.ts';

const STATE = 'stable: v1\n';

/** A platform with services churn and ranker of team growth; `dev` and `prod-eu` are its environments. */
function platformOf(
  files: Readonly<Record<string, string>>,
  more: { environments?: readonly ('dev' | 'prod')[] } = {},
): Platform<string, 'dev' | 'prod-eu', 'dev' | 'prod'> {
  const root = mkdtempSync(join(tmpdir(), 'stray-states-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const platform = platformWith({}, root);
  const predictor = {
    framework: 'sklearn',
    model: { uri: 's3://ml-models/x/v1/' },
    resources: { cpu: '1', memory: '1Gi' },
  } as const;
  for (const name of ['churn', 'ranker'])
    new AIService(platform, name, { owner: { team: 'growth' }, predictor, ...more });
  return platform;
}

const strays = (findings: readonly Finding[]): Finding[] => findings.filter(({ id }) => id === 'release/stray-state');

describe('a state is said to be read by nothing, and what was meant, when misspelt is', () => {
  test.each([
    ['the team', 'prod-eu', 'grwth', 'churn', 'churn is of team growth', 'team growth'],
    ['the environment', 'prodeu', 'growth', 'churn', 'the platform has no environment prodeu', 'environment prod-eu'],
    ['the service', 'prod-eu', 'growth', 'chrun', 'the platform has no service chrun', 'service churn'],
    [
      'all of them',
      'prodeu',
      'grwth',
      'chrun',
      'the platform has no environment prodeu',
      'environment prod-eu and team growth and service churn',
    ],
  ])('%s', (_, environment, team, service, problem, meant) => {
    const file = `releases/${environment}/${team}/${service}.yaml`;
    expect(strays(platformOf({ [file]: STATE }).render().findings)).toEqual([
      {
        id: 'release/stray-state',
        severity: 'warning',
        where: { file, service, environment },
        message: `nothing reads this state of service ${service} of team ${team} in ${environment}: ${problem}`,
        fix: `did you mean ${meant}? then move the file to releases/prod-eu/growth/churn.yaml, else remove it`,
      },
    ]);
  });
});

describe('a state is to be removed', () => {
  const fixes = (platform: Platform<string, 'dev' | 'prod-eu', 'dev' | 'prod'>): string[] =>
    strays(platform.render().findings).map(
      ({ where, message, fix }) => `${where.file ?? ''}: ${message.split(': ')[1] ?? ''}: ${fix}`,
    );

  test('when its service was removed, and that does not keep the rest from being written', () => {
    const platform = platformOf({ 'releases/prod-eu/growth/forecast.yaml': STATE });
    expect(fixes(platform)).toEqual([
      'releases/prod-eu/growth/forecast.yaml: the platform has no service forecast: remove the file',
    ]);
    expect(platform.render().findings.map(({ severity }) => severity)).toEqual(['warning']);
  });

  test('when the service does not run in the environment', () => {
    const platform = platformOf({ 'releases/prod-eu/growth/churn.yaml': STATE }, { environments: ['dev'] });
    expect(fixes(platform)).toEqual([
      'releases/prod-eu/growth/churn.yaml: churn does not run in prod-eu: remove the file',
    ]);
  });

  test('when the environment is like none', () => {
    expect(fixes(platformOf({ 'releases/sandbox/growth/churn.yaml': STATE }))).toEqual([
      'releases/sandbox/growth/churn.yaml: the platform has no environment sandbox: remove the file',
    ]);
  });

  test('when the service has one in the right place', () => {
    const platform = platformOf({
      'releases/prod-eu/grwth/churn.yaml': STATE,
      'releases/prod-eu/growth/churn.yaml': STATE,
    });
    expect(fixes(platform)).toEqual([
      'releases/prod-eu/grwth/churn.yaml: churn is of team growth: remove the file: releases/prod-eu/growth/churn.yaml is there, and counts',
    ]);
  });

  test('when the only service of a like name has its own state', () => {
    const platform = platformOf({
      'releases/prod-eu/growth/churn-2.yaml': STATE,
      'releases/prod-eu/growth/churn.yaml': STATE,
    });
    expect(fixes(platform)).toEqual([
      'releases/prod-eu/growth/churn-2.yaml: the platform has no service churn-2: remove the file',
    ]);
  });
});

describe('nothing is said of', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['a project without a release store', {}],
    [
      'states that services read, and records',
      {
        'releases/prod-eu/growth/churn.yaml': STATE,
        'releases/churn/v1.yaml': 'release: v1\n',
        'releases/forecast/v1.yaml': 'release: v1\n',
      },
    ],
    ['YAML files of others', { 'releases/.github/workflows/check.yaml': 'on: push\n' }],
    [
      'a service whose source could not be loaded',
      { 'apps/forecast/service.yaml': 'owner: {', 'releases/prod-eu/growth/forecast.yaml': STATE },
    ],
  ])('%s', (_, files) => {
    expect(strays(platformOf(files).render().findings)).toEqual([]);
  });

  test('a service with mistakes, as nobody knows its team', () => {
    const platform = platformOf({ 'releases/prod-eu/vision/broken.yaml': STATE });
    new AIService(platform, 'broken', { owner: { team: 'No Team' } });
    expect(strays(platform.render().findings)).toEqual([]);
  });
});

test('a folder that cannot be listed is a finding', () => {
  const platform = platformOf({});
  const files: Files = {
    read: () => undefined,
    entries(folder) {
      if (folder !== 'releases') throw new Error(`EACCES: permission denied, scandir '${folder}'`);
      return { files: [], folders: ['locked'] };
    },
  };
  expect(synthesize(platform, undefined, openStore(files, 'releases')).findings).toEqual([
    {
      id: 'release/unreadable',
      severity: 'error',
      where: { file: 'releases' },
      message: "what is in it cannot be listed: EACCES: permission denied, scandir 'releases/locked'",
      fix: 'make the folder and those in it readable',
    },
  ]);
});

test('the golden apps have none but the one that is added', async () => {
  const root = projectWith({});
  for (const folder of ['apps', 'releases']) cpSync(join(REPOSITORY, folder), join(root, folder), { recursive: true });
  put(root, { 'releases/prod-us/vison/image-classifier.yaml': 'stable: v12\n' });
  const { stderr } = await run(root, ['synth', '--check']);
  expect(stderr.split('\n').filter((line) => line.includes('release/stray-state'))).toEqual([
    'warning release/stray-state: releases/prod-us/vison/image-classifier.yaml: image-classifier, prod-us',
  ]);
});
