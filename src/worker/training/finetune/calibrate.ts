import type { LayerTensors, Model } from '../../network/model.js';
import { takeWindows, type WindowSource } from './windows.js';

/** Windows of each word that its readiness is set by. */
const WINDOWS_PER_WORD = 240;
/**
 * Of changed takes, those that shall still be heard. Changed takes (in noise, in rooms, cut at another place) are harder than
 * what a person says into the same microphone, so of those more are heard.
 */
export const HEARD_SHARE = 0.87;
/** No further than this from what was learned: a few takes are a small sample. */
const SHIFT_MAX = 2;

/**
 * Sets how ready the new words are to be heard. Training balances a few takes, changed in many ways, against thousands of other
 * windows, and where between them it ends is chance; here the bias of each new unit is moved until just so many changed takes
 * are still heard, which is as strict as the word allows.
 */
export function withReadiness(
  model: Model,
  source: WindowSource,
  logits: (model: Model, windows: Float32Array, count: number) => Float32Array,
): Model {
  const last = model.layers.at(-1)!;
  const bias = last.bias.slice();
  for (const word of source.taught) {
    const output = model.labels.indexOf(word.word);
    if (output < source.oldLabels) continue;
    const windows = takeWindows(source, word, WINDOWS_PER_WORD);
    const margins = marginsOf(logits(model, windows, WINDOWS_PER_WORD), model.labels.length, output);
    bias[output]! += shiftFor(margins, HEARD_SHARE);
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

/** What has to be added to all margins so that this share of them is positive, within the limit. */
export function shiftFor(margins: Float32Array, share: number): number {
  const sorted = margins.slice().sort();
  const at = sorted[Math.min(sorted.length - 1, Math.floor((1 - share) * sorted.length))]!;
  return Math.max(-SHIFT_MAX, Math.min(SHIFT_MAX, -at));
}
