import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { colourIndex, VIRIDIS, viridisCss } from './viridis.js';

/** Relative luminance (WCAG 2) of a colour of the table. */
function luminance(i: number): number {
  const linear = [0, 1, 2].map((c) => {
    const v = VIRIDIS[i * 4 + c]! / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
}

describe('viridis', () => {
  it('runs from dark violet to yellow', () => {
    expect(viridisCss(0)).toBe('rgb(68 1 84)');
    expect(viridisCss(1)).toBe('rgb(253 231 37)');
  });

  it('only gets brighter, so that it can be read without colour', () => {
    for (let i = 1; i < 256; i++) expect(luminance(i)).toBeGreaterThan(luminance(i - 1) - 1e-3);
    expect(luminance(255)).toBeGreaterThan(0.7);
  });

  it('clamps whatever comes', () => {
    expect(colourIndex(NaN, 0, 1)).toBe(0);
    fc.assert(
      fc.property(fc.double(), (value) => {
        const i = colourIndex(value, -80, 0);
        expect(Number.isInteger(i) && i >= 0 && i <= 255).toBe(true);
      }),
    );
  });
});
