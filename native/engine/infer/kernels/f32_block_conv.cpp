#include "infer/kernels.h"
#include "kernels/vector.h"

// Convolution of a dense input whose filters share their taps in blocks: the first layer of a wide network.

namespace winnow::WINNOW_ISA {

namespace {

/// Registers of lanes at a time, and pool windows of four side by side: as many sums as leave a register for the weights.
constexpr int VECTORS = LANES == 16 ? 1 : 2;
constexpr int WINDOWS = LANES == 16 ? 7 : 1;

/// The hot loop: W pool windows of ROWS x COLUMNS sums each. A tap's weights are loaded once for all of them.
template <int ROWS, int COLUMNS, int W>
inline __attribute__((always_inline)) void windows(const BlockConv& conv, const float* corner, uint32_t block, uint32_t half,
                                                   float* out) {
  Vec sums[W][ROWS][COLUMNS][VECTORS];
  for (int w = 0; w < W; w++)
    for (int y = 0; y < ROWS; y++)
      for (int x = 0; x < COLUMNS; x++)
        for (int v = 0; v < VECTORS; v++) sums[w][y][x][v] = zero();
  for (uint32_t tap = conv.starts[block]; tap < conv.starts[block + 1]; tap++) {
    const float* at = corner + conv.tapAt[tap];
    Vec weights[VECTORS];
    for (int v = 0; v < VECTORS; v++) weights[v] = load(conv.weights + tap * BLOCK + half + v * LANES);
    for (int y = 0; y < ROWS; y++, at += conv.inputWidth)
      for (int w = 0; w < W; w++)
        for (int x = 0; x < COLUMNS; x++)
          for (int v = 0; v < VECTORS; v++) sums[w][y][x][v] += splat(at[w * COLUMNS + x]) * weights[v];
  }
  for (int v = 0; v < VECTORS; v++) {
    const uint32_t lane = block * BLOCK + half + v * LANES;
    const Vec scale = load(conv.scale + lane), shift = load(conv.shift + lane);
    for (int w = 0; w < W; w++) {
      Vec largest = sums[w][0][0][v];
      for (int member = 1; member < ROWS * COLUMNS; member++)
        largest = maximum(largest, sums[w][member / COLUMNS][member % COLUMNS][v]);
      store(out + w * conv.lanes + lane, scale * largest + shift);
    }
  }
}

template <int ROWS, int COLUMNS>
inline __attribute__((always_inline)) void pooled(const BlockConv& conv, const float* input, float* out) {
  // As many positions at a time, whatever the pool.
  constexpr int W = ROWS * COLUMNS == 4 ? WINDOWS : 2 * WINDOWS;
  for (uint32_t block = 0; block < conv.lanes / BLOCK; block++)
    for (uint32_t half = 0; half < BLOCK; half += VECTORS * LANES)
      for (uint32_t y = 0; y < conv.rows; y++) {
        const float* row = input + static_cast<size_t>(y) * ROWS * conv.inputWidth;
        float* to = out + static_cast<size_t>(y) * conv.columns * conv.lanes;
        uint32_t x = 0;
        for (; x + W <= conv.columns; x += W)
          windows<ROWS, COLUMNS, W>(conv, row + x * COLUMNS, block, half, to + x * conv.lanes);
        for (; x < conv.columns; x++) windows<ROWS, COLUMNS, 1>(conv, row + x * COLUMNS, block, half, to + x * conv.lanes);
      }
}

void run(const BlockConv& conv, const float* input, float* out) {
  if (conv.rowPool == 2)
    pooled<2, 2>(conv, input, out);
  else if (conv.columnPool == 2)
    pooled<1, 2>(conv, input, out);
  else
    pooled<1, 1>(conv, input, out);
}

void larger(const float* a, const float* b, uint32_t count, float* out) {
  for (uint32_t i = 0; i < count; i += LANES) store(out + i, maximum(load(a + i), load(b + i)));
}

void scaled(const float* from, uint32_t rows, uint32_t lanes, const float* scale, const float* shift, float* out,
            uint32_t stride) {
  for (uint32_t lane = 0; lane < lanes; lane += LANES) {
    const Vec factor = load(scale + lane), added = load(shift + lane);
    for (uint32_t row = 0; row < rows; row++) store(out + row * stride + lane, factor * load(from + row * lanes + lane) + added);
  }
}

}  // namespace

extern const BlockConvKernels blockConvKernels = {run, larger, scaled};

}  // namespace winnow::WINNOW_ISA
