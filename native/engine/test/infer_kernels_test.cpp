#include <algorithm>
#include <cmath>
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

TEST("infer: the k largest, on every instruction set, whatever the values") {
  Random random(11);
  for (Isa isa : availableIsas())
    for (uint32_t n : {1u, 2u, 7u, 15u, 16u, 17u, 63u, 64u, 100u, 1500u, 1600u, 4999u, 12544u})
      for (uint32_t kind = 0; kind < 8; kind++)
        for (bool boosted : {false, true}) {
          const auto plain = values(n, kind, random);
          std::vector<float> boost(n), deciding(plain);
          for (uint32_t i = 0; i < n; i++) boost[i] = 0.5f + static_cast<float>(i * 7 / (n + 1)) * 0.25f;
          if (boosted)
            for (uint32_t i = 0; i < n; i++) deciding[i] = plain[i] * boost[i];
          for (uint32_t k : {1u, n / 10 + 1, n / 2 + (n == 1), n - (n > 1), n}) {
            std::vector<float> scratch(std::max(n + 4 * BLOCK, TOP_K_SCRATCH));
            std::vector<uint32_t> winners(n + BLOCK);
            const TopK found = topKKernelsFor(isa).select(plain.data(), boosted ? boost.data() : nullptr, n, k, false, scratch.data(), winners.data());
            CHECK(found.above <= k && (found.tied == 0 ? found.above == k : found.above + found.tied > k));
            // In this order of memory the first ties win.
            winners.resize(k);
            std::sort(winners.begin(), winners.end());
            CHECK(winners == byDefinition(deciding, k));
          }
        }
}

TEST("infer: the k largest whole numbers, most of them equal") {
  Random random(14);
  for (Isa isa : availableIsas())
    for (uint32_t n : {1u, 33u, 1600u, 12544u})
      for (uint32_t most : {0u, 1u, 3u, 60u, 255u, 65025u})
        for (uint32_t k : {1u, n / 10 + 1, n}) {
          std::vector<float> ranks(n), scratch(std::max(n + 4 * BLOCK, TOP_K_SCRATCH));
          for (float& rank : ranks) rank = static_cast<float>(random.below(most + 1) * random.below(2));
          std::vector<uint32_t> winners(n + BLOCK);
          const TopK found = topKKernelsFor(isa).select(ranks.data(), nullptr, n, k, true, scratch.data(), winners.data());
          CHECK(found.above <= k && found.above + found.tied >= k);
          winners.resize(k);
          std::sort(winners.begin(), winners.end());
          CHECK(winners == byDefinition(ranks, k));
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
      const PatchConv conv{positions, stride, channels, pool, grid * stride, starts.data(), at.data(), weights.data(), scale.data(), shift.data()};
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
        const uint32_t count = kernels.expand(lists, list.data(), base.data(), factor.data(), 50, outEntries.data(), outValues.data());
        kernels.add(outEntries.data(), outValues.data(), count, blocks, weights.data(), sums.data());
        std::vector<double> expected(sums.size());
        for (uint32_t i = 0; i < 50; i++)
          for (uint32_t e = starts[list[i]]; e < starts[list[i] + 1]; e++)
            for (uint32_t lane = 0; lane < run; lane++)
              expected[((entries[e] & 0xffff) + base[i]) * run + lane] += static_cast<double>(factor[i]) * weights[(entries[e] >> 16) * run + lane];
        for (size_t i = 0; i < sums.size(); i++) CHECK_NEAR(sums[i], expected[i], 1e-5);
      }
}
