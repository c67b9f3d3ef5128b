import type { Finding } from '../core/finding.ts';
import { releaseDigest, type ReleaseRecord } from '../release/record.ts';
import { releaseFinding } from '../release/rules.ts';
import { serverImage } from '../release/server-image.ts';
import { sourceParts } from '../service/parts.ts';
import { manifestsFolder } from '../tree/layout.ts';
import { inTree } from '../tree/paths.ts';
import { isWorkload } from './deletion-guard.ts';
import type { ReleaseRequest, ReleaseScope } from './release.ts';

/** A first release where workloads serve already, which synth made from the sources: it records them, and changes nothing that runs. */

/** A first release, and what is rendered with it. */
export interface FirstRelease {
  readonly team: string;
  readonly record: ReleaseRecord;
  /** The tree with the release, by path. */
  readonly rendered: ReadonlyMap<string, string>;
  /** Where its state would be. */
  readonly file: string;
}

/**
 * What would go, or restart, with a first release, though it serves: workloads that the release does not name, and clusters with
 * another image than the one that it pins.
 *
 * @example servesOtherwise(scope, request, { team: 'risk-ml', record, rendered, file })?.id // 'release/image'
 */
export function servesOtherwise(
  scope: ReleaseScope,
  request: ReleaseRequest,
  { team, record, rendered, file }: FirstRelease,
): Finding | undefined {
  const serving = workloadsOnDisk(scope, request, team);
  const paths = [...serving.values()].flat().filter((path) => !rendered.has(path));
  if (paths.length === 0) return tornImages(scope, request, record, [...serving.keys()]);
  const records = scope.store.releases(request.service);
  return (
    recordedOtherwise(scope, request, record, paths) ??
    servesAlready(request, { release: record.release, paths, records, file })
  );
}

/** Workloads of the service that the tree on disk has in the environment, as paths in the tree, by cluster; clusters without any are left out. */
export function workloadsOnDisk(
  { files, tree, config }: ReleaseScope,
  { service, environment }: ReleaseRequest,
  team: string,
): ReadonlyMap<string, readonly string[]> {
  const byCluster = (config.environments[environment]?.clusters ?? []).map((cluster) => {
    const folder = manifestsFolder({ environment, cluster, team, service });
    const workloads = files.entries(inTree(tree, folder)).files.filter(isWorkload);
    return [cluster, workloads.map((file) => `${folder}/${file}`)] as const;
  });
  return new Map(byCluster.filter(([, paths]) => paths.length > 0));
}

/** Clusters that serve a service already, and not by one image: a record pins one, and the others would restart. */
function tornImages(
  { platform, config }: ReleaseScope,
  request: ReleaseRequest,
  { release, parts }: ReleaseRecord,
  serving: readonly string[],
): Finding | undefined {
  const { service, environment, images = {} } = request;
  const base = platform.services.find(({ name }) => name === service)?.base;
  if (!base || config.environments[environment]?.rollout === 'replace') return undefined;
  const torn = sourceParts(base).flatMap((source) => {
    if (source.kind !== 'server' || images[source.part] !== undefined) return [];
    const { framework } = source.content;
    if (framework === 'custom') return [];
    const clusters = serving.map((name) => ({
      name,
      image: serverImage(framework, source.content, config.clusters[name] ? [config.clusters[name]] : []),
    }));
    return new Set(clusters.map(({ image }) => image)).size > 1 ? [{ part: source.part, clusters }] : [];
  });
  if (torn.length === 0) return undefined;
  const said = torn.map(
    ({ part, clusters }) => `${part} by ${clusters.map(({ name, image }) => `${image} in ${name}`).join(', ')}`,
  );
  const message = `release ${release} pins one image on all clusters, and they serve ${said.join('; and ')}: to record one of them restarts the others`;
  const fix = `choose one: ${commandWith(
    request,
    torn.map(({ part }) => [part, parts[part]?.workload.image]),
  )}`;
  return releaseFinding('release/image', { service, environment }, message, fix);
}

/** A release that names what serves, and would be the one to record, had it not another image. */
function recordedOtherwise(
  { store }: ReleaseScope,
  request: ReleaseRequest,
  { parts }: ReleaseRecord,
  paths: readonly string[],
): Finding | undefined {
  const { service, environment } = request;
  const records = store.releases(service).flatMap((name) => store.record(service, name)?.value ?? []);
  for (const { release, digest, parts: recorded } of records) {
    if (!paths.some((path) => path.endsWith(`-${release}.yaml`))) continue;
    const others = Object.entries(parts).filter(([part, { workload }]) => {
      const image = recorded[part]?.workload.image;
      return image !== undefined && image !== workload.image;
    });
    const withTheirs: ReleaseRecord['parts'] = { ...parts };
    for (const [part, own] of others) {
      const workload = { ...own.workload, image: recorded[part]?.workload.image } as typeof own.workload;
      withTheirs[part] = { ...own, workload };
    }
    if (others.length === 0 || releaseDigest(withTheirs) !== digest) continue;
    const said = others.map(
      ([part, { workload }]) =>
        `${recorded[part]?.workload.image ?? ''} for ${part}, and what serves here has ${workload.image ?? ''}`,
    );
    const message = `release ${release} has ${said.join('; ')}: a release is the same in every environment`;
    const command = commandWith(
      request,
      others.map(([part]) => [part, recorded[part]?.workload.image]),
    );
    const fix = `take the image of ${release}, which replaces the pods here: ${command}`;
    return releaseFinding('release/image', { service, environment }, message, fix);
  }
  return undefined;
}

/** The command that records what serves, with images that somebody chose. */
function commandWith(
  { service, environment }: ReleaseRequest,
  images: readonly (readonly [part: string, image: string | undefined])[],
): string {
  const chosen = images.map(([part, image = '']) => ` --image ${part === 'predictor' ? 'main' : part}=${image}`);
  return `npx ai-service release ${service} --env ${environment} --config${chosen.join('')}`;
}

/** What serves already beside a first release. */
interface Orphans {
  readonly release: string;
  readonly paths: readonly string[];
  /** Names of the recorded releases of the service. */
  readonly records: readonly string[];
  /** Where its state would be. */
  readonly file: string;
}

function servesAlready({ service, environment }: ReleaseRequest, { release, paths, records, file }: Orphans): Finding {
  const names = [...new Set(paths.map((path) => path.replace(/^.*\//, '').replace(/\.yaml$/, '')))];
  const message = `${names.join(', ')} ${names.length === 1 ? 'serves' : 'serve'} here, and release ${release} does not name ${names.length === 1 ? 'it' : 'them'}`;
  const lost = names.some((name) => records.some((recorded) => name.endsWith(`-${recorded}`)));
  const record = `record what serves first, from the sources as they are deployed: npx ai-service release ${service} --env ${environment} --config`;
  const fix = lost
    ? `there are release records of ${service}, but no state at ${file}: restore that file from Git; where it was never released here, ${record}`
    : record;
  return releaseFinding('release/serves-already', { service, environment }, message, fix);
}
