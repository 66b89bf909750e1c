// Convolutions over active inputs only: the work grows with their number. All taps of one kernel row stay in registers.
#include "train/kernels/sparse_conv.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

/// Active inputs of one channel whose gradients are summed at a time.
constexpr int CHUNK = 64;

/// One output position: the inputs under each kernel row are one run of the list.
template <int COLS>
WINNOW_INLINE void positionSums(const ConvSizes& sizes, const ActiveInputs& active, int position, const float* weight,
                                const float* bias, float* z) {
  const int lanes = sizes.outLanes;
  Vec sums[COLS];
  WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[v] = load(bias + v * LANES);
  for (int tapRow = 0; tapRow < sizes.kernel; tapRow++) {
    const int cell = position + tapRow * sizes.inWidth;
    const uint32_t base = static_cast<uint32_t>(cell * sizes.inLanes);
    const float* rowWeight = weight + static_cast<ptrdiff_t>(tapRow) * sizes.kernel * sizes.inLanes * lanes;
    const uint32_t end = active.starts[cell + sizes.kernel];
    for (uint32_t i = active.starts[cell]; i < end; i++) {
      const float* w = rowWeight + static_cast<ptrdiff_t>(active.index[i] - base) * lanes;
      const Vec value = splat(active.value[i]);
      WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[v] += value * load(w + v * LANES);
    }
  }
  WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(z + v * LANES, sums[v]);
}

void forward(const ConvSizes& sizes, const ActiveInputs& active, const float* weight, const float* bias, float* z) {
  for (int row = 0; row < sizes.outHeight; row++)
    for (int column = 0; column < sizes.outWidth; column++, z += sizes.outLanes)
      forColumns(sizes.outLanes, [&]<int COLS>(int lane) {
        positionSums<COLS>(sizes, active, row * sizes.inWidth + column, weight + lane, bias + lane, z + lane);
      });
}

/// Goes over the kernel rows and groups of taps, with the run of one channel's inputs that each kernel row meets:
/// body.operator()<TAPS, COLS>(kernel row, first tap, first lane, begin, end).
template <typename Body>
WINNOW_INLINE void forTaps(const ConvSizes& sizes, const uint16_t* row, uint32_t begin, uint32_t end, Body&& body) {
  uint32_t first = begin, last = begin;
  for (int tapRow = 0; tapRow < sizes.kernel; tapRow++) {
    while (first < end && row[first] < tapRow) first++;
    while (last < end && row[last] < tapRow + sizes.outHeight) last++;
    if (first >= last) continue;
    for (int tap = 0; tap < sizes.kernel;) {
      const int taps = part(sizes.kernel, tap, ROWS_MAX);
      withConstant<ROWS_MAX>(taps, [&]<int TAPS>() {
        forColumns(planeLanes(sizes.outLanes),
                   [&]<int COLS>(int lane) { body.template operator()<TAPS, COLS>(tapRow, tap, lane, first, last); });
      });
      tap += taps;
    }
  }
}

/// The planes of the gradient, and where in one the output lies that an input reaches by its taps.
struct Planes {
  int lanes, count, columns, margin;
  ptrdiff_t size;

  explicit Planes(const ConvSizes& sizes)
      : lanes(planeLanes(sizes.outLanes)),
        count(sizes.outLanes / lanes),
        columns(sizes.outWidth + 2 * (sizes.kernel - 1)),
        margin(sizes.kernel - 1),
        size(static_cast<ptrdiff_t>(sizes.outHeight) * columns * lanes) {}

  /// For tap (tapRow, tap); the next tap is one column less.
  ptrdiff_t at(int row, int column, int tapRow, int tap) const {
    return static_cast<ptrdiff_t>((row - tapRow) * columns + column + margin - tap) * lanes;
  }
};

