import type { LayerSpec, NetworkSpec } from '../../../shared/network.js';
import { BATCH_NORM_EPSILON, type LayerTensors, type Model } from '../../network/model.js';
import { layerShapes } from '../../network/shapes.js';
import type { FinetunePlan } from './plan.js';

/** The part of a network that learns, as a network of its own. */
export interface TrainedPart {
  /** Index of its first layer in the whole network. */
  readonly first: number;
  /** Without batch norm: it is folded into the weights (see `fold`). */
  readonly spec: NetworkSpec;
  readonly layers: readonly LayerTensors[];
}

/** Where learning begins. */
export function firstTrained(spec: NetworkSpec, layers: FinetunePlan['layers']): number {
  if (layers === 'all') return 0;
  if (layers === 'last') return spec.layers.length - 1;
  const last = spec.layers.findLastIndex((layer) => layer.type !== 'linear');
  return last + 1;
}

/**
 * Cuts the learning part out of a model. Its batch norms keep their statistics: a few takes and their replay have other
 * statistics than all the speech that the network was trained on, and following them would change what it does with the rest.
 * So each is folded into its layer, y = (w x + b - m) s = (s w) x + (b - m) s, and unfolded after training.
 */
export function trainedPart(model: Model, plan: FinetunePlan): TrainedPart {
  const first = firstTrained(model.spec, plan.layers);
  const shape = layerShapes(model.spec)[first]!;
  const input = { channels: shape.inputChannels, height: shape.inputHeight, width: shape.inputWidth };
  const layers = model.spec.layers.slice(first).map((layer): LayerSpec => boosted({ ...layer, batchNorm: false }, plan));
  return {
    first,
    spec: { name: model.spec.name, input, layers },
    layers: model.layers.slice(first).map(fold),
  };
}

/** The model with what its part has learned. @param boostScale of the last epoch: what inference boosts with from now on */
export function withTrainedPart(
  model: Model,
  plan: FinetunePlan,
  part: TrainedPart,
  trained: readonly LayerTensors[],
  boostScale: number,
): Model {
  const layers = model.layers.map((layer, i) => (i < part.first ? layer : unfold(trained[i - part.first]!, layer)));
  const specs = model.spec.layers.map((layer, i) =>
    i < part.first ? layer : boosted(layer, { ...plan, boostStrength: plan.boostStrength * boostScale }),
  );
  return { ...model, spec: { ...model.spec, layers: specs }, layers };
}

function boosted<T extends LayerSpec>(layer: T, plan: FinetunePlan): T {
  const { activation } = layer;
  if (activation.kind !== 'kWinners') return layer;
  const boosting = { ...activation.boosting, strength: plan.boostStrength, strengthFactor: plan.boostDecay };
  return { ...layer, activation: { ...activation, boosting } };
}

function scales({ mean, variance, bias }: LayerTensors): { scale: Float64Array; mean: Float32Array } | null {
  if (!mean || !variance) return null;
  return { mean, scale: Float64Array.from(bias, (_, unit) => 1 / Math.sqrt(variance[unit]! + BATCH_NORM_EPSILON)) };
}

function fold(layer: LayerTensors): LayerTensors {
  const norm = scales(layer);
  const { weight, bias, mask, dutyCycle } = layer;
  const rest = { ...(mask ? { mask } : {}), ...(dutyCycle ? { dutyCycle } : {}) };
  if (!norm) return { weight, bias, ...rest };
  const fanIn = weight.length / bias.length;
  return {
    weight: weight.map((value, i) => value * norm.scale[Math.floor(i / fanIn)]!),
    bias: bias.map((value, unit) => (value - norm.mean[unit]!) * norm.scale[unit]!),
    ...rest,
  };
}

function unfold(trained: LayerTensors, old: LayerTensors): LayerTensors {
  const norm = scales(old);
  const { weight, bias, mask, dutyCycle } = trained;
  const rest = { ...(mask ? { mask } : {}), ...(dutyCycle ? { dutyCycle } : {}) };
  if (!norm) return { weight, bias, ...rest };
  const fanIn = weight.length / bias.length;
  return {
    weight: weight.map((value, i) => value / norm.scale[Math.floor(i / fanIn)]!),
    bias: bias.map((value, unit) => value / norm.scale[unit]! + norm.mean[unit]!),
    mean: old.mean!,
    variance: old.variance!,
    ...rest,
  };
}
