#pragma once
#include "core/isa.h"

namespace winnow::train {

/// One convolution's sizes: square kernel, valid, stride 1. Layouts as in train/layout.h.
struct ConvSizes {
  int inHeight, inWidth;
  /// Channels that exist, and floats from one column to the next.
  int inChannels, inLanes;
  int kernel;
  int outHeight, outWidth;
  /// Channels that exist, and lanes (a multiple of 16).
  int outChannels, outLanes;
};

/// Dense convolutions of one sample.
struct ConvKernels {
  /// z = conv(x, weight) + bias. weight [tap][in lane][out lane], z [row][column][out lane].
  void (*forward)(const ConvSizes& sizes, const float* x, const float* weight, const float* bias, float* z);
  /// dx = gradient of the input. transposed [tap][out][in lane] (inLanes a multiple of 16), dx [row][column][in lane].
  void (*backwardData)(const ConvSizes& sizes, const float* dz, const float* transposed, float* dx);
  /// dWeight += gradient of the weight rows `begin`..`end`, a row being one (tap, in lane). `offset` [row]: where the row's input
  /// lies relative to the position's.
  void (*backwardWeight)(const ConvSizes& sizes, const float* x, const float* dz, const int* offset, int begin, int end,
                         float* dWeight);
};

WINNOW_KERNELS(ConvKernels, convKernels)

}  // namespace winnow::train
