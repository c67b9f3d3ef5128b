import { compareVersions } from '../core/version.ts';
import type { Cluster } from '../service/platform.ts';
import { defaultImage, type RuntimeFramework } from '../service/runtime.ts';
import type { ServerWorkload } from './record.ts';

/** KServe of a cluster that does not say which one it has. */
const KSERVE = '0.20.0';

/**
 * The image that a model server has on some clusters: the one that was chosen, else that of the runtime table. Of an upgrade
 * of KServe under way the older version counts, so that the upgrade restarts nothing; of several clusters the highest one.
 *
 * @example serverImage('sklearn', { resources }, [{ kserve: { version: ['0.19.0', '0.20.0'] } }]) // 'kserve/sklearnserver:v0.19.0'
 */
export function serverImage(
  framework: RuntimeFramework,
  { image, resources }: Pick<ServerWorkload, 'image' | 'resources'>,
  clusters: readonly Pick<Cluster, 'kserve'>[],
): string {
  if (image !== undefined) return image;
  const versions = clusters.flatMap(({ kserve }) =>
    kserve === undefined ? [] : typeof kserve.version === 'string' ? kserve.version : kserve.version[0],
  );
  return defaultImage(framework, versions.sort(compareVersions).at(-1) ?? KSERVE, resources.gpu !== undefined);
}
