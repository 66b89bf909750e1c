#include "train/layer.h"

#include <algorithm>

#include "train/conv_layer.h"
#include "train/kernels/norm.h"
#include "train/linear_layer.h"

namespace winnow::train {

Layer::Layer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape)
    : parameters(isa, shape.channels, shape.fanIn), isa_(isa), pool_(pool), spec_(spec), shape_(shape) {
  if (spec.batchNorm) norm_.emplace(isa, shape.channels);
  if (spec.activation.kind == ActivationKind::kWinners)
    winners_.emplace(isa, spec.activation.winners, shape.channels, shape.activeHeight, shape.activeWidth);
}

void Layer::load(const LayerTensors& tensors) {
  size_t size = 0;
  auto where = places(tensors, size);
  parameters.load(tensors, std::move(where), size);
  if (norm_) norm_->load(tensors);
  if (winners_) winners_->load(tensors);
}

LayerTensors Layer::save() const {
  LayerTensors tensors;
  parameters.save(tensors);
  if (norm_) norm_->save(tensors);
  if (winners_) winners_->save(tensors);
  return tensors;
}

Flow Layer::output() const {
  Flow flow;
  flow.height = shape_.outputHeight;
  flow.width = shape_.outputWidth;
  flow.channels = shape_.channels;
  flow.lanes = padded(shape_.channels);
  flow.sparse = winners_.has_value();
  flow.most = winners_ ? std::min(winners_->most(), shape_.outputSize()) : 0;
  return flow;
}

void Layer::activate(Flow& out, size_t sample, int worker) {
  float* values = out.values(sample);
  switch (spec_.activation.kind) {
    case ActivationKind::none:
      break;
    case ActivationKind::relu:
      normKernelsFor(isa_).leaky(values, static_cast<int>(out.size()), 0);
      break;
    case ActivationKind::leakyRelu:
      normKernelsFor(isa_).leaky(values, static_cast<int>(out.size()), static_cast<float>(spec_.activation.slope));
      break;
    case ActivationKind::kWinners: {
      uint32_t* active = out.actives(sample);
      const uint32_t count = winners_->select(values, active, worker);
      out.activeCount[sample] = count;
      uint32_t at = 0;
      for (uint32_t i = 0; i < count; i++) {
        std::fill(values + at, values + active[i], 0.0f);
        at = active[i] + 1;
      }
      std::fill(values + at, values + out.size(), 0.0f);
      break;
    }
  }
}

void Layer::activateBackward(Flow& out, size_t sample) const {
  float* gradients = out.gradients(sample);
  switch (spec_.activation.kind) {
    case ActivationKind::none:
      break;
    case ActivationKind::relu:
      normKernelsFor(isa_).leakyBackward(out.values(sample), gradients, static_cast<int>(out.size()), 0);
      break;
    case ActivationKind::leakyRelu:
      normKernelsFor(isa_).leakyBackward(out.values(sample), gradients, static_cast<int>(out.size()),
                                         static_cast<float>(spec_.activation.slope));
      break;
    case ActivationKind::kWinners: {
      const uint32_t* active = out.actives(sample);
      uint32_t at = 0;
      for (uint32_t i = 0; i < out.activeCount[sample]; i++) {
        std::fill(gradients + at, gradients + active[i], 0.0f);
        at = active[i] + 1;
      }
      std::fill(gradients + at, gradients + out.size(), 0.0f);
      break;
    }
  }
}

std::unique_ptr<Layer> makeLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in,
                                 uint32_t index) {
  if (spec.type == LayerType::conv) return std::make_unique<ConvLayer>(isa, pool, spec, shape, in);
  return std::make_unique<LinearLayer>(isa, pool, spec, shape, in, index);
}

}  // namespace winnow::train
