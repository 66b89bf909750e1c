import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WinnowError } from '../../shared/errors.js';
import { decodeSound } from './decode.js';
import { encodeWav, parseWav, toInt16 } from './wav.js';

interface Shape {
  readonly tag?: number;
  readonly channels?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly extensible?: boolean;
  readonly before?: Uint8Array;
}

/** A WAV file around raw sample bytes, written apart from the code under test. */
function wav(
  data: Uint8Array,
  { tag = 1, channels = 1, rate = 16_000, bits = 16, extensible = false, before }: Shape = {},
): Uint8Array {
  const fmt = Buffer.alloc(extensible ? 40 : 16);
  fmt.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  fmt.writeUInt16LE(channels, 2);
  fmt.writeUInt32LE(rate, 4);
  fmt.writeUInt32LE((rate * channels * bits) / 8, 8);
  fmt.writeUInt16LE((channels * bits) / 8, 12);
  fmt.writeUInt16LE(bits, 14);
  if (extensible) {
    fmt.writeUInt16LE(22, 16);
    fmt.writeUInt16LE(bits, 18);
    fmt.writeUInt16LE(tag, 24);
    Buffer.from('000000001000800000aa00389b71', 'hex').copy(fmt, 26);
  }
  const chunk = (name: string, body: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.write(name, 'latin1');
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
  };
  const parts = [...(before ? [chunk('LIST', before)] : []), chunk('fmt ', fmt), chunk('data', data)];
  const body = Buffer.concat([Buffer.from('WAVE'), ...parts]);
  const riff = Buffer.alloc(8);
  riff.write('RIFF');
  riff.writeUInt32LE(body.length, 4);
  return Buffer.concat([riff, body]);
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

const parsed = (bytes: Uint8Array): number[][] => parseWav(bytes, 'test').channels.map((channel) => Array.from(channel));

describe('parseWav', () => {
  it('reads every sample width', () => {
    expect(parsed(wav(Uint8Array.of(0, 128, 255), { bits: 8 }))).toEqual([[-1, 0, 127 / 128]]);
    expect(parsed(wav(Uint8Array.of(0x00, 0x80, 0xff, 0x7f)))).toEqual([[-1, 32767 / 32768]]);
    expect(parsed(wav(Uint8Array.of(0, 0, 0x80, 0, 0, 0x40), { bits: 24 }))).toEqual([[-1, 0.5]]);
    expect(parsed(wav(Uint8Array.of(0, 0, 0, 0x80, 0, 0, 0, 0x20), { bits: 32 }))).toEqual([[-1, 0.25]]);
    const floats = new Uint8Array(Float32Array.of(-0.5, 0.125).buffer);
    expect(parsed(wav(floats, { tag: 3, bits: 32 }))).toEqual([[-0.5, 0.125]]);
  });

  it('reads stereo, the extended format and parts that it does not know', () => {
    const bytes = Uint8Array.of(0, 0x40, 0, 0xc0, 0, 0x20, 0, 0xe0);
    expect(parsed(wav(bytes, { channels: 2, extensible: true, before: Uint8Array.of(1, 2, 3) }))).toEqual([
      [0.5, 0.25],
      [-0.5, -0.25],
    ]);
  });

  it('reads a file whose length was unknown when its header was written', () => {
    const bytes = Buffer.from(wav(Uint8Array.of(0, 0x40, 0, 0x20)));
    bytes.writeUInt32LE(0xffffffff, 40);
    expect(parsed(bytes)).toEqual([[0.5, 0.25]]);
  });

  it('refuses what is cut off', () => {
    const whole = wav(new Uint8Array(100));
    for (const length of [12, 20, 30, 43, 44, 60, 143]) {
      expect(
        codeOf(() => parseWav(whole.subarray(0, length), '')),
        `${length}`,
      ).toBe('audio-truncated');
    }
    expect(codeOf(() => parseWav(wav(new Uint8Array(3)), ''))).toBe('audio-truncated');
  });

  it('refuses what is no sound, empty, or of an unknown kind', () => {
    expect(codeOf(() => decodeSound(new Uint8Array(0), ''))).toBe('audio-empty');
    expect(codeOf(() => decodeSound(Buffer.from('#!/bin/sh\necho hello\n'), ''))).toBe('audio-unknown-format');
    expect(codeOf(() => parseWav(wav(new Uint8Array(0)), ''))).toBe('audio-empty');
    expect(codeOf(() => parseWav(wav(new Uint8Array(8), { tag: 85 }), ''))).toBe('audio-unsupported');
    expect(codeOf(() => parseWav(wav(new Uint8Array(8), { bits: 12 }), ''))).toBe('audio-unsupported');
    expect(codeOf(() => parseWav(wav(new Uint8Array(8), { rate: 7999 }), ''))).toBe('audio-unsupported');
    expect(codeOf(() => parseWav(wav(new Uint8Array(8), { rate: 96_000 }), ''))).toBe('audio-unsupported');
    expect(codeOf(() => parseWav(wav(new Uint8Array(12), { channels: 6 }), ''))).toBe('audio-unsupported');
    expect(codeOf(() => parseWav(wav(new Uint8Array(0), { channels: 0 }), ''))).toBe('audio-unsupported');
  });

  it('refuses absurd headers', () => {
    const frameBytes = Buffer.from(wav(new Uint8Array(8)));
    frameBytes.writeUInt16LE(7, 32);
    expect(codeOf(() => parseWav(frameBytes, ''))).toBe('audio-damaged');
    const noFormat = Buffer.from(wav(new Uint8Array(8)));
    noFormat.write('junk', 12, 'latin1');
    expect(codeOf(() => parseWav(noFormat, ''))).toBe('audio-damaged');
    const nan = new Uint8Array(Float32Array.of(Number.NaN).buffer);
    expect(codeOf(() => parseWav(wav(nan, { tag: 3, bits: 32 }), ''))).toBe('audio-damaged');
    const many = Buffer.concat([Buffer.from(wav(new Uint8Array(0))).subarray(0, 12), Buffer.alloc(8 * 5000)]);
    expect(codeOf(() => parseWav(many, ''))).toBe('audio-damaged');
  });

  it('gives sound or a coded error for any bytes', () => {
    const seeds = [
      wav(new Uint8Array(64)),
      wav(new Uint8Array(64), { channels: 2, bits: 24, extensible: true, rate: 44_100 }),
      wav(new Uint8Array(64), { tag: 3, bits: 32, before: new Uint8Array(5) }),
    ];
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 16 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), edits, fc.nat(), (seed, changes, cut) => {
        const bytes = Uint8Array.from(seed.subarray(0, 1 + (cut % seed.length)));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const code = codeOf(() => {
          const sound = decodeSound(bytes, 'fuzz');
          expect(sound.every((sample) => sample >= -1 && sample <= 1)).toBe(true);
        });
        expect(code === 'none' || code.startsWith('audio-')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeWav', () => {
  it('keeps 16-bit sound exactly', () => {
    fc.assert(
      fc.property(fc.int16Array({ minLength: 1, maxLength: 200 }), (samples) => {
        const sound = Float32Array.from(samples, (value) => value / 32_768);
        const read = parseWav(encodeWav(sound), '');
        expect(read.sampleRate).toBe(16_000);
        expect(read.channels).toEqual([sound]);
      }),
    );
  });

  it('clips what is too loud', () => {
    expect(Array.from(toInt16(Float32Array.of(2, -2, 1)))).toEqual([32767, -32768, 32767]);
  });
});
