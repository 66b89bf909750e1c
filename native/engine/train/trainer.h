#pragma once
#include <memory>
#include <vector>

#include "core/isa.h"
#include "core/spec.h"
#include "core/threads.h"
#include "train/layer.h"
#include "train/layout.h"
#include "train/loss.h"
#include "train/skip_layers.h"

namespace winnow::train {

struct Timings {
  double forward = 0, backward = 0, update = 0;
};

/// Samples that train and logits work on; the caller owns the memory.
struct Samples {
  /// [sample][channel][row][column]
  const float* windows = nullptr;
  size_t count = 0;
  /// One of the two: class by sample, or [sample][class].
  const int32_t* labels = nullptr;
  const float* distributions = nullptr;
};

/// Trains a network in single precision by mini-batch gradient descent. Calls block; one caller at a time.
class Trainer {
 public:
  /// @throws std::invalid_argument when the spec has no sound shape or does not end in a linear layer without activation, or the
  /// skip layers do not fit it
  Trainer(const NetworkSpec& spec, uint64_t seed, int threads, Isa isa, const SkipOptions& skip = {});

  /// Replaces all weights, masks, statistics and duty cycles. Velocities start from zero again.
  void setLayers(const std::vector<LayerTensors>& layers);
  std::vector<LayerTensors> layers() const;

  /// Velocities, skip layers, counters and seed. Together with `layers` it is all there is: a trainer that gets both goes on bit
  /// for bit.
  std::vector<uint8_t> state() const;
  /// After setLayers, for a state of the same layers. @throws std::invalid_argument for any other
  void setState(const uint8_t* bytes, size_t size);

  /// One pass over `order` in mini-batches. @returns the mean loss, and how many were right before their batch's step
  struct Result {
    double loss;
    size_t correct;
  };
  Result train(const Samples& samples, const std::vector<uint32_t>& order, size_t batchSize, const Step& step);

  /// Inference, boosted (where it is to be) as strongly as the last training step: [sample][class].
  std::vector<float> logits(const float* windows, size_t count);

  /// Skip weights beside a layer, [class][input].
  std::vector<float> skipWeights(uint32_t layer) const { return skips_->weights(layer); }
  /// Draws all skip weights afresh.
  void resetSkips() { skips_->reset(seed_, seen_); }

  const NetworkSpec& spec() const { return spec_; }
  uint32_t classes() const { return spec_.layers.back().channels; }
  const Timings& timings() const { return timings_; }
  Isa isa() const { return isa_; }

  // In parts, for the gradient checks.

  /// Forward, loss and backward of one mini-batch, no step. @returns the sum of the losses
  Result gradients(const Samples& samples, const uint32_t* order, size_t count, float boostScale);
  Layer& layer(size_t index) { return *layers_[index]; }

 private:
  void fill(const float* windows, const uint32_t* order, size_t count);
  void forward(const Pass& pass);

  NetworkSpec spec_;
  uint64_t seed_;
  Isa isa_;
  ThreadPool pool_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<Flow> flows_;  // flows_[i] goes into layer i
  std::unique_ptr<SkipLayers> skips_;
  uint64_t seen_ = 0;
  float boostScale_ = 1;
  Timings timings_;
};

}  // namespace winnow::train
