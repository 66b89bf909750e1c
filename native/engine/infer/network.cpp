#include "infer/network.h"

#include <algorithm>
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

}  // namespace

Network::Network(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, Isa isa) : isa_(isa) {
  checkLimits(spec);
  checkTensors(spec, layers);
  checkNumbers(spec, layers);
  inputSize_ = spec.inputSize();
  const auto shapes = shapesOf(spec);
  TensorLayout layout = TensorLayout::channelsFirst(spec.inputChannels, spec.inputHeight, spec.inputWidth);
  bool dense = true;
  stages_.reserve(layers.size());
  for (size_t i = 0; i < layers.size(); i++) {
    stages_.emplace_back(spec.layers[i], shapes[i], layers[i], layout, dense, i == 0, isa);
    layout = stages_.back().output();
    dense = spec.layers[i].activation.kind != ActivationKind::kWinners;
  }
}

Network::Result Network::run(const float* windows, size_t count, int threads, bool trace) {
  if (!allFinite(windows, count * inputSize_)) throw std::invalid_argument("an input value is not a finite number");
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

void Network::runOne(const float* window, StageScratch& scratch, float* logits, uint32_t* active, uint32_t* multiplies,
                     StageTrace* traces) const {
  Activations* in = &scratch.between[0];
  Activations* out = &scratch.between[1];
  makeRoom(in->values, inputSize_);
  std::copy(window, window + inputSize_, in->values.begin());
  if (stages_.front().readsActive()) findActive(*in, inputSize_);
  for (size_t i = 0; i < stages_.size(); i++) {
    const bool last = i + 1 == stages_.size();
    const auto counts = stages_[i].run(*in, *out, scratch, !last && stages_[i + 1].readsActive(), traces ? traces + i : nullptr);
    active[i] = counts.active;
    multiplies[i] = static_cast<uint32_t>(std::min<uint64_t>(counts.multiplies, std::numeric_limits<uint32_t>::max()));
    std::swap(in, out);
  }
  std::copy_n(in->values.begin(), classes(), logits);
}

}  // namespace winnow
