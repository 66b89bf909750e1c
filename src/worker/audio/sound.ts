/** A sound file's content before it becomes mono 16 kHz: samples by channel, full scale 1. */
export interface Sound {
  readonly sampleRate: number;
  /** One or two channels of equal length. */
  readonly channels: readonly Float32Array[];
}

export const SAMPLE_RATE_MIN_HZ = 8_000;
export const SAMPLE_RATE_MAX_HZ = 48_000;
export const CHANNELS_MAX = 2;
/** Samples of all channels together; sounds of more are refused. Over an hour of mono 16 kHz, 256 MiB as floats. */
export const SOUND_SAMPLES_MAX = 2 ** 26;
/** Larger files are refused unread. */
export const SOUND_FILE_BYTES_MAX = 128 * 2 ** 20;
