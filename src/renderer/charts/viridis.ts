/**
 * The viridis colour map (Smith and van der Walt, 2015): perceptually uniform, readable with any colour vision and in grey.
 * Ten samples of the published table, equally spaced, linearly interpolated in sRGB.
 */
const SAMPLES = [0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725];

const STEPS = 256;

function channel(colour: number, shift: number): number {
  return (colour >> shift) & 255;
}

/** 256 colours, as bytes red, green, blue, alpha. */
export const VIRIDIS: Uint8ClampedArray = (() => {
  const table = new Uint8ClampedArray(STEPS * 4);
  for (let i = 0; i < STEPS; i++) {
    const at = (i / (STEPS - 1)) * (SAMPLES.length - 1);
    const low = Math.min(SAMPLES.length - 2, Math.floor(at));
    const from = SAMPLES[low] ?? 0;
    const to = SAMPLES[low + 1] ?? 0;
    [16, 8, 0].forEach((shift, c) => {
      table[i * 4 + c] = channel(from, shift) + (at - low) * (channel(to, shift) - channel(from, shift));
    });
    table[i * 4 + 3] = 255;
  }
  return table;
})();

/** The table's index of `value` in [low, high], clamped. NaN is the lowest colour. */
export function colourIndex(value: number, low: number, high: number): number {
  const at = ((value - low) / (high - low)) * STEPS;
  return at > 0 ? Math.min(STEPS - 1, Math.floor(at)) : 0;
}

/** The colour at `fraction` of the map, for CSS. */
export function viridisCss(fraction: number): string {
  const i = colourIndex(fraction, 0, 1) * 4;
  return `rgb(${VIRIDIS[i]} ${VIRIDIS[i + 1]} ${VIRIDIS[i + 2]})`;
}
