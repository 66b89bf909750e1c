/** Taps on each side of the middle one. With Kaiser's beta 8 the stop band lies below -80 dB, from 4.25 kHz on. */
const REACH = 80;
const KAISER_BETA = 8;

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

/** Taps at the odd distances from the middle: a filter at half the band has no others, but for the middle one of 1/2. */
const TAPS = Float64Array.from({ length: REACH / 2 }, (_, i) => {
  const distance = 2 * i + 1;
  const window = bessel0(KAISER_BETA * Math.sqrt(1 - (distance / (REACH + 1)) ** 2)) / bessel0(KAISER_BETA);
  return (window * Math.sin((Math.PI * distance) / 2)) / (Math.PI * distance);
});

/** The sound as an 8 kHz recording of it would have it: nothing above 4 kHz. The length stays; sound of 16 kHz is taken. */
export function bandLimited(sound: Float32Array): Float32Array {
  const padded = new Float64Array(sound.length + 2 * REACH);
  padded.set(sound, REACH);
  const limited = new Float32Array(sound.length);
  for (let i = 0; i < sound.length; i++) {
    const middle = i + REACH;
    let sum = sound[i]! / 2;
    for (let tap = 0, distance = 1; tap < TAPS.length; tap++, distance += 2) {
      sum += TAPS[tap]! * (padded[middle - distance]! + padded[middle + distance]!);
    }
    limited[i] = sum;
  }
  return limited;
}
