#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "core/select.h"
#include "test/check.h"

using namespace winnow;

namespace {

WinnerCount count(uint32_t k) {
  WinnerCount result;
  result.k = k;
  return result;
}

std::vector<uint32_t> winners(const Selector& selector, const std::vector<float>& values) {
  Selector::Scratch scratch;
  std::vector<uint32_t> found(selector.most() + 1, 0xffffffff);
  found.resize(selector.select(values.data(), found.data(), scratch));
  return found;
}

/// The definition: sort by value, then by index.
std::vector<uint32_t> largest(const std::vector<float>& values, uint32_t k) {
  std::vector<uint32_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return values[a] > values[b]; });
  order.resize(k);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

TEST("select: global winners are the k largest, ties to the lowest index, at every size and k") {
  Random random(1);
  for (const uint32_t n : {1u, 2u, 7u, 100u, 193u, 1000u, 12544u})
    for (const int levels : {1, 3, 1000000}) {
      std::vector<float> values(n);
      for (auto& value : values) value = (static_cast<float>(random.below(levels)) - levels / 2.0f) * 0.37f;
      if (n > 6) values[5] = -0.0f, values[6] = 0.0f;
      for (const uint32_t k : {0u, 1u, n / 10, n / 2, n - 1, n}) {
        const Selector selector({}, count(k), TensorLayout::channelsFirst(n, 1, 1));
        CHECK(winners(selector, values) == largest(values, k));
      }
    }
}

TEST("select: a sample of the values may mislead, and the winners are still the k largest") {
  Random random(3);
  for (const uint32_t n : {4096u, 5000u, 50176u}) {
    std::vector<float> values(n);
    for (uint32_t i = 0; i < n; i++) values[i] = i % (n / 512) == 0 ? 100 + random.uniform() : random.uniform();
    for (const uint32_t k : {1u, 3u, 512u, n / 10, n - 2}) {
      CHECK(winners(Selector({}, count(k), TensorLayout::channelsFirst(n, 1, 1)), values) == largest(values, k));
    }
    std::fill(values.begin() + 7, values.end(), 2.0f);
    CHECK(winners(Selector({}, count(n / 10), TensorLayout::channelsFirst(n, 1, 1)), values) == largest(values, n / 10));
  }
}

TEST("select: values that are no numbers, from a training that diverged, break nothing") {
  for (const uint32_t bits : {0x7fffffffu, 0xffffffffu, 0x7fc00000u, 0xffc00000u, 0x7f800000u})
    for (const uint32_t n : {10u, 300u, 5000u}) {
      const std::vector<float> values(n, __builtin_bit_cast(float, bits));
      CHECK(winners(Selector({}, count(n / 2), TensorLayout::channelsFirst(n, 1, 1)), values).size() <= n / 2);
    }
}

TEST("select: in channels-last memory ties still go to the lowest channel-major index") {
  const uint32_t channels = 5, height = 6, width = 10;
  Random random(2);
  std::vector<float> first(channels * height * width), last(first.size());
  for (auto& value : first) value = static_cast<float>(random.below(4));
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t at = 0; at < height * width; at++) last[at * channels + c] = first[c * height * width + at];
  Selection volume;
  volume.kind = SelectionKind::volume;
  volume.channels = 2;
  volume.height = 4;
  volume.width = 3;
  Selection group;
  group.kind = SelectionKind::group;
  group.size = 7;
  Selection local, perChannel;
  local.kind = SelectionKind::local;
  perChannel.kind = SelectionKind::perChannel;
  for (const Selection& selection : {Selection{}, local, perChannel, volume, group})
    for (const uint32_t k : {1u, 2u, 4u, 60u}) {
      const Selector a(selection, count(k), TensorLayout::channelsFirst(channels, height, width));
      const Selector b(selection, count(k), TensorLayout::channelsLast(channels, height, width));
      auto expected = winners(a, first), got = winners(b, last);
      for (auto& at : got) at = at % channels * (height * width) + at / channels;
      std::sort(expected.begin(), expected.end());
      std::sort(got.begin(), got.end());
      CHECK(expected == got);
      CHECK(expected.size() == a.most());
    }
}

TEST("select: hand examples of each competition") {
  const std::vector<float> values{1, 9, 3, 8, 2, 7, 4, 6};  // 2 channels of 2 x 2
  const auto layout = TensorLayout::channelsFirst(2, 2, 2);
  Selection selection;
  selection.kind = SelectionKind::perChannel;
  CHECK((winners(Selector(selection, count(1), layout), values) == std::vector<uint32_t>{1, 5}));
  selection.kind = SelectionKind::local;
  CHECK((winners(Selector(selection, count(1), layout), values) == std::vector<uint32_t>{1, 3, 4, 6}));
  selection.kind = SelectionKind::threshold;
  selection.value = 6;
  CHECK((winners(Selector(selection, count(0), layout), values) == std::vector<uint32_t>{1, 3, 5}));
  selection.kind = SelectionKind::group;
  selection.size = 3;
  CHECK((winners(Selector(selection, count(1), layout), values) == std::vector<uint32_t>{1, 3, 7}));
}

TEST("select: counts round to nearest, halves to even, also for k at inference") {
  WinnerCount percent;
  percent.percentOn = 0.095;
  CHECK(winnersAmong(percent, 12544) == 1192);
  percent.percentOn = 0.125;
  CHECK(winnersAmong(percent, 1600) == 200);
  CHECK(roundHalfEven(2.5) == 2 && roundHalfEven(3.5) == 4 && roundHalfEven(2.51) == 3);
  CHECK(winnersAtInference(5, 1.5, 100) == 8 && winnersAtInference(5, 1.5, 6) == 6);
  CHECK(connectionsPerUnit(25, 0.5) == 13 && connectionsPerUnit(1600, 0.2) == 320 && connectionsPerUnit(1600, 0.05) == 80);
}
