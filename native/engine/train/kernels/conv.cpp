// Dense direct convolutions by register tiles: ROWS output positions of one row against COLS vectors of output channels.
#include "train/kernels/conv.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

/// Weights of one block of taps should stay in the first-level cache while all positions pass by.
constexpr int WEIGHT_BLOCK_BYTES = 16 * 1024;
constexpr int TAPS_MAX = 15 * 15;

/// z[p][.] (+)= sum over taps and inputs of x[p * xStep + tap offset + input] * w[tap * wTap + input * lanes][.]
/// @param start what the sums begin with: `COLS` vectors that all positions share, or null to add to z
template <int ROWS, int COLS>
WINNOW_INLINE void positionsTile(const float* x, int xStep, const int* tapOffset, int taps, int inputs, const float* w, ptrdiff_t wTap,
                                 int lanes, const float* start, float* z, int zStep) {
  Vec sums[ROWS][COLS];
  WINNOW_UNROLL for (int p = 0; p < ROWS; p++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[p][v] = load(start ? start + v * LANES : z + p * zStep + v * LANES);
  for (int tap = 0; tap < taps; tap++, w += wTap) {
    const float* from = x + tapOffset[tap];
    const float* row = w;
    for (int input = 0; input < inputs; input++, from++, row += lanes) {
      Vec weights[COLS];
      WINNOW_UNROLL for (int v = 0; v < COLS; v++) weights[v] = load(row + v * LANES);
      WINNOW_UNROLL for (int p = 0; p < ROWS; p++) {
        const Vec value = splat(from[p * xStep]);
        WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[p][v] += value * weights[v];
      }
    }
  }
  WINNOW_UNROLL for (int p = 0; p < ROWS; p++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(z + p * zStep + v * LANES, sums[p][v]);
}

void forward(const ConvSizes& sizes, const float* x, const float* weight, const float* bias, float* z) {
  const int kernel = sizes.kernel, lanes = sizes.outLanes, inputs = sizes.inChannels;
  const int taps = kernel * kernel;
  int offset[TAPS_MAX];
  for (int tap = 0; tap < taps; tap++) offset[tap] = ((tap / kernel) * sizes.inWidth + tap % kernel) * sizes.inLanes;
  const ptrdiff_t tapStride = static_cast<ptrdiff_t>(sizes.inLanes) * lanes;
  int block = WEIGHT_BLOCK_BYTES / (inputs * lanes * 4);
  block = block < 1 ? 1 : block;
  for (int tap = 0; tap < taps; tap += block) {
    const int count = taps - tap < block ? taps - tap : block;
    const float* blockWeight = weight + tap * tapStride;
    for (int row = 0; row < sizes.outHeight; row++)
      for (int column = 0; column < sizes.outWidth;) {
        const int positions = part(sizes.outWidth, column, ROWS_MAX);
        const float* from = x + (row * sizes.inWidth + column) * sizes.inLanes;
        float* to = z + (row * sizes.outWidth + column) * lanes;
        withConstant<ROWS_MAX>(positions, [&]<int ROWS>() {
          forColumns(lanes, [&]<int COLS>(int lane) {
            positionsTile<ROWS, COLS>(from, sizes.inLanes, offset + tap, count, inputs, blockWeight + lane, tapStride,
                                      lanes, tap == 0 ? bias + lane : nullptr, to + lane, lanes);
          });
        });
        column += positions;
      }
  }
}

void backwardData(const ConvSizes& sizes, const float* dz, const float* transposed, float* dx) {
  const int kernel = sizes.kernel, lanes = sizes.inLanes;
  const int size = sizes.inHeight * sizes.inWidth * lanes;
  for (int i = 0; i < size; i += LANES) store(dx + i, zero());
  const int none = 0;
  for (int tap = 0; tap < kernel * kernel; tap++) {
    const float* weight = transposed + static_cast<size_t>(tap) * sizes.outChannels * lanes;
    for (int row = 0; row < sizes.outHeight; row++)
      for (int column = 0; column < sizes.outWidth;) {
        const int positions = part(sizes.outWidth, column, ROWS_MAX);
        const float* from = dz + (row * sizes.outWidth + column) * sizes.outLanes;
        float* to = dx + ((row + tap / kernel) * sizes.inWidth + column + tap % kernel) * lanes;
        withConstant<ROWS_MAX>(positions, [&]<int ROWS>() {
          forColumns(lanes, [&]<int COLS>(int lane) {
            positionsTile<ROWS, COLS>(from, sizes.outLanes, &none, 1, sizes.outChannels, weight + lane, 0, lanes, nullptr, to + lane,
                                      lanes);
          });
        });
        column += positions;
      }
  }
}

/// dw[r][.] += sum over positions of x[position + offset[r]] * dz[position][.]
template <int ROWS, int COLS>
WINNOW_INLINE void weightsTile(const ConvSizes& sizes, const float* x, const int* offset, const float* dz, float* dw) {
  const int lanes = sizes.outLanes;
  Vec sums[ROWS][COLS];
  const float* from[ROWS];
  WINNOW_UNROLL for (int r = 0; r < ROWS; r++) {
    from[r] = x + offset[r];
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[r][v] = load(dw + r * lanes + v * LANES);
  }
  for (int row = 0; row < sizes.outHeight; row++) {
    ptrdiff_t at = static_cast<ptrdiff_t>(row) * sizes.inWidth * sizes.inLanes;
    for (int column = 0; column < sizes.outWidth; column++, at += sizes.inLanes, dz += lanes) {
      Vec gradients[COLS];
      WINNOW_UNROLL for (int v = 0; v < COLS; v++) gradients[v] = load(dz + v * LANES);
      WINNOW_UNROLL for (int r = 0; r < ROWS; r++) {
        const Vec value = splat(from[r][at]);
        WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[r][v] += value * gradients[v];
      }
    }
  }
  WINNOW_UNROLL for (int r = 0; r < ROWS; r++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(dw + r * lanes + v * LANES, sums[r][v]);
}

void backwardWeight(const ConvSizes& sizes, const float* x, const float* dz, const int* offset, int begin, int end,
                    float* dWeight) {
  for (int row = begin; row < end;) {
    const int rows = part(end, row, ROWS_MAX);
    withConstant<ROWS_MAX>(rows, [&]<int ROWS>() {
      forColumns(sizes.outLanes, [&]<int COLS>(int lane) {
        weightsTile<ROWS, COLS>(sizes, x, offset + row, dz + lane, dWeight + static_cast<size_t>(row) * sizes.outLanes + lane);
      });
    });
    row += rows;
  }
}

}  // namespace

extern const ConvKernels convKernels{forward, backwardData, backwardWeight};

}  // namespace winnow::train::WINNOW_ISA
