import { describe, expect, test } from 'vitest';
import type { LockedModel } from '../../src/release/record.ts';
import { isSameModel, withKnownDigest } from '../../src/release/same-model.ts';

const LOCKED: LockedModel = {
  registry: 'corp',
  name: 'fraud',
  version: '47',
  uri: 's3://ml-models/fraud/47/',
  uid: 'm-1f',
  created: '2026-11-02T10:11:12.000Z',
};
const DIGESTED: LockedModel = { ...LOCKED, digest: 'etag-tree:1f' };
const RECREATED: LockedModel = { ...LOCKED, created: '2026-11-20T00:00:00.000Z' };

describe('two locked models', () => {
  test.each([
    ['are the same when nobody could read their bytes', LOCKED, LOCKED, true],
    ['are the same when only one of them could be read', LOCKED, DIGESTED, true],
    [
      'are the same when the older one knows neither id nor time',
      { ...DIGESTED, uid: undefined, created: undefined },
      LOCKED,
      true,
    ],
    ['are different when the bytes are', { ...LOCKED, digest: 'etag-tree:2e' }, DIGESTED, false],
    [
      'are different when the registry has another one under the name, and nobody knows both bytes',
      RECREATED,
      DIGESTED,
      false,
    ],
    ['are different when the id is', { ...LOCKED, uid: 'm-2e' }, LOCKED, false],
    [
      'are the same when another one under the name has the same bytes',
      { ...RECREATED, digest: 'etag-tree:1f' },
      DIGESTED,
      true,
    ],
    ['are different when the place is', { ...LOCKED, uri: 's3://ml-models/fraud/47b/' }, LOCKED, false],
    ['are different when the version is', { ...LOCKED, version: '48' }, LOCKED, false],
    ['are different when one of them is none', undefined, LOCKED, false],
    ['are the same when both are none', undefined, undefined, true],
  ])('%s', (_name, a, b, same) => {
    expect([isSameModel(a, b), isSameModel(b, a)]).toEqual([same, same]);
  });
});

describe('the digest of a model that nobody may read now', () => {
  test('is the recorded one, in its place among the fields', () => {
    const found = withKnownDigest({ ...LOCKED, requested: '@champion' }, [
      { ...DIGESTED, version: '46' },
      LOCKED,
      DIGESTED,
    ]);
    expect(JSON.stringify(found)).toBe(
      '{"registry":"corp","name":"fraud","version":"47","requested":"@champion","uri":"s3://ml-models/fraud/47/","digest":"etag-tree:1f","uid":"m-1f","created":"2026-11-02T10:11:12.000Z"}',
    );
  });

  test('stays unknown when another model was recorded', () => {
    expect(withKnownDigest(RECREATED, [DIGESTED])).toEqual(RECREATED);
  });

  test('is the one that was read, when somebody may', () => {
    expect(withKnownDigest({ ...LOCKED, digest: 'etag-tree:2e' }, [DIGESTED]).digest).toBe('etag-tree:2e');
  });
});
