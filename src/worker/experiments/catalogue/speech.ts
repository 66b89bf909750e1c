import type { Experiment, Metric, Published, Unit } from '../experiment.js';
import type { SpeechTask, Task } from '../task.js';

const METRICS: readonly Metric[] = [
  { key: 'accuracy', title: 'test', format: 'percent' },
  { key: 'noise', title: 'noise', format: 'percent' },
  { key: 'background', title: 'amid recordings, 5 dB', format: 'percent' },
  { key: 'nonZeros', title: 'non-zeros', format: 'count' },
  { key: 'multiplies', title: 'multiplies', format: 'count' },
];

const CURVES = [
  { key: 'noise', title: 'Accuracy against white noise', x: 'noise level η', y: 'accuracy' },
  { key: 'validation', title: 'Validation accuracy while training', x: 'epoch', y: 'accuracy' },
];

/** Test accuracy and noise accuracy in percent, with deviations; non-zero parameters. */
type Row = readonly [test: number, testSd: number, noise: number, noiseSd: number, nonZeros: number];

function published([test, testSd, noise, noiseSd, nonZeros]: Row): Record<string, Published> {
  const percent = (mean: number, sd: number) => ({ mean: mean / 100, sd: sd / 100 });
  return { accuracy: percent(test, testSd), noise: percent(noise, noiseSd), nonZeros: { mean: nonZeros } };
}

function preset(name: string, row?: Row): Unit<SpeechTask> {
  const task: SpeechTask = { kind: 'speech', recipe: name, set: [] };
  return row ? { name, task, published: published(row) } : { name, task };
}

function variant(name: string, recipe: string, ...set: string[]): Unit<SpeechTask> {
  return { name, task: { kind: 'speech', recipe, set } };
}

export const gscPresets: Experiment<Task> = {
  name: 'gsc-presets',
  title: 'The published networks on spoken commands',
  question: 'Do sparse networks keep their accuracy, and hold in noise where the dense one does not?',
  source: 'patent Tables 1 and 2, poster; trained on eight commands, silence and unknown words in place of the ten digits',
  publishedTask: false,
  baseline: 'denseCNN2',
  metrics: METRICS,
  units: [
    preset('denseCNN2', [96.69, 0.46, 29.08, 2.68, 1_717_140]),
    preset('sparseCNN2', [97.11, 0.11, 44.4, 3.89, 757_140]),
    preset('WtSparsity'),
    preset('WtSparsity2', [97.09, 0.18, 43.57, 3.84, 674_452]),
    preset('WtSparsity3', [97.0, 0.17, 44.87, 2.71, 664_212]),
    preset('WtSparsity4', [96.71, 0.16, 40.52, 3.67, 659_092]),
    preset('WtSparsity8', [97.03, 0.15, 39.36, 3.66, 134_932]),
    preset('WtSparsity9', [96.69, 0.5, 42.1, 4.48, 114_452]),
    preset('WtSparsity10', [96.92, 0.08, 42.42, 2.54, 160_952]),
    preset('WtSparsity11', [97.03, 0.14, 44.45, 2.54, 160_952]),
    preset('WtSparsity18', [97.04, 0.09, 44.43, 2.65, 194_452]),
    preset('WtSparsity19', [97.16, 0.12, 41.94, 4.04, 207_452]),
    preset('WtSparsity20', [96.93, 0.11, 43.66, 4.2, 143_452]),
    preset('WtSparsity21', [97.02, 0.1, 42.5, 2.96, 114_452]),
    preset('SuperSparseCNN2'),
    preset('SuperSparseCNNLocal'),
    preset('denseSmall1', [96.14, 0.73, 26.57, 2.39, 536_008]),
    preset('denseSmall2', [95.89, 0.51, 26.29, 3.11, 270_376]),
    preset('denseEqualCost'),
  ],
  seeds: [1, 2, 3],
  curves: CURVES,
};

const WINNERS = 'network.layers.*.activation';
/** Sparse weights alone: ReLU in each of the first layers. */
const relus = (layers: number): string[] =>
  Array.from({ length: layers }, (_, i) => `network.layers.${i}.activation={"kind":"relu"}`);

