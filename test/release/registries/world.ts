import type { RegistryDeps } from '../../../src/release/registries/deps.ts';
import type { Server } from './server.ts';

/** A world of which the test knows everything: no program is there, sleeping takes no time, and it is noon for ever. */
export interface World {
  readonly deps: RegistryDeps;
  /** How long was slept, in milliseconds. */
  readonly slept: number[];
  /** The programs that were asked for. */
  readonly ran: string[];
}

export interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard output of programs, by command line. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Requests to clouds go to this server. */
  readonly cloud?: Server;
}

export const NOON = Date.UTC(2026, 10, 21, 12);

export function world({ env = {}, programs = {}, cloud }: WorldOptions = {}): World {
  const [slept, ran]: [number[], string[]] = [[], []];
  const toCloud = (input: string, init: RequestInit): Promise<Response> => {
    const url = new URL(input);
    const headers = { ...(init.headers as Record<string, string>), 'x-test-host': url.host };
    return fetch(`${cloud?.url ?? ''}${url.pathname}${url.search}`, { ...init, headers });
  };
  const deps: RegistryDeps = {
    fetch: cloud ? (toCloud as typeof fetch) : fetch,
    env,
    run: (file, args) => {
      const command = [file, ...args].join(' ');
      ran.push(command);
      return Promise.resolve(programs[command]);
    },
    sleep: (milliseconds) => {
      slept.push(milliseconds);
      return Promise.resolve();
    },
    now: () => NOON,
  };
  return { deps, slept, ran };
}
