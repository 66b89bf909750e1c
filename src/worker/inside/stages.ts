import { WinnowError } from '../../shared/errors.js';
import type { UnitStages } from '../../shared/inside.js';
import { boostFactors, targetDutyCycle } from '../network/boosting.js';
import { BATCH_NORM_EPSILON } from '../network/model.js';
import type { ReferenceBackend } from '../network/reference.js';
import { competitions, winnersPerCompetition } from '../network/selection.js';
import { activationShape, layerShapes, tensorSize } from '../network/shapes.js';

/**
 * The numbers of one unit in one window, stage by stage.
 * @param unit index into the tensor that the layer's activation works on
 * @throws WinnowError `inside-unit`
 */
export async function unitStages(
  reference: ReferenceBackend,
  window: Float32Array,
  layer: number,
  unit: number,
): Promise<UnitStages> {
  const { model } = reference;
  const shape = layerShapes(model.spec)[layer];
  const tensor = shape && activationShape(shape);
  if (!shape || !tensor || unit >= tensorSize(tensor)) throw new WinnowError('inside-unit', { layer, unit });
  const { traces } = await reference.infer(window, 1, { trace: true });
  const trace = traces![0]![layer]!;
  const { spec } = shape;
  const tensors = model.layers[layer]!;
  const map = tensor.height * tensor.width;
  const channel = Math.floor(unit / map);
  const row = Math.floor((unit % map) / tensor.width);
  const column = unit % tensor.width;
  const active = trace.winners.includes(unit);
  const place = { layer: spec.name, unit, channel, row, column, active, output: outputOf() };

  function outputOf(): number {
    if (spec.type !== 'conv' || !spec.activationBeforePool || spec.pool === 1) return trace.output[unit] ?? 0;
    const [y, x] = [Math.floor(row / spec.pool), Math.floor(column / spec.pool)];
    if (y >= shape!.outputHeight || x >= shape!.outputWidth) return 0;
    return trace.output[(channel * shape!.outputHeight + y) * shape!.outputWidth + x] ?? 0;
  }

  const { activation } = spec;
  if (activation.kind !== 'kWinners' || !trace.competing) {
    const none = { weightedSum: null, normalised: null, dutyCycle: null, boost: null, boosted: null };
    return { ...place, ...none, rank: null, competitors: null, k: null };
  }
  const { boosting, selection, count, kInferenceFactor } = activation;
  const duty = tensors.dutyCycle ?? null;
  const boosts = boosting.atInference && boosting.strength > 0 && duty;
  const boost = boosts ? boostFactors(duty, targetDutyCycle(activation, tensor), boosting.strength)[channel]! : 1;
  const boosted = trace.competing[unit]!;
  const normalised = boosted / boost;
  const deviation = tensors.variance ? Math.sqrt(tensors.variance[channel]! + BATCH_NORM_EPSILON) : 1;
  const rivals = competitions(selection, tensor).find((indices) => indices.includes(unit))!;
  let rank = 1;
  for (const other of rivals) {
    const value = trace.competing[other]!;
    if (value > boosted || (value === boosted && other < unit)) rank++;
  }
  return {
    ...place,
    weightedSum: normalised * deviation + (tensors.mean?.[channel] ?? 0),
    normalised,
    dutyCycle: duty ? duty[channel]! : null,
    boost,
    boosted,
    rank,
    competitors: rivals.length,
    k: selection.kind === 'threshold' ? null : winnersPerCompetition(count, rivals.length, kInferenceFactor),
  };
}
