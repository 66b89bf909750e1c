#include <cstring>

#include "test/check.h"
#include "test/train_reference.h"
#include "train/trainer.h"

using namespace winnow;
using namespace winnow::test;
using train::Trainer;

namespace {

Activation winners(SelectionKind kind, double percent, double strength = 0) {
  Activation activation;
  activation.kind = ActivationKind::kWinners;
  activation.winners.selection.kind = kind;
  activation.winners.selection.channels = 2;
  activation.winners.selection.height = activation.winners.selection.width = 3;
  activation.winners.selection.size = 5;
  activation.winners.selection.value = 0.3;
  activation.winners.count.percentOn = percent;
  activation.winners.boosting.strength = strength;
  return activation;
}

Activation plain(ActivationKind kind) {
  Activation activation;
  activation.kind = kind;
  activation.slope = 0.2;
  return activation;
}

LayerSpec conv(uint32_t channels, uint32_t kernel, uint32_t pool, Activation activation, bool norm = true, bool early = false,
               double density = 1) {
  LayerSpec layer;
  layer.type = LayerType::conv;
  layer.name = "conv";
  layer.channels = channels;
  layer.kernel = kernel;
  layer.pool = pool;
  layer.activation = activation;
  layer.batchNorm = norm;
  layer.activationBeforePool = early;
  layer.weightDensity = density;
  return layer;
}

LayerSpec linear(uint32_t units, Activation activation = {}, bool norm = false, double density = 1, double dropout = 0) {
  LayerSpec layer;
  layer.type = LayerType::linear;
  layer.name = "linear";
  layer.channels = units;
  layer.activation = activation;
  layer.batchNorm = norm;
  layer.weightDensity = density;
  layer.dropout = dropout;
  return layer;
}

NetworkSpec network(uint32_t channels, uint32_t height, uint32_t width, std::vector<LayerSpec> layers) {
  NetworkSpec spec;
  spec.name = "test";
  spec.inputChannels = channels;
  spec.inputHeight = height;
  spec.inputWidth = width;
  spec.layers = std::move(layers);
  return spec;
}

struct Problem {
  std::vector<float> windows, distributions;
  std::vector<int32_t> labels;
  std::vector<uint32_t> order;
};

Problem problem(const NetworkSpec& spec, size_t count, uint64_t seed = 5) {
  Random random(seed);
  Problem made;
  const uint32_t classes = spec.layers.back().channels;
  for (size_t i = 0; i < count * spec.inputSize(); i++) made.windows.push_back(random.uniform() * 4 - 2);
  for (size_t i = 0; i < count; i++) {
    made.labels.push_back(static_cast<int32_t>(random.below(classes)));
    made.order.push_back(static_cast<uint32_t>(count - 1 - i));
    float sum = 0;
    for (uint32_t c = 0; c < classes; c++) sum += made.distributions.emplace_back(random.uniform());
    for (uint32_t c = 0; c < classes; c++) made.distributions[made.distributions.size() - classes + c] /= sum;
  }
  return made;
}

train::Samples view(const Problem& problem, bool soft = false) {
  train::Samples samples;
  samples.windows = problem.windows.data();
  samples.count = problem.labels.size();
  if (soft)
    samples.distributions = problem.distributions.data();
  else
    samples.labels = problem.labels.data();
  return samples;
}

/// The trainer's gradients in the outside order, got from one step of rate 1 without momentum and decay.
std::vector<LayerTensors> stepped(Trainer& trainer, const Problem& problem, bool soft) {
  train::Step step;
  step.learningRate = 1;
  trainer.train(view(problem, soft), problem.order, problem.order.size(), step);
  return trainer.layers();
}

/// Gives every `block` units side by side the mask of the first of them.
void shareMasks(std::vector<LayerTensors>& layers, size_t block) {
  Random random(17);
  for (auto& layer : layers) {
    const size_t fanIn = layer.weight.size() / layer.bias.size();
    for (size_t at = 0; at < layer.mask.size(); at++) {
      const size_t unit = at / fanIn;
      layer.mask[at] = layer.mask[unit / block * block * fanIn + at % fanIn];
      layer.weight[at] = layer.mask[at] ? (random.uniform() - 0.5f) * 0.3f : 0;
    }
  }
}

/// Compares every weight's gradient with central differences of the plain double-precision network.
void checkGradients(const NetworkSpec& spec, size_t samples = 3, bool soft = false, Isa isa = availableIsas().front(),
                    size_t unitsPerMask = 1) {
  constexpr uint64_t SEED = 11;
  const Problem data = problem(spec, samples);
  Trainer trainer(spec, SEED, 2, isa);
  auto before = trainer.layers();
  Random random(3);
  for (auto& layer : before)
    for (auto& duty : layer.dutyCycle) duty = random.uniform();
  if (unitsPerMask > 1) shareMasks(before, unitsPerMask);
  trainer.setLayers(before);

  std::vector<PlainLayer> plainLayers;
  for (size_t i = 0; i < before.size(); i++) {
    PlainLayer layer;
    layer.weight.assign(before[i].weight.begin(), before[i].weight.end());
    layer.bias.assign(before[i].bias.begin(), before[i].bias.end());
    // The target is a factor common to all channels: it cannot change who wins.
    for (float duty : before[i].dutyCycle)
      layer.boost.push_back(std::exp(-spec.layers[i].activation.winners.boosting.strength * static_cast<double>(duty)));
    plainLayers.push_back(layer);
  }
  PlainBatch batch;
  batch.seed = SEED;
  const uint32_t classes = spec.layers.back().channels;
  for (uint32_t sample : data.order) {
    const float* from = data.windows.data() + static_cast<size_t>(sample) * spec.inputSize();
    batch.inputs.emplace_back(from, from + spec.inputSize());
    std::vector<double> wanted(classes);
    if (soft)
      wanted.assign(data.distributions.begin() + sample * classes, data.distributions.begin() + (sample + 1) * classes);
    else
      wanted[static_cast<size_t>(data.labels[sample])] = 1;
    batch.distributions.push_back(wanted);
  }

  const auto after = stepped(trainer, data, soft);
  constexpr double H = 1e-6;
  for (size_t i = 0; i < before.size(); i++) {
    const auto compare = [&](std::vector<double>& numbers, const std::vector<float>& old, const std::vector<float>& updated,
                             const std::vector<uint8_t>& mask) {
      double largest = 1e-3, worst = 0;
      const size_t stride = std::max<size_t>(1, numbers.size() / 150);
      for (size_t at = 0; at < numbers.size(); at += stride) {
        const double got = static_cast<double>(old[at]) - updated[at];
        if (!mask.empty() && !mask[at]) {
          CHECK(got == 0 && updated[at] == 0);
          continue;
        }
        const double kept = numbers[at];
        numbers[at] = kept + H;
        const double up = plainLoss(spec, plainLayers, batch);
        numbers[at] = kept - H;
        const double down = plainLoss(spec, plainLayers, batch);
        numbers[at] = kept;
        const double expected = (up - down) / (2 * H);
        largest = std::max(largest, std::abs(expected));
        worst = std::max(worst, std::abs(expected - got));
      }
      CHECK_NEAR(worst / largest, 0, 2e-4);
    };
    compare(plainLayers[i].weight, before[i].weight, after[i].weight, before[i].mask);
    compare(plainLayers[i].bias, before[i].bias, after[i].bias, {});
  }
}

/// Both convolutions, sparse and dense weights, winners: everything at once.
NetworkSpec everything() {
  return network(1, 16, 16,
                 {conv(20, 5, 2, winners(SelectionKind::global, 0.1, 1.5), true, false, 0.5),
                  conv(18, 3, 2, winners(SelectionKind::global, 0.15, 1.5), true, true, 0.2),
                  linear(40, winners(SelectionKind::global, 0.2, 1.5), true, 0.1, 0.3), linear(7)});
}

bool same(const std::vector<LayerTensors>& a, const std::vector<LayerTensors>& b) {
  const auto equal = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0);
  };
  for (size_t i = 0; i < a.size(); i++)
    if (!equal(a[i].weight, b[i].weight) || !equal(a[i].bias, b[i].bias) || !equal(a[i].mean, b[i].mean) ||
        !equal(a[i].variance, b[i].variance) || !equal(a[i].dutyCycle, b[i].dutyCycle) || a[i].mask != b[i].mask)
      return false;
  return true;
}

