import { FINETUNE_PLANS } from '../../training/finetune/plan.js';
import type { Experiment, Unit } from '../experiment.js';
import type { DigitTakes, Task, TeachTask } from '../task.js';

/** Settings were chosen on takes of other digits (three, seven, nine, zero) by the first two speakers. */
const SPEAKERS = ['george', 'jackson', 'lucas', 'nicolas'] as const;
const WORDS = ['four', 'six', 'eight'] as const;
const DIGITS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'] as const;
const TAKES = 10;

type Method = Pick<TeachTask, 'mode' | 'set' | 'replay'>;

const QUICK: Method = { mode: 'quick', set: {}, replay: 'data' };
const THOROUGH: Method = { ...QUICK, mode: 'thorough' };
const LAST: Method = { ...QUICK, set: { layers: 'last', learningRate: 0.05 } };
const NO_BOOST: Method = { ...QUICK, set: { boostStrength: 0 } };
const NO_DATA: Method = { ...QUICK, replay: 'shipped' };

function digits(group: string, method: Method, speaker: string, words: DigitTakes['words'], name: string): Unit<TeachTask> {
  const takes: DigitTakes = { kind: 'digits', speaker, words, takes: TAKES };
  return { name, group, task: { kind: 'teach', base: { kind: 'shipped', model: 'commands' }, takes, ...method } };
}

/** A word of a speaker, for each of them. */
function single(group: string, method: Method, speakers: readonly string[]): Unit<TeachTask>[] {
  return speakers.flatMap((speaker) =>
    WORDS.map((word) => digits(group, method, speaker, [word], `${group}: ${word}, ${speaker}`)),
  );
}

function ten(group: string, method: Method): Unit<TeachTask>[] {
  return SPEAKERS.map((speaker) => digits(group, method, speaker, DIGITS, `${group}: ${speaker}`));
}

/** A short training: the full one takes an hour, for each word that is left out. */
const SHORT = ['schedule.epochs=4', 'schedule.learningRateFactor=0.5', 'premadeEpochs=4'];

function command(group: string, word: string, method: Method): Unit<TeachTask> {
  const base: TeachTask['base'] = { kind: 'without', recipe: 'commands', word, set: SHORT };
  return {
    name: `${group}: ${word}`,
    task: { kind: 'teach', base, takes: { kind: 'command', word, speakers: 20, takes: 3 }, ...method },
  };
}

/** The takes, drawn by the seed, and as many replayed clips as the plan asks for. */
function dataOf({ base, takes, replay, mode, set }: TeachTask, seed: number): string {
  const { replayWindows, windowSets } = { ...FINETUNE_PLANS[mode], ...set };
  return JSON.stringify([base, takes, replay, replayWindows, windowSets, seed]);
}

const OTHERS = SPEAKERS.slice(2);

export const teach: Experiment<Task> = {
  name: 'teach',
  title: 'Teaching words by a few takes',
  question:
    'How well is a new word heard after ten takes of one speaker, how often is something else taken for it, and what do the old words lose?',
  source: 'takes of the Free Spoken Digit Dataset, Speech Commands for the old words; no published figures',
  publishedTask: false,
  baseline: 'quick',
  metrics: [
    { key: 'recall', title: 'heard', format: 'percent' },
    { key: 'falseAccepts', title: 'false accepts, old list', format: 'percent' },
    { key: 'falseAcceptsBandLimited', title: 'narrow', format: 'percent' },
    { key: 'falseAcceptsOtherWords', title: 'other digits', format: 'percent' },
    { key: 'oldBefore', title: 'old words before', format: 'percent' },
    { key: 'oldChange', title: 'change of old words', format: 'percent' },
    { key: 'entropy', title: 'entropy of the hidden layer', format: 'percent' },
    { key: 'noiseChange', title: 'change in noise', format: 'percent' },
    { key: 'seconds', title: 'seconds', format: 'number' },
  ],
  units: [
    ...single('quick', QUICK, SPEAKERS),
    ...single('output layer alone', LAST, OTHERS),
    ...single('without boosting', NO_BOOST, OTHERS),
    ...single('thorough', THOROUGH, OTHERS),
    ...single('without data', NO_DATA, OTHERS),
    ...ten('ten digits, quick', QUICK),
    ...ten('ten digits, thorough', THOROUGH),
    command('command of 20 speakers', 'stop', QUICK),
  ],
  seeds: [1, 2, 3],
  dataOf: ({ task }, seed) => (task.kind === 'teach' ? dataOf(task, seed) : ''),
  curves: [{ key: 'noise', title: 'Old words in white noise, afterwards', x: 'noise level η', y: 'accuracy' }],
};
