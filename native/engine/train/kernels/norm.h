#pragma once
#include "core/isa.h"

namespace winnow::train {

/// Batch normalisation of `positions` x `lanes` values, lane by lane; and what else runs over whole tensors.
struct NormKernels {
  /// mean[lane] and m2[lane], the sum of squared differences from it.
  void (*moments)(const float* z, int positions, int lanes, float* mean, float* m2);
  /// z = (z - mean) * scale
  void (*normalise)(float* z, int positions, int lanes, const float* mean, const float* scale);
  /// sum[lane] of dy and dot[lane] of dy * normal
  void (*sums)(const float* dy, const float* normal, int positions, int lanes, float* sum, float* dot);
  /// to = a[lane] + b[lane] * normal + c[lane] * dy; dy may be null (nothing is added), or be `to`. From one position to the
  /// next are `step` floats in normal and dy, `toStep` in `to`.
  void (*combine)(const float* normal, const float* dy, int positions, int lanes, int step, const float* a, const float* b,
                  const float* c, float* to, int toStep);
  /// to = from * factor[lane]
  void (*scale)(const float* from, int positions, int lanes, const float* factor, float* to);
  /// total[lane] += dy: the bias's gradient
  void (*total)(const float* dy, int positions, int lanes, float* total);
  /// value = value > 0 ? value : value * slope
  void (*leaky)(float* value, int count, float slope);
  /// gradient = value > 0 ? gradient : gradient * slope
  void (*leakyBackward)(const float* value, float* gradient, int count, float slope);
};

WINNOW_KERNELS(NormKernels, normKernels)

}  // namespace winnow::train
