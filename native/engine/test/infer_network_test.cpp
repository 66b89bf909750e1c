#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "infer/network.h"
#include "test/check.h"

using namespace winnow;

namespace {

LayerSpec conv(uint32_t channels, uint32_t kernel, uint32_t pool, bool before) {
  LayerSpec layer;
  layer.type = LayerType::conv;
  layer.name = "conv";
  layer.channels = channels;
  layer.kernel = kernel;
  layer.pool = pool;
  layer.activationBeforePool = before;
  return layer;
}

LayerSpec linear(uint32_t units) {
  LayerSpec layer;
  layer.name = "linear";
  layer.channels = units;
  return layer;
}

void winners(LayerSpec& layer, SelectionKind kind, double percentOn) {
  layer.activation.kind = ActivationKind::kWinners;
  layer.activation.winners.selection.kind = kind;
  layer.activation.winners.selection.channels = layer.activation.winners.selection.height =
      layer.activation.winners.selection.width = 2;
  layer.activation.winners.selection.size = 3;
  layer.activation.winners.count.percentOn = percentOn;
  layer.activation.winners.boosting.strength = 1;
  layer.activation.winners.boosting.atInference = true;
}

/// @param block units that have their weights at the same inputs
std::vector<LayerTensors> randomTensors(const NetworkSpec& spec, Random& random, uint32_t block, uint32_t keepOneIn) {
  std::vector<LayerTensors> layers;
  const auto shapes = shapesOf(spec);
  for (size_t l = 0; l < shapes.size(); l++) {
    LayerTensors tensors;
    const size_t units = shapes[l].channels, fanIn = shapes[l].fanIn;
    tensors.weight.resize(units * fanIn);
    tensors.mask.resize(units * fanIn);
    for (size_t first = 0; first < units; first += block)
      for (size_t in = 0; in < fanIn; in++) {
        const bool there = random.below(keepOneIn) == 0;
        for (size_t unit = first; unit < std::min(units, first + block); unit++) {
          tensors.mask[unit * fanIn + in] = there;
          tensors.weight[unit * fanIn + in] = there ? random.uniform() - 0.5f : 0;
        }
      }
    tensors.bias.resize(units);
    for (auto& bias : tensors.bias) bias = random.uniform() - 0.5f;
    if (spec.layers[l].batchNorm) {
      tensors.mean.assign(units, 0.1f);
      tensors.variance.assign(units, 0.5f);
    }
    if (spec.layers[l].activation.kind == ActivationKind::kWinners)
      for (size_t u = 0; u < units; u++) tensors.dutyCycle.push_back(random.uniform());
    layers.push_back(std::move(tensors));
  }
  return layers;
}

/// Products that the definition counts, from the traces: by hand, position by position.
uint64_t multipliesOf(const NetworkSpec& spec, size_t layer, const LayerTensors& tensors, const std::vector<float>& input) {
  const LayerShape shape = shapesOf(spec)[layer];
  const uint32_t kernel = spec.layers[layer].type == LayerType::conv ? spec.layers[layer].kernel : 0;
  uint64_t count = 0;
  for (uint32_t unit = 0; unit < shape.channels; unit++)
    for (uint32_t y = 0; y < shape.height; y++)
      for (uint32_t x = 0; x < shape.width; x++)
        for (uint32_t slot = 0; slot < shape.fanIn; slot++) {
          size_t at = slot;
          if (kernel) {
            const uint32_t c = slot / (kernel * kernel), ky = slot / kernel % kernel, kx = slot % kernel;
            at = (static_cast<size_t>(c) * shape.inputHeight + y + ky) * shape.inputWidth + x + kx;
          }
          count += tensors.mask[static_cast<size_t>(unit) * shape.fanIn + slot] && (layer == 0 || input[at] != 0);
        }
  return count;
}

}  // namespace