train::Step usualStep() {
  train::Step step;
  step.learningRate = 0.05f;
  step.momentum = 0.9f;
  step.weightDecay = 0.01f;
  return step;
}

}  // namespace

TEST("gradients: linear layers, every activation, with and without batch norm, dropout, masks") {
  for (const bool norm : {false, true}) {
    checkGradients(network(1, 3, 4, {linear(5)}));
    checkGradients(network(2, 3, 4, {linear(19, plain(ActivationKind::relu), norm), linear(5)}), 5);
    checkGradients(network(1, 3, 4, {linear(19, plain(ActivationKind::leakyRelu), norm, 0.4), linear(5)}), 5);
    checkGradients(network(1, 3, 4, {linear(33, plain(ActivationKind::none), norm, 1, 0.5), linear(5)}), 5);
    checkGradients(network(1, 5, 4,
                           {linear(33, winners(SelectionKind::global, 0.3, 1.5), norm, 0.2), linear(5, {}, false, 0.25)}), 5);
  }
}

TEST("gradients: convolutions, every activation, with and without batch norm, pooling and masks") {
  for (const bool norm : {false, true}) {
    checkGradients(network(1, 6, 7, {conv(3, 3, 1, plain(ActivationKind::none), norm), linear(4)}));
    checkGradients(network(2, 9, 8, {conv(17, 3, 2, plain(ActivationKind::relu), norm), linear(4)}));
    checkGradients(network(3, 9, 8, {conv(5, 2, 3, plain(ActivationKind::leakyRelu), norm, true, 0.5), linear(4)}));
  }
}

