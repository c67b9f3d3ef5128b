/** Random numbers with a seed (mulberry32): the same in every run, on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many things happen in a stretch in which so many are expected (Poisson). */
export function happenings(next: () => number, expected: number): number {
  if (expected > 30) {
    // By the normal distribution, of two uniform numbers (Box and Muller).
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal));
  }
  const limit = Math.exp(-expected);
  let [count, product] = [0, next()];
  while (product > limit) {
    count += 1;
    product *= next();
  }
  return count;
}

/** Shares that are all at least a part of their fair share, and sum to 1. */
export function shares(next: () => number, bins: number): number[] {
  const raw = Array.from({ length: bins }, () => 0.15 - Math.log(1 - next()));
  const total = raw.reduce((sum, one) => sum + one, 0);
  return raw.map((one) => one / total);
}

/** The population stability index, as textbooks write it. */
export function indexOf(actual: readonly number[], expected: readonly number[]): number {
  return actual.reduce((sum, share, bin) => sum + (share - expected[bin]!) * Math.log(share / expected[bin]!), 0);
}

/** A distribution on the way from one to another whose stability index against the first is as asked; or the last that is on the way. */
export function shifted(from: readonly number[], towards: readonly number[], index: number): number[] {
  const at = (part: number): number[] => from.map((share, bin) => share + part * (towards[bin]! - share));
  let [low, high] = [0, 1];
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (indexOf(at(middle), from) < index) low = middle;
    else high = middle;
  }
  return at(high);
}
