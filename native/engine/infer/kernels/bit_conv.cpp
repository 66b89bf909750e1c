#include "infer/kernels.h"
#include "kernels/vector.h"

#if defined(__BMI2__)
#include <immintrin.h>
#endif

// Convolution of winners by filters that share their taps, in single precision and in 8 bits.

namespace winnow::WINNOW_ISA {

namespace {

/// The bits of `from` that `mask` has, side by side.
inline __attribute__((always_inline)) uint64_t pack(uint64_t from, uint64_t mask) {
#if defined(__BMI2__)
  return _pext_u64(from, mask);
#else
  uint64_t packed = 0;
  for (uint64_t left = from & mask; left != 0; left &= left - 1)
    packed |= uint64_t{1} << __builtin_popcountll(mask & ((left & -left) - 1));
  return packed;
#endif
}

/// Writes `first` + the number of every bit that is set, ascending; may write rubbish up to 64 rows behind them.
inline __attribute__((always_inline)) void readOff(uint64_t bits, uint32_t first, uint32_t count, uint16_t* rows) {
#if defined(__AVX512VBMI2__)
  (void)count;
  static const uint16_t NUMBERS[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  const __m512i numbers = _mm512_loadu_si512(NUMBERS);
  const auto half = [&](uint32_t some, uint32_t from, uint16_t* to) {
    const __m512i named = _mm512_add_epi16(numbers, _mm512_set1_epi16(static_cast<int16_t>(from)));
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi16(some, named));
  };
  const auto low = static_cast<uint32_t>(bits);
  half(low, first, rows);
  half(static_cast<uint32_t>(bits >> 32), first + 32, rows + __builtin_popcount(low));
#else
  // So many whether they are there or not: more are rare, and cost a branch.
  constexpr uint32_t AT_ONCE = 6;
  const auto readOne = [&](uint32_t i) {
    rows[i] = static_cast<uint16_t>(first + static_cast<uint32_t>(__builtin_ctzll(bits | uint64_t{1} << 63)));
    bits &= bits - 1;
  };
  for (uint32_t i = 0; i < AT_ONCE; i++) readOne(i);
  for (uint32_t i = AT_ONCE; i < count; i++) readOne(i);
#endif
}

/// The rows of weights that meet an active input of one output position. @param bits of the position's first input
inline __attribute__((always_inline)) uint32_t rowsOf(const BitConv& conv, const uint64_t* bits, uint16_t* rows) {
  uint32_t count = 0;
  for (uint32_t w = 0; w < conv.words; w++) {
    const PackedTaps& taps = conv.taps[w];
    uint64_t word = 0;
    for (uint32_t t = 0; t < PACKED_TAPS; t++) word |= pack(bits[taps.position[t]], taps.mask[t]) << taps.shift[t];
    const auto found = static_cast<uint32_t>(__builtin_popcountll(word));
    readOff(word, taps.firstRow, found, rows + count);
    count += found;
  }
  return count;
}

/// Calls `member(rows, count, input position, output, first, last)` for every member of every pool window.
template <typename Member>
inline __attribute__((always_inline)) uint64_t forEachMember(const BitConv& conv, const uint64_t* bits, float* out,
                                                             Member&& member) {
  uint16_t rows[BIT_ROWS_MAX + 64];
  uint64_t added = 0;
  for (uint32_t py = 0; py < conv.height / conv.pool; py++)
    for (uint32_t px = 0; px < conv.width / conv.pool; px++, out += conv.lanes)
      for (uint32_t m = 0; m < conv.pool * conv.pool; m++) {
        const uint32_t position = (py * conv.pool + m / conv.pool) * conv.inputWidth + px * conv.pool + m % conv.pool;
        const uint32_t count = rowsOf(conv, bits + position, rows);
        member(rows, count, position, out, m == 0, m + 1 == conv.pool * conv.pool);
        added += count;
      }
  return added;
}

/// Registers of VECTORS x LANES lanes from `lane` on.
template <int VECTORS>
inline __attribute__((always_inline)) void addRows(const BitConv& conv, const uint16_t* rows, uint32_t count, const float* values,
                                                   const float* weights, uint32_t lane, const float* scale, const float* shift,
                                                   bool first, bool last, float* out) {
  Vec sums[VECTORS];
  for (int v = 0; v < VECTORS; v++) sums[v] = zero();
  for (uint32_t i = 0; i < count; i++) {
    const Vec value = splat(values[conv.valueAt[rows[i]]]);
    const float* row = weights + static_cast<size_t>(rows[i]) * conv.lanes + lane;
    for (int v = 0; v < VECTORS; v++) sums[v] += value * load(row + v * LANES);
  }
  for (int v = 0; v < VECTORS; v++) {
    const uint32_t at = lane + v * LANES;
    const Vec largest = first ? sums[v] : maximum(sums[v], load(out + at));
    store(out + at, last ? load(scale + at) * largest + load(shift + at) : largest);
  }
}

uint64_t run(const BitConv& conv, const uint64_t* bits, const float* values, const float* weights, const float* scale,
             const float* shift, float* out) {
  // As many lanes at a time as leave registers free: 64 with registers of 8 or 16 lanes.
  constexpr uint32_t AT_ONCE = LANES >= 8 ? 4 : 2;
  return forEachMember(
      conv, bits, out, [&](const uint16_t* rows, uint32_t count, uint32_t position, float* to, bool first, bool last) {
    const float* from = values + static_cast<size_t>(position) * conv.inputChannels;
    uint32_t lane = 0;
    for (; lane + AT_ONCE * BLOCK <= conv.lanes; lane += AT_ONCE * BLOCK)
      addRows<AT_ONCE * BLOCK / LANES>(conv, rows, count, from, weights, lane, scale, shift, first, last, to);
    for (; lane < conv.lanes; lane += BLOCK)
      addRows<BLOCK / LANES>(conv, rows, count, from, weights, lane, scale, shift, first, last, to);
  });
}

#if defined(__AVX512VNNI__)
/// Four rows of 64 weights are interleaved and multiplied at once; what is missing of four is row 0 times nothing.
uint64_t runBytes(const BitConv& conv, const uint64_t* bits, const uint8_t* values, const int8_t* weights, const float* bias,
                  float* out) {
  return forEachMember(conv, bits, out, [&](uint16_t* rows, uint32_t count, uint32_t position, float* to, bool first, bool last) {
    const uint8_t* from = values + static_cast<size_t>(position) * conv.inputChannels;
    rows[count] = rows[count + 1] = rows[count + 2] = 0;
    for (uint32_t lane = 0; lane < conv.lanes; lane += GATHER8_LANES) {
      __m512i a{}, b{}, c{}, d{};
      for (uint32_t i = 0; i < count; i += 4) {
        uint32_t four = from[conv.valueAt[rows[i]]] | from[conv.valueAt[rows[i + 1]]] << 8 |
                        from[conv.valueAt[rows[i + 2]]] << 16 |
                        static_cast<uint32_t>(from[conv.valueAt[rows[i + 3]]]) << 24;
        if (count - i < 4) four &= (1u << 8 * (count - i)) - 1;
        const __m512i inputs = _mm512_set1_epi32(static_cast<int32_t>(four));
        const auto row = [&](uint32_t n) {
          return _mm512_loadu_si512(weights + static_cast<size_t>(rows[i + n]) * conv.lanes + lane);
        };
        const __m512i row0 = row(0), row1 = row(1), row2 = row(2), row3 = row(3);
        const __m512i low01 = _mm512_unpacklo_epi8(row0, row1), high01 = _mm512_unpackhi_epi8(row0, row1);
        const __m512i low23 = _mm512_unpacklo_epi8(row2, row3), high23 = _mm512_unpackhi_epi8(row2, row3);
        a = _mm512_dpbusd_epi32(a, inputs, _mm512_unpacklo_epi16(low01, low23));
        b = _mm512_dpbusd_epi32(b, inputs, _mm512_unpackhi_epi16(low01, low23));
        c = _mm512_dpbusd_epi32(c, inputs, _mm512_unpacklo_epi16(high01, high23));
        d = _mm512_dpbusd_epi32(d, inputs, _mm512_unpackhi_epi16(high01, high23));
      }
      const __m512i sums[4] = {a, b, c, d};
      for (int v = 0; v < 4; v++) {
        float* at = to + lane + v * 16;
        const __m512 sum = _mm512_cvtepi32_ps(sums[v]), largest = first ? sum : _mm512_max_ps(sum, _mm512_loadu_ps(at));
        _mm512_storeu_ps(at, last ? _mm512_add_ps(largest, _mm512_loadu_ps(bias + lane + v * 16)) : largest);
      }
    }
  });
}
constexpr auto run8 = runBytes;
#else
constexpr uint64_t (*run8)(const BitConv&, const uint64_t*, const uint8_t*, const int8_t*, const float*, float*) = nullptr;
#endif

}  // namespace

extern const BitConvKernels bitConvKernels = {run, run8};

}  // namespace winnow::WINNOW_ISA
