#include "train/parameters.h"

#include <algorithm>

#include "train/kernels/sgd.h"

namespace winnow::train {

namespace {

/// Weights per task of the optimiser's step.
constexpr size_t UPDATE_BLOCK = 64 * 1024;

}  // namespace

Parameters::Parameters(Isa isa, uint32_t units, uint32_t fanIn)
    : bias(padded(units)), biasGradient(padded(units)), isa_(isa), units_(units), fanIn_(fanIn), biasVelocity_(padded(units)) {}

void Parameters::load(const LayerTensors& tensors, std::vector<uint32_t> places, size_t size) {
  places_ = std::move(places);
  outsideMask_ = tensors.mask;
  if (std::find(outsideMask_.begin(), outsideMask_.end(), 0) == outsideMask_.end()) outsideMask_.clear();
  weight.assign(size, 0);
  gradient.assign(size, 0);
  velocity_.assign(size, 0);
  mask_.assign(outsideMask_.empty() ? 0 : size, 0);
  bool masked = false;
  for (size_t i = 0; i < places_.size(); i++) {
    const bool exists = outsideMask_.empty() || outsideMask_[i] != 0;
    if (places_[i] == NOWHERE) continue;
    weight[places_[i]] = exists ? tensors.weight[i] : 0;
    if (!mask_.empty()) mask_[places_[i]] = exists;
    masked |= !exists;
  }
  // A layer that stores only the weights that exist needs no mask.
  if (!masked) mask_.clear();
  std::copy(tensors.bias.begin(), tensors.bias.end(), bias.begin());
  std::fill(biasVelocity_.begin(), biasVelocity_.end(), 0.0f);
  std::fill(biasGradient.begin(), biasGradient.end(), 0.0f);
}

void Parameters::save(LayerTensors& tensors) const {
  tensors.weight.assign(static_cast<size_t>(units_) * fanIn_, 0);
  for (size_t i = 0; i < places_.size(); i++)
    if (places_[i] != NOWHERE) tensors.weight[i] = weight[places_[i]];
  tensors.mask = outsideMask_;
  tensors.bias.assign(bias.begin(), bias.begin() + units_);
}

size_t Parameters::velocityCount() const {
  if (outsideMask_.empty()) return places_.size() + units_;
  return static_cast<size_t>(std::count_if(outsideMask_.begin(), outsideMask_.end(), [](uint8_t on) { return on != 0; })) +
         units_;
}

std::vector<float> Parameters::velocities() const {
  std::vector<float> values;
  values.reserve(velocityCount());
  for (size_t i = 0; i < places_.size(); i++)
    if (outsideMask_.empty() || outsideMask_[i]) values.push_back(velocity_[places_[i]]);
  values.insert(values.end(), biasVelocity_.begin(), biasVelocity_.begin() + units_);
  return values;
}

void Parameters::restoreVelocities(const float* values) {
  for (size_t i = 0; i < places_.size(); i++)
    if (outsideMask_.empty() || outsideMask_[i]) velocity_[places_[i]] = *values++;
  std::copy(values, values + units_, biasVelocity_.begin());
}

void Parameters::update(const Step& step, ThreadPool& pool) {
  const SgdKernels& kernels = sgdKernelsFor(isa_);
  const size_t blocks = (weight.size() + UPDATE_BLOCK - 1) / UPDATE_BLOCK;
  pool.run(blocks, [&](size_t block, int) {
    const size_t begin = block * UPDATE_BLOCK, count = std::min(UPDATE_BLOCK, weight.size() - begin);
    kernels.update(weight.data() + begin, gradient.data() + begin, velocity_.data() + begin,
                   mask_.empty() ? nullptr : mask_.data() + begin, count, step.learningRate, step.momentum, step.weightDecay);
  });
  kernels.update(bias.data(), biasGradient.data(), biasVelocity_.data(), nullptr, bias.size(), step.learningRate, step.momentum,
                 step.weightDecay);
}

}  // namespace winnow::train
