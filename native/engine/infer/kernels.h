#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/isa.h"

// The inner loops of inference, one family per file of infer/kernels/, named dtype-operation. Weights lie in blocks of
// BLOCK output lanes on every instruction set: one AVX-512 register, two of AVX2, four of NEON.

namespace winnow {

/// Output lanes of one block of weights.
constexpr uint32_t BLOCK = 16;

constexpr uint32_t roundUp(uint32_t value, uint32_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// A convolution of a dense input with sparse weights, max-pooled.
///
/// Lanes are pooled output positions, [row][column]. A "grid" vector (channel, gy, gx) holds, for every pooled position
/// (py, px), the input at (channel, py * pool + gy, px * pool + gx), gy and gx in 0 .. kernel + pool - 2. The product of tap
/// (c, ky, kx) for the pool's member (dy, dx) is then weight x grid(c, ky + dy, kx + dx): for 5x5 taps and a pool of 2, 36
/// vectors serve 25 taps x 4 members, and no position is computed that the pool would not look at.
struct PatchConv {
  uint32_t positions;       // pooled
  uint32_t stride;          // floats from one grid vector to the next: positions and some padding
  uint32_t channels;
  uint32_t pool;
  uint32_t gridRow;         // floats from grid (c, gy, gx) to (c, gy + 1, gx)
  const uint32_t* starts;   // [channels + 1], into taps
  const uint32_t* tapAt;    // floats from the patches' start to grid(c, ky, kx)
  const float* tapWeight;
  const float* scale;       // [channels]
  const float* shift;       // [channels]
};

struct PatchConvKernels {
  /// out[channel][position] = scale x (largest of the pool's sums) + shift
  void (*run)(const PatchConv& conv, const float* patches, float* out);
  /// dst[0 .. count) = src, may write up to BLOCK floats beyond
  void (*copyRow)(const float* src, float* dst, uint32_t count);
};
WINNOW_KERNELS(PatchConvKernels, patchConvKernels)

/// Where an active input of a convolution lies.
struct ScatterInput {
  uint32_t channel;
  uint32_t row, column;
};

/// One block of weights of an input channel: those from it, through tap (row, column), to BLOCK output channels.
struct ScatterBlock {
  uint16_t row, column;
  uint32_t lane;            // first output channel
};

/// A convolution that adds the products of active inputs to sums[position][lane].
struct ScatterConv {
  uint32_t height, width;   // of the output, before the pool
  uint32_t lanes;           // output channels, rounded up to BLOCK
  const uint32_t* starts;   // [input channels + 1], into blocks
  const ScatterBlock* blocks;
  const float* weights;     // [block][BLOCK]
};

struct ScatterConvKernels {
  void (*run)(const ScatterConv& conv, const ScatterInput* inputs, const float* values, uint32_t count, float* sums);
  /// out[pooled position][channel] = scale x (largest of the pool) + shift
  void (*pool)(const float* sums, uint32_t lanes, uint32_t channels, uint32_t height, uint32_t width, uint32_t pool,
               const float* scale, const float* shift, float* out);
};
WINNOW_KERNELS(ScatterConvKernels, scatterConvKernels)

/// A linear layer that adds the products of active inputs to sums[unit]. Columns of weights are held in blocks of units
/// or, where blocks would be mostly empty, one by one.
struct ScatterLinear {
  const uint32_t* starts;   // [inputs + 1], into `units`
  const uint16_t* units;    // of a block: its first unit / BLOCK; of a single weight: its unit
  const float* weights;     // [block][BLOCK], or one by one
};

struct ScatterLinearKernels {
  void (*blocks)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  void (*singles)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  /// sums = scale x sums + shift, unit by unit
  void (*finish)(float* sums, const float* scale, const float* shift, uint32_t units);
};
WINNOW_KERNELS(ScatterLinearKernels, scatterLinearKernels)

}  // namespace winnow
