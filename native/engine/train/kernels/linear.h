#pragma once
#include <cstddef>

#include "core/isa.h"

namespace winnow::train {

/// Dense linear layers of a whole mini-batch. `inputs` and `lanes` are padded sizes (multiples of 16): x [sample][inputs],
/// weight [unit][inputs], y and dy [sample][lanes].
struct LinearKernels {
  /// y[.][begin..end) = x . weight + bias
  void (*forward)(const float* x, int samples, int inputs, const float* weight, const float* bias, int begin, int end, float* y,
                  int lanes);
  /// dx[.][begin..end) = dy . weight over `units`; begin and end are multiples of 16
  void (*backwardData)(const float* dy, int samples, int lanes, const float* weight, int units, int inputs, int begin, int end,
                       float* dx);
  /// dWeight[begin..end) = gradient of these units' weights
  void (*backwardWeight)(const float* x, const float* dy, int samples, int inputs, int lanes, int begin, int end, float* dWeight);
};

WINNOW_KERNELS(LinearKernels, linearKernels)

}  // namespace winnow::train
