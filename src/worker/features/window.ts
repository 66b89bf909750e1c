import { WINDOW_VALUES, type FeatureSpec } from '../../shared/features.js';

/** Powers below this count as this much (the published `amin`). */
export const POWER_MIN = 1e-10;
/** Standard deviations below this count as this much: a window of silence stays near zero. */
export const DEVIATION_MIN_DB = 1;

/**
 * Mel powers to dB relative to the largest of them: 10 log10(max(p, 1e-10) / max(largest, 1e-10)), cut off at -floorDb.
 * A window of zeros is 0 dB everywhere, as published.
 */
export function toDecibels(power: Float32Array, floorDb: number, out: Float32Array): void {
  let largest = POWER_MIN;
  for (let i = 0; i < power.length; i++) if (power[i]! > largest) largest = power[i]!;
  const reference = 10 * Math.log10(largest);
  for (let i = 0; i < power.length; i++) {
    out[i] = Math.max(10 * Math.log10(Math.max(power[i]!, POWER_MIN)) - reference, -floorDb);
  }
}

/** Mean, and standard deviation over all values (divided by their number) but at least 1 dB. */
export function spreadOf(window: Float32Array): { mean: number; deviation: number } {
  let sum = 0;
  for (let i = 0; i < window.length; i++) sum += window[i]!;
  const mean = sum / window.length;
  let squares = 0;
  for (let i = 0; i < window.length; i++) squares += (window[i]! - mean) ** 2;
  return { mean, deviation: Math.max(Math.sqrt(squares / window.length), DEVIATION_MIN_DB) };
}

/** (m - mean) / max(sd, 1 dB) over the values of one window, in place. */
export function standardise(window: Float32Array): void {
  const { mean, deviation } = spreadOf(window);
  for (let i = 0; i < window.length; i++) window[i] = (window[i]! - mean) / deviation;
}

/** Makes windows in dB, `[window][band][frame]`, what the network takes: standardises each, where the spec says so; in place. */
export function finishWindows(spec: FeatureSpec, windows: Float32Array): Float32Array {
  if (windows.length % WINDOW_VALUES !== 0) throw new RangeError('not a whole number of windows');
  if (spec.standardise) {
    for (let at = 0; at < windows.length; at += WINDOW_VALUES) standardise(windows.subarray(at, at + WINDOW_VALUES));
  }
  return windows;
}
