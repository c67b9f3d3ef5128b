import type { LockedModel } from './record.ts';

/**
 * Whether two locked models are the same version of the same bytes. Reading bytes takes rights that come and go, so a digest
 * that only one of them has says nothing; then id and time of the registry decide, where both have them.
 */
export function isSameModel(a: LockedModel | undefined, b: LockedModel | undefined): boolean {
  if (!a || !b) return a === b;
  if (a.registry !== b.registry || a.name !== b.name || a.version !== b.version || a.uri !== b.uri) return false;
  if (a.digest !== undefined && b.digest !== undefined) return a.digest === b.digest;
  return mayBeEqual(a.uid, b.uid) && mayBeEqual(a.created, b.created);
}

function mayBeEqual(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/**
 * A model with the digest that a record has of it, when nobody could read one now: what was known once stays the pin.
 *
 * @param recorded models of records, those that count most first.
 * @example withKnownDigest({ uri: 's3://b/v47/' }, [{ uri: 's3://b/v47/', digest: 'etag-tree:1f' }]).digest // 'etag-tree:1f'
 */
export function withKnownDigest(model: LockedModel, recorded: readonly LockedModel[]): LockedModel {
  const known = model.digest ?? recorded.find((one) => one.digest !== undefined && isSameModel(model, one))?.digest;
  if (known === undefined) return model;
  // In the order in which records are written.
  const { registry, name, version, requested, uri, digest = known, ...rest } = model;
  return { registry, name, version, requested, uri, digest, ...rest };
}