export const gscAblations: Experiment<Task> = {
  name: 'gsc-ablations',
  title: 'The published recipe, one thing changed at a time',
  question:
    'Which part of the recipe makes a network robust to noise, and does it make the sparse one more robust than the dense?',
  source: 'paper, sections 3 and 4; each row changes one setting of the published recipe',
  publishedTask: false,
  baseline: 'dense',
  metrics: METRICS,
  units: [
    variant('dense', 'commands-dense'),
    variant('dense, no silence class', 'commands-dense', 'silence.share=0'),
    variant('dense, dropout 0.5', 'commands-dense', 'network.layers.2.dropout=0.5'),
    variant('dense, weight decay 0.001', 'commands-dense', 'schedule.weightDecay=0.001'),
    variant('dense, standardised', 'commands-dense', 'features.standardise=true'),
    variant('dense, random floor', 'commands-dense', 'augmentation.randomFloor={"lowDb":-80,"highDb":-20}'),
    variant('dense, Slaney bank', 'commands-dense', 'features.melBank=slaney'),
    variant(
      'dense, noise in training',
      'commands-dense',
      'augmentation.noise.whiteShare=0.3',
      'augmentation.noise.realShare=0.3',
    ),
    variant('sparse, winners after pooling', 'commands-sparse'),
    variant('sparse, winners before pooling', 'WtSparsity11'),
    variant('sparse, masks in blocks', 'commands-sparse-wide'),
    variant('sparse, ReLU in place of winners', 'commands-sparse', ...relus(3)),
    variant('sparse, no silence class', 'commands-sparse', 'silence.share=0'),
    variant('sparse, k-inference 1.5', 'commands-sparse', `${WINNERS}.kInferenceFactor=1.5`),
    variant('sparse, no boosting', 'commands-sparse', `${WINNERS}.boosting.strength=0`),
    variant('sparse, boosting in training only', 'commands-sparse', `${WINNERS}.boosting.atInference=false`),
    variant(
      'sparse, local winners',
      'commands-sparse',
      'network.layers.0.activation.selection.kind=local',
      'network.layers.1.activation.selection.kind=local',
    ),
    variant('sparse, 30 % winners', 'commands-sparse', `${WINNERS}.count.percentOn=0.3`),
    variant('sparse, dropout 0.5', 'commands-sparse', 'network.layers.2.dropout=0.5'),
    variant('sparse, standardised', 'commands-sparse', 'features.standardise=true'),
    variant('sparse, random floor', 'commands-sparse', 'augmentation.randomFloor={"lowDb":-80,"highDb":-20}'),
    variant('sparse, Slaney bank', 'commands-sparse', 'features.melBank=slaney'),
    variant(
      'sparse, noise in training',
      'commands-sparse',
      'augmentation.noise.whiteShare=0.3',
      'augmentation.noise.realShare=0.3',
    ),
  ],
  seeds: [1],
  curves: CURVES,
};

/** Windows of equal mean and deviation, and in training nothing below a random level. */
const SCALED = ['features.standardise=true', 'augmentation.randomFloor={"lowDb":-80,"highDb":-20}'];
/** More winners than published, above all where they cost next to nothing: the second convolution's only feed the linear layer. */
const MANY_WINNERS = [0.35, 0.5, 0.5].map((on, i) => `network.layers.${i}.activation.count.percentOn=${on}`);

/** Ten times the default model's. */
const MORE_DECAY = 'schedule.weightDecay=0.005';

/** The training of the default model, half as long, and no teachers. */
const NOISY = ['schedule.epochs=30', 'schedule.learningRateFactor=0.9'];

export const robustness: Experiment<Task> = {
  name: 'robustness',
  title: 'Sparse against dense at equal multiplies, by training',
  question: 'Under which training does a sparse network hear better in noise than a dense one, of its own cost and of any?',
  source:
    'no published figures; the published training, the same with standardised windows and a random floor ("scaled"), and the default model\'s, with noise and rooms',
  publishedTask: false,
  baseline: 'dense, published training',
  metrics: METRICS,
  units: [
    variant('dense, published training', 'commands-dense'),
    variant('dense of equal cost, published training', 'denseEqualCost'),
    variant('sparse, published training', 'commands-sparse-wide'),
    variant('dense, scaled', 'commands-dense', ...SCALED),
    variant('dense of equal cost, scaled', 'denseEqualCost', ...SCALED),
    variant('sparse, scaled', 'commands-sparse-wide', ...SCALED),
    variant(
      'dense of the cost of many winners, scaled',
      'denseEqualCost',
      'network.layers.0.channels=18',
      'network.layers.1.channels=18',
      'network.layers.2.units=700',
      ...SCALED,
    ),
    variant('sparse, many winners, scaled', 'commands-sparse-wide', ...MANY_WINNERS, ...SCALED),
    variant('dense, four convolutions, noise in training', 'commands-dense-noise', ...NOISY),
    variant(
      'dense of as many weights, four convolutions, noise in training',
      'commands-dense-noise',
      'network.layers.0.channels=20',
      'network.layers.1.channels=32',
      'network.layers.2.channels=32',
      'network.layers.3.channels=64',
      'network.layers.4.units=176',
      ...NOISY,
    ),
    variant('sparse, four convolutions, noise in training', 'commands', ...NOISY),
    variant('dense, four convolutions, noise, weight decay 0.005', 'commands-dense-noise', ...NOISY, MORE_DECAY),
    variant('sparse, four convolutions, noise, weight decay 0.005', 'commands', ...NOISY, MORE_DECAY),
  ],
  seeds: [1, 2, 3, 4, 5],
  curves: CURVES,
};

