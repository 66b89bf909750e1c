import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KWinners, Selection, WinnerCount } from '../../shared/network.js';
import { competitions, kthLargest, WinnerSelector, winnersPerCompetition } from './selection.js';
import type { TensorShape } from './shapes.js';

const row = (width: number): TensorShape => ({ channels: 1, height: 1, width });

function choose(values: number[], selection: Selection, count: WinnerCount, tensor: TensorShape, kInferenceFactor = 1): number[] {
  const selector = new WinnerSelector({ selection, count, kInferenceFactor }, tensor);
  return Array.from(selector.select(Float32Array.from(values)));
}

describe('the seven nodes of patent paragraphs 45 to 47', () => {
  // The figure's numbers are not in its text; these have what the text says of them: nodes 1 and 4 above 8.0, node 1 the
  // largest of the first four, node 7 the largest of the last three.
  const nodes = [14.1, 2.3, -1, 9.2, 0.5, 3.1, 7.9];

  it('keeps 2 of 7 above a threshold of 8.0: a sparsity of 0.71', () => {
    const winners = choose(nodes, { kind: 'threshold', value: 8 }, { k: 2 }, row(7));
    expect(winners).toEqual([0, 3]);
    expect(((7 - winners.length) / 7).toFixed(2)).toBe('0.71');
  });

  it('keeps the largest of the group of four and of the group of three', () => {
    expect(choose(nodes, { kind: 'group', size: 4 }, { k: 1 }, row(7))).toEqual([0, 6]);
  });

  it('keeps a fixed number of three', () => {
    expect(choose(nodes, { kind: 'global' }, { k: 3 }, row(7))).toEqual([0, 3, 6]);
  });

  it('keeps a value of exactly the threshold out', () => {
    expect(choose([8, 8.5], { kind: 'threshold', value: 8 }, { k: 1 }, row(2))).toEqual([1]);
  });
});

describe('competitions in a tensor', () => {
  const tensor = { channels: 2, height: 2, width: 3 };

  it('are the channels for perChannel (FIG. 9B), the positions for local, boxes for volume (FIG. 9A)', () => {
    expect(competitions({ kind: 'perChannel' }, tensor).map((c) => [...c])).toEqual([
      [0, 1, 2, 3, 4, 5],
      [6, 7, 8, 9, 10, 11],
    ]);
    expect(competitions({ kind: 'local' }, tensor).map((c) => [...c])[1]).toEqual([1, 7]);
    expect(competitions({ kind: 'volume', channels: 2, height: 1, width: 2 }, tensor).map((c) => [...c])).toEqual([
      [0, 1, 6, 7],
      [2, 8],
      [3, 4, 9, 10],
      [5, 11],
    ]);
  });

  it('gives every channel its own two winners', () => {
    const values = [9, 8, 7, 6, 5, 4, 1, 2, 3, 4, 5, 6];
    expect(choose(values, { kind: 'perChannel' }, { k: 2 }, tensor)).toEqual([0, 1, 10, 11]);
    expect(choose(values, { kind: 'global' }, { k: 4 }, tensor)).toEqual([0, 1, 2, 3]);
    expect(choose(values, { kind: 'local' }, { k: 1 }, tensor)).toEqual([0, 1, 2, 3, 4, 11]);
  });

  it('cover every unit once, whatever the kind', () => {
    const sides = {
      channels: fc.integer({ min: 1, max: 4 }),
      height: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 4 }),
    };
    const kinds = fc.oneof(
      fc.constantFrom<Selection>({ kind: 'global' }, { kind: 'local' }, { kind: 'perChannel' }),
      fc.record({ kind: fc.constant('volume' as const), ...sides }),
      fc.record({ kind: fc.constant('group' as const), size: fc.integer({ min: 1, max: 9 }) }),
    );
    fc.assert(
      fc.property(fc.record(sides), kinds, (shape, selection) => {
        const all = competitions(selection, shape).flatMap((indices) => [...indices]);
        expect(all.sort((a, b) => a - b)).toEqual([...Array(shape.channels * shape.height * shape.width).keys()]);
      }),
    );
  });
});

describe('k', () => {
  it('is rounded half to even, and capped after the inference factor', () => {
    expect(winnersPerCompetition({ percentOn: 0.095 }, 50_176)).toBe(4767);
    expect(winnersPerCompetition({ percentOn: 0.125 }, 20)).toBe(2);
    expect(winnersPerCompetition({ percentOn: 0.175 }, 20)).toBe(4);
    expect(winnersPerCompetition({ k: 3 }, 10, 1.5)).toBe(4);
    expect(winnersPerCompetition({ k: 5 }, 10, 1.5)).toBe(8);
    expect(winnersPerCompetition({ k: 9 }, 10, 1.5)).toBe(10);
  });

  it('is exact with ties, which go to the lowest index, and with winners below zero', () => {
    expect(choose([1, 5, 5, 5, 0], { kind: 'global' }, { k: 2 }, row(5))).toEqual([1, 2]);
    expect(choose([0, 0, 0, 0], { kind: 'global' }, { k: 3 }, row(4))).toEqual([0, 1, 2]);
    expect(choose([-3, -1, -2], { kind: 'global' }, { k: 2 }, row(3))).toEqual([1, 2]);
  });

  it('winners are the first k of a stable sort, for any values', () => {
    const few = fc.integer({ min: -3, max: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(few, fc.float({ noNaN: true })), { minLength: 1, maxLength: 60 }),
        fc.nat(),
        (values, seed) => {
          const k = 1 + (seed % values.length);
          const floats = Float32Array.from(values);
          const order = [...floats.keys()].sort((a, b) => (floats[a] === floats[b] ? a - b : floats[b]! > floats[a]! ? 1 : -1));
          const wanted = order.slice(0, k).sort((a, b) => a - b);
          expect(choose(values, { kind: 'global' }, { k }, row(values.length))).toEqual(wanted);
          // 0 and -0 are one value, and either may stand for it.
          expect(kthLargest(Float32Array.from(values), values.length, k) === floats[order[k - 1]!]).toBe(true);
        },
      ),
      { examples: [[[0, -0], 0]] },
    );
  });

  it('stays k when values are not numbers', () => {
    const winners: Pick<KWinners, 'selection' | 'count' | 'kInferenceFactor'> = {
      selection: { kind: 'global' },
      count: { k: 2 },
      kInferenceFactor: 1,
    };
    expect([...new WinnerSelector(winners, row(4)).select(Float32Array.of(NaN, NaN, 1, NaN))]).toEqual([0, 2]);
  });
});
