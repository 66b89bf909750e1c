#include <cmath>
#include <cstring>
#include <stdexcept>

#include "test/check.h"
#include "test/train_reference.h"
#include "train/trainer.h"

using namespace winnow;
using namespace winnow::test;
using train::SkipOptions;
using train::Trainer;

namespace {

constexpr uint64_t SEED = 11;
constexpr size_t SAMPLES = 5;

LayerSpec linear(uint32_t units, ActivationKind kind = ActivationKind::none, double density = 1) {
  LayerSpec layer;
  layer.type = LayerType::linear;
  layer.name = "linear";
  layer.channels = units;
  layer.activation.kind = kind;
  layer.activation.slope = 0.1;
  layer.activation.winners.count.percentOn = 0.3;
  layer.weightDensity = density;
  return layer;
}

NetworkSpec perceptron() {
  NetworkSpec spec;
  spec.name = "test";
  spec.inputChannels = 21;
  spec.inputHeight = spec.inputWidth = 1;
  spec.layers = {linear(18, ActivationKind::leakyRelu, 0.15), linear(12, ActivationKind::leakyRelu, 0.4), linear(5)};
  return spec;
}

/// A linear layer behind a convolution reads its tensor in another order than its weights are counted in.
NetworkSpec convolutional() {
  NetworkSpec spec;
  spec.name = "test";
  spec.inputChannels = 1;
  spec.inputHeight = spec.inputWidth = 8;
  LayerSpec conv = linear(3, ActivationKind::kWinners);
  conv.type = LayerType::conv;
  conv.kernel = 3;
  conv.pool = 2;
  spec.layers = {conv, linear(9, ActivationKind::leakyRelu, 0.4), linear(5)};
  return spec;
}

struct Data {
  std::vector<float> windows;
  std::vector<int32_t> labels;
  std::vector<uint32_t> order;
  train::Samples view() const {
    train::Samples samples;
    samples.windows = windows.data();
    samples.count = labels.size();
    samples.labels = labels.data();
    return samples;
  }
};

Data dataFor(const NetworkSpec& spec, size_t count) {
  Random random(5);
  Data data;
  for (size_t i = 0; i < count * spec.inputSize(); i++) data.windows.push_back(random.uniform() * 4 - 2);
  for (size_t i = 0; i < count; i++) {
    data.labels.push_back(static_cast<int32_t>(random.below(5)));
    data.order.push_back(static_cast<uint32_t>(i));
  }
  return data;
}

/// Large enough to matter in the gradients, unlike freshly drawn ones: they are trained for a step with a huge rate first.
void enlargeSkips(Trainer& trainer, const Data& data) {
  train::Step step;
  step.learningRate = 2;
  const auto layers = trainer.layers();
  trainer.train(data.view(), data.order, data.order.size(), step);
  trainer.setLayers(layers);
}

void checkSkipGradients(const NetworkSpec& spec, const std::vector<uint32_t>& skipped) {
  const Data data = dataFor(spec, SAMPLES);
  Trainer trainer(spec, SEED, 2, availableIsas().front(), SkipOptions{skipped, 0});
  enlargeSkips(trainer, data);
  const auto before = trainer.layers();
  std::vector<PlainSkip> skips;
  for (uint32_t layer : skipped) {
    const auto weights = trainer.skipWeights(layer);
    skips.push_back({layer, {weights.begin(), weights.end()}});
  }
  std::vector<PlainLayer> layers;
  for (const auto& layer : before)
    layers.push_back({{layer.weight.begin(), layer.weight.end()}, {layer.bias.begin(), layer.bias.end()},
                      std::vector<double>(64, 1.0)});
  PlainBatch batch;
  for (size_t s = 0; s < SAMPLES; s++) {
    const float* from = data.windows.data() + s * spec.inputSize();
    batch.inputs.emplace_back(from, from + spec.inputSize());
    batch.distributions.emplace_back(5, 0.0)[static_cast<size_t>(data.labels[s])] = 1;
  }
  train::Step step;
  step.learningRate = 1;
  trainer.train(data.view(), data.order, SAMPLES, step);
  const auto after = trainer.layers();
  constexpr double H = 1e-6;
  const auto worst = [&](std::vector<double>& numbers, const std::vector<float>& old, const std::vector<float>& updated) {
    double difference = 0, largest = 1e-3;
    for (size_t at = 0; at < numbers.size(); at++) {
      if (old[at] == 0) continue;  // off the mask
      const double kept = numbers[at];
      numbers[at] = kept + H;
      const double up = plainLoss(spec, layers, batch, nullptr, skips);
      numbers[at] = kept - H;
      const double down = plainLoss(spec, layers, batch, nullptr, skips);
      numbers[at] = kept;
      const double expected = (up - down) / (2 * H);
      largest = std::max(largest, std::abs(expected));
      difference = std::max(difference, std::abs(expected - (static_cast<double>(old[at]) - updated[at])));
    }
    return difference / largest;
  };
  for (size_t i = 0; i < layers.size(); i++) {
    CHECK_NEAR(worst(layers[i].weight, before[i].weight, after[i].weight), 0, 2e-4);
    CHECK_NEAR(worst(layers[i].bias, before[i].bias, after[i].bias), 0, 2e-4);
  }
  for (size_t i = 0; i < skips.size(); i++) {
    const std::vector<float> old(skips[i].weight.begin(), skips[i].weight.end());
    CHECK_NEAR(worst(skips[i].weight, old, trainer.skipWeights(skipped[i])), 0, 2e-4);
  }
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

train::Step usualStep() {
  train::Step step;
  step.learningRate = 0.05f;
  step.momentum = 0.9f;
  step.weightDecay = 0.01f;
  return step;
}

}  // namespace

TEST("skip layers: gradients, of the skip weights and of the layers below") {
  checkSkipGradients(perceptron(), {0, 1});
  checkSkipGradients(perceptron(), {1});
  checkSkipGradients(convolutional(), {1});
  checkSkipGradients(convolutional(), {1, 2});
}

TEST("skip layers: begin within sqrt(1/classes)/100, afresh at each reset, the same from the same seed") {
  Trainer a(perceptron(), 3, 1, Isa::portable, SkipOptions{{0}, 0}), b(perceptron(), 3, 1, Isa::portable, SkipOptions{{0}, 0});
  const auto first = a.skipWeights(0);
  CHECK(first.size() == 5 * 21);
  const double bound = std::sqrt(1.0 / 5) / 100;
  double largest = 0;
  for (float weight : first) largest = std::max(largest, std::abs(static_cast<double>(weight)));
  CHECK(largest <= bound && largest > 0.8 * bound);
  CHECK(same(first, b.skipWeights(0)));
  const Data data = dataFor(perceptron(), 8);
  a.train(data.view(), data.order, 4, usualStep());
  CHECK(!same(first, a.skipWeights(0)));
  a.resetSkips();
  for (float weight : a.skipWeights(0)) CHECK(std::abs(static_cast<double>(weight)) <= bound);
  CHECK(!same(first, a.skipWeights(0)));
}

TEST("skip layers: one that is left out of a mini-batch keeps its weights; both happen, by the seed") {
  Trainer trainer(perceptron(), 3, 1, Isa::portable, SkipOptions{{0}, 0.5});
  const Data data = dataFor(perceptron(), 4);
  int still = 0;
  constexpr int BATCHES = 200;
  for (int i = 0; i < BATCHES; i++) {
    const auto before = trainer.skipWeights(0);
    trainer.train(data.view(), data.order, 4, usualStep());
    still += same(before, trainer.skipWeights(0));
  }
  // Five standard deviations of a fair coin.
  CHECK(std::abs(still - BATCHES / 2) < 5 * std::sqrt(BATCHES) / 2);
}

TEST("skip layers: the same for any number of threads, and after resuming") {
  const Data data = dataFor(perceptron(), 64);
  const SkipOptions skip{{0, 1}, 0.5};
  Trainer one(perceptron(), 3, 1, availableIsas().front(), skip), three(perceptron(), 3, 3, availableIsas().front(), skip);
  one.train(data.view(), data.order, 7, usualStep());
  three.train(data.view(), data.order, 7, usualStep());
  CHECK(same(one.skipWeights(0), three.skipWeights(0)) && same(one.layers()[0].weight, three.layers()[0].weight));
  Trainer resumed(perceptron(), 99, 2, availableIsas().front(), skip);
  resumed.setLayers(one.layers());
  const auto state = one.state();
  resumed.setState(state.data(), state.size());
  one.train(data.view(), data.order, 7, usualStep());
  resumed.train(data.view(), data.order, 7, usualStep());
  one.resetSkips();
  resumed.resetSkips();
  CHECK(same(one.skipWeights(1), resumed.skipWeights(1)) && same(one.layers()[1].weight, resumed.layers()[1].weight));
}

TEST("skip layers: have no part in inference, and are refused where they cannot be") {
  Trainer with(perceptron(), 3, 1, Isa::portable, SkipOptions{{0, 1}, 0}), without(perceptron(), 3, 1, Isa::portable);
  const Data data = dataFor(perceptron(), 4);
  enlargeSkips(with, data);
  CHECK(same(with.logits(data.windows.data(), 4), without.logits(data.windows.data(), 4)));
  const auto refuses = [](auto&& body) {
    try {
      body();
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  };
  const auto refused = [&](const NetworkSpec& spec, const SkipOptions& skip) {
    return refuses([&] { Trainer(spec, 3, 1, Isa::portable, skip); });
  };
  CHECK(refused(perceptron(), {{3}, 0}));
  CHECK(refused(perceptron(), {{0, 0}, 0}));
  CHECK(refused(perceptron(), {{0}, 1}));
  CHECK(refused(convolutional(), {{0}, 0}));
  CHECK(refuses([&] { without.skipWeights(0); }));
  const auto state = with.state();
  CHECK(refuses([&] { without.setState(state.data(), state.size()); }));
}
