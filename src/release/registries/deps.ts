import type { Network } from '../../core/network.ts';

/** What an adapter needs of the world, handed in so that tests decide what it is. `defaultDeps` of `open.ts` is the real one. */
export interface RegistryDeps extends Network {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs a program without a shell: its standard output, or `undefined` when it is not there or fails. */
  readonly run: (file: string, args: readonly string[]) => Promise<string | undefined>;
}
