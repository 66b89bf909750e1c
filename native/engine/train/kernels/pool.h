#pragma once
#include <cstdint>

#include "core/isa.h"

namespace winnow::train {

/// Max-pooling of one sample, `pool` x `pool` at stride `pool`; what does not fill a window is dropped.
struct PoolSizes {
  int width;  // of the input, in columns
  int pool;
  int outHeight, outWidth;
  int lanes;
};

struct PoolKernels {
  /// to = largest of each window; place = which of it, row by row (the first of equals)
  void (*forward)(const PoolSizes& sizes, const float* from, float* to, uint8_t* place);
  /// Puts each gradient at its place and zero elsewhere in its window. What no window covers is not touched.
  void (*backward)(const PoolSizes& sizes, const float* gradient, const uint8_t* place, float* to);
};

WINNOW_KERNELS(PoolKernels, poolKernels)

}  // namespace winnow::train
