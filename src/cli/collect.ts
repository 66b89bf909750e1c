import { stat } from 'node:fs/promises';
import { SAMPLE_RATE_HZ } from '../shared/features.js';
import { WinnowError } from '../shared/errors.js';
import { openRecorder } from '../worker/audio/open-recorder.js';
import type { Recorder } from '../worker/audio/recorder.js';
import { spokenSecond } from '../worker/takes/spoken-second.js';
import { BACKGROUND_FOLDER, BACKGROUND_SECONDS_WANTED, TakeStore } from '../worker/takes/store.js';
import { TakeCutter } from '../worker/takes/take-cutter.js';
import { normaliseWord } from '../worker/takes/word-name.js';
import { integerOption, parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';

const TAKES_DEFAULT = 10;
const TAKES_MAX = 1000;
/** From one word to the next, or to giving up. */
const WAIT_SECONDS = 20;

const usage = `winnow collect WORD [options]
winnow collect --background          ${BACKGROUND_SECONDS_WANTED} s of the room, without words

Records takes of a word: say it again and again with a pause after each; every take is cut to the spoken second and its level is
checked. They are kept as WAV files for "winnow finetune" and the Teach screen.

  --takes N         takes to record (${TAKES_DEFAULT})
  --input I         mic (the default), or a WAV or FLAC file in which the word is said, or a folder of such files
  --device NAME     microphone, as the recorder program calls it
  --json            an object per take: {word, id, seconds, levelDb, problems}; at the end {event: "summary", word, takes, folder}`;

/** Hands over recorded sound until `enough` says so, the source ends, or nothing comes of it for too long. */
async function hear(recorder: Recorder, take: (samples: Float32Array) => 'more' | 'enough'): Promise<void> {
  let finish: (error?: unknown) => void = () => undefined;
  const finished = new Promise<unknown>((resolve) => (finish = resolve));
  const interrupt = (): void => finish(undefined);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await recorder.start({
      block: ({ samples }) => {
        try {
          if (take(samples) === 'enough') finish(undefined);
        } catch (error) {
          finish(error);
        }
      },
      end: () => finish(undefined),
      error: finish,
    });
    const error = await finished;
    if (error !== undefined) throw error;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await recorder.stop();
  }
}

export const command: Command = {
  name: 'collect',
  summary: 'Record takes of a word to teach',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('collect', args, {
      takes: { type: 'string' },
      input: { type: 'string' },
      device: { type: 'string' },
      background: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    if (positionals.length !== (values.background ? 0 : 1)) throw usageError('collect', 'name one word, or --background');
    const word = values.background ? BACKGROUND_FOLDER : normaliseWord(positionals[0]!);
    const wanted = integerOption('collect', 'takes', values.takes ?? String(TAKES_DEFAULT), 1, TAKES_MAX);
    const fromMicrophone = values.input === undefined || values.input === 'mic';
    if (!fromMicrophone && values.device !== undefined) throw usageError('collect', '--device belongs to --input mic');
    const store = new TakeStore();
    const recorder = fromMicrophone
      ? openRecorder({ kind: 'microphone', ...(values.device === undefined ? {} : { device: values.device }) })
      : null;
    const kept = { count: 0 };
    const say = (take: { id: string; problems: readonly string[]; levelDb: number | null; seconds: number }): void => {
      kept.count++;
      if (values.json) process.stdout.write(`${JSON.stringify({ word, ...take })}\n`);
      else {
        const level = take.levelDb === null ? 'silent' : `${take.levelDb.toFixed(0)} dB`;
        const problems = take.problems.length > 0 ? ` (${take.problems.join(', ')})` : '';
        process.stdout.write(`${word} ${kept.count} of ${wanted}: ${level}${problems}\n`);
      }
    };
    if (!recorder && (await stat(values.input!).catch(() => undefined))?.isDirectory()) {
      const { added, problems } = await store.import([values.input!], word);
      for (const { id, seconds, levelDb, problems: wrong } of added) say({ id, seconds, levelDb, problems: wrong });
      for (const { file, error } of problems) process.stderr.write(`${file}: [${error.code}] ${error.message}\n`);
    } else {
      const source = recorder ?? openRecorder({ kind: 'file', path: values.input! }, 'fast');
      if (recorder && !values.json)
        process.stderr.write(word === BACKGROUND_FOLDER ? 'Listening to the room.\n' : `Say "${word}".\n`);
      await collect(source, store, word, wanted, say);
    }
    if (kept.count === 0) throw new WinnowError('takes-no-speech', { word, seconds: WAIT_SECONDS });
    if (values.json)
      process.stdout.write(`${JSON.stringify({ event: 'summary', word, takes: kept.count, folder: store.folder })}\n`);
  },
};

async function collect(
  source: Recorder,
  store: TakeStore,
  word: string,
  wanted: number,
  say: (take: { id: string; seconds: number; levelDb: number | null; problems: readonly string[] }) => void,
): Promise<void> {
  const takeKind = source.kind === 'microphone' ? 'microphone' : 'file';
  const writing: Promise<void>[] = [];
  let cut = 0;
  const keep = (recording: Float32Array): void => {
    cut++;
    writing.push(
      store.add(word, recording, takeKind).then(({ id, seconds, levelDb, problems }) => say({ id, seconds, levelDb, problems })),
    );
  };
  if (word === BACKGROUND_FOLDER) {
    const sound: Float32Array[] = [];
    let samples = 0;
    await hear(source, (block) => {
      sound.push(block);
      samples += block.length;
      return samples >= BACKGROUND_SECONDS_WANTED * SAMPLE_RATE_HZ ? 'enough' : 'more';
    });
    keep(joined(sound));
  } else {
    const cutter = new TakeCutter();
    let waited = 0;
    await hear(source, (block) => {
      waited += block.length / SAMPLE_RATE_HZ;
      for (const recording of cutter.offer(block)) {
        waited = 0;
        if (cut < wanted) keep(recording);
      }
      return cut >= wanted || waited > WAIT_SECONDS ? 'enough' : 'more';
    });
    const rest = cutter.rest();
    if (cut < wanted && rest && !hasNothing(rest)) keep(rest);
  }
  await Promise.all(writing);
}

function hasNothing(recording: Float32Array): boolean {
  const { problems } = spokenSecond(recording);
  return problems.includes('silent') || problems.includes('no-speech');
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
