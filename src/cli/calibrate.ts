import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { CalibrationReport } from '../shared/calibration.js';
import { WinnowError } from '../shared/errors.js';
import { writeFileAtomically } from '../worker/atomic-file.js';
import { SettingsStore } from '../worker/hosts/settings-store.js';
import { openBackend } from '../worker/network/backends.js';
import { readModelBytes, withDecision, writeFailure } from '../worker/network/model-file.js';
import { ModelRegistry } from '../worker/network/registry.js';
import { winnowHome } from '../worker/places.js';
import { decisionInUse } from '../worker/recognizer/decision-in-use.js';
import { calibrate, DEFAULT_WISHES } from '../worker/robustness/calibrate.js';
import { CalibrationSounds } from '../worker/robustness/calibration-sounds.js';
import { choiceOption, numberOption, parseArguments, usageError } from './arguments.js';
import { describeCalibration, percentage } from './calibrate-text.js';
import type { Command } from './command.js';
import { backendOption } from './listeners.js';
import { Progress } from './progress.js';

const WISHES = ['rejects', 'accepts'] as const;
const ACCEPTS_PER_HOUR_MAX = 3600;

const usage = `winnow calibrate --model M --data DIR [--recording FILE]... [options]

Listens to words, to sound without words and to recordings, and tells how many words are missed and how often something is heard
that was not said. It suggests two settings of threshold, smoothing and patience, looked for among some thousands: the one with
the fewest false accepts of those that miss few enough words, and the one that misses the fewest words of those with few enough
false accepts. They are chosen on the validation part and reported on the test part.

  --model M         a model's name or file (the active model)
  --data DIR        clips, as for "winnow evaluate": a part's clips strung together with pauses of half a second. Clips of the
                    model's words should be heard; clips of other words and the part's noise recordings should not. A folder of
                    word folders has no parts: then the settings are chosen and reported on the same sounds
  --recording FILE  a long recording; again for more. Its words stand in a file of the same name ending in .json,
                    {"words": [{"label": "yes", "timeMs": 1500}, ...]} with the middle of each word; without one nothing is said.
                    Recordings count in choosing and in reporting
  --accepts N       false accepts per hour to keep within (${DEFAULT_WISHES.falseAcceptsPerHour})
  --rejects P       percentage of the words that may be missed (${100 * DEFAULT_WISHES.falseRejectRate})
  --out FILE        write the model with a suggested decision, which "winnow listen" and the window then use by default, and with
                    the figures in its report; its weights stay as they are
  --wish W          which suggestion --out takes: ${WISHES.join(', ')} (rejects)
  --force           replace FILE if it is there
  --backend B       the back end (sparse)
  --json            one JSON object: model, decision, sounds [{sound, items, hours}],
                    points [{threshold, falseAccepts, falseAcceptsIn, hours, falseAcceptsPerHour, upperBoundPerHour, words,
                    falseRejects, falseRejectRate, wrongWords, delayMs}] by threshold with the decision in use otherwise, now (the
                    decision in use), chosenOn {apart, sounds}, tried, suggestions {byFalseAccepts: {wish, closest, found: {decision,
                    chosen, point} or null}, byFalseRejects: the same}, stopped

False accepts are detections in other words, noise and recordings that belong to no word; upperBoundPerHour is the exact one-sided
95 % bound of their rate. wrongWords are detections of another word in the list of the model's words; delayMs is the median time
from a word's middle to its decision. Ctrl-C stops listening and reports what was heard so far.`;

interface Wanted {
  readonly out: string;
  readonly wish: (typeof WISHES)[number];
  readonly modelPath: string;
  readonly command: string;
}

/** @throws WinnowError `calibration-no-point`, `model-write`, `model-disk-full` */
async function writeModel(report: CalibrationReport, { out, wish, modelPath, command }: Wanted): Promise<void> {
  const { byFalseAccepts, byFalseRejects } = report.suggestions;
  const { wish: value, found } = wish === 'accepts' ? byFalseAccepts : byFalseRejects;
  if (!found)
    throw new WinnowError('calibration-no-point', {
      wish: `${wish} ${wish === 'accepts' ? value : percentage(value)}`,
      path: out,
    });
  const { decision, chosen, point } = found;
  const { sounds, chosenOn, tried } = report;
  const calibration = { command, wish: { [wish]: value }, sounds, chosenOn, tried, chosen, point };
  const bytes = withDecision(await readModelBytes(modelPath), decision, { calibration });
  try {
    await writeFileAtomically(out, bytes);
  } catch (error) {
    throw writeFailure(out, error);
  }
}

