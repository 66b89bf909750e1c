#include "infer/kernels.h"
#include "kernels/vector.h"

#if defined(__AVX512VNNI__)
#include <immintrin.h>
#endif

// Convolutions in 8 bits, and what every 8-bit layer does to its sums.

namespace winnow::WINNOW_ISA {

namespace {

typedef uint8_t Bytes __attribute__((vector_size(LANES)));

void requantise(float* sums, uint32_t count, uint32_t shift, uint8_t* bytes) {
  const VecI half = VecI{} + (shift == 0 ? 0 : 1 << (shift - 1)), most = VecI{} + 255, none{};
  for (uint32_t i = 0; i < count; i += LANES) {
    VecI value = (__builtin_convertvector(load(sums + i), VecI) + half) >> static_cast<int32_t>(shift);
    value = value < none ? none : value;
    value = value > most ? most : value;
    store(sums + i, __builtin_convertvector(value, Vec));
    if (bytes) {
      const Bytes narrow = __builtin_convertvector(value, Bytes);
      __builtin_memcpy(bytes + i, &narrow, LANES);
    }
  }
}

#if defined(__AVX512VNNI__)
/// Pool windows side by side.
constexpr uint32_t WINDOWS = 4;

/// Lays every position's taps side by side, so that four of them are one load.
inline void layPatches(const DenseConv8& conv, const float* input, uint8_t* bytes, uint8_t* patches) {
  const uint32_t width = conv.width + DENSE_CONV8_KERNEL - 1, count = width * (conv.height + DENSE_CONV8_KERNEL - 1);
  for (uint32_t i = 0; i < count; i++) bytes[i] = static_cast<uint8_t>(static_cast<int32_t>(input[i]));
  for (uint32_t y = 0; y < conv.height; y++)
    for (uint32_t x = 0; x < conv.width; x++, patches += DENSE_CONV8_PATCH)
      // Eight bytes are as fast as five; the rows that follow overwrite the rest, and the last three have no weight.
      for (uint32_t ky = 0; ky < DENSE_CONV8_KERNEL; ky++)
        __builtin_memcpy(patches + ky * DENSE_CONV8_KERNEL, bytes + (y + ky) * width + x, 8);
}

/// The hot loop: vpdpbusd multiplies four taps of sixteen filters at once. A quad's weights are loaded once for W pool windows.
template <uint32_t W>
inline __attribute__((always_inline)) void poolWindows(const DenseConv8& conv, const uint8_t* corner, uint32_t block,
                                                       float* out) {
  __m512i sums[W][4];
  for (uint32_t w = 0; w < W; w++)
    for (int m = 0; m < 4; m++) sums[w][m] = _mm512_setzero_si512();
  const size_t row = static_cast<size_t>(conv.width) * DENSE_CONV8_PATCH;
  for (uint32_t quad = conv.starts[block]; quad < conv.starts[block + 1]; quad++) {
    const __m512i weights = _mm512_loadu_si512(conv.weights + static_cast<size_t>(quad) * BLOCK * 4);
    const uint8_t* at = corner + conv.quadAt[quad];
    for (uint32_t w = 0; w < W; w++)
      for (uint32_t m = 0; m < 4; m++) {
        int32_t taps;
        __builtin_memcpy(&taps, at + m / 2 * row + (2 * w + m % 2) * DENSE_CONV8_PATCH, 4);
        sums[w][m] = _mm512_dpbusd_epi32(sums[w][m], _mm512_set1_epi32(taps), weights);
      }
  }
  const __m512i bias = _mm512_loadu_si512(conv.bias + block * BLOCK);
  for (uint32_t w = 0; w < W; w++) {
    const __m512i largest = _mm512_max_epi32(_mm512_max_epi32(sums[w][0], sums[w][1]), _mm512_max_epi32(sums[w][2], sums[w][3]));
    _mm512_storeu_ps(out + static_cast<size_t>(w) * conv.lanes + block * BLOCK,
                     _mm512_cvtepi32_ps(_mm512_add_epi32(largest, bias)));
  }
}

void pooledByTwo(const DenseConv8& conv, const float* input, uint8_t* bytes, uint8_t* patches, float* out) {
  layPatches(conv, input, bytes, patches);
  const uint32_t rows = conv.height / 2, columns = conv.width / 2;
  for (uint32_t block = 0; block < conv.lanes / BLOCK; block++)
    for (uint32_t y = 0; y < rows; y++) {
      const uint8_t* row = patches + static_cast<size_t>(2 * y) * conv.width * DENSE_CONV8_PATCH;
      float* to = out + static_cast<size_t>(y) * columns * conv.lanes;
      uint32_t x = 0;
      for (; x + WINDOWS <= columns; x += WINDOWS)
        poolWindows<WINDOWS>(conv, row + static_cast<size_t>(2 * x) * DENSE_CONV8_PATCH, block, to + x * conv.lanes);
      for (; x < columns; x++)
        poolWindows<1>(conv, row + static_cast<size_t>(2 * x) * DENSE_CONV8_PATCH, block, to + x * conv.lanes);
    }
}
constexpr auto dense = pooledByTwo;

/// The hot loop of 8-bit sparse convolutions: four rows of 64 weights are interleaved and multiplied at once.
void gatherFours(const GatherConv8& conv, const uint32_t* starts, const uint32_t* offsets, const uint8_t* values, float* sums) {
  for (uint32_t lane = 0; lane < conv.lanes; lane += GATHER8_LANES)
    for (uint32_t y = 0; y < conv.height; y++)
      for (uint32_t x = 0; x < conv.width; x++) {
        __m512i a{}, b{}, c{}, d{};
        for (uint32_t ky = 0; ky < conv.kernel; ky++) {
          const uint32_t* run = starts + (y + ky) * conv.inputWidth + x;
          const int8_t* weights = conv.weights + ky * conv.rowBytes + lane - static_cast<ptrdiff_t>(x) * conv.lanes;
          const uint32_t end = run[conv.kernel];
          for (uint32_t i = run[0]; i < end; i += 4) {
            uint32_t four;
            __builtin_memcpy(&four, values + i, 4);
            // What lies behind the run belongs to other columns: nothing times whatever weights.
            if (end - i < 4) four &= (1u << 8 * (end - i)) - 1;
            const __m512i inputs = _mm512_set1_epi32(static_cast<int32_t>(four));
            const __m512i row0 = _mm512_loadu_si512(weights + static_cast<int32_t>(offsets[i]));
            const __m512i row1 = _mm512_loadu_si512(weights + static_cast<int32_t>(offsets[i + 1]));
            const __m512i row2 = _mm512_loadu_si512(weights + static_cast<int32_t>(offsets[i + 2]));
            const __m512i row3 = _mm512_loadu_si512(weights + static_cast<int32_t>(offsets[i + 3]));
            const __m512i low01 = _mm512_unpacklo_epi8(row0, row1), high01 = _mm512_unpackhi_epi8(row0, row1);
            const __m512i low23 = _mm512_unpacklo_epi8(row2, row3), high23 = _mm512_unpackhi_epi8(row2, row3);
            a = _mm512_dpbusd_epi32(a, inputs, _mm512_unpacklo_epi16(low01, low23));
            b = _mm512_dpbusd_epi32(b, inputs, _mm512_unpackhi_epi16(low01, low23));
            c = _mm512_dpbusd_epi32(c, inputs, _mm512_unpacklo_epi16(high01, high23));
            d = _mm512_dpbusd_epi32(d, inputs, _mm512_unpackhi_epi16(high01, high23));
          }
        }
        float* to = sums + static_cast<size_t>(y * conv.width + x) * conv.lanes + lane;
        _mm512_storeu_ps(to, _mm512_cvtepi32_ps(a));
        _mm512_storeu_ps(to + 16, _mm512_cvtepi32_ps(b));
        _mm512_storeu_ps(to + 32, _mm512_cvtepi32_ps(c));
        _mm512_storeu_ps(to + 48, _mm512_cvtepi32_ps(d));
      }
}
constexpr auto gather = gatherFours;
#else
constexpr void (*gather)(const GatherConv8&, const uint32_t*, const uint32_t*, const uint8_t*, float*) = nullptr;
constexpr void (*dense)(const DenseConv8&, const float*, uint8_t*, uint8_t*, float*) = nullptr;
#endif

}  // namespace

extern const Int8Kernels int8Kernels = {requantise, dense, gather};

}  // namespace winnow::WINNOW_ISA
