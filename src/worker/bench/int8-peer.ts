import type { Model } from '../network/model.js';
import type { Isa, NativeNetwork } from '../network/native.js';
import { nativeEngine } from '../network/native-calls.js';
import { ACTIVATION_MAX, type QuantisedModel } from '../network/quantised.js';
import { split, type Peer } from './peer.js';

/** The native engine on an 8-bit network. Like its peers it takes float32 windows and gives float32 logits, both timed. */
export function int8Peer(model: Model, quantised: QuantisedModel, isa: Isa): Peer {
  const { channels, height, width } = model.spec.input;
  const size = channels * height * width;
  const network = (): NativeNetwork => {
    const engine = nativeEngine();
    return new engine.Network(quantised.spec, quantised.layers, { quantised: true, isa });
  };
  const bytesOf = (windows: Float32Array): Float32Array => {
    const input = new Float32Array(windows.length);
    quantiseInto(quantised.input, windows, input);
    return input;
  };
  return {
    engine: 'winnow',
    model,
    dtype: 'int8',
    isa,
    streaming: false,
    storage: 'sparse',
    async open(threads) {
      const native = network();
      const bytes = new Map<number, Float32Array>();
      const run = (windows: Float32Array, count: number): Float32Array => {
        let input = bytes.get(windows.length);
        if (!input) bytes.set(windows.length, (input = new Float32Array(windows.length)));
        quantiseInto(quantised.input, windows, input);
        const { logits } = native.run(input, count, threads, false);
        for (let i = 0; i < logits.length; i++) logits[i] = logits[i]! * quantised.logitScale;
        return logits;
      };
      return {
        prepare: (windows, batch) => {
          const parts = split(windows, batch * size);
          return { count: parts.length, run: (call) => run(parts[call]!, batch) };
        },
        logits: async (windows, count) => run(windows, count),
        close: async () => undefined,
      };
    },
    activity: (windows, count) => network().run(bytesOf(windows), count, 1, false),
    profile: (windows, count, rounds) => network().profile(bytesOf(windows), count, rounds),
  };
}

/** `quantiseInput`, into memory that is there already and as the whole numbers in float32 that the engine takes. */
export function quantiseInto({ low, step }: QuantisedModel['input'], windows: Float32Array, out: Float32Array): void {
  for (let i = 0; i < windows.length; i++) {
    const value = Math.floor((windows[i]! - low) / step + 0.5);
    out[i] = value < 0 ? 0 : value > ACTIVATION_MAX ? ACTIVATION_MAX : value;
  }
}
