// npm test: sets up what is missing, then runs every check and every test, and closes with one line of counts.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT } from './fingerprint.mjs';
import { NATIVE_ADDON, buildNative } from './native.mjs';
import { runProgram } from './programs.mjs';
import { runScript, setup } from './setup.mjs';
import { provideSystemPackages } from './system-packages.mjs';
import { addTallies, ctestTally, emptyTally, failedTally, vitestTally } from './tally.mjs';

const CHECK_LIMIT_MS = 5 * 60_000;
const NATIVE_LIMIT_MS = 10 * 60_000;
const UNIT_LIMIT_MS = 15 * 60_000;
const E2E_LIMIT_MS = 15 * 60_000;
const REPORTS = join(ROOT, 'artifacts/reports');

const say = (line) => console.error(`test: ${line}`);

/** The script behind a package's command, so that it runs with this very Node. */
function packageProgram(name, program) {
  const require = createRequire(join(ROOT, 'package.json'));
  const manifest = join(ROOT, 'node_modules', name, 'package.json');
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[program]);
}

async function check(name, [packageName, program], ...args) {
  const { code, timedOut } = await runProgram(process.execPath, [packageProgram(packageName, program), ...args], {
    limitMs: CHECK_LIMIT_MS,
  });
  if (code === 0) return { ...emptyTally(), passed: 1 };
  return failedTally(timedOut ? `${name} took too long` : name);
}

async function vitest(name, limitMs, ...args) {
  const report = join(REPORTS, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await runProgram(process.execPath, [packageProgram('vitest', 'vitest'), 'run', ...args, ...reporters], {
    limitMs,
  });
  return vitestTally(report, code);
}

async function nativeTests() {
  const report = join(REPORTS, 'ctest.xml');
  const { status, reason } = buildNative({ tests: true });
  if (status !== 'built') return failedTally(`the build of the native tests: ${reason}`);
  const args = ['--test-dir', dirname(NATIVE_ADDON), '--output-on-failure', '--output-junit', report];
  const { code } = await runProgram('ctest', args, { limitMs: NATIVE_LIMIT_MS });
  return ctestTally(report, code);
}

await runScript(async () => {
  const started = Date.now();
  const leftOut = await provideSystemPackages(say);
  const { native } = await setup();
  if (!native) leftOut.push('the native engine and its tests');
  if (!existsSync(process.env.WINNOW_DATA ?? join(ROOT, '../shared/data'))) {
    leftOut.push('what needs recorded speech (name a folder of it in WINNOW_DATA)');
  }
  rmSync(REPORTS, { recursive: true, force: true });
  mkdirSync(REPORTS, { recursive: true });

  const parts = [
    ['types', () => check('types', ['typescript', 'tsc'], '--noEmit', '-p', 'tsconfig.json')],
    ['types of the page', () => check('types of the page', ['svelte-check', 'svelte-check'], '--tsconfig', 'tsconfig.web.json')],
    ['lint', () => check('lint', ['eslint', 'eslint'], '.')],
    ['formatting', () => check('formatting', ['prettier', 'prettier'], '--check', '--log-level', 'warn', '.')],
    ...(native ? [['native engine', nativeTests]] : []),
    ['units', () => vitest('units', UNIT_LIMIT_MS)],
    ['end to end', () => vitest('end-to-end', E2E_LIMIT_MS, '--config', 'test/e2e/vitest.config.ts')],
  ];
  const tallies = [];
  for (const [name, run] of parts) {
    say(name);
    const began = Date.now();
    const tally = await run();
    tallies.push({ name, seconds: Math.round((Date.now() - began) / 1000), ...tally });
  }

  const sum = addTallies(tallies);
  console.log('');
  for (const { name, seconds, passed, failed, skipped } of tallies) {
    console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
  }
  for (const part of leftOut) console.log(`left out: ${part}`);
  for (const name of sum.skips) console.log(`skipped: ${name}`);
  for (const name of sum.failures) console.log(`FAILED: ${name}`);
  console.log(`in all ${Math.round((Date.now() - started) / 1000)} s`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return sum.failed === 0 ? 0 : 1;
});
