import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BANDS, bandPosition, columnAt } from './mel.js';
import { HISTORY_COLUMNS, SpectrogramHistory, TOP_LOWEST_DB } from './spectrogram-history.js';

const flat = (value: number) => new Array<number>(BANDS).fill(value);

describe('SpectrogramHistory', () => {
  it('keeps the newest columns by their number', () => {
    const history = new SpectrogramHistory();
    for (let i = 0; i < HISTORY_COLUMNS + 10; i++) history.add(i, [flat(-i)]);
    expect(history.first).toBe(10);
    expect(history.end).toBe(HISTORY_COLUMNS + 10);
    expect(history.column(9)).toBeNull();
    expect(history.column(10)?.[0]).toBe(-10);
    expect(history.column(HISTORY_COLUMNS + 9)?.[BANDS - 1]).toBe(-HISTORY_COLUMNS - 9);
    expect(history.column(HISTORY_COLUMNS + 10)).toBeNull();
  });

  it('leaves a hole where columns were skipped until they come', () => {
    const history = new SpectrogramHistory();
    history.add(0, [flat(1), flat(2)]);
    history.add(5, [flat(4)]);
    history.add(3, [flat(3), flat(3), flat(5), flat(6)]);
    const band0 = [0, 1, 2, 3, 4, 5, 6].map((number) => history.column(number)?.[0]);
    expect(band0).toEqual([1, 2, -Infinity, 3, 3, 5, 6]);
  });

  it('starts over with a new stream, also one that joins late', () => {
    const history = new SpectrogramHistory();
    history.add(100, [flat(1)]);
    history.add(0, [flat(2)]);
    expect([history.first, history.end]).toEqual([0, 1]);
    history.add(10_000, [flat(3)]);
    expect([history.first, history.end]).toEqual([10_000, 10_001]);
  });

  it('keeps the top at the loudest value, lets it fall slowly and never below its lowest', () => {
    const history = new SpectrogramHistory();
    history.add(0, [flat(20)]);
    expect(history.topDb).toBe(20);
    history.add(1, [flat(-60)]);
    expect(history.topDb).toBeCloseTo(19.75);
    history.add(2, new Array(400).fill(flat(-60)));
    expect(history.topDb).toBe(TOP_LOWEST_DB);
  });

  it('freezes a copy around a column', () => {
    const history = new SpectrogramHistory();
    history.add(0, [flat(1), flat(2), flat(3), flat(4)]);
    const frozen = history.freeze(3, 4);
    history.add(4, [flat(50)]);
    expect([0, 1, 2, 3].map((i) => frozen?.values[i * BANDS])).toEqual([2, 3, 4, -Infinity]);
    expect(frozen?.topDb).toBe(4);
    expect(history.freeze(900, 4)).toBeNull();
  });

  it('never holds a column outside its window, whatever order numbers come in', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 0, max: 8 })), { maxLength: 60 }), (batches) => {
        const history = new SpectrogramHistory();
        for (const [first, count] of batches) {
          history.add(first, new Array<number[]>(count).fill(flat(0)));
          expect(history.end - history.first).toBeLessThanOrEqual(HISTORY_COLUMNS);
          expect(history.column(history.end)).toBeNull();
          if (count > 0) expect(history.column(first + count - 1)?.[0]).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('mel axis', () => {
  it('puts the top of the picture near half the sample rate and ascends', () => {
    expect(bandPosition(8000)).toBeCloseTo(BANDS + 0.5);
    expect(bandPosition(1000)).toBeGreaterThan(bandPosition(500));
    expect(bandPosition(1000)).toBeGreaterThan(9);
    expect(bandPosition(1000)).toBeLessThan(12);
  });

  it('finds the column of a stream time', () => {
    expect(columnAt(64)).toBe(0);
    expect(columnAt(64 + 32 * 10 + 3)).toBe(10);
  });
});
