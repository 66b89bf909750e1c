import { WinnowError } from '../../shared/errors.js';
import type { Activation, Boosting, ConvLayer, LinearLayer, NetworkSpec, Selection, WinnerCount } from '../../shared/network.js';

/**
 * The published networks as data, and a few of our own, whose source says so. Percentages and densities are those of patent Table 1 (FIG. 10) and paper Table 3; where a
 * document leaves a setting out (the k-inference factor, boosting, momentum's absence) or two disagree, the authors' published
 * settings decide. They take the percentages of patent Table 1 before the max-pool; the paper pools first.
 */
export interface PresetOptions {
  /** Outputs of the last layer; the published ones unless given. */
  readonly outputs?: number;
  /** Whether winners (or ReLU) come before the max-pool; as published for the preset unless given. */
  readonly winnersBeforePool?: boolean;
}

export interface Preset {
  readonly name: string;
  /** Where the network stands, and under which name, if it is another. */
  readonly source: string;
  readonly outputs: number;
  /** `equalPerUnit`: every unit has the same number of weights. `erdosRenyi`: eps (n + m) connections, drawn over the whole layer. */
  readonly masks: 'equalPerUnit' | 'erdosRenyi';
  /** The published count of non-zero parameters (biases too), at the published number of outputs. */
  readonly publishedNonZeros?: number;
  /** The published count of connections of the sparse layers (the last layer is dense and not counted). */
  readonly publishedConnections?: number;
  build(options?: PresetOptions): NetworkSpec;
}

const KERNEL = 5;
const POOL = 2;
/** Outputs of the published speech networks: ten digits, silence, unknown. */
const GSC_OUTPUTS = 12;
const GSC_BOOSTING: Boosting = { strength: 1.5, strengthFactor: 0.9, dutyCyclePeriod: 1000, atInference: true };
const MNIST_BOOSTING: Boosting = { strength: 1.5, strengthFactor: 0.85, dutyCyclePeriod: 1000, atInference: true };
/** PyTorch's default, which the paper's LeakyReLU does not name. */
const LEAKY_SLOPE = 0.01;
const LISET_DROPOUT = 0.3;

const relu: Activation = { kind: 'relu' };

function winners(
  count: WinnerCount,
  kInferenceFactor: number,
  boosting: Boosting,
  kind: 'global' | 'local' = 'global',
): Activation {
  const selection: Selection = { kind };
  return { kind: 'kWinners', selection, count, kInferenceFactor, boosting };
}

interface ConvSettings {
  readonly channels: number;
  /** 5 x 5, then a max-pool of 2, unless given. */
  readonly kernel?: number;
  readonly pool?: number;
  readonly density: number;
  readonly unitsPerMask?: number;
  readonly activation: Activation;
}

interface LinearSettings {
  readonly units: number;
  readonly density: number;
  readonly unitsPerMask?: number;
  readonly activation: Activation;
}

function conv(name: string, settings: ConvSettings, batchNorm: boolean, before: boolean): ConvLayer {
  const { channels, density, activation, kernel = KERNEL, pool = POOL } = settings;
  const base = { name, weightDensity: density, ...masked(settings), batchNorm, activation };
  return { type: 'conv', ...base, channels, kernel, pool, activationBeforePool: before };
}

function linear(name: string, settings: LinearSettings, batchNorm: boolean, dropout = 0): LinearLayer {
  const { units, density, activation } = settings;
  return { type: 'linear', name, weightDensity: density, ...masked(settings), batchNorm, activation, units, dropout };
}

function masked({ unitsPerMask }: { readonly unitsPerMask?: number | undefined }): { unitsPerMask?: number } {
  return unitsPerMask === undefined ? {} : { unitsPerMask };
}

function output(units: number): LinearLayer {
  return linear('output', { units, density: 1, activation: { kind: 'none' } }, false);
}

/** Convolutions with their max-pools, then one hidden linear layer and the output layer. */
function convolutional(
  name: string,
  input: NetworkSpec['input'],
  convs: readonly ConvSettings[],
  hidden: LinearSettings,
  published: { readonly outputs: number; readonly batchNorm: boolean; readonly beforePool: boolean },
  options: PresetOptions,
): NetworkSpec {
  const before = options.winnersBeforePool ?? published.beforePool;
  return {
    name,
    input,
    layers: [
      ...convs.map((settings, i) => conv(`conv${i + 1}`, settings, published.batchNorm, before)),
      linear('linear1', hidden, published.batchNorm),
      output(options.outputs ?? published.outputs),
    ],
  };
}

