import { expect, test } from 'vitest';
import { pinImages } from '../../src/app/pin-images.ts';
import { sha256 } from '../../src/core/digest.ts';
import { serve, type Routes } from '../release/registries/server.ts';
import { world } from '../release/registries/world.ts';

const DIGEST = `sha256:${sha256('{}')}`;

/** What a registry answers for one tag of a repository. */
function routes(host: string, repository: string, tag: string): Routes {
  const headers = { 'docker-content-digest': DIGEST };
  const at = (method: string, name: string): string => `${method} ${host}/v2/${repository}/manifests/${name}`;
  return {
    [at('HEAD', tag)]: { headers },
    [at('GET', DIGEST)]: { text: '{}', headers },
    [at('HEAD', DIGEST)]: { headers },
  };
}

test('tags get the digest that they mean now; without a host they are of Docker Hub, and digests stay', async () => {
  const cloud = await serve({
    ...routes('registry-1.docker.io', 'kserve/sklearnserver', 'v0.20.0'),
    ...routes('registry-1.docker.io', 'library/nginx', '1.29'),
    ...routes('registry.example.com:5000', 'risk/api', '1.0.0'),
  });
  const pinned = `kserve/sklearnserver:v0.19.0@${DIGEST}`;
  const { value, findings } = await pinImages(
    ['kserve/sklearnserver:v0.20.0', 'nginx:1.29', 'registry.example.com:5000/risk/api:1.0.0', pinned],
    {},
    world({ cloud }).deps,
  );
  expect(findings).toEqual([]);
  expect(Object.fromEntries(value ?? [])).toEqual({
    'kserve/sklearnserver:v0.20.0': `kserve/sklearnserver:v0.20.0@${DIGEST}`,
    'nginx:1.29': `nginx:1.29@${DIGEST}`,
    'registry.example.com:5000/risk/api:1.0.0': `registry.example.com:5000/risk/api:1.0.0@${DIGEST}`,
  });
});

test('a tag that is not there is said, with the image', async () => {
  const { value, findings } = await pinImages(
    ['registry.example.com/api:9.9.9'],
    { service: 'fraud' },
    world({ cloud: await serve({}) }).deps,
  );
  expect(value).toBeUndefined();
  expect(findings).toMatchObject([
    { id: 'registry/not-found', where: { service: 'fraud', field: 'registry.example.com/api:9.9.9' } },
  ]);
});
