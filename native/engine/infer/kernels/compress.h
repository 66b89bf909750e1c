#pragma once
// Keeping some lanes of a vector, side by side. Only for infer/kernels/*.cpp.
#include "kernels/vector.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace winnow::WINNOW_ISA {

/// One bit per lane.
typedef uint32_t Bits;

static inline __attribute__((always_inline)) Bits atLeast(Vec a, Vec b) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ);
#elif defined(__AVX2__)
  return static_cast<Bits>(_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GE_OQ)));
#else
  const VecI compared = a >= b;
  Bits bits = 0;
  for (int i = 0; i < LANES; i++) bits |= static_cast<Bits>(compared[i] & 1) << i;
  return bits;
#endif
}

static inline __attribute__((always_inline)) Bits differs(Vec a, Vec b) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_NEQ_UQ);
#elif defined(__AVX2__)
  return static_cast<Bits>(_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_NEQ_UQ)));
#else
  const VecI compared = a != b;
  Bits bits = 0;
  for (int i = 0; i < LANES; i++) bits |= static_cast<Bits>(compared[i] & 1) << i;
  return bits;
#endif
}

static inline __attribute__((always_inline)) uint32_t countOf(Bits bits) {
  return static_cast<uint32_t>(__builtin_popcount(bits));
}

/// Writes the lanes of `values` whose bit is set to `to`, in order; may write rubbish up to LANES lanes behind them.
static inline __attribute__((always_inline)) void compressI(int32_t* to, VecI values, Bits bits) {
#if defined(__AVX512F__)
  // Into a register first: compressing straight into memory is slow on several processors.
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), (__m512i)values));
#elif defined(__AVX2__)
  const uint64_t bytes = _pdep_u64(bits, 0x0101010101010101ull) * 0xff;
  const uint64_t order = _pext_u64(0x0706050403020100ull, bytes);
  const __m256i lanes = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(order)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32((__m256i)values, lanes));
#else
  int at = 0;
  for (int i = 0; i < LANES; i++) {
    to[at] = values[i];
    at += (bits >> i) & 1;
  }
#endif
}

/// The same where hardly ever more than half of the lanes are kept.
static inline __attribute__((always_inline)) void compressFew(int32_t* to, VecI values, Bits bits) {
#if defined(__AVX512F__)
  const __m512i kept = _mm512_maskz_compress_epi32(static_cast<__mmask16>(bits), (__m512i)values);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_castsi512_si256(kept));
  if (__builtin_expect(countOf(bits) > LANES / 2, 0)) _mm512_storeu_si512(to, kept);
#else
  compressI(to, values, bits);
#endif
}

static inline __attribute__((always_inline)) VecI firstIndices() {
  VecI indices;
  for (int i = 0; i < LANES; i++) indices[i] = i;
  return indices;
}

}  // namespace winnow::WINNOW_ISA
