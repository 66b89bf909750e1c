import { createHash } from 'node:crypto';
import { WinnowError } from '../../shared/errors.js';
import { WINDOW_VALUES } from '../../shared/features.js';
import type { Backend } from '../network/backend.js';
import { openExactly } from '../network/backends.js';
import { encodeModel } from '../network/model-file.js';
import { ModelRegistry } from '../network/registry.js';
import type { TrainingSet } from './premade-epochs.js';
import type { Recipe } from './recipe.js';

/** Windows that a teacher hears at a time. */
const BATCH_WINDOWS = 256;

export interface Distillation {
  /** Id, name or path of a trained model with the same labels and features. */
  readonly teacher: string;
  /** Weight of its answers; the rest is the true class. */
  readonly share: number;
}

/** A model whose answers another one learns (Hinton, Vinyals and Dean 2015, at temperature 1, so that scores stay probabilities). */
export class Teacher {
  private constructor(
    private readonly backend: Backend,
    private readonly share: number,
    readonly name: string,
    /** Of the model's file in single precision. */
    readonly sha256: string,
  ) {}

  /** @throws WinnowError `training-teacher`, and whatever opening a model throws */
  static async open({ teacher, share }: Distillation, recipe: Recipe): Promise<Teacher> {
    const { model } = await new ModelRegistry().open(teacher);
    const refuse = (reason: string) => new WinnowError('training-teacher', { teacher: model.name, reason });
    if (JSON.stringify(model.labels) !== JSON.stringify(recipe.labels)) throw refuse('its labels are others');
    if (JSON.stringify(model.features) !== JSON.stringify(recipe.features)) throw refuse('it hears other features');
    const sha256 = createHash('sha256').update(encodeModel(model, 'f32')).digest('hex');
    // Teachers are large and dense, which this back end is made for.
    return new Teacher(await openExactly('onnx', model), share, model.name, sha256);
  }

  /** The set with answers: share x softmax(teacher's logits) + (1 - share) x class, `[window][class]`. */
  async answered(set: TrainingSet, classes: number, threads: number): Promise<TrainingSet> {
    const answers = new Float32Array(set.targets.length * classes);
    for (let at = 0; at < set.targets.length; at += BATCH_WINDOWS) {
      const count = Math.min(BATCH_WINDOWS, set.targets.length - at);
      const windows = set.windows.subarray(at * WINDOW_VALUES, (at + count) * WINDOW_VALUES);
      const { logits } = await this.backend.infer(windows, count, { threads });
      for (let i = 0; i < count; i++) {
        const answer = answers.subarray((at + i) * classes, (at + i + 1) * classes);
        softmax(logits.subarray(i * classes, (i + 1) * classes), answer);
        for (let c = 0; c < classes; c++) answer[c] = answer[c]! * this.share;
        const target = set.targets[at + i]!;
        answer[target] = answer[target]! + 1 - this.share;
      }
    }
    return { ...set, answers };
  }

  close(): Promise<void> {
    return this.backend.close();
  }
}

function softmax(logits: Float32Array, out: Float32Array): void {
  const largest = Math.max(...logits);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += out[i] = Math.exp(logits[i]! - largest);
  for (let i = 0; i < logits.length; i++) out[i] = out[i]! / sum;
}
