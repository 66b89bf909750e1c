#include "train/batch_product.h"

#include <algorithm>

namespace winnow::train {

namespace {

constexpr uint32_t UNIT_TASK = 48;
/// Samples per task where inputs' gradients are summed: each task owns its columns.
constexpr size_t SAMPLE_TASK = 64;

size_t paddedSamples(size_t samples) { return (samples + PAD - 1) / PAD * PAD; }

void grow(Floats& floats, size_t size) {
  if (floats.size() < size) floats.resize(size);
}

}  // namespace

std::vector<uint32_t> BatchProduct::places(const LayerTensors& tensors, uint32_t fanIn,
                                           const std::function<uint32_t(uint32_t)>& inside, size_t& size) {
  starts_.assign(1, 0);
  input_.clear();
  std::vector<uint32_t> result(static_cast<size_t>(units_) * fanIn, Parameters::NOWHERE);
  for (uint32_t unit = 0; unit < units_; unit++) {
    for (uint32_t i = 0; i < fanIn; i++) {
      const size_t at = static_cast<size_t>(unit) * fanIn + i;
      if (!tensors.mask.empty() && tensors.mask[at] == 0) continue;
      result[at] = static_cast<uint32_t>(input_.size());
      input_.push_back(inside(i));
    }
    starts_.push_back(static_cast<uint32_t>(input_.size()));
  }
  size = (input_.size() + PAD - 1) / PAD * PAD;
  return result;
}

template <typename Body>
void BatchProduct::forUnits(Body&& body) {
  pool_.run((units_ + UNIT_TASK - 1) / UNIT_TASK, [&](size_t task, int) {
    const uint32_t begin = static_cast<uint32_t>(task) * UNIT_TASK;
    body(begin, std::min(units_, begin + UNIT_TASK));
  });
}

void BatchProduct::forward(const Flow& in, size_t samples, const Parameters& parameters, float* y, size_t lanes) {
  const size_t columns = paddedSamples(samples);
  grow(x_, inputs_ * columns);
  grow(y_, units_ * columns);
  kernels_.turn(in.values(0), samples, inputs_, inputs_, x_.data(), columns);
  forUnits([&](uint32_t begin, uint32_t end) {
    kernels_.forward(weights(parameters), parameters.bias.data(), begin, end, x_.data(), columns, y_.data());
  });
  kernels_.turn(y_.data(), units_, samples, columns, y, lanes);
}

void BatchProduct::backward(Flow& in, const float* dy, size_t lanes, size_t samples, Parameters& parameters, bool inputGradient) {
  const size_t columns = paddedSamples(samples);
  kernels_.turn(dy, samples, units_, lanes, y_.data(), columns);
  forUnits([&](uint32_t begin, uint32_t end) {
    kernels_.backwardWeight(weights(parameters), begin, end, x_.data(), y_.data(), columns, parameters.gradient.data());
  });
  if (!inputGradient) return;
  grow(dx_, inputs_ * columns);
  std::fill_n(dx_.begin(), inputs_ * columns, 0.0f);
  pool_.run((columns + SAMPLE_TASK - 1) / SAMPLE_TASK, [&](size_t task, int) {
    const size_t begin = task * SAMPLE_TASK;
    kernels_.backwardData(weights(parameters), units_, y_.data(), columns, begin, std::min(columns, begin + SAMPLE_TASK),
                          dx_.data());
  });
  kernels_.turn(dx_.data(), inputs_, samples, columns, in.gradients(0), inputs_);
}

}  // namespace winnow::train
