// Dense direct convolutions by register tiles: ROWS output positions of one row against COLS vectors of output channels.
#include "train/kernels/conv.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

/// Weights of one block of rows should stay in the first-level cache while all positions pass by.
constexpr int WEIGHT_BLOCK_BYTES = 16 * 1024;

/// z[p][.] (+)= sum over r < count of x[p * xStep + offset(r)] * w[place(r) * wStep][.]
/// @param start what the sums begin with: `COLS` vectors that all positions share, or null to add to z
template <int ROWS, int COLS, typename Offset, typename Place>
WINNOW_INLINE void positionsTile(const float* x, int xStep, int count, Offset offset, Place place, const float* w, int wStep,
                                 const float* start, float* z, int zStep) {
  Vec sums[ROWS][COLS];
  WINNOW_UNROLL for (int p = 0; p < ROWS; p++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[p][v] = load(start ? start + v * LANES : z + p * zStep + v * LANES);
  for (int r = 0; r < count; r++) {
    const float* from = x + offset(r);
    const float* row = w + static_cast<ptrdiff_t>(place(r)) * wStep;
    Vec weights[COLS];
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) weights[v] = load(row + v * LANES);
    WINNOW_UNROLL for (int p = 0; p < ROWS; p++) {
      const Vec value = splat(from[p * xStep]);
      WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[p][v] += value * weights[v];
    }
  }
  WINNOW_UNROLL for (int p = 0; p < ROWS; p++)
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(z + p * zStep + v * LANES, sums[p][v]);
}

/// Goes over the output positions in runs of one row: body.operator()<ROWS>(row, column).
template <typename Body>
WINNOW_INLINE void forPositions(const ConvSizes& sizes, Body&& body) {
  for (int row = 0; row < sizes.outHeight; row++)
    for (int column = 0; column < sizes.outWidth;) {
      const int positions = part(sizes.outWidth, column, ROWS_MAX);
      withConstant<ROWS_MAX>(positions, [&]<int ROWS>() { body.template operator()<ROWS>(row, column); });
      column += positions;
    }
}

void forward(const ConvSizes& sizes, const ConvRows& rows, const float* x, const float* weight, const float* bias, float* z) {
  const int lanes = sizes.outLanes;
  int block = WEIGHT_BLOCK_BYTES / (lanes * 4);
  block = block < 1 ? 1 : block;
  for (int begin = 0; begin == 0 || begin < rows.count; begin += block) {
    const int count = rows.count - begin < block ? rows.count - begin : block;
    const int *place = rows.place + begin, *offset = rows.offset + begin;
    forPositions(sizes, [&]<int ROWS>(int row, int column) {
      const float* from = x + (row * sizes.inWidth + column) * sizes.inLanes;
      float* to = z + (row * sizes.outWidth + column) * lanes;
      forColumns(lanes, [&]<int COLS>(int lane) {
        positionsTile<ROWS, COLS>(from, sizes.inLanes, count, [=](int r) { return offset[r]; }, [=](int r) { return place[r]; },
                                  weight + lane, lanes, begin == 0 ? bias + lane : nullptr, to + lane, lanes);
      });
    });
  }
}

/// The gradient of a tap's inputs at some positions, all lanes of them.
template <int ROWS>
WINNOW_INLINE void tapGradient(const ConvSizes& sizes, const ConvTap& tap, const float* dz, bool add, float* to, int step) {
  alignas(64) static constexpr float ZEROS[COLS_MAX * LANES] = {};
  const auto same = [](int out) { return out; };
  forColumns(tap.lanes, [&]<int COLS>(int lane) {
    positionsTile<ROWS, COLS>(dz, sizes.outLanes, sizes.outChannels, same, same, tap.transposed + lane, tap.lanes,
                              add ? nullptr : ZEROS, to + lane, step);
  });
}

void backwardData(const ConvSizes& sizes, const ConvTap* taps, const float* dz, float* dx) {
  const int kernel = sizes.kernel, lanes = sizes.inLanes;
  const int size = sizes.inHeight * sizes.inWidth * lanes;
  for (int i = 0; i < size; i += LANES) store(dx + i, zero());
  alignas(64) float few[ROWS_MAX * CONV_FEW_LANES];
  for (int t = 0; t < kernel * kernel; t++) {
    const ConvTap& tap = taps[t];
    if (tap.lanes == 0) continue;
    forPositions(sizes, [&]<int ROWS>(int row, int column) {
      const float* from = dz + (row * sizes.outWidth + column) * sizes.outLanes;
      float* to = dx + ((row + t / kernel) * sizes.inWidth + column + t % kernel) * lanes;
      if (!tap.channel) {
        tapGradient<ROWS>(sizes, tap, from, true, to, lanes);
        return;
      }
      tapGradient<ROWS>(sizes, tap, from, false, few, tap.lanes);
      for (int p = 0; p < ROWS; p++)
        for (int i = 0; i < tap.count; i++) to[p * lanes + tap.channel[i]] += few[p * tap.lanes + i];
    });
  }
}

/// dw[place[r]][.] += sum over positions of x[position + offset[r]] * dz[position][.]
template <int ROWS, int COLS>
WINNOW_INLINE void weightsTile(const ConvSizes& sizes, const float* x, const int* offset, const int* place, const float* dz,
                               float* dw) {
  const int lanes = sizes.outLanes;
  Vec sums[ROWS][COLS];
  const float* from[ROWS];
  WINNOW_UNROLL for (int r = 0; r < ROWS; r++) {
    from[r] = x + offset[r];
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[r][v] = load(dw + static_cast<ptrdiff_t>(place[r]) * lanes + v * LANES);
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
    WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(dw + static_cast<ptrdiff_t>(place[r]) * lanes + v * LANES, sums[r][v]);
}

void backwardWeight(const ConvSizes& sizes, const ConvRows& rows, const float* x, const float* dz, float* dWeight) {
  for (int row = 0; row < rows.count;) {
    const int some = part(rows.count, row, ROWS_MAX);
    withConstant<ROWS_MAX>(some, [&]<int ROWS>() {
      forColumns(sizes.outLanes, [&]<int COLS>(int lane) {
        weightsTile<ROWS, COLS>(sizes, x, rows.offset + row, rows.place + row, dz + lane, dWeight + lane);
      });
    });
    row += some;
  }
}

}  // namespace

extern const ConvKernels convKernels{forward, backwardData, backwardWeight};

}  // namespace winnow::train::WINNOW_ISA
