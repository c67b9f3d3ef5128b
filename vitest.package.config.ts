import { defineConfig } from 'vitest/config';

/** Tests of the packed package; they install from the npm registry, so they are not part of `npm test`. */
export default defineConfig({
  test: { include: ['test/package/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000 },
});
