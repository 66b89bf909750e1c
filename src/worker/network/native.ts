import type { FeatureSpec } from '../../shared/features.js';
import type { NetworkSpec } from '../../shared/network.js';
import type { LayerTensors } from './model.js';
import type { QuantisedLayer } from './quantised.js';

/** The native engine as JavaScript sees it. Calls are synchronous and use their own threads: long ones belong in a worker. */
export interface NativeEngine {
  info(): { readonly isa: Isa; readonly available: readonly Isa[]; readonly cores: number };
  readonly Network: {
    new (spec: NetworkSpec, layers: readonly LayerTensors[], options?: NativeNetworkOptions): NativeNetwork;
    new (spec: NetworkSpec, layers: readonly QuantisedLayer[], options: NativeQuantisedOptions): NativeNetwork;
  };
  readonly Stream: {
    new (spec: NetworkSpec, layers: readonly LayerTensors[], options?: NativeNetworkOptions): NativeStream;
    /** Whether the first layer of such a network can be reused from window to window. */
    fits(spec: NetworkSpec): boolean;
  };
  readonly Trainer: new (spec: NetworkSpec, options: NativeTrainerOptions) => NativeTrainer;
  /** `melBank` is `[band][bin]`, 32 x 1025. */
  readonly Extractor: new (spec: FeatureSpec, melBank: Float32Array, options?: NativeNetworkOptions) => NativeExtractor;
  /** Measures what the machine can do at most; about a second. */
  probe(options: NativeNetworkOptions & { readonly threads: number }): NativeProbe;
}

/** Peaks of all threads together. */
export interface NativeProbe {
  readonly multiplyAddsPerSecond: number;
  /** Of 8-bit integers; absent where the instruction set has nothing for them. */
  readonly multiplyAdds8PerSecond?: number;
  /** Reading so many bytes over and over, by each thread its own; ascending: the caches one after another, then memory. */
  readonly reads: readonly { readonly bytes: number; readonly bytesPerSecond: number }[];
}

export const ISAS = ['avx512', 'avx2', 'neon', 'portable'] as const;
export type Isa = (typeof ISAS)[number];

export interface NativeNetworkOptions {
  readonly isa?: Isa;
}

/** With `quantised`, windows hold whole numbers of 0 to 255 and `logits` are the last layer's sums, exact. */
export interface NativeQuantisedOptions extends NativeNetworkOptions {
  readonly quantised: true;
}

export interface NativeNetwork {
  readonly isa: Isa;
  /** `logits` `[window][class]`; `active` and `multiplies` `[window][layer]`; traces `[window][layer]`. */
  run(
    windows: Float32Array,
    count: number,
    threads: number,
    trace: boolean,
  ): {
    logits: Float32Array;
    active: Uint32Array;
    multiplies: Uint32Array;
    traces?: { winners: Uint32Array; output: Float32Array }[][];
  };
  /** Seconds of each layer for one window, the median over all windows and rounds, on one thread. */
  profile(windows: Float32Array, count: number, rounds: number): Float64Array;
}

/** A network that hears windows each of which is the one before moved on by a column. */
export interface NativeStream {
  readonly isa: Isa;
  /** The network sees `factor x value + offset`. `multiplies` are those done in this step. */
  step(
    window: Float32Array,
    factor: number,
    offset: number,
  ): { logits: Float32Array; active: Uint32Array; multiplies: Uint32Array };
}

export interface NativeTrainerOptions {
  readonly seed: number;
  readonly threads: number;
  readonly isa?: Isa;
  /**
   * LiSET (section 3): dense layers from the inputs of these linear layers (by index) straight to the logits, summed before the
   * softmax, in training only; each is left out of a mini-batch with probability `dropout`.
   */
  readonly skip?: { readonly layers: readonly number[]; readonly dropout: number };
}

export interface TrainStep {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** What every layer's boost strength is multiplied with now: strengthFactor ^ epoch is applied by the caller. */
  readonly boostScale: number;
}

export interface NativeTrainer {
  /** Initialised weights and masks of the constructor are replaced; all layers, in the order of the spec. */
  setLayers(layers: readonly LayerTensors[]): void;
  getLayers(): LayerTensors[];
  /** Optimiser state (momentum buffers, random state, samples seen), opaque, for resuming bit for bit. */
  getState(): Uint8Array;
  setState(state: Uint8Array): void;
  /**
   * One pass over `order` in mini-batches of `batchSize` (a last smaller batch is kept).
   * @param windows `[sample][band][frame]`
   * @param targets class index by sample, or a distribution `[sample][class]` for soft targets
   * @param order indices of samples, in the order of presentation
   */
  train(
    windows: Float32Array,
    targets: Int32Array | Float32Array,
    order: Uint32Array,
    batchSize: number,
    step: TrainStep,
  ): { loss: number; correct: number };
  /** Skip weights of a layer named in the options, `[class][input]`. */
  getSkip(layer: number): Float32Array;
  /** Draws all skip weights afresh, U(-s, s) with s = sqrt(1 / classes) / 100. */
  resetSkip(): void;
  /**
   * The network as it stands, in inference mode, without skip layers, boosted (where it is to be) as strongly as the last
   * step: `[window][class]`.
   */
  logits(windows: Float32Array, count: number): Float32Array;
  /** Seconds spent so far, apart. */
  timings(): { forward: number; backward: number; update: number };
}

/** Batch feature extraction, on all cores; agrees with the Meyda module within 0.01 dB above the floor. */
export interface NativeExtractor {
  /**
   * @param samples `[clip][samplesPerClip]`; samplesPerClip is 16,000, or for `stream` framing 17,920 (margins included)
   * @param stretch phase-vocoder rate by clip (1 is none)
   * @param shift frames by clip that the spectrogram is moved right (negative: left), zero-filled
   * @returns `[clip][band][frame]` in dB, not standardised
   */
  extract(
    samples: Float32Array,
    count: number,
    samplesPerClip: number,
    options?: { stretch?: Float32Array; shift?: Int32Array; threads?: number },
  ): Float32Array;
}
