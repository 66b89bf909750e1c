#pragma once
// The network in training, written out plainly in double precision: what the trainer's gradients are checked against.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "core/random.h"
#include "core/select.h"
#include "core/spec.h"

namespace winnow::test {

struct PlainLayer {
  std::vector<double> weight, bias;
  std::vector<double> boost;  // by channel
};

/// A dense layer from the input of `layer` to the logits.
struct PlainSkip {
  size_t layer;
  std::vector<double> weight;  // [class][input]
};

struct PlainBatch {
  std::vector<std::vector<double>> inputs;         // [sample], channels first
  std::vector<std::vector<double>> distributions;  // [sample][class]
  uint64_t seed = 0;                               // of dropout
};

using Tensor = std::vector<double>;

inline Tensor plainWeights(const LayerSpec& layer, const LayerShape& shape, const PlainLayer& numbers, const Tensor& x) {
  if (layer.type == LayerType::linear) {
    Tensor y(shape.channels);
    for (uint32_t u = 0; u < shape.channels; u++) {
      y[u] = numbers.bias[u];
      for (uint32_t i = 0; i < shape.fanIn; i++) y[u] += numbers.weight[u * shape.fanIn + i] * x[i];
    }
    return y;
  }
  Tensor z;
  for (uint32_t u = 0; u < shape.channels; u++)
    for (uint32_t row = 0; row < shape.height; row++)
      for (uint32_t column = 0; column < shape.width; column++) {
        double sum = numbers.bias[u];
        for (uint32_t c = 0, at = u * shape.fanIn; c < shape.inputChannels; c++)
          for (uint32_t ky = 0; ky < layer.kernel; ky++)
            for (uint32_t kx = 0; kx < layer.kernel; kx++, at++)
              sum += numbers.weight[at] * x[(c * shape.inputHeight + row + ky) * shape.inputWidth + column + kx];
        z.push_back(sum);
      }
  return z;
}

inline void plainNorm(std::vector<Tensor>& batch, uint32_t channels) {
  const size_t positions = batch[0].size() / channels;
  for (uint32_t c = 0; c < channels; c++) {
    double mean = 0, variance = 0;
    const double count = static_cast<double>(batch.size() * positions);
    for (auto& tensor : batch)
      for (size_t p = 0; p < positions; p++) mean += tensor[c * positions + p] / count;
    for (auto& tensor : batch)
      for (size_t p = 0; p < positions; p++)
        variance += (tensor[c * positions + p] - mean) * (tensor[c * positions + p] - mean) / count;
    for (auto& tensor : batch)
      for (size_t p = 0; p < positions; p++)
        tensor[c * positions + p] = (tensor[c * positions + p] - mean) / std::sqrt(variance + BATCH_NORM_EPSILON);
  }
}

inline void plainActivate(const Activation& activation, const PlainLayer& numbers, uint32_t channels, uint32_t height,
                          uint32_t width, Tensor& tensor) {
  switch (activation.kind) {
    case ActivationKind::none:
      return;
    case ActivationKind::relu:
      for (auto& value : tensor) value = std::max(value, 0.0);
      return;
    case ActivationKind::leakyRelu:
      for (auto& value : tensor) value = value > 0 ? value : value * activation.slope;
      return;
    case ActivationKind::kWinners: {
      std::vector<float> boosted(tensor.size());
      for (size_t i = 0; i < tensor.size(); i++)
        boosted[i] = static_cast<float>(tensor[i] * numbers.boost[i / (static_cast<size_t>(height) * width)]);
      const Selector selector(activation.winners.selection, activation.winners.count,
                              TensorLayout::channelsFirst(channels, height, width));
      Selector::Scratch scratch;
      std::vector<uint32_t> winners(selector.most());
      winners.resize(selector.select(boosted.data(), winners.data(), scratch));
      Tensor kept(tensor.size());
      for (uint32_t winner : winners) kept[winner] = tensor[winner];
      tensor = kept;
    }
  }
}

inline Tensor plainPool(const Tensor& tensor, uint32_t channels, uint32_t height, uint32_t width, uint32_t pool) {
  Tensor result;
  for (uint32_t c = 0; c < channels; c++)
    for (uint32_t row = 0; row < height / pool; row++)
      for (uint32_t column = 0; column < width / pool; column++) {
        double largest = -INFINITY;
        for (uint32_t y = 0; y < pool; y++)
          for (uint32_t x = 0; x < pool; x++)
            largest = std::max(largest, tensor[(c * height + row * pool + y) * width + column * pool + x]);
        result.push_back(largest);
      }
  return result;
}

/// Mean cross-entropy of the batch. `outputs`, where asked for, receives the logits.
inline double plainLoss(const NetworkSpec& spec, const std::vector<PlainLayer>& layers, const PlainBatch& batch,
                        std::vector<Tensor>* outputs = nullptr, const std::vector<PlainSkip>& skips = {}) {
  const auto shapes = shapesOf(spec);
  std::vector<Tensor> tensors = batch.inputs;
  std::vector<Tensor> straight(tensors.size(), Tensor(spec.layers.back().channels));
  for (size_t i = 0; i < layers.size(); i++) {
    const LayerSpec& layer = spec.layers[i];
    const LayerShape& shape = shapes[i];
    for (const auto& skip : skips)
      for (size_t s = 0; s < tensors.size() && skip.layer == i; s++)
        for (size_t c = 0; c < straight[s].size(); c++)
          for (size_t at = 0; at < tensors[s].size(); at++)
            straight[s][c] += skip.weight[c * tensors[s].size() + at] * tensors[s][at];
    for (auto& tensor : tensors) tensor = plainWeights(layer, shape, layers[i], tensor);
    if (layer.batchNorm) plainNorm(tensors, shape.channels);
    for (size_t s = 0; s < tensors.size(); s++) {
      Tensor& tensor = tensors[s];
      if (layer.dropout > 0) {
        Random random = Random::stream(batch.seed, s, i);
        const auto rate = static_cast<float>(layer.dropout);
        for (auto& value : tensor) value *= random.uniform() < rate ? 0 : 1 / (1 - rate);
      }
      if (layer.activationBeforePool)
        plainActivate(layer.activation, layers[i], shape.channels, shape.height, shape.width, tensor);
      if (layer.pool > 1) tensor = plainPool(tensor, shape.channels, shape.height, shape.width, layer.pool);
      if (!layer.activationBeforePool)
        plainActivate(layer.activation, layers[i], shape.channels, shape.outputHeight, shape.outputWidth, tensor);
    }
  }
  double loss = 0;
  for (size_t s = 0; s < tensors.size(); s++) {
    for (size_t c = 0; c < straight[s].size(); c++) tensors[s][c] += straight[s][c];
    double sum = 0;
    for (double logit : tensors[s]) sum += std::exp(logit);
    for (size_t c = 0; c < tensors[s].size(); c++) loss -= batch.distributions[s][c] * (tensors[s][c] - std::log(sum));
  }
  if (outputs) *outputs = tensors;
  return loss / static_cast<double>(tensors.size());
}

}  // namespace winnow::test
