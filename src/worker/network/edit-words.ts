import { WinnowError } from '../../shared/errors.js';
import type { LinearLayer } from '../../shared/network.js';
import { SILENCE_LABEL, UNKNOWN_LABEL, type LayerTensors, type Model } from './model.js';

/** A change of a model's words that needs no training. */
export interface WordEdit {
  readonly word: string;
  /** Its new name; without one the word is deleted, and the others' answers stay as they are. */
  readonly name?: string;
}

/**
 * The model with one of its words called otherwise, or without it. Everything else is the same, bit for bit.
 * @throws WinnowError `model-word`
 */
export function editWord(model: Model, { word, name }: WordEdit): Model {
  const refuse = (reason: string): never => {
    throw new WinnowError('model-word', { word, reason });
  };
  const index = model.labels.indexOf(word);
  if (index < 0) refuse('the model has no such word');
  if (word === SILENCE_LABEL || word === UNKNOWN_LABEL) refuse('it is no word, and the network needs it');
  if (name !== undefined) {
    if (model.labels.includes(name)) refuse(`the model has "${name}" already`);
    return { ...model, labels: model.labels.with(index, name) };
  }
  if (model.labels.length <= 2) refuse('a network needs at least two outputs');
  const labels = model.labels.toSpliced(index, 1);
  const last = model.spec.layers.at(-1) as LinearLayer;
  const spec = { ...model.spec, layers: [...model.spec.layers.slice(0, -1), { ...last, units: labels.length }] };
  return { ...model, labels, spec, layers: [...model.layers.slice(0, -1), withoutUnit(model.layers.at(-1)!, index)] };
}

function withoutUnit({ weight, mask, bias }: LayerTensors, unit: number): LayerTensors {
  const fanIn = weight.length / bias.length;
  const outside = (_: number, i: number): boolean => Math.floor(i / fanIn) !== unit;
  return {
    weight: weight.filter(outside),
    ...(mask ? { mask: mask.filter(outside) } : {}),
    bias: bias.filter((_, i) => i !== unit),
  };
}
