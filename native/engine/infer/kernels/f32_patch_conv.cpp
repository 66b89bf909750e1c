#include "infer/kernels.h"
#include "kernels/vector.h"

// Convolution of a dense input: the first layer, three quarters of the sparse network's multiplies.

namespace winnow::WINNOW_ISA {

namespace {

/// As many registers' worth of positions at a time as leaves room for the broadcast weight.
constexpr int STEPS = LANES == 16 ? 3 : 1;

/// The last positions of a channel, fewer than a register holds.
inline __attribute__((always_inline)) void storePart(float* to, Vec value, uint32_t count) {
  float lane[LANES];
  store(lane, value);
  for (uint32_t i = 0; i < count; i++) to[i] = lane[i];
}

/// The hot loop: N registers of positions of one channel, pool of 2: each tap feeds four sums.
template <int N, bool WHOLE>
inline __attribute__((always_inline)) void pooledByTwo(const PatchConv& conv, const float* patches, uint32_t first,
                                                       float* out) {
  const size_t stride = conv.stride, gridRow = conv.gridRow;
  const float* base = patches + first;
  const uint32_t* tapAt = conv.tapAt;
  const float* tapWeight = conv.tapWeight;
  for (uint32_t channel = 0; channel < conv.channels; channel++) {
    Vec s00[N], s01[N], s10[N], s11[N];
    for (int n = 0; n < N; n++) s00[n] = s01[n] = s10[n] = s11[n] = zero();
    const uint32_t* end = conv.tapAt + conv.starts[channel + 1];
    for (; tapAt < end; tapAt++, tapWeight++) {
      const float* at = base + *tapAt;
      const Vec weight = splat(*tapWeight);
      for (int n = 0; n < N; n++) {
        s00[n] += weight * load(at + n * LANES);
        s01[n] += weight * load(at + stride + n * LANES);
        s10[n] += weight * load(at + gridRow + n * LANES);
        s11[n] += weight * load(at + gridRow + stride + n * LANES);
      }
    }
    const Vec scale = splat(conv.scale[channel]), shift = splat(conv.shift[channel]);
    float* to = out + static_cast<size_t>(channel) * conv.positions + first;
    for (int n = 0; n < N; n++) {
      const Vec value = scale * maximum(maximum(s00[n], s01[n]), maximum(s10[n], s11[n])) + shift;
      if (WHOLE)
        store(to + n * LANES, value);
      else
        storePart(to, value, conv.positions - first);
    }
  }
}

/// Any pool, one of its members after the other.
inline __attribute__((always_inline)) void pooledByAny(const PatchConv& conv, const float* patches, uint32_t first, float* out) {
  const float* base = patches + first;
  for (uint32_t channel = 0; channel < conv.channels; channel++) {
    const uint32_t begin = conv.starts[channel], end = conv.starts[channel + 1];
    Vec largest = zero();
    for (uint32_t dy = 0; dy < conv.pool; dy++)
      for (uint32_t dx = 0; dx < conv.pool; dx++) {
        const float* member = base + static_cast<size_t>(dy) * conv.gridRow + static_cast<size_t>(dx) * conv.stride;
        Vec even = zero(), odd = zero();
        uint32_t tap = begin;
        for (; tap + 1 < end; tap += 2) {
          even += splat(conv.tapWeight[tap]) * load(member + conv.tapAt[tap]);
          odd += splat(conv.tapWeight[tap + 1]) * load(member + conv.tapAt[tap + 1]);
        }
        if (tap < end) even += splat(conv.tapWeight[tap]) * load(member + conv.tapAt[tap]);
        const Vec sum = even + odd;
        largest = dy == 0 && dx == 0 ? sum : maximum(largest, sum);
      }
    float* to = out + static_cast<size_t>(channel) * conv.positions + first;
    const Vec value = splat(conv.scale[channel]) * largest + splat(conv.shift[channel]);
    if (conv.positions - first >= LANES)
      store(to, value);
    else
      storePart(to, value, conv.positions - first);
  }
}

void run(const PatchConv& conv, const float* patches, float* out) {
  uint32_t first = 0;
  if (conv.pool == 2) {
    for (; first + STEPS * LANES <= conv.positions; first += STEPS * LANES)
      pooledByTwo<STEPS, true>(conv, patches, first, out);
    for (; first + LANES <= conv.positions; first += LANES) pooledByTwo<1, true>(conv, patches, first, out);
    if (first < conv.positions) pooledByTwo<1, false>(conv, patches, first, out);
  } else {
    for (; first < conv.positions; first += LANES) pooledByAny(conv, patches, first, out);
  }
}

void copyRow(const float* src, float* dst, uint32_t count) {
  for (uint32_t i = 0; i < count; i += LANES) store(dst + i, load(src + i));
}

}  // namespace

extern const PatchConvKernels patchConvKernels = {run, copyRow};

}  // namespace winnow::WINNOW_ISA
