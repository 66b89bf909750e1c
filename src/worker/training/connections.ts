import { WINDOW_VALUES } from '../../shared/features.js';
import { connectionsOf, evolvingLayers } from '../network/evolving-layers.js';
import type { MaskRule } from '../network/initial.js';
import { randomMask } from '../network/masks.js';
import type { NativeTrainer, NativeTrainerOptions } from '../network/native.js';
import { pruneToLargest } from './evolution.js';
import { evolve, type EvolutionRule } from './evolution-step.js';
import { deriveSeed, Random } from './random.js';
import type { Recipe } from './recipe.js';

/** How the masks of a recipe begin: as the spec says, except that layers which are to be pruned begin dense. */
export function initialMasks(recipe: Recipe): MaskRule {
  if (recipe.evolution?.method !== 'pruned') return randomMask;
  return (shape, seed) => (shape.spec.type === 'linear' ? undefined : randomMask(shape, seed));
}

/** The trainer's skip layers, where the recipe grows connections by them. */
export function skipOption({ evolution, network }: Recipe): Pick<NativeTrainerOptions, 'skip'> {
  if (evolution?.method !== 'liset') return {};
  return { skip: { layers: evolvingLayers(network), dropout: evolution.skipDropout } };
}

/** Whether the network has the connections of its spec after this epoch (from 0) of training: not before it is pruned. */
export function isAsSparseAsMeant({ evolution }: Recipe, epoch: number): boolean {
  return evolution?.method !== 'pruned' || epoch >= evolution.afterEpochs;
}

/**
 * What the recipe does to the connections at the end of an epoch (from 0); nothing after the last one. What is drawn follows from
 * (seed, epoch). Momentum starts afresh where anything changed.
 * @param windows of the epoch, over which likeness is measured
 * @returns whether anything changed
 */
export async function changeConnections(
  trainer: NativeTrainer,
  recipe: Recipe,
  epoch: number,
  seed: number,
  windows: Float32Array,
): Promise<boolean> {
  const { evolution, network, schedule } = recipe;
  if (!evolution || epoch === schedule.epochs - 1) return false;
  if (evolution.method === 'pruned') {
    if (epoch + 1 !== evolution.afterEpochs) return false;
    const layers = trainer.getLayers();
    for (const index of evolvingLayers(network)) {
      const layer = layers[index]!;
      const mask = pruneToLargest(layer, connectionsOf(network, index));
      layers[index] = { ...layer, mask, weight: layer.weight.map((weight, i) => weight * mask[i]!) };
    }
    trainer.setLayers(layers);
    return true;
  }
  const rule: EvolutionRule =
    evolution.method === 'cosine'
      ? {
          kind: 'cosine',
          zeta: evolution.zeta,
          ...firstWindows(windows, evolution.samples),
        }
      : evolution.method === 'set'
        ? { kind: 'set', zeta: evolution.zeta }
        : { kind: 'liset', zeta: evolution.zeta, gamma: evolution.gamma };
  await evolve(trainer, network, rule, new Random(deriveSeed(seed, 'evolution', epoch)));
  return true;
}

function firstWindows(windows: Float32Array, most: number): { samples: Float32Array; count: number } {
  const count = Math.min(most, windows.length / WINDOW_VALUES);
  return { samples: windows.subarray(0, count * WINDOW_VALUES), count };
}
