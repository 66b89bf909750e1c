import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeSound, decodeSoundFile } from './decode.js';
import { encodeWav } from './wav.js';

const TONE_HZ = 440;

function tone(rate: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => 0.5 * Math.sin((2 * Math.PI * TONE_HZ * i) / rate));
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'winnow-decode-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('decodeSound', () => {
  for (const rate of [8000, 11_025, 16_000, 22_050, 44_100, 48_000]) {
    it(`makes ${rate} Hz into 16 kHz of the exact length, in place`, () => {
      const sound = decodeSound(encodeWav(tone(rate, 0.5), rate), 'tone');
      expect(sound).toHaveLength(Math.round((Math.round(rate * 0.5) * 16_000) / rate));
      const expected = tone(16_000, 0.5);
      let worst = 0;
      for (let i = 200; i < sound.length - 200; i++) worst = Math.max(worst, Math.abs(sound[i]! - expected[i]!));
      expect(worst).toBeLessThan(1e-4);
    });
  }
});

describe('decodeSoundFile', () => {
  it('goes by content, not by name', async () => {
    const path = join(folder, 'sound.flac');
    writeFileSync(path, encodeWav(tone(16_000, 0.1)));
    expect(await decodeSoundFile(path)).toHaveLength(1600);
  });

  it('gives a coded error for what cannot be read', async () => {
    await expect(decodeSoundFile(join(folder, 'none.wav'))).rejects.toMatchObject({ code: 'audio-unreadable' });
    await expect(decodeSoundFile(folder)).rejects.toMatchObject({ code: 'audio-unreadable' });
    await expect(decodeSoundFile('/dev/zero')).rejects.toMatchObject({ code: 'audio-unreadable' });
    writeFileSync(join(folder, 'empty.wav'), '');
    await expect(decodeSoundFile(join(folder, 'empty.wav'))).rejects.toMatchObject({ code: 'audio-empty' });
  });
});
