#pragma once
#include <stddef.h>

#include "core/isa.h"

namespace winnow {

constexpr int FRAME_LENGTH = 2048;
constexpr int HOP = 512;
constexpr int FRAMES = 32;
constexpr int MEL_BANDS = 32;
/// Bins from 0 Hz to half the sample rate.
constexpr int SPECTRUM_BINS = FRAME_LENGTH / 2 + 1;

/// Tables of the transform, the same for every instruction set.
struct SpectrumTables {
  /// Analysis window, FRAME_LENGTH.
  const float* window;
  /// cos and -sin of 2 pi k / FRAME_LENGTH for k of 0..FRAME_LENGTH/2-1.
  const float* twiddleRe;
  const float* twiddleIm;
  /// Bit reversal of 0..FRAME_LENGTH/2-1.
  const unsigned short* reversed;
};

/// A triangle of the mel bank without the zeros at its ends.
struct BandRow {
  int first;
  int count;
  const float* weights;
};

struct SpectrumKernels {
  /// Floats of scratch that `power` needs.
  size_t scratch;
  /// |FFT|^2, unscaled, of 32 windowed frames a hop apart, as `[bin][frame]`, 1025 x 32.
  void (*power)(const SpectrumTables& tables, const float* run, float* scratch, float* out);
  /// Mel power `[band][frame]` of a power spectrum `[bin][frame]`.
  void (*weigh)(const BandRow* rows, const float* power, float* out);
};

WINNOW_KERNELS(SpectrumKernels, spectrumKernels)

}  // namespace winnow
