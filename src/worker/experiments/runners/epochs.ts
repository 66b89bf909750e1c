import type { NativeTrainer } from '../../network/native.js';
import { argmaxRows } from '../../training/evaluation.js';
import type { LabelledSet } from '../data/labelled-set.js';

/** Samples that are judged at once: keeps the input copies of a judgement small. */
const JUDGED_AT_ONCE = 2000;

/** Share of a set that the trainer's network, in inference mode, puts in the right class. */
export function accuracyOf(trainer: NativeTrainer, set: LabelledSet): number {
  const width = set.inputs.length / set.count;
  let right = 0;
  for (let from = 0; from < set.count; from += JUDGED_AT_ONCE) {
    const count = Math.min(JUDGED_AT_ONCE, set.count - from);
    const logits = trainer.logits(set.inputs.subarray(from * width, (from + count) * width), count);
    argmaxRows(logits, set.classes).forEach((answer, i) => (right += answer === set.targets[from + i] ? 1 : 0));
  }
  return right / set.count;
}

/** 0 .. count - 1. */
export function indices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}
