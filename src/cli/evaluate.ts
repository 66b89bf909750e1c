import os from 'node:os';
import path from 'node:path';
import { WinnowError } from '../shared/errors.js';
import { createBatchExtractor } from '../worker/features/batch.js';
import { loadNative } from '../worker/network/native-loader.js';
import { ReferenceBackend } from '../worker/network/reference.js';
import { ModelRegistry } from '../worker/network/registry.js';
import { SparseBackend } from '../worker/network/sparse.js';
import { ClipStore } from '../worker/training/clip-store.js';
import { clipsOf, listData, type Part } from '../worker/training/dataset.js';
import { clipItems, evaluate, NOISE_ETAS, silenceItems, type Evaluation } from '../worker/training/evaluation.js';
import { NoiseRecordings } from '../worker/training/noise-recordings.js';
import { EVALUATION_SEED } from '../worker/training/training-job.js';
import { choiceOption, integerOption, numberOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { Progress } from './progress.js';

const SPLITS = ['train', 'validation', 'test'] as const;

const usage = `winnow evaluate --model M --data DIR [options]

  --model M         a model's name or file (the active model)
  --data DIR        clips: a data root or a folder inside it, the unpacked Speech Commands archive, or a folder of word folders,
                    which is evaluated whole
  --split PART      ${SPLITS.join(', ')} (test)
  --noise-sweep     also at the eleven published levels of white noise, eta 0 to 0.5
  --background DB   also amid the part's background recordings, at this signal-to-noise ratio
  --seed S          of the noise (${EVALUATION_SEED})
  --threads N       native threads (one per core)
  --json            one JSON object: n, accuracy, noise, background, unknownAccuracy, silenceAccuracy, confusion, model, data, split

Accuracy and noise are of the known words only, argmax over all outputs. Every other word should be heard as unknown, and every
second of the background recordings as silence.`;

function percent(fraction: number | null): string {
  return fraction === null ? '-' : `${(100 * fraction).toFixed(2)} %`;
}

function describe(result: Evaluation, name: string, split: Part): string {
  const lines = [
    `${name}, ${split}: ${result.n} clips of known words`,
    `accuracy  ${percent(result.accuracy)}`,
    `unknown   ${percent(result.unknownAccuracy)}`,
    `silence   ${percent(result.silenceAccuracy)}`,
  ];
  if (result.noise) {
    const { eta, accuracy, score, maxScore, mean } = result.noise;
    lines.push(`noise     ${percent(mean)} (score ${score} of ${maxScore})`);
    eta.forEach((level, i) => lines.push(`  eta ${level.toFixed(2)}  ${percent(accuracy[i]!)}`));
  }
  if (result.background) {
    lines.push(`amid      ${percent(result.background.accuracy)} (background recordings, ${result.background.snrDb} dB)`);
  }
  const { labels, counts } = result.confusion;
  const width = Math.max(...labels.map((label) => label.length), 5) + 1;
  lines.push(`${''.padEnd(width)}${labels.map((label) => label.padStart(width)).join('')}`);
  counts.forEach((row, i) => {
    lines.push(`${labels[i]!.padEnd(width)}${row.map((count) => String(count).padStart(width)).join('')}`);
  });
  return lines.join('\n');
}

export const command: Command = {
  name: 'evaluate',
  summary: 'Measure what a model hears in a folder of clips, clean and in noise',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('evaluate', args, {
      model: { type: 'string' },
      data: { type: 'string' },
      split: { type: 'string' },
      'noise-sweep': { type: 'boolean' },
      background: { type: 'string' },
      seed: { type: 'string' },
      threads: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw usageError('evaluate', `"${positionals[0]}" belongs to no option`);
    if (values.data === undefined) throw usageError('evaluate', '--data is missing');
    const wanted = values.split === undefined ? 'test' : choiceOption('evaluate', 'split', values.split, SPLITS);
    const seed = integerOption('evaluate', 'seed', values.seed ?? String(EVALUATION_SEED), 0, 2 ** 31 - 1);
    const threads = integerOption('evaluate', 'threads', values.threads ?? '0', 0, 256) || os.availableParallelism();

    const snrDb = values.background === undefined ? null : numberOption('evaluate', 'background', values.background, -40, 80);

    const { model } = await new ModelRegistry().open(values.model);
    const listing = await listData(values.data);
    const split: Part = listing.layout === 'plain' ? 'whole' : wanted;
    const files = clipsOf(listing, split);
    if (files.length === 0) throw new WinnowError('training-no-part', { path: listing.root, part: split });

    const progress = new Progress();
    const clips = await ClipStore.open(listing, files, (done, total) => progress.update('decoding', done, total, 'clips'));
    const native = loadNative();
    if (native.engine === null) progress.say(`The slow reference back end runs: ${native.reason}.`);
    const backend = native.engine ? new SparseBackend(model) : new ReferenceBackend(model);
    try {
      const noise = await NoiseRecordings.load(listing, split === 'whole' ? wanted : split);
      if (snrDb !== null && noise.isEmpty) throw new WinnowError('training-no-noise', { path: listing.root });
      const result = await evaluate({
        labels: model.labels,
        features: model.features,
        items: [...clipItems(clips, model.labels), ...silenceItems(noise, model.labels)],
        extractor: createBatchExtractor(model.features, native.engine),
        logits: async (windows, count) => (await backend.infer(windows, count, { threads })).logits,
        etas: values['noise-sweep'] ? NOISE_ETAS : [],
        ...(snrDb === null ? {} : { background: { recordings: noise, snrDb } }),
        seed,
        onProgress: (done, total) => progress.update('evaluating', done, total, 'windows'),
      });
      progress.clear();
      const named = { model: model.name, data: `${path.basename(listing.root)}, sha256 ${clips.hash}`, split };
      process.stdout.write(`${values.json ? JSON.stringify({ ...result, ...named }) : describe(result, model.name, split)}\n`);
    } finally {
      await backend.close();
      clips.close();
    }
  },
};
