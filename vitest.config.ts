import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/conformance/**', 'test/package/**'],
    // Nothing takes a minute; a busy machine may.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Many tests wait for a process that they start, so no core is left to it alone.
    maxWorkers: '100%',
  },
});
