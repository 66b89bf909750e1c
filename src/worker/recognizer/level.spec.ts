import { describe, expect, it } from 'vitest';
import { blendSnrDb, LevelMeter } from './level.js';

const block = (value: number): Float32Array => new Float32Array(512).fill(value);

describe('level meter', () => {
  it('measures the last second', () => {
    const meter = new LevelMeter();
    expect([meter.rmsDb, meter.peakDb]).toEqual([null, null]);
    for (let i = 0; i < 100; i++) meter.add(block(1));
    for (let i = 0; i < 32; i++) meter.add(block(0.1));
    expect(meter.rmsDb).toBeCloseTo(-20, 5);
    expect(meter.peakDb).toBeCloseTo(-20, 5);
  });

  it('finds a source that gives only zeros, and hears the first sample that is not', () => {
    const meter = new LevelMeter();
    for (let i = 0; i < 93; i++) meter.add(block(0));
    expect(meter.allZero).toBe(false);
    meter.add(block(0));
    expect(meter.allZero).toBe(true);
    const click = block(0);
    click[511] = 1 / 32768;
    meter.add(click);
    expect(meter.allZero).toBe(false);
  });
});

describe('signal-to-noise ratio of the blend', () => {
  it('is that of the two parts', () => {
    expect(blendSnrDb(0.1, 0.1, 0.5)).toBeCloseTo(0, 9);
    expect(blendSnrDb(0.1, 1 / Math.sqrt(3), 0.2)).toBeCloseTo(20 * Math.log10((0.8 * 0.1) / (0.2 / Math.sqrt(3))), 9);
    expect(blendSnrDb(0, 1, 0.5)).toBeNull();
    expect(blendSnrDb(1, 1, 0)).toBeNull();
  });
});
