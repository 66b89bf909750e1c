import type { KWinners, NetworkSpec } from '../../shared/network.js';
import { winnersPerCompetition } from './selection.js';
import { competitionSize, tensorSize, type TensorShape } from './shapes.js';

/**
 * The duty cycle that boosting aims at: the fraction of a layer that wins (paper, section 3.1). Per channel it is the same
 * number, because a channel's duty cycle is a mean over its positions. With a threshold there is no k: the layer's `count`
 * then serves only as this target.
 */
export function targetDutyCycle(winners: Pick<KWinners, 'selection' | 'count'>, tensor: TensorShape): number {
  const size = winners.selection.kind === 'threshold' ? tensorSize(tensor) : competitionSize(winners.selection, tensor);
  return winnersPerCompetition(winners.count, size) / size;
}

/**
 * b = exp(beta (target - d)) (patent, equation 2 and FIG. 6): above 1 for units that win too rarely, below 1 for those that
 * win too often, 1 everywhere at beta = 0. Factors are rounded to single precision, as every back end uses them.
 */
export function boostFactors(dutyCycle: Float32Array, target: number, strength: number): Float32Array {
  return Float32Array.from(dutyCycle, (duty) => Math.exp(strength * (target - duty)));
}

/**
 * The network as it is after training: with the boost strengths as they have become, which is what inference uses.
 * @param scale what every strength was multiplied with at the last epoch
 */
export function withBoostScale(spec: NetworkSpec, scale: number): NetworkSpec {
  const layers = spec.layers.map((layer) => {
    const { activation } = layer;
    if (activation.kind !== 'kWinners') return layer;
    const boosting = { ...activation.boosting, strength: activation.boosting.strength * scale };
    return { ...layer, activation: { ...activation, boosting } };
  });
  return { ...spec, layers };
}

/**
 * The running average after one more mini-batch (patent, equations 1 and 3): d <- (d (P - B) + sum of the batch) / P, where
 * P is the period, or the samples seen so far while those are fewer, and never less than the batch.
 * @param wins by unit or channel: the batch's winners with a positive value, for a channel divided by its positions
 * @param batch samples in the batch
 * @param seen samples seen so far, with this batch
 */
export function updateDutyCycle(
  dutyCycle: Float32Array,
  wins: ArrayLike<number>,
  batch: number,
  seen: number,
  period: number,
): void {
  const span = Math.max(batch, Math.min(period, seen));
  for (let i = 0; i < dutyCycle.length; i++) dutyCycle[i] = (dutyCycle[i]! * (span - batch) + wins[i]!) / span;
}

/** Of one unit that wins with this probability, in bits. */
export function binaryEntropy(probability: number): number {
  if (probability <= 0 || probability >= 1) return 0;
  return -probability * Math.log2(probability) - (1 - probability) * Math.log2(1 - probability);
}

/** Entropy of a layer in bits, its units taken as independent, and the most that its target allows: n H(k / n). */
export function layerEntropy(dutyCycle: ArrayLike<number>, target: number): { entropy: number; maximum: number } {
  let entropy = 0;
  for (let i = 0; i < dutyCycle.length; i++) entropy += binaryEntropy(dutyCycle[i]!);
  return { entropy, maximum: dutyCycle.length * binaryEntropy(target) };
}
