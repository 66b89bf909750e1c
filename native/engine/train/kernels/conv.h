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

/// The weight rows that exist, a row being one (tap, in channel) with its filters in the lanes: all of them, unless filters share
/// their masks.
struct ConvRows {
  int count;
  /// Row of the weight: tap x in lanes + channel, ascending.
  const int* place;
  /// Where the row's input lies relative to the output's position.
  const int* offset;
};

/// Most lanes of a tap whose inputs are listed.
constexpr int CONV_FEW_LANES = 64;

/// The weights of one tap as the gradient of its inputs reads them.
struct ConvTap {
  /// Inputs that exist, padded to a multiple of 16 lanes.
  int lanes;
  /// [out][lane]
  const float* transposed;
  /// How many inputs there are and the in channel of each, where not every channel has one; else null.
  int count;
  const int* channel;
};

/// Convolutions of one sample that go over all of its inputs.
struct ConvKernels {
  /// z = conv(x, weight) + bias. weight [tap][in lane][out lane], z [row][column][out lane].
  void (*forward)(const ConvSizes& sizes, const ConvRows& rows, const float* x, const float* weight, const float* bias, float* z);
  /// dx = gradient of the input [row][column][in lane] (inLanes a multiple of 16); `taps` [kernel x kernel].
  void (*backwardData)(const ConvSizes& sizes, const ConvTap* taps, const float* dz, float* dx);
  /// dWeight += gradient of `rows`.
  void (*backwardWeight)(const ConvSizes& sizes, const ConvRows& rows, const float* x, const float* dz, float* dWeight);
};

WINNOW_KERNELS(ConvKernels, convKernels)

}  // namespace winnow::train
