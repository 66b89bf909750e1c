import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BenchProcess, withEvent } from './bench-process.js';

const OPTIONS = { quick: true, threads: [1], batches: [1] };
const PROGRESS = { event: 'progress', done: 1, total: 2, what: 'batch 1' };

describe('BenchProcess', () => {
  let folder: string;
  /** A process that is told to start and then does what `body` says. */
  const program = (name: string, body: string): string => {
    const file = join(folder, `${name}.cjs`);
    writeFileSync(file, `process.once('message', (options) => { const send = (m, f) => process.send(m, f); ${body} });`);
    return file;
  };
  const started = (file: string, listening = false): { bench: BenchProcess; changed: ReturnType<typeof vi.fn> } => {
    const changed = vi.fn();
    const bench = new BenchProcess(changed, () => file);
    bench.start(OPTIONS, listening);
    return { bench, changed };
  };
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'winnow-bench-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps what the process told, and says when there is more', async () => {
    const row = `send({ type: 'event', event: { engine: 'winnow', batch: options.batches[0] } });`;
    const file = program('told', `send({ type: 'event', event: ${JSON.stringify(PROGRESS)} }); ${row} send({ type: 'done' });`);
    const { bench, changed } = started(file);
    expect(bench.report).toMatchObject({ state: 'running', quick: true, listened: false, rows: [] });
    await vi.waitFor(() => expect(bench.report.state).toBe('done'), 10_000);
    expect(bench.report).toMatchObject({ rows: [{ engine: 'winnow', batch: 1 }], progress: null, problem: null });
    await vi.waitFor(() => expect(changed).toHaveBeenCalled());
  });

  it('tells why a process ended that was not done', async () => {
    const { bench } = started(program('crash', 'process.exit(3);'));
    await vi.waitFor(() => expect(bench.report.state).toBe('failed'), 10_000);
    expect(bench.report.problem?.cause).toContain('code 3');
  });

  it('runs one at a time and stops it, keeping what it measured', async () => {
    const { bench } = started(
      program('long', `send({ type: 'event', event: ${JSON.stringify(PROGRESS)} }); setInterval(() => {}, 1000);`),
      true,
    );
    expect(() => bench.start(OPTIONS, false)).toThrow(expect.objectContaining({ code: 'bench-running' }));
    await vi.waitFor(() => expect(bench.report.progress).toEqual({ done: 1, total: 2, what: 'batch 1' }), 10_000);
    bench.stop();
    expect(bench.report).toMatchObject({ state: 'stopped', listened: true, problem: null });
    bench.start(OPTIONS, false);
    bench.listeningBegan();
    expect(bench.report).toMatchObject({ state: 'running', listened: true });
    bench.stop();
  });

  it('puts events where they belong', () => {
    const { report } = new BenchProcess(() => undefined);
    const speed = { event: 'published', hardware: 'V100', network: 'dense', wordsPerS: 1, source: 'poster' } as const;
    expect(withEvent(report, speed)).toEqual({ ...report, published: [speed] });
  });
});
