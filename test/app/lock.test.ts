import { describe, expect, test } from 'vitest';
import { verifyLocks, type LockQuery } from '../../src/app/lock.ts';
import { fakeRegistry, RegistryProject, type ProjectOptions } from '../support/registry-project.ts';

/** A project that serves version 46 of its champion, which is approved, in staging and prod-eu. */
async function project(options: ProjectOptions = {}): Promise<RegistryProject> {
  const versions = { 'fraud/46': { review: 'passed' }, 'fraud/47': { review: 'passed' } };
  const made = new RegistryProject(await fakeRegistry(versions, { 'fraud@champion': '46' }), {
    approvalTag: 'review=passed',
    ...options,
  });
  expect((await made.release()).errors).toEqual([]);
  expect((await made.release({ environment: 'prod-eu', force: true, reason: 'a test' })).errors).toEqual([]);
  return made;
}

/** What verification says, without the files. */
async function said(made: RegistryProject, query: LockQuery = {}) {
  const { models, findings } = await verifyLocks(made.scope(), query);
  return {
    models,
    findings: findings.map(({ id, severity, where, message }) => [
      severity,
      id,
      where.environment ?? '',
      where.file ?? '',
      message,
    ]),
  };
}

const V46 = 'releases/fraud/v46.yaml';

