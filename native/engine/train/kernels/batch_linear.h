#pragma once
#include <cstddef>
#include <cstdint>

#include "core/isa.h"

namespace winnow::train {

/// Sparse weights by unit: those of unit u are starts[u]..starts[u + 1], each with the input that it comes from.
struct UnitWeights {
  const uint32_t* starts;
  const uint32_t* input;
  const float* weight;
};

/// Linear layers with few weights and dense inputs. A weight meets vectors of samples, so tensors are turned: x [input][sample],
/// y and dy [unit][sample]. `samples` is a padded number (a multiple of 16); what stands beyond the real ones in dy is zero.
struct BatchLinearKernels {
  /// to[column][row] = from[row][column], with zeros for the rows from `rows` to `toStep`
  void (*turn)(const float* from, size_t rows, size_t columns, size_t fromStep, float* to, size_t toStep);
  /// y of the units [begin, end) = weight . x + bias
  void (*forward)(const UnitWeights& weights, const float* bias, uint32_t begin, uint32_t end, const float* x, size_t samples,
                  float* y);
  /// gradients of the weights of the units [begin, end)
  void (*backwardWeight)(const UnitWeights& weights, uint32_t begin, uint32_t end, const float* x, const float* dy,
                         size_t samples, float* dWeight);
  /// dx += dy . weight over `units`, for the samples [begin, end), multiples of 16
  void (*backwardData)(const UnitWeights& weights, uint32_t units, const float* dy, size_t samples, size_t begin, size_t end,
                       float* dx);
};

WINNOW_KERNELS(BatchLinearKernels, batchLinearKernels)

}  // namespace winnow::train
