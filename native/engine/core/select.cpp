#include "core/select.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace winnow {

namespace {

/// Below this a partial sort of the keys is faster than clearing histograms.
constexpr uint32_t SMALL = 192;
/// From here on a sample pays.
constexpr uint32_t LARGE = 4096;
constexpr uint32_t SAMPLE = 512;
/// Half the bracket's width, in standard deviations of the sample's rank.
constexpr double BRACKET = 3.5;

/// Keys of low..high, in order, into `to` (which has room for one more).
uint32_t keysBetween(const uint32_t* keys, uint32_t n, uint32_t low, uint32_t high, uint32_t* to) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; i++) {
    to[kept] = keys[i];
    kept += keys[i] - low <= high - low;
  }
  return kept;
}

uint32_t radixDescent(const uint32_t* keys, uint32_t n, uint32_t k, uint32_t* rest, uint32_t& above) {
  uint32_t prefix = 0;
  std::array<uint32_t, 2048> histogram;
  constexpr std::array<std::array<int, 2>, 3> DIGITS{{{21, 11}, {10, 11}, {0, 10}}};
  for (const auto& [shift, bits] : DIGITS) {
    const uint32_t bins = 1u << bits;
    std::fill_n(histogram.begin(), bins, 0u);
    for (uint32_t i = 0; i < n; i++) histogram[(keys[i] >> shift) & (bins - 1)]++;
    uint32_t bin = bins - 1;
    while (above + histogram[bin] < k) above += histogram[bin--];
    prefix |= bin << shift;
    if (shift == 0) break;
    n = keysBetween(keys, n, prefix, prefix | ((1u << shift) - 1), rest);
    keys = rest;
  }
  return prefix;
}

}  // namespace

uint32_t kthLargestKey(const uint32_t* keys, uint32_t n, uint32_t k, uint32_t* rest, uint32_t& above) {
  above = 0;
  if (n <= SMALL) {
    std::copy(keys, keys + n, rest);
    std::nth_element(rest, rest + (k - 1), rest + n, std::greater<>());
    const uint32_t key = rest[k - 1];
    above = static_cast<uint32_t>(std::count_if(rest, rest + k, [&](uint32_t other) { return other > key; }));
    return key;
  }
  if (n >= LARGE) {
    std::array<uint32_t, SAMPLE> sample;
    for (uint32_t i = 0; i < SAMPLE; i++) sample[i] = keys[static_cast<uint64_t>(i) * n / SAMPLE];
    std::sort(sample.begin(), sample.end(), std::greater<>());
    const double share = static_cast<double>(k) / n, rank = share * SAMPLE;
    const double margin = BRACKET * std::sqrt(SAMPLE * share * (1 - share)) + 2;
    const uint32_t high = rank - margin < 0 ? 0xffffffff : sample[static_cast<size_t>(rank - margin)];
    const uint32_t low = rank + margin >= SAMPLE ? 0 : sample[static_cast<size_t>(rank + margin)];
    uint32_t higher = 0, inside = 0;
    for (uint32_t i = 0; i < n; i++) {
      higher += keys[i] > high;
      inside += keys[i] - low <= high - low;
    }
    if (higher < k && k <= higher + inside) {
      // Equal keys at either end may make the bracket as large as everything: then it is no use.
      if (inside <= n / 2) {
        n = keysBetween(keys, n, low, high, rest);
        keys = rest;
        above = higher;
      }
    }
  }
  return radixDescent(keys, n, k, rest, above);
}

