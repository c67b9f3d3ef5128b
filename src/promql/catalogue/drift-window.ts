import type { Range } from '../expr.ts';

/**
 * How long drift and schema rules look back. A window must hold enough observations; more of them in a shorter window
 * find a change sooner. The service says what it expects in `traffic.expectedRps`.
 */
export interface Sampling {
  readonly window: Range;
  /** How long an alert must hold before it fires. */
  readonly hold: Range;
  /** Until a lasting change has filled the window and the alert fired, at the latest. */
  readonly foundWithin: Range;
}

/** Windows to choose from, shortest first. */
export const WINDOWS = ['5m', '10m', '30m', '1h', '6h', '1d'] as const;

/** One of the windows. */
export type Window = (typeof WINDOWS)[number];

const SAMPLINGS: Readonly<Record<Window, Omit<Sampling, 'window'> & { readonly seconds: number }>> = {
  '5m': { seconds: 300, hold: '1m', foundWithin: '7m' },
  '10m': { seconds: 600, hold: '2m', foundWithin: '13m' },
  '30m': { seconds: 1800, hold: '5m', foundWithin: '36m' },
  '1h': { seconds: 3600, hold: '10m', foundWithin: '71m' },
  '6h': { seconds: 21_600, hold: '30m', foundWithin: '391m' },
  '1d': { seconds: 86_400, hold: '1h', foundWithin: '25h' },
};

/** For services that do not say how much traffic they expect: good for one request in three seconds. */
const USUAL: Window = '10m';

/** Seconds at the edges of a window that scrapes do not reach. */
const EDGES = 60;

/** A window by its name. */
export function samplingOf(window: Window): Sampling {
  const { hold, foundWithin } = SAMPLINGS[window];
  return { window, hold, foundWithin };
}

/**
 * The shortest window that holds so many observations, at one for each request; `undefined` when the longest does not.
 *
 * @param rps requests per second. Without it the usual window of ten minutes.
 * @example samplingFor(1, 200)?.window // '5m'
 */
export function samplingFor(rps: number | undefined, observations: number): Sampling | undefined {
  if (rps === undefined) return samplingOf(USUAL);
  const window = WINDOWS.find((each) => expectedIn(each, rps) >= observations);
  return window && samplingOf(window);
}

/** Observations that a window is expected to hold at least. */
export function expectedIn(window: Window, rps: number): number {
  return Math.floor(rps * (SAMPLINGS[window].seconds - EDGES));
}

/** Whether it looks back longer than usual, and so finds a change later. */
export function isWidened({ window }: Sampling): boolean {
  return WINDOWS.indexOf(window as Window) > WINDOWS.indexOf(USUAL);
}
