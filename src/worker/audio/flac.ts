import { createHash } from 'node:crypto';
import { WinnowError } from '../../shared/errors.js';
import { EndOfBits, FlacBits } from './flac-bits.js';
import { decodeSubframe, Malformed } from './flac-subframe.js';
import { CHANNELS_MAX, SAMPLE_RATE_MAX_HZ, SAMPLE_RATE_MIN_HZ, SOUND_SAMPLES_MAX, type Sound } from './sound.js';

/** Bits per sample that are read: with 25 bits of a side channel every sum stays exact. */
const BITS_MAX = 24;
const BITS_MIN = 4;
const METADATA_BLOCKS_MAX = 1024;
const STREAMINFO_BYTES = 34;

const LEFT_SIDE = 8;
const SIDE_RIGHT = 9;
const MID_SIDE = 10;

const RATES: readonly number[] = [0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000];
const SIZES: readonly number[] = [0, 8, 12, 0, 16, 20, 24, 32];

function crcTable(polynomial: number, width: 8 | 16): Uint16Array {
  const top = 1 << (width - 1);
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << (width - 8);
    for (let i = 0; i < 8; i++) crc = crc & top ? (crc << 1) ^ polynomial : crc << 1;
    return crc & ((1 << width) - 1);
  });
}
const CRC8 = crcTable(0x07, 8);
const CRC16 = crcTable(0x8005, 16);

interface StreamInfo {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bits: number;
  /** 0 when the encoder did not know. */
  readonly samples: number;
  /** Of the interleaved little-endian samples; empty when the encoder gave none. */
  readonly md5: string;
}

export function isFlac(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x66 && bytes[1] === 0x4c && bytes[2] === 0x61 && bytes[3] === 0x43;
}

/**
 * Decodes a native FLAC file (RFC 9639) of 4-24 bits, 8-48 kHz, mono or stereo. Every check that the format offers is made:
 * both CRCs of each frame, the number of samples and the MD5 of all of them.
 * @param file what errors call it
 * @throws WinnowError `audio-truncated`, `audio-damaged`, `audio-unsupported`, `audio-too-large`, `audio-empty`
 */
export function parseFlac(bytes: Uint8Array, file: string): Sound {
  if (!isFlac(bytes)) throw new WinnowError('audio-unknown-format', { file });
  try {
    return decode(bytes, file);
  } catch (error) {
    if (error instanceof EndOfBits) throw new WinnowError('audio-truncated', { file, reason: 'a frame is cut off' });
    if (error instanceof Malformed) throw new WinnowError('audio-damaged', { file, reason: error.message });
    throw error;
  }
}

function decode(bytes: Uint8Array, file: string): Sound {
  const bits = new FlacBits(bytes);
  bits.skipBytes(4);
  const info = metadata(bits, file);
  const hash = createHash('md5');
  const blocks: Float32Array[][] = [];
  let length = 0;
  while (!bits.atEnd) {
    const block = frame(bytes, bits, info);
    length += block[0]!.length;
    checkLength(length, info.channels, file);
    hash.update(interleaved(block, info.bits));
    blocks.push(block.map((channel) => scaled(channel, info.bits)));
  }
  if (info.samples !== 0 && length < info.samples) {
    throw new WinnowError('audio-truncated', { file, reason: `${info.samples - length} of ${info.samples} samples are missing` });
  }
  if (info.samples !== 0 && length > info.samples) throw new Malformed('it has more samples than it says');
  if (length === 0) throw new WinnowError('audio-empty', { file });
  if (info.md5 !== '' && hash.digest('hex') !== info.md5) throw new Malformed('the checksum of its samples is wrong');
  return { sampleRate: info.sampleRate, channels: joined(blocks, length) };
}

function checkLength(length: number, channels: number, file: string): void {
  if (length * channels > SOUND_SAMPLES_MAX) {
    throw new WinnowError('audio-too-large', { file, limit: `${SOUND_SAMPLES_MAX} samples` });
  }
}

function scaled(channel: Int32Array, bits: number): Float32Array {
  const scale = 2 ** (1 - bits);
  const out = new Float32Array(channel.length);
  for (let i = 0; i < out.length; i++) out[i] = channel[i]! * scale;
  return out;
}

function joined(blocks: readonly Float32Array[][], length: number): Float32Array[] {
  return blocks[0]!.map((_, c) => {
    const channel = new Float32Array(length);
    let at = 0;
    for (const block of blocks) {
      channel.set(block[c]!, at);
      at += block[c]!.length;
    }
    return channel;
  });
}

/** As the MD5 of a FLAC file takes its samples: little-endian, in as few whole bytes as they need. */
function interleaved(block: readonly Int32Array[], bits: number): Uint8Array {
  const width = Math.ceil(bits / 8);
  const length = block[0]!.length;
  const bytes = new Uint8Array(length * block.length * width);
  let at = 0;
  for (let i = 0; i < length; i++) {
    for (const channel of block) {
      for (let byte = 0; byte < width; byte++) bytes[at++] = channel[i]! >> (8 * byte);
    }
  }
  return bytes;
}

function metadata(bits: FlacBits, file: string): StreamInfo {
  let info: StreamInfo | undefined;
  for (let blocks = 0; ; blocks++) {
    if (blocks >= METADATA_BLOCKS_MAX) throw new Malformed(`it has more than ${METADATA_BLOCKS_MAX} metadata blocks`);
    const last = bits.bits(1) === 1;
    const type = bits.bits(7);
    const length = bits.bits(24);
    if ((type === 0) !== (blocks === 0)) throw new Malformed('its stream information is not in its place');
    if (type === 0) {
      if (length !== STREAMINFO_BYTES) throw new Malformed(`its stream information has ${length} bytes`);
      info = streamInfo(bits, file);
    } else {
      bits.skipBytes(length);
    }
    if (last) return info!;
  }
}

