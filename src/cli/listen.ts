import type { DecisionSettings, InputChoice } from '../shared/contract.js';
import { WinnowError } from '../shared/errors.js';
import { openBlend } from '../worker/audio/noise.js';
import { openRecorder } from '../worker/audio/open-recorder.js';
import { ActionRunner } from '../worker/hosts/actions.js';
import { SettingsStore } from '../worker/hosts/settings-store.js';
import { winnowHome } from '../worker/places.js';
import { decisionInUse } from '../worker/recognizer/decision-in-use.js';
import { isRecording, Recognizer, type Listener, type RecognizerEvents, type Spotted } from '../worker/recognizer/recognizer.js';
import { parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { backendOption, HEARING_OPTIONS, HEARING_USAGE, noiseOptions, openListener } from './listeners.js';

const MODELS_MAX = 4;
/** How often a muted microphone is looked for. */
const MUTE_CHECK_MS = 1_000;

const usage = `winnow listen [options]

  --input I         mic (the default), demo (the clips that ship), or a WAV or FLAC file
  --device NAME     microphone, as the recorder program calls it
  --clip NAME       for demo: one clip instead of all
  --model M         a model's name or file; again for more that listen side by side (the active model)
${HEARING_USAGE}
  --fast            a file or demo as fast as the machine can: the same detections as at real speed
  --json            {"event":"detection", timeMs, firedMs, label, confidence} for each word, with "model" where several listen,
                    and {"event":"summary", seconds, blocks, late, dropped, detections, latencyMsP50, latencyMsP95} at the end
  --exec CMD ARG... a program to run for each word of the first model, without a shell; everything after --exec belongs to it.
                    An argument {label}, {confidence} or {timeMs} is replaced; WINNOW_LABEL, WINNOW_CONFIDENCE and
                    WINNOW_TIME_MS tell the same. At most once a second for each word.

Times are in ms of the stream: timeMs the middle of the word, firedMs the decision. Threshold, smoothing, patience and refractory
time are those that the first model suggests, unless they were set by hand in the window. Ctrl-C ends it with the summary.`;

/** Everything after `--exec` belongs to the program. */
function splitExec(args: string[]): { own: string[]; exec: string[] | undefined } {
  const at = args.indexOf('--exec');
  if (at < 0) return { own: args, exec: undefined };
  const exec = args.slice(at + 1);
  if (exec.length === 0) throw usageError('listen', '--exec needs a program');
  return { own: args.slice(0, at), exec };
}

function inputOption(input: string | undefined, device: string | undefined, clip: string | undefined): InputChoice {
  if (input === undefined || input === 'mic') {
    if (clip !== undefined) throw usageError('listen', '--clip belongs to --input demo');
    return device === undefined ? { kind: 'microphone' } : { kind: 'microphone', device };
  }
  if (device !== undefined) throw usageError('listen', '--device belongs to --input mic');
  if (input === 'demo') return clip === undefined ? { kind: 'demo' } : { kind: 'demo', clip };
  if (clip !== undefined) throw usageError('listen', '--clip belongs to --input demo');
  return { kind: 'file', path: input };
}

async function decisionOf({ backend }: Listener): Promise<DecisionSettings> {
  const store = await SettingsStore.open(winnowHome(), warn);
  return decisionInUse(store.get(), backend.model.decision);
}

function warn(error: WinnowError): void {
  process.stderr.write(`warning [${error.code}] ${error.message}\n  ${error.next}\n`);
}

/** Prints what is heard. */
class Printer {
  detections = 0;

  constructor(
    private readonly json: boolean,
    private readonly several: boolean,
  ) {}

  detection({ modelId, label, confidence, best, firedMs }: Spotted): void {
    this.detections++;
    if (this.json) {
      const line = {
        event: 'detection',
        timeMs: Math.round(best.centreMs),
        firedMs: Math.round(firedMs),
        label,
        confidence: Number(confidence.toFixed(4)),
      };
      process.stdout.write(`${JSON.stringify(this.several ? { ...line, model: modelId } : line)}\n`);
    } else {
      const seconds = (best.centreMs / 1000).toFixed(2).padStart(8);
      const model = this.several ? `  ${modelId}` : '';
      process.stdout.write(`${seconds} s  ${label.padEnd(12)} ${(100 * confidence).toFixed(0).padStart(3)} %${model}\n`);
    }
  }

  summary({ counters }: Recognizer): void {
    const { seconds, blocks, late, dropped, lostSamples, latencyMsP50, latencyMsP95 } = counters;
    if (lostSamples > 0) process.stderr.write(`${lostSamples} samples were lost by the source\n`);
    const rounded = (value: number): number => Number(value.toFixed(3));
    if (this.json) {
      const line = {
        event: 'summary',
        seconds: rounded(seconds),
        blocks,
        late,
        dropped,
        detections: this.detections,
        latencyMsP50: rounded(latencyMsP50),
        latencyMsP95: rounded(latencyMsP95),
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    } else {
      process.stderr.write(
        `${seconds.toFixed(1)} s heard, ${this.detections} words, ${blocks} blocks (${dropped} dropped), ` +
          `end of a block to scores ${latencyMsP50.toFixed(2)} ms (p95 ${latencyMsP95.toFixed(2)} ms)\n`,
      );
    }
  }
}

export const command: Command = {
  name: 'listen',
  summary: 'Recognise words from a microphone, a file or the demo clips',
  usage,
  async run(args) {
    const { own, exec } = splitExec(args);
    const { values, positionals } = parseArguments('listen', own, {
      ...HEARING_OPTIONS,
      input: { type: 'string' },
      device: { type: 'string' },
      clip: { type: 'string' },
      model: { type: 'string', multiple: true },
      fast: { type: 'boolean' },
    });
    if (positionals.length > 0)
      throw usageError('listen', `"${positionals[0]}" belongs to no option (a file goes after --input)`);
    const input = inputOption(values.input, values.device, values.clip);
    if (values.fast && input.kind === 'microphone') throw usageError('listen', '--fast belongs to a file or demo');
    const noise = await noiseOptions('listen', values);
    const kind = backendOption('listen', values.backend);
    const models = [...new Set<string | undefined>(values.model ?? [undefined])];
    if (models.length > MODELS_MAX) throw usageError('listen', `at most ${MODELS_MAX} models can listen side by side`);

    const listeners: Listener[] = [];
    for (const model of models) listeners.push(await openListener(model, kind));
    try {
      await hear(input, values.fast === true, listeners, {
        printer: new Printer(values.json === true, listeners.length > 1),
        decision: await decisionOf(listeners[0]!),
        blend: await openBlend(noise),
        exec,
        quiet: values.json === true,
      });
    } finally {
      for (const { backend } of listeners) await backend.close();
    }
  },
};

interface Hearing {
  readonly printer: Printer;
  readonly decision: DecisionSettings;
  readonly blend: Awaited<ReturnType<typeof openBlend>>;
  readonly exec: readonly string[] | undefined;
  readonly quiet: boolean;
}

async function hear(input: InputChoice, fast: boolean, listeners: readonly Listener[], hearing: Hearing): Promise<void> {
  const { printer, exec } = hearing;
  const actions = new ActionRunner(warn);
  let finish: (error?: unknown) => void = () => undefined;
  const finished = new Promise<unknown>((resolve) => (finish = resolve));
  const events: RecognizerEvents = {
    spotted: (spotted) => {
      printer.detection(spotted);
      if (exec && spotted.modelId === listeners[0]!.modelId) {
        actions.run({ enabled: true, command: [...exec] }, { ...spotted, timeMs: spotted.best.centreMs });
      }
    },
    failed: finish,
  };
  const recognizer = new Recognizer(listeners, hearing.decision, hearing.blend, events, isRecording(input));
  const recorder = openRecorder(input, fast ? 'fast' : 'real');
  const interrupt = (): void => finish(undefined);
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const mute = setInterval(() => {
    if (!recognizer.level.allZero || input.kind !== 'microphone') return;
    clearInterval(mute);
    process.stderr.write('The microphone gives only zeros: it is muted or blocked.\n');
  }, MUTE_CHECK_MS);
  try {
    await recorder.start({
      block: (block) => (fast ? recognizer.process(block) : recognizer.offer(block)),
      end: () => void recognizer.finish().then(() => finish(undefined), finish),
      error: finish,
    });
    if (!hearing.quiet) {
      const what = listeners.map(({ modelId, backend }) => `${modelId} (${backend.kind}: ${backend.detail})`).join(', ');
      process.stderr.write(`${recorder.label}, heard by ${what}; Ctrl-C ends\n`);
    }
    const error = await finished;
    await recorder.stop();
    await recognizer.idle();
    printer.summary(recognizer);
    if (error !== undefined) throw error;
  } finally {
    clearInterval(mute);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
