import type { LayerTensors, Model } from '../../network/model.js';
import { repeatedTakes, type WindowSource } from './windows.js';

/** Windows of each word that its readiness is set by. */
const WINDOWS_PER_WORD = 200;
/**
 * By how much a new word has to beat all others. Training sees a few takes and never the speaker's other words, so it draws the
 * line too near to them: a word is to be heard at 60 % against its strongest rival. It was chosen together with the learning rate
 * of the plans: whatever learns faster says everything with a larger margin.
 */
const READINESS_MARGIN = 0.4;
/** The same without recordings of other words to learn from: then far more is taken for the word. */
const READINESS_MARGIN_WITHOUT_OTHERS = 1.5;
/** Of takes as they might be said again, those that have to be heard at the least: a word that was learned badly asks for less. */
const HEARD_SHARE = 0.8;
/** No further than this from what was learned: a few takes are a small sample. */
const SHIFT_MAX = 2;

/** Sets how ready the new words are to be heard, by the bias of their units. */
export function withReadiness(
  model: Model,
  source: WindowSource,
  logits: (model: Model, windows: Float32Array, count: number) => Float32Array,
): Model {
  const last = model.layers.at(-1)!;
  const bias = last.bias.slice();
  const margin = source.replay.hasOtherWords ? READINESS_MARGIN : READINESS_MARGIN_WITHOUT_OTHERS;
  for (const word of source.taught) {
    const output = model.labels.indexOf(word.word);
    if (output < source.oldLabels) continue;
    const windows = repeatedTakes(source, word, WINDOWS_PER_WORD);
    const margins = marginsOf(logits(model, windows, WINDOWS_PER_WORD), model.labels.length, output);
    bias[output]! += readinessShift(margins, margin);
  }
  const output: LayerTensors = { ...last, bias };
  return { ...model, layers: [...model.layers.slice(0, -1), output] };
}

/** By how much the output's logit lies above the largest other one, by window. */
export function marginsOf(logits: Float32Array, classes: number, output: number): Float32Array {
  return Float32Array.from({ length: logits.length / classes }, (_, window) => {
    let largest = -Infinity;
    for (let i = 0; i < classes; i++) if (i !== output) largest = Math.max(largest, logits[window * classes + i]!);
    return logits[window * classes + output]! - largest;
  });
}

/** What has to be added to a word's logit, given the margins of takes as they might be said again, and the margin asked for. */
export function readinessShift(margins: Float32Array, asked: number): number {
  const sorted = margins.slice().sort();
  const reached = sorted[Math.min(sorted.length - 1, Math.round((1 - HEARD_SHARE) * sorted.length))]!;
  return Math.max(-SHIFT_MAX, Math.min(SHIFT_MAX, -Math.min(asked, reached)));
}
