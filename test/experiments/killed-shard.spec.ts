import { existsSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../helpers/bundle.js';
import { temporaryFolder } from '../helpers/project.js';

/** Four units without data: the first is quick, the others take longer. */
const SWEEP = ['experiment', 'run', 'match-theory', '--unit', 'binary', '--json'];
const LIMIT_MS = 180_000;

let program: Awaited<ReturnType<typeof bundle>>;
const folder = temporaryFolder('sweep');
beforeAll(async () => {
  program = await bundle({ cli: 'src/cli/index.ts' });
}, LIMIT_MS);
afterAll(() => {
  program.remove();
  folder.remove();
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param killAtFirstResult kill -9 as soon as the process tells of a result */
function winnow(args: readonly string[], killAtFirstResult = false): Promise<Ended> {
  const child = spawn(process.execPath, [program.path('cli'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    if (killAtFirstResult && stdout.includes('\n')) child.kill('SIGKILL');
  });
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

/** What a report says, without the machine time, which no two runs share. */
async function report(out: string): Promise<{ reports: unknown; notes: unknown }> {
  const { stdout } = await winnow(['experiment', 'report', out, '--json']);
  const { reports, notes } = JSON.parse(stdout) as { reports: { seconds: number }[]; notes: unknown };
  return { reports: reports.map((each) => ({ ...each, seconds: 0 })), notes };
}

describe('a sweep in two shards', () => {
  it(
    'gives the same merged report as one process, though one shard was killed half-way',
    async () => {
      const whole = join(folder.path, 'whole');
      const shards = join(folder.path, 'shards');
      expect((await winnow([...SWEEP, '--out', whole])).code).toBe(0);

      const killed = await winnow([...SWEEP, '--out', shards, '--shard', '0/2'], true);
      expect(killed.signal).toBe('SIGKILL');
      const file = join(shards, 'match-theory.shard-0-of-2.jsonl');
      expect(existsSync(file)).toBe(true);
      const kept = readFileSync(file, 'utf8').split('\n').length - 1;
      expect(kept).toBe(1);

      expect((await winnow([...SWEEP, '--out', shards, '--shard', '1/2'])).code).toBe(0);
      const again = await winnow([...SWEEP, '--out', shards, '--shard', '0/2']);
      expect(again.stderr).toContain('1 units ran, 1 were there already');
      expect(await report(shards)).toEqual(await report(whole));
      expect((await report(shards)).notes).toEqual([]);
    },
    LIMIT_MS,
  );
});
