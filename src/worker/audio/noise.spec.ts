import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WindowExtractor } from '../features/extract.js';
import { LIVE_FEATURES } from '../../shared/features.js';
import { Random } from '../training/random.js';
import { Babble } from './babble.js';
import { blend, clipNoise, NOISE_RMS, noiseRecording, openBlend } from './noise.js';
import { encodeWav } from './wav.js';

const KINDS = ['white', 'gaussian', 'pink', 'babble'] as const;
/** Comparing typed arrays byte by byte takes a thousandth of what `toEqual` takes. */
const same = (a: Float32Array, b: Float32Array): boolean =>
  Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.byteLength), Buffer.from(b.buffer, b.byteOffset, b.byteLength)) === 0;
const rms = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);

/** Mean power in dB between two frequencies, by a plain Fourier sum over 4096-sample pieces. */
function bandDb(sound: Float32Array, lowHz: number, highHz: number): number {
  const size = 4096;
  let power = 0;
  let bins = 0;
  for (let hz = lowHz; hz < highHz; hz += (highHz - lowHz) / 12) {
    for (let at = 0; at + size <= sound.length; at += size) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < size; i++) {
        re += sound[at + i]! * Math.cos((2 * Math.PI * hz * i) / 16_000);
        im += sound[at + i]! * Math.sin((2 * Math.PI * hz * i) / 16_000);
      }
      power += re * re + im * im;
      bins++;
    }
  }
  return 10 * Math.log10(power / bins);
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winnow-noise-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('clipNoise', () => {
  for (const kind of KINDS) {
    it(`has rms 1/sqrt(3) and follows from seed, clip and eta: ${kind}`, () => {
      const noise = clipNoise(kind, 1, 'yes/a', 0.2, 16_000);
      expect(Math.abs(rms(noise) - NOISE_RMS)).toBeLessThan(kind === 'white' ? 0.01 : 1e-6);
      expect(same(clipNoise(kind, 1, 'yes/a', 0.2, 16_000), noise)).toBe(true);
      for (const other of [
        clipNoise(kind, 2, 'yes/a', 0.2, 16_000),
        clipNoise(kind, 1, 'yes/b', 0.2, 16_000),
        clipNoise(kind, 1, 'yes/a', 0.25, 16_000),
      ]) {
        expect(same(other, noise)).toBe(false);
      }
    });
  }

  it('is uniform in [-1, 1] when white', () => {
    const noise = clipNoise('white', 3, 'x', 0.5, 16_000);
    const counts = new Array<number>(10).fill(0);
    expect(noise.every((sample) => Math.abs(sample) <= 1)).toBe(true);
    for (const sample of noise) {
      counts[Math.min(9, Math.floor((sample + 1) * 5))]!++;
    }
    for (const count of counts) expect(Math.abs(count - 1600)).toBeLessThan(200);
  });

  it('is normal when gaussian', () => {
    const noise = clipNoise('gaussian', 3, 'x', 0.5, 16_000).map((v) => v / NOISE_RMS);
    const within = noise.filter((v) => Math.abs(v) < 1).length / noise.length;
    expect(within).toBeGreaterThan(0.67);
    expect(within).toBeLessThan(0.695);
    const kurtosis = noise.reduce((sum, v) => sum + v ** 4, 0) / noise.length;
    expect(Math.abs(kurtosis - 3)).toBeLessThan(0.3);
  });

  it('falls by 3 dB per octave when pink', () => {
    const noise = clipNoise('pink', 3, 'x', 0.5, 65_536);
    const slope = (bandDb(noise, 200, 400) - bandDb(noise, 3200, 6400)) / 4;
    expect(Math.abs(slope - 3)).toBeLessThan(0.4);
  });

  it('has the spectrum of speech when babble: most below 1 kHz, something at 4 kHz', () => {
    const noise = clipNoise('babble', 3, 'x', 0.5, 65_536);
    const low = bandDb(noise, 200, 900);
    const high = bandDb(noise, 3500, 5000);
    expect(low - high).toBeGreaterThan(10);
    expect(low - high).toBeLessThan(50);
    const window = new WindowExtractor(LIVE_FEATURES).decibels(noise.slice(0, 16_000));
    expect(window.every(Number.isFinite)).toBe(true);
  });
});

describe('noise from a file', () => {
  it('is scaled as a whole, goes round at its end and starts where the clip says', async () => {
    const path = join(folder, 'hum.wav');
    const hum = Float32Array.from({ length: 5000 }, (_, i) => 0.1 * Math.sin(i * 0.05));
    writeFileSync(path, encodeWav(hum));
    const recording = await noiseRecording(path);
    expect(rms(recording)).toBeCloseTo(NOISE_RMS, 6);
    const noise = clipNoise('file', 1, 'yes/a', 0.1, 16_000, recording);
    expect(noise.subarray(5000, 10_000)).toEqual(noise.subarray(0, 5000));
    expect(clipNoise('file', 1, 'yes/b', 0.1, 16_000, recording)).not.toEqual(noise);
  });

  it('gives coded errors', async () => {
    const path = join(folder, 'silence.wav');
    writeFileSync(path, encodeWav(new Float32Array(100)));
    await expect(noiseRecording(path)).rejects.toMatchObject({ code: 'audio-noise-silent' });
    await expect(openBlend({ kind: 'file', eta: 0.1, seed: 1 })).rejects.toMatchObject({ code: 'audio-noise-file-missing' });
    await expect(openBlend({ kind: 'file', eta: 0.1, seed: 1, path: join(folder, 'no.wav') })).rejects.toMatchObject({
      code: 'audio-unreadable',
    });
  });
});

describe('blending', () => {
  it('is (1 - eta) A + eta noise', () => {
    expect(Array.from(blend(Float32Array.of(1, -1), Float32Array.of(0.5, 0.5), 0.25))).toEqual([0.875, -0.625]);
  });

  it('is the same in a stream, however it is cut', async () => {
    const live = await openBlend({ kind: 'white', eta: 0.3, seed: 5 });
    const clean = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i));
    const whole = live!.apply(clean, 100);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), (cut) => {
        expect(same(live!.apply(clean.subarray(0, cut), 100), whole.subarray(0, cut))).toBe(true);
        expect(same(live!.apply(clean.subarray(cut), 100 + cut), whole.subarray(cut))).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(live!.noiseRms).toBeCloseTo(0.57735, 5);
  });

  it('makes babble that does not depend on how it is cut', () => {
    const whole = new Babble(new Random(7)).next(8000);
    const babble = new Babble(new Random(7));
    const parts = [babble.next(1), babble.next(4999), babble.next(3000)];
    expect(same(Float32Array.from(parts.flatMap((part) => Array.from(part))), whole)).toBe(true);
  });

  it('needs none for eta 0', async () => {
    expect(await openBlend({ kind: 'babble', eta: 0, seed: 1 })).toBeUndefined();
  });
});
