import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { encodeWav } from '../../src/worker/audio/wav.js';
import { Random } from '../../src/worker/training/random.js';

const SECOND = 16_000;
/** Words that differ in pitch, so that a small network learns them at once. */
const HERTZ: Readonly<Record<string, number>> = { yes: 2500, no: 400, bird: 1100 };

function word(hertz: number, random: Random): Float32Array {
  const start = random.integer(2000, 6000);
  const pitch = hertz * random.uniform(0.95, 1.05);
  return Float32Array.from({ length: SECOND }, (_, i) => {
    const loud = i >= start && i < start + 6000 ? 0.5 : 0;
    return loud * Math.sin((2 * Math.PI * pitch * i) / SECOND) + random.uniform(-0.002, 0.002);
  });
}

/**
 * A data root of synthesised words (yes, no, and bird as an unknown one) in the layout of the prepared parts, with three
 * seconds of background noise for each part.
 */
export function writeTinyData(root: string, clipsPerWord: Readonly<Record<'train' | 'val' | 'test', number>>): void {
  const random = new Random(1);
  for (const [part, count] of Object.entries(clipsPerWord)) {
    for (const [name, hertz] of Object.entries(HERTZ)) {
      const folder = path.join(root, 'commands', part, name);
      mkdirSync(folder, { recursive: true });
      for (let i = 0; i < count; i++) {
        writeFileSync(path.join(folder, `${part}${i}_nohash_0.wav`), encodeWav(word(hertz, random)));
      }
    }
  }
  const noise = path.join(root, 'noise', 'esc10', 'rain');
  mkdirSync(noise, { recursive: true });
  for (const fold of [1, 4, 5]) {
    const rain = Float32Array.from({ length: 3 * SECOND }, () => random.uniform(-0.1, 0.1));
    writeFileSync(path.join(noise, `${fold}-1234-A.wav`), encodeWav(rain));
  }
}
