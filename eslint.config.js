import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

/** Rooms may import only to their left: shared <- worker <- (main | cli); renderer and preload see only shared. */
const room = (files, forbidden, message) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message }] }] },
});

export default tseslint.config(
  { ignores: ['out/', 'build/', 'node_modules/', 'artifacts/'] },
  ...tseslint.configs.recommended,
  ...svelte.configs.recommended,
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: tseslint.parser } } },
  room(
    ['src/shared/**'],
    ['**/worker/**', '**/main/**', '**/cli/**', '**/renderer/**', '**/preload/**', 'electron', 'node:*'],
    'shared/ stands alone.',
  ),
  room(
    ['src/worker/**'],
    ['electron', '**/main/**', '**/cli/**', '**/renderer/**', '**/preload/**'],
    'worker/ sees only shared/.',
  ),
  room(
    ['src/renderer/**', 'src/preload/**'],
    ['**/worker/**', '**/main/**', '**/cli/**', 'node:*'],
    'renderer and preload see only shared/.',
  ),
  room(
    ['src/main/**'],
    ['**/worker/audio/**', '**/worker/features/**', '**/worker/network/**', '**/cli/**', '**/renderer/**'],
    'main/ touches no audio, numbers or native code.',
  ),
  room(['src/cli/**'], ['electron', '**/main/**', '**/renderer/**', '**/preload/**'], 'cli/ sees worker/ and shared/.'),
);
