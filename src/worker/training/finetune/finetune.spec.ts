import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LIVE_FEATURES } from '../../../shared/features.js';
import type { FinetuneEvent } from '../../../shared/teaching.js';
import { encodeWav } from '../../audio/wav.js';
import { initialLayers } from '../../network/initial.js';
import { readModelFile, writeModelFile } from '../../network/model-file.js';
import { loadNative } from '../../network/native-loader.js';
import { presetNetwork } from '../../network/presets.js';
import { ModelRegistry } from '../../network/registry.js';
import { Random } from '../random.js';
import { FINETUNE_KEY, runFinetune, type FinetuneJob } from './finetune.js';
import type { FinetuneHooks } from './fit.js';
import { FINETUNE_PLANS } from './plan.js';
import { openTakes } from './takes-set.js';

const RATE = 16_000;
/** Three trainings, on a machine that may be doing much else. */
const BUSY_MACHINE_MS = 180_000;
const LABELS = ['_silence_', '_unknown_', 'yes', 'no'];
let folder: string;

/** A word is a rising tone: turned round or cut it is another sound. */
function take(hertz: number, seed: number): Float32Array {
  const random = new Random(seed);
  const start = random.integer(4000, 6000);
  const pitch = hertz * random.uniform(0.97, 1.03);
  return Float32Array.from({ length: RATE }, (_, i) => {
    const tone =
      i >= start && i < start + 6000 ? 0.3 * Math.sin((2 * Math.PI * pitch * (i - start) * (1 + (i - start) / 6000)) / RATE) : 0;
    return tone + random.uniform(-0.001, 0.001);
  });
}

function writeTakes(name: string, word: string, sounds: readonly Float32Array[]): string {
  const root = path.join(folder, name);
  mkdirSync(path.join(root, word), { recursive: true });
  sounds.forEach((sound, i) => writeFileSync(path.join(root, word, `${i}.wav`), encodeWav(sound)));
  return root;
}

const tones = (hertz: number, count: number): Float32Array[] => Array.from({ length: count }, (_, i) => take(hertz, hertz + i));

function job(clips: string, out: string, more: Partial<FinetuneJob> = {}): FinetuneJob {
  return {
    model: path.join(folder, 'base.safetensors'),
    clips,
    plan: {
      ...FINETUNE_PLANS.quick,
      layers: 'linear',
      epochs: 3,
      windowsPerWord: 60,
      replayWindows: 100,
      learningRate: 0.02,
      batchSize: 8,
    },
    seed: 4,
    out: path.join(folder, out),
    threads: 1,
    command: 'winnow finetune',
    ...more,
  };
}

