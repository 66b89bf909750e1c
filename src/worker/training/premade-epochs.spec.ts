import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTinyData } from '../../../test/helpers/tiny-data.js';
import { WINDOW_VALUES } from '../../shared/features.js';
import { createBatchExtractor } from '../features/batch.js';
import { loadNative } from '../network/native-loader.js';
import { ClipStore } from './clip-store.js';
import { clipsOf, listData, type Listing } from './dataset.js';
import { NoiseRecordings } from './noise-recordings.js';
import { PremadeEpochs, type TrainingSet } from './premade-epochs.js';
import { type Augmentation, type Recipe, withSettings } from './recipe.js';
import { findRecipe } from './recipes.js';

let folder: string;
let listing: Listing;
let clips: ClipStore;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'winnow-premade-'));
  vi.stubEnv('WINNOW_CACHE', path.join(folder, 'cache'));
  writeTinyData(path.join(folder, 'data'), { train: 8, val: 1, test: 1 });
  listing = await listData(path.join(folder, 'data'));
  clips = await ClipStore.open(listing, clipsOf(listing, 'train'));
});
afterAll(() => {
  clips.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function tiny(preset: string, ...settings: string[]): Recipe {
  return withSettings(findRecipe(preset), ['labels=["_silence_","_unknown_","yes","no"]', 'premadeEpochs=2', ...settings]);
}

async function epochs(preset: string, ...settings: string[]): Promise<PremadeEpochs> {
  return made(tiny(preset, ...settings));
}

async function made(recipe: Recipe): Promise<PremadeEpochs> {
  const noise = await NoiseRecordings.load(listing, 'train');
  const extractor = createBatchExtractor(recipe.features, loadNative().engine);
  const premade = new PremadeEpochs({ recipe, clips, noise, extractor });
  await premade.make(
    () => {},
    () => false,
  );
  return premade;
}

function shares({ targets }: TrainingSet): number[] {
  return [0, 1, 2, 3].map((target) => targets.filter((each) => each === target).length);
}

function windowsOf({ windows, targets }: TrainingSet, target: number): Float32Array[] {
  return [...targets.keys()]
    .filter((i) => targets[i] === target)
    .map((i) => windows.subarray(i * WINDOW_VALUES, (i + 1) * WINDOW_VALUES));
}

describe('ClipStore', () => {
  it('keeps the samples of a 16-bit clip exactly, and its hash from run to run', async () => {
    const again = await ClipStore.open(listing, clipsOf(listing, 'train'), () => {
      throw new Error('decoded twice');
    });
    expect(again.hash).toBe(clips.hash);
    const [one, two] = [new Float32Array(16_000), new Float32Array(16_000)];
    again.read(3, one);
    clips.read(3, two);
    expect(one).toEqual(two);
    expect(Math.max(...one)).toBeGreaterThan(0.45);
    again.close();
  });

  it('decodes again when the cache was cut off', async () => {
    const cache = path.join(folder, 'cache', 'clips');
    const before = readdirSync(cache);
    const validation = await ClipStore.open(listing, clipsOf(listing, 'validation'));
    validation.close();
    const written = readdirSync(cache).find((name) => name.endsWith('.pcm') && !before.includes(name))!;
    truncateSync(path.join(cache, written), 100);
    let decoded = 0;
    const again = await ClipStore.open(listing, clipsOf(listing, 'validation'), (done) => (decoded = done));
    again.read(2, new Float32Array(16_000));
    again.close();
    expect(decoded).toBe(3);
  });

  it('[negative] names the clip that cannot be decoded', async () => {
    const broken = { ...clipsOf(listing, 'test')[0]!, path: 'test/yes/missing.wav' };
    await expect(ClipStore.open(listing, [broken])).rejects.toMatchObject({ code: 'audio-unreadable' });
  });
});

describe('PremadeEpochs', () => {
  it('is made of the words, a share of unknown ones, and published silence: 0 dB everywhere', async () => {
    const set = (await epochs('commands-sparse')).read(0, 1);
    expect(shares(set)).toEqual([2, 2, 8, 8]);
    for (const window of windowsOf(set, 0)) expect(window.every((value) => value === 0)).toBe(true);
    for (const window of windowsOf(set, 2)) {
      expect(Math.max(...window)).toBe(0);
      expect(Math.min(...window)).toBeGreaterThanOrEqual(-80.001);
    }
  });

  it('makes silence from recordings where the recipe says so, standardises, and cuts floors by the seed of the run', async () => {
    const premade = await epochs('commands', 'silence={"share":0.25,"zerosShare":0.25}');
    const set = premade.read(1, 1);
    expect(shares(set)[0]).toBe(4);
    const flat = windowsOf(set, 0).filter((window) => window.every((value) => value === 0));
    expect(flat).toHaveLength(1);
    for (const window of windowsOf(set, 2)) {
      const mean = window.reduce((sum, value) => sum + value, 0) / WINDOW_VALUES;
      const deviation = Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / WINDOW_VALUES);
      expect(mean).toBeCloseTo(0, 4);
      expect(deviation).toBeCloseTo(1, 4);
    }
    expect(premade.read(1, 1)).toEqual(set);
    expect(premade.read(1, 2).windows).not.toEqual(set.windows);
    expect(premade.read(0, 1).windows).not.toEqual(set.windows);
  });

  it('makes the same again from the same seed, and something else from another', async () => {
    const first = (await epochs('commands')).read(0, 1);
    rmSync(path.join(folder, 'cache', 'epochs'), { recursive: true });
    expect((await epochs('commands')).read(0, 1)).toEqual(first);
    expect((await epochs('commands', 'augmentationSeed=2')).read(0, 1).windows).not.toEqual(first.windows);
  });

  it('are the same files whatever the order in which a recipe names its settings', async () => {
    const recipe = tiny('commands');
    await made(recipe);
    const files = readdirSync(path.join(folder, 'cache', 'epochs'));
    const turned = Object.fromEntries(Object.entries(recipe.augmentation).reverse()) as Augmentation;
    await made({ ...recipe, augmentation: turned });
    expect(readdirSync(path.join(folder, 'cache', 'epochs'))).toEqual(files);
  });

  it('leaves nothing behind when it is stopped', async () => {
    const recipe = withSettings(findRecipe('commands-sparse'), ['labels=["yes","no"]', 'premadeEpochs=1']);
    const extractor = createBatchExtractor(recipe.features, loadNative().engine);
    const cache = path.join(folder, 'cache', 'epochs');
    const before = readdirSync(cache);
    const stopped = new PremadeEpochs({ recipe, clips, noise: new NoiseRecordings([]), extractor });
    await stopped.make(
      () => {},
      () => true,
    );
    expect(readdirSync(cache)).toEqual(before);
  });
});
