import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WinnowError } from '../../shared/errors.js';
import { ACTION_INTERVAL_MS, ACTIONS_RUNNING_MAX, ActionRunner } from './actions.js';

let folder: string;
let problems: WinnowError[];
let nowMs: number;
let runner: ActionRunner;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'winnow-actions-'));
  problems = [];
  nowMs = 0;
  runner = new ActionRunner(
    (error) => problems.push(error),
    () => nowMs,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const heard = (label: string) => ({ label, confidence: 0.87654, timeMs: 1234.4 });
/** Writes the arguments and the environment that the program was given. */
const recorder = (file: string, ...args: string[]): string[] => [
  process.execPath,
  '-e',
  `const { WINNOW_LABEL, WINNOW_CONFIDENCE, WINNOW_TIME_MS } = process.env;
   const { writeFileSync, renameSync } = require('fs');
   writeFileSync(${JSON.stringify(file)} + '.new', JSON.stringify({ args: process.argv.slice(1), env: [WINNOW_LABEL, WINNOW_CONFIDENCE, WINNOW_TIME_MS] }));
   renameSync(${JSON.stringify(file)} + '.new', ${JSON.stringify(file)});`,
  '--',
  ...args,
];

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(10);
  }
}
const written = (file: string): Promise<string> => until(() => readFile(file, 'utf8').catch(() => undefined));

describe('actions', () => {
  it('start the program with the word as an argument of its own, never through a shell', async () => {
    const file = join(folder, 'out');
    const label = '$(touch hacked); "yes" `id`';
    const command = recorder(file, '{label}', '{confidence}', '{timeMs}', 'x{label}', '; exit 1');
    expect(runner.run({ enabled: true, command }, heard(label))).toBe(true);
    expect(JSON.parse(await written(file))).toEqual({
      args: [label, '0.8765', '1234', 'x{label}', '; exit 1'],
      env: [label, '0.8765', '1234'],
    });
    expect(problems).toEqual([]);
  });

  it('are off unless enabled', () => {
    expect(runner.run({ enabled: false, command: recorder(join(folder, 'out')) }, heard('yes'))).toBe(false);
  });

  it('start at most once in a second for each word', async () => {
    const action = { enabled: true, command: [process.execPath, '-e', ''] };
    expect(runner.run(action, heard('yes'))).toBe(true);
    nowMs += ACTION_INTERVAL_MS - 1;
    expect(runner.run(action, heard('yes'))).toBe(false);
    expect(runner.run(action, heard('no'))).toBe(true);
    nowMs += 1;
    expect(runner.run(action, heard('yes'))).toBe(true);
  });

  it('[negative] report a program that is missing, fails, or cannot be given its arguments', async () => {
    runner.run({ enabled: true, command: [join(folder, 'missing')] }, heard('a'));
    runner.run({ enabled: true, command: [process.execPath, '-e', 'process.exit(3)'] }, heard('b'));
    runner.run({ enabled: true, command: [process.execPath, 'a\u0000b'] }, heard('c'));
    await until(() => (problems.length === 3 ? true : undefined));
    const reasons = Object.fromEntries(problems.map(({ code, details }) => [details['label'], [code, details['reason']]]));
    expect(reasons['a']).toEqual(['action-failed', expect.stringContaining('ENOENT')]);
    expect(reasons['b']).toEqual(['action-failed', 'exit code 3']);
    expect(reasons['c']![0]).toBe('action-failed');
  });

  it('[negative] start no more than a few at a time', async () => {
    const command = [process.execPath, '-e', 'setTimeout(() => {}, 300)'];
    for (let i = 0; i < ACTIONS_RUNNING_MAX; i++) expect(runner.run({ enabled: true, command }, heard(`w${i}`))).toBe(true);
    expect(runner.run({ enabled: true, command }, heard('more'))).toBe(false);
    expect(problems.map(({ code }) => code)).toEqual(['action-too-many']);
    await until(() => (runner.run({ enabled: true, command: [process.execPath, '-e', ''] }, heard('later')) ? true : undefined));
  });
});