function hooks(emit: (event: FinetuneEvent) => void = () => undefined, stopped = (): boolean => false): FinetuneHooks {
  return { emit, stopped, gate: async () => undefined };
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-finetune-'));
  vi.stubEnv('WINNOW_CACHE', path.join(folder, 'cache'));
  vi.stubEnv('WINNOW_HOME', path.join(folder, 'home'));
  const network = presetNetwork('WtSparsity11', { outputs: LABELS.length, winnersBeforePool: false });
  const layers = network.layers.map((layer, i) => {
    if (layer.type === 'conv') return { ...layer, channels: 8 };
    return i === 2 ? { ...layer, units: 60, weightDensity: 0.4 } : layer;
  });
  const spec = { ...network, layers };
  const base = {
    name: 'base',
    spec,
    labels: LABELS,
    features: { ...LIVE_FEATURES, standardise: true },
    layers: initialLayers(spec, 1),
  };
  await writeModelFile(path.join(folder, 'base.safetensors'), base);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(loadNative().engine === null)(
  'runFinetune (left out where the native engine is not built)',
  { timeout: BUSY_MACHINE_MS },
  () => {
    it(
      'teaches a word, the same whether or not it was killed in between, and reports',
      async () => {
        const clips = writeTakes('lamp', 'lamp', tones(900, 9));
        writeTakes('lamp', '_background_', [tones(60, 1)[0]!]);
        const events: FinetuneEvent[] = [];
        const outcome = await runFinetune(
          job(clips, 'whole.safetensors'),
          hooks((event) => events.push(event)),
        );
        expect(outcome).toMatchObject({ finished: true, epochs: 3 });
        const epochs = events.filter((event) => event.event === 'epoch');
        expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
        expect(epochs[2]!.loss).toBeLessThan(epochs[0]!.loss);
        expect(epochs[0]!.layers.map(({ name }) => name)).toEqual(['linear1']);
        const { report } = outcome;
        expect(report).toMatchObject({
          oldList: 'shipped',
          newWords: [{ word: 'lamp', heldOut: 3, falseAcceptsOtherWords: null }],
        });
        expect(report!.newWords[0]!.recall).toBeGreaterThan(0.5);
        expect(report!.notes.join(' ')).toContain('no old test list');
        expect(report!.noiseAfter.accuracy).toHaveLength(11);
        const model = await readModelFile(path.join(folder, 'whole.safetensors'));
        expect(model.labels).toEqual([...LABELS, 'lamp']);
        expect(model.report![FINETUNE_KEY]).toEqual(report);

        // Killed: nothing of the running epoch is written anywhere, so a stop within it leaves what a kill would.
        let seen = 0;
        const killed = await runFinetune(
          job(clips, 'again.safetensors'),
          hooks(
            (event) => (seen += Number(event.event === 'epoch')),
            () => seen >= 2,
          ),
        );
        expect(killed).toMatchObject({ finished: false, epochs: 2 });
        expect(existsSync(path.join(folder, 'again.safetensors'))).toBe(false);
        const resumed: FinetuneEvent[] = [];
        await runFinetune(
          job(clips, 'again.safetensors'),
          hooks((event) => resumed.push(event)),
        );
        expect(resumed).toContainEqual({ event: 'resumed', epoch: 2 });
        expect((await readModelFile(path.join(folder, 'again.safetensors'))).layers).toEqual(model.layers);
        expect(readdirSync(path.join(folder, 'cache', 'finetune'))).toEqual([]);

        // Going back to the old version brings back its very numbers.
        const registry = new ModelRegistry(path.join(folder, 'shipped'));
        const old = await registry.import(readFileSync(path.join(folder, 'base.safetensors')));
        const taught = await registry.import(readFileSync(path.join(folder, 'whole.safetensors')), 'base');
        await registry.use(taught);
        await registry.use(old);
        const back = await registry.open();
        expect(back.id).toBe('base@1');
        expect(back.model.layers).toEqual((await readModelFile(path.join(folder, 'base.safetensors'))).layers);
      },
      BUSY_MACHINE_MS,
    );

    it('improves a word that is there already without a new output', async () => {
      const clips = writeTakes('known', 'yes', tones(700, 4));
      const test = writeTakes('known-test', 'yes', tones(710, 2));
      writeTakes('known-test', 'hum', tones(300, 2));
      const { report } = await runFinetune(job(clips, 'known.safetensors', { test }), hooks());
      expect((await readModelFile(path.join(folder, 'known.safetensors'))).labels).toEqual(LABELS);
      expect(report!.newWords[0]).toMatchObject({ word: 'yes', heldOut: 2 });
      expect(report!.newWords[0]!.falseAcceptsOtherWords).not.toBeNull();
    });

    it('learns from one take, and says how little that is', async () => {
      const { report } = await runFinetune(job(writeTakes('single', 'lamp', tones(900, 1)), 'single.safetensors'), hooks());
      expect(report!.newWords[0]).toMatchObject({ recall: null, heldOut: 0 });
      expect(report!.notes.join(' ')).toMatch(/1 take only.*not known/s);
    });

    it('warns of two words that sound the same', async () => {
      const clips = writeTakes('alike', 'lamp', tones(900, 9));
      writeTakes('alike', 'lump', tones(902, 9));
      const { report } = await runFinetune(job(clips, 'alike.safetensors'), hooks());
      expect(report!.notes.join(' ')).toMatch(/"(lamp|lump)" is often heard as "(lamp|lump)": the two sound alike/);
    });

    it('[negative] leaves no model behind where it cannot write', async () => {
      const clips = writeTakes('blocked', 'lamp', tones(900, 2));
      writeFileSync(path.join(folder, 'file'), '');
      const failed = runFinetune(job(clips, path.join('file', 'model.safetensors')), hooks());
      await expect(failed).rejects.toMatchObject({ code: 'model-write' });
    });
  },
);

describe('openTakes', () => {
  const open = (clips: string, more: object = {}) => openTakes({ clips, ...more }, 1);

  it('holds out every third take, or all but those asked for', async () => {
    const clips = writeTakes('ten', 'lamp', tones(900, 10));
    const third = await open(clips);
    expect(third.taught[0]!.takes).toHaveLength(7);
    expect(third.judged.clips.map((clip) => clip.path)).toEqual(['lamp/2.wav', 'lamp/5.wav', 'lamp/8.wav']);
    const four = await open(clips, { takes: 4 });
    expect(four.taught[0]!.takes).toHaveLength(4);
    expect(four.judged.clips).toHaveLength(6);
    expect((await open(clips, { takes: 4 })).hash).toBe(four.hash);
    expect((await openTakes({ clips, takes: 4 }, 2)).hash).not.toBe(four.hash);
  });

  it('judges by words that are not taught too', async () => {
    const clips = writeTakes('two', 'lamp', tones(900, 3));
    writeTakes('two', 'door', tones(500, 3));
    const { taught, judged } = await open(clips, { words: ['Lamp'] });
    expect(taught.map(({ word }) => word)).toEqual(['lamp']);
    expect(judged.clips.map(({ word }) => word)).toEqual(['door', 'door', 'door', 'lamp']);
  });

  it('leaves out the same take again, and takes of noise and of nothing', async () => {
    const random = new Random(1);
    const noise = Float32Array.from({ length: 2 * RATE }, () => random.uniform(-0.2, 0.2));
    const same = take(900, 1);
    const clips = writeTakes('odd', 'lamp', [...Array.from({ length: 10 }, () => same), noise, new Float32Array(RATE)]);
    const { taught, notes } = await openTakes({ clips, test: clips }, 1);
    expect(taught[0]!.takes).toHaveLength(1);
    expect(notes.join(' ')).toMatch(
      /In 2 of the 12 takes of "lamp" nothing is said.*9 of the 12 takes of "lamp" repeat another/s,
    );
  });

  it('[negative] says what is missing', async () => {
    const noise = writeTakes('only-noise', 'lamp', [new Float32Array(RATE)]);
    await expect(open(noise, { test: noise })).rejects.toMatchObject({ code: 'finetune-no-takes' });
    const empty = path.join(folder, 'empty');
    mkdirSync(path.join(empty, 'lamp'), { recursive: true });
    await expect(open(empty)).rejects.toMatchObject({ code: 'finetune-no-words' });
    await expect(open(path.join(folder, 'missing'))).rejects.toMatchObject({ code: 'training-data-missing' });
    await expect(open(path.join(folder, 'ten'), { words: ['door'] })).rejects.toMatchObject({ code: 'finetune-word-missing' });
    await expect(open(path.join(folder, 'ten'), { words: ['../x'] })).rejects.toMatchObject({ code: 'takes-word' });
    const strange = path.join(folder, 'strange');
    cpSync(path.join(folder, 'ten', 'lamp'), path.join(strange, '!?'), { recursive: true });
    await expect(open(strange)).rejects.toMatchObject({ code: 'takes-word' });
  });
});
