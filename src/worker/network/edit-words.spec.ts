import { describe, expect, it } from 'vitest';
import { LIVE_FEATURES } from '../../shared/features.js';
import { editWord } from './edit-words.js';
import { initialLayers } from './initial.js';
import type { Model } from './model.js';
import { presetNetwork } from './presets.js';
import { ReferenceBackend } from './reference.js';

const LABELS = ['_silence_', '_unknown_', 'yes', 'no'];
const spec = presetNetwork('denseSmall1', { outputs: LABELS.length });
const model: Model = { name: 'm', spec, labels: LABELS, features: LIVE_FEATURES, layers: initialLayers(spec, 1) };
const window = Float32Array.from({ length: 1024 }, (_, i) => -40 + 20 * Math.sin(i));

const logits = async (of: Model): Promise<number[]> => [...(await new ReferenceBackend(of).infer(window, 1)).logits];

describe('editWord', () => {
  it('renames a word', async () => {
    const renamed = editWord(model, { word: 'yes', name: 'aye' });
    expect(renamed.labels).toEqual(['_silence_', '_unknown_', 'aye', 'no']);
    expect(await logits(renamed)).toEqual(await logits(model));
  });

  it('deletes a word; all other answers stay bit for bit', async () => {
    const without = editWord(model, { word: 'yes' });
    expect(without.labels).toEqual(['_silence_', '_unknown_', 'no']);
    expect(await logits(without)).toEqual((await logits(model)).toSpliced(2, 1));
  });

  it.each([{ word: 'maybe' }, { word: '_unknown_' }, { word: '_silence_', name: 'quiet' }, { word: 'yes', name: 'no' }])(
    '[negative] refuses %o',
    (edit) => {
      expect(() => editWord(model, edit)).toThrowError(expect.objectContaining({ code: 'model-word' }));
    },
  );
});
