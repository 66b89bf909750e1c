import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeSound } from '../audio/decode.js';
import { encodeWav } from '../audio/wav.js';
import { Random } from '../training/random.js';
import { BACKGROUND_FOLDER, TakeStore } from './store.js';
import { TakeCutter } from './take-cutter.js';

const RATE = 16_000;

/** A quiet room with a tone of 0.4 s in it. */
function spoken(seed: number, amplitude = 0.3, seconds = 2): Float32Array {
  const random = new Random(seed);
  const hertz = random.uniform(200, 800);
  const start = (seconds / 2 - 0.2) * RATE;
  return Float32Array.from({ length: seconds * RATE }, (_, i) => {
    const tone = i >= start && i < start + 0.4 * RATE ? amplitude * Math.sin((2 * Math.PI * hertz * i) / RATE) : 0;
    return Math.max(-1, Math.min(1, tone + random.uniform(-0.001, 0.001)));
  });
}

let folder: string;
let store: TakeStore;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(os.tmpdir(), 'winnow-takes-')), 'takes');
  store = new TakeStore(folder);
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true, force: true }));

describe('TakeStore', () => {
  it('keeps the spoken second as a plain WAV file in the folder of its word', async () => {
    const take = await store.add('  Light ON', spoken(1), 'microphone');
    expect(take).toMatchObject({ word: 'light on', seconds: 1, problems: [], source: 'microphone' });
    expect(readdirSync(path.join(folder, 'light on'))).toEqual([`${take.id}.wav`]);
    const samples = decodeSound(readFileSync(path.join(folder, 'light on', `${take.id}.wav`)), 'take');
    expect(samples).toHaveLength(RATE);
    expect(samples.slice(0.3 * RATE, 0.7 * RATE).some((value) => Math.abs(value) > 0.2)).toBe(true);
    expect((await store.list()).words).toEqual([{ word: 'light on', takes: [take] }]);
    expect(decodeSound(await store.wav('light on', take.id), 'take')).toEqual(samples);
  });

  it('points out what is wrong with takes', async () => {
    expect((await store.add('one', spoken(1, 0.004), 'microphone')).problems).toEqual(['too-quiet']);
    expect((await store.add('one', spoken(2, 5), 'microphone')).problems).toEqual(['clipped']);
    const noise = Float32Array.from(
      { length: 2 * RATE },
      (
        (random) => () =>
          random.uniform(-0.1, 0.1)
      )(new Random(3)),
    );
    expect((await store.add('one', noise, 'microphone')).problems).toEqual(['no-speech']);
  });

  it('[negative] refuses silence and the same take again, under a code of its own', async () => {
    await expect(store.add('one', new Float32Array(RATE), 'microphone')).rejects.toMatchObject({ code: 'takes-silent' });
    await store.add('one', spoken(1), 'microphone');
    await expect(store.add('one', spoken(1), 'microphone')).rejects.toMatchObject({ code: 'takes-duplicate' });
    // The same sound may well be a take of another word.
    await store.add('two', spoken(1), 'microphone');
    await expect((async () => store.add('..', spoken(1), 'microphone'))()).rejects.toMatchObject({
      code: 'takes-word',
    });
  });

  it('points out takes that were copied by hand', async () => {
    const { id } = await store.add('one', spoken(1), 'microphone');
    writeFileSync(path.join(folder, 'one', 'copy.wav'), readFileSync(path.join(folder, 'one', `${id}.wav`)));
    const [word] = (await store.list()).words;
    expect(word!.takes.map((take) => take.problems)).toEqual([[], ['duplicate']]);
  });

  it('finds takes again without its index, and with a damaged one', async () => {
    await store.add('one', spoken(1), 'microphone');
    await store.add('two', spoken(2), 'microphone');
    const before = await store.list();
    const index = path.join(folder, 'index.json');
    for (const damage of ['', '{', '[]', '{"version":1,"takes":{"one/x.wav":{}}}']) {
      writeFileSync(index, damage);
      const after = await new TakeStore(folder).list();
      expect(after.words.map(({ word, takes }) => [word, takes.map(({ id }) => id)])).toEqual(
        before.words.map(({ word, takes }) => [word, takes.map(({ id }) => id)]),
      );
    }
    rmSync(index);
    expect((await new TakeStore(folder).list()).words).toHaveLength(2);
    expect(existsSync(index)).toBe(true);
  });

  it('shows half-written and foreign files as what they are', async () => {
    mkdirSync(path.join(folder, 'one'), { recursive: true });
    mkdirSync(path.join(folder, '_odd_'));
    writeFileSync(path.join(folder, 'one', 'cut.wav'), encodeWav(spoken(1)).subarray(0, 1000));
    writeFileSync(path.join(folder, 'one', '.hidden.wav.123.tmp'), 'x');
    writeFileSync(path.join(folder, 'one', 'notes.txt'), 'x');
    const { words } = await store.list();
    expect(words.map(({ word, takes }) => [word, takes.map(({ id, problems }) => [id, ...problems])])).toEqual([
      ['one', [['cut', 'unreadable']]],
    ]);
  });

  it('keeps the sound of the room whole, and says how much there is', async () => {
    const room = Float32Array.from(
      { length: 5 * RATE },
      (
        (random) => () =>
          random.uniform(-0.01, 0.01)
      )(new Random(4)),
    );
    await store.add(BACKGROUND_FOLDER, room, 'microphone');
    const { background, words } = await store.list();
    expect(background).toMatchObject({ seconds: 5, secondsWanted: 20 });
    expect(background.takes[0]!.problems).toEqual([]);
    expect(words).toEqual([]);
  });

  it('imports files and folders of word folders, and says what it left out', async () => {
    const source = path.join(path.dirname(folder), 'source');
    for (const word of ['red', 'blue']) mkdirSync(path.join(source, word), { recursive: true });
    writeFileSync(path.join(source, 'red', 'a.wav'), encodeWav(spoken(1)));
    writeFileSync(path.join(source, 'red', 'b.wav'), encodeWav(spoken(1)));
    writeFileSync(path.join(source, 'blue', 'a.wav'), 'no sound');
    const { added, problems } = await store.import([source]);
    expect(added.map(({ word }) => word)).toEqual(['red']);
    expect(problems.map(({ error }) => error.code).sort()).toEqual(['audio-unknown-format', 'takes-duplicate']);
    expect((await store.import([path.join(source, 'red', 'a.wav')], 'crimson')).added[0]!.word).toBe('crimson');
    await expect(store.import([path.join(source, 'missing')], 'x')).rejects.toMatchObject({ code: 'takes-import' });
    await expect(store.import([path.join(source, 'red', 'a.wav')])).rejects.toMatchObject({ code: 'takes-import' });
  });

  it('deletes takes, words with their last take, and everything', async () => {
    const first = await store.add('one', spoken(1), 'microphone');
    const second = await store.add('one', spoken(2), 'microphone');
    await store.delete('one', first.id);
    expect((await store.list()).words[0]!.takes.map(({ id }) => id)).toEqual([second.id]);
    await store.delete('one', second.id);
    expect(existsSync(path.join(folder, 'one'))).toBe(false);
    await expect(store.delete('one', second.id)).rejects.toMatchObject({ code: 'takes-unknown' });
    await store.add('one', spoken(3), 'microphone');
    await store.deleteAll();
    expect(existsSync(folder)).toBe(false);
  });

  it('[negative] names no path outside its folder', async () => {
    for (const [word, id] of [
      ['..', 'x'],
      ['one', '../x'],
      ['one', ''],
      ['_odd_', 'x'],
    ] as const) {
      await expect((async () => store.wav(word, id))()).rejects.toMatchObject({ code: expect.stringMatching(/^takes-/) });
    }
  });

  it('[negative] says that it cannot write, and leaves nothing half-written', async () => {
    mkdirSync(path.dirname(folder), { recursive: true });
    writeFileSync(folder, 'a file where the folder should be');
    await expect(store.add('one', spoken(1), 'microphone')).rejects.toMatchObject({ code: 'takes-write' });
    expect(readdirSync(path.dirname(folder))).toEqual(['takes']);
  });
});

describe('TakeCutter', () => {
  it('cuts one take out of each word that is said', () => {
    const cutter = new TakeCutter();
    const sound = [1, 2, 3, 4].flatMap((seed) => [...spoken(seed)]);
    const cut: Float32Array[] = [];
    for (let at = 0; at < sound.length; at += 512) cut.push(...cutter.offer(Float32Array.from(sound.slice(at, at + 512))));
    expect(cut).toHaveLength(4);
  });

  it('takes what is left of the room around a word for no word, where a microphone mutes its pauses', () => {
    const cutter = new TakeCutter();
    const muted = new Float32Array(2 * RATE);
    const sound = [1, 2, 3].flatMap((seed) => [...muted, ...spoken(seed), ...muted]);
    const cut: Float32Array[] = [];
    for (let at = 0; at < sound.length; at += 512) cut.push(...cutter.offer(Float32Array.from(sound.slice(at, at + 512))));
    expect(cut).toHaveLength(3);
  });

  it('cuts nothing out of silence, however it comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 20 }), (blocks) => {
        const cutter = new TakeCutter();
        expect(blocks.flatMap((length) => cutter.offer(new Float32Array(length)))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });
});
