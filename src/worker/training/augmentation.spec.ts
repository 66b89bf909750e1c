import { describe, expect, it } from 'vitest';
import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES, WINDOW_SAMPLES } from '../../shared/features.js';
import { addNoise, addRoom, augmentClip, augmentSilence, blendWhite, cutFloor, resampleSpeed } from './augmentation.js';
import { NoiseRecordings, rms } from './noise-recordings.js';
import { Random } from './random.js';
import type { Augmentation } from './recipe.js';

const OFF: Augmentation = {
  amplitude: { probability: 0, low: 0.7, high: 1.1 },
  speed: { probability: 0, range: 0.2 },
  stretch: { probability: 0, range: 0.2 },
  shift: { probability: 0, frames: 8, of: 'spectrogram' },
  randomFloor: null,
  noise: { whiteShare: 0, etaMax: 0.5, realShare: 0, snrLowDb: -5, snrHighDb: 20 },
};
const NO_RECORDINGS = new NoiseRecordings([]);
const tone = Float32Array.from({ length: CLIP_SAMPLES }, (_, i) => 0.3 * Math.sin((2 * Math.PI * 440 * i) / 16_000));

function augmented(settings: Augmentation, seed = 1, recordings = NO_RECORDINGS) {
  const window = new Float32Array(WINDOW_SAMPLES);
  const draw = augmentClip(tone, window, settings, new Random(seed), recordings);
  return { window, ...draw };
}

describe('augmentClip', () => {
  it('leaves a clip between margins of zeros when every part is off', () => {
    const { window, stretch, shift } = augmented(OFF);
    expect(window.slice(CLIP_MARGIN_SAMPLES, -CLIP_MARGIN_SAMPLES)).toEqual(tone);
    expect([...window.slice(0, CLIP_MARGIN_SAMPLES), ...window.slice(-CLIP_MARGIN_SAMPLES)].every((x) => x === 0)).toBe(true);
    expect([stretch, shift]).toEqual([1, 0]);
  });

  it('draws the same from the same seed and other things from another', () => {
    const all: Augmentation = {
      ...OFF,
      amplitude: { ...OFF.amplitude, probability: 0.5 },
      speed: { ...OFF.speed, probability: 0.5 },
      stretch: { ...OFF.stretch, probability: 0.5 },
      shift: { ...OFF.shift, probability: 0.5 },
      noise: { ...OFF.noise, whiteShare: 0.5 },
    };
    expect(augmented(all, 7)).toEqual(augmented(all, 7));
    const different = new Set(Array.from({ length: 20 }, (_, seed) => rms(augmented(all, seed).window)));
    expect(different.size).toBeGreaterThan(10);
  });

  it('scales by U(0.7, 1.1)', () => {
    const gains = Array.from({ length: 200 }, (_, seed) => {
      const { window } = augmented({ ...OFF, amplitude: { ...OFF.amplitude, probability: 1 } }, seed);
      return window[CLIP_MARGIN_SAMPLES + 10]! / tone[10]!;
    });
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0.7 - 1e-6);
    expect(Math.max(...gains)).toBeLessThan(1.1 + 1e-6);
    expect(Math.max(...gains) - Math.min(...gains)).toBeGreaterThan(0.35);
  });

  it('draws stretch rates in [0.8, 1.2) and shifts of whole frames in [-8, 8], half of the time', () => {
    const settings: Augmentation = {
      ...OFF,
      stretch: { ...OFF.stretch, probability: 0.5 },
      shift: { ...OFF.shift, probability: 0.5 },
    };
    const draws = Array.from({ length: 400 }, (_, seed) => augmented(settings, seed));
    expect(draws.every(({ stretch }) => stretch >= 0.8 && stretch < 1.2)).toBe(true);
    expect(draws.every(({ shift }) => Number.isInteger(shift) && Math.abs(shift) <= 8)).toBe(true);
    expect(new Set(draws.map(({ shift }) => shift)).size).toBe(17);
    expect(draws.filter(({ stretch }) => stretch === 1).length / 400).toBeCloseTo(0.5, 0.9);
  });

  it('moves the samples instead where the recipe says so', () => {
    const settings: Augmentation = { ...OFF, shift: { probability: 1, frames: 8, of: 'samples' } };
    for (let seed = 0; seed < 20; seed++) {
      const { window, shift } = augmented(settings, seed);
      expect(shift).toBe(0);
      const first = window.findIndex((x) => x !== 0);
      // The tone's first sample is 0, so sound starts one sample later, or at once where the clip is cut.
      expect(first === 0 || first === 1 || (first - 1 - CLIP_MARGIN_SAMPLES) % 512 === 0).toBe(true);
    }
  });
});

