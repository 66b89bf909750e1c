#include "features/spectrum.h"

#include "kernels/vector.h"

// Works on LANES frames at a time, one per lane, so that every butterfly is plain vector arithmetic.
namespace winnow::WINNOW_ISA {
namespace {

/// The real transform of 2048 is done as a complex one of half the length, even samples real, odd ones imaginary.
constexpr int HALF = FRAME_LENGTH / 2;
static_assert(FRAMES % LANES == 0);

/// Frames `run + lane * HOP`, windowed, into bit-reversed places: `work[place][re, im][lane]`.
void gather(const SpectrumTables& tables, const float* run, float* work) {
  for (int i = 0; i < HALF; i++) {
    float* place = work + static_cast<size_t>(tables.reversed[i]) * 2 * LANES;
    const float even = tables.window[2 * i];
    const float odd = tables.window[2 * i + 1];
    for (int lane = 0; lane < LANES; lane++) {
      place[lane] = run[lane * HOP + 2 * i] * even;
      place[LANES + lane] = run[lane * HOP + 2 * i + 1] * odd;
    }
  }
}

struct Complex {
  Vec re, im;
};

static inline __attribute__((always_inline)) Complex read(const float* at) { return {load(at), load(at + LANES)}; }
static inline __attribute__((always_inline)) void write(float* at, Vec re, Vec im) {
  store(at, re);
  store(at + LANES, im);
}
static inline __attribute__((always_inline)) Complex times(Complex a, Vec re, Vec im) {
  return {a.re * re - a.im * im, a.re * im + a.im * re};
}

/// Decimation in time, two radix-2 stages per pass: 1024 = 4^5.
void transform(const SpectrumTables& tables, float* work) {
  for (int half = 1; half < HALF; half *= 4) {
    const size_t step = static_cast<size_t>(half) * 2 * LANES;
    const int innerStride = FRAME_LENGTH / (2 * half);
    const int outerStride = FRAME_LENGTH / (4 * half);
    for (int j = 0; j < half; j++) {
      const Vec innerRe = splat(tables.twiddleRe[j * innerStride]);
      const Vec innerIm = splat(tables.twiddleIm[j * innerStride]);
      const Vec outerRe = splat(tables.twiddleRe[j * outerStride]);
      const Vec outerIm = splat(tables.twiddleIm[j * outerStride]);
      for (int start = j; start < HALF; start += 4 * half) {
        float* at = work + static_cast<size_t>(start) * 2 * LANES;
        const Complex a = read(at);
        const Complex b = times(read(at + step), innerRe, innerIm);
        const Complex c = read(at + 2 * step);
        const Complex d = times(read(at + 3 * step), innerRe, innerIm);
        const Complex sum = times({c.re + d.re, c.im + d.im}, outerRe, outerIm);
        const Complex difference = times({c.re - d.re, c.im - d.im}, outerRe, outerIm);
        // The second pair's twiddle is -i times the first's.
        write(at, a.re + b.re + sum.re, a.im + b.im + sum.im);
        write(at + step, a.re - b.re + difference.im, a.im - b.im - difference.re);
        write(at + 2 * step, a.re + b.re - sum.re, a.im + b.im - sum.im);
        write(at + 3 * step, a.re - b.re - difference.im, a.im - b.im + difference.re);
      }
    }
  }
}

/// Takes the real transform apart again and squares it: out `[bin][frame]`, frames `firstFrame` and on.
void squares(const SpectrumTables& tables, const float* work, float* out) {
  const Vec half = splat(0.5f);
  const Complex z = read(work);
  const Vec dc = z.re + z.im;
  const Vec nyquist = z.re - z.im;
  store(out, dc * dc);
  store(out + static_cast<size_t>(HALF) * FRAMES, nyquist * nyquist);
  for (int k = 1; k < HALF; k++) {
    const Complex p = read(work + static_cast<size_t>(k) * 2 * LANES);
    const Complex q = read(work + static_cast<size_t>(HALF - k) * 2 * LANES);
    const Complex even = {(p.re + q.re) * half, (p.im - q.im) * half};
    const Complex odd = {(p.im + q.im) * half, (q.re - p.re) * half};
    const Complex turned = times(odd, splat(tables.twiddleRe[k]), splat(tables.twiddleIm[k]));
    const Vec re = even.re + turned.re;
    const Vec im = even.im + turned.im;
    store(out + static_cast<size_t>(k) * FRAMES, re * re + im * im);
  }
}

void power(const SpectrumTables& tables, const float* run, float* scratch, float* out) {
  for (int frame = 0; frame < FRAMES; frame += LANES) {
    gather(tables, run + static_cast<size_t>(frame) * HOP, scratch);
    transform(tables, scratch);
    squares(tables, scratch, out + frame);
  }
}

void weigh(const BandRow* rows, const float* power, float* out) {
  for (int band = 0; band < MEL_BANDS; band++) {
    const BandRow& row = rows[band];
    Vec sums[FRAMES / LANES] = {};
    for (int i = 0; i < row.count; i++) {
      const Vec weight = splat(row.weights[i]);
      const float* bin = power + static_cast<size_t>(row.first + i) * FRAMES;
      for (int part = 0; part < FRAMES / LANES; part++) sums[part] += weight * load(bin + part * LANES);
    }
    for (int part = 0; part < FRAMES / LANES; part++) store(out + band * FRAMES + part * LANES, sums[part]);
  }
}

}  // namespace

extern const SpectrumKernels spectrumKernels;
const SpectrumKernels spectrumKernels = {static_cast<size_t>(HALF) * 2 * LANES, power, weigh};

}  // namespace winnow::WINNOW_ISA
