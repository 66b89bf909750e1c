#include "core/limits.h"

#include <cmath>
#include <stdexcept>

namespace winnow {

namespace {

[[noreturn]] void refuse(const LayerSpec& layer, const std::string& reason) {
  throw std::invalid_argument("layer " + layer.name + ": " + reason);
}

void checkWinners(const LayerSpec& layer) {
  const KWinners& winners = layer.activation.winners;
  if (!(winners.count.percentOn >= 0 && winners.count.percentOn <= 1)) refuse(layer, "percentOn lies outside 0 to 1");
  if (!(winners.kInferenceFactor > 0 && winners.kInferenceFactor <= 10)) refuse(layer, "kInferenceFactor lies outside 0 to 10");
  if (!(winners.boosting.strength >= 0 && winners.boosting.strength <= 100)) refuse(layer, "a boost strength outside 0 to 100");
  if (!std::isfinite(winners.selection.value)) refuse(layer, "a threshold that is not finite");
  const Selection& selection = winners.selection;
  if (selection.kind == SelectionKind::volume && (selection.channels == 0 || selection.height == 0 || selection.width == 0))
    refuse(layer, "a volume without units");
  if (selection.kind == SelectionKind::group && selection.size == 0) refuse(layer, "a group without units");
}

void checkFinite(const LayerSpec& layer, const char* what, const std::vector<float>& values) {
  for (float value : values)
    if (!std::isfinite(value)) refuse(layer, std::string(what) + " holds a value that is not a number");
}

}  // namespace

void checkLimits(const NetworkSpec& spec) {
  if (spec.layers.empty() || spec.layers.size() > LAYERS_MAX) throw std::invalid_argument("a network has 1 to 16 layers");
  uint64_t channels = spec.inputChannels, height = spec.inputHeight, width = spec.inputWidth, weights = 0;
  const auto tooLarge = [](uint64_t c, uint64_t h, uint64_t w) {
    return c > TENSOR_VALUES_MAX || h > SIDE_MAX || w > SIDE_MAX || c * h > TENSOR_VALUES_MAX || c * h * w > TENSOR_VALUES_MAX;
  };
  if (channels * height * width == 0) throw std::invalid_argument("an input without values");
  for (const LayerSpec& layer : spec.layers) {
    if (tooLarge(channels, height, width)) refuse(layer, "its input is too large");
    if (layer.channels == 0) refuse(layer, "no units");
    if (layer.activation.kind == ActivationKind::kWinners) checkWinners(layer);
    if (layer.activation.kind == ActivationKind::leakyRelu && !(layer.activation.slope >= 0 && layer.activation.slope <= 1))
      refuse(layer, "a slope outside 0 to 1");
    if (layer.type == LayerType::conv) {
      if (layer.channels > CHANNELS_MAX) refuse(layer, "too many channels");
      if (channels > SIDE_MAX) refuse(layer, "too many input channels");
      if (layer.kernel == 0 || layer.kernel > KERNEL_MAX) refuse(layer, "a kernel outside 1 to 15");
      if (layer.pool == 0 || layer.pool > POOL_MAX) refuse(layer, "a pool outside 1 to 8");
      if (layer.kernel > height || layer.kernel > width) refuse(layer, "its kernel is larger than its input");
      weights += channels * layer.kernel * layer.kernel * layer.channels;
      height -= layer.kernel - 1;
      width -= layer.kernel - 1;
      if (tooLarge(layer.channels, height, width)) refuse(layer, "its output is too large");
      height /= layer.pool;
      width /= layer.pool;
      if (height == 0 || width == 0) refuse(layer, "its pool is larger than its map");
    } else {
      if (layer.channels > UNITS_MAX) refuse(layer, "too many units");
      weights += channels * height * width * layer.channels;
      height = width = 1;
    }
    channels = layer.channels;
    if (weights > NETWORK_WEIGHTS_MAX) refuse(layer, "too many weights");
  }
  if (spec.layers.back().type != LayerType::linear) throw std::invalid_argument("the last layer is not linear");
}

void checkNumbers(const NetworkSpec& spec, const std::vector<LayerTensors>& layers) {
  for (size_t i = 0; i < layers.size(); i++) {
    const LayerSpec& layer = spec.layers[i];
    const LayerTensors& tensors = layers[i];
    checkFinite(layer, "weight", tensors.weight);
    checkFinite(layer, "bias", tensors.bias);
    checkFinite(layer, "mean", tensors.mean);
    checkFinite(layer, "variance", tensors.variance);
    checkFinite(layer, "dutyCycle", tensors.dutyCycle);
    for (float variance : tensors.variance)
      if (variance < 0) refuse(layer, "a negative variance");
    for (size_t w = 0; w < tensors.mask.size(); w++)
      if (tensors.mask[w] == 0 && tensors.weight[w] != 0) refuse(layer, "a weight off the mask is not zero");
  }
}

}  // namespace winnow
