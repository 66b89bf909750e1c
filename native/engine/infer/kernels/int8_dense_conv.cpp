#include "infer/kernels.h"
#include "kernels/vector.h"

#if defined(__AVX512VNNI__)
#include <immintrin.h>
#endif

// The first layer in 8 bits, and what every 8-bit layer does to its sums.

namespace winnow::WINNOW_ISA {

namespace {

void requantise(float* sums, uint32_t count, uint32_t shift) {
  const VecI half = VecI{} + (shift == 0 ? 0 : 1 << (shift - 1)), most = VecI{} + 255, none{};
  for (uint32_t i = 0; i < count; i += LANES) {
    VecI value = (__builtin_convertvector(load(sums + i), VecI) + half) >> static_cast<int32_t>(shift);
    value = value < none ? none : value;
    value = value > most ? most : value;
    store(sums + i, __builtin_convertvector(value, Vec));
  }
}

#if defined(__AVX512VNNI__)
/// The hot loop: vpdpbusd multiplies four taps of sixteen channels at once. The weights of a group of channels stay in
/// registers while all positions pass.
template <int QUADS>
inline __attribute__((always_inline)) void pooledByTwo(const DenseConv8& conv, const uint8_t* patches, float* out) {
  const uint32_t bytes = QUADS * 4, rows = conv.height / 2, columns = conv.width / 2;
  for (uint32_t lane = 0; lane < conv.lanes; lane += BLOCK) {
    __m512i weights[QUADS];
    for (int q = 0; q < QUADS; q++) weights[q] = _mm512_loadu_si512(conv.weights + (static_cast<size_t>(lane) * QUADS + q * BLOCK) * 4);
    const __m512i bias = _mm512_loadu_si512(conv.bias + lane);
    for (uint32_t y = 0; y < rows; y++)
      for (uint32_t x = 0; x < columns; x++) {
        const uint8_t* upper = patches + static_cast<size_t>(2 * y * conv.width + 2 * x) * bytes;
        const uint8_t* lower = upper + static_cast<size_t>(conv.width) * bytes;
        __m512i a{}, b{}, c{}, d{};
        for (int q = 0; q < QUADS; q++) {
          const auto four = [&](const uint8_t* at) {
            int32_t taps;
            __builtin_memcpy(&taps, at + q * 4, 4);
            return _mm512_set1_epi32(taps);
          };
          a = _mm512_dpbusd_epi32(a, four(upper), weights[q]);
          b = _mm512_dpbusd_epi32(b, four(upper + bytes), weights[q]);
          c = _mm512_dpbusd_epi32(c, four(lower), weights[q]);
          d = _mm512_dpbusd_epi32(d, four(lower + bytes), weights[q]);
        }
        const __m512i largest = _mm512_max_epi32(_mm512_max_epi32(a, b), _mm512_max_epi32(c, d));
        _mm512_storeu_ps(out + static_cast<size_t>(y * columns + x) * conv.lanes + lane,
                         _mm512_cvtepi32_ps(_mm512_add_epi32(largest, bias)));
      }
  }
}

void run(const DenseConv8& conv, const uint8_t* patches, float* out) { pooledByTwo<DENSE_CONV8_QUADS>(conv, patches, out); }
constexpr auto dense = run;
#else
constexpr void (*dense)(const DenseConv8&, const uint8_t*, float*) = nullptr;
#endif

}  // namespace

extern const Int8Kernels int8Kernels = {requantise, dense};

}  // namespace winnow::WINNOW_ISA
