import { defineConfig } from 'vitest/config';

/** Runs real tools on what we render; `.ci/run` installs them. */
export default defineConfig({
  test: {
    include: ['test/conformance/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
