import { diskFiles } from '../core/files.ts';
import type { Finding } from '../core/finding.ts';
import { didYouMean } from '../core/names.ts';
import { remember } from '../core/remember.ts';
import { releaseFinding } from '../release/rules.ts';
import { stateFile, type ListedStore, type StatePlace } from '../release/store.ts';
import type { AIService } from './ai-service.ts';
import type { Platform } from './platform.ts';

/**
 * States that no service of the platform reads: in the folder of another environment or team, under another name, or left by
 * a service that went.
 */
export function strayStates(store: ListedStore, platform: Platform): Finding[] {
  let states: readonly StatePlace[];
  try {
    states = store.states();
  } catch (error) {
    const message = `what is in it cannot be listed: ${(error as Error).message}`;
    return [
      releaseFinding('release/unreadable', { file: store.folder }, message, 'make the folder and those in it readable'),
    ];
  }
  if (states.length === 0) return [];
  const { services, environments } = platform;
  const byName = new Map(services.map((service) => [service.name, service]));
  const fileOf = ({ environment, team, service }: StatePlace): string =>
    stateFile(store.folder, environment, team, service);
  const taken = new Set(states.map(fileOf));
  const waitingIn = remember(waiting);

  return states.flatMap((place) => {
    const problem = problemOf(place);
    if (problem === undefined) return [];
    const { service, environment, team } = place;
    const file = fileOf(place);
    const message = `nothing reads this state of service ${service} of team ${team} in ${environment}: ${problem}`;
    return [releaseFinding('release/stray-state', { file, service, environment }, message, fixFor(place))];
  });

  /** Why nothing reads a state; `undefined` when something does, or when nobody can say. */
  function problemOf({ environment, team, service }: StatePlace): string | undefined {
    if (!environments.includes(environment)) {
      // The store may share its folder with YAML files of others.
      return store.state(environment, team, service)?.value && `the platform has no environment ${environment}`;
    }
    const own = byName.get(service);
    if (!own) return isDescribed(service) ? undefined : `the platform has no service ${service}`;
    // Of a service with mistakes nobody knows team and environments.
    if (!own.base) return undefined;
    if (!own.runsIn(environment)) return `${service} does not run in ${environment}`;
    const real = own.base.owner.team;
    return real === team ? undefined : `${service} is of team ${real}`;
  }

  /** Whether there is a source that could not be loaded, which is said elsewhere. */
  function isDescribed(service: string): boolean {
    return diskFiles(platform.root)
      .entries(`${platform.apps}/${service}`)
      .files.some((name) => name.startsWith('service.'));
  }

  function fixFor(place: StatePlace): string {
    const meant = meantPlace(place);
    if (!meant) return 'remove the file';
    const file = fileOf(meant);
    if (taken.has(file)) return `remove the file: ${file} is there, and counts`;
    const names = (['environment', 'team', 'service'] as const)
      .filter((key) => meant[key] !== place[key])
      .map((key) => `${key} ${meant[key]}`);
    return `did you mean ${names.join(' and ')}? then move the file to ${file}, else remove it`;
  }

  /** Where the state was probably meant to be. */
  function meantPlace({
    environment: givenEnvironment,
    team,
    service: givenService,
  }: StatePlace): StatePlace | undefined {
    const environment = environments.includes(givenEnvironment)
      ? givenEnvironment
      : didYouMean(givenEnvironment, environments);
    if (environment === undefined) return undefined;
    const placeIn = ({ name, base }: AIService): StatePlace => ({
      environment,
      team: base?.owner.team ?? team,
      service: name,
    });
    const own = byName.get(givenService);
    if (own) return own.runsIn(environment) ? placeIn(own) : undefined;
    const near = didYouMean(givenService, waitingIn(environment));
    const found = near === undefined ? undefined : byName.get(near);
    return found && placeIn(found);
  }

  /** Names of the services that run in an environment and have no state there: one that has its state was not meant. */
  function waiting(environment: string): string[] {
    const without = services.filter(
      ({ name, base }) => base && !taken.has(fileOf({ environment, team: base.owner.team, service: name })),
    );
    return without.filter((each) => each.runsIn(environment)).map(({ name }) => name);
  }
}
