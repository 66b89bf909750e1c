#include "core/spec.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace winnow {

std::vector<LayerShape> shapesOf(const NetworkSpec& spec) {
  std::vector<LayerShape> shapes;
  uint32_t channels = spec.inputChannels, height = spec.inputHeight, width = spec.inputWidth;
  for (const LayerSpec& layer : spec.layers) {
    LayerShape shape{};
    shape.inputChannels = channels;
    shape.inputHeight = height;
    shape.inputWidth = width;
    shape.channels = layer.channels;
    if (layer.type == LayerType::conv) {
      if (layer.kernel > height || layer.kernel > width)
        throw std::invalid_argument("layer " + layer.name + ": its kernel is larger than its input");
      shape.height = height - layer.kernel + 1;
      shape.width = width - layer.kernel + 1;
      shape.fanIn = channels * layer.kernel * layer.kernel;
      shape.outputHeight = shape.height / layer.pool;
      shape.outputWidth = shape.width / layer.pool;
      if (shape.outputHeight == 0 || shape.outputWidth == 0)
        throw std::invalid_argument("layer " + layer.name + ": its pool is larger than its map");
      shape.activeHeight = layer.activationBeforePool ? shape.height : shape.outputHeight;
      shape.activeWidth = layer.activationBeforePool ? shape.width : shape.outputWidth;
    } else {
      shape.height = shape.width = shape.outputHeight = shape.outputWidth = shape.activeHeight = shape.activeWidth = 1;
      shape.fanIn = channels * height * width;
    }
    shapes.push_back(shape);
    channels = shape.channels;
    height = shape.outputHeight;
    width = shape.outputWidth;
  }
  return shapes;
}

int64_t roundHalfEven(double value) {
  const double below = std::floor(value);
  const double rest = value - below;
  const auto whole = static_cast<int64_t>(below);
  if (rest != 0.5) return rest > 0.5 ? whole + 1 : whole;
  return whole % 2 == 0 ? whole : whole + 1;
}

uint32_t connectionsPerUnit(uint32_t fanIn, double density) {
  return fanIn - static_cast<uint32_t>(std::clamp<int64_t>(roundHalfEven(fanIn * (1 - density)), 0, fanIn));
}

uint32_t winnersAmong(const WinnerCount& count, uint32_t size) {
  if (count.k) return std::min(*count.k, size);
  return static_cast<uint32_t>(std::clamp<int64_t>(roundHalfEven(count.percentOn * size), 0, size));
}

uint32_t winnersAtInference(uint32_t k, double factor, uint32_t size) {
  return static_cast<uint32_t>(std::clamp<int64_t>(roundHalfEven(k * factor), 0, size));
}

void checkTensors(const NetworkSpec& spec, const std::vector<LayerTensors>& layers) {
  if (layers.size() != spec.layers.size()) throw std::invalid_argument("the number of layers is not the spec's");
  const auto shapes = shapesOf(spec);
  for (size_t i = 0; i < layers.size(); i++) {
    const auto& tensors = layers[i];
    const auto& layer = spec.layers[i];
    const size_t units = shapes[i].channels, weights = units * shapes[i].fanIn;
    const auto check = [&](const char* what, size_t has, size_t wants) {
      if (has != wants)
        throw std::invalid_argument("layer " + layer.name + ": " + what + " has " + std::to_string(has) + " values, not " +
                                    std::to_string(wants));
    };
    check("weight", tensors.weight.size(), weights);
    if (!tensors.mask.empty()) check("mask", tensors.mask.size(), weights);
    check("bias", tensors.bias.size(), units);
    check("mean", tensors.mean.size(), layer.batchNorm ? units : 0);
    check("variance", tensors.variance.size(), layer.batchNorm ? units : 0);
    check("dutyCycle", tensors.dutyCycle.size(), layer.activation.kind == ActivationKind::kWinners ? units : 0);
  }
}

}  // namespace winnow
