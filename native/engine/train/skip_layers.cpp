#include "train/skip_layers.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/random.h"

namespace winnow::train {

namespace {

// Streams of random numbers; the layers' own begin at 0.
constexpr uint64_t PRESENCE_STREAM = 0x1000;
constexpr uint64_t WEIGHT_STREAM = 0x2000;
/// Skip weights begin this much smaller than those of other new connections.
constexpr double INITIAL_SHRINK = 100;

LayerSpec straightToTheLogits(uint32_t classes) {
  LayerSpec spec;
  spec.type = LayerType::linear;
  spec.name = "skip";
  spec.channels = classes;
  spec.weightDensity = 1;
  return spec;
}

}  // namespace

SkipLayers::SkipLayers(Isa isa, ThreadPool& pool, const NetworkSpec& spec, const std::vector<Flow>& flows,
                       const SkipOptions& options)
    : classes_(spec.layers.back().channels), dropout_(options.dropout) {
  if (!(dropout_ >= 0 && dropout_ < 1)) throw std::invalid_argument("the dropout of skip layers is not in [0, 1)");
  const auto shapes = shapesOf(spec);
  for (const uint32_t layer : options.layers) {
    if (layer >= spec.layers.size() || spec.layers[layer].type != LayerType::linear)
      throw std::invalid_argument("a skip layer starts at a layer that is not linear");
    if (std::any_of(skips_.begin(), skips_.end(), [&](const Skip& skip) { return skip.layer == layer; }))
      throw std::invalid_argument("two skip layers start at the same layer");
    LayerShape shape = shapes[layer];
    shape.channels = classes_;
    Skip skip;
    skip.layer = layer;
    skip.weights = static_cast<size_t>(classes_) * shape.fanIn;
    skip.linear = makeLayer(isa, pool, straightToTheLogits(classes_), shape, flows[layer], layer);
    skip.output = skip.linear->output();
    skip.present = false;
    skips_.push_back(std::move(skip));
  }
}

void SkipLayers::load(Skip& skip, std::vector<float> weights) const {
  LayerTensors tensors;
  tensors.weight = std::move(weights);
  tensors.bias.assign(classes_, 0);
  skip.linear->load(tensors);
}

void SkipLayers::reset(uint64_t seed, uint64_t seen) {
  const auto bound = static_cast<float>(std::sqrt(1.0 / classes_) / INITIAL_SHRINK);
  for (Skip& skip : skips_) {
    Random random = Random::stream(seed, seen, WEIGHT_STREAM + skip.layer);
    std::vector<float> weights(skip.weights);
    for (float& weight : weights) weight = (random.uniform() * 2 - 1) * bound;
    load(skip, std::move(weights));
  }
}

std::vector<float> SkipLayers::weights(uint32_t layer) const {
  for (const Skip& skip : skips_)
    if (skip.layer == layer) return skip.linear->save().weight;
  throw std::invalid_argument("there is no skip layer at this layer");
}

void SkipLayers::forward(std::vector<Flow>& flows, const Pass& pass) {
  for (Skip& skip : skips_) {
    skip.present = Random::stream(pass.seed, pass.seen, PRESENCE_STREAM + skip.layer).uniform() >= static_cast<float>(dropout_);
    if (!skip.present) continue;
    skip.output.reserve(pass.samples);
    skip.linear->forward(flows[skip.layer], skip.output, pass);
    for (size_t sample = 0; sample < pass.samples; sample++) {
      float* logits = flows.back().values(sample);
      const float* own = skip.output.values(sample);
      for (uint32_t c = 0; c < classes_; c++) logits[c] += own[c];
    }
  }
}

void SkipLayers::keepGradient(const Flow& logits, const Pass& pass) {
  for (Skip& skip : skips_)
    if (skip.present) std::copy_n(logits.gradients(0), pass.samples * logits.size(), skip.output.gradients(0));
}

void SkipLayers::backward(size_t layer, Flow& in, const Pass& pass, bool inputGradient) {
  for (Skip& skip : skips_) {
    if (skip.layer != layer || !skip.present) continue;
    // The pass writes the gradient of its input: it gets memory of its own, to be added afterwards.
    ownGradient_.resize(std::max(ownGradient_.size(), in.gradient.size()));
    std::swap(in.gradient, ownGradient_);
    skip.linear->backward(in, skip.output, pass, inputGradient);
    std::swap(in.gradient, ownGradient_);
    if (!inputGradient) continue;
    for (size_t i = 0; i < pass.samples * in.size(); i++) in.gradient[i] += ownGradient_[i];
  }
}

void SkipLayers::update(const Step& step, ThreadPool& pool) {
  for (Skip& skip : skips_) {
    if (!skip.present) continue;
    // No bias: it stays zero.
    auto& biasGradient = skip.linear->parameters.biasGradient;
    std::fill(biasGradient.begin(), biasGradient.end(), 0.0f);
    skip.linear->parameters.update(step, pool);
  }
}

size_t SkipLayers::valueCount() const {
  size_t count = 0;
  for (const Skip& skip : skips_) count += skip.weights + skip.linear->parameters.velocityCount();
  return count;
}

void SkipLayers::save(std::vector<float>& values) const {
  for (const Skip& skip : skips_) {
    const auto weights = skip.linear->save().weight;
    const auto velocities = skip.linear->parameters.velocities();
    values.insert(values.end(), weights.begin(), weights.end());
    values.insert(values.end(), velocities.begin(), velocities.end());
  }
}

void SkipLayers::restore(const float* values) {
  for (Skip& skip : skips_) {
    load(skip, std::vector<float>(values, values + skip.weights));
    values += skip.weights;
    skip.linear->parameters.restoreVelocities(values);
    values += skip.linear->parameters.velocityCount();
  }
}

}  // namespace winnow::train