TEST("gradients: a convolution behind a convolution") {
  checkGradients(network(1, 12, 11, {conv(5, 3, 2, plain(ActivationKind::relu)), conv(19, 3, 1, plain(ActivationKind::relu)),
                                     linear(4)}));
  checkGradients(network(1, 12, 12, {conv(70, 3, 2, plain(ActivationKind::leakyRelu), false),
                                     conv(6, 2, 2, plain(ActivationKind::none)),
                                     linear(9, plain(ActivationKind::relu), true), linear(4)}));
}

TEST("gradients: winners of every selection, before and after pooling") {
  for (const auto kind : {SelectionKind::global, SelectionKind::local, SelectionKind::perChannel, SelectionKind::volume,
                          SelectionKind::group, SelectionKind::threshold})
    for (const bool early : {false, true}) {
      // A threshold is no ranking: there the boost's target would matter, and the plain network leaves it out.
      const double strength = kind == SelectionKind::threshold ? 0 : 1.2;
      checkGradients(network(1, 13, 12, {conv(6, 3, 2, winners(kind, 0.3, strength), true, early),
                                         conv(5, 3, 1, winners(kind, 0.4, strength), true, early), linear(4)}));
    }
}

TEST("gradients: active inputs behind winners, in one plane of lanes and in several, without batch norm and without winners") {
  for (const uint32_t channels : {10u, 64u, 70u})
    for (const bool norm : {false, true}) {
      checkGradients(network(1, 12, 13, {conv(20, 3, 2, winners(SelectionKind::global, 0.2)),
                                         conv(channels, 3, 1, winners(SelectionKind::global, 0.3), norm), linear(4)}));
      checkGradients(network(1, 12, 13, {conv(20, 3, 2, winners(SelectionKind::global, 0.2)),
                                         conv(channels, 2, 2, plain(ActivationKind::relu), norm), linear(4)}));
    }
}

TEST("gradients: filters that share their masks, on every instruction set") {
  for (const Isa isa : availableIsas())
    for (const uint32_t channels : {10u, 70u})
      for (const double density : {0.1, 0.7}) {
        const auto second = conv(channels, 3, 2, winners(SelectionKind::global, 0.3, 1.5), true, false, density);
        const auto sparse = conv(20, 3, 2, winners(SelectionKind::global, 0.4), true, false, 0.5);
        checkGradients(network(1, 14, 13, {sparse, second, linear(4)}), 3, false, isa, channels);
        const auto rectified = conv(18, 3, 1, plain(ActivationKind::relu), false, false, 0.5);
        checkGradients(network(1, 14, 13, {rectified, second, linear(4)}), 3, false, isa, 16);
      }
}

