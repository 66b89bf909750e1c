import { describe, expect, it } from 'vitest';
import { bytes, count, decibels, NONE, percent, signed, streamTime, timesFewer } from './figures.js';

describe('figures', () => {
  it('writes fractions and levels, and a dash for what is not there', () => {
    expect(percent(0.9704)).toBe('97.0\u00a0%');
    expect(percent(undefined)).toBe(NONE);
    expect(decibels(-12.4)).toBe('−12\u00a0dB');
    expect(decibels(-0.2)).toBe('0\u00a0dB');
    expect(decibels(-0.04, 1)).toBe('0.0\u00a0dB');
    expect(decibels(null)).toBe(NONE);
    expect([-1.25, -0.001, 3].map((value) => signed(value, 1))).toEqual(['−1.3', '0.0', '3.0']);
    expect(decibels(-Infinity)).toBe(NONE);
  });

  it('writes large numbers with three figures', () => {
    expect([7, 999, 1600, 12_345, 999_499, 999_500, 866_000, 13_110_000, 2.5e9].map(count)).toEqual([
      '7',
      '999',
      '1600',
      '12.3\u00a0k',
      '999\u00a0k',
      '1.00\u00a0M',
      '866\u00a0k',
      '13.1\u00a0M',
      '2.50\u00a0G',
    ]);
    expect([900, 12_400, 3_456_000].map(bytes)).toEqual(['900 B', '12 kB', '3.46 MB']);
  });

  it('writes times of the stream without a sixtieth second', () => {
    expect(streamTime(0)).toBe('0:00.0');
    expect(streamTime(59_960)).toBe('1:00.0');
    expect(streamTime(83_420)).toBe('1:23.4');
  });

  it('says how many times fewer', () => {
    expect(timesFewer(870_000, 13_110_000)).toBe('15.1× fewer');
    expect(timesFewer(100, 100)).toBe('as many');
    expect(timesFewer(0, 100)).toBe(NONE);
  });
});
