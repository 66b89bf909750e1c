#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/isa.h"

// The inner loops of inference, one family per file of infer/kernels/, and how their numbers lie in memory.
//
// Weights lie in blocks of BLOCK output lanes on every instruction set: one AVX-512 register, two of AVX2, four of NEON. What
// differs is what a register's lanes are, and that follows from the pattern of the weights:
//
//   PatchConv     every filter has taps of its own         lanes are output positions, one filter at a time
//   BlockConv     16 filters share their taps              lanes are those filters, 7 pool windows of 4 positions at a time
//   DenseConv8    the same in 8 bits                       four taps of 16 filters at a time
//   BitConv       all filters share their taps             lanes are filters, one output position at a time, winners as bits
//   ScatterLists  filters or units share taps in blocks    lanes are a block, one winner at a time, winners as a list
//   GatherConv    weights everywhere                       lanes are filters, one output position at a time, winners as a list
//   ScatterLinear units; blocks, single weights or whole columns, one winner at a time, winners as a list
//
// A layer's output lies channels first where lanes were positions, and channels last where they were filters. Between a wide
// first and a wide second convolution:
//
//            channel  0 1 2 3 ... 63
//   position 0       [v v v v ... v]  ->  bits[0] = 0b0..0100      a channel's bit is set if it won and is not zero
//   position 1       [v v v v ... v]  ->  bits[1] = 0b0..1001
//   ...               values, read only where a bit is set
//
//   an output position sees 25 input positions; of each word it packs the bits of the channels that have weights at that tap:
//
//   tap 0: bits & mask -> 01.1     tap 1: 1..0    tap 2: 00..    tap 3: .01.        (PackedTaps: up to four taps in a word)
//   packed side by side:  011 | 10 | 00 | 01  -> rows 1, 2, 3, 8 of the weights: a row is one tap of one channel, 64 lanes
//   sums += value(row) x weights[row][0 .. 63], in registers

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

/// A convolution of a dense input whose filters share their taps in blocks of BLOCK. Lanes are filters, so that winners come out
/// position by position; taps read the input where it lies.
struct BlockConv {
  uint32_t rows, columns;   // pooled
  uint32_t inputWidth;
  uint32_t rowPool, columnPool;  // 1 and 1, 2 and 2, or 1 and 2
  uint32_t lanes;           // output channels, a multiple of BLOCK
  const uint32_t* starts;   // [blocks + 1], into taps
  const uint32_t* tapAt;    // floats from an output position's first input to the tap's
  const float* weights;     // [tap][BLOCK]
  const float* scale;       // [lanes]
  const float* shift;       // [lanes]
};

struct BlockConvKernels {
  /// out[position][lane] = scale x (largest of the pool's sums) + shift
  void (*run)(const BlockConv& conv, const float* input, float* out);
  /// out = the larger of a and b, lane by lane; a multiple of BLOCK of them
  void (*larger)(const float* a, const float* b, uint32_t count, float* out);
  /// out[row][lane] = scale[lane] x from[row][lane] + shift[lane], rows of `out` being `stride` floats apart
  void (*scaled)(const float* from, uint32_t rows, uint32_t lanes, const float* scale, const float* shift, float* out,
                 uint32_t stride);
};
WINNOW_KERNELS(BlockConvKernels, blockConvKernels)

/// Input channels that one word of bits can stand for.
constexpr uint32_t BITS_CHANNELS_MAX = 64;
/// Taps whose bits are packed into one word.
constexpr uint32_t PACKED_TAPS = 4;
/// Rows of weights that an output position can reach.
constexpr uint32_t BIT_ROWS_MAX = 2048;

/// Up to PACKED_TAPS taps, the bits of whose existing channels fill one word, side by side.
struct PackedTaps {
  uint64_t mask[PACKED_TAPS];      // input channels that have weights at the tap; 0 where there is no tap
  uint32_t position[PACKED_TAPS];  // input positions from the output position's first to the tap's
  uint32_t shift[PACKED_TAPS];     // where the tap's bits begin; less than 64
  uint32_t firstRow;               // the row of weights that bit 0 stands for
};

/// A convolution all of whose filters share their taps, of winners given as bits: every output position packs the bits of the
/// active inputs that have weights, reads off their rows, and adds these rows in registers.
struct BitConv {
  uint32_t height, width;       // of the output, before the pool
  uint32_t inputWidth, inputChannels;
  uint32_t pool;
  uint32_t lanes;               // output channels, a multiple of BLOCK
  const PackedTaps* taps;
  uint32_t words;               // of packed taps
  const uint32_t* valueAt;      // [row] values from the output position's first input to the row's
};

