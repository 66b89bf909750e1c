#pragma once
#include <cstddef>

#include "core/isa.h"

namespace winnow::train {

/// Stochastic gradient descent as PyTorch defines it: g = gradient + decay w; v = momentum v + g; w -= rate v.
struct SgdKernels {
  /// @param mask 1 where the weight exists, 0 where gradient and weight stay zero; null where all exist
  /// @param velocity not touched when momentum is 0
  void (*update)(float* weight, const float* gradient, float* velocity, const float* mask, size_t count, float rate,
                 float momentum, float decay);
};

WINNOW_KERNELS(SgdKernels, sgdKernels)

}  // namespace winnow::train
