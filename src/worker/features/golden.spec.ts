import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CLIP_SAMPLES, LIVE_FEATURES, WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';
import { loadNative } from '../network/native-loader.js';
import { createBatchExtractor } from './batch.js';
import { synthesise, type SynthesisedSound } from './synthesised-sounds.js';

interface Golden {
  readonly sound: SynthesisedSound;
  readonly melBank: FeatureSpec['melBank'];
  readonly framing: FeatureSpec['framing'];
  readonly decibels: number[];
}

const file = new URL('../../../test/fixtures/golden-features.json', import.meta.url);
const golden = JSON.parse(readFileSync(file, 'utf8')) as Golden[];
const AGREEMENT_DB = 0.01;

describe('golden windows', () => {
  const engines = [null, loadNative().engine].filter((engine, i) => i === 0 || engine !== null);
  for (const engine of engines) {
    for (const { sound, melBank, framing, decibels } of golden) {
      it(`${engine ? 'native' : 'Meyda'}: ${sound}, ${melBank}, ${framing}`, () => {
        expect(decibels).toHaveLength(WINDOW_VALUES);
        const extractor = createBatchExtractor({ ...LIVE_FEATURES, melBank, framing }, engine);
        const window = extractor.extract(synthesise(sound, CLIP_SAMPLES), 1, CLIP_SAMPLES);
        const worst = decibels.reduce((most, value, i) => Math.max(most, Math.abs(value - window[i]!)), 0);
        expect(worst).toBeLessThan(AGREEMENT_DB);
      });
    }
  }
});
