import { SAMPLE_RATE_HZ } from '../../shared/features.js';
import { WinnowError } from '../../shared/errors.js';
import { CHANNELS_MAX, SAMPLE_RATE_MAX_HZ, SAMPLE_RATE_MIN_HZ, SOUND_SAMPLES_MAX, type Sound } from './sound.js';

const FORMAT_PCM = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;
/** The part of the extensible format's GUID after the format tag: 00000000-0010-8000-00AA00389B71. */
const GUID_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
/** Lengths from here on mean "unknown when the header was written" (programs that write to a pipe): up to the file's end. */
const STREAMED_BYTES_MIN = 0x7fff_f000;
const CHUNKS_MAX = 1024;
/** Floats beyond this many times full scale are no sound. */
const FLOAT_MAX = 1e4;

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

function chunkName(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** Whether the file begins as a WAV file does. */
export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && chunkName(bytes, 0) === 'RIFF' && chunkName(bytes, 8) === 'WAVE';
}

/**
 * Reads a WAV file: PCM of 8, 16, 24 or 32 bits or 32-bit float, 8-48 kHz, mono or stereo, plain or WAVE_FORMAT_EXTENSIBLE.
 * @param file what errors call it
 * @throws WinnowError `audio-truncated`, `audio-damaged`, `audio-unsupported`, `audio-too-large`, `audio-empty`
 */
export function parseWav(bytes: Uint8Array, file: string): Sound {
  const damaged = (reason: string): WinnowError => new WinnowError('audio-damaged', { file, reason });
  if (!isWav(bytes)) throw new WinnowError('audio-unknown-format', { file });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | undefined;
  let at = 12;
  for (let chunks = 0; ; chunks++) {
    if (chunks >= CHUNKS_MAX) throw damaged(`it has more than ${CHUNKS_MAX} parts`);
    if (at + 8 > bytes.length) {
      throw new WinnowError('audio-truncated', { file, reason: format ? 'the samples are missing' : 'the header is cut off' });
    }
    const name = chunkName(bytes, at);
    const length = view.getUint32(at + 4, true);
    at += 8;
    const left = bytes.length - at;
    if (name === 'data') {
      if (!format) throw damaged('the samples come before their format');
      const size = length >= STREAMED_BYTES_MIN ? left : length;
      if (size > left) throw new WinnowError('audio-truncated', { file, reason: `${size - left} bytes of sound are missing` });
      return samples(view, at, size, format, file);
    }
    if (length > left) throw new WinnowError('audio-truncated', { file, reason: `its part "${printable(name)}" is cut off` });
    if (name === 'fmt ') {
      if (format) throw damaged('it has two formats');
      format = parseFormat(view, at, length, file);
    }
    at += length + (length % 2);
  }
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?');
}

function parseFormat(view: DataView, at: number, length: number, file: string): Format {
  const damaged = (reason: string): WinnowError => new WinnowError('audio-damaged', { file, reason });
  const unsupported = (reason: string): WinnowError => new WinnowError('audio-unsupported', { file, reason });
  if (length < 16) throw damaged('its format is too short');
  let tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const sampleRate = view.getUint32(at + 4, true);
  const frameBytes = view.getUint16(at + 12, true);
  const bits = view.getUint16(at + 14, true);
  if (tag === FORMAT_EXTENSIBLE) {
    if (length < 40 || view.getUint16(at + 16, true) < 22) throw damaged('its extended format is too short');
    const validBits = view.getUint16(at + 18, true);
    if (validBits > bits) throw damaged(`${validBits} of ${bits} bits are in use`);
    if (GUID_TAIL.some((byte, i) => view.getUint8(at + 26 + i) !== byte)) throw unsupported('an unknown extended format');
    tag = view.getUint16(at + 24, true);
  }
  if (tag !== FORMAT_PCM && tag !== FORMAT_FLOAT) throw unsupported(`format ${tag} (not PCM)`);
  const widths = tag === FORMAT_PCM ? [8, 16, 24, 32] : [32];
  if (!widths.includes(bits)) throw unsupported(`${bits} bits per ${tag === FORMAT_PCM ? 'whole' : 'floating-point'} sample`);
  if (channels < 1 || channels > CHANNELS_MAX) throw unsupported(`${channels} channels`);
  if (sampleRate < SAMPLE_RATE_MIN_HZ || sampleRate > SAMPLE_RATE_MAX_HZ) throw unsupported(`${sampleRate} samples per second`);
  if (frameBytes !== (channels * bits) / 8) throw damaged(`${channels} samples of ${bits} bits do not take ${frameBytes} bytes`);
  return { tag, channels, sampleRate, bits };
}

function samples(view: DataView, at: number, size: number, format: Format, file: string): Sound {
  const { channels: count, sampleRate, bits } = format;
  const width = bits / 8;
  if (size % (width * count) !== 0) throw new WinnowError('audio-truncated', { file, reason: 'the last sample is cut off' });
  const length = size / (width * count);
  if (length === 0) throw new WinnowError('audio-empty', { file });
  if (length * count > SOUND_SAMPLES_MAX) {
    throw new WinnowError('audio-too-large', { file, limit: `${SOUND_SAMPLES_MAX} samples` });
  }
  const read = reader(view, format, file);
  const channels = Array.from({ length: count }, () => new Float32Array(length));
  channels.forEach((channel, c) => {
    for (let i = 0; i < length; i++) channel[i] = read(at + (i * count + c) * width);
  });
  return { sampleRate, channels };
}

function reader(view: DataView, format: Format, file: string): (at: number) => number {
  if (format.tag === FORMAT_FLOAT) {
    return (at) => {
      const value = view.getFloat32(at, true);
      if (!(Math.abs(value) <= FLOAT_MAX)) {
        throw new WinnowError('audio-damaged', { file, reason: `a sample is ${value} times full scale` });
      }
      return value;
    };
  }
  switch (format.bits) {
    case 8:
      return (at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 16:
      return (at) => view.getInt16(at, true) / 2 ** 15;
    case 24:
      return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
    default:
      return (at) => view.getInt32(at, true) / 2 ** 31;
  }
}

/** 16-bit samples of sound in [-1, 1]; louder is clipped. */
export function toInt16(sound: Float32Array): Int16Array {
  return Int16Array.from(sound, (value) => Math.max(-32768, Math.min(32767, Math.round(value * 32768))));
}

/** A mono 16-bit WAV file. */
export function encodeWav(sound: Float32Array, sampleRate: number = SAMPLE_RATE_HZ): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + 2 * sound.length);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string): void => [...value].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, bytes.length - 8, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * sound.length, true);
  toInt16(sound).forEach((value, i) => view.setInt16(44 + 2 * i, value, true));
  return bytes;
}
