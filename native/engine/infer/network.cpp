#include "infer/network.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <chrono>
#include <limits>
#include <stdexcept>

#include "core/limits.h"

namespace winnow {

namespace {

bool allFinite(const float* values, size_t count) {
  constexpr uint32_t EXPONENT = 0x7f800000;
  uint32_t notFinite = 0;
  for (size_t i = 0; i < count; i++) notFinite |= (__builtin_bit_cast(uint32_t, values[i]) & EXPONENT) == EXPONENT;
  return notFinite == 0;
}

/// Single precision holds whole numbers below this exactly.
constexpr double EXACT_BELOW = 1 << 24;
constexpr double ACTIVATION_MAX = 255;

/// Refuses an 8-bit network in which a sum could leave the whole numbers of single precision: as many of the largest weights
/// as inputs can be active at once, each with the largest input.
void checkSums(const NetworkSpec& spec, const std::vector<LayerTensors>& layers) {
  const auto shapes = shapesOf(spec);
  size_t active = spec.inputSize();
  for (size_t l = 0; l < layers.size(); l++) {
    const size_t fanIn = shapes[l].fanIn, most = std::min(active, fanIn);
    for (size_t unit = 0; unit < shapes[l].channels; unit++) {
      std::vector<float> sizes(fanIn);
      for (size_t slot = 0; slot < fanIn; slot++) sizes[slot] = std::fabs(layers[l].weight[unit * fanIn + slot]);
      std::nth_element(sizes.begin(), sizes.begin() + (most - 1), sizes.end(), std::greater<>());
      double sum = std::fabs(layers[l].bias[unit]);
      for (size_t i = 0; i < most; i++) sum += sizes[i] * ACTIVATION_MAX;
      if (sum >= EXACT_BELOW) throw std::invalid_argument("layer " + spec.layers[l].name + ": its 8-bit sums are too large");
    }
    active = shapes[l].outputSize();
    const Activation& activation = spec.layers[l].activation;
    if (activation.kind == ActivationKind::kWinners && activation.winners.selection.kind == SelectionKind::global)
      active = std::max(1u, winnersAtInference(winnersAmong(activation.winners.count, shapes[l].activeSize()),
                                               activation.winners.kInferenceFactor, shapes[l].activeSize()));
  }
}

}  // namespace

Network::Network(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, Isa isa, FirstLayer first) : isa_(isa) {
  checkLimits(spec);
  build(spec, layers, nullptr, first);
}

Network::Network(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, const std::vector<Quantisation>& quantisation,
                 Isa isa)
    : isa_(isa) {
  checkLimits(spec);
  if (quantisation.size() != layers.size() || layers.size() != spec.layers.size())
    throw std::invalid_argument("the number of layers is not the spec's");
  build(spec, layers, &quantisation, FirstLayer::single);
  checkSums(spec, layers);
}

void Network::build(const NetworkSpec& spec, const std::vector<LayerTensors>& layers,
                    const std::vector<Quantisation>* quantisation, FirstLayer first) {
  checkTensors(spec, layers);
  checkNumbers(spec, layers);
  inputSize_ = spec.inputSize();
  const auto shapes = shapesOf(spec);
  stages_.reserve(layers.size());
  for (size_t i = 0; i < layers.size(); i++) {
    stages_.emplace_back(spec.layers[i], shapes[i], layers[i], i == 0 ? nullptr : &stages_.back(), isa_, first,
                         quantisation ? &(*quantisation)[i] : nullptr);
  }
}

Network::Result Network::run(const float* windows, size_t count, int threads, bool trace) {
  Result result;
  const size_t layers = stages_.size();
  result.logits.resize(count * classes());
  result.active.resize(count * layers);
  result.multiplies.resize(count * layers);
  if (trace) result.traces.resize(count * layers);
  const int wanted = std::max(1, threads);
  if (!pool_ || pool_->threads() != wanted) {
    pool_ = std::make_unique<ThreadPool>(wanted);
    scratch_.resize(wanted);
  }
  pool_->run(count, [&](size_t window, int worker) {
    runOne(windows + window * inputSize_, scratch_[worker], result.logits.data() + window * classes(),
           result.active.data() + window * layers, result.multiplies.data() + window * layers,
           trace ? result.traces.data() + window * layers : nullptr);
  });
  return result;
}

std::vector<double> Network::profile(const float* windows, size_t count, uint32_t rounds) {
  if (count == 0 || rounds == 0) throw std::invalid_argument("there is nothing to profile");
  const size_t layers = stages_.size();
  StageScratch scratch;
  std::vector<float> logits(classes());
  std::vector<uint32_t> active(layers), multiplies(layers);
  std::vector<double> seconds(layers);
  std::vector<std::vector<double>> all(layers);
  for (uint32_t round = 0; round < rounds; round++)
    for (size_t window = 0; window < count; window++) {
      runOne(windows + window * inputSize_, scratch, logits.data(), active.data(), multiplies.data(), nullptr, seconds.data());
      for (size_t i = 0; i < layers; i++) all[i].push_back(seconds[i]);
    }
  for (size_t i = 0; i < layers; i++) {
    const auto middle = all[i].begin() + static_cast<ptrdiff_t>(all[i].size() / 2);
    std::nth_element(all[i].begin(), middle, all[i].end());
    seconds[i] = *middle;
  }
  return seconds;
}

void Network::runOne(const float* window, StageScratch& scratch, float* logits, uint32_t* active, uint32_t* multiplies,
                     StageTrace* traces, double* seconds) const {
  if (!allFinite(window, inputSize_)) throw std::invalid_argument("an input value is not a finite number");
  using Clock = std::chrono::steady_clock;
  Clock::time_point start;
  if (seconds) start = Clock::now();
  Activations* in = &scratch.between[0];
  Activations* out = &scratch.between[1];
  makeRoom(in->values, inputSize_);
  std::copy(window, window + inputSize_, in->values.begin());
  if (stages_.front().reads() == InputForm::list) findActive(*in, inputSize_);
  for (size_t i = 0; i < stages_.size(); i++) {
    const bool last = i + 1 == stages_.size();
    const auto counts = stages_[i].run(*in, *out, scratch, last ? InputForm::values : stages_[i + 1].reads(),
                                       traces ? traces + i : nullptr);
    active[i] = counts.active;
    multiplies[i] = static_cast<uint32_t>(std::min<uint64_t>(counts.multiplies, std::numeric_limits<uint32_t>::max()));
    std::swap(in, out);
    if (seconds) {
      const auto now = Clock::now();
      seconds[i] = std::chrono::duration<double>(now - start).count();
      start = now;
    }
  }
  std::copy_n(in->values.begin(), classes(), logits);
}

}  // namespace winnow
