#pragma once
#include <cstdint>

#include "core/isa.h"
#include "train/kernels/conv.h"

namespace winnow {

/// The active inputs of one sample, in two orders.
struct ActiveInputs {
  // By position: ascending [row][column][lane]. `starts` [row][column] says where in the list each position begins (one more at
  // the end), so that a kernel's row of taps is one run of the list.
  const uint32_t* index;
  const float* value;
  const uint32_t* starts;
  // By channel: the same inputs, `channelStarts` [channel] (one more at the end), rows ascending within each.
  const uint32_t* channelStarts;
  const uint16_t* row;
  const uint16_t* column;
  const float* channelValue;
};

/// Convolutions whose inputs are mostly zero. Weights as in ConvKernels, but [tap][in lane][out lane]. The gradient dz has
/// kernel - 1 columns of zeros on either side of each row, so that all taps of a row meet every input without a question.
struct SparseConvKernels {
  /// z = conv(x, weight) + bias
  void (*forward)(const ConvSizes& sizes, const ActiveInputs& active, const float* weight, const float* bias, float* z);
  /// dWeight += gradient of the weights of input channels begin..end
  void (*backwardWeight)(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, int begin, int end, float* dWeight);
  /// dx = gradient of the input at the active inputs of channels begin..end; nothing else is written
  void (*backwardData)(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, const float* weight, int begin, int end,
                       float* dx);
};

WINNOW_KERNELS(SparseConvKernels, sparseConvKernels)

}  // namespace winnow
