import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ROOT } from '../../../test/helpers/project.js';
import { layerFacts } from '../inside/facts.js';
import { InsideThread } from '../inside/inside-thread.js';
import { unitStages } from '../inside/stages.js';
import { readModelFile } from '../network/model-file.js';
import { ReferenceBackend } from '../network/reference.js';
import { ReferenceLayer } from '../network/reference-layer.js';
import { Insider } from './insider.js';

const MODEL = 'commands-sparse';
const WINDOW = Float32Array.from({ length: 1024 }, (_, i) => -80 * Math.abs(Math.sin(i / 37)));
const read = () => readModelFile(join(ROOT, `resources/models/${MODEL}.safetensors`));

describe('what looks into networks', () => {
  const insider = new Insider(
    { load: read, openBackend: async (_, model) => ({ backend: new ReferenceBackend(model) }) },
    () => undefined,
    (id) => new InsideThread(id, join(ROOT, 'out/main/inside-worker.cjs')),
  );
  afterEach(() => vi.restoreAllMocks());

  it('steps through a unit in another thread: the engine’s own has the next block of sound to hear', async () => {
    await insider.look(MODEL, {}, async () => WINDOW);
    const expected = await unitStages(new ReferenceBackend(await read()), WINDOW, 1, 7);
    const ran = vi.spyOn(ReferenceLayer.prototype, 'run');
    expect(await insider.unit(MODEL, {}, 1, 7)).toEqual(expected);
    expect(await insider.unit(MODEL, { kInferenceFactor: 2 }, 1, 7)).toMatchObject({ k: 2 * expected.k! });
    expect(ran).not.toHaveBeenCalled();
  });

  it('tells what a model holds, and of a model that is not there', async () => {
    expect(await insider.facts(MODEL, {})).toEqual({ modelId: MODEL, layers: layerFacts(await read()) });
    await expect(insider.facts('nobody', {})).rejects.toMatchObject({ code: expect.stringMatching(/^model-/) });
    await expect(insider.unit(MODEL, {}, 1, 1e9)).rejects.toMatchObject({ code: 'inside-unit' });
    await insider.close();
  });
});
