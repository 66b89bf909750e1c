/** Zero crossings of the sinc on each side of a sample, at the lower of the two rates. */
const ZERO_CROSSINGS = 64;
/** Kaiser window: with beta 9 the stop band lies below -90 dB, and with 64 crossings the transition is 9 % of the band. */
const KAISER_BETA = 9;
/** The middle of the transition as a fraction of half the lower rate: it begins at 0.91 and is over by the half itself. */
const CUTOFF_FRACTION = 0.955;
/** Filters kept: one table per pair of rates. */
const TABLES_MAX = 4;

interface Filter {
  /** Output samples per repetition of the phases, and input samples that they take. */
  readonly up: number;
  readonly down: number;
  /** Input samples on each side of an output sample's place. */
  readonly reach: number;
  /** `[phase][2 reach + 1]` */
  readonly taps: Float32Array;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function design(from: number, to: number): Filter {
  const divisor = greatestCommonDivisor(from, to);
  const up = to / divisor;
  const down = from / divisor;
  const lower = Math.min(1, to / from);
  const cutoff = lower * CUTOFF_FRACTION;
  const half = ZERO_CROSSINGS / lower;
  const reach = Math.ceil(half);
  const width = 2 * reach + 1;
  const taps = new Float32Array(up * width);
  const peak = bessel0(KAISER_BETA);
  const row = new Float64Array(width);
  for (let phase = 0; phase < up; phase++) {
    let sum = 0;
    for (let i = 0; i < width; i++) {
      const x = i - reach - phase / up;
      const angle = Math.PI * cutoff * x;
      const inside = 1 - (x / half) ** 2;
      row[i] = inside <= 0 ? 0 : (angle === 0 ? 1 : Math.sin(angle) / angle) * (bessel0(KAISER_BETA * Math.sqrt(inside)) / peak);
      sum += row[i]!;
    }
    for (let i = 0; i < width; i++) taps[phase * width + i] = row[i]! / sum;
  }
  return { up, down, reach, taps };
}

const filters = new Map<string, Filter>();

function filterFor(from: number, to: number): Filter {
  const key = `${from}:${to}`;
  let filter = filters.get(key);
  if (!filter) {
    filter = design(from, to);
    if (filters.size >= TABLES_MAX) filters.delete(filters.keys().next().value!);
    filters.set(key, filter);
  }
  return filter;
}

/**
 * Another sample rate by a windowed sinc (Kaiser), without delay: output sample n lies at input time n x from / to. Before and
 * after the sound are zeros.
 * @param from whole Hz
 * @param to whole Hz
 * @returns round(length x to / from) samples
 */
export function resample(sound: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return sound;
  const { up, down, reach, taps } = filterFor(from, to);
  const width = 2 * reach + 1;
  const out = new Float32Array(Math.round((sound.length * to) / from));
  for (let n = 0; n < out.length; n++) {
    const place = n * down;
    const centre = Math.floor(place / up);
    const row = (place - centre * up) * width;
    const first = Math.max(0, reach - centre);
    const last = Math.min(width, sound.length - centre + reach);
    let sum = 0;
    for (let i = first; i < last; i++) sum += taps[row + i]! * sound[centre - reach + i]!;
    out[n] = sum;
  }
  return out;
}
