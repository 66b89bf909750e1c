/** A run of mono 16 kHz samples in [-1, 1] with its place in the stream. */
export interface PcmBlock {
  /** Index of the first sample since the recorder started. Blocks are contiguous unless samples were lost. */
  readonly start: number;
  readonly samples: Float32Array;
  /** Samples lost between the previous block and this one. */
  readonly lostBefore: number;
}

export interface RecorderEvents {
  /** A source that can wait (a file read as fast as possible) waits for the promise before it gives the next block. */
  block(block: PcmBlock): void | Promise<void>;
  /** The source has ended by itself (a file's end). */
  end(): void;
  /** The source has failed; nothing follows. */
  error(error: unknown): void;
}

/**
 * Where sound comes from. A recorder that cannot start rejects; it never ends the process. It starts once; after `stop` has
 * resolved nothing is called any more.
 */
export interface Recorder {
  readonly kind: 'microphone' | 'window' | 'file' | 'demo';
  /** What a person would call it: a device's or a file's name. */
  readonly label: string;
  start(events: RecorderEvents): Promise<void>;
  stop(): Promise<void>;
}

/** Samples of the blocks that the live path works in: 32 ms, one hop. */
export const BLOCK_SAMPLES = 512;