const SPECTROGRAM = { channels: 1, height: 32, width: 32 };
const DIGIT_IMAGE = { channels: 1, height: 28, width: 28 };

interface GscRow {
  readonly name: string;
  readonly source: string;
  /** Fractions of winners in the three layers. */
  readonly on?: readonly [number, number, number];
  readonly convDensity: readonly [number, number];
  readonly linearUnits: number;
  readonly linearDensity: number;
  readonly kInference: number;
  readonly nonZeros?: number;
  readonly local?: boolean;
  /** Of the two convolutions and the linear layer. */
  readonly unitsPerMask?: readonly [number, number, number];
}

const TABLE_ON = [0.095, 0.125, 0.1] as const;

function tableRow(
  name: string,
  convDensity: readonly [number, number],
  linearUnits: number,
  linearDensity: number,
  kInference: number,
  nonZeros?: number,
  more: Partial<GscRow> = {},
): GscRow {
  const published = name.startsWith('WtSparsity') ? `sparseCNN2${name}` : name;
  const counted = nonZeros === undefined ? {} : { nonZeros };
  return {
    name,
    source: `patent Table 1, ${published}`,
    convDensity,
    linearUnits,
    linearDensity,
    kInference,
    ...counted,
    ...more,
  };
}

/**
 * Patent Table 1, and row 21 that stands in Table 2 alone. The k-inference factors are in neither: rows 10 and 11 differ only
 * in theirs. Table 2 counts neither WtSparsity nor the super-sparse pair.
 */
const TABLE_1: readonly GscRow[] = [
  tableRow('sparseCNN2', [1, 1], 1000, 0.4, 1.5, 757_140),
  tableRow('WtSparsity', [1, 0.2], 1000, 0.4, 1.5),
  tableRow('WtSparsity2', [0.5, 0.2], 1000, 0.4, 1.5, 674_452),
  tableRow('WtSparsity3', [0.5, 0.1], 1000, 0.4, 1.5, 664_212),
  tableRow('WtSparsity4', [0.5, 0.05], 1000, 0.4, 1.5, 659_092),
  tableRow('WtSparsity8', [0.5, 0.4], 1000, 0.05, 1, 134_932),
  tableRow('WtSparsity9', [0.5, 0.2], 1000, 0.05, 1.5, 114_452),
  tableRow('WtSparsity10', [0.5, 0.2], 1500, 0.05, 1.5, 160_952),
  tableRow('WtSparsity11', [0.5, 0.2], 1500, 0.05, 1, 160_952),
  tableRow('WtSparsity18', [0.5, 0.2], 1000, 0.1, 1, 194_452),
  tableRow('WtSparsity19', [0.5, 0.2], 2000, 0.05, 1, 207_452, { on: [0.1, 0.1, 0.1] }),
  tableRow('WtSparsity20', [0.5, 0.2], 2000, 0.03, 1, 143_452, { on: [0.1, 0.1, 0.05] }),
  tableRow('SuperSparseCNN2', [1, 1], 1500, 0.1, 1.5, undefined, { on: [0.095, 0.125, 0.067] }),
  tableRow('SuperSparseCNNLocal', [1, 1], 1500, 0.1, 1.5, undefined, { on: [0.095, 0.125, 0.067], local: true }),
  tableRow('WtSparsity21', [0.5, 0.2], 1000, 0.05, 1, 114_452, { source: 'patent Table 2, sparseCNN2WtSparsity21' }),
];

/**
 * The network of WtSparsity11 with masks that wide registers like: 16 filters of the first convolution share their taps, all 64
 * of the second theirs, and 16 units of the linear layer their inputs. As many weights and products; the native engine is more
 * than twice as fast.
 */
const WIDE: GscRow = tableRow('WtSparsity11Wide', [0.5, 0.2], 1500, 0.05, 1, undefined, {
  source: 'WtSparsity11 with masks drawn in blocks, for wide registers',
  unitsPerMask: [16, 64, 16],
});

/** A network that hears spectrograms. */
function gsc(
  name: string,
  source: string,
  convs: readonly ConvSettings[],
  hidden: LinearSettings,
  { beforePool, nonZeros }: { readonly beforePool: boolean; readonly nonZeros?: number | undefined },
): Preset {
  const published = { outputs: GSC_OUTPUTS, batchNorm: true, beforePool };
  return {
    name,
    source,
    outputs: GSC_OUTPUTS,
    masks: 'equalPerUnit',
    ...(nonZeros === undefined ? {} : { publishedNonZeros: nonZeros }),
    build: (options = {}) => convolutional(name, SPECTROGRAM, convs, hidden, published, options),
  };
}

