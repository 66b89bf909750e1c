import { LIVE_FEATURES, SAMPLE_RATE_HZ, type FeatureSpec } from '../../src/shared/features.js';
import type { NetworkSpec } from '../../src/shared/network.js';
import { initialLayers } from '../../src/worker/network/initial.js';
import type { Model } from '../../src/worker/network/model.js';

const NETWORK: NetworkSpec = {
  name: 'tones',
  input: { channels: 1, height: 32, width: 32 },
  layers: [
    {
      type: 'linear',
      name: 'output',
      weightDensity: 1,
      batchNorm: false,
      activation: { kind: 'none' },
      units: 3,
      dropout: 0,
    },
  ],
};

/**
 * A real network whose weights are written by hand, with the words `low` and `high`: for the lower and for the upper half of the
 * bands, how much louder the middle eight frames of the window are than its outer eight. It scores highest with a tone of half a
 * second in the middle.
 */
export function toneModel(features: FeatureSpec = LIVE_FEATURES): Model {
  const [layer] = initialLayers(NETWORK, 1);
  layer!.weight.fill(0);
  for (let band = 0; band < 32; band++) {
    const row = (band < 16 ? 0 : 1024) + band * 32;
    layer!.weight.fill(0.02, row + 12, row + 20);
    layer!.weight.fill(-0.02, row, row + 4);
    layer!.weight.fill(-0.02, row + 28, row + 32);
  }
  layer!.bias.set([-4, -4, 2]);
  return { name: 'tones', spec: NETWORK, labels: ['low', 'high', '_silence_'], features, layers: [layer!] };
}

export const LOW_HZ = 300;
export const HIGH_HZ = 4000;
/** Length of a tone. */
const TONE_SAMPLES = SAMPLE_RATE_HZ / 2;

/** Faint noise (so that there is something to be loud against) with tones of half a second, `[startS, hz]`. */
export function toneSound(seconds: number, tones: readonly (readonly [number, number])[]): Float32Array {
  let state = 1;
  const samples = Float32Array.from({ length: seconds * SAMPLE_RATE_HZ }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.02;
  });
  for (const [startS, hz] of tones) {
    const start = Math.round(startS * SAMPLE_RATE_HZ);
    for (let at = start; at < Math.min(start + TONE_SAMPLES, samples.length); at++) {
      samples[at]! += 0.5 * Math.sin((2 * Math.PI * hz * at) / SAMPLE_RATE_HZ);
    }
  }
  return samples;
}
