#include "train/initial.h"

#include <cmath>
#include <numeric>

#include "core/random.h"

namespace winnow::train {

namespace {

// Streams of random numbers of one layer.
constexpr uint64_t WEIGHT_STREAM = 1;
constexpr uint64_t MASK_STREAM = 2;

void drawMask(LayerTensors& tensors, const LayerShape& shape, uint32_t connections, Random random) {
  tensors.mask.assign(tensors.weight.size(), 0);
  std::vector<uint32_t> order(shape.fanIn);
  std::iota(order.begin(), order.end(), 0u);
  for (uint32_t unit = 0; unit < shape.channels; unit++) {
    uint8_t* mask = tensors.mask.data() + static_cast<size_t>(unit) * shape.fanIn;
    // The first steps of a shuffle; it goes on from the last unit's order, which is as random as any.
    for (uint32_t i = 0; i < connections; i++) {
      std::swap(order[i], order[i + random.below(shape.fanIn - i)]);
      mask[order[i]] = 1;
    }
  }
  for (size_t i = 0; i < tensors.weight.size(); i++)
    if (!tensors.mask[i]) tensors.weight[i] = 0;
}

}  // namespace

std::vector<LayerTensors> initialLayers(const NetworkSpec& spec, uint64_t seed) {
  const auto shapes = shapesOf(spec);
  std::vector<LayerTensors> layers(shapes.size());
  for (size_t i = 0; i < shapes.size(); i++) {
    const LayerSpec& layer = spec.layers[i];
    const LayerShape& shape = shapes[i];
    LayerTensors& tensors = layers[i];
    Random random = Random::stream(seed, i, WEIGHT_STREAM);
    const auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(shape.fanIn)));
    tensors.weight.resize(static_cast<size_t>(shape.channels) * shape.fanIn);
    tensors.bias.resize(shape.channels);
    for (float& weight : tensors.weight) weight = (random.uniform() * 2 - 1) * bound;
    for (float& bias : tensors.bias) bias = (random.uniform() * 2 - 1) * bound;
    const uint32_t connections = connectionsPerUnit(shape.fanIn, layer.weightDensity);
    if (connections < shape.fanIn) drawMask(tensors, shape, connections, Random::stream(seed, i, MASK_STREAM));
    if (layer.batchNorm) {
      tensors.mean.assign(shape.channels, 0);
      tensors.variance.assign(shape.channels, 1);
    }
    if (layer.activation.kind == ActivationKind::kWinners) tensors.dutyCycle.assign(shape.channels, 0);
  }
  return layers;
}

}  // namespace winnow::train
