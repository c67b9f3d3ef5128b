const MOVING_TAGS = new Set([
  'latest',
  'stable',
  'main',
  'master',
  'head',
  'edge',
  'nightly',
  'dev',
  'develop',
  'staging',
  'prod',
  'production',
  'current',
  'canary',
]);

/** Why an image reference is not a pin, or `undefined` when it is one. */
export function movingImage(reference: string): string | undefined {
  const [, name = '', tag, digest] = /^([^\s:@]+(?::\d+\/[^\s:@]+)?)(?::([^\s@]+))?(?:@(\S+))?$/.exec(reference) ?? [];
  if (name === '') return 'is not an image reference';
  if (digest !== undefined)
    return /^sha256:[0-9a-f]{64}$/.test(digest) ? undefined : 'has a digest that is not sha256 with 64 hex digits';
  if (tag === undefined) return 'has no tag, which means latest';
  if (!/^\w[\w.-]{0,127}$/.test(tag)) return 'has a tag that is not valid';
  return MOVING_TAGS.has(tag.toLowerCase()) ? `has the moving tag ${JSON.stringify(tag)}` : undefined;
}
