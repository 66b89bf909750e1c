#pragma once
// The register tile that all matrix work of the trainer is made of (see train/layout.h for the picture).
#include "kernels/vector.h"

namespace winnow::train::WINNOW_ISA {

using namespace winnow::WINNOW_ISA;

// A tile has at most ROWS_MAX broadcast values and COLS_MAX vectors: 24 sums in the 32 registers of AVX-512 and NEON,
// 12 in the 16 of the others.
constexpr int ROWS_MAX = 6;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int COLS_MAX = 4;
#else
constexpr int COLS_MAX = 2;
#endif

#define WINNOW_UNROLL _Pragma("GCC unroll 16")
#define WINNOW_INLINE static inline __attribute__((always_inline))

/// Splits `length` into the fewest parts of at most `most`, as even as possible: the size of the part that starts at `at`.
WINNOW_INLINE int part(int length, int at, int most) {
  const int left = length - at;
  const int parts = (left + most - 1) / most;
  return (left + parts - 1) / parts;
}

/// Calls `body.template operator()<N>()` for the N in 1..MAX that equals n.
template <int MAX, typename Body>
WINNOW_INLINE void withConstant(int n, Body&& body) {
  if constexpr (MAX > 0) {
    if (n == MAX)
      body.template operator()<MAX>();
    else
      withConstant<MAX - 1>(n, body);
  }
}

/// Goes over the vectors of `lanes` floats in groups of at most COLS_MAX: body.operator()<COLS>(first lane).
template <typename Body>
WINNOW_INLINE void forColumns(int lanes, Body&& body) {
  const int vectors = lanes / LANES;
  for (int at = 0; at < vectors;) {
    const int columns = vectors - at < COLS_MAX ? vectors - at : COLS_MAX;
    withConstant<COLS_MAX>(columns, [&]<int COLS>() { body.template operator()<COLS>(at * LANES); });
    at += columns;
  }
}

}  // namespace winnow::train::WINNOW_ISA
