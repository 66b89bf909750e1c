#include "train/linear_layer.h"

#include <algorithm>

#include "core/random.h"
#include "train/kernels/linear.h"
#include "train/kernels/norm.h"

namespace winnow::train {

namespace {

/// Units per task, forward and of the weight gradient.
constexpr int UNIT_TASK = 48;
/// Inputs per task of the input's gradient: one kilobyte of each unit's weights.
constexpr int INPUT_TASK = 256;

}  // namespace

LinearLayer::LinearLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in, uint32_t index)
    : Layer(isa, pool, spec, shape),
      index_(index),
      inputHeight_(in.height),
      inputWidth_(in.width),
      inputChannels_(in.channels),
      inputLanes_(in.lanes) {}

std::vector<uint32_t> LinearLayer::places(size_t& size) const {
  const uint32_t inputs = inputHeight_ * inputWidth_ * inputLanes_;
  std::vector<uint32_t> result;
  result.reserve(static_cast<size_t>(shape_.channels) * shape_.fanIn);
  for (uint32_t unit = 0; unit < shape_.channels; unit++)
    for (uint32_t channel = 0; channel < inputChannels_; channel++)
      for (uint32_t position = 0; position < inputHeight_ * inputWidth_; position++)
        result.push_back(unit * inputs + position * inputLanes_ + channel);
  size = static_cast<size_t>(shape_.channels) * inputs;
  return result;
}

void LinearLayer::dropOut(Flow& out, const Pass& pass, size_t sample) {
  Random random = Random::stream(pass.seed, pass.seen - pass.samples + sample, index_);
  const auto rate = static_cast<float>(spec_.dropout);
  const float scale = 1 / (1 - rate);
  float* kept = kept_.data() + sample * out.lanes;
  float* values = out.values(sample);
  for (uint32_t unit = 0; unit < out.channels; unit++) {
    kept[unit] = random.uniform() < rate ? 0 : scale;
    values[unit] *= kept[unit];
  }
}

void LinearLayer::forward(const Flow& in, Flow& out, const Pass& pass) {
  const LinearKernels& kernels = linearKernelsFor(isa_);
  const int samples = static_cast<int>(pass.samples), inputs = static_cast<int>(in.size()), lanes = static_cast<int>(out.lanes),
            units = static_cast<int>(shape_.channels);
  normal_.resize(std::max(normal_.size(), pass.samples * out.lanes));
  if (spec_.dropout > 0) kept_.resize(std::max(kept_.size(), pass.samples * out.lanes));
  if (winners_) winners_->begin(pass.mode, pass.boostScale, pool_.threads());
  pool_.run(static_cast<size_t>((units + UNIT_TASK - 1) / UNIT_TASK), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * UNIT_TASK;
    kernels.forward(in.values(0), samples, inputs, parameters.weight.data(), parameters.bias.data(), begin,
                    std::min(units, begin + UNIT_TASK), normal_.data(), lanes);
  });
  if (norm_) {
    if (pass.mode == Mode::training) {
      norm_->reserve(1);
      norm_->measure(0, normal_.data(), samples);
      norm_->merge(1, samples);
    } else {
      norm_->useRunning();
    }
    norm_->normalise(normal_.data(), samples);
  }
  std::copy(normal_.begin(), normal_.begin() + static_cast<ptrdiff_t>(pass.samples * out.lanes), out.value.begin());
  pool_.run(pass.samples, [&](size_t sample, int worker) {
    if (pass.mode == Mode::training && spec_.dropout > 0) dropOut(out, pass, sample);
    activate(out, sample, worker);
  });
  if (winners_) winners_->end(pass.samples, pass.seen);
}

void LinearLayer::backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) {
  const LinearKernels& kernels = linearKernelsFor(isa_);
  const int samples = static_cast<int>(pass.samples), inputs = static_cast<int>(in.size()), lanes = static_cast<int>(out.lanes),
            units = static_cast<int>(shape_.channels);
  float* gradient = out.gradient.data();
  for (size_t sample = 0; sample < pass.samples; sample++) activateBackward(out, sample);
  if (spec_.dropout > 0)
    for (size_t i = 0; i < pass.samples * out.lanes; i++) gradient[i] *= kept_[i];
  if (norm_) {
    norm_->sum(0, gradient, normal_.data(), samples);
    norm_->mergeSums(1, samples);
    norm_->backward(gradient, normal_.data(), samples);
  }
  if (inputGradient)
    pool_.run(static_cast<size_t>((inputs + INPUT_TASK - 1) / INPUT_TASK), [&](size_t task, int) {
      const int begin = static_cast<int>(task) * INPUT_TASK;
      kernels.backwardData(gradient, samples, lanes, parameters.weight.data(), units, inputs, begin,
                           std::min(inputs, begin + INPUT_TASK), in.gradients(0));
    });
  pool_.run(static_cast<size_t>((units + UNIT_TASK - 1) / UNIT_TASK), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * UNIT_TASK;
    kernels.backwardWeight(in.values(0), gradient, samples, inputs, lanes, begin, std::min(units, begin + UNIT_TASK),
                           parameters.gradient.data());
  });
  // Behind a batch norm the bias has no effect, so no gradient.
  std::fill(parameters.biasGradient.begin(), parameters.biasGradient.end(), 0.0f);
  if (!norm_) normKernelsFor(isa_).total(gradient, samples, lanes, parameters.biasGradient.data());
}

}  // namespace winnow::train
