import type { ModelSummary } from '../../../shared/contract.js';

/** How one network holds in noise: on the clips that it was measured on, over the published levels. */
export interface Held {
  readonly modelId: string;
  /** Mean accuracy over the levels. */
  readonly mean: number;
  readonly clips: number;
}

export type Verdict = 'sparse' | 'dense' | 'unclear';

/** The best sparse network against the best dense one of those trained alike. */
export interface Comparison {
  readonly trainedWithNoise: boolean;
  readonly sparse: Held;
  readonly dense: Held;
  /** Of the sparse one's mean against the dense one's; negative where the dense one holds better. */
  readonly difference: number;
  /** Two-sided 95 % bound of what chance alone does to the difference. */
  readonly chance: number;
  readonly verdict: Verdict;
}

const NORMAL_95 = 1.96;

/** Units that compete, or weights that do not exist. */
export function isSparse({ spec }: Pick<ModelSummary, 'spec'>): boolean {
  return spec.layers.some(({ weightDensity, activation }) => weightDensity < 1 || activation.kind === 'kWinners');
}

/**
 * Which kind of network holds better, among those trained with noise and among those without.
 * The levels of one clip are not independent: chance is reckoned as if every clip had counted once, which rather doubts a
 * difference than believes in it.
 */
export function compareKinds(models: readonly ModelSummary[], held: readonly Held[]): Comparison[] {
  return [true, false].flatMap((trainedWithNoise) => {
    const best = (sparse: boolean): Held | undefined =>
      models
        .filter((model) => model.card.trainedWithNoise === trainedWithNoise && isSparse(model) === sparse)
        .flatMap(({ id }) => held.find(({ modelId }) => modelId === id) ?? [])
        .reduce<Held | undefined>((a, b) => (a && a.mean >= b.mean ? a : b), undefined);
    const [sparse, dense] = [best(true), best(false)];
    if (!sparse || !dense) return [];
    const difference = sparse.mean - dense.mean;
    const chance = NORMAL_95 * Math.sqrt(variance(sparse) + variance(dense));
    const verdict = Math.abs(difference) <= chance ? 'unclear' : difference > 0 ? 'sparse' : 'dense';
    return [{ trainedWithNoise, sparse, dense, difference, chance, verdict }];
  });
}

/** Of a mean accuracy (binomial). */
function variance({ mean, clips }: Held): number {
  return clips > 0 ? (mean * (1 - mean)) / clips : Infinity;
}

/** What the models' own cards tell, of those that ship. */
export function heldByCards(models: readonly ModelSummary[]): Held[] {
  return models.flatMap(({ id, shipped, card: { noise, testClips } }) => {
    if (!shipped || !noise || noise.accuracy.length === 0) return [];
    const mean = noise.accuracy.reduce((sum, some) => sum + some, 0) / noise.accuracy.length;
    return [{ modelId: id, mean, clips: testClips ?? 0 }];
  });
}
