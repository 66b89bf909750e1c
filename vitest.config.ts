import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.spec.ts', 'native/**/*.spec.ts', 'test/**/*.spec.ts'],
    exclude: ['test/e2e/**', '**/node_modules/**'],
    // Two cores: one file at a time keeps native threads and timers honest.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