Selector::Selector(const Selection& selection, const WinnerCount& count, const TensorLayout& layout, double inferenceFactor)
    : byThreshold_(selection.kind == SelectionKind::threshold),
      threshold_(static_cast<float>(selection.value)),
      most_(0) {
  const uint32_t channels = layout.channels, height = layout.height, width = layout.width;
  const auto close = [&](uint32_t begin) {
    const auto end = static_cast<uint32_t>(order_.size());
    if (end == begin) return;
    const uint32_t size = end - begin;
    const uint32_t k = winnersAtInference(winnersAmong(count, size), inferenceFactor, size);
    const auto [low, high] = std::minmax_element(order_.begin() + begin, order_.end());
    competitions_.push_back({begin, end, k, *high - *low + 1 == size ? static_cast<int64_t>(*low) : -1});
    most_ += byThreshold_ ? size : k;
  };
  const auto addBox = [&](uint32_t c0, uint32_t c1, uint32_t y0, uint32_t y1, uint32_t x0, uint32_t x1) {
    const auto begin = static_cast<uint32_t>(order_.size());
    for (uint32_t c = c0; c < std::min(c1, channels); c++)
      for (uint32_t y = y0; y < std::min(y1, height); y++)
        for (uint32_t x = x0; x < std::min(x1, width); x++)
          order_.push_back(c * layout.channelStride + y * layout.rowStride + x * layout.columnStride);
    close(begin);
  };
  order_.reserve(layout.size());
  switch (selection.kind) {
    case SelectionKind::global:
    case SelectionKind::threshold:
      addBox(0, channels, 0, height, 0, width);
      break;
    case SelectionKind::perChannel:
      for (uint32_t c = 0; c < channels; c++) addBox(c, c + 1, 0, height, 0, width);
      break;
    case SelectionKind::local:
      for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) addBox(0, channels, y, y + 1, x, x + 1);
      break;
    case SelectionKind::volume:
      for (uint32_t c = 0; c < channels; c += selection.channels)
        for (uint32_t y = 0; y < height; y += selection.height)
          for (uint32_t x = 0; x < width; x += selection.width)
            addBox(c, c + selection.channels, y, y + selection.height, x, x + selection.width);
      break;
    case SelectionKind::group: {
      uint32_t begin = 0;
      for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
          for (uint32_t x = 0; x < width; x++) {
            order_.push_back(c * layout.channelStride + y * layout.rowStride + x * layout.columnStride);
            if (order_.size() - begin == selection.size) {
              close(begin);
              begin = static_cast<uint32_t>(order_.size());
            }
          }
      close(begin);
      break;
    }
  }
}

uint32_t Selector::select(const float* values, uint32_t* winners, Scratch& scratch) const {
  uint32_t found = 0;
  bool ascending = competitions_.size() == 1;
  if (byThreshold_) {
    for (uint32_t at : order_)
      if (values[at] > threshold_) winners[found++] = at;
    ascending = false;
  }
  for (const Competition& competition : competitions_) {
    const uint32_t n = competition.end - competition.begin, k = competition.k;
    if (k == 0 || byThreshold_) continue;
    const uint32_t* order = order_.data() + competition.begin;
    const bool run = competition.start >= 0;
    const auto start = static_cast<uint32_t>(std::max<int64_t>(competition.start, 0));
    scratch.keys.resize(std::max<size_t>(scratch.keys.size(), n));
    scratch.rest.resize(std::max<size_t>(scratch.rest.size(), n + 1));
    uint32_t* keys = scratch.keys.data();
    if (run)
      for (uint32_t i = 0; i < n; i++) keys[i] = sortKey(values[start + i]);
    else
      for (uint32_t i = 0; i < n; i++) keys[i] = sortKey(values[order[i]]);
    uint32_t above = 0;
    uint32_t bound = kthLargestKey(keys, n, k, scratch.rest.data(), above);
    const uint32_t wanted = k - above;
    if (static_cast<uint32_t>(std::count(keys, keys + n, bound)) == wanted) {
      bound--;
    } else {
      // Of those at the bound the first in channel-major order win: they are lifted above it.
      for (uint32_t i = 0, lifted = 0; lifted < wanted; i++) {
        uint32_t& key = keys[run ? order[i] - start : i];
        if (key != bound) continue;
        key++;
        lifted++;
      }
    }
    // Without a branch: every position is written, and overwritten by the next if it did not win.
    const uint32_t all = found + k;
    if (run)
      for (uint32_t i = 0; i < n && found < all; i++) {
        winners[found] = start + i;
        found += keys[i] > bound;
      }
    else
      for (uint32_t i = 0; i < n && found < all; i++) {
        winners[found] = order[i];
        found += keys[i] > bound;
      }
    ascending &= run;
  }
  if (!ascending) std::sort(winners, winners + found);
  return found;
}

}  // namespace winnow