describe('resampleSpeed', () => {
  it('reads at steps of 1 / (1 + scale) with linear interpolation', () => {
    const ramp = Float32Array.from({ length: CLIP_SAMPLES }, (_, i) => i / CLIP_SAMPLES);
    const slower = resampleSpeed(ramp, 0.2);
    expect(slower[1200]).toBeCloseTo(1000 / CLIP_SAMPLES, 6);
    expect(slower[1201]).toBeCloseTo((1000 + 1 / 1.2) / CLIP_SAMPLES, 6);
    const faster = resampleSpeed(ramp, -0.2);
    expect(faster[1000]).toBeCloseTo(1250 / CLIP_SAMPLES, 6);
    expect(faster[12_801]).toBe(0);
  });
});

describe('noise', () => {
  it('blends white noise as published', () => {
    const silence = new Float32Array(50_000);
    blendWhite(silence, 0.3, new Random(1));
    expect(rms(silence)).toBeCloseTo(0.3 / Math.sqrt(3), 2.5);
    expect(Math.max(...silence)).toBeLessThanOrEqual(0.3);
    const constant = new Float32Array(50_000).fill(0.5);
    blendWhite(constant, 0.4, new Random(2));
    expect(constant.reduce((sum, x) => sum + x, 0) / constant.length).toBeCloseTo(0.3, 2);
  });

  it('adds noise at the signal-to-noise ratio asked for', () => {
    const noise = Float32Array.from({ length: CLIP_SAMPLES }, (_, i) => (i % 2 === 0 ? 0.9 : -0.9));
    const mixed = tone.slice();
    addNoise(mixed, rms(tone), noise, 6);
    const added = mixed.map((x, i) => x - tone[i]!);
    expect(20 * Math.log10(rms(tone) / rms(added))).toBeCloseTo(6, 3);
  });

  it('takes silence from recordings and covers the whole window', () => {
    const recording = Float32Array.from({ length: 40_000 }, (_, i) => 0.5 * Math.sin(i));
    const window = new Float32Array(WINDOW_SAMPLES);
    augmentSilence(window, OFF, new Random(3), new NoiseRecordings([recording]));
    expect(window.filter((x) => x !== 0).length).toBeGreaterThan(WINDOW_SAMPLES - 10);
  });
});

it('cuts the floor of a window at one level in [-80, -20) dB', () => {
  for (let seed = 0; seed < 50; seed++) {
    const window = Float32Array.from({ length: 1024 }, (_, i) => -(i * 80) / 1023);
    const before = window.slice();
    cutFloor(window, -80, -20, new Random(seed));
    const floor = Math.min(...window);
    expect(floor).toBeGreaterThanOrEqual(-80);
    expect(floor).toBeLessThan(-20);
    expect(window.every((x, i) => x === Math.max(before[i]!, floor))).toBe(true);
  }
});

describe('addRoom', () => {
  const click = new Float32Array(CLIP_SAMPLES);
  click[100] = 0.5;

  it('keeps the direct sound first and the level of the clip, with reflections that fall by 60 dB in rt60', () => {
    const heard = addRoom(click, 0.5, 0, new Random(3));
    const direct = heard[100]!;
    expect(rms(heard)).toBeCloseTo(rms(click), 6);
    expect(heard.subarray(0, 100).every((x) => x === 0)).toBe(true);
    const reflections = heard.subarray(101);
    // As much energy in the reflections as in the direct sound, at 0 dB.
    expect(reflections.reduce((sum, x) => sum + x * x, 0) / direct ** 2).toBeCloseTo(1, 1);
    expect(reflections.subarray(0, 47).every((x) => x === 0)).toBe(true);
    expect(reflections.subarray(8000).every((x) => x === 0)).toBe(true);
    const loudest = (from: number, to: number) => Math.max(...reflections.subarray(from, to).map(Math.abs));
    expect(20 * Math.log10(loudest(6400, 8000) / loudest(48, 1600))).toBeLessThan(-35);
  });

  it('leaves silence silent and draws another room from another seed', () => {
    expect(addRoom(new Float32Array(CLIP_SAMPLES), 0.3, 0, new Random(1)).every((x) => x === 0)).toBe(true);
    expect(addRoom(click, 0.3, 0, new Random(1))).not.toEqual(addRoom(click, 0.3, 0, new Random(2)));
  });
});