function streamInfo(bits: FlacBits, file: string): StreamInfo {
  const unsupported = (reason: string): WinnowError => new WinnowError('audio-unsupported', { file, reason });
  bits.skipBytes(10);
  const sampleRate = bits.bits(20);
  const channels = bits.bits(3) + 1;
  const sampleBits = bits.bits(5) + 1;
  const samples = bits.bits(4) * 2 ** 32 + bits.bits(32);
  let md5 = '';
  for (let i = 0; i < 16; i++) md5 += bits.bits(8).toString(16).padStart(2, '0');
  if (sampleRate < SAMPLE_RATE_MIN_HZ || sampleRate > SAMPLE_RATE_MAX_HZ) throw unsupported(`${sampleRate} samples per second`);
  if (channels > CHANNELS_MAX) throw unsupported(`${channels} channels`);
  if (sampleBits < BITS_MIN || sampleBits > BITS_MAX) throw unsupported(`${sampleBits} bits per sample`);
  checkLength(samples, channels, file);
  return { sampleRate, channels, bits: sampleBits, samples, md5: /^0+$/.test(md5) ? '' : md5 };
}

function frame(bytes: Uint8Array, bits: FlacBits, info: StreamInfo): Int32Array[] {
  const start = bits.bytePosition;
  const { blockSamples, assignment } = frameHeader(bytes, bits, info);
  const channels = Array.from({ length: info.channels }, (_, c) => {
    const isSide = assignment === SIDE_RIGHT ? c === 0 : assignment >= LEFT_SIDE && c === 1;
    return decodeSubframe(bits, blockSamples, info.bits + (isSide ? 1 : 0));
  });
  if (!bits.align()) throw new Malformed('a frame is padded with ones');
  let crc = 0;
  for (let at = start; at < bits.bytePosition; at++) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ bytes[at]!]!;
  if (bits.bits(16) !== crc) throw new Malformed('the checksum of a frame is wrong');
  decorrelate(channels, assignment);
  return channels;
}

function frameHeader(bytes: Uint8Array, bits: FlacBits, info: StreamInfo): { blockSamples: number; assignment: number } {
  const start = bits.bytePosition;
  if (bits.bits(15) !== 0x7ffc) throw new Malformed('a frame does not begin where the one before ends');
  bits.bits(1);
  const sizeCode = bits.bits(4);
  const rateCode = bits.bits(4);
  const assignment = bits.bits(4);
  const bitsCode = bits.bits(3);
  if (bits.bits(1) !== 0) throw new Malformed('a frame uses a reserved bit');
  skipNumber(bits);
  const blockSamples = blockSize(bits, sizeCode);
  const rate = sampleRate(bits, rateCode, info);
  let crc = 0;
  for (let at = start; at < bits.bytePosition; at++) crc = CRC8[crc ^ bytes[at]!]!;
  if (bits.bits(8) !== crc) throw new Malformed("the checksum of a frame's header is wrong");
  if (rate !== info.sampleRate) throw new Malformed('a frame has another sample rate');
  if (bitsCode !== 0 && SIZES[bitsCode] !== info.bits) throw new Malformed('a frame has another sample size');
  const channels = assignment < LEFT_SIDE ? assignment + 1 : 2;
  if (assignment > MID_SIDE || channels !== info.channels) throw new Malformed('a frame has other channels');
  return { blockSamples, assignment };
}

/** The frame's or sample's number, coded like UTF-8 in up to seven bytes; frames follow each other, so it is not needed. */
function skipNumber(bits: FlacBits): void {
  const first = bits.bits(8);
  const ones = Math.clz32(~(first << 24));
  if (ones === 1 || ones > 7) throw new Malformed('the number of a frame is no number');
  for (let i = 1; i < ones; i++) if (bits.bits(8) >> 6 !== 2) throw new Malformed('the number of a frame is no number');
}

function blockSize(bits: FlacBits, code: number): number {
  if (code === 0) throw new Malformed('a frame has a reserved length');
  if (code === 1) return 192;
  if (code <= 5) return 576 << (code - 2);
  if (code === 6) return bits.bits(8) + 1;
  if (code === 7) return bits.bits(16) + 1;
  return 256 << (code - 8);
}

function sampleRate(bits: FlacBits, code: number, info: StreamInfo): number {
  if (code === 0) return info.sampleRate;
  if (code < 12) return RATES[code]!;
  if (code === 12) return bits.bits(8) * 1000;
  if (code === 13) return bits.bits(16);
  if (code === 14) return bits.bits(16) * 10;
  throw new Malformed('a frame has a reserved sample rate');
}

function decorrelate(channels: Int32Array[], assignment: number): void {
  if (assignment < LEFT_SIDE) return;
  const [first, second] = channels as [Int32Array, Int32Array];
  for (let i = 0; i < first.length; i++) {
    const a = first[i]!;
    const b = second[i]!;
    if (assignment === LEFT_SIDE) second[i] = a - b;
    else if (assignment === SIDE_RIGHT) first[i] = a + b;
    else {
      const middle = (a << 1) | (b & 1);
      first[i] = (middle + b) >> 1;
      second[i] = (middle - b) >> 1;
    }
  }
}
