import type { CalibrationPoint } from '../../shared/calibration.js';
import { WinnowError } from '../../shared/errors.js';
import { nonZeroParameters } from '../network/counts.js';
import type { Model, TrainingReport } from '../network/model.js';
import { layerShapes } from '../network/shapes.js';
import type { Cost } from './cost.js';
import type { TaughtBy } from './distillation.js';
import type { Evaluation } from './evaluation.js';
import type { Spread } from './seed-spread.js';
import type { Recipe } from './recipe.js';

type Figures = Pick<Evaluation, 'n' | 'accuracy' | 'noise' | 'unknownAccuracy' | 'silenceAccuracy'> & {
  /** Absent in reports of earlier versions. */
  readonly background?: Evaluation['background'];
};

/** The parts of a training report that a card shows. */
interface Reported extends TrainingReport {
  readonly clips: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly recipe: Recipe;
  readonly bestEpoch: number;
  readonly validation: Figures;
  readonly test?: Figures;
  readonly cost?: Cost;
  readonly spread?: Readonly<Record<string, Spread>> & { readonly seeds: readonly number[] };
  /** What a reader should know beyond the figures. */
  readonly note?: string;
  readonly distillation?: TaughtBy;
  /** What `winnow calibrate --out` adds. */
  readonly calibration?: {
    readonly command: string;
    readonly tried: number;
    readonly chosen: CalibrationPoint;
    readonly point: CalibrationPoint;
  };
  readonly machine: string;
  readonly isa: string;
  readonly code: string;
}

const percent = (fraction: number | null | undefined): string =>
  fraction === null || fraction === undefined ? '-' : (100 * fraction).toFixed(2);

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

function architecture(model: Model, cost: Cost | undefined): string {
  const products = (counts: readonly number[] | undefined, layer: number): string =>
    counts === undefined ? '-' : Math.round(counts[layer]!).toLocaleString('en-US');
  const rows = layerShapes(model.spec).map((shape, i) => {
    const { spec } = shape;
    const { activation } = spec;
    const place =
      spec.type === 'conv' && activation.kind !== 'none' ? (spec.activationBeforePool ? ', then pool' : ', after pool') : '';
    const winners =
      activation.kind === 'kWinners'
        ? `winners, ${'k' in activation.count ? activation.count.k : `${percent(activation.count.percentOn)} %`}, ${activation.selection.kind}`
        : activation.kind;
    const what = spec.type === 'conv' ? `conv ${spec.kernel}x${spec.kernel}, ${spec.channels}` : `linear, ${spec.units}`;
    return [
      spec.name,
      what,
      `${percent(spec.weightDensity)} %${spec.unitsPerMask ? `, the same for ${spec.unitsPerMask} side by side` : ''}`,
      winners + place,
      products(cost?.multiplies, i),
      products(cost?.denseMultiplies, i),
    ];
  });
  return table(['layer', 'kind', 'weights that exist', 'activation', 'multiplies', 'if it were dense'], rows);
}

function costText(cost: Cost | undefined): string[] {
  if (!cost) return [];
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const [done, dense] = [sum(cost.multiplies), sum(cost.denseMultiplies)];
  const millions = (count: number): string => (count / 1e6).toFixed(2);
  return [
    `${millions(done)} M multiplies per word (mean over the validation part), ${(dense / done).toFixed(1)} times fewer than dense (${millions(dense)} M).`,
    '',
  ];
}

function recipeText(recipe: Recipe): string[] {
  const { schedule, augmentation, silence, unknown, features } = recipe;
  const { noise, room } = augmentation;
  const random = augmentation.randomFloor;
  return [
    `Features: ${features.melBank} mel bank, ${features.framing} framing, floor ${features.floorDb} dB, ${features.standardise ? 'each window standardised' : 'not standardised'}.`,
    `Schedule: ${schedule.epochs} epochs, learning rate ${schedule.learningRate} x ${schedule.learningRateFactor} per epoch, momentum ${schedule.momentum}, weight decay ${schedule.weightDecay}, batch ${schedule.batchSize} (first epoch ${schedule.firstEpochBatchSize}), ${schedule.sampler} order.`,
    `Augmentation, with probabilities: amplitude ${augmentation.amplitude.probability}, speed and pitch ${augmentation.speed.probability}, stretch ${augmentation.stretch.probability}, shift ${augmentation.shift.probability} (of the ${augmentation.shift.of})${room ? `, room ${room.probability} (reverberation ${room.rt60Low} to ${room.rt60High} s)` : ''}; ${recipe.premadeEpochs} different epochs.`,
    `Noise in training: ${noise.whiteShare + noise.realShare === 0 ? 'none' : `white (eta up to ${noise.etaMax}) in ${percent(noise.whiteShare)} % of the windows, recordings at ${noise.snrLowDb} to ${noise.snrHighDb} dB in ${percent(noise.realShare)} %`}. Random floor: ${random ? `${random.lowDb} to ${random.highDb} dB` : 'none'}.`,
    `Silence: ${percent(silence.share)} % of the word windows, ${percent(silence.zerosShare)} % of them digital silence and the rest background recordings. Unknown: other words, at most ${percent(unknown.share)} % of the word windows per epoch.`,
  ];
}

