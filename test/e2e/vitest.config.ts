import { defineConfig } from 'vitest/config';

/** A real browser, real processes, sound at real speed. */
const TEST_LIMIT_MS = 90_000;

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/e2e/**/*.e2e.ts'],
    // Real-time sound on a small machine: one file at a time.
    fileParallelism: false,
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
  },
});
