import { setTimeout as sleep } from 'node:timers/promises';
import { WINDOW_VALUES } from '../../shared/features.js';
import { initialLayers } from '../network/initial.js';
import type { NativeTrainer, TrainStep } from '../network/native.js';
import { findRecipe } from '../training/recipes.js';
import { openBenchClips, windowsOf } from './clips.js';
import { DENSE_MODEL, requireEngine, SPARSE_MODEL } from './cpu-bench.js';
import { percentile } from './statistics.js';

/** The batch that is compared: the published one. */
export const TRAIN_BATCH = 16;
/** Samples between two looks at the clock. */
const CHUNK_SAMPLES = 16 * TRAIN_BATCH;
/** Untimed, so that winners are winners of a network that has learned a little, and memory is there. */
const WARM_SAMPLES = 2 * CHUNK_SAMPLES;
/** About what the eight commands, unknown words and silence of the Speech Commands archive come to. */
export const EPOCH_SAMPLES = 20_000;
const SEED = 1;

/** Speed of training one network. */
export interface TrainBenchRow {
  readonly preset: string;
  readonly isa: string;
  readonly threads: number;
  readonly batch: number;
  /** Median over chunks of 256 samples. */
  readonly samplesPerS: number;
  readonly epochSamples: number;
  readonly secondsPerEpoch: number;
  /** Microseconds per sample, mean. */
  readonly forwardUs: number;
  readonly backwardUs: number;
  readonly updateUs: number;
  /** Samples that were timed, and the loss of the last chunk: it learns. */
  readonly samples: number;
  readonly loss: number;
}

export interface TrainBenchOptions {
  readonly threads: number;
  /** Of measuring, for each network. */
  readonly seconds: number;
}

interface Lane {
  readonly preset: string;
  readonly trainer: NativeTrainer;
  readonly step: TrainStep;
  readonly chunkSeconds: number[];
  loss: number;
}

/**
 * Trains the sparse and the dense network from the start, in turns, on the clips that ship, over and over.
 * @throws WinnowError `bench-no-engine`, `audio-clips-missing`
 */
export async function runTrainBench(options: TrainBenchOptions, stopped: () => boolean): Promise<TrainBenchRow[]> {
  const engine = requireEngine();
  const isa = engine.info().isa;
  const recipes = [SPARSE_MODEL, DENSE_MODEL].map(findRecipe);
  const { labels, features } = recipes[0]!;
  const clips = await openBenchClips(undefined, labels);
  const windows = windowsOf(clips.items, features);
  const targets = Int32Array.from(clips.items, ({ target }) => target);
  const count = windows.length / WINDOW_VALUES;
  const order = (samples: number): Uint32Array => Uint32Array.from({ length: samples }, (_, i) => (i * 7) % count);
  const lanes = recipes.map((recipe): Lane => {
    const trainer = new engine.Trainer(recipe.network, { seed: SEED, threads: options.threads });
    trainer.setLayers(initialLayers(recipe.network, SEED));
    const { learningRate, momentum, weightDecay } = recipe.schedule;
    return {
      preset: recipe.name,
      trainer,
      step: { learningRate, momentum, weightDecay, boostScale: 1 },
      chunkSeconds: [],
      loss: 0,
    };
  });
  const train = ({ trainer, step }: Lane, samples: number): number =>
    trainer.train(windows, targets, order(samples), TRAIN_BATCH, step).loss;

  for (const lane of lanes) train(lane, WARM_SAMPLES);
  const before = lanes.map(({ trainer }) => trainer.timings());
  const end = performance.now() + 1000 * options.seconds * lanes.length;
  do {
    for (const lane of lanes) {
      await sleep(1);
      const start = performance.now();
      lane.loss = train(lane, CHUNK_SAMPLES);
      lane.chunkSeconds.push((performance.now() - start) / 1000);
    }
  } while (performance.now() < end && !stopped());
  return lanes.map(({ preset, trainer, chunkSeconds, loss }, i): TrainBenchRow => {
    const samples = chunkSeconds.length * CHUNK_SAMPLES;
    const samplesPerS = CHUNK_SAMPLES / percentile(chunkSeconds, 0.5);
    const spent = trainer.timings();
    const us = (part: 'forward' | 'backward' | 'update'): number => (1e6 * (spent[part] - before[i]![part])) / samples;
    return {
      preset,
      isa,
      threads: options.threads,
      batch: TRAIN_BATCH,
      samplesPerS,
      epochSamples: EPOCH_SAMPLES,
      secondsPerEpoch: EPOCH_SAMPLES / samplesPerS,
      forwardUs: us('forward'),
      backwardUs: us('backward'),
      updateUs: us('update'),
      samples,
      loss,
    };
  });
}
