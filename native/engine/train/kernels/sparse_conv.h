#pragma once
#include <cstdint>

#include "core/isa.h"
#include "train/kernels/conv.h"

namespace winnow::train {

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

/// Lanes of a plane of the gradient that sparse convolutions read.
constexpr int planeLanes(int outLanes) { return outLanes % 32 == 0 ? 32 : 16; }

/// Convolutions whose inputs are mostly zero. Weights as in ConvKernels. The gradient dz is cut into planes of lanes, each small
/// enough for the first-level cache, with kernel - 1 columns of zeros on either side of each row, so that all taps of a row
/// meet every input without a question:
///
///   dz [out lane / planeLanes][row][margin + column + margin][out lane % planeLanes]
struct SparseConvKernels {
  /// z = conv(x, weight) + bias
  void (*forward)(const ConvSizes& sizes, const ActiveInputs& active, const float* weight, const float* bias, float* z);
  /// dWeight += gradient of the weights of input channels begin..end
  void (*backwardWeight)(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, int begin, int end, float* dWeight);
  /// dx = gradient of the input at the active inputs of channels begin..end; nothing else is written
  void (*backwardData)(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, const float* weight, int begin,
                       int end, float* dx);
};

WINNOW_KERNELS(SparseConvKernels, sparseConvKernels)

}  // namespace winnow::train
