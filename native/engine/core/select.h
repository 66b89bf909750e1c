#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/spec.h"

namespace winnow {

/// Where element (channel, row, column) of a tensor lies in memory.
struct TensorLayout {
  uint32_t channels, height, width;
  uint32_t channelStride, rowStride, columnStride;

  static TensorLayout channelsFirst(uint32_t channels, uint32_t height, uint32_t width) {
    return {channels, height, width, height * width, width, 1};
  }
  /// [row][column][channel], the channels padded to `lanes`.
  static TensorLayout padded(uint32_t channels, uint32_t height, uint32_t width, uint32_t lanes) {
    return {channels, height, width, 1, width * lanes, lanes};
  }
  /// [row][column][channel]
  static TensorLayout channelsLast(uint32_t channels, uint32_t height, uint32_t width) {
    return {channels, height, width, 1, width * channels, channels};
  }
  uint32_t size() const { return channels * height * width; }
};

/// Bits of a float, arranged so that unsigned comparison orders them as the numbers (-0 equals +0; NaN is not ordered).
inline uint32_t sortKey(float value) {
  const uint32_t bits = __builtin_bit_cast(uint32_t, value + 0.0f);
  return bits ^ (static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) | 0x80000000u);
}

/// The largest key t such that at least k keys are >= t, in time linear in n: a sample of the keys brackets t, and a radix
/// descent (11 + 11 + 10 bits) finds it among the keys of the bracket. 1 <= k <= n.
/// @param rest memory for n + 1 keys
/// @param above receives how many keys are greater than t
uint32_t kthLargestKey(const uint32_t* keys, uint32_t n, uint32_t k, uint32_t* rest, uint32_t& above);

/// Chooses exactly k winners in every competition of a layer; ties go to the lowest index `[channel][row][column]`,
/// whatever the layout in memory. Finite values only.
class Selector {
 public:
  /// Memory that one thread needs while it selects.
  struct Scratch {
    std::vector<uint32_t> keys, rest;
  };

  /// @param inferenceFactor multiplies each competition's k (1 in training)
  Selector(const Selection& selection, const WinnerCount& count, const TensorLayout& layout, double inferenceFactor = 1);

  /// Winners at most (exactly, unless the selection is a threshold).
  uint32_t most() const { return most_; }

  /// @param values the tensor, boosted where boosting applies
  /// @param winners receives memory positions, ascending; room for `most()`
  /// @returns how many
  uint32_t select(const float* values, uint32_t* winners, Scratch& scratch) const;

 private:
  struct Competition {
    uint32_t begin, end;  // in order_
    uint32_t k;
    int64_t start;  // of the run of memory that it fills, or -1 where it is scattered
  };

  bool byThreshold_;
  float threshold_;
  uint32_t most_;
  std::vector<uint32_t> order_;  // memory positions, competition by competition, channel-major within each
  std::vector<Competition> competitions_;
};

}  // namespace winnow
