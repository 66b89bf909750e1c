import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashSplit, speakerOf } from './hash-split.js';

describe('hashSplit', () => {
  it.each([
    ['022cd682_nohash_0.wav', 'test'],
    ['0ea0e2f4_nohash_0.wav', 'test'],
    ['026290a7_nohash_0.wav', 'validation'],
  ])('puts %s into %s, as the official lists do', (file, part) => {
    expect(hashSplit(file)).toBe(part);
  });

  it('is the low 27 bits of the SHA-1 of the speaker, as a percentage', () => {
    const speaker = fc.stringMatching(/^[0-9a-f]{8}$/);
    fc.assert(
      fc.property(speaker, fc.nat(20), (name, take) => {
        const digest = createHash('sha1').update(name).digest();
        const percentage = ((digest.readUInt32BE(16) & 0x7ffffff) * 100) / 0x7ffffff;
        const expected = percentage < 10 ? 'validation' : percentage < 20 ? 'test' : 'train';
        expect(hashSplit(`${name}_nohash_${take}.wav`)).toBe(expected);
      }),
    );
  });

  it('divides speakers in about 80, 10 and 10 percent', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let i = 0; i < 20_000; i++) counts[hashSplit(`${i.toString(16)}_nohash_0.wav`)]++;
    expect(counts.validation / 20_000).toBeCloseTo(0.1, 1.7);
    expect(counts.test / 20_000).toBeCloseTo(0.1, 1.7);
  });

  it('takes the whole name where there is no speaker in it', () => {
    expect(speakerOf('take 1.wav')).toBe('take 1.wav');
    expect(speakerOf('0c40e715_nohash_2.wav')).toBe('0c40e715');
  });
});
