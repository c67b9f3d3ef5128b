import { stagesOf, type PlatformConfig } from '../service/platform.ts';
import type { AIService } from './ai-service.ts';

/**
 * The environment that a release is promoted from, or `undefined` where releases enter: at the first stage of those that
 * releases decide, where the environment says so, and where it replaces in place.
 */
export function promotedFrom(
  { environments }: PlatformConfig,
  service: AIService,
  environment: string,
): string | undefined {
  const env = environments[environment];
  if (!env || env.entry || env.rollout === 'replace') return undefined;
  const own = Object.entries(environments).filter(
    ([name, { rollout }]) => service.runsIn(name) && rollout === 'release',
  );
  const stages = stagesOf(own.map(([, env]) => env));
  const before = stages[stages.indexOf(env.stage) - 1];
  return own.find(([, { stage }]) => stage === before)?.[0];
}
