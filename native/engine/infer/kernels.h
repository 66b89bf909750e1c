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

/// Products to be added, flat: entry = run of weights << 16 | run of sums, and the value that multiplies. A run is a number of
/// blocks side by side, the same throughout a layer.
///
/// Active inputs have lists of entries of uneven, short length. Walking them list by list would mispredict at the end of
/// each; so the lists are first copied side by side, without a branch, and then walked as one.
struct ScatterLists {
  const uint32_t* starts;      // [lists + 1], into `entries`
  const uint32_t* entries;     // of a list; room for `longest` and LIST_SPARE behind the last
  uint32_t longest;            // entries of a list
};

/// Entries that may be read behind the last list, and written behind the last entry.
constexpr uint32_t LIST_SPARE = 16;
/// Runs of weights, or of sums, that an entry can name.
constexpr uint32_t LIST_RUNS_MAX = 65'536;

struct ScatterKernels {
  /// Copies list lists[i] of each input, its entries moved by base[i], with values[i] beside each.
  /// @param outEntries and @param outValues: room for all entries, `longest` and LIST_SPARE more @returns how many
  uint32_t (*expand)(const ScatterLists& lists, const uint32_t* list, const uint32_t* base, const float* values, uint32_t count,
                     uint32_t* outEntries, float* outValues);
  /// sums[run] += value x weights[run] for every entry, in order. @param blocks in a run: 1, 2 or 4
  void (*add)(const uint32_t* entries, const float* values, uint32_t count, uint32_t blocks, const float* weights, float* sums);
};
WINNOW_KERNELS(ScatterKernels, scatterKernels)

/// A convolution whose weights leave hardly any block empty. Every output position gathers: the active inputs, sorted by
/// position, that lie in one row of its reach are one run of memory, and their sums stay in registers.
struct GatherConv {
  uint32_t height, width;      // of the output, before the pool
  uint32_t inputWidth;
  uint32_t lanes;              // output channels, rounded up to BLOCK
  uint32_t kernel;
  size_t rowFloats;            // of the weights of one kernel row
  const float* weights;        // [ky][input channel][kx][lane]
};

struct SparseConvKernels {
  /// sums[position][lane], all of them written
  /// @param starts [input position + 1], into offsets and values
  /// @param offsets of an active input: (channel x kernel + column) x lanes
  void (*gather)(const GatherConv& conv, const uint32_t* starts, const uint32_t* offsets, const float* values, float* sums);
  /// out[pooled position][channel] = scale x (largest of the pool) + shift
  void (*pool)(const float* sums, uint32_t lanes, uint32_t channels, uint32_t height, uint32_t width, uint32_t pool,
               const float* scale, const float* shift, float* out);
};
WINNOW_KERNELS(SparseConvKernels, sparseConvKernels)

/// A linear layer that adds the products of active inputs to sums[unit]. Columns of weights are held in blocks of units
/// or, where blocks would be mostly empty, one by one.
struct ScatterLinear {
  const uint32_t* starts;      // [inputs + 1], into `units`
  const uint16_t* units;       // of a block: its first unit / BLOCK; of a single weight: its unit
  const float* weights;        // [block][BLOCK], or one by one
};

struct ScatterLinearKernels {
  void (*blocks)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  void (*singles)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  /// sums = scale x sums + shift, unit by unit
  void (*finish)(float* sums, const float* scale, const float* shift, uint32_t units);
};
WINNOW_KERNELS(ScatterLinearKernels, scatterLinearKernels)

/// Dwords of four taps that a patch of the 8-bit first layer has: 25 taps of one input channel and three of nothing.
constexpr int DENSE_CONV8_QUADS = 7;

/// The 8-bit first layer, of 5x5 taps on one channel and with a pool of 2, where the processor multiplies bytes in fours.
struct DenseConv8 {
  uint32_t height, width;      // of the output, before the pool
  uint32_t lanes;              // output channels, a multiple of BLOCK
  const int8_t* weights;       // [block][quad][lane of block][4]
  const int32_t* bias;         // [lane]
};

/// Lanes that a gathering 8-bit convolution takes at a time.
constexpr uint32_t GATHER8_LANES = 64;

/// GatherConv in 8 bits, where the processor multiplies bytes in fours: four active inputs at a time. A row of weights holds
/// its lanes in the order that interleaving four rows puts right: byte 16 l + 4 b + i is lane 16 b + 4 l + i of its 64.
struct GatherConv8 {
  uint32_t height, width;      // of the output, before the pool
  uint32_t inputWidth;
  uint32_t lanes;              // output channels, a multiple of GATHER8_LANES
  uint32_t kernel;
  size_t rowBytes;             // of the weights of one kernel row
  const int8_t* weights;       // [ky][input channel][kx][lane]; inputWidth x lanes more may be read on either side
};

struct Int8Kernels {
  /// sums = (sum + half) >> shift, from 0 to 255. Whole numbers in single precision, a multiple of BLOCK of them.
  void (*requantise)(float* sums, uint32_t count, uint32_t shift);
  /// out[pooled position][lane] = largest of the pool + bias. @param patches [position][quad][4] Null where there is none.
  void (*denseConv)(const DenseConv8& conv, const uint8_t* patches, float* out);
  /// As SparseConvKernels::gather; three more offsets and values may be read behind the last. Null where there is none.
  void (*gather)(const GatherConv8& conv, const uint32_t* starts, const uint32_t* offsets, const uint8_t* values, float* sums);
};
WINNOW_KERNELS(Int8Kernels, int8Kernels)

/// What a selection found: `above` units that surely win, and behind them `tied` units of equal value, of which the first
/// k - above in the order that the network defines win. Both ascending in memory.
struct TopK {
  uint32_t above, tied;
};

/// Floats of scratch that a selection needs at least.
constexpr uint32_t TOP_K_SCRATCH = 1024;

struct TopKKernels {
  /// The k units with the largest values[i] x boost[i], 1 <= k <= n; finite values. @param boost may be null
  /// @param whole all products are whole numbers of 0 to 2^24, which are found sooner
  /// @param scratch n + 4 BLOCK floats, at least TOP_K_SCRATCH @param winners room for n + BLOCK
  TopK (*select)(const float* values, const float* boost, uint32_t n, uint32_t k, bool whole, float* scratch,
                 uint32_t* winners);
};
WINNOW_KERNELS(TopKKernels, topKKernels)

}  // namespace winnow
