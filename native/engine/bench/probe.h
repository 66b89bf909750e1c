#pragma once
#include <cstdint>
#include <vector>

#include "core/isa.h"

namespace winnow {

/// What the machine can do at most, measured: the yardstick for the layers of a network.
struct Probe {
  /// Multiply-adds per second, all threads together.
  double multiplyAdds;
  /// The same for 8-bit integers; 0 where the instruction set has nothing for them.
  double multiplyAdds8;
  struct Read {
    /// Of memory that is read over and over, by each thread its own.
    uint64_t bytes;
    /// All threads together.
    double bytesPerSecond;
  };
  /// Ascending: the caches one after another, and memory beyond them.
  std::vector<Read> reads;
};

/// Takes about half a second where nothing else runs. The best of many short rounds counts: whatever else the machine does makes
/// a round slower, never faster.
/// @param threads 1 .. 256
Probe probe(Isa isa, int threads);

}  // namespace winnow
