#include "infer/kernels.h"
#include "infer/kernels/compress.h"

// The k largest of a long run of values, in time linear in it: a sample gives a bound that a few more than k pass, one sweep
// keeps those, and a search among them finds the exact bound.

namespace winnow::WINNOW_ISA {

namespace {

/// Vectors that the sample takes.
constexpr uint32_t SAMPLE_VECTORS = TOP_K_SCRATCH / LANES;
/// Steps of the search in the sample; what is left of the range does not matter.
constexpr int SAMPLE_STEPS = 10;

/// So few values that ranking each against all others is fastest.
constexpr uint32_t FEW = 32;

/// Floats as integers of the same order.
inline int32_t keyOf(float value) {
  const int32_t bits = __builtin_bit_cast(int32_t, value);
  return bits ^ ((bits >> 31) & 0x7fffffff);
}
inline float floatOf(int32_t key) { return __builtin_bit_cast(float, key ^ ((key >> 31) & 0x7fffffff)); }

/// Where the search may stop: at any float, or, among whole numbers that are not negative, at these alone.
struct Floats {
  static int32_t key(float value) { return keyOf(value); }
  static float value(int32_t key) { return floatOf(key); }
};
struct Wholes {
  static int32_t key(float value) { return value < 0 ? -1 : static_cast<int32_t>(value); }
  static float value(int32_t key) { return static_cast<float>(key); }
};

inline Vec minimum(Vec a, Vec b) { return a < b ? a : b; }

inline int32_t between(int32_t low, int32_t high) {
  return static_cast<int32_t>((static_cast<int64_t>(low) + high) >> 1);
}

inline __attribute__((always_inline)) VecI addReached(VecI counts, Vec values, Vec bounds) {
#if defined(__AVX512F__)
  return (VecI)_mm512_mask_add_epi32((__m512i)counts, static_cast<__mmask16>(atLeast(values, bounds)), (__m512i)counts,
                                     _mm512_set1_epi32(1));
#else
  return counts - (values >= bounds);
#endif
}

/// @param padded a multiple of 4 registers
inline uint32_t countAtLeast(const float* values, uint32_t padded, float bound) {
  const Vec bounds = splat(bound);
  VecI a{}, b{}, c{}, d{};
  for (uint32_t i = 0; i < padded; i += 4 * LANES) {
    a = addReached(a, load(values + i), bounds);
    b = addReached(b, load(values + i + LANES), bounds);
    c = addReached(c, load(values + i + 2 * LANES), bounds);
    d = addReached(d, load(values + i + 3 * LANES), bounds);
  }
  const VecI counts = (a + b) + (c + d);
  uint32_t count = 0;
  for (int i = 0; i < LANES; i++) count += static_cast<uint32_t>(counts[i]);
  return count;
}

/// A value that about `wanted` of the samples reach, rather more than fewer.
float boundOf(const float* sample, uint32_t padded, uint32_t wanted) {
  Vec lows = load(sample), highs = lows;
  for (uint32_t i = LANES; i < padded; i += LANES) {
    lows = minimum(load(sample + i), lows);
    highs = maximum(load(sample + i), highs);
  }
  float low = lows[0], high = highs[0];
  for (int i = 1; i < LANES; i++) {
    low = lows[i] < low ? lows[i] : low;
    high = highs[i] > high ? highs[i] : high;
  }
  for (int step = 0; step < SAMPLE_STEPS; step++) {
    const float middle = low + (high - low) * 0.5f;
    if (countAtLeast(sample, padded, middle) >= wanted)
      low = middle;
    else
      high = middle;
  }
  return low;
}

inline Vec deciding(const float* values, const float* boost, uint32_t i) {
  return boost ? load(values + i) * load(boost + i) : load(values + i);
}

/// Indices and deciding values of all units whose deciding value reaches the bound.
template <bool BOOSTED>
inline __attribute__((always_inline)) uint32_t sweepThrough(const float* values, const float* boost, uint32_t n, float bound,
                                                            uint32_t* kept, float* keptValues) {
  const Vec bounds = splat(bound);
  VecI indices = firstIndices();
  const VecI step = VecI{} + LANES;
  uint32_t count = 0, i = 0;
  for (; i + LANES <= n; i += LANES, indices += step) {
    const Vec value = BOOSTED ? load(values + i) * load(boost + i) : load(values + i);
    const Bits bits = atLeast(value, bounds);
    compressI(reinterpret_cast<int32_t*>(kept + count), indices, bits);
    compressI(reinterpret_cast<int32_t*>(keptValues + count), (VecI)value, bits);
    count += countOf(bits);
  }
  for (; i < n; i++) {
    const float value = BOOSTED ? values[i] * boost[i] : values[i];
    kept[count] = i;
    keptValues[count] = value;
    count += value >= bound;
  }
  return count;
}

uint32_t sweep(const float* values, const float* boost, uint32_t n, float bound, uint32_t* kept, float* keptValues) {
  return boost ? sweepThrough<true>(values, boost, n, bound, kept, keptValues)
               : sweepThrough<false>(values, boost, n, bound, kept, keptValues);
}

/// The rank-th largest of the values from low to high, which are FEW at most.
float rankedAmong(const float* values, uint32_t count, float low, float high, uint32_t rank) {
  float few[FEW + LANES];
  uint32_t found = 0;
  uint32_t i = 0;
  const Vec lows = splat(low), highs = splat(high);
  for (; i + LANES <= count; i += LANES) {
    const Vec value = load(values + i);
    const Bits bits = atLeast(value, lows) & atLeast(highs, value);
    compressI(reinterpret_cast<int32_t*>(few + found), (VecI)value, bits);
    found += countOf(bits);
  }
  for (; i < count; i++) {
    few[found] = values[i];
    found += values[i] >= low && values[i] <= high;
  }
  // The one that fewer than `rank` exceed, and that at least `rank` reach.
  for (uint32_t candidate = 0; candidate < found; candidate++) {
    uint32_t above = 0, same = 0;
    for (uint32_t other = 0; other < found; other++) {
      above += few[other] > few[candidate];
      same += few[other] == few[candidate];
    }
    if (above < rank && above + same >= rank) return few[candidate];
  }
  return low;
}

template <typename Keys>
inline __attribute__((always_inline)) TopK search(const float* values, const float* boost, uint32_t n, uint32_t k, float* scratch,
                                                  uint32_t* winners) {
  // With few spare values the sample would not pay.
  float bound = -__builtin_inff();
  const uint32_t vectors = n / LANES;
  if (vectors >= 4 * SAMPLE_VECTORS && k < n / 2) {
    const uint32_t every = vectors / SAMPLE_VECTORS;
    for (uint32_t s = 0; s < SAMPLE_VECTORS; s++) store(scratch + s * LANES, deciding(values, boost, s * every * LANES));
    const float expected = static_cast<float>(SAMPLE_VECTORS * LANES) * static_cast<float>(k) / static_cast<float>(n);
    bound = boundOf(scratch, SAMPLE_VECTORS * LANES, static_cast<uint32_t>(expected + 4 * __builtin_sqrtf(expected) + 4));
  }
  uint32_t kept = sweep(values, boost, n, bound, winners, scratch);
  if (kept < k) {
    bound = -__builtin_inff();
    kept = sweep(values, boost, n, bound, winners, scratch);
  }
  const uint32_t padded = (kept + 4 * LANES - 1) / (4 * LANES) * (4 * LANES);
  for (uint32_t i = kept; i < padded; i++) scratch[i] = -__builtin_inff();
  Vec highs = load(scratch);
  for (uint32_t i = LANES; i < padded; i += LANES) highs = maximum(load(scratch + i), highs);
  float largest = highs[0];
  for (int i = 1; i < LANES; i++) largest = highs[i] > largest ? highs[i] : largest;

  // low: reached by at least k; high: by fewer than k.
  int32_t low = Keys::key(bound), high = Keys::key(largest) + 1;
  uint32_t atLow = kept, atHigh = 0;
  bool byValue = true;
  while (atLow != k && static_cast<int64_t>(high) - low > 1) {
    if (atLow - atHigh <= FEW) {
      // Zero may be found as minus zero, which has a key of its own but is not less.
      low = Keys::key(rankedAmong(scratch, kept, Keys::value(low), Keys::value(high - 1), k - atHigh) + 0.0f);
      atLow = countAtLeast(scratch, padded, Keys::value(low));
      high = low + 1;
      atHigh = countAtLeast(scratch, padded, Keys::value(high));
      break;
    }
    // Alternately where the k-th would be if the values were spread evenly, and the middle.
    int32_t middle = between(low, high);
    if (byValue) {
      const float from = Keys::value(low), to = Keys::value(high - 1);
      const float share = static_cast<float>(atLow - k) / static_cast<float>(atLow - atHigh);
      const int32_t guess = Keys::key(from + (to - from) * share);
      if (guess > low && guess < high) middle = guess;
    }
    byValue = !byValue;
    const uint32_t count = countAtLeast(scratch, padded, Keys::value(middle));
    if (count >= k) {
      low = middle;
      atLow = count;
    } else {
      high = middle;
      atHigh = count;
    }
  }
  const float edge = Keys::value(low);
  if (atLow == k) {
    uint32_t count = 0;
    const Vec edges = splat(edge);
    for (uint32_t i = 0; i < kept; i += LANES) {
      const Bits bits = atLeast(load(scratch + i), edges);
      compressI(reinterpret_cast<int32_t*>(winners + count), loadI(reinterpret_cast<const int32_t*>(winners + i)), bits);
      count += countOf(bits);
    }
    return {k, 0};
  }
  // Several units have the k-th value, more than there are places left: they follow those above it.
  const Vec edges = splat(edge);
  uint32_t above = 0, tied = 0;
  uint32_t* ties = reinterpret_cast<uint32_t*>(scratch);
  uint32_t i = 0;
  for (; i + LANES <= kept; i += LANES) {
    const Vec value = load(scratch + i);
    const VecI units = loadI(reinterpret_cast<const int32_t*>(winners + i));
    const Bits reached = atLeast(value, edges), under = atLeast(edges, value);
    // What is read lies behind what is written: the ties of a register go where its values were.
    compressI(reinterpret_cast<int32_t*>(ties + tied), units, reached & under);
    compressI(reinterpret_cast<int32_t*>(winners + above), units, reached & ~under);
    tied += countOf(reached & under);
    above += countOf(reached & ~under);
  }
  for (; i < kept; i++) {
    const float value = scratch[i];
    const uint32_t unit = winners[i];
    if (value == edge) ties[tied++] = unit;
    if (value > edge) winners[above++] = unit;
  }
  __builtin_memcpy(winners + above, ties, tied * sizeof(uint32_t));
  return {above, tied};
}

TopK select(const float* values, const float* boost, uint32_t n, uint32_t k, bool whole, float* scratch, uint32_t* winners) {
  return whole ? search<Wholes>(values, boost, n, k, scratch, winners) : search<Floats>(values, boost, n, k, scratch, winners);
}

}  // namespace

extern const TopKKernels topKKernels = {select};

}  // namespace winnow::WINNOW_ISA
