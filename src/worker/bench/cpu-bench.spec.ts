import { describe, expect, it } from 'vitest';
import type { BenchEvent, BenchRow } from '../../shared/bench.js';
import { loadNative } from '../network/native-loader.js';
import { runCpuBench } from './cpu-bench.js';

const native = loadNative();
/** The machine's peaks are measured too, and other programs may run. */
const TIMEOUT_MS = 180_000;
const KEYS = [
  'engine',
  'preset',
  'dtype',
  'isa',
  'threads',
  'batch',
  'streaming',
  'usP50',
  'usP99',
  'wordsPerS',
  'multiplies',
  'accuracy',
  'maxAbsDiff',
  'ratioToOrtFp32',
  'ratioToOrtInt8',
];

const run = async (options: { batches: number[]; threads: number[] }, stopAfter = Infinity): Promise<BenchEvent[]> => {
  const events: BenchEvent[] = [];
  await runCpuBench(
    { quick: true, effort: { totalMs: 1, segmentMs: 1 }, ...options },
    { emit: (event) => events.push(event), stopped: () => events.length >= stopAfter },
  );
  return events;
};
const rowsOf = (events: readonly BenchEvent[]) => events.filter((event): event is BenchRow => !('event' in event));

describe.skipIf(native.engine === null)('the benchmark', () => {
  it(
    'tells the machine first, then rows of every peer that compare with the peers of the same group, then layers',
    async () => {
      const events = await run({ batches: [2], threads: [1] });
      expect(events[0]).toMatchObject({ event: 'machine', isas: native.engine!.info().available });
      const rows = rowsOf(events);
      expect(rows.map(({ engine, preset, dtype }) => `${engine} ${preset} ${dtype}`)).toEqual(
        expect.arrayContaining([
          'onnxruntime commands-dense fp32',
          'onnxruntime commands-dense int8',
          'winnow commands-dense fp32',
          'winnow commands-sparse fp32',
        ]),
      );
      const [fp32, int8] = [rows[0]!, rows[1]!];
      for (const row of rows) {
        expect(Object.keys(row).slice(0, KEYS.length)).toEqual(KEYS);
        expect(row).toMatchObject({ threads: 1, batch: 2, streaming: false });
        expect(row.usP99).toBeGreaterThanOrEqual(row.usP50);
        expect(row.ratioToOrtFp32).toBeCloseTo(fp32.usP50 / row.usP50, 9);
        expect(row.ratioToOrtInt8).toBeCloseTo(int8.usP50 / row.usP50, 9);
        expect(row.accuracy).toBeGreaterThan(0.5);
        // In 8 bits scores move; in float32 only by rounding.
        if (row.dtype === 'fp32') expect(row.maxRelDiff).toBeLessThan(1e-3);
        else expect(row.maxRelDiff).toBeGreaterThan(0);
      }
      const sparse = rows.find(({ preset }) => preset === 'commands-sparse')!;
      expect(fp32.multiplies).toBe(13_104_400);
      expect(fp32.multiplies / sparse.multiplies).toBeGreaterThan(10);
      expect(fp32.bytesTouched).toBeGreaterThan(10 * sparse.bytesTouched);
      const layers = events.filter((event) => 'event' in event && event.event === 'layer');
      expect(layers.length).toBeGreaterThanOrEqual(8);
      for (const layer of layers) expect(layer).toMatchObject({ us: expect.any(Number), ofPeakMultiplies: expect.any(Number) });
    },
    TIMEOUT_MS,
  );

  it(
    'ends between two segments when it is stopped',
    async () => {
      const events = await run({ batches: [1], threads: [1] }, 1);
      expect(rowsOf(events)).toEqual([]);
      expect(events.some((event) => 'event' in event && event.event === 'layer')).toBe(false);
    },
    TIMEOUT_MS,
  );
});
