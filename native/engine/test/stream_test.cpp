#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "infer/stream.h"
#include "test/check.h"

using namespace winnow;

namespace {

NetworkSpec spec(uint32_t rows, uint32_t columns, uint32_t channels) {
  NetworkSpec spec;
  spec.name = "stream";
  spec.inputHeight = rows;
  spec.inputWidth = columns;
  LayerSpec conv;
  conv.type = LayerType::conv;
  conv.name = "conv";
  conv.channels = channels;
  conv.kernel = 5;
  conv.pool = 2;
  conv.batchNorm = true;
  // Winners that are next to equal may swap where sums are added in another order; ReLU does not jump.
  conv.activation.kind = ActivationKind::relu;
  LayerSpec linear;
  linear.name = "linear";
  linear.channels = 5;
  spec.layers = {conv, linear};
  return spec;
}

std::vector<LayerTensors> tensorsFor(const NetworkSpec& spec, Random& random) {
  std::vector<LayerTensors> layers;
  const auto shapes = shapesOf(spec);
  for (size_t l = 0; l < shapes.size(); l++) {
    LayerTensors tensors;
    for (size_t i = 0; i < static_cast<size_t>(shapes[l].channels) * shapes[l].fanIn; i++) {
      tensors.mask.push_back(l > 0 || random.below(2));
      tensors.weight.push_back(tensors.mask.back() ? random.uniform() - 0.5f : 0);
    }
    for (uint32_t unit = 0; unit < shapes[l].channels; unit++) {
      tensors.bias.push_back(random.uniform());
      if (!spec.layers[l].batchNorm) continue;
      tensors.mean.push_back(random.uniform());
      tensors.variance.push_back(0.5f + random.uniform());
    }
    layers.push_back(std::move(tensors));
  }
  return layers;
}

}  // namespace

TEST("infer: a stream says what every window would say on its own, through gaps, floors that move and windows that repeat") {
  Random random(31);
  for (Isa isa : availableIsas())
    for (uint32_t columns : {6u, 12u, 32u}) {
      const uint32_t rows = columns == 12 ? 20 : columns, sums = columns - 4;
      const NetworkSpec network = spec(rows, columns, columns == 32 ? 64 : 16);
      const auto layers = tensorsFor(network, random);
      CHECK(Stream::fits(network));
      Stream stream(network, layers, isa);
      Network single(network, layers, isa);
      uint64_t weights = 0;
      for (uint8_t there : layers[0].mask) weights += there;
      std::vector<std::vector<float>> history(columns, std::vector<float>(rows, -50));
      std::vector<float> window(rows * columns), before, scaled(rows * columns);
      for (int step = 0; step < 60; step++) {
        // Once in a while everything is new, as after a gap, and now and then nothing is.
        const uint32_t news = step % 17 == 16 ? columns : step % 11 == 10 ? 0 : 1;
        for (uint32_t i = 0; i < news; i++) {
          history.erase(history.begin());
          history.emplace_back(rows);
          for (float& value : history.back()) value = random.uniform() * 60 - 80;
        }
        const float floor = step % 7 < 4 ? -100.0f : -75.0f;
        for (uint32_t x = 0; x < columns; x++)
          for (uint32_t y = 0; y < rows; y++) window[y * columns + x] = std::max(history[x][y], floor);
        const float factor = 0.05f + random.uniform() * 0.1f, offset = 2 + random.uniform();
        std::vector<float> logits(5);
        std::vector<uint32_t> active(2), multiplies(2);
        stream.step(window.data(), factor, offset, logits.data(), active.data(), multiplies.data());
        for (size_t i = 0; i < window.size(); i++) scaled[i] = factor * window[i] + offset;
        const auto expected = single.run(scaled.data(), 1, 1, false);
        for (size_t i = 0; i < 5; i++)
          CHECK_NEAR(logits[i], expected.logits[i], 1e-4 * std::max(10.0f, std::fabs(expected.logits[i])));

        // A column of sums is computed where any of its five columns differs from what stood one further on.
        uint32_t fresh = 0;
        for (uint32_t x = 0; x < sums; x++) {
          bool differs = before.empty();
          for (uint32_t at = x; at < x + 5 && !differs; at++)
            for (uint32_t y = 0; y < rows; y++)
              differs |= at + 1 >= columns || before[y * columns + at + 1] != window[y * columns + at];
          fresh += differs;
        }
        CHECK(multiplies[0] == fresh * weights * (rows - 4));
        CHECK(step == 0 || step % 7 == 0 || step % 7 == 4 || news != 1 || fresh == 1);
        CHECK(multiplies[0] <= expected.multiplies[0]);
        before = window;
      }
    }
}

TEST("infer: a stream refuses what it cannot reuse") {
  Random random(32);
  NetworkSpec network = spec(32, 32, 64);
  const auto refuses = [](auto&& body) {
    try {
      body();
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  for (int change = 0; change < 4; change++) {
    NetworkSpec other = network;
    if (change == 0) other.layers[0].channels = 10;
    if (change == 1) other.layers[0].activationBeforePool = true;
    if (change == 2) other.inputWidth = 31;
    if (change == 3) other.layers.erase(other.layers.begin());
    CHECK(!Stream::fits(other));
    CHECK(refuses([&] { Stream(other, tensorsFor(other, random), Isa::portable); }));
  }
  Stream stream(network, tensorsFor(network, random), Isa::portable);
  std::vector<float> window(1024, 1), logits(5);
  std::vector<uint32_t> active(2), multiplies(2);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [factor, offset] : {std::pair{0.0f, 0.0f}, {-1.0f, 0.0f}, {nan, 0.0f}, {1.0f, nan}})
    CHECK(refuses([&] { stream.step(window.data(), factor, offset, logits.data(), active.data(), multiplies.data()); }));
  window[7] = nan;
  CHECK(refuses([&] { stream.step(window.data(), 1, 0, logits.data(), active.data(), multiplies.data()); }));
}
