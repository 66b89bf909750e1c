import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COLUMN_MS } from './mel.js';
import { ScrollClock } from './scroll-clock.js';

describe('ScrollClock', () => {
  it('scrolls evenly although columns come in bursts', () => {
    const clock = new ScrollClock();
    const frameMs = 1000 / 60;
    const steps: number[] = [];
    let before = clock.advance(0, 100);
    for (let frame = 1; frame < 400; frame++) {
      // Two columns at a time, every fourth frame or so.
      const end = 100 + 2 * Math.floor((frame * frameMs) / COLUMN_MS / 2);
      const at = clock.advance(frameMs, end);
      if (frame > 100) steps.push(at - before);
      before = at;
    }
    const even = frameMs / COLUMN_MS;
    for (const step of steps) {
      expect(step).toBeGreaterThan(even * 0.5);
      expect(step).toBeLessThan(even * 1.5);
    }
  });

  it('never passes the newest column and never runs back within a stream', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(6)), { maxLength: 100 }), (frames) => {
        const clock = new ScrollClock();
        let end = 0;
        let before = 0;
        for (const [elapsedMs, added] of frames) {
          end += added;
          const at = clock.advance(elapsedMs, end);
          expect(at).toBeLessThanOrEqual(end);
          expect(at).toBeGreaterThanOrEqual(before);
          before = at;
        }
      }),
    );
  });

  it('jumps to a new stream and after a pause', () => {
    const clock = new ScrollClock();
    expect(clock.advance(16, 1000)).toBe(1000);
    expect(clock.advance(16, 3)).toBe(3);
  });
});
