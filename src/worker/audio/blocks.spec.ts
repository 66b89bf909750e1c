import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockCutter } from './blocks.js';
import { BLOCK_SAMPLES, type PcmBlock } from './recorder.js';

function cut(feed: (cutter: BlockCutter) => void): PcmBlock[] {
  const blocks: PcmBlock[] = [];
  const cutter = new BlockCutter((block) => blocks.push(block));
  feed(cutter);
  cutter.flush();
  return blocks;
}

describe('BlockCutter', () => {
  it('gives every byte once and in order, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 20 }), (portions) => {
        const total = portions.reduce((a, b) => a + b, 0);
        const bytes = Buffer.from(Array.from({ length: total }, (_, i) => (i * 151) & 255));
        const blocks = cut((cutter) => {
          let at = 0;
          for (const length of portions) cutter.pushBytes(bytes.subarray(at, (at += length)));
        });
        const samples = blocks.flatMap((block) => Array.from(block.samples));
        expect(samples).toEqual(Array.from({ length: total >> 1 }, (_, i) => bytes.readInt16LE(2 * i) / 32_768));
        blocks.forEach((block, i) => {
          expect(block.start).toBe(i * BLOCK_SAMPLES);
          expect(block.lostBefore).toBe(0);
          if (i < blocks.length - 1) expect(block.samples).toHaveLength(BLOCK_SAMPLES);
        });
      }),
    );
  });

  it('accounts for every lost sample', () => {
    const step = fc.oneof(
      fc.record({ push: fc.integer({ min: 1, max: 2000 }) }),
      fc.record({ lose: fc.integer({ min: 1, max: 5000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let end = 0;
        let lost = 0;
        const blocks = cut((cutter) => {
          for (const one of steps) {
            if ('push' in one) {
              cutter.push(Float32Array.from({ length: one.push }, (_, i) => end + i));
              end += one.push;
            } else {
              cutter.lose(one.lose);
              end += one.lose;
            }
            expect(cutter.end).toBe(end);
          }
          cutter.push(Float32Array.of(end++));
        });
        let position = 0;
        for (const block of blocks) {
          position += block.lostBefore;
          lost += block.lostBefore;
          expect(block.start).toBe(position);
          // Each sample carries its own place.
          expect(block.samples.every((value, i) => value === block.start + i)).toBe(true);
          position += block.samples.length;
        }
        expect(position).toBe(end);
        expect(lost).toBe(steps.reduce((sum, one) => sum + ('lose' in one ? one.lose : 0), 0));
      }),
    );
  });
});
