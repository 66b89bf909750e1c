import path from 'node:path';
import type { NoiseSettings } from '../shared/contract.js';
import { CLIP_MARGIN_SAMPLES, CLIP_SAMPLES, LIVE_FEATURES, SAMPLE_RATE_HZ, WINDOW_SAMPLES } from '../shared/features.js';
import { decodeSoundFile } from '../worker/audio/decode.js';
import { blend, clipNoise, noiseRecording, recordingOf } from '../worker/audio/noise.js';
import { WindowExtractor } from '../worker/features/extract.js';
import { fitClip } from '../worker/features/framing.js';
import { softmax } from '../worker/recognizer/decision.js';
import { loudestSecond } from '../worker/recognizer/loudest.js';
import type { Listener } from '../worker/recognizer/recognizer.js';
import { parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { backendOption, HEARING_OPTIONS, HEARING_USAGE, noiseOptions, openListener } from './listeners.js';

const usage = `winnow classify FILE... [options]

  --model M         a model's name or file (the active model)
  --all             every window of a longer file, one per 32 ms, instead of its loudest second
${HEARING_USAGE}
  --json            for each file {file, label, confidence, scores{}, layers[{name, size, active, multiplies, denseMultiplies}], ms};
                    with --all one for each window, with "timeMs", its centre

WAV or FLAC, 8 to 48 kHz. The noise of a file follows from its name, its folder's name, the seed and eta, so that a result can be
repeated. "ms" is the time from sound to scores.`;

/** One window of a file. */
interface Cut {
  /** Centre of the window in the file; only where all windows are asked for. */
  readonly timeMs?: number;
  /** 17,920 samples. */
  readonly sound: Float32Array;
}

/** The second of a clip between margins of zeros; of a longer file with the sound around it. */
function oneWindow(sound: Float32Array): Float32Array {
  const window = new Float32Array(WINDOW_SAMPLES);
  if (sound.length <= CLIP_SAMPLES) {
    window.set(fitClip(sound), CLIP_MARGIN_SAMPLES);
    return window;
  }
  const start = loudestSecond(sound) - CLIP_MARGIN_SAMPLES;
  const from = Math.max(start, 0);
  window.set(sound.subarray(from, Math.min(start + WINDOW_SAMPLES, sound.length)), from - start);
  return window;
}

/** Every window that a stream of the file would give. */
function* everyWindow(sound: Float32Array): Generator<Cut> {
  if (sound.length < WINDOW_SAMPLES) {
    yield { timeMs: Math.round((sound.length / 2 / SAMPLE_RATE_HZ) * 1000), sound: oneWindow(sound) };
    return;
  }
  for (let start = 0; start + WINDOW_SAMPLES <= sound.length; start += LIVE_FEATURES.hop) {
    const timeMs = Math.round(((start + WINDOW_SAMPLES / 2) / SAMPLE_RATE_HZ) * 1000);
    yield { timeMs, sound: sound.subarray(start, start + WINDOW_SAMPLES) };
  }
}

/** A clip's name wherever its data set lies: `word/file` without the ending. */
function clipName(file: string): string {
  const { dir, name } = path.parse(path.resolve(file));
  return `${path.basename(dir)}/${name}`;
}

export const command: Command = {
  name: 'classify',
  summary: 'Say which word a sound file holds',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('classify', args, {
      ...HEARING_OPTIONS,
      model: { type: 'string' },
      all: { type: 'boolean' },
    });
    if (positionals.length === 0) throw usageError('classify', 'no file is named');
    const noise = await noiseOptions('classify', values);
    const path = recordingOf(noise);
    const recording = path !== undefined && noise.eta > 0 ? await noiseRecording(path) : undefined;
    const listener = await openListener(values.model, backendOption('classify', values.backend));
    try {
      const classifier = new Classifier(listener, noise, recording);
      for (const file of positionals) {
        const sound = await decodeSoundFile(file);
        const cuts = values.all ? everyWindow(sound) : [{ sound: oneWindow(sound) }];
        for (const cut of cuts) print(await classifier.classify(file, cut), values.json === true);
      }
    } finally {
      await listener.backend.close();
    }
  },
};

interface Classified {
  readonly file: string;
  readonly timeMs?: number;
  readonly label: string;
  readonly confidence: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly layers: readonly unknown[];
  readonly ms: number;
}

class Classifier {
  private readonly extractor: WindowExtractor;

  constructor(
    private readonly listener: Listener,
    private readonly noise: NoiseSettings,
    private readonly recording: Float32Array | undefined,
  ) {
    this.extractor = new WindowExtractor(listener.backend.model.features);
  }

  async classify(file: string, { timeMs, sound }: Cut): Promise<Classified> {
    const { backend } = this.listener;
    const { labels, features } = backend.model;
    const { kind, seed, eta } = this.noise;
    const clip = timeMs === undefined ? clipName(file) : `${clipName(file)} ${timeMs}`;
    const heard = eta === 0 ? sound : blend(sound, clipNoise(kind, seed, clip, eta, sound.length, this.recording), eta);
    // The published framing takes the second alone.
    const margin = features.framing === 'stream' ? 0 : CLIP_MARGIN_SAMPLES;
    const startedMs = performance.now();
    const window = this.extractor.window(heard.subarray(margin, heard.length - margin));
    const { logits, activity } = await backend.infer(window, 1, { threads: 1 });
    const ms = performance.now() - startedMs;
    const scores = softmax(logits);
    const best = scores.indexOf(Math.max(...scores));
    return {
      file,
      ...(timeMs === undefined ? {} : { timeMs }),
      label: labels[best]!,
      confidence: scores[best]!,
      scores: Object.fromEntries(labels.map((label, i) => [label, scores[i]!])),
      layers: activity[0]!,
      ms: Number(ms.toFixed(3)),
    };
  }
}

function print(result: Classified, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const time = result.timeMs === undefined ? '' : `${(result.timeMs / 1000).toFixed(2).padStart(8)} s  `;
  process.stdout.write(
    `${time}${result.label.padEnd(12)} ${(100 * result.confidence).toFixed(1).padStart(5)} %  ${result.file}\n`,
  );
}
