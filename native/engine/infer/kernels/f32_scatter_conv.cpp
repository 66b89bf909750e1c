#include "infer/kernels.h"
#include "kernels/vector.h"

// Convolution of the few active inputs: each adds its weights to the output positions that its taps reach.

namespace winnow::WINNOW_ISA {

namespace {

constexpr int STEPS = BLOCK / LANES;

void rows(const ScatterRows& conv, const ScatterPlace* places, const float* values, uint32_t count, float* sums) {
  const uint32_t last = conv.kernel - 1;
  const size_t rowFloats = static_cast<size_t>(conv.kernel) * conv.lanes;
  for (uint32_t i = 0; i < count; i++) {
    const auto [channel, y, x] = places[i];
    const Vec value = splat(values[i]);
    const uint32_t topTap = y < last ? y : last, firstTap = y < conv.height ? 0 : y - conv.height + 1;
    // Output columns in reach: from x - last to x, inside the map.
    const uint32_t left = x < last ? 0 : x - last, right = x < conv.width ? x : conv.width - 1;
    const uint32_t run = (right - left + 1) * conv.lanes;
    const uint32_t skipped = (left + last - x) * conv.lanes;
    const float* filters = conv.weights + channel * conv.kernel * rowFloats + skipped;
    for (uint32_t ky = firstTap; ky <= topTap; ky++) {
      float* to = sums + (static_cast<size_t>(y - ky) * conv.width + left) * conv.lanes;
      const float* weights = filters + ky * rowFloats;
      for (uint32_t at = 0; at < run; at += BLOCK)
        for (int n = 0; n < STEPS; n++)
          store(to + at + n * LANES, load(to + at + n * LANES) + value * load(weights + at + n * LANES));
    }
  }
}

void pool(const float* sums, uint32_t lanes, uint32_t channels, uint32_t height, uint32_t width, uint32_t pool, const float* scale,
          const float* shift, float* out) {
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

extern const ScatterConvKernels scatterConvKernels = {rows, pool};

}  // namespace winnow::WINNOW_ISA
