// Linear layers with few weights and dense inputs: one weight at a time against vectors of samples.
#include "train/kernels/batch_linear.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

/// Vectors of samples that are summed in registers at once.
constexpr int SAMPLE_VECTORS = 8;
/// A block that is turned at once lies in few cache lines, before and after.
constexpr size_t TURN_BLOCK = 16;

WINNOW_INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void turn(const float* __restrict from, size_t rows, size_t columns, size_t fromStep, float* __restrict to, size_t toStep) {
  for (size_t row = 0; row < toStep; row += TURN_BLOCK) {
    const size_t rowEnd = smaller(row + TURN_BLOCK, rows), zeroEnd = smaller(row + TURN_BLOCK, toStep);
    for (size_t column = 0; column < columns; column += TURN_BLOCK) {
      const size_t columnEnd = smaller(column + TURN_BLOCK, columns);
      for (size_t c = column; c < columnEnd; c++) {
        size_t r = row;
        for (; r < rowEnd; r++) to[c * toStep + r] = from[r * fromStep + c];
        for (; r < zeroEnd; r++) to[c * toStep + r] = 0;
      }
    }
  }
}

/// Calls body.operator()<VECTORS>(first sample) for groups of at most SAMPLE_VECTORS vectors.
template <typename Body>
WINNOW_INLINE void forSamples(size_t begin, size_t end, Body&& body) {
  for (size_t at = begin; at < end;) {
    const int vectors = part(static_cast<int>(end / LANES), static_cast<int>(at / LANES), SAMPLE_VECTORS);
    withConstant<SAMPLE_VECTORS>(vectors, [&]<int VECTORS>() { body.template operator()<VECTORS>(at); });
    at += static_cast<size_t>(vectors) * LANES;
  }
}

void forward(const UnitWeights& weights, const float* bias, uint32_t begin, uint32_t end, const float* x, size_t samples,
             float* y) {
  forSamples(0, samples, [&]<int VECTORS>(size_t at) {
    for (uint32_t unit = begin; unit < end; unit++) {
      Vec sums[VECTORS];
      WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) sums[v] = splat(bias[unit]);
      for (uint32_t i = weights.starts[unit]; i < weights.starts[unit + 1]; i++) {
        const Vec weight = splat(weights.weight[i]);
        const float* values = x + weights.input[i] * samples + at;
        WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) sums[v] += load(values + v * LANES) * weight;
      }
      WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) store(y + unit * samples + at + v * LANES, sums[v]);
    }
  });
}

void backwardWeight(const UnitWeights& weights, uint32_t begin, uint32_t end, const float* x, const float* dy, size_t samples,
                    float* dWeight) {
  for (uint32_t unit = begin; unit < end; unit++) {
    const uint32_t first = weights.starts[unit], last = weights.starts[unit + 1];
    forSamples(0, samples, [&]<int VECTORS>(size_t at) {
      Vec gradients[VECTORS];
      WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) gradients[v] = load(dy + unit * samples + at + v * LANES);
      for (uint32_t i = first; i < last; i++) {
        const float* values = x + weights.input[i] * samples + at;
        Vec products = load(values) * gradients[0];
        WINNOW_UNROLL for (int v = 1; v < VECTORS; v++) products += load(values + v * LANES) * gradients[v];
        dWeight[i] = at > 0 ? dWeight[i] + sum(products) : sum(products);
      }
    });
  }
}

void backwardData(const UnitWeights& weights, uint32_t units, const float* dy, size_t samples, size_t begin, size_t end,
                  float* dx) {
  forSamples(begin, end, [&]<int VECTORS>(size_t at) {
    for (uint32_t unit = 0; unit < units; unit++) {
      Vec gradients[VECTORS];
      WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) gradients[v] = load(dy + unit * samples + at + v * LANES);
      for (uint32_t i = weights.starts[unit]; i < weights.starts[unit + 1]; i++) {
        const Vec weight = splat(weights.weight[i]);
        float* to = dx + weights.input[i] * samples + at;
        WINNOW_UNROLL for (int v = 0; v < VECTORS; v++) store(to + v * LANES, load(to + v * LANES) + gradients[v] * weight);
      }
    }
  });
}

}  // namespace

extern const BatchLinearKernels batchLinearKernels{turn, forward, backwardWeight, backwardData};

}  // namespace winnow::train::WINNOW_ISA
