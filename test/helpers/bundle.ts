import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { ROOT } from './project.js';

/**
 * Bundles programs for tests that start them as processes, from the sources as they are now, so that no such test runs a stale
 * build. Lies inside the project, where packages and resources are found.
 * @param entries source files by the name of the bundle
 */
export async function bundle(entries: Readonly<Record<string, string>>): Promise<{ path(name: string): string; remove(): void }> {
  mkdirSync(join(ROOT, 'build'), { recursive: true });
  const outDir = mkdtempSync(join(ROOT, 'build', 'test-bundle-'));
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      target: 'node20',
      rollupOptions: {
        input: { ...entries },
        output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[name]-[hash].mjs' },
      },
    },
  });
  return {
    path: (name) => join(outDir, `${name}.mjs`),
    remove: () => rmSync(outDir, { recursive: true, force: true }),
  };
}