describe('what is locked', () => {
  test('is said to be fine when it is, and every model is asked for once', async () => {
    const made = await project();
    const before = made.registry.server.seen.length;
    expect(await said(made)).toEqual({ models: 1, findings: [] });
    const asked = made.registry.server.seen.slice(before).map(({ path }) => path.replace(/^.*\//, ''));
    expect(asked.filter((path) => path === 'alias')).toHaveLength(1);
    expect(asked.filter((path) => path === 'get-download-uri')).toHaveLength(1);
  });

  test('is verified for candidate and previous too, in the environment and for the service that are named', async () => {
    const made = await project();
    made.registry.aliases.set('fraud@champion', '47');
    await made.release();
    expect((await said(made)).models).toBe(2);
    expect((await said(made, { environment: 'prod-eu' })).models).toBe(1);
    expect((await said(made, { service: 'fraud', environment: 'staging' })).models).toBe(2);
  });

  test('is counted when it was locked without a digest, since nobody compares its bytes', async () => {
    expect(await verifyLocks((await project()).scope())).toMatchObject({ models: 1, undigested: 0 });
    expect(await verifyLocks((await project({ storage: false })).scope())).toMatchObject({ models: 1, undigested: 1 });
  });

  test('changes no file', async () => {
    const made = await project();
    const before = made.files();
    await said(made);
    expect(made.files()).toEqual(before);
  });
});

describe('is said', () => {
  test('an alias that moved, where its release serves, and nowhere else', async () => {
    const made = await project();
    made.registry.aliases.set('fraud@champion', '47');
    expect((await said(made, { environment: 'staging' })).findings).toEqual([
      ['info', 'lock/alias-moved', 'staging', V46, '"fraud@champion" was version 46, and is 47'],
    ]);
    await made.release();
    made.put('releases/staging/risk-ml/fraud.yaml', 'stable: v47\nprevious: v46\n');
    expect((await said(made, { environment: 'staging' })).findings).toEqual([]);
  });

  test('a version that was deleted', async () => {
    const made = await project();
    made.registry.versions.delete('fraud/46');
    const { findings } = await said(made);
    expect(findings).toContainEqual([
      'warning',
      'lock/version-deleted',
      '',
      V46,
      'version "46" of "fraud" is no longer in the registry',
    ]);
  });

  test('a version that was made again with other bytes', async () => {
    const made = await project();
    made.registry.versions.set('fraud/46', { review: 'passed', run: 'another', etag: 'another' });
    const { findings } = await said(made);
    expect(findings.map(([severity, id]) => [severity, id])).toEqual([
      ['warning', 'lock/version-recreated'],
      ['warning', 'lock/bytes-changed'],
    ]);
    expect(findings[0]).toEqual([
      'warning',
      'lock/version-recreated',
      '',
      V46,
      'version "46" of "fraud" is another one than was locked: its run was run-46, and is another',
    ]);
  });

  test('a version that was made again, until its release is another one', async () => {
    const made = await project({ storage: false });
    made.registry.versions.set('fraud/46', {
      review: 'passed',
      run: 'another',
      place: 's3://ml-models/fraud/again/v46/',
    });
    made.options = { ...made.options, storage: true };
    expect((await said(made)).findings.map(([severity, id]) => [severity, id])).toContainEqual([
      'warning',
      'lock/version-recreated',
    ]);
    expect((await made.release()).planned?.after.candidate).toBe('v46-2');
    made.put('releases/staging/risk-ml/fraud.yaml', 'stable: v46-2\n');
    expect((await said(made, { environment: 'staging' })).findings).toEqual([]);
  });

  test('a version that was made again with the bytes that were locked, which is no difference that a release would heal', async () => {
    const made = await project();
    made.registry.versions.set('fraud/46', { review: 'passed', run: 'another' });
    const message =
      'version "46" of "fraud" is another one than was locked: its run was run-46, and is another; it has the bytes that were locked';
    expect((await said(made)).findings).toEqual([['info', 'lock/version-recreated-same-bytes', '', V46, message]]);
    expect((await made.release()).nothing).toBe('v46 serves already');
    made.registry.versions.set('fraud/46', { run: 'another' });
    expect((await said(made)).findings.map(([severity, id]) => [severity, id])).toEqual([
      ['info', 'lock/version-recreated-same-bytes'],
      ['warning', 'lock/approval-revoked'],
    ]);
  });

  test('an approval that was taken back', async () => {
    const made = await project();
    made.registry.versions.set('fraud/46', { review: 'rejected' });
    expect((await said(made)).findings).toEqual([
      [
        'warning',
        'lock/approval-revoked',
        '',
        V46,
        'approval of version "46" of "fraud" was approved, and is rejected',
      ],
    ]);
  });

  test('bytes that changed under the pin', async () => {
    const made = await project();
    made.registry.versions.set('fraud/46', { review: 'passed', etag: 'written again' });
    const { findings } = await said(made);
    expect(findings).toMatchObject([
      [
        'warning',
        'lock/bytes-changed',
        '',
        V46,
        expect.stringMatching(
          /^the content of s3:\/\/ml-models\/fraud\/v46\/ was etag-tree:[0-9a-f]{64}, and is etag-tree:[0-9a-f]{64}$/,
        ),
      ],
    ]);
  });

  test('storage that cannot be read', async () => {
    const made = await project();
    made.options = { ...made.options, storage: false };
    expect((await said(made)).findings).toEqual([
      [
        'error',
        'lock/unreadable',
        '',
        V46,
        's3://ml-models/fraud/v46/ was not read: there are no credentials for Amazon S3',
      ],
    ]);
  });

  test('a mirror of a cluster that cannot be read', async () => {
    const made = await project({ cluster: { mirrors: { 's3://ml-models/': 's3://ml-models-us/' } } });
    expect((await said(made, { environment: 'prod-eu' })).findings).toEqual([
      [
        'error',
        'lock/unreadable',
        'prod-eu',
        V46,
        's3://ml-models-us/fraud/v46/ was not read: the storage answers 403',
      ],
    ]);
  });

  test('a model that only a cluster can read, and the rest is verified', async () => {
    const made = await project();
    await made.release({ models: { predictor: { uri: 'pvc://models/fraud/v3/' } } });
    expect(await said(made)).toEqual({
      models: 2,
      findings: [
        [
          'info',
          'lock/out-of-reach',
          '',
          'releases/fraud/v3.yaml',
          'pvc://models/fraud/v3/ cannot be verified: nothing here can read pvc://',
        ],
      ],
    });
  });

  test('a model by URI whose storage has nothing there', async () => {
    const made = await project();
    await made.release({ models: { predictor: { uri: 's3://ml-models/hotfix/v3/' } } });
    expect((await said(made)).findings).toEqual([
      [
        'warning',
        'lock/bytes-changed',
        '',
        'releases/fraud/v3.yaml',
        's3://ml-models/hotfix/v3/ is gone: the storage has nothing there',
      ],
    ]);
  });
});

describe('is an error', () => {
  test('a service or environment that is not there', async () => {
    const made = await project();
    expect((await said(made, { service: 'frau' })).findings).toEqual([
      ['error', 'release/request', '', '', 'the project has no service "frau"'],
    ]);
    expect((await said(made, { environment: 'prod' })).findings).toEqual([
      ['error', 'release/request', 'prod', '', 'the project has no environment "prod"'],
    ]);
  });

  test('a record that is gone, or was edited', async () => {
    const made = await project();
    made.put(V46, made.read(V46).replace('v46/', 'v45/'));
    expect((await said(made)).findings.map(([severity, id]) => [severity, id])).toContainEqual([
      'error',
      'release/digest',
    ]);
    made.put('releases/staging/risk-ml/fraud.yaml', 'stable: v44\n');
    expect((await said(made)).findings).toContainEqual([
      'error',
      'release/unknown-release',
      'staging',
      'releases/staging/risk-ml/fraud.yaml',
      'there is no record of release v44',
    ]);
  });
});
