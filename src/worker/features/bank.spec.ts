import { describe, expect, it } from 'vitest';
import { LIVE_FEATURES } from '../../shared/features.js';
import { melBank, slaneyBank } from './bank.js';
import { MelFrontEnd } from './mel.js';
import { hannSpectrum, meydaMelPower, SPECTRUM_BINS } from './meyda.js';
import { synthesise } from './synthesised-sounds.js';

const row = (bank: Float32Array, band: number) => bank.subarray(band * SPECTRUM_BINS, (band + 1) * SPECTRUM_BINS);

describe('banks', () => {
  it('gives each Slaney triangle the area 1 over frequency', () => {
    const bank = slaneyBank();
    const binHz = 16000 / 2048;
    for (let band = 0; band < 32; band++) {
      const area = row(bank, band).reduce((sum, weight) => sum + weight * binHz, 0);
      expect(area).toBeGreaterThan(0.98);
      expect(area).toBeLessThan(1.02);
    }
  });

  it('weighs the bin at half the sample rate with zero, which Meyda leaves out', () => {
    for (const kind of ['meyda', 'slaney'] as const) {
      for (let band = 0; band < 32; band++) expect(row(melBank(kind), band)[SPECTRUM_BINS - 1]).toBe(0);
    }
  });

  it('has 32 bands with a peak of one each in the bank taken from Meyda', () => {
    const bank = melBank('meyda');
    expect(bank).toHaveLength(32 * SPECTRUM_BINS);
    for (let band = 0; band < 32; band++) expect(Math.max(...row(bank, band))).toBe(1);
  });

  it("reproduces Meyda's own mel bands from its bank and its spectrum", () => {
    const frontEnd = new MelFrontEnd('meyda');
    for (const sound of ['voice', 'noise', 'chirp', 'faint'] as const) {
      const frame = synthesise(sound, LIVE_FEATURES.frameLength);
      const own = new Float32Array(32);
      const meydas = new Float32Array(32);
      frontEnd.weigh(hannSpectrum(frame), own);
      meydaMelPower(frame, meydas);
      // Meyda sums in single precision.
      own.forEach((power, band) => expect(Math.abs(power - meydas[band]!)).toBeLessThanOrEqual(1e-5 * power + 1e-12));
    }
  });

  it('takes whole frames only', () => {
    expect(() => meydaMelPower(new Float32Array(1024), new Float32Array(32))).toThrow(RangeError);
  });
});
