import { folderOf } from '../tree/paths.ts';
import type { Place } from './unit.ts';

/** Stands where a service does for what all services of a team share. */
export const SHARED = '_shared';

/**
 * Where a file of a tree belongs: in our layout the service and cluster, else its folder.
 *
 * @example unitOf('envs/prod-eu/eu-1/risk-ml/fraud/manifests/service.fraud.yaml').service // 'fraud'
 */
export function unitOf(file: string): Place {
  const [envs, environment, cluster, team, service, ...rest] = file.split('/');
  if (envs !== 'envs' || environment === undefined || cluster === undefined) return { folder: folderOf(file) };
  if (team === undefined || service === undefined || rest.length === 0)
    return { folder: folderOf(file), environment, ...(team !== undefined && { cluster }) };
  return { folder: `envs/${environment}/${cluster}/${team}/${service}`, environment, cluster, team, service };
}
