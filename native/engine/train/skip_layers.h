#pragma once
#include <memory>
#include <vector>

#include "core/spec.h"
#include "train/layer.h"

namespace winnow::train {

struct SkipOptions {
  /// Linear layers, by index, whose inputs also lead straight to the logits.
  std::vector<uint32_t> layers;
  /// Chance that a skip layer is left out of a mini-batch.
  double dropout = 0;
};

/// LiSET's skip layers (Radu 2021, section 3): dense, without bias, from the inputs of chosen linear layers to the logits, where
/// they are summed before the softmax. They exist in training only: their weights tell which inputs matter.
///
///   input -> layer -> layer -> logits
///     |        |                 ^
///     |        +----- skip ------+
///     +-------------- skip ------+
class SkipLayers {
 public:
  /// @param flows flows[i] goes into layer i; the last one holds the logits
  /// @throws std::invalid_argument for a layer that is not there, not linear or named twice, or a dropout outside [0, 1)
  SkipLayers(Isa isa, ThreadPool& pool, const NetworkSpec& spec, const std::vector<Flow>& flows, const SkipOptions& options);

  /// Draws all weights afresh, U(-s, s) with s = sqrt(1 / classes) / 100; velocities become zero.
  /// @param seen samples trained on so far: each reset has random numbers of its own
  void reset(uint64_t seed, uint64_t seen);

  /// Weights of the skip layer beside this layer: [class][input]. @throws std::invalid_argument where there is none
  std::vector<float> weights(uint32_t layer) const;

  /// Draws which skip layers take part in this mini-batch, and adds their outputs to the logits.
  void forward(std::vector<Flow>& flows, const Pass& pass);
  /// Keeps the gradient of the logits, which the layers are about to use up.
  void keepGradient(const Flow& logits, const Pass& pass);
  /// Gradients of the skip layer beside this layer, if there is one; adds its part to in.gradient where that is asked for. To be
  /// called once the layer's own backward pass has written it.
  void backward(size_t layer, Flow& in, const Pass& pass, bool inputGradient);
  /// One optimiser step of those that took part.
  void update(const Step& step, ThreadPool& pool);

  /// Weights and velocities, for resuming.
  size_t valueCount() const;
  void save(std::vector<float>& values) const;
  void restore(const float* values);

 private:
  struct Skip {
    uint32_t layer;
    size_t weights;
    std::unique_ptr<Layer> linear;
    Flow output;
    bool present;
  };
  void load(Skip& skip, std::vector<float> weights) const;

  uint32_t classes_;
  double dropout_;
  std::vector<Skip> skips_;
  decltype(Flow::gradient) ownGradient_;  // of the input, through one skip layer
};

}  // namespace winnow::train