function distillationText({ teachers, share }: TaughtBy): string {
  const names = new Intl.ListFormat('en').format(teachers.map(({ name, sha256 }) => `\`${name}\` (sha256 ${sha256})`));
  return `Taught by ${names}: the answers weigh ${percent(share)} %, the labels the rest.`;
}

function decisionText({ decision }: Model, calibration: Reported['calibration']): string[] {
  if (!decision || !calibration) return [];
  const { smoothingMs, threshold, patience, patienceOf, refractoryMs } = decision;
  const figures = (part: string, point: CalibrationPoint): (string | number)[] => [
    part,
    `${point.falseAccepts} in ${point.hours.toFixed(2)} h`,
    point.upperBoundPerHour?.toFixed(1) ?? '-',
    `${point.falseRejects} of ${point.words} (${percent(point.falseRejectRate)} %)`,
    point.wrongWords,
    point.delayMs === null ? '-' : `${Math.round(point.delayMs)} ms`,
  ];
  return [
    '## Words heard',
    '',
    `Suggested decision: threshold ${threshold}, smoothing ${smoothingMs} ms, ${patience} of ${patienceOf} scores, ${refractoryMs} ms of rest; chosen among ${calibration.tried} settings on the validation part.`,
    '',
    table(
      ['part', 'false accepts', '95 % upper bound per hour', 'words missed', 'wrong words', 'median delay'],
      [figures('validation', calibration.chosen), figures('test', calibration.point)],
    ),
    '',
    'False accepts are counted in clips of other words strung together and in held-out noise. The bound is exact (Poisson, one-sided).',
    '',
    `\`${calibration.command}\``,
    '',
  ];
}

/**
 * A model's card in Markdown, from its own report alone.
 * @throws WinnowError `model-no-card` for a model without the report of a training
 */
export function modelCard(model: Model): string {
  const report = model.report as Reported | undefined;
  if (!report?.recipe || !report.validation) throw new WinnowError('model-no-card', { name: model.name });
  const { validation, test, spread } = report;
  const parts = [['validation', validation] as const, ...(test ? [['test', test] as const] : [])];
  const amid = validation.background;
  const lines = [
    `# ${model.name}`,
    '',
    `Hears: ${model.labels.join(', ')}. ${nonZeroParameters(model.spec).toLocaleString('en-US')} non-zero parameters (biases counted).`,
    '',
    architecture(model, report.cost),
    '',
    ...costText(report.cost),
    '## Results',
    '',
    'Percentages. Known words only, argmax over all outputs; noise is white (uniform), as published, on the test part drawn from seed 1.',
    '',
    table(
      [
        'part',
        'clips',
        'accuracy',
        'mean of the 11 noise levels',
        ...(amid ? [`amid background recordings, ${amid.snrDb} dB`] : []),
        'unknown heard as unknown',
        'background heard as silence',
      ],
      parts.map(([name, figures]) => [
        name,
        figures.n,
        percent(figures.accuracy),
        percent(figures.noise?.mean),
        ...(amid ? [percent(figures.background?.accuracy)] : []),
        percent(figures.unknownAccuracy),
        percent(figures.silenceAccuracy),
      ]),
    ),
    '',
  ];
  const noise = test?.noise ?? validation.noise;
  if (noise) {
    lines.push(
      table(['eta', ...noise.eta.map((eta) => eta.toFixed(2))], [['accuracy', ...noise.accuracy.map(percent)]]),
      '',
      `Noise score: ${noise.score} of ${noise.maxScore}.`,
      '',
    );
  }
  if (spread) {
    const figures = Object.entries(spread).filter((entry): entry is [string, Spread] => entry[0] !== 'seeds');
    lines.push(
      `Seeds ${spread.seeds.join(', ')} (the one that ships, ${report.seed}, was best on validation):`,
      '',
      table(
        ['figure', 'mean', 'standard deviation', 'by seed'],
        figures.map(([name, { mean, sd, values }]) => [name, percent(mean), percent(sd), values.map(percent).join(', ')]),
      ),
      '',
    );
  }
  lines.push(...decisionText(model, report.calibration));
  const labels = model.labels;
  lines.push(
    '## How it was made',
    '',
    `\`${report.command}\``,
    '',
    ...(report.note ? [report.note, ''] : []),
    ...(report.distillation ? [distillationText(report.distillation), ''] : []),
    ...recipeText(report.recipe),
    `Best epoch on validation: ${report.bestEpoch}. Data: ${report.data}.`,
    '',
    table(
      ['clips', ...labels],
      Object.entries(report.clips).map(([part, counts]) => [part, ...labels.map((label) => counts[label] ?? 0)]),
    ),
    '',
    `Code ${report.code}; trained on ${report.machine} (${report.isa}).`,
    '',
    'Trained on Speech Commands (Pete Warden, Google; CC BY 4.0) and, where the recipe uses recordings, on ESC-10 clips (CC BY 3.0, CC0).',
    '',
  );
  return lines.join('\n');
}
