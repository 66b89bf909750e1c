import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WinnowError } from '../../shared/errors.js';
import { spokenSecond } from './spoken-second.js';
import { normaliseWord } from './word-name.js';

/** Noise of a quiet room with a 200 Hz tone of the given place and length: a word, as far as energy goes. */
function recording(seconds: number, tone: { from: number; to: number; amplitude: number } | null, room = 0.001): Float32Array {
  let state = 12345;
  return Float32Array.from({ length: Math.round(seconds * 16_000) }, (_, i) => {
    state = (state * 48271) % 2147483647;
    const noise = room * (2 * (state / 2147483647) - 1);
    const t = i / 16_000;
    const sounding = tone && t >= tone.from && t < tone.to;
    return noise + (sounding ? tone.amplitude * Math.sin(2 * Math.PI * 200 * t) : 0);
  });
}

describe('the spoken second', () => {
  it('has the word in its middle', () => {
    const { start, samples, problems } = spokenSecond(recording(3, { from: 1.5, to: 1.9, amplitude: 0.3 }));
    expect(samples.length).toBe(16_000);
    expect(start / 16_000).toBeCloseTo(1.2, 1);
    expect(problems).toEqual([]);
  });

  it('fills up with zeros at the edges', () => {
    const { start, samples } = spokenSecond(recording(1.2, { from: 0.05, to: 0.35, amplitude: 0.3 }));
    expect(start).toBeLessThan(0);
    expect(samples[0]).toBe(0);
  });

  it('points out silence, nothing said, quiet, clipped and long takes', () => {
    expect(spokenSecond(new Float32Array(20_000)).problems).toEqual(['silent']);
    expect(spokenSecond(recording(2, null)).problems).toEqual(['no-speech']);
    expect(spokenSecond(recording(2, { from: 1, to: 1.02, amplitude: 0.5 })).problems).toEqual(['no-speech']);
    expect(spokenSecond(recording(2, { from: 1, to: 1.4, amplitude: 0.005 }, 0.00005)).problems).toEqual(['too-quiet']);
    const loud = recording(2, { from: 1, to: 1.4, amplitude: 3 }).map((sample) => Math.max(-1, Math.min(1, sample)));
    expect(spokenSecond(loud).problems).toEqual(['clipped']);
    expect(spokenSecond(recording(4, { from: 1, to: 2.5, amplitude: 0.3 })).problems).toEqual(['too-long']);
  });

  it('gives a second for any recording', () => {
    fc.assert(
      fc.property(fc.float32Array({ maxLength: 4000, min: -1, max: 1, noNaN: true }), (samples) => {
        const second = spokenSecond(samples);
        expect(second.samples.length).toBe(16_000);
        expect(second.samples.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});

describe('words', () => {
  it('are trimmed, composed and lower case', () => {
    expect(normaliseWord('  Light   ON ')).toBe('light on');
    expect(normaliseWord('Cafe\u0301')).toBe('café');
    expect(normaliseWord("l'été")).toBe("l'été");
  });

  it('are no paths, no empty names and no reserved labels', () => {
    for (const bad of ['', '   ', '../x', 'a/b', '_silence_', 'a\0b', 'con.', 'x'.repeat(33), '-', '🙂']) {
      expect(() => normaliseWord(bad), bad).toThrow(WinnowError);
    }
  });

  it('are safe to store whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        try {
          expect(normaliseWord(text)).not.toMatch(/[/\\:\0.]|^_/);
        } catch (error) {
          expect(error).toBeInstanceOf(WinnowError);
        }
      }),
    );
  });
});
