#pragma once
// A vector of the instruction set's width, over the vector extensions of GCC and Clang. Only for */kernels/*.cpp.
#include <stddef.h>
#include <stdint.h>

#ifndef WINNOW_ISA
#error "kernels are compiled once per instruction set, with WINNOW_ISA defined"
#endif

namespace winnow::WINNOW_ISA {

#if defined(__AVX512F__)
constexpr int LANES = 16;
#elif defined(__AVX2__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

/// `LANES` floats. Arithmetic operators work lane by lane; `a * b + c` contracts to a fused multiply-add where there is one.
typedef float Vec __attribute__((vector_size(LANES * 4)));
/// `LANES` signed integers; comparisons of `Vec` give these, -1 where true.
typedef int32_t VecI __attribute__((vector_size(LANES * 4)));

namespace unaligned {
typedef float VecU __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t VecIU __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
}  // namespace unaligned

static inline __attribute__((always_inline)) Vec load(const float* from) {
  return *reinterpret_cast<const unaligned::VecU*>(from);
}
static inline __attribute__((always_inline)) void store(float* to, Vec value) {
  *reinterpret_cast<unaligned::VecU*>(to) = value;
}
static inline __attribute__((always_inline)) VecI loadI(const int32_t* from) {
  return *reinterpret_cast<const unaligned::VecIU*>(from);
}
static inline __attribute__((always_inline)) void storeI(int32_t* to, VecI value) {
  *reinterpret_cast<unaligned::VecIU*>(to) = value;
}
static inline __attribute__((always_inline)) Vec splat(float value) { return value - Vec{}; }
static inline __attribute__((always_inline)) Vec zero() { return Vec{}; }
static inline __attribute__((always_inline)) Vec maximum(Vec a, Vec b) { return a > b ? a : b; }

/// Sum of the lanes, always in the same order: halves are added until one lane is left.
static inline __attribute__((always_inline)) float sum(Vec value) {
  float lane[LANES];
  store(lane, value);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}

}  // namespace winnow::WINNOW_ISA
