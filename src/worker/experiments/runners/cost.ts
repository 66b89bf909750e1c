import type { NetworkSpec } from '../../../shared/network.js';
import { nonZeroParameters } from '../../network/counts.js';
import type { LayerShape } from '../../network/model.js';
import { presetNetwork } from '../../network/presets.js';
import { targetDutyCycle } from '../../network/boosting.js';
import { activationShape, denseMultiplies, layerShapes, nonZerosPerUnit } from '../../network/shapes.js';
import type { CostTask } from '../task.js';
import type { UnitOutcome } from './outcome.js';

/** What a network costs by layer and in all, against the dense 64-64-1000 network. */
export function runCost(task: CostTask): UnitOutcome {
  const spec = presetNetwork(task.preset, { winnersBeforePool: task.winnersBeforePool });
  const byLayer = expectedMultiplies(spec);
  const total = sum(Object.values(byLayer));
  const dense = sum(layerShapes(presetNetwork('denseCNN2')).map(denseMultiplies));
  return {
    spec,
    dataHash: 'none',
    metrics: { nonZeros: nonZeroParameters(spec), multiplies: total, ...byLayer, timesFewer: dense / total },
    curves: {},
  };
}

/**
 * Multiplies of each layer for an input with the expected number of winners: existing weights times the share of inputs that
 * are not zero. The first layer is counted in full, ReLU as if every value stayed (as the documents count).
 */
export function expectedMultiplies(spec: NetworkSpec): Record<string, number> {
  let share = 1;
  return Object.fromEntries(
    layerShapes(spec).map((shape) => {
      const weights = shape.channels * nonZerosPerUnit(shape.fanIn, shape.spec.weightDensity);
      const products = weights * shape.height * shape.width * share;
      share = outputShare(shape);
      return [shape.spec.name, products];
    }),
  );
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
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
