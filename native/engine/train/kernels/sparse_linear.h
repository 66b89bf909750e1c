#pragma once
#include <cstdint>

#include "core/isa.h"

namespace winnow::train {

/// Sparse weights by input: those of input i are starts[i]..starts[i + 1], each with the unit that it leads to.
struct SparseWeights {
  const uint32_t* starts;
  const uint16_t* unit;
  const float* weight;
};

/// Linear layers with few weights and few active inputs: only products of the two are computed.
struct SparseLinearKernels {
  /// y += weight . x over the active inputs of one sample
  void (*forward)(const SparseWeights& weights, const uint32_t* active, uint32_t count, const float* x, float* y);
  /// For the active inputs of one sample: dx = their gradients, dWeight += the gradients of their weights.
  void (*backward)(const SparseWeights& weights, const uint32_t* active, uint32_t count, const float* x, const float* dy,
                   float* dWeight, float* dx);
};

WINNOW_KERNELS(SparseLinearKernels, sparseLinearKernels)

}  // namespace winnow::train