TEST("infer: every instruction set says what portable C++ says, on odd shapes, patterns and winners") {
  Random random(21);
  const SelectionKind kinds[] = {SelectionKind::global, SelectionKind::local, SelectionKind::perChannel, SelectionKind::volume,
                                 SelectionKind::group};
  for (int round = 0; round < 60; round++) {
    NetworkSpec spec;
    spec.name = "odd";
    spec.inputChannels = 1 + random.below(2);
    spec.inputHeight = 12 + random.below(9);
    spec.inputWidth = 12 + random.below(9);
    spec.layers = {conv(1 + random.below(40), 1 + random.below(4), 1 + random.below(3), random.below(2)),
                   conv(1 + random.below(70), 1 + random.below(2), 1 + random.below(2), random.below(2)),
                   linear(1 + random.below(40)), linear(3)};
    for (int l = 0; l < 3; l++) {
      spec.layers[l].batchNorm = random.below(2);
      const double on[] = {0, 0.1, 0.5, 1};
      if (random.below(5)) winners(spec.layers[l], kinds[random.below(5)], on[random.below(4)]);
      else spec.layers[l].activation.kind = random.below(2) ? ActivationKind::relu : ActivationKind::none;
    }
    const uint32_t blocks[] = {1, 16, 32, 64};
    const auto layers = randomTensors(spec, random, blocks[random.below(4)], 1 + random.below(6));
    std::vector<float> windows(3 * spec.inputSize());
    for (auto& value : windows) value = round % 7 == 0 ? 1.0f : static_cast<float>(random.below(2000)) / 1000 - 1;
    const auto expected = Network(spec, layers, Isa::portable).run(windows.data(), 3, 1, true);
    for (size_t w = 0; w < 3; w++) {
      std::vector<float> input(windows.begin() + w * spec.inputSize(), windows.begin() + (w + 1) * spec.inputSize());
      for (size_t l = 0; l < 4; l++) {
        CHECK(expected.multiplies[w * 4 + l] == multipliesOf(spec, l, layers[l], input));
        input = expected.traces[w * 4 + l].output;
      }
    }
    for (Isa isa : availableIsas()) {
      Network network(spec, layers, isa);
      const auto result = network.run(windows.data(), 3, 1, true);
      bool same = true;
      for (size_t t = 0; t < result.traces.size(); t++) same &= result.traces[t].winners == expected.traces[t].winners;
      // Sums in another order may swap two winners that are next to equal; then what follows differs.
      if (!same) continue;
      CHECK(result.active == expected.active);
      CHECK(result.multiplies == expected.multiplies);
      for (size_t i = 0; i < result.logits.size(); i++)
        CHECK_NEAR(result.logits[i], expected.logits[i], 1e-4 * std::max(1.0f, std::fabs(expected.logits[i])));
      const auto threaded = network.run(windows.data(), 3, 2, false);
      CHECK(threaded.logits == result.logits);
      CHECK(threaded.multiplies == result.multiplies);
    }
  }
}

namespace {

/// Lets one filter of every convolution and unit have a weight of zero where its neighbours have none: patterns that kernels
/// rely on are gone, and nothing else has changed.
std::vector<LayerTensors> withoutPattern(std::vector<LayerTensors> layers, const NetworkSpec& spec) {
  const auto shapes = shapesOf(spec);
  for (size_t l = 0; l < layers.size(); l++)
    for (size_t unit = 0; unit < shapes[l].channels; unit += 2)
      for (size_t slot = 0; slot < shapes[l].fanIn; slot++) layers[l].mask[unit * shapes[l].fanIn + slot] = 1;
  return layers;
}

/// Two convolutions whose filters share taps in blocks, with and without a pool, after which kernels of wide patterns come.
NetworkSpec wideSpec(Random& random) {
  NetworkSpec spec;
  spec.name = "wide";
  spec.inputHeight = 16 + random.below(9);
  spec.inputWidth = 16 + random.below(9);
  const uint32_t lanes[] = {16, 32, 64, 80};
  spec.layers = {conv(16 * (1 + random.below(4)), 1 + random.below(5), 1 + random.below(2), false),
                 conv(lanes[random.below(4)], 1 + random.below(5), 1 + random.below(2), false),
                 linear(16 + random.below(80)), linear(3)};
  const double on[] = {0, 0.1, 0.3, 1};
  for (int l = 0; l < 3; l++) winners(spec.layers[l], SelectionKind::global, on[random.below(4)]);
  return spec;
}

}  // namespace

TEST("infer: wide patterns change the kernels and not the answers") {
  Random random(23);
  for (int round = 0; round < 40; round++) {
    const NetworkSpec spec = wideSpec(random);
    const auto layers = randomTensors(spec, random, 80, 2 + random.below(5));
    const auto plain = withoutPattern(layers, spec);
    std::vector<float> windows(2 * spec.inputSize());
    for (auto& value : windows) value = round % 9 == 0 ? 1.0f : static_cast<float>(random.below(2000)) / 1000 - 1;
    for (Isa isa : availableIsas()) {
      const auto expected = Network(spec, plain, isa).run(windows.data(), 2, 1, true);
      Network network(spec, layers, isa);
      const auto result = network.run(windows.data(), 2, 1, true), quick = network.run(windows.data(), 2, 2, false);
      CHECK(quick.logits == result.logits && quick.active == result.active && quick.multiplies == result.multiplies);
      for (size_t w = 0; w < 2; w++)
        for (size_t l = 0; l < 4; l++) {
          const auto from = windows.begin() + w * spec.inputSize();
          const auto& input = l == 0 ? std::vector<float>(from, from + spec.inputSize())
                                     : result.traces[w * 4 + l - 1].output;
          CHECK(result.multiplies[w * 4 + l] == multipliesOf(spec, l, layers[l], input));
        }
      bool same = result.active == expected.active;
      for (size_t t = 0; t < result.traces.size(); t++) same &= result.traces[t].winners == expected.traces[t].winners;
      // Sums in another order may swap two winners that are next to equal; then what follows differs.
      if (!same) continue;
      for (size_t i = 0; i < result.logits.size(); i++)
        CHECK_NEAR(result.logits[i], expected.logits[i], 1e-4 * std::max(1.0f, std::fabs(expected.logits[i])));
    }
  }
}