TEST("gradients: few weights and dense inputs, in one vector of samples, in several and in several groups of vectors") {
  // With many samples one of them is always near a kink of an activation: these are straight.
  const auto few = network(1, 5, 4, {linear(35, plain(ActivationKind::none), false, 0.15, 0.3),
                                     linear(50, plain(ActivationKind::none), true, 0.1), linear(5, {}, false, 0.15)});
  for (const Isa isa : availableIsas())
    for (const size_t samples : {5u, 17u, 70u}) checkGradients(few, samples, false, isa);
  checkGradients(few, 150);
  checkGradients(network(1, 9, 8, {conv(17, 3, 2, plain(ActivationKind::relu)),
                                   linear(60, plain(ActivationKind::leakyRelu), false, 0.1), linear(4)}), 5);
}

TEST("gradients: everything at once, soft targets, on every instruction set") {
  for (const Isa isa : availableIsas()) checkGradients(everything(), 4, true, isa);
}

TEST("training: the same seed gives the same network for any number of threads") {
  const auto spec = everything();
  const Problem data = problem(spec, 23);
  std::vector<std::vector<LayerTensors>> results;
  for (const int threads : {1, 2, 3}) {
    Trainer trainer(spec, 7, threads, availableIsas().front());
    for (int epoch = 0; epoch < 2; epoch++) trainer.train(view(data), data.order, 5, usualStep());
    results.push_back(trainer.layers());
  }
  CHECK(same(results[0], results[1]));
  CHECK(same(results[0], results[2]));
  Trainer other(spec, 8, 2, availableIsas().front());
  CHECK(!same(other.layers(), Trainer(spec, 7, 2, availableIsas().front()).layers()));
}

TEST("training: few weights and dense inputs give the same network for any number of threads") {
  const auto spec = network(1, 6, 5, {linear(200, plain(ActivationKind::leakyRelu), false, 0.1, 0.3),
                                      linear(100, plain(ActivationKind::relu), true, 0.05), linear(4)});
  const Problem data = problem(spec, 170);
  const auto trained = [&](int threads) {
    Trainer trainer(spec, 7, threads, availableIsas().front());
    trainer.train(view(data), data.order, 150, usualStep());
    return trainer.layers();
  };
  const auto one = trained(1);
  CHECK(same(one, trained(2)));
  CHECK(same(one, trained(3)));
}

TEST("training: layers and state are all that a resumed run needs") {
  const auto spec = everything();
  const Problem data = problem(spec, 20);
  Trainer whole(spec, 7, 2, availableIsas().front());
  whole.train(view(data), data.order, 4, usualStep());
  Trainer resumed(spec, 99, 2, availableIsas().front());
  resumed.setLayers(whole.layers());
  const auto state = whole.state();
  resumed.setState(state.data(), state.size());
  whole.train(view(data), data.order, 4, usualStep());
  resumed.train(view(data), data.order, 4, usualStep());
  CHECK(same(whole.layers(), resumed.layers()));
  for (const size_t cut : {size_t{0}, size_t{20}, state.size() - 1}) {
    bool refused = false;
    try {
      resumed.setState(state.data(), cut);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused);
  }
}

TEST("training: it learns, keeps its masks, and counts the right answers") {
  auto spec = everything();
  spec.layers[2].dropout = 0;
  Problem data = problem(spec, 64);
  // The class is where a bright square stands.
  for (size_t s = 0; s < 64; s++)
    for (uint32_t i = 0; i < 25; i++)
      data.windows[s * 256 + (static_cast<uint32_t>(data.labels[s]) * 25 + i / 5 * 16 + i % 5) % 256] += 4;
  Trainer trainer(spec, 7, 2, availableIsas().front());
  train::Step step = usualStep();
  step.momentum = 0.5f;
  const auto first = trainer.train(view(data), data.order, 8, step);
  for (int epoch = 0; epoch < 20; epoch++) trainer.train(view(data), data.order, 8, step);
  const auto last = trainer.train(view(data), data.order, 8, step);
  CHECK(last.loss < first.loss / 3);
  CHECK(last.correct > 55);
  const auto layers = trainer.layers();
  for (size_t i = 0; i < 3; i++) {
    const size_t fanIn = layers[i].weight.size() / layers[i].bias.size();
    for (size_t unit = 0; unit < layers[i].bias.size(); unit++) {
      uint32_t ones = 0;
      for (size_t w = unit * fanIn; w < (unit + 1) * fanIn; w++) {
        ones += layers[i].mask[w];
        CHECK(layers[i].mask[w] || layers[i].weight[w] == 0);
      }
      CHECK(ones == connectionsPerUnit(static_cast<uint32_t>(fanIn), spec.layers[i].weightDensity));
    }
  }
}

