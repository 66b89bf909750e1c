import type { LayerFacts } from '../../shared/inside.js';
import type { KWinners } from '../../shared/network.js';
import { layerEntropy, targetDutyCycle } from '../network/boosting.js';
import type { LayerShape, LayerTensors, Model } from '../network/model.js';
import { winnersPerCompetition } from '../network/selection.js';
import { activationShape, competitionCount, competitionSize, layerShapes, type TensorShape } from '../network/shapes.js';

const FAN_IN_CLASSES = 12;

/** What can be told of each layer from the model alone. */
export function layerFacts(model: Model): LayerFacts[] {
  return layerShapes(model.spec).map((shape, i) => oneLayer(shape, model.layers[i]!));
}

function oneLayer(shape: LayerShape, tensors: LayerTensors): LayerFacts {
  const { spec, fanIn } = shape;
  const { activation } = spec;
  const tensor = activationShape(shape);
  const competes = activation.kind === 'kWinners';
  const target = competes ? targetDutyCycle(activation, tensor) : null;
  const duty = tensors.dutyCycle ?? null;
  const use = duty && target !== null ? layerEntropy(duty, target) : null;
  const perUnit = weightsPerUnit(tensors, shape.channels, fanIn);
  return {
    name: spec.name,
    type: spec.type,
    ...tensor,
    winners: competes ? winnersOf(activation, tensor) : null,
    dutyCycle: duty ? Array.from(duty) : null,
    targetDutyCycle: target,
    entropy: use?.entropy ?? null,
    maximumEntropy: use?.maximum ?? null,
    neverWin: duty ? duty.filter((value) => value === 0).length : null,
    weights: perUnit.reduce((sum, count) => sum + count, 0),
    denseWeights: shape.channels * fanIn,
    fanIn: histogram(perUnit),
  };
}

function winnersOf(activation: KWinners, tensor: TensorShape): LayerFacts['winners'] {
  const { selection, count, kInferenceFactor, boosting } = activation;
  const of = competitionSize(selection, tensor);
  const trained = winnersPerCompetition(count, of);
  const share = 'k' in count ? `k = ${count.k} in the network's description` : `${100 * count.percentOn} % of ${of}, rounded`;
  const origin =
    selection.kind === 'threshold'
      ? `every value above ${selection.value}; there is no k`
      : `${share}: ${trained} in training${kInferenceFactor === 1 ? '' : `, times ${kInferenceFactor} at inference`}`;
  return {
    k: winnersPerCompetition(count, of, kInferenceFactor),
    of,
    competitions: competitionCount(selection, tensor),
    selection: selection.kind,
    origin,
    boostStrength: boosting.strength,
    boosted: boosting.atInference && boosting.strength > 0,
  };
}

function weightsPerUnit({ mask }: LayerTensors, units: number, fanIn: number): number[] {
  return Array.from({ length: units }, (_, unit) => {
    if (!mask) return fanIn;
    let count = 0;
    for (let i = unit * fanIn; i < (unit + 1) * fanIn; i++) count += Number(mask[i] !== 0);
    return count;
  });
}

function histogram(values: readonly number[]): LayerFacts['fanIn'] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (least === most) return { least, most, units: [values.length] };
  const units = new Array<number>(FAN_IN_CLASSES).fill(0);
  for (const value of values) {
    const at = Math.floor(((value - least) / (most - least)) * FAN_IN_CLASSES);
    units[Math.min(FAN_IN_CLASSES - 1, at)]!++;
  }
  return { least, most, units };
}
