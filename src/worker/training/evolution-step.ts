import { LIVE_FEATURES } from '../../shared/features.js';
import type { NetworkSpec } from '../../shared/network.js';
import { evolvingLayers } from '../network/evolving-layers.js';
import type { NativeTrainer } from '../network/native.js';
import type { Model } from '../network/model.js';
import { ReferenceBackend } from '../network/reference.js';
import {
  cosineSimilarity,
  type Drawing,
  type Evolving,
  growByInput,
  growBySimilarity,
  growRandomly,
  inputImportance,
  removeLeastSimilar,
  removeSmallestWeights,
} from './evolution.js';
import type { Random } from './random.js';

/** How connections come and go between epochs. */
export type EvolutionRule =
  | { readonly kind: 'set'; readonly zeta: number }
  | { readonly kind: 'liset'; readonly zeta: number; readonly gamma: number; readonly drawing?: Drawing }
  /** Removes and grows by the cosine similarity of activity over sample inputs. */
  | { readonly kind: 'cosine'; readonly zeta: number; readonly samples: Float32Array; readonly count: number };

/** One evolution of all evolving layers, each keeping its number of connections. LiSET's skip layers start afresh afterwards. */
export async function evolve(trainer: NativeTrainer, spec: NetworkSpec, rule: EvolutionRule, random: Random): Promise<void> {
  const layers = trainer.getLayers();
  const activity = rule.kind === 'cosine' ? await layerActivity(spec, layers, rule.samples, rule.count) : null;
  for (const index of evolvingLayers(spec)) {
    const layer = layers[index] as Evolving;
    const inputs = layer.weight.length / layer.bias.length;
    if (rule.kind === 'cosine') {
      const similarity = cosineSimilarity(activity![index]!, activity![index + 1]!, rule.count);
      const removed = removeLeastSimilar(layer, rule.zeta, similarity);
      growBySimilarity(layer, removed.length, similarity, random);
      continue;
    }
    const { length } = removeSmallestWeights(layer, rule.zeta);
    if (rule.kind === 'set') growRandomly(layer, length, random);
    else growByInput(layer, length, inputImportance(trainer.getSkip(index), inputs, rule.gamma), random, rule.drawing);
  }
  trainer.setLayers(layers);
  if (rule.kind === 'liset') trainer.resetSkip();
}

/** The input and every layer's output over the samples: `[stage][sample][value]`. */
async function layerActivity(
  spec: NetworkSpec,
  layers: Model['layers'],
  samples: Float32Array,
  count: number,
): Promise<Float32Array[]> {
  const labels = Array.from(layers.at(-1)!.bias, (_, i) => String(i));
  // The features play no part: the samples are the network's inputs already.
  const model: Model = { name: spec.name, spec, layers, labels, features: LIVE_FEATURES };
  const { traces } = await new ReferenceBackend(model).infer(samples, count, { trace: true });
  return [
    samples,
    ...spec.layers.map((_, layer) => {
      const width = traces![0]![layer]!.output.length;
      const stage = new Float32Array(count * width);
      traces!.forEach((trace, sample) => stage.set(trace[layer]!.output, sample * width));
      return stage;
    }),
  ];
}