TEST("training: momentum and weight decay follow their definition, on biases too") {
  const auto spec = network(1, 1, 2, {linear(2)});
  Trainer trainer(spec, 1, 1, Isa::portable);
  auto layers = trainer.layers();
  layers[0].weight = {0.5f, -0.25f, 0, 1};
  layers[0].bias = {0.1f, 0};
  trainer.setLayers(layers);
  Problem data;
  data.windows = {1, 2};
  data.labels = {0};
  data.order = {0};
  train::Step step;
  step.learningRate = 0.1f;
  step.momentum = 0.9f;
  step.weightDecay = 0.01f;
  double weight[4] = {0.5, -0.25, 0, 1}, bias[2] = {0.1, 0}, v[6] = {};
  for (int i = 0; i < 3; i++) {
    const double a = weight[0] + 2 * weight[1] + bias[0], b = weight[2] + 2 * weight[3] + bias[1];
    const double p = std::exp(a) / (std::exp(a) + std::exp(b));
    const double g[6] = {p - 1, 2 * (p - 1), 1 - p, 2 * (1 - p), p - 1, 1 - p};
    for (int j = 0; j < 6; j++) {
      double& w = j < 4 ? weight[j] : bias[j - 4];
      v[j] = 0.9 * v[j] + g[j] + 0.01 * w;
      w -= 0.1 * v[j];
    }
    trainer.train(view(data), data.order, 1, step);
  }
  const auto after = trainer.layers()[0];
  for (size_t j = 0; j < 4; j++) CHECK_NEAR(after.weight[j], weight[j], 1e-6);
  for (size_t j = 0; j < 2; j++) CHECK_NEAR(after.bias[j], bias[j], 1e-6);
}

TEST("training: running statistics are the running mean of unbiased batch statistics") {
  const auto spec = network(1, 1, 1, {linear(1, {}, true), linear(2)});
  Trainer trainer(spec, 1, 1, Isa::portable);
  auto layers = trainer.layers();
  layers[0].weight = {2};
  layers[0].bias = {1};
  trainer.setLayers(layers);
  Problem data;
  data.windows = {1, 2, 6};
  data.labels = {0, 1, 0};
  data.order = {0, 1, 2};
  train::Step still;
  still.learningRate = 0;
  trainer.train(view(data), data.order, 3, still);
  const auto after = trainer.layers()[0];  // values 3, 5, 13: mean 7, unbiased variance 28
  CHECK_NEAR(after.mean[0], 0.7, 1e-6);
  CHECK_NEAR(after.variance[0], 0.9 + 2.8, 1e-5);
}