void backwardWeight(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, int begin, int end, float* dWeight) {
  const Planes planes(sizes);
  const int lanes = planes.lanes;
  const ptrdiff_t tapStride = static_cast<ptrdiff_t>(sizes.inLanes) * sizes.outLanes;
  for (int plane = 0; plane < planes.count; plane++)
    for (int channel = begin; channel < end; channel++)
      forTaps(sizes, active.row, active.channelStarts[channel], active.channelStarts[channel + 1],
              [&]<int TAPS, int COLS>(int tapRow, int tap, int lane, uint32_t first, uint32_t last) {
                const float* gradients = dz + plane * planes.size + lane;
                float* to = dWeight + (tapRow * sizes.kernel + tap) * tapStride +
                            static_cast<ptrdiff_t>(channel) * sizes.outLanes + plane * lanes + lane;
                Vec sums[TAPS][COLS];
                WINNOW_UNROLL for (int t = 0; t < TAPS; t++)
                  WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[t][v] = load(to + t * tapStride + v * LANES);
                for (uint32_t i = first; i < last; i++) {
                  const float* from = gradients + planes.at(active.row[i], active.column[i], tapRow, tap);
                  const Vec value = splat(active.channelValue[i]);
                  WINNOW_UNROLL for (int t = 0; t < TAPS; t++)
                    WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[t][v] += value * load(from - t * lanes + v * LANES);
                }
                WINNOW_UNROLL for (int t = 0; t < TAPS; t++)
                  WINNOW_UNROLL for (int v = 0; v < COLS; v++) store(to + t * tapStride + v * LANES, sums[t][v]);
              });
}

void backwardData(const ConvSizes& sizes, const ActiveInputs& active, const float* dz, const float* weight, int begin, int end,
                  float* dx) {
  const Planes planes(sizes);
  const int lanes = planes.lanes;
  const ptrdiff_t tapStride = static_cast<ptrdiff_t>(sizes.inLanes) * sizes.outLanes;
  alignas(64) float partial[CHUNK * LANES];
  for (int plane = 0; plane < planes.count; plane++)
    for (int channel = begin; channel < end; channel++)
      for (uint32_t at = active.channelStarts[channel]; at < active.channelStarts[channel + 1]; at += CHUNK) {
        const uint32_t left = active.channelStarts[channel + 1] - at;
        const uint32_t count = left < CHUNK ? left : CHUNK;
        for (uint32_t i = 0; i < count; i++) store(partial + i * LANES, zero());
        forTaps(sizes, active.row, at, at + count,
                [&]<int TAPS, int COLS>(int tapRow, int tap, int lane, uint32_t first, uint32_t last) {
          const float* gradients = dz + plane * planes.size + lane;
          const float* w = weight + (tapRow * sizes.kernel + tap) * tapStride + static_cast<ptrdiff_t>(channel) * sizes.outLanes +
                           plane * lanes + lane;
          Vec weights[TAPS][COLS];
          WINNOW_UNROLL for (int t = 0; t < TAPS; t++)
            WINNOW_UNROLL for (int v = 0; v < COLS; v++) weights[t][v] = load(w + t * tapStride + v * LANES);
          for (uint32_t i = first; i < last; i++) {
            const float* from = gradients + planes.at(active.row[i], active.column[i], tapRow, tap);
            float* to = partial + (i - at) * LANES;
            Vec sums[COLS];
            sums[0] = load(to) + weights[0][0] * load(from);
            WINNOW_UNROLL for (int v = 1; v < COLS; v++) sums[v] = weights[0][v] * load(from + v * LANES);
            WINNOW_UNROLL for (int t = 1; t < TAPS; t++)
              WINNOW_UNROLL for (int v = 0; v < COLS; v++) sums[v] += weights[t][v] * load(from - t * lanes + v * LANES);
            WINNOW_UNROLL for (int v = 1; v < COLS; v++) sums[0] += sums[v];
            store(to, sums[0]);
          }
        });
        for (uint32_t i = 0; i < count; i++) {
          float& to = dx[static_cast<ptrdiff_t>(active.row[at + i] * sizes.inWidth + active.column[at + i]) * sizes.inLanes +
                         channel];
          const float total = sum(load(partial + i * LANES));
          to = plane == 0 ? total : to + total;
        }
      }
}

}  // namespace

extern const SparseConvKernels sparseConvKernels{forward, backwardWeight, backwardData};

}  // namespace winnow::train::WINNOW_ISA