struct BitConvKernels {
  /// out[pooled position][lane] = scale x (largest of the pool) + shift
  /// @param bits [input position] @param values [input position][channel] @param weights [row][lane]
  /// @returns how many rows were added
  uint64_t (*run)(const BitConv& conv, const uint64_t* bits, const float* values, const float* weights, const float* scale,
                  const float* shift, float* out);
  /// The same in 8 bits, where the processor multiplies bytes in fours: whole numbers, sums of which come out.
  /// @param weights [row][lane], lanes in the order of GatherConv8; null where there is none
  uint64_t (*run8)(const BitConv& conv, const uint64_t* bits, const uint8_t* values, const int8_t* weights, const float* bias,
                   float* out);
};
WINNOW_KERNELS(BitConvKernels, bitConvKernels)

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
constexpr uint32_t LIST_SPARE = 32;
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

/// Units of a linear layer whose sums stay in registers.
constexpr uint32_t FEW_UNITS = 2 * BLOCK;

struct ScatterLinearKernels {
  void (*blocks)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  void (*singles)(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  /// Whole columns of so few units that their sums stay in registers. @param units a multiple of BLOCK, FEW_UNITS at most
  /// @param columns [input][unit]
  void (*few)(const float* columns, uint32_t units, const uint32_t* inputs, const float* values, uint32_t count, float* sums);
  /// sums = scale x sums + shift, unit by unit
  void (*finish)(float* sums, const float* scale, const float* shift, uint32_t units);
};
WINNOW_KERNELS(ScatterLinearKernels, scatterLinearKernels)

/// Taps of the 8-bit first layer along one side, and bytes of a patch: the taps of one output position, and three of nothing.
constexpr uint32_t DENSE_CONV8_KERNEL = 5, DENSE_CONV8_PATCH = 28;

/// The 8-bit first layer, of 5x5 taps on one channel and with a pool of 2, where the processor multiplies bytes in fours. A quad
/// is four taps that follow each other in a patch; a block of filters has those that hold all taps of any of them.
struct DenseConv8 {
  uint32_t height, width;      // of the output, before the pool
  uint32_t lanes;              // output channels, a multiple of BLOCK
  const uint32_t* starts;      // [blocks + 1], into quads
  const uint32_t* quadAt;      // the quad's first tap
  const int8_t* weights;       // [quad][lane of block][4]
  const int32_t* bias;         // [lane]
};

/// Lanes that a gathering 8-bit convolution takes at a time.
constexpr uint32_t GATHER8_LANES = 64;

/// Which of 64 lanes stands at place `at` of a row of 8-bit weights: interleaving four rows puts them right.
constexpr uint32_t lane8At(uint32_t at) {
  const uint32_t in64 = at % GATHER8_LANES;
  return at - in64 + in64 % 16 / 4 * 16 + in64 / 16 * 4 + in64 % 4;
}

/// GatherConv in 8 bits, where the processor multiplies bytes in fours: four active inputs at a time. A row of weights holds
/// its lanes in the order of `lane8At`.
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
  /// @param bytes receives the same as bytes; may be null
  void (*requantise)(float* sums, uint32_t count, uint32_t shift, uint8_t* bytes);
  /// out[pooled position][lane] = largest of the pool + bias. Null where there is none.
  /// @param input whole numbers of 0 to 255 @param bytes for the input, and eight more
  /// @param patches DENSE_CONV8_PATCH for every position, and eight more
  void (*denseConv)(const DenseConv8& conv, const float* input, uint8_t* bytes, uint8_t* patches, float* out);
  /// As SparseConvKernels::gather; three more offsets and values may be read behind the last. Null where there is none.
  void (*gather)(const GatherConv8& conv, const uint32_t* starts, const uint32_t* offsets, const uint8_t* values, float* sums);
};
WINNOW_KERNELS(Int8Kernels, int8Kernels)

/// What k-winners choose from: values[i] x boost[i mod period], or the plain values where boost is null. A period that is less
/// than the count divides it and is a multiple of BLOCK. Finite values.
struct Ranking {
  const float* values;
  const float* boost;
  uint32_t count, period;
};

/// The value that the k-th of a ranking has: `above` units surely win, and of `tied` units that have this very value so many
/// that there are k. Where nothing is tied, whatever reaches `value` wins.
struct Edge {
  float value;
  uint32_t above, tied;
};

/// Floats of scratch that a selection needs at least.
constexpr uint32_t TOP_K_SCRATCH = 1024;

struct TopKKernels {
  /// The k-th largest, 1 <= k <= count. @param whole all products are whole numbers of 0 to 2^24, which are found sooner
  /// @param scratch count + 4 BLOCK floats, at least TOP_K_SCRATCH
  Edge (*edge)(const Ranking& ranking, uint32_t k, bool whole, float* scratch);
  /// The least number above this one.
  float (*next)(float value);
  /// Units whose ranks are low or more, and less than high; ascending. @param units room for all and BLOCK more @returns how many
  uint32_t (*list)(const Ranking& ranking, float low, float high, uint32_t* units);
  /// For every position the channels whose rank is low or more and whose value is not zero, the first as the lowest bit.
  /// @param channels a multiple of BLOCK, BITS_CHANNELS_MAX at most; the boost's period, if any
  void (*bits)(const Ranking& ranking, uint32_t channels, float low, uint64_t* words);
};
WINNOW_KERNELS(TopKKernels, topKKernels)

}  // namespace winnow
