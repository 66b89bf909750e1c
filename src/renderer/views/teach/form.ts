import type { CallParams } from '../../../shared/contract.js';

/** How a word is to be taught, as it stands in the form; null where the mode decides. */
export interface TeachForm {
  mode: 'quick' | 'thorough';
  layers: 'linear' | 'last' | 'all';
  boostStrength: number | null;
  boostDecay: number | null;
  learningRate: number | null;
  epochs: number | null;
  /** The first epoch in small batches. */
  smallFirst: boolean;
  /** A folder on this computer, or nothing. */
  data: string;
}

/** The published size of the first epoch's batches. */
const SMALL_BATCH = 4;

export const EMPTY_FORM: TeachForm = {
  mode: 'quick',
  layers: 'all',
  boostStrength: null,
  boostDecay: null,
  learningRate: null,
  epochs: null,
  smallFirst: false,
  data: '',
};

/** What the engine is asked for. */
export function teachOrder(model: string, form: TeachForm): CallParams<'teach.start'> {
  const { mode, layers, boostStrength, boostDecay, learningRate, epochs, smallFirst } = form;
  const data = form.data.trim();
  return {
    model,
    mode,
    layers,
    ...(boostStrength === null ? {} : { boostStrength }),
    ...(boostDecay === null ? {} : { boostDecay }),
    ...(learningRate === null ? {} : { learningRate }),
    ...(epochs === null ? {} : { epochs }),
    ...(smallFirst ? { firstEpochBatchSize: SMALL_BATCH } : {}),
    ...(data === '' ? {} : { data }),
  };
}
