import type { Finding } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { releaseFinding } from '../release/rules.ts';
import type { StatePlace } from '../release/store.ts';

/** That there is no state at all: another folder is meant, or nothing was released yet. */
export function emptyStore(releases: string): Finding {
  const fix = 'name the folder of the release store with --releases, or make a first release: npx ai-service release';
  return releaseFinding('release/no-state', {}, `${releases} has no state of any service`, fix);
}

/**
 * Why there is no state of what is asked for, and which there are.
 *
 * @param store what has none: a folder, or a commit.
 */
export function nothingThere(
  places: readonly StatePlace[],
  { service, environment }: { readonly service?: string; readonly environment?: string },
  store: string,
  otherwise = '',
): Finding {
  const where = { ...(service !== undefined && { service }), ...(environment !== undefined && { environment }) };
  const finding = (message: string, wanted: string, names: readonly string[]): Finding => {
    const known = [...new Set(names)];
    const near = didYouMean(wanted, known);
    const fix = near === undefined ? `name one of ${known.join(', ')}` : `did you mean ${near}?`;
    return releaseFinding('release/no-state', where, message, `${fix}${otherwise}`);
  };
  const own = places.filter((place) => service === undefined || place.service === service);
  if (service !== undefined && own.length === 0)
    return finding(
      `${store} has no state of a service ${JSON.stringify(service)}`,
      service,
      places.map((place) => place.service),
    );
  const wanted = environment ?? '';
  const whose = service === undefined ? 'any service' : service;
  return finding(
    `${store} has no state of ${whose} in ${JSON.stringify(wanted)}`,
    wanted,
    own.map((place) => place.environment),
  );
}
