#include "infer/kernels.h"
#include "infer/kernels/compress.h"

// The k largest of a long run of values, in time linear in it. First the edge, the value of the k-th: a sample gives a bound that
// a few more than k pass, one sweep keeps those, and a search among them finds it. Then whatever reaches the edge is collected,
// as a list or as bits.

namespace winnow::WINNOW_ISA {

namespace {

/// Vectors that the sample takes.
constexpr uint32_t SAMPLE_VECTORS = TOP_K_SCRATCH / LANES;
/// Steps of the search in the sample; what is left of the range does not matter.
constexpr int SAMPLE_STEPS = 8;
/// The bound's rank in the sample lies this many standard deviations behind the wanted one.
constexpr float SAMPLE_MARGIN = 3;

/// So few values that ranking each against all others is fastest.
constexpr uint32_t FEW = 32;
/// The search goes on among those that are left once they are this many times fewer.
constexpr uint32_t NARROWED = 4;
/// Every so many steps the range is halved, whatever the values look like.
constexpr uint32_t STEPS_PER_HALVING = 4;

constexpr float INFINITE = __builtin_inff();

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

inline __attribute__((always_inline)) uint32_t total(VecI counts) {
#if defined(__AVX512F__)
  return static_cast<uint32_t>(_mm512_reduce_add_epi32((__m512i)counts));
#else
  uint32_t count = 0;
  for (int i = 0; i < LANES; i++) count += static_cast<uint32_t>(counts[i]);
  return count;
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
  return total((a + b) + (c + d));
}

struct Range {
  float low, high;
};

/// Smallest and largest; zero has no sign. @param count at least 1
inline Range rangeOf(const float* values, uint32_t count) {
  Vec lows = splat(values[0]), highs = lows;
  uint32_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    lows = minimum(load(values + i), lows);
    highs = maximum(load(values + i), highs);
  }
  Range range{lows[0], highs[0]};
  const auto take = [&](float low, float high) {
    range.low = low < range.low ? low : range.low;
    range.high = high > range.high ? high : range.high;
  };
  for (int lane = 1; lane < LANES; lane++) take(lows[lane], highs[lane]);
  for (; i < count; i++) take(values[i], values[i]);
  return {range.low + 0.0f, range.high + 0.0f};
}

/// A value that at least `wanted` of the samples reach, and hardly more.
float boundIn(const float* sample, uint32_t padded, uint32_t wanted) {
  auto [low, high] = rangeOf(sample, padded);
  for (int step = 0; step < SAMPLE_STEPS; step++) {
    const float middle = low + (high - low) * 0.5f;
    if (countAtLeast(sample, padded, middle) >= wanted)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/// The value that decides over unit i and those behind it, where their boost factors begin at `boost`.
template <bool BOOSTED>
inline __attribute__((always_inline)) Vec deciding(const float* values, const float* boost) {
  return BOOSTED ? load(values) * load(boost) : load(values);
}

/// Calls `visit(unit, values)` for every register of deciding values, and `visitOne` for those that fill none.
template <bool BOOSTED, typename Visit, typename VisitOne>
inline __attribute__((always_inline)) void forEach(const Ranking& ranking, Visit&& visit, VisitOne&& visitOne) {
  const float* const values = ranking.values;
  const float* const boost = ranking.boost;
  const uint32_t count = ranking.count, period = BOOSTED ? ranking.period : count;
  for (uint32_t start = 0; start < count; start += period) {
    uint32_t i = 0;
    for (; i + 4 * LANES <= period; i += 4 * LANES)
      for (int v = 0; v < 4; v++)
        visit(start + i + v * LANES, deciding<BOOSTED>(values + start + i + v * LANES, boost + i + v * LANES));
    for (; i + LANES <= period; i += LANES) visit(start + i, deciding<BOOSTED>(values + start + i, boost + i));
    for (; i < period; i++) visitOne(start + i, BOOSTED ? values[start + i] * boost[i] : values[start + i]);
  }
}

/// Copies the deciding values that reach the bound. @returns how many
template <bool BOOSTED>
inline __attribute__((always_inline)) uint32_t keep(const Ranking& ranking, float bound, float* kept) {
  const Vec bounds = splat(bound);
  uint32_t count = 0;
  forEach<BOOSTED>(
      ranking,
      [&](uint32_t, Vec value) {
        const Bits bits = atLeast(value, bounds);
        compressFew(reinterpret_cast<int32_t*>(kept + count), (VecI)value, bits);
        count += countOf(bits);
      },
      [&](uint32_t, float value) {
        kept[count] = value;
        count += value >= bound;
      });
  return count;
}

template <bool BOOSTED>
inline __attribute__((always_inline)) void copy(const Ranking& ranking, float* to) {
  forEach<BOOSTED>(
      ranking, [&](uint32_t unit, Vec value) { store(to + unit, value); }, [&](uint32_t unit, float value) { to[unit] = value; });
}

/// Fills up with what reaches no bound. @returns a multiple of 4 registers, and of FEW
inline uint32_t pad(float* values, uint32_t count) {
  constexpr uint32_t STEP = 4 * LANES > FEW ? 4 * LANES : FEW;
  const uint32_t padded = (count + STEP - 1) / STEP * STEP;
  for (uint32_t i = count; i < padded; i++) values[i] = -INFINITE;
  return padded;
}

/// Keeps the values from low to high, high excluded, in place.
inline uint32_t narrow(float* values, uint32_t count, float low, float high) {
  const Vec lows = splat(low), highs = splat(high);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i += LANES) {
    const Vec value = load(values + i);
    const Bits bits = atLeast(value, lows) & ~atLeast(value, highs);
    // What is written lies before what is still to be read, rubbish included.
    compressI(reinterpret_cast<int32_t*>(values + kept), (VecI)value, bits);
    kept += countOf(bits);
  }
  return kept;
}

/// The rank-th largest of FEW values at most, 1 <= rank <= count. @param values padded
Edge rankedAmong(const float* values, uint32_t count, uint32_t rank) {
  for (uint32_t candidate = 0;; candidate++) {
    const Vec bound = splat(values[candidate]);
    uint32_t notBelow = 0, notAbove = 0;
    for (uint32_t i = 0; i < FEW; i += LANES) {
      notBelow += countOf(atLeast(load(values + i), bound));
      notAbove += countOf(atLeast(bound, load(values + i)));
    }
    const uint32_t above = FEW - notAbove;
    if ((above < rank && notBelow >= rank) || candidate + 1 >= count) return {values[candidate] + 0.0f, above, notBelow - above};
  }
}

/// About the logarithm to the base of two: the float's exponent, and its fraction as it is.
inline float roughLog(float value) { return static_cast<float>(__builtin_bit_cast(int32_t, value)) * 0x1p-23f; }

/// Where between two values the k-th could be, from 0 to 1: halfway between what evenly spread values would say and what the
/// tail of a bell curve would.
inline float shareOf(uint32_t atLow, uint32_t atHigh, uint32_t k) {
  const float low = static_cast<float>(atLow), high = static_cast<float>(atHigh), wanted = static_cast<float>(k);
  const float even = (low - wanted) / (low - high);
  const float tail = (roughLog(low) - roughLog(wanted)) / (roughLog(low) - roughLog(high > 0 ? high : 0.5f));
  return 0.5f * (even + tail);
}

/// The k-th largest of `count` values. @param values room for 4 registers more
template <typename Keys>
inline __attribute__((always_inline)) Edge search(float* values, uint32_t count, uint32_t k) {
  uint32_t padded = pad(values, count);
  const Range range = rangeOf(values, count);
  // Of the values that are still looked at, atLow reach low, at least as many as are wanted, and fewer reach high.
  int32_t low = Keys::key(range.low), high = Keys::key(range.high) + 1;
  uint32_t atLow = count, atHigh = 0, above = 0;
  for (uint32_t step = 0; atLow + above != k && static_cast<int64_t>(high) - low > 1; step++) {
    if ((atLow - atHigh) * NARROWED < count || atLow - atHigh <= FEW) {
      above += atHigh;
      count = narrow(values, count, Keys::value(low), Keys::value(high));
      padded = pad(values, count);
      atLow = count;
      atHigh = 0;
      if (count <= FEW) {
        Edge edge = rankedAmong(values, count, k - above);
        edge.above += above;
        return edge;
      }
    }
    int32_t middle = between(low, high);
    if ((step + 1) % STEPS_PER_HALVING != 0) {
      const float from = Keys::value(low), to = Keys::value(high - 1);
      const int32_t guess = Keys::key(from + (to - from) * shareOf(atLow, atHigh, k - above));
      if (guess > low && guess < high) middle = guess;
    }
    const uint32_t reached = countAtLeast(values, padded, Keys::value(middle));
    if (reached + above >= k) {
      low = middle;
      atLow = reached;
    } else {
      high = middle;
      atHigh = reached;
    }
  }
  if (atLow + above == k) return {Keys::value(low), k, 0};
  return {Keys::value(low), above + atHigh, atLow - atHigh};
}

template <typename Keys, bool BOOSTED>
inline __attribute__((always_inline)) Edge findEdge(const Ranking& ranking, uint32_t k, float* scratch) {
  // With few values the sample would not pay.
  const uint32_t vectors = ranking.count / LANES, period = BOOSTED ? ranking.period : LANES;
  if (vectors >= 4 * SAMPLE_VECTORS && k < ranking.count / 2 && period % LANES == 0) {
    // Odd, so that the sample does not always meet the same channels.
    const uint32_t every = (vectors / SAMPLE_VECTORS - 1) | 1;
    for (uint32_t s = 0; s < SAMPLE_VECTORS; s++) {
      const uint32_t unit = s * every * LANES;
      store(scratch + s * LANES, deciding<BOOSTED>(ranking.values + unit, ranking.boost + (BOOSTED ? unit % period : 0)));
    }
    const float expected = static_cast<float>(SAMPLE_VECTORS * LANES) * static_cast<float>(k) / static_cast<float>(ranking.count);
    const float margin = SAMPLE_MARGIN * __builtin_sqrtf(expected) + 2;
    const uint32_t kept =
        keep<BOOSTED>(ranking, boundIn(scratch, SAMPLE_VECTORS * LANES, static_cast<uint32_t>(expected + margin)), scratch);
    if (kept >= k) return search<Keys>(scratch, kept, k);
  }
  copy<BOOSTED>(ranking, scratch);
  return search<Keys>(scratch, ranking.count, k);
}

Edge edge(const Ranking& ranking, uint32_t k, bool whole, float* scratch) {
  if (ranking.boost) return whole ? findEdge<Wholes, true>(ranking, k, scratch) : findEdge<Floats, true>(ranking, k, scratch);
  return whole ? findEdge<Wholes, false>(ranking, k, scratch) : findEdge<Floats, false>(ranking, k, scratch);
}

float next(float value) { return floatOf(keyOf(value + 0.0f) + 1); }

template <bool BOOSTED>
inline __attribute__((always_inline)) uint32_t collect(const Ranking& ranking, float low, float high, uint32_t* units) {
  const Vec lows = splat(low), highs = splat(high);
  const VecI indices = firstIndices();
  uint32_t count = 0;
  forEach<BOOSTED>(
      ranking,
      [&](uint32_t unit, Vec value) {
        const Bits bits = atLeast(value, lows) & ~atLeast(value, highs);
        compressI(reinterpret_cast<int32_t*>(units + count), indices + static_cast<int32_t>(unit), bits);
        count += countOf(bits);
      },
      [&](uint32_t unit, float value) {
        units[count] = unit;
        count += value >= low && value < high;
      });
  return count;
}

uint32_t list(const Ranking& ranking, float low, float high, uint32_t* units) {
  return ranking.boost ? collect<true>(ranking, low, high, units) : collect<false>(ranking, low, high, units);
}

template <bool BOOSTED>
inline __attribute__((always_inline)) void mark(const Ranking& ranking, uint32_t channels, float low, uint64_t* words) {
  const Vec lows = splat(low), none = zero();
  for (uint32_t first = 0; first < ranking.count; first += channels) {
    uint64_t word = 0;
    for (uint32_t c = 0; c < channels; c += LANES) {
      const Vec value = load(ranking.values + first + c);
      // Zero does not take part in any product: it is no active input, winner or not.
      const Bits bits = atLeast(BOOSTED ? value * load(ranking.boost + c) : value, lows) & differs(value, none);
      word |= static_cast<uint64_t>(bits) << c;
    }
    *words++ = word;
  }
}

void bits(const Ranking& ranking, uint32_t channels, float low, uint64_t* words) {
  if (ranking.boost)
    mark<true>(ranking, channels, low, words);
  else
    mark<false>(ranking, channels, low, words);
}

}  // namespace

extern const TopKKernels topKKernels = {edge, next, list, bits};

}  // namespace winnow::WINNOW_ISA
