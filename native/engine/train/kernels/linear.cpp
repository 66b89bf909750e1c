// Dense linear layers: forward by dot products along the inputs, backward by broadcasts against vectors of inputs.
#include "train/kernels/linear.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

// Sums of a forward tile: samples x units, in as many registers as a tile of train/kernels/tile.h.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int SAMPLES_MAX = 4;
constexpr int UNITS_MAX = 6;
#else
constexpr int SAMPLES_MAX = 3;
constexpr int UNITS_MAX = 4;
#endif

/// Units whose weights are passed over before the next ones, so that the sums' part of dx stays in the first-level cache.
constexpr int UNIT_BLOCK = 64;

template <int SAMPLES, int UNITS>
WINNOW_INLINE void dotTile(const float* x, int inputs, const float* weight, const float* bias, float* y, int lanes) {
  Vec sums[SAMPLES][UNITS];
  WINNOW_UNROLL for (int s = 0; s < SAMPLES; s++)
    WINNOW_UNROLL for (int u = 0; u < UNITS; u++) sums[s][u] = zero();
  for (int i = 0; i < inputs; i += LANES) {
    Vec values[SAMPLES];
    WINNOW_UNROLL for (int s = 0; s < SAMPLES; s++) values[s] = load(x + static_cast<ptrdiff_t>(s) * inputs + i);
    WINNOW_UNROLL for (int u = 0; u < UNITS; u++) {
      const Vec weights = load(weight + static_cast<ptrdiff_t>(u) * inputs + i);
      WINNOW_UNROLL for (int s = 0; s < SAMPLES; s++) sums[s][u] += values[s] * weights;
    }
  }
  WINNOW_UNROLL for (int s = 0; s < SAMPLES; s++)
    WINNOW_UNROLL for (int u = 0; u < UNITS; u++) y[static_cast<ptrdiff_t>(s) * lanes + u] = bias[u] + sum(sums[s][u]);
}

void forward(const float* x, int samples, int inputs, const float* weight, const float* bias, int begin, int end, float* y,
             int lanes) {
  for (int unit = begin; unit < end;) {
    const int units = part(end, unit, UNITS_MAX);
    for (int sample = 0; sample < samples;) {
      const int count = part(samples, sample, SAMPLES_MAX);
      withConstant<UNITS_MAX>(units, [&]<int UNITS>() {
        withConstant<SAMPLES_MAX>(count, [&]<int SAMPLES>() {
          dotTile<SAMPLES, UNITS>(x + static_cast<ptrdiff_t>(sample) * inputs, inputs,
                                  weight + static_cast<ptrdiff_t>(unit) * inputs, bias + unit,
                                  y + static_cast<ptrdiff_t>(sample) * lanes + unit, lanes);
        });
      });
      sample += count;
    }
    unit += units;
  }
}

/// to[r][.] (+)= sum over k of a[r * aRow + k * aStep] * b[k * bStep][.]
template <int ROWS, int COLS>
WINNOW_INLINE void outerTile(const float* a, ptrdiff_t aRow, ptrdiff_t aStep, const float* b, ptrdiff_t bStep, int count,
                             bool add, float* to, ptrdiff_t toRow) {
  Vec sums[ROWS][COLS];
  WINNOW_UNROLL for (int r = 0; r < ROWS; r++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[r][v] = add ? load(to + r * toRow + v * LANES) : zero();
  for (int k = 0; k < count; k++, a += aStep, b += bStep) {
    Vec vectors[COLS];
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) vectors[v] = load(b + v * LANES);
    WINNOW_UNROLL for (int r = 0; r < ROWS; r++) {
      const Vec value = splat(a[r * aRow]);
      WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[r][v] += value * vectors[v];
    }
  }
  WINNOW_UNROLL for (int r = 0; r < ROWS; r++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(to + r * toRow + v * LANES, sums[r][v]);
}

void backwardData(const float* dy, int samples, int lanes, const float* weight, int units, int inputs, int begin, int end,
                  float* dx) {
  for (int unit = 0; unit < units; unit += UNIT_BLOCK) {
    const int count = units - unit < UNIT_BLOCK ? units - unit : UNIT_BLOCK;
    for (int sample = 0; sample < samples;) {
      const int rows = part(samples, sample, ROWS_MAX);
      withConstant<ROWS_MAX>(rows, [&]<int ROWS>() {
        forColumns(end - begin, [&]<int COLS>(int at) {
          outerTile<ROWS, COLS>(dy + static_cast<ptrdiff_t>(sample) * lanes + unit, lanes, 1,
                                weight + static_cast<ptrdiff_t>(unit) * inputs + begin + at, inputs, count, unit > 0,
                                dx + static_cast<ptrdiff_t>(sample) * inputs + begin + at, inputs);
        });
      });
      sample += rows;
    }
  }
}

void backwardWeight(const float* x, const float* dy, int samples, int inputs, int lanes, int begin, int end, float* dWeight) {
  for (int unit = begin; unit < end;) {
    const int units = part(end, unit, ROWS_MAX);
    withConstant<ROWS_MAX>(units, [&]<int ROWS>() {
      forColumns(inputs, [&]<int COLS>(int at) {
        outerTile<ROWS, COLS>(dy + unit, 1, lanes, x + at, inputs, samples, false,
                              dWeight + static_cast<ptrdiff_t>(unit) * inputs + at, inputs);
      });
    });
    unit += units;
  }
}

}  // namespace

extern const LinearKernels linearKernels{forward, backwardData, backwardWeight};

}  // namespace winnow::train::WINNOW_ISA
