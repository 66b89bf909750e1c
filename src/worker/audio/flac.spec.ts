import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WinnowError } from '../../shared/errors.js';
import { decodeSound } from './decode.js';
import { parseFlac } from './flac.js';

const fixture = (name: string): Uint8Array => readFileSync(new URL(`../../../test/fixtures/flac/${name}.flac`, import.meta.url));

/** The sound that `scripts/flac-fixtures.mjs` encodes. */
function sample(i: number, channel: number, bits: number): number {
  const sweep = Math.sin(i * i * 1e-4) * Math.exp(-i / 3000);
  const noise = ((i * 7919) % 101) / 101 - 0.5;
  return Math.round((channel === 0 ? 0.8 * sweep : 0.4 * sweep + 0.05 * noise) * (2 ** (bits - 1) - 1)) + 0;
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof WinnowError) return error.code;
    throw error;
  }
  return 'none';
}

/** Where the metadata blocks end. */
function framesStart(bytes: Uint8Array): number {
  let at = 4;
  for (;;) {
    const last = bytes[at]! >= 128;
    at += 4 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (last) return at;
  }
}

describe('parseFlac', () => {
  const cases = [
    { name: 'mono-16', bits: 16, rate: 16_000, channels: 1, length: 4000 },
    { name: 'stereo-24', bits: 24, rate: 48_000, channels: 2, length: 3000 },
    { name: 'fixed-8', bits: 8, rate: 8000, channels: 1, length: 2000 },
    { name: 'stereo-44k', bits: 16, rate: 44_100, channels: 2, length: 3000 },
  ];
  for (const { name, bits, rate, channels, length } of cases) {
    it(`decodes ${name} without loss`, () => {
      const sound = parseFlac(fixture(name), name);
      expect(sound.sampleRate).toBe(rate);
      expect(sound.channels).toHaveLength(channels);
      sound.channels.forEach((samples, channel) => {
        expect(samples).toEqual(Float32Array.from({ length }, (_, i) => sample(i, channel, bits) / 2 ** (bits - 1)));
      });
    });
  }

  it('decodes constant, shifted and unpredictable sound', () => {
    expect(parseFlac(fixture('silence'), '').channels[0]).toEqual(new Float32Array(5000));
    const wasted = Float32Array.from({ length: 2000 }, (_, i) => (sample(i, 0, 12) * 16) / 32_768);
    expect(parseFlac(fixture('wasted'), '').channels[0]).toEqual(wasted);
    const verbatim = Float32Array.from({ length: 600 }, (_, i) => ((Math.imul(i + 1, 2654435761) >>> 16) - 32_768) / 32_768);
    expect(parseFlac(fixture('verbatim'), '').channels[0]).toEqual(verbatim);
  });

  it('says what is missing from a file that ends too early', () => {
    const whole = fixture('mono-16');
    expect(codeOf(() => parseFlac(whole.subarray(0, whole.length - 5), ''))).toBe('audio-truncated');
    expect(codeOf(() => parseFlac(whole.subarray(0, 20), ''))).toBe('audio-truncated');
    expect(codeOf(() => parseFlac(whole.subarray(0, 42), ''))).toBe('audio-truncated');
  });

  it('notices any changed byte of the sound', () => {
    const whole = fixture('mono-16');
    for (let at = framesStart(whole); at < whole.length; at += 7) {
      const damaged = Uint8Array.from(whole);
      damaged[at]! ^= 0x10;
      expect(['audio-damaged', 'audio-truncated'], `byte ${at}`).toContain(codeOf(() => parseFlac(damaged, '')));
    }
  });

  it('notices samples that do not give the checksum of the whole', () => {
    const damaged = Uint8Array.from(fixture('silence'));
    damaged[30]! ^= 1;
    expect(codeOf(() => parseFlac(damaged, ''))).toBe('audio-damaged');
  });

  it('refuses rates, sizes and lengths that it does not read', () => {
    const changed = (change: (bytes: Uint8Array) => void): string => {
      const bytes = Uint8Array.from(fixture('mono-16'));
      change(bytes);
      return codeOf(() => parseFlac(bytes, ''));
    };
    expect(changed((bytes) => bytes.set([0x2e, 0xe0, 0x00], 18))).toBe('audio-unsupported'); // 192 kHz
    expect(changed((bytes) => (bytes[20] = 0x0e))).toBe('audio-unsupported'); // 8 channels
    expect(changed((bytes) => bytes.fill(0xff, 22, 26))).toBe('audio-too-large');
  });

  it('gives sound or a coded error for any bytes, and never hangs', () => {
    const seeds = ['mono-16', 'stereo-24', 'fixed-8', 'silence'].map(fixture);
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        fc.nat(),
        (seed, edits, cut) => {
          const bytes = Uint8Array.from(seed.subarray(0, 4 + (cut % seed.length)));
          for (const [at, value] of edits) bytes[at % bytes.length] = value;
          const code = codeOf(() => decodeSound(bytes, 'fuzz'));
          expect(code === 'none' || code.startsWith('audio-')).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});
