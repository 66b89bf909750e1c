const HALF_MAX = 65_504;
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** IEEE 754 binary16 bits of the nearest half-precision number, halves to even; beyond its range infinity. */
export function halfBits(value: number): number {
  float[0] = value;
  const single = bits[0]!;
  const sign = (single >>> 16) & 0x8000;
  const magnitude = single & 0x7fffffff;
  if (magnitude >= 0x7f800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x38800000) {
    // Normal: 13 bits go; adding just under half of the last kept bit, plus that bit, rounds halves to even.
    const rounded = magnitude - 0x38000000 + 0x0fff + ((magnitude >>> 13) & 1);
    return sign | Math.min(rounded >>> 13, 0x7c00);
  }
  // Subnormal, in units of 2^-24. The scaled value is exact in double precision.
  const units = Math.abs(float[0]) * 2 ** 24;
  const floor = Math.floor(units);
  const rest = units - floor;
  return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0));
}

/** The number that binary16 bits stand for; exact. */
export function fromHalfBits(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

let table: Float32Array | undefined;

/** All 65,536 numbers by their bits: for many of them, much faster than one by one. */
export function halfTable(): Float32Array {
  if (!table) {
    table = new Float32Array(0x10000);
    for (let half = 0; half < table.length; half++) table[half] = fromHalfBits(half);
  }
  return table;
}

/** Whether every value stays finite in half precision. */
export function fitsHalf(values: Float32Array): boolean {
  return values.every((value) => Math.abs(value) <= HALF_MAX);
}
