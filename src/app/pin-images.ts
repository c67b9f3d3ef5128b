import { answered, refused, type Answer } from '../core/answer.ts';
import type { Where } from '../core/finding.ts';
import type { RegistryDeps } from '../release/registries/deps.ts';
import { openRegistry } from '../release/registries/open.ts';

/**
 * Asks the registries of images for the digests that tags mean now. An image that has a digest already is left alone.
 *
 * @returns for each image what to write instead: `name:tag@sha256:…`.
 * @example await pinImages(['kserve/sklearnserver:v0.20.0'], { service: 'fraud-detector' }, deps)
 */
export async function pinImages(
  images: readonly string[],
  where: Where,
  deps: RegistryDeps,
): Promise<Answer<ReadonlyMap<string, string>>> {
  const tagged = [...new Set(images)].filter((image) => !image.includes('@'));
  const pinned = await Promise.all(
    tagged.map(async (image) => {
      const { host, name, tag } = addressOf(image);
      const registry = await openRegistry(host, { kind: 'oci', host }, deps);
      const { value, findings } = await registry.resolve({ name, alias: tag });
      return {
        image,
        digest: value?.version,
        findings: findings.map((finding) => ({ ...finding, where: { ...where, field: image } })),
      };
    }),
  );
  const findings = pinned.flatMap((each) => each.findings);
  if (findings.some(({ severity }) => severity === 'error')) return refused(...findings);
  return answered(new Map(pinned.map(({ image, digest = '' }) => [image, `${image}@${digest}`])), ...findings);
}

/** Host, repository and tag of an image; as for every tool of containers, one without a host is Docker Hub's. */
function addressOf(image: string): { host: string; name: string; tag: string } {
  const colon = image.lastIndexOf(':');
  const [repository, tag] = [image.slice(0, colon), image.slice(colon + 1)];
  const [first = '', ...rest] = repository.split('/');
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost'))
    return { host: first, name: rest.join('/'), tag };
  return { host: 'docker.io', name: rest.length > 0 ? repository : `library/${repository}`, tag };
}
