import path from 'node:path';
import type { CalibrationPoint, CalibrationReport, CalibrationSound } from '../shared/calibration.js';
import { SettingsStore } from '../worker/hosts/settings-store.js';
import { winnowHome } from '../worker/places.js';
import { calibrate } from '../worker/robustness/calibrate.js';
import { CalibrationSounds } from '../worker/robustness/calibration-sounds.js';
import { parseArguments, usageError } from './arguments.js';
import type { Command } from './command.js';
import { backendOption, openListener } from './listeners.js';
import { Progress } from './progress.js';

const usage = `winnow calibrate --model M --data DIR [--recording FILE]... [options]

Listens to words, to sound without words and to recordings, and tells how many words are missed and how often something is heard
that was not said, by threshold. Smoothing, patience and refractory time are those of the settings.

  --model M         a model's name or file (the active model)
  --data DIR        clips, as for "winnow evaluate": the test part strung together with pauses of half a second. Clips of the
                    model's words should be heard; clips of other words and held-out noise should not
  --recording FILE  a long recording; again for more. Its words stand in a file of the same name ending in .json,
                    {"words": [{"label": "yes", "timeMs": 1500}, ...]} with the middle of each word; without one nothing is said
  --backend B       the back end (sparse)
  --json            one JSON object: model, decision, sounds [{sound, items, hours}],
                    points [{threshold, falseAccepts, falseAcceptsIn, hours, falseAcceptsPerHour, upperBoundPerHour, words,
                    falseRejects, falseRejectRate, wrongWords}], now (the threshold in use),
                    suggestions {byFalseAccepts: {wish, point}, byFalseRejects: {wish, point}}, stopped

False accepts are detections in other words, noise and recordings that belong to no word; upperBoundPerHour is the exact one-sided
95 % bound of their rate. wrongWords are detections of another word in the list of the model's words. Ctrl-C stops listening and
reports what was heard so far.`;

const SOUND_TITLES: Readonly<Record<CalibrationSound, string>> = {
  words: "clips of the model's words",
  otherWords: 'clips of other words',
  noise: 'recordings of noise',
  recordings: 'recordings of your own',
};

function row(point: CalibrationPoint, mark = ''): string {
  const bound = point.upperBoundPerHour === null ? '-' : point.upperBoundPerHour.toFixed(1);
  return [
    point.threshold.toFixed(4).padStart(9),
    String(point.falseAccepts).padStart(8),
    (point.hours > 0 ? point.falseAcceptsPerHour.toFixed(1) : '-').padStart(10),
    bound.padStart(10),
    String(point.falseRejects).padStart(8),
    (point.words > 0 ? `${(100 * point.falseRejectRate).toFixed(2)} %` : '-').padStart(10),
    String(point.wrongWords).padStart(8),
    mark,
  ]
    .join('')
    .trimEnd();
}

function suggestion(title: string, point: CalibrationPoint | null): string {
  if (point === null) return `${title}: no threshold`;
  const { falseAccepts, hours, upperBoundPerHour, falseRejectRate, words } = point;
  const bound = upperBoundPerHour === null ? '' : `, at most ${upperBoundPerHour.toFixed(1)} per hour (95 %)`;
  return `${title}: threshold ${point.threshold}: ${falseAccepts} false accepts in ${hours.toFixed(2)} h${bound}, ${(100 * falseRejectRate).toFixed(2)} % of ${words} words missed`;
}

function describe(report: CalibrationReport): string {
  const { byFalseAccepts, byFalseRejects } = report.suggestions;
  return [
    `${report.model}${report.stopped ? ', stopped half-way: only what was heard so far counts' : ''}`,
    ...report.sounds.map(({ sound, items, hours }) => `  ${items} ${SOUND_TITLES[sound]}, ${hours.toFixed(2)} h`),
    'threshold  accepts  per hour  95% bound rejects  of words   wrong',
    ...report.points.map((point) => row(point)),
    row(report.now, '  in use'),
    suggestion(`At most ${byFalseAccepts.wish} false accepts per hour`, byFalseAccepts.point),
    suggestion(`At most ${100 * byFalseRejects.wish} % of the words missed`, byFalseRejects.point),
  ].join('\n');
}

export const command: Command = {
  name: 'calibrate',
  summary: 'Find the threshold: words missed against false alarms per hour',
  usage,
  async run(args) {
    const { values, positionals } = parseArguments('calibrate', args, {
      model: { type: 'string' },
      data: { type: 'string' },
      recording: { type: 'string', multiple: true },
      backend: { type: 'string' },
      json: { type: 'boolean' },
    });
    if (positionals.length > 0) throw usageError('calibrate', `"${positionals[0]}" belongs to no option`);
    const recordings = (values.recording ?? []).map((file) => path.resolve(file));
    if (values.data === undefined && recordings.length === 0) throw usageError('calibrate', '--data or --recording is missing');
    const progress = new Progress();
    const store = await SettingsStore.open(winnowHome(), (error) => progress.say(`warning [${error.code}] ${error.message}`));
    const { modelId, backend } = await openListener(values.model, backendOption('calibrate', values.backend));
    let stop = false;
    const interrupt = (): void => {
      if (stop) process.exit(1);
      progress.say('Stopping after this stretch of sound.');
      stop = true;
    };
    process.on('SIGINT', interrupt);
    try {
      const source = { recordings, ...(values.data === undefined ? {} : { data: values.data }) };
      const sounds = await CalibrationSounds.open(source, backend.model.labels, (done, total) =>
        progress.update('decoding', done, total, 'clips'),
      );
      try {
        const report = await calibrate(backend, modelId, sounds.tracks, store.get().decision, {
          onProgress: (phase, done, total) =>
            progress.update(phase, done, total, phase === 'listening' ? 'stretches' : 'thresholds'),
          stopped: () => stop,
        });
        progress.clear();
        process.stdout.write(`${values.json ? JSON.stringify(report) : describe(report)}\n`);
      } finally {
        sounds.close();
      }
    } finally {
      process.off('SIGINT', interrupt);
      await backend.close();
    }
  },
};
