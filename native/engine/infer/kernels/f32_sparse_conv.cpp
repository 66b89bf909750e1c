#include "infer/kernels.h"
#include "kernels/vector.h"

// Convolution of the few active inputs whose weights are too scattered for lists of blocks, and the max-pool of the sums.

namespace winnow::WINNOW_ISA {

namespace {

/// BLOCKS blocks of lanes from `lane` on, at every output position.
template <int BLOCKS>
inline __attribute__((always_inline)) void gatherLanes(const GatherConv& conv, const uint32_t* starts, const uint32_t* offsets,
                                                       const float* values, uint32_t lane, float* sums) {
  constexpr int STEPS = BLOCKS * static_cast<int>(BLOCK) / LANES;
  for (uint32_t y = 0; y < conv.height; y++)
    for (uint32_t x = 0; x < conv.width; x++) {
      Vec sum[STEPS];
      for (int n = 0; n < STEPS; n++) sum[n] = zero();
      for (uint32_t ky = 0; ky < conv.kernel; ky++) {
        const uint32_t* run = starts + (y + ky) * conv.inputWidth + x;
        // Column `column` meets tap column - x.
        const float* weights = conv.weights + ky * conv.rowFloats + lane - static_cast<size_t>(x) * conv.lanes;
        for (uint32_t i = run[0]; i < run[conv.kernel]; i++) {
          const Vec value = splat(values[i]);
          const float* row = weights + offsets[i];
          for (int n = 0; n < STEPS; n++) sum[n] += value * load(row + n * LANES);
        }
      }
      float* to = sums + static_cast<size_t>(y * conv.width + x) * conv.lanes + lane;
      for (int n = 0; n < STEPS; n++) store(to + n * LANES, sum[n]);
    }
}

void gather(const GatherConv& conv, const uint32_t* starts, const uint32_t* offsets, const float* values, float* sums) {
  // As many lanes at a time as leave registers free: 64 with registers of 8 or 16 lanes.
  constexpr uint32_t AT_ONCE = LANES >= 8 ? 4 : 2;
  uint32_t lane = 0;
  for (; lane + AT_ONCE * BLOCK <= conv.lanes; lane += AT_ONCE * BLOCK)
    gatherLanes<AT_ONCE>(conv, starts, offsets, values, lane, sums);
  for (; lane < conv.lanes; lane += BLOCK) gatherLanes<1>(conv, starts, offsets, values, lane, sums);
}

void pool(const float* sums, uint32_t lanes, uint32_t channels, uint32_t height, uint32_t width, uint32_t pool,
          const float* scale, const float* shift, float* out) {
  const uint32_t rows = height / pool, columns = width / pool;
  for (uint32_t py = 0; py < rows; py++)
    for (uint32_t px = 0; px < columns; px++) {
      const float* corner = sums + static_cast<size_t>(py * pool * width + px * pool) * lanes;
      float* to = out + static_cast<size_t>(py * columns + px) * channels;
      for (uint32_t lane = 0; lane < channels; lane += LANES) {
        Vec largest = load(corner + lane);
        for (uint32_t dy = 0; dy < pool; dy++)
          for (uint32_t dx = 0; dx < pool; dx++)
            largest = maximum(largest, load(corner + static_cast<size_t>(dy * width + dx) * lanes + lane));
        const Vec value = load(scale + lane) * largest + load(shift + lane);
        if (lane + LANES <= channels) {
          store(to + lane, value);
        } else {
          float part[LANES];
          store(part, value);
          for (uint32_t i = 0; lane + i < channels; i++) to[lane + i] = part[i];
        }
      }
    }
}

}  // namespace

extern const SparseConvKernels sparseConvKernels = {gather, pool};

}  // namespace winnow::WINNOW_ISA
