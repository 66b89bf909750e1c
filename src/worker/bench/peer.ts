import type { Tensor } from 'onnxruntime-node';
import type { BenchEngine } from '../../shared/bench.js';
import type { Model } from '../network/model.js';
import type { Isa, NativeNetwork } from '../network/native.js';
import { loadNative } from '../network/native-loader.js';
import { loadRuntime } from '../network/onnx.js';
import { ONNX_INPUT, ONNX_OUTPUT } from '../network/onnx-export.js';
import { layerShapes } from '../network/shapes.js';
import type { Storage } from './bytes-touched.js';

/** Calls whose inputs are ready, so that nothing but the engine is timed. */
export interface Calls {
  readonly count: number;
  /** Runs one of them; resolves or returns when its logits are there. */
  run(call: number): unknown;
}

/** An engine that has loaded a network and runs on so many threads. */
export interface Runner {
  /** @param windows `[window][...input]`, a whole number of batches */
  prepare(windows: Float32Array, batch: number): Calls;
  /** @returns `[window][class]` */
  logits(windows: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** One engine with one network: what is compared. */
export interface Peer {
  readonly engine: BenchEngine;
  readonly model: Model;
  readonly dtype: 'fp32' | 'int8';
  /** `auto` where the engine chooses by itself. */
  readonly isa: Isa | 'auto';
  readonly streaming: boolean;
  readonly storage: Storage;
  open(threads: number): Promise<Runner>;
  /** What the layers do, counted, `[window][layer]`; for a dense engine only which units are active. A stream runs windows of its own. */
  activity(windows: Float32Array, count: number): { readonly active: Uint32Array; readonly multiplies: Uint32Array };
  /** Seconds of each layer, medians; only engines that can tell. */
  profile?(windows: Float32Array, count: number, rounds: number): Float64Array;
}

/** ONNX Runtime with the graph that `bytes` are. @throws WinnowError `backend-unavailable` when opened where it does not run */
export function onnxPeer(model: Model, dtype: 'fp32' | 'int8', bytes: Uint8Array): Peer {
  return { engine: 'onnxruntime', model, dtype, isa: 'auto', streaming: false, storage: 'dense', open, activity };

  /** The native engine counts, whichever runs. */
  function activity(windows: Float32Array, count: number) {
    return openNative(model).run(windows, count, 1, false);
  }

  async function open(threads: number): Promise<Runner> {
    const runtime = await loadRuntime();
    const session = await runtime.InferenceSession.create(bytes, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    const { channels, height, width } = model.spec.input;
    const tensor = (windows: Float32Array, count: number): Tensor =>
      new runtime.Tensor('float32', windows, [count, channels, height, width]);
    return {
      prepare: (windows, batch) => {
        const tensors = split(windows, batch * channels * height * width).map((part) => tensor(part.slice(), batch));
        return { count: tensors.length, run: (call) => session.run({ [ONNX_INPUT]: tensors[call]! }) };
      },
      logits: async (windows, count) => {
        const outputs = await session.run({ [ONNX_INPUT]: tensor(windows.slice(), count) });
        return outputs[ONNX_OUTPUT]!.data as Float32Array;
      },
      close: () => session.release(),
    };
  }
}

/** The native engine in float32. */
export function nativePeer(model: Model, isa: Isa): Peer {
  return { engine: 'winnow', model, dtype: 'fp32', isa, streaming: false, storage: 'sparse', open, activity, profile };

  function profile(windows: Float32Array, count: number, rounds: number) {
    return openNative(model, isa).profile(windows, count, rounds);
  }

  function activity(windows: Float32Array, count: number) {
    return openNative(model, isa).run(windows, count, 1, false);
  }

  async function open(threads: number): Promise<Runner> {
    return nativeRunner(openNative(model, isa), model, threads);
  }
}

/** @throws Error where the engine is not built */
export function openNative(model: Model, isa?: Isa): NativeNetwork {
  const native = loadNative();
  if (!native.engine) throw new Error(native.reason);
  return new native.engine.Network(model.spec, model.layers, isa ? { isa } : {});
}

function nativeRunner(network: NativeNetwork, model: Model, threads: number): Runner {
  const { channels, height, width } = model.spec.input;
  return {
    prepare: (windows, batch) => {
      const parts = split(windows, batch * channels * height * width);
      return { count: parts.length, run: (call) => network.run(parts[call]!, batch, threads, false) };
    },
    logits: async (windows, count) => network.run(windows, count, threads, false).logits,
    close: async () => undefined,
  };
}

export function split(windows: Float32Array, size: number): Float32Array[] {
  if (windows.length === 0 || windows.length % size !== 0) throw new RangeError('not a whole number of batches');
  return Array.from({ length: windows.length / size }, (_, i) => windows.subarray(i * size, (i + 1) * size));
}

/** Products done by layer, the mean over the windows that the peer runs: those a dense engine does, or those the native engine counts. */
export function meanActivity(peer: Peer, windows: Float32Array, count: number): { active: number; multiplies: number }[] {
  const layers = peer.model.spec.layers.length;
  const { active, multiplies } = peer.activity(windows, count);
  const mean = (values: Uint32Array, layer: number): number => {
    let sum = 0;
    for (let i = layer; i < values.length; i += layers) sum += values[i]!;
    return (sum * layers) / values.length;
  };
  return layerShapes(peer.model.spec).map((shape, layer) => ({
    active: mean(active, layer),
    multiplies: peer.storage === 'dense' ? shape.channels * shape.height * shape.width * shape.fanIn : mean(multiplies, layer),
  }));
}
