#pragma once
#include <array>
#include <cstdint>

namespace winnow {

/// xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64. Small state, the same numbers on every machine.
class Random {
 public:
  explicit Random(uint64_t seed = 0) {
    for (auto& word : state_) word = splitmix(seed);
  }

  /// A stream of its own for each combination, for work that is done in parallel.
  static Random stream(uint64_t seed, uint64_t a, uint64_t b = 0) {
    uint64_t mixed = seed;
    mixed = splitmix(mixed) ^ a;
    mixed = splitmix(mixed) ^ b;
    return Random(splitmix(mixed));
  }

  uint64_t next() {
    const uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24f; }

  /// Uniform in 0..bound-1 without bias (bound > 0).
  uint32_t below(uint32_t bound) {
    const uint32_t reject = (0u - bound) % bound;
    for (;;) {
      const uint64_t product = (next() >> 32) * bound;
      if (static_cast<uint32_t>(product) >= reject) return static_cast<uint32_t>(product >> 32);
    }
  }

  const std::array<uint64_t, 4>& state() const { return state_; }
  void restore(const std::array<uint64_t, 4>& state) { state_ = state; }

 private:
  static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static uint64_t splitmix(uint64_t& x) {
    uint64_t z = (x += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }

  std::array<uint64_t, 4> state_;
};

}  // namespace winnow