function gscSparse(row: GscRow): Preset {
  const [on1, on2, on3] = row.on ?? TABLE_ON;
  const layer = (percentOn: number, kind: 'global' | 'local'): Activation =>
    winners({ percentOn }, row.kInference, GSC_BOOSTING, kind);
  // Local winners are the convolutions'; in a linear layer "across the channels" is the whole layer.
  const kind = row.local ? 'local' : 'global';
  const convs = [
    {
      channels: 64,
      density: row.convDensity[0],
      activation: layer(on1, kind),
      ...masked({ unitsPerMask: row.unitsPerMask?.[0] }),
    },
    {
      channels: 64,
      density: row.convDensity[1],
      activation: layer(on2, kind),
      ...masked({ unitsPerMask: row.unitsPerMask?.[1] }),
    },
  ];
  const hidden = {
    units: row.linearUnits,
    density: row.linearDensity,
    activation: layer(on3, 'global'),
    ...masked({ unitsPerMask: row.unitsPerMask?.[2] }),
  };
  return gsc(row.name, row.source, convs, hidden, { beforePool: true, nonZeros: row.nonZeros });
}

function gscDense(name: string, source: string, channels: readonly [number, number], units: number, nonZeros?: number): Preset {
  const convs = channels.map((count) => ({ channels: count, density: 1, activation: relu }));
  const hidden = { units, density: 1, activation: relu };
  return gsc(name, source, convs, hidden, { beforePool: true, nonZeros });
}

/** Of four convolutions: 5 x 5 and a max-pool of 2, then 3 x 3 three times, the second of them with a max-pool. */
const DEEP_SHAPES = [{}, { kernel: 3, pool: 1 }, { kernel: 3 }, { kernel: 3, pool: 1 }] as const;

function deep(
  name: string,
  source: string,
  layers: readonly Pick<ConvSettings, 'channels' | 'density' | 'unitsPerMask' | 'activation'>[],
  hidden: LinearSettings,
): Preset {
  const convs = layers.map((layer, i) => ({ ...layer, ...DEEP_SHAPES[i] }));
  return gsc(name, source, convs, hidden, { beforePool: false });
}

const deepWinners = (percentOn: number): Activation => winners({ percentOn }, 1, GSC_BOOSTING);

const DEEP_SPARSE = deep(
  'deepSparse',
  'not published: four sparse convolutions for 1.5 M multiplies',
  [
    { channels: 32, density: 0.5, unitsPerMask: 16, activation: deepWinners(0.38) },
    { channels: 64, density: 0.4, unitsPerMask: 64, activation: deepWinners(0.4) },
    { channels: 64, density: 0.4, unitsPerMask: 64, activation: deepWinners(0.4) },
    { channels: 128, density: 0.5, unitsPerMask: 16, activation: deepWinners(0.5) },
  ],
  { units: 256, density: 0.25, unitsPerMask: 16, activation: deepWinners(0.5) },
);

/** What a dense network can do with the depth and the multiplies of `deepSparse`. */
const DEEP_DENSE = deep(
  'deepDense',
  'not published: the depth and the multiplies of deepSparse, dense',
  [16, 24, 24, 48].map((channels) => ({ channels, density: 1, activation: relu })),
  { units: 128, density: 1, activation: relu },
);

/** Paper Table 1 and 3: no batch norm, winners after the pool, k-inference factor 1.5. */
function mnist(name: string, title: string, convs: readonly (readonly [number, number?])[], hidden: LinearSettings): Preset {
  const layers = convs.map(([channels, k]) => ({
    channels,
    density: 1,
    activation: k === undefined ? relu : winners({ k }, 1.5, MNIST_BOOSTING),
  }));
  const published = { outputs: 10, batchNorm: false, beforePool: false };
  return {
    name,
    source: `paper Table 1, ${title}`,
    outputs: 10,
    masks: 'equalPerUnit',
    build: (options = {}) => convolutional(name, DIGIT_IMAGE, layers, hidden, published, options),
  };
}

const hiddenRelu = (units: number, density = 1): LinearSettings => ({ units, density, activation: relu });
const hiddenWinners = (units: number, k: number, density: number): LinearSettings => ({
  units,
  density,
  activation: winners({ k }, 1.5, MNIST_BOOSTING),
});

