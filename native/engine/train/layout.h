#pragma once
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "core/spec.h"

// How the trainer lays out its numbers.
//
// Tensors between layers are channels-last. Channels are padded with zeros to a multiple of PAD (one AVX-512 vector), so
// that a kernel always works on whole vectors and never asks which channels exist:
//
//      one sample of a 64 x 14 x 14 tensor                        13 channels, padded to 16 lanes
//
//        column 0        column 1                                 +--+--+--+--+ .. +--+--+--+--+
//      +---------------+---------------+-- - -                    |c0|c1|c2|c3|    |12| 0| 0| 0|
//      | c0 c1 ... c63 | c0 c1 ... c63 |        row 0             +--+--+--+--+ .. +--+--+--+--+
//      +---------------+---------------+-- - -
//      | c0 c1 ... c63 |                        row 1             value   [sample][row][column][lane]
//      +---------------+-- - -                                    of a linear layer: [sample][lane]
//
// Convolution weights stand with the output channels in the lanes, so that one input value, broadcast, meets a whole
// vector of filters; linear weights stand by unit, their inputs in the order of the tensor that they read:
//
//      conv    weight [tap row][tap column][in][out lane]          z[p][.] += x[p + tap][in] * w[tap][in][.]
//      linear  weight [unit][row][column][lane]  (dense)           y[u]     = x[.] . w[u][.]
//              weight by input: units, values    (sparse)          y[units] += x[i] * values   for the inputs that are not zero
//              weight by unit: inputs, values    (few weights)     y[u][.] += x[i][.] * value   over samples, in turned tensors
//
// All matrix work is a tile of registers: ROWS values broadcast against COLS vectors, ROWS x COLS sums that stay in
// registers while the reduction runs:
//
//                      w0      w1      w2      w3        (vectors)
//                   +-------+-------+-------+-------+
//      splat x[p0]  | sum00 | sum01 | sum02 | sum03 |
//      splat x[p1]  | sum10 | ...                   |    24 sums, 24 multiply-adds for 4 + 6 loads
//         ...       |                               |
//      splat x[p5]  | sum50 | ...             sum53 |
//                   +-------+-------+-------+-------+
//
// Nothing that is summed across samples depends on the number of threads: a task owns what it writes (a sample in forward
// and backward-data, a block of weights in backward-weight), and batch statistics are merged in the order of the samples.

namespace winnow::train {

/// Channels are padded to a multiple of this.
constexpr uint32_t PAD = 16;

inline uint32_t padded(uint32_t channels) { return (channels + PAD - 1) / PAD * PAD; }

/// Memory for kernels starts at a cache line: a vector of 64 bytes that crosses two costs twice.
template <typename T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t ALIGNMENT{64};

  CacheLineAllocator() = default;
  template <typename U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), ALIGNMENT)); }
  void deallocate(T* memory, size_t) { ::operator delete(memory, ALIGNMENT); }
  bool operator==(const CacheLineAllocator&) const { return true; }
};
using Floats = std::vector<float, CacheLineAllocator<float>>;

/// What passes between two layers for one mini-batch.
struct Flow {
  uint32_t height = 1, width = 1, channels = 0, lanes = 0;
  /// Whether `active` lists the values that winners passed; all others are zero, and their gradients mean nothing.
  bool sparse = false;
  /// Most active values of one sample.
  uint32_t most = 0;

  Floats value, gradient;
  /// Positions within the sample, ascending: [sample][most] and [sample].
  std::vector<uint32_t> active, activeCount;

  size_t size() const { return static_cast<size_t>(height) * width * lanes; }

  void reserve(size_t samples) {
    if (value.size() >= samples * size()) return;
    value.resize(samples * size());
    gradient.resize(samples * size());
    active.resize(samples * most);
    activeCount.resize(samples);
  }

  float* values(size_t sample) { return value.data() + sample * size(); }
  const float* values(size_t sample) const { return value.data() + sample * size(); }
  float* gradients(size_t sample) { return gradient.data() + sample * size(); }
  const float* gradients(size_t sample) const { return gradient.data() + sample * size(); }
  uint32_t* actives(size_t sample) { return active.data() + sample * most; }
  const uint32_t* actives(size_t sample) const { return active.data() + sample * most; }
};

/// One optimiser step's numbers (see TrainStep in src/worker/network/native.ts).
struct Step {
  float learningRate = 0.01f;
  float momentum = 0;
  float weightDecay = 0;
  float boostScale = 1;
};

}  // namespace winnow::train
