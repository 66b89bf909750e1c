import { nonZeroParameters } from '../../network/counts.js';
import type { LayerShape } from '../../network/model.js';
import { presetNetwork } from '../../network/presets.js';
import { targetDutyCycle } from '../../network/boosting.js';
import { activationShape, denseMultiplies, layerShapes, nonZerosPerUnit } from '../../network/shapes.js';
import type { CostTask } from '../task.js';
import type { UnitOutcome } from './outcome.js';

/**
 * Multiplies of each layer for an input with the expected number of winners: existing weights times the share of inputs that
 * are not zero. The first layer is counted in full, ReLU as if every value stayed (as the documents count).
 */
export function runCost(task: CostTask): UnitOutcome {
  const spec = presetNetwork(task.preset, { winnersBeforePool: task.winnersBeforePool });
  const shapes = layerShapes(spec);
  let share = 1;
  const multiplies = shapes.map((shape) => {
    const positions = shape.height * shape.width;
    const products = shape.channels * nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity) * positions * share;
    share = outputShare(shape);
    return products;
  });
  const total = multiplies.reduce((sum, value) => sum + value, 0);
  const dense = layerShapes(presetNetwork('denseCNN2')).reduce((sum, shape) => sum + denseMultiplies(shape), 0);
  const byLayer = Object.fromEntries(shapes.map((shape, i) => [shape.spec.name, multiplies[i]!]));
  return {
    spec,
    dataHash: 'none',
    metrics: { nonZeros: nonZeroParameters(spec), multiplies: total, ...byLayer, timesFewer: dense / total },
    curves: {},
  };
}

/** The share of a layer's outputs that are not zero at inference, with winners spread evenly. */
function outputShare(shape: LayerShape): number {
  const { spec } = shape;
  if (spec.activation.kind !== 'kWinners') return 1;
  const trained = targetDutyCycle(spec.activation, activationShape(shape));
  const share = Math.min(1, trained * spec.activation.kInferenceFactor);
  // A pooled value is zero only where all of its square lost (patent order: winners before the pool).
  return spec.type === 'conv' && spec.activationBeforePool ? 1 - (1 - share) ** (spec.pool * spec.pool) : share;
}