TEST("infer: wide patterns of 8 bits say bit for bit what others say") {
  Random random(24);
  for (int round = 0; round < 40; round++) {
    const NetworkSpec spec = wideSpec(random);
    auto layers = randomTensors(spec, random, 80, 2 + random.below(5));
    std::vector<Quantisation> quantisation(4);
    for (size_t l = 0; l < 4; l++) {
      // The linear layer may have tens of thousands of inputs, and its sums must stay whole.
      const float most = l == 2 ? 4 : 40;
      for (float& weight : layers[l].weight) weight = std::floor(weight * most);
      for (float& bias : layers[l].bias) bias = std::floor(bias * 1000);
      if (l == 3) break;
      quantisation[l].shift = round % 8 == 0 ? 30 : 6 + random.below(4);
      if (random.below(2))
        for (uint32_t u = 0; u < spec.layers[l].channels; u++)
          quantisation[l].rankFactor.push_back(static_cast<float>(1 + random.below(255)));
    }
    const auto plain = withoutPattern(layers, spec);
    std::vector<float> windows(2 * spec.inputSize());
    for (auto& value : windows) value = static_cast<float>(random.below(256));
    const auto expected = Network(spec, plain, quantisation, Isa::portable).run(windows.data(), 2, 1, true);
    for (Isa isa : availableIsas()) {
      Network network(spec, layers, quantisation, isa);
      const auto result = network.run(windows.data(), 2, 1, true);
      for (size_t t = 0; t < result.traces.size(); t++) {
        CHECK(result.traces[t].winners == expected.traces[t].winners);
        CHECK(result.traces[t].output == expected.traces[t].output);
      }
      CHECK(result.logits == expected.logits);
      CHECK(network.run(windows.data(), 2, 2, false).logits == expected.logits);
    }
  }
}

TEST("infer: 8-bit networks are the same bit for bit on every instruction set, batch and number of threads") {
  Random random(22);
  for (int round = 0; round < 24; round++) {
    NetworkSpec spec;
    spec.name = "bytes";
    spec.inputHeight = 12 + random.below(9);
    spec.inputWidth = 14 + random.below(9);
    // The shapes that have kernels of their own, and others.
    spec.layers = {conv(16 * (1 + random.below(4)), 5, 2, round % 5 == 0),
                   conv(round % 3 == 0 ? 40 : 64, 2 + random.below(3), 1, false), linear(33), linear(3)};
    winners(spec.layers[0], SelectionKind::global, round % 4 == 0 ? 1 : 0.1);
    winners(spec.layers[1], round % 2 ? SelectionKind::global : SelectionKind::local, 0.2);
    winners(spec.layers[2], SelectionKind::global, 0.3);
    auto layers = randomTensors(spec, random, round % 2 ? 64 : 1, 3);
    std::vector<Quantisation> quantisation(4);
    for (size_t l = 0; l < 4; l++) {
      for (float& weight : layers[l].weight) weight = std::floor(weight * 254);
      for (float& bias : layers[l].bias) bias = std::floor(bias * 1000);
      if (l == 3) break;
      quantisation[l].shift = l == 0 ? 8 : 9;
      if (random.below(2))
        for (uint32_t u = 0; u < spec.layers[l].channels; u++)
          quantisation[l].rankFactor.push_back(static_cast<float>(1 + random.below(255)));
    }
    std::vector<float> windows(3 * spec.inputSize());
    for (auto& value : windows) value = static_cast<float>(random.below(256));
    const auto expected = Network(spec, layers, quantisation, Isa::portable).run(windows.data(), 3, 1, true);
    for (Isa isa : availableIsas()) {
      Network network(spec, layers, quantisation, isa);
      const auto result = network.run(windows.data(), 3, 1, true);
      for (size_t t = 0; t < result.traces.size(); t++) {
        CHECK(result.traces[t].winners == expected.traces[t].winners);
        CHECK(result.traces[t].output == expected.traces[t].output);
      }
      CHECK(result.logits == expected.logits);
      CHECK(result.multiplies == expected.multiplies);
      CHECK(network.run(windows.data(), 3, 2, false).logits == expected.logits);
    }
  }
}

TEST("infer: a network refuses what is no number") {
  NetworkSpec spec;
  spec.inputHeight = spec.inputWidth = 4;
  spec.layers = {linear(2)};
  LayerTensors tensors;
  tensors.weight.assign(32, 1);
  tensors.bias.assign(2, 0);
  const auto refuses = [](auto&& body) {
    try {
      body();
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  Network network(spec, {tensors}, Isa::portable);
  std::vector<float> window(16, 1);
  CHECK(network.run(window.data(), 1, 1, false).logits[0] == 16);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    window[15] = bad;
    CHECK(refuses([&] { network.run(window.data(), 1, 1, false); }));
    LayerTensors broken = tensors;
    broken.weight[3] = bad;
    CHECK(refuses([&] { Network(spec, {broken}, Isa::portable); }));
  }
  NetworkSpec large = spec;
  large.inputHeight = large.inputWidth = 1u << 16;
  CHECK(refuses([&] { Network(large, {tensors}, Isa::portable); }));
}
