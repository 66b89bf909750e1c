import { createHash } from 'node:crypto';
import { WinnowError } from '../../shared/errors.js';
import { WINDOW_VALUES } from '../../shared/features.js';
import { encodeModel } from '../network/model-file.js';
import type { NativeEngine, NativeTrainer } from '../network/native.js';
import { ModelRegistry } from '../network/registry.js';
import type { TrainingSet } from './premade-epochs.js';
import type { Recipe } from './recipe.js';

/** Windows that a teacher hears at a time. */
const BATCH_WINDOWS = 256;

export interface Distillation {
  /** Ids, names or paths of trained models with the same labels and features. */
  readonly teachers: readonly string[];
  /** Weight of their answers; the rest is the true class. */
  readonly share: number;
}

/** What a report says of the teachers. */
export interface TaughtBy {
  readonly share: number;
  /** `sha256` of the model's file in single precision. */
  readonly teachers: readonly { readonly name: string; readonly sha256: string }[];
}

/**
 * Models whose answers another one learns (Hinton, Vinyals and Dean 2015, at temperature 1, so that scores stay probabilities);
 * several answer with the mean of their probabilities.
 */
export class Teachers {
  private constructor(
    private readonly networks: readonly NativeTrainer[],
    readonly report: TaughtBy,
  ) {}

  /** @throws WinnowError `training-teacher`, and whatever opening a model throws */
  static async open({ teachers, share }: Distillation, recipe: Recipe, engine: NativeEngine, threads: number): Promise<Teachers> {
    const networks: NativeTrainer[] = [];
    const named: { name: string; sha256: string }[] = [];
    for (const teacher of teachers) {
      const { model } = await new ModelRegistry().open(teacher);
      const refuse = (reason: string) => new WinnowError('training-teacher', { teacher: model.name, reason });
      if (JSON.stringify(model.labels) !== JSON.stringify(recipe.labels)) throw refuse('its labels are others');
      if (JSON.stringify(model.features) !== JSON.stringify(recipe.features)) throw refuse('it hears other features');
      named.push({ name: model.name, sha256: createHash('sha256').update(encodeModel(model, 'f32')).digest('hex') });
      // Teachers are large and dense, and batches of dense products are what the trainer's own network is best at.
      const network = new engine.Trainer(model.spec, { seed: 0, threads });
      network.setLayers(model.layers);
      networks.push(network);
    }
    return new Teachers(networks, { share, teachers: named });
  }

  /** The set with answers: share x mean of the teachers' softmax + (1 - share) x class, `[window][class]`. */
  answered(set: TrainingSet, classes: number): TrainingSet {
    const { share } = this.report;
    const answers = new Float32Array(set.targets.length * classes);
    set.targets.forEach((target, i) => (answers[i * classes + target] = 1 - share));
    const probabilities = new Float32Array(classes);
    for (let at = 0; at < set.targets.length; at += BATCH_WINDOWS) {
      const count = Math.min(BATCH_WINDOWS, set.targets.length - at);
      const windows = set.windows.subarray(at * WINDOW_VALUES, (at + count) * WINDOW_VALUES);
      for (const network of this.networks) {
        const logits = network.logits(windows, count);
        for (let i = 0; i < count; i++) {
          softmax(logits.subarray(i * classes, (i + 1) * classes), probabilities);
          const answer = answers.subarray((at + i) * classes, (at + i + 1) * classes);
          for (let c = 0; c < classes; c++) answer[c] = answer[c]! + (share / this.networks.length) * probabilities[c]!;
        }
      }
    }
    return { ...set, answers };
  }
}

function softmax(logits: Float32Array, out: Float32Array): void {
  const largest = Math.max(...logits);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += out[i] = Math.exp(logits[i]! - largest);
  for (let i = 0; i < logits.length; i++) out[i] = out[i]! / sum;
}
