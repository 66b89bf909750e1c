const ORDER = 16;
/** Keeps prediction well conditioned where a band is empty, as in telephone recordings: -30 dB of white noise. */
const CORRECTION = 1e-3;

/**
 * The long-term spectrum of a voice, its room and its microphone, as a linear predictor. Two of them make a filter that gives
 * the speech of others the same colour, so that a network cannot learn a word by the colour of its few takes.
 */
export type VoiceColour = Float64Array;

/** By the autocorrelation method (Levinson-Durbin) over all sounds together, each weighing the same. */
export function voiceColour(sounds: readonly Float32Array[]): VoiceColour {
  const correlation = new Float64Array(ORDER + 1);
  for (const sound of sounds) {
    const own = Float64Array.from(correlation, (_, lag) => {
      let sum = 0;
      for (let i = lag; i < sound.length; i++) sum += sound[i]! * sound[i - lag]!;
      return sum;
    });
    if (own[0]! > 0) own.forEach((value, lag) => (correlation[lag]! += value / own[0]!));
  }
  const predictor = new Float64Array(ORDER + 1);
  predictor[0] = 1;
  let error = correlation[0]! * (1 + CORRECTION);
  if (error === 0) return predictor;
  for (let order = 1; order <= ORDER; order++) {
    let sum = correlation[order]!;
    for (let i = 1; i < order; i++) sum += predictor[i]! * correlation[order - i]!;
    const reflection = -sum / error;
    const before = predictor.slice();
    for (let i = 1; i < order; i++) predictor[i] = before[i]! + reflection * before[order - i]!;
    predictor[order] = reflection;
    error *= 1 - reflection * reflection;
  }
  return predictor;
}

/** Sound of colour `own` as if it had colour `wanted`: the filter own(z) / wanted(z), at the same level. */
export function recoloured(sound: Float32Array, own: VoiceColour, wanted: VoiceColour): Float32Array {
  const out = new Float32Array(sound.length);
  const taken = new Float64Array(ORDER + sound.length);
  taken.set(sound, ORDER);
  const made = new Float64Array(ORDER + sound.length);
  let before = 0;
  let after = 0;
  for (let at = ORDER; at < taken.length; at++) {
    let value = own[0]! * taken[at]!;
    for (let tap = 1; tap <= ORDER; tap++) value += own[tap]! * taken[at - tap]! - wanted[tap]! * made[at - tap]!;
    made[at] = value;
    before += taken[at]! ** 2;
    after += value ** 2;
  }
  const gain = after > 0 ? Math.sqrt(before / after) : 0;
  for (let i = 0; i < out.length; i++) out[i] = gain * made[ORDER + i]!;
  return out;
}
