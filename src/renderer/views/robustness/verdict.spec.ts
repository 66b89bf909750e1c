import { describe, expect, it } from 'vitest';
import type { ModelSummary } from '../../../shared/contract.js';
import { compareKinds, heldByCards } from './verdict.js';

function model(id: string, density: number, accuracy: number[], trainedWithNoise: boolean, testClips = 2000): ModelSummary {
  const layer = {
    type: 'linear' as const,
    name: 'output',
    weightDensity: density,
    batchNorm: false,
    units: 2,
    dropout: 0,
    activation: { kind: 'none' as const },
  };
  return {
    id,
    name: id,
    shipped: true,
    labels: ['yes', 'no'],
    spec: { name: id, input: { channels: 1, height: 32, width: 32 }, layers: [layer] },
    nonZeros: 1,
    bytes: 1,
    card: { noise: { eta: accuracy.map((_, i) => i / 10), accuracy }, testClips, trainedWithNoise },
  };
}

describe('which kind of network holds better', () => {
  const models = [
    model('sparse', 0.2, [0.9, 0.5], true),
    model('sparser', 0.1, [0.8, 0.4], true),
    model('dense', 1, [0.95, 0.65], true),
    model('plain-sparse', 0.2, [0.9, 0.4], false),
    model('plain-dense', 1, [0.9, 0.2], false),
  ];

  it('compares the best of each kind among those trained alike, whichever wins', () => {
    const [noisy, plain] = compareKinds(models, heldByCards(models));
    expect(noisy).toMatchObject({ trainedWithNoise: true, verdict: 'dense', sparse: { modelId: 'sparse' } });
    expect(noisy!.difference).toBeCloseTo(-0.1, 9);
    expect(plain).toMatchObject({ trainedWithNoise: false, verdict: 'sparse', dense: { modelId: 'plain-dense' } });
  });

  it('does not take chance for a difference', () => {
    const few = models.map(({ id, spec, card }) => ({ ...models[0]!, id, spec, card: { ...card, testClips: 32 } }));
    expect(compareKinds(few, heldByCards(few)).map(({ verdict }) => verdict)).toEqual(['unclear', 'unclear']);
  });

  it('says nothing where one kind is missing or was not measured', () => {
    expect(compareKinds(models.slice(0, 2), heldByCards(models))).toEqual([]);
    expect(compareKinds(models, [])).toEqual([]);
  });
});
