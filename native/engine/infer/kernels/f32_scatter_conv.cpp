#include "infer/kernels.h"
#include "kernels/vector.h"

// Convolution of the few active inputs: each adds its weights to the output positions that its taps reach.

namespace winnow::WINNOW_ISA {

namespace {

constexpr int STEPS = BLOCK / LANES;

inline __attribute__((always_inline)) void addBlock(float* to, const float* weights, Vec value) {
  for (int n = 0; n < STEPS; n++) store(to + n * LANES, load(to + n * LANES) + value * load(weights + n * LANES));
}

void run(const ScatterConv& conv, const ScatterInput* inputs, const float* values, uint32_t count, float* sums) {
  for (uint32_t i = 0; i < count; i++) {
    const ScatterInput input = inputs[i];
    const Vec value = splat(values[i]);
    const uint32_t end = conv.starts[input.channel + 1];
    for (uint32_t b = conv.starts[input.channel]; b < end; b++) {
      const ScatterBlock block = conv.blocks[b];
      const uint32_t y = input.row - block.row, x = input.column - block.column;
      if (y < conv.height && x < conv.width)
        addBlock(sums + static_cast<size_t>(y * conv.width + x) * conv.lanes + block.lane, conv.weights + static_cast<size_t>(b) * BLOCK,
                 value);
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

extern const ScatterConvKernels scatterConvKernels = {run, pool};

}  // namespace winnow::WINNOW_ISA
