import { describe, expect, it } from 'vitest';
import { EXPERIMENTS } from '../catalogue/index.js';
import { runCost } from './cost.js';
import { runTheory } from './theory.js';

describe('the cost of a network', () => {
  it('is that of the documents: 13.11 M dense, 0.87 M with winners after pooling', () => {
    expect(runCost({ kind: 'cost', preset: 'denseCNN2', winnersBeforePool: true }).metrics).toMatchObject({
      conv1: 1_254_400,
      conv2: 10_240_000,
      linear1: 1_600_000,
      output: 12_000,
      multiplies: 13_106_400,
      nonZeros: 1_717_140,
    });
    const sparse = runCost({ kind: 'cost', preset: 'WtSparsity18', winnersBeforePool: false }).metrics;
    expect(sparse.conv1).toBe(652_288);
    expect(sparse.multiplies).toBeGreaterThan(865_000);
    expect(sparse.multiplies).toBeLessThan(870_000);
    expect(sparse.timesFewer).toBeCloseTo(15.1, 1);
  });

  it('rises when winners are taken before pooling', () => {
    const cost = (winnersBeforePool: boolean) =>
      runCost({ kind: 'cost', preset: 'WtSparsity11', winnersBeforePool }).metrics.multiplies!;
    expect(cost(true)).toBeGreaterThan(1.5 * cost(false));
  });
});

it('theory lines start at the published point', () => {
  const outcome = runTheory({ kind: 'theory', figure: 'binary', a: 64 }, 1);
  expect(outcome.metrics.probability).toBeCloseTo(1.09462e-3, 8);
  expect(outcome.curves.binarySimulated!.y[0]).toBeGreaterThan(0);
});

it('every published count of non-zeros is what its network has', () => {
  for (const { units } of EXPERIMENTS) {
    for (const { task, published } of units) {
      if (task.kind === 'cost' && published?.nonZeros) expect(runCost(task).metrics.nonZeros).toBe(published.nonZeros.mean);
    }
  }
});