const PER_POSITION = [0, 1, 2, 3].map((conv) => `network.layers.${conv}.activation.selection.kind=local`);

/** Fractions of winners in the default network's layers, times a factor. */
function winnersTimes(factor: number): string[] {
  return [0.38, 0.4, 0.4, 0.5, 0.5].map((on, i) => `network.layers.${i}.activation.count.percentOn=${(on * factor).toFixed(3)}`);
}

/** Long enough to tell designs apart. */
const SCREENED = ['schedule.epochs=10', 'schedule.learningRateFactor=0.75'];

function screened(name: string, recipe: string, ...set: string[]): Unit<SpeechTask> {
  return { name, task: { kind: 'speech', recipe, set: [...SCREENED, ...set], screening: true } };
}

/** The same steps in the long run as with a momentum of 0.9. */
const NO_MOMENTUM = ['schedule.momentum=0', 'schedule.learningRate=0.05'];

/** What can be changed of a dense network and a sparse one alike. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  'as it is': [],
  'weight decay 0': ['schedule.weightDecay=0'],
  'weight decay 0.005': [MORE_DECAY],
  'no momentum': NO_MOMENTUM,
  'dropout 0.5': ['network.layers.4.dropout=0.5'],
  'not standardised': ['features.standardise=false'],
  'no random floor': ['augmentation.randomFloor=null'],
  'Slaney bank': ['features.melBank=slaney', 'premadeEpochs=10'],
  'no noise in training': ['augmentation.noise.whiteShare=0', 'augmentation.noise.realShare=0', 'premadeEpochs=10'],
};

export const screening: Experiment<Task> = {
  name: 'screening',
  title: 'The default network, one thing changed at a time',
  question:
    'Which part of the default network and of its training makes it hear, and does a sparse network want another training than a dense one?',
  source: "no published figures; ten epochs of the default model's training without teachers, judged on the validation part",
  publishedTask: false,
  baseline: 'sparse, as it is',
  metrics: METRICS.map((metric) => (metric.key === 'accuracy' ? { ...metric, title: 'validation' } : metric)),
  units: [
    ...Object.entries(CHANGES).map(([name, set]) => screened(`dense, ${name}`, 'commands-dense-noise', ...set)),
    ...Object.entries(CHANGES).map(([name, set]) => screened(`sparse, ${name}`, 'commands', ...set)),
    screened('sparse, no momentum, winners per position', 'commands', ...NO_MOMENTUM, ...PER_POSITION),
    screened('sparse, winners before pooling', 'commands', 'network.layers.*.activationBeforePool=true'),
    screened('sparse, winners per position', 'commands', ...PER_POSITION),
    screened('sparse, ReLU in place of winners', 'commands', ...relus(5)),
    screened('sparse, no boosting', 'commands', `${WINNERS}.boosting.strength=0`),
    screened('sparse, boosting in training only', 'commands', `${WINNERS}.boosting.atInference=false`),
    screened('sparse, k-inference 1.5', 'commands', `${WINNERS}.kInferenceFactor=1.5`),
    screened('sparse, half the winners', 'commands', ...winnersTimes(0.5)),
    screened('sparse, 1.5 times the winners', 'commands', ...winnersTimes(1.5)),
  ],
  seeds: [1],
  curves: CURVES,
};

const EVOLVING = 'commands-sparse';
const evolving = (method: string, settings: string): string => `evolution={"method":"${method}",${settings}}`;
const ZETA = '"zeta":0.3';

export const lisetCommands: Experiment<Task> = {
  name: 'liset-commands',
  title: 'Evolved and pruned connections in the command network',
  question: 'Do connections that follow linear features help the 1,600 to 1,500 layer of the network that hears commands?',
  source: 'LiSET, section 6 proposes it; no published figures',
  publishedTask: false,
  baseline: 'static',
  metrics: METRICS,
  units: [
    variant('static', EVOLVING),
    variant('SET', EVOLVING, evolving('set', ZETA)),
    ...[-12, 0, 1, 3].map((gamma) =>
      variant(`LiSET, gamma ${gamma}`, EVOLVING, evolving('liset', `${ZETA},"gamma":${gamma},"skipDropout":0.5`)),
    ),
    variant('cosine', EVOLVING, evolving('cosine', `${ZETA},"samples":64`)),
    variant('pruned and retrained', EVOLVING, evolving('pruned', '"afterEpochs":15')),
  ],
  seeds: [1],
  curves: CURVES,
};
