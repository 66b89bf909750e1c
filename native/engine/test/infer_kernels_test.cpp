#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/random.h"
#include "core/select.h"
#include "infer/kernels.h"
#include "test/check.h"

using namespace winnow;

namespace {

/// Values of the shapes that break selections: many ties, few different values, huge ranges, zeros of both signs.
std::vector<float> values(uint32_t n, uint32_t kind, Random& random) {
  std::vector<float> out(n);
  for (uint32_t i = 0; i < n; i++) {
    const float uniform = random.uniform() * 2 - 1;
    switch (kind) {
      case 0:
        out[i] = uniform;
        break;
      case 1:
        out[i] = 0.25f;
        break;
      case 2:
        out[i] = static_cast<float>(random.below(5)) - 2;
        break;
      case 3:
        out[i] = std::ldexp(uniform, static_cast<int>(random.below(200)) - 100);
        break;
      case 4:
        out[i] = random.below(2) ? 0.0f : -0.0f;
        break;
      case 5:
        out[i] = static_cast<float>(i);
        break;
      case 6:
        out[i] = -static_cast<float>(i / 16);
        break;
      default:
        // Hardly any but the first and the last are large: a sample misses them.
        out[i] = i < 3 || i + 3 >= n ? 100 : uniform * 1e-3f;
    }
  }
  return out;
}

std::vector<uint32_t> byDefinition(const std::vector<float>& deciding, uint32_t k) {
  std::vector<uint32_t> order(deciding.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return deciding[a] > deciding[b]; });
  order.resize(k);
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

namespace {

/// The winners by edge and list, where ties go to those that come first in memory.
std::vector<uint32_t> winnersOf(const TopKKernels& kernels, const Ranking& ranking, uint32_t k, bool whole) {
  std::vector<float> scratch(std::max(ranking.count + 4 * BLOCK, TOP_K_SCRATCH));
  std::vector<uint32_t> winners(ranking.count + BLOCK), tied(ranking.count + BLOCK);
  const float infinite = std::numeric_limits<float>::infinity();
  const Edge edge = kernels.edge(ranking, k, whole, scratch.data());
  if (edge.above + edge.tied == k) {
    winners.resize(kernels.list(ranking, edge.value, infinite, winners.data()));
    return winners;
  }
  CHECK(edge.above < k && edge.above + edge.tied > k);
  const float over = kernels.next(edge.value);
  winners.resize(kernels.list(ranking, over, infinite, winners.data()));
  tied.resize(kernels.list(ranking, edge.value, over, tied.data()));
  CHECK(winners.size() == edge.above && tied.size() == edge.tied);
  winners.insert(winners.end(), tied.begin(), tied.begin() + (k - edge.above));
  std::sort(winners.begin(), winners.end());
  return winners;
}

}  // namespace

TEST("infer: the k largest, on every instruction set, whatever the values") {
  Random random(11);
  for (Isa isa : availableIsas())
    for (uint32_t n : {1u, 2u, 7u, 15u, 16u, 17u, 63u, 64u, 100u, 1500u, 1600u, 4999u, 12544u})
      for (uint32_t kind = 0; kind < 8; kind++)
        for (uint32_t boosted : {0u, 1u, 2u}) {
          const auto plain = values(n, kind, random);
          // A factor for every unit, or for every channel, where channels come last.
          const uint32_t period = boosted == 2 ? 32 : n;
          if (n % period != 0) continue;
          std::vector<float> boost(period), deciding(plain);
          for (uint32_t i = 0; i < period; i++) boost[i] = 0.5f + static_cast<float>(i * 7 / (period + 1)) * 0.25f;
          if (boosted)
            for (uint32_t i = 0; i < n; i++) deciding[i] = plain[i] * boost[i % period];
          const Ranking ranking{plain.data(), boosted ? boost.data() : nullptr, n, period};
          for (uint32_t k : {1u, n / 10 + 1, n / 2 + (n == 1), n - (n > 1), n})
            CHECK(winnersOf(topKKernelsFor(isa), ranking, k, false) == byDefinition(deciding, k));
        }
}

TEST("infer: the k largest whole numbers, most of them equal") {
  Random random(14);
  for (Isa isa : availableIsas())
    for (uint32_t n : {1u, 33u, 1600u, 12544u})
      for (uint32_t most : {0u, 1u, 3u, 60u, 255u, 65025u})
        for (uint32_t k : {1u, n / 10 + 1, n}) {
          std::vector<float> ranks(n);
          for (float& rank : ranks) rank = static_cast<float>(random.below(most + 1) * random.below(2));
          CHECK(winnersOf(topKKernelsFor(isa), {ranks.data(), nullptr, n, n}, k, true) == byDefinition(ranks, k));
        }
}

TEST("infer: bits of those that reach a bound and are not zero") {
  Random random(15);
  for (Isa isa : availableIsas())
    for (uint32_t channels : {16u, 32u, 48u, 64u})
      for (bool boosted : {false, true}) {
        const uint32_t positions = 7;
        std::vector<float> values(positions * channels), boost(channels);
        for (float& value : values) value = static_cast<float>(random.below(5)) - 2;
        for (float& factor : boost) factor = 1 + static_cast<float>(random.below(3));
        std::vector<uint64_t> bits(positions + 1, 7);
        for (float bound : {-10.0f, 0.0f, 1.0f, 2.0f, 100.0f}) {
          topKKernelsFor(isa).bits({values.data(), boosted ? boost.data() : nullptr, positions * channels, channels}, channels,
                                   bound, bits.data());
          for (uint32_t i = 0; i < values.size(); i++) {
            const bool expected = values[i] != 0 && values[i] * (boosted ? boost[i % channels] : 1) >= bound;
            CHECK((bits[i / channels] >> (i % channels) & 1) == expected);
          }
          CHECK((channels == 64 || bits[0] >> channels == 0) && bits[positions] == 7);
        }
      }
}

TEST("infer: a convolution of patches is the same on every instruction set") {
  Random random(12);
  for (uint32_t pool : {1u, 2u, 3u})
    for (uint32_t positions : {1u, 3u, 4u, 5u, 8u, 16u, 17u, 31u, 48u, 50u, 196u}) {
      const uint32_t channels = 5, grid = 3 + pool - 1, stride = roundUp(positions, BLOCK) + BLOCK;
      std::vector<float> patches(grid * grid * stride + BLOCK), weights, scale(BLOCK), shift(BLOCK);
      for (auto& value : patches) value = random.uniform() - 0.5f;
      std::vector<uint32_t> starts{0}, at;
      for (uint32_t c = 0; c < channels; c++) {
        scale[c] = random.uniform() + 0.1f;
        shift[c] = random.uniform();
        // One channel without any weight.
        for (uint32_t tap = 0; tap < 9 && c != 2; tap++)
          if (random.below(2)) {
            at.push_back((tap / 3 * grid + tap % 3) * stride);
            weights.push_back(random.uniform() - 0.5f);
          }
        starts.push_back(static_cast<uint32_t>(at.size()));
      }
      const PatchConv conv{positions, stride, channels, pool, grid * stride, starts.data(), at.data(), weights.data(),
                           scale.data(), shift.data()};
      for (Isa isa : availableIsas()) {
        std::vector<float> out(channels * positions + 1, -7);
        patchConvKernelsFor(isa).run(conv, patches.data(), out.data());
        CHECK(out.back() == -7);
        for (uint32_t c = 0; c < channels; c++)
          for (uint32_t p = 0; p < positions; p++) {
            double largest = -1e30;
            for (uint32_t dy = 0; dy < pool; dy++)
              for (uint32_t dx = 0; dx < pool; dx++) {
                double sum = 0;
                for (uint32_t t = starts[c]; t < starts[c + 1]; t++)
                  sum += static_cast<double>(weights[t]) * patches[at[t] + (dy * grid + dx) * stride + p];
                largest = std::max(largest, sum);
              }
            CHECK_NEAR(out[c * positions + p], scale[c] * largest + shift[c], 1e-5);
          }
      }
    }
}

TEST("infer: lists are laid side by side and added, on every instruction set") {
  Random random(13);
  for (Isa isa : availableIsas())
    for (uint32_t blocks : {1u, 2u, 4u})
      for (uint32_t longest : {0u, 1u, 5u, 8u, 9u, 20u}) {
        const uint32_t inputs = 30, runs = 40, run = blocks * BLOCK;
        std::vector<uint32_t> starts{0}, entries;
        for (uint32_t i = 0; i < inputs; i++) {
          const uint32_t length = i == 3 ? longest : random.below(longest + 1);
          for (uint32_t e = 0; e < length; e++) entries.push_back(random.below(runs) << 16 | random.below(20));
          starts.push_back(static_cast<uint32_t>(entries.size()));
        }
        entries.resize(entries.size() + longest + LIST_SPARE);
        std::vector<uint32_t> list, base;
        std::vector<float> factor, weights(runs * run);
        for (auto& weight : weights) weight = random.uniform() - 0.5f;
        for (uint32_t i = 0; i < 50; i++) {
          list.push_back(random.below(inputs));
          base.push_back(random.below(21));
          factor.push_back(random.uniform() - 0.5f);
        }
        const ScatterLists lists{starts.data(), entries.data(), longest};
        std::vector<uint32_t> outEntries(51 * longest + LIST_SPARE);
        std::vector<float> outValues(outEntries.size()), sums(40 * run);
        const auto& kernels = scatterKernelsFor(isa);
        const uint32_t count =
            kernels.expand(lists, list.data(), base.data(), factor.data(), 50, outEntries.data(), outValues.data());
        kernels.add(outEntries.data(), outValues.data(), count, blocks, weights.data(), sums.data());
        std::vector<double> expected(sums.size());
        for (uint32_t i = 0; i < 50; i++)
          for (uint32_t e = starts[list[i]]; e < starts[list[i] + 1]; e++)
            for (uint32_t lane = 0; lane < run; lane++)
              expected[((entries[e] & 0xffff) + base[i]) * run + lane] +=
                  static_cast<double>(factor[i]) * weights[(entries[e] >> 16) * run + lane];
        for (size_t i = 0; i < sums.size(); i++) CHECK_NEAR(sums[i], expected[i], 1e-5);
      }
}
