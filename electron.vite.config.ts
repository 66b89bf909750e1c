import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

// One build for the window and for the command line. Bundles are CommonJS: import() of ES modules fails inside app.asar.
export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: {
          index: 'src/main/index.ts',
          cli: 'src/cli/index.ts',
          'engine-host': 'src/worker/hosts/engine-host.ts',
          'bench-host': 'src/worker/hosts/bench-host.ts',
          'lab-host': 'src/worker/hosts/lab-host.ts',
          'inside-worker': 'src/worker/inside/inside-worker.ts',
          'study-worker': 'src/worker/robustness/study-worker.ts',
          'training-worker': 'src/worker/training/training-worker.ts',
          'finetune-worker': 'src/worker/training/finetune/finetune-worker.ts',
        },
        output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rollupOptions: { input: 'src/preload/index.ts', output: { format: 'cjs', entryFileNames: '[name].cjs' } },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [svelte()],
    build: { outDir: 'out/renderer', rollupOptions: { input: 'src/renderer/index.html' } },
  },
});