export const command: Command = {
  name: 'calibrate',
  summary: 'Find the threshold, smoothing and patience: words missed against false alarms per hour',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('calibrate', args, {
      model: { type: 'string' },
      data: { type: 'string' },
      recording: { type: 'string', multiple: true },
      accepts: { type: 'string' },
      rejects: { type: 'string' },
      out: { type: 'string' },
      wish: { type: 'string' },
      force: { type: 'boolean' },
      backend: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw usageError('calibrate', `"${positionals[0]}" belongs to no option`);
    const { data, accepts, rejects, out } = values;
    const recordings = (values.recording ?? []).map((file) => path.resolve(file));
    if (data === undefined && recordings.length === 0) throw usageError('calibrate', '--data or --recording is missing');
    if (out === undefined && (values.wish !== undefined || values.force))
      throw usageError('calibrate', '--wish and --force belong to --out');
    const wish = values.wish === undefined ? 'rejects' : choiceOption('calibrate', 'wish', values.wish, WISHES);
    const wishes = {
      falseAcceptsPerHour:
        accepts === undefined
          ? DEFAULT_WISHES.falseAcceptsPerHour
          : numberOption('calibrate', 'accepts', accepts, 0, ACCEPTS_PER_HOUR_MAX),
      falseRejectRate:
        rejects === undefined ? DEFAULT_WISHES.falseRejectRate : numberOption('calibrate', 'rejects', rejects, 0, 100) / 100,
    };
    const kind = backendOption('calibrate', values.backend);
    // Before minutes of listening.
    if (out !== undefined && !values.force && (await stat(out).catch(() => undefined)))
      throw new WinnowError('model-exists', { path: out });
    const progress = new Progress();
    const warn = ({ code, message }: WinnowError): void => progress.say(`warning [${code}] ${message}`);
    const store = await SettingsStore.open(winnowHome(), warn);
    const opened = await new ModelRegistry().open(values.model);
    const { backend, fallback } = await openBackend(kind, opened.model);
    if (fallback) warn(fallback);
    const inUse = decisionInUse(store.get(), opened.model.decision);
    // What was set for single words is no business of a model file.
    const decision = out === undefined ? inUse : { ...inUse, thresholds: {}, off: [] };
    let stop = false;
    const interrupt = (): void => {
      if (stop) process.exit(1);
      progress.say('Stopping after this stretch of sound.');
      stop = true;
    };
    process.on('SIGINT', interrupt);
    try {
      const source = { recordings, ...(data === undefined ? {} : { data }) };
      const sounds = await CalibrationSounds.open(source, backend.model.labels, (done, total) =>
        progress.update('decoding', done, total, 'clips'),
      );
      try {
        const hooks = {
          onProgress: (phase: 'listening' | 'deciding', done: number, total: number) =>
            progress.update(phase, done, total, phase === 'listening' ? 'stretches' : 'settings'),
          stopped: () => stop,
        };
        const report = await calibrate(backend, opened.id, sounds.tracks, decision, hooks, wishes);
        progress.clear();
        process.stdout.write(`${values.json ? JSON.stringify(report) : describeCalibration(report)}\n`);
        if (out !== undefined) {
          const told = `winnow calibrate --data DIR --rejects ${percentage(wishes.falseRejectRate)} --accepts ${wishes.falseAcceptsPerHour} --wish ${wish}`;
          await writeModel(report, { out, wish, modelPath: opened.path, command: told });
          process.stderr.write(`${opened.id} with the suggested decision written to ${out}\n`);
        }
      } finally {
        sounds.close();
      }
    } finally {
      process.off('SIGINT', interrupt);
      await backend.close();
    }
  },
};
