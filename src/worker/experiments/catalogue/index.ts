import { WinnowError } from '../../../shared/errors.js';
import type { Experiment } from '../experiment.js';
import type { Task } from '../task.js';
import { cost, matchTheory } from './computed.js';
import { lisetIsolet, lisetMnist, lisetVariants, setPruning } from './evolved.js';
import { mnistPresets } from './images.js';
import { teach } from './teach.js';
import { hebbian } from './unlabelled.js';
import { gscAblations, gscPresets, lisetCommands, robustness, screening } from './speech.js';

/** Every experiment there is. */
export const EXPERIMENTS: readonly Experiment<Task>[] = [
  cost,
  matchTheory,
  gscPresets,
  gscAblations,
  robustness,
  screening,
  mnistPresets,
  lisetMnist,
  lisetVariants,
  lisetIsolet,
  lisetCommands,
  setPruning,
  hebbian,
  teach,
];

/** @throws WinnowError `experiment-unknown` */
export function findExperiment(name: string): Experiment<Task> {
  const found = EXPERIMENTS.find((experiment) => experiment.name === name);
  if (!found) throw new WinnowError('experiment-unknown', { name, known: EXPERIMENTS.map((e) => e.name).join(', ') });
  return found;
}