/** LiSET Table 1: a multilayer perceptron whose hidden layers have eps (n + m) connections each (LiSET, equation 1). */
function liset(name: string, input: NetworkSpec['input'], units: readonly number[], outputs: number, epsilon: number): Preset {
  const sizes = [input.channels * input.height * input.width, ...units];
  const connections = units.map((n, i) => epsilon * (sizes[i]! + n));
  return {
    name,
    source: `LiSET Table 1, eps ${epsilon}`,
    outputs,
    masks: 'erdosRenyi',
    publishedConnections: connections.reduce((sum, count) => sum + count, 0),
    build: (options = {}) => ({
      name,
      input,
      layers: [
        ...units.map((n, i) => {
          const density = connections[i]! / (sizes[i]! * n);
          const activation: Activation = { kind: 'leakyRelu', slope: LEAKY_SLOPE };
          return linear(`linear${i + 1}`, { units: n, density, activation }, false, LISET_DROPOUT);
        }),
        output(options.outputs ?? outputs),
      ],
    }),
  };
}

const ISOLET_INPUT = { channels: 617, height: 1, width: 1 };

const ALL: readonly Preset[] = [
  ...TABLE_1.map(gscSparse),
  gscSparse(WIDE),
  gscDense('denseCNN2', 'patent Table 1, denseCNN2', [64, 64], 1000, 1_717_140),
  // The poster's parameter table swaps the two; these are as its results name them.
  gscDense('denseSmall1', 'poster, DenseSmall1', [32, 64], 300, 536_008),
  gscDense('denseSmall2', 'poster, DenseSmall2', [32, 32], 300, 270_376),
  gscDense('denseEqualCost', 'what a dense network can do with the multiplies of WtSparsity11', [13, 13], 500),
  DEEP_SPARSE,
  DEEP_DENSE,
  mnist('mnistDenseCNN1', 'Dense CNN-1', [[30]], hiddenRelu(1000)),
  mnist('mnistDenseCNN2', 'Dense CNN-2', [[30], [30]], hiddenRelu(1000)),
  mnist('mnistSparseCNN1', 'Sparse CNN-1', [[30, 400]], hiddenWinners(150, 50, 0.3)),
  mnist(
    'mnistSparseCNN2',
    'Sparse CNN-2',
    [
      [32, 400],
      [64, 300],
    ],
    hiddenWinners(700, 100, 0.3),
  ),
  mnist('mnistDenseCNN2SP3', 'Dense CNN-2 SP3', [[30], [30]], hiddenWinners(700, 100, 0.3)),
  mnist(
    'mnistSparseCNN2D3',
    'Sparse CNN-2 D3',
    [
      [32, 400],
      [64, 300],
    ],
    hiddenRelu(1000),
  ),
  mnist(
    'mnistSparseCNN2W1',
    'Sparse CNN-2 W1',
    [
      [32, 400],
      [64, 300],
    ],
    hiddenWinners(700, 100, 1),
  ),
  mnist(
    'mnistSparseCNN2DSW',
    'Sparse CNN-2 DSW',
    [
      [32, 400],
      [64, 300],
    ],
    hiddenRelu(1000, 0.3),
  ),
  liset('lisetMnistEps4.5', DIGIT_IMAGE, [300, 100], 10, 4.5),
  liset('lisetMnistEps9', DIGIT_IMAGE, [300, 100], 10, 9),
  liset('lisetIsoletEps21', ISOLET_INPUT, [512, 256, 128], 26, 21),
  liset('lisetIsoletEps42', ISOLET_INPUT, [512, 256, 128], 26, 42),
];

export const PRESETS: ReadonlyMap<string, Preset> = new Map(ALL.map((preset) => [preset.name, preset]));

/**
 * A published network by its name (`WtSparsity11`; upper and lower case do not matter).
 * @throws WinnowError `network-preset`
 */
export function presetNetwork(name: string, options: PresetOptions = {}): NetworkSpec {
  return findPreset(name).build(options);
}

/** @throws WinnowError `network-preset` */
export function findPreset(name: string): Preset {
  const wanted = name.toLowerCase().replace(/^sparsecnn2(?=wt)/, '');
  const found = PRESETS.get(name) ?? ALL.find((preset) => preset.name.toLowerCase() === wanted);
  if (!found) throw new WinnowError('network-preset', { name, known: [...PRESETS.keys()].join(', ') });
  return found;
}