TEST("winners: duty cycles count positive winners, average over the period, and boost those that seldom win") {
  Activation activation = winners(SelectionKind::global, 0, 2);
  activation.winners.count.k = 2;
  activation.winners.boosting.dutyCyclePeriod = 4;
  const auto spec = network(1, 1, 4, {linear(4, activation), linear(2)});
  Trainer trainer(spec, 1, 1, Isa::portable);
  auto layers = trainer.layers();
  layers[0].weight.assign(16, 0);
  for (size_t i = 0; i < 4; i++) layers[0].weight[i * 5] = 1;
  layers[0].bias.assign(4, 0);
  layers[0].mask.clear();
  trainer.setLayers(layers);
  train::Step still;
  still.learningRate = 0;
  still.boostScale = 0;
  Problem data;
  data.windows = {3, 2, 1, 0, /**/ 5, -1, -2, -3, /**/ 0, 0, 0, 0};
  data.labels = {0, 0, 0};
  const auto duty = [&] { return trainer.layers()[0].dutyCycle; };
  data.order = {0, 1};  // winners 0, 1 and 0, (1: negative, not counted)
  trainer.train(view(data), data.order, 2, still);
  CHECK((duty() == std::vector<float>{1, 0.5f, 0, 0}));
  data.order = {2};  // winners 0, 1 by the tie rule, none positive: (d * 2 + 0) / 3
  trainer.train(view(data), data.order, 1, still);
  CHECK_NEAR(duty()[0], 2.0 / 3, 1e-6);
  CHECK_NEAR(duty()[1], 1.0 / 3, 1e-6);
  data.order = {0, 0, 0, 0, 0, 0};  // a batch longer than the period: nothing is left of the past
  trainer.train(view(data), data.order, 6, still);
  CHECK((duty() == std::vector<float>{1, 1, 0, 0}));
  // Now units 2 and 3 are boosted by e^2: 1 e^(2 (0.5 - 0)) = 2.7 beats 2 e^(2 (0.5 - 1)) = 0.74 and 3 e^-1 = 1.1; then unit 0.
  still.boostScale = 1;
  trainer.train(view(data), {0, 0, 0, 0}, 4, still);
  CHECK((duty() == std::vector<float>{1, 0, 1, 0}));
}

TEST("winners: at inference k grows by its factor, boosting stops unless it is asked for") {
  Activation activation = winners(SelectionKind::global, 0, 2);
  activation.winners.count.k = 1;
  auto spec = network(1, 1, 3, {linear(3, activation), linear(3)});
  const auto logits = [&](double factor, bool boosted) {
    spec.layers[0].activation.winners.kInferenceFactor = factor;
    spec.layers[0].activation.winners.boosting.atInference = boosted;
    Trainer trainer(spec, 1, 1, Isa::portable);
    auto layers = trainer.layers();
    for (auto& layer : layers) {
      layer.weight = {1, 0, 0, 0, 1, 0, 0, 0, 1};
      layer.bias.assign(3, 0);
    }
    layers[0].dutyCycle = {1, 0.5f, 0};
    trainer.setLayers(layers);
    const std::vector<float> window{3, 2, 1};
    return trainer.logits(window.data(), 1);
  };
  CHECK((logits(1, false) == std::vector<float>{3, 0, 0}));
  CHECK((logits(2, false) == std::vector<float>{3, 2, 0}));
  CHECK((logits(1, true) == std::vector<float>{0, 0, 1}));
}

TEST("inference: logits agree with the plain network and do not depend on the batch") {
  auto spec = everything();
  for (auto& layer : spec.layers) layer.batchNorm = false;
  spec.layers[2].dropout = 0;
  for (auto& layer : spec.layers) layer.activation.winners.boosting.strength = 0;
  Trainer trainer(spec, 7, 2, availableIsas().front());
  const Problem data = problem(spec, 70);
  const auto logits = trainer.logits(data.windows.data(), 70);
  PlainBatch batch;
  std::vector<PlainLayer> plainLayers;
  for (const auto& layer : trainer.layers())
    plainLayers.push_back({{layer.weight.begin(), layer.weight.end()}, {layer.bias.begin(), layer.bias.end()},
                           std::vector<double>(64, 1.0)});
  for (size_t s = 0; s < 70; s++) {
    batch.inputs.emplace_back(data.windows.begin() + static_cast<ptrdiff_t>(s * 256),
                              data.windows.begin() + static_cast<ptrdiff_t>((s + 1) * 256));
    batch.distributions.emplace_back(7, 0.0);
  }
  std::vector<Tensor> outputs;
  plainLoss(spec, plainLayers, batch, &outputs);
  for (size_t s = 0; s < 70; s++)
    for (size_t c = 0; c < 7; c++) CHECK_NEAR(logits[s * 7 + c], outputs[s][c], 1e-4);
  const auto alone = trainer.logits(data.windows.data() + 69 * 256, 1);
  CHECK(std::memcmp(alone.data(), logits.data() + 69 * 7, 7 * sizeof(float)) == 0);
}
