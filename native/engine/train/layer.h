#pragma once
#include <memory>
#include <optional>

#include "core/threads.h"
#include "train/batch_norm.h"
#include "train/layout.h"
#include "train/parameters.h"
#include "train/winners.h"

namespace winnow::train {

/// What a pass over a mini-batch needs to know.
struct Pass {
  size_t samples = 0;
  Mode mode = Mode::training;
  float boostScale = 1;
  /// For the random numbers of dropout.
  uint64_t seed = 0;
  /// Samples trained on so far, with this batch.
  uint64_t seen = 0;
};

/// One layer of the network in training.
class Layer {
 public:
  Layer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape);
  virtual ~Layer() = default;

  void load(const LayerTensors& tensors);
  LayerTensors save() const;

  /// The tensor that comes out, without memory yet.
  Flow output() const;

  /// in.value -> out.value
  virtual void forward(const Flow& in, Flow& out, const Pass& pass) = 0;
  /// out.gradient -> gradients of the parameters and, where asked for, in.gradient. Uses up out.gradient.
  virtual void backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) = 0;

  Parameters parameters;

 protected:
  /// Inside positions of the weights by outside index, and how many there are inside.
  virtual std::vector<uint32_t> places(const LayerTensors& tensors, size_t& size) = 0;

  /// Applies the activation to one sample of `out` in place.
  void activate(Flow& out, size_t sample, int worker);
  /// Turns one sample of out.gradient into the gradient before the activation.
  void activateBackward(Flow& out, size_t sample) const;

  Isa isa_;
  ThreadPool& pool_;
  LayerSpec spec_;
  LayerShape shape_;
  std::optional<BatchNorm> norm_;
  std::optional<Winners> winners_;
};

/// @param index place in the network, for the random numbers of dropout
/// @param in the tensor that goes in
std::unique_ptr<Layer> makeLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in,
                                 uint32_t index);

}  // namespace winnow::train
