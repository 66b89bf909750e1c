// Sparse linear layers. The units of one input differ, so its products do not depend on each other.
#include "train/kernels/sparse_linear.h"

#include <cstddef>

namespace winnow::train::WINNOW_ISA {

namespace {

void forward(const SparseWeights& weights, const uint32_t* active, uint32_t count, const float* x, float* __restrict y) {
  for (uint32_t a = 0; a < count; a++) {
    const float value = x[active[a]];
    const uint32_t end = weights.starts[active[a] + 1];
    uint32_t i = weights.starts[active[a]];
    for (; i + 4 <= end; i += 4) {
      const uint16_t* unit = weights.unit + i;
      const float* weight = weights.weight + i;
      const float y0 = y[unit[0]] + value * weight[0], y1 = y[unit[1]] + value * weight[1], y2 = y[unit[2]] + value * weight[2],
                  y3 = y[unit[3]] + value * weight[3];
      y[unit[0]] = y0;
      y[unit[1]] = y1;
      y[unit[2]] = y2;
      y[unit[3]] = y3;
    }
    for (; i < end; i++) y[weights.unit[i]] += value * weights.weight[i];
  }
}

void backward(const SparseWeights& weights, const uint32_t* active, uint32_t count, const float* x, const float* dy,
              float* __restrict dWeight, float* __restrict dx) {
  for (uint32_t a = 0; a < count; a++) {
    const float value = x[active[a]];
    const uint32_t end = weights.starts[active[a] + 1];
    uint32_t i = weights.starts[active[a]];
    float sums[4] = {0, 0, 0, 0};
    for (; i + 4 <= end; i += 4)
      for (uint32_t j = 0; j < 4; j++) {
        const float gradient = dy[weights.unit[i + j]];
        dWeight[i + j] += value * gradient;
        sums[j] += weights.weight[i + j] * gradient;
      }
    for (; i < end; i++) {
      const float gradient = dy[weights.unit[i]];
      dWeight[i] += value * gradient;
      sums[0] += weights.weight[i] * gradient;
    }
    dx[active[a]] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }
}

}  // namespace

extern const SparseLinearKernels sparseLinearKernels{forward, backward};

}  // namespace winnow::train::WINNOW_ISA
