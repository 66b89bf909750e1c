// Max-pooling by vectors of channels.
#include "train/kernels/pool.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

void forward(const PoolSizes& sizes, const float* from, float* to, uint8_t* place) {
  const int lanes = sizes.lanes;
  for (int row = 0; row < sizes.outHeight; row++)
    for (int column = 0; column < sizes.outWidth; column++) {
      const float* window = from + (row * sizes.pool * sizes.width + column * sizes.pool) * lanes;
      for (int lane = 0; lane < lanes; lane += LANES) {
        Vec best = load(window + lane);
        VecI at{};
        for (int cell = 1; cell < sizes.pool * sizes.pool; cell++) {
          const Vec value = load(window + ((cell / sizes.pool) * sizes.width + cell % sizes.pool) * lanes + lane);
          const VecI larger = value > best;
          best = larger ? value : best;
          at = larger ? VecI{} + cell : at;
        }
        store(to + lane, best);
        typedef uint8_t Bytes __attribute__((vector_size(LANES)));
        const Bytes bytes = __builtin_convertvector(at, Bytes);
        __builtin_memcpy(place + lane, &bytes, LANES);
      }
      to += lanes;
      place += lanes;
    }
}

void backward(const PoolSizes& sizes, const float* gradient, const uint8_t* place, float* to) {
  const int lanes = sizes.lanes;
  for (int row = 0; row < sizes.outHeight; row++)
    for (int column = 0; column < sizes.outWidth; column++) {
      float* window = to + (row * sizes.pool * sizes.width + column * sizes.pool) * lanes;
      for (int lane = 0; lane < lanes; lane += LANES) {
        const Vec value = load(gradient + lane);
        typedef uint8_t Bytes __attribute__((vector_size(LANES)));
        Bytes bytes;
        __builtin_memcpy(&bytes, place + lane, LANES);
        const VecI at = __builtin_convertvector(bytes, VecI);
        for (int cell = 0; cell < sizes.pool * sizes.pool; cell++) {
          float* there = window + ((cell / sizes.pool) * sizes.width + cell % sizes.pool) * lanes + lane;
          store(there, at == VecI{} + cell ? value : zero());
        }
      }
      gradient += lanes;
      place += lanes;
    }
}

}  // namespace

extern const PoolKernels poolKernels{forward, backward};

}  // namespace winnow::train::WINNOW_ISA
