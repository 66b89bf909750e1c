#include "bench/kernels.h"
#include "kernels/vector.h"

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

namespace winnow::WINNOW_ISA {

namespace {

/// On every loop over the sums: only then they live in registers.
#define WINNOW_UNROLLED _Pragma("GCC unroll 32")

/// Sums that are under way at once: more than latency x units of any processor in use (4 x 2), and as many as there are
/// registers for.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int SUMS = 24;
#else
constexpr int SUMS = 12;
#endif

uint64_t multiplyAdd(uint32_t rounds, float* sink) {
  Vec sums[SUMS];
  WINNOW_UNROLLED
  for (int i = 0; i < SUMS; i++) sums[i] = splat(sink[i % 8]);
  const Vec a = splat(sink[8]);
  const Vec b = splat(sink[9]);
  for (uint32_t round = 0; round < rounds; round++) {
    WINNOW_UNROLLED
    for (int i = 0; i < SUMS; i++) {
      sums[i] = sums[i] * a + b;
      // Each sum stays in its register and none is replaced by a formula.
#if defined(__AVX512F__)
      __asm__ volatile("" : "+v"(sums[i]));
#elif defined(__x86_64__)
      __asm__ volatile("" : "+x"(sums[i]));
#elif defined(__aarch64__)
      __asm__ volatile("" : "+w"(sums[i]));
#endif
    }
  }
  Vec all = sums[0];
  WINNOW_UNROLLED
  for (int i = 1; i < SUMS; i++) all += sums[i];
  store(sink, all);
  return static_cast<uint64_t>(rounds) * SUMS * LANES;
}

#if defined(__AVX512VNNI__)

uint64_t multiplyAdd8(uint32_t rounds, int32_t* sink) {
  __m512i sums[SUMS];
  WINNOW_UNROLLED
  for (int i = 0; i < SUMS; i++) sums[i] = _mm512_set1_epi32(sink[i % 8]);
  const __m512i a = _mm512_set1_epi32(sink[8]);
  const __m512i b = _mm512_set1_epi32(sink[9]);
  for (uint32_t round = 0; round < rounds; round++) {
    WINNOW_UNROLLED
    for (int i = 0; i < SUMS; i++) {
      sums[i] = _mm512_dpbusd_epi32(sums[i], a, b);
      __asm__ volatile("" : "+v"(sums[i]));
    }
  }
  WINNOW_UNROLLED
  for (int i = 1; i < SUMS; i++) sums[0] = _mm512_add_epi32(sums[0], sums[i]);
  _mm512_storeu_si512(sink, sums[0]);
  return static_cast<uint64_t>(rounds) * SUMS * 64;
}
#define WINNOW_MULTIPLY_ADD_8 multiplyAdd8

#elif defined(__AVX2__)

uint64_t multiplyAdd8(uint32_t rounds, int32_t* sink) {
  // Products of unsigned and signed bytes in pairs, pairs of those, and the sum: three instructions for 32 multiply-adds.
  constexpr int PAIRS = SUMS / 2;
  __m256i sums[PAIRS];
  WINNOW_UNROLLED
  for (int i = 0; i < PAIRS; i++) sums[i] = _mm256_set1_epi32(sink[i]);
  __m256i a = _mm256_set1_epi32(sink[8]);
  const __m256i b = _mm256_set1_epi32(sink[9]);
  const __m256i ones = _mm256_set1_epi16(1);
  for (uint32_t round = 0; round < rounds; round++) {
    WINNOW_UNROLLED
    for (int i = 0; i < PAIRS; i++) {
      // The factor could have changed: the products are made anew.
      __asm__ volatile("" : "+x"(a));
      sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), ones));
      __asm__ volatile("" : "+x"(sums[i]));
    }
  }
  WINNOW_UNROLLED
  for (int i = 1; i < PAIRS; i++) sums[0] = _mm256_add_epi32(sums[0], sums[i]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sink), sums[0]);
  return static_cast<uint64_t>(rounds) * PAIRS * 32;
}
#define WINNOW_MULTIPLY_ADD_8 multiplyAdd8

#elif defined(__ARM_FEATURE_DOTPROD)

uint64_t multiplyAdd8(uint32_t rounds, int32_t* sink) {
  int32x4_t sums[SUMS];
  WINNOW_UNROLLED
  for (int i = 0; i < SUMS; i++) sums[i] = vdupq_n_s32(sink[i % 8]);
  const int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(sink[8]));
  const int8x16_t b = vreinterpretq_s8_s32(vdupq_n_s32(sink[9]));
  for (uint32_t round = 0; round < rounds; round++) {
    WINNOW_UNROLLED
    for (int i = 0; i < SUMS; i++) {
      sums[i] = vdotq_s32(sums[i], a, b);
      __asm__ volatile("" : "+w"(sums[i]));
    }
  }
  WINNOW_UNROLLED
  for (int i = 1; i < SUMS; i++) sums[0] = vaddq_s32(sums[0], sums[i]);
  vst1q_s32(sink, sums[0]);
  return static_cast<uint64_t>(rounds) * SUMS * 16;
}
#define WINNOW_MULTIPLY_ADD_8 multiplyAdd8

#else
#define WINNOW_MULTIPLY_ADD_8 nullptr
#endif

float read(const float* from, size_t count) {
  constexpr int STEP = static_cast<int>(PROBE_READ_FLOATS) / LANES;
  constexpr int LOADS = STEP < 8 ? STEP : 8;
  Vec sums[LOADS] = {};
  for (size_t at = 0; at < count; at += PROBE_READ_FLOATS) {
    WINNOW_UNROLLED
    for (int i = 0; i < STEP; i++) sums[i % LOADS] += load(from + at + i * LANES);
  }
  WINNOW_UNROLLED
  for (int i = 1; i < LOADS; i++) sums[0] += sums[i];
  return sum(sums[0]);
}

}  // namespace

extern const ProbeKernels probeKernels = {multiplyAdd, WINNOW_MULTIPLY_ADD_8, read};

}  // namespace winnow::WINNOW_ISA
