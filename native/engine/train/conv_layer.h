#pragma once
#include "train/active_inputs.h"
#include "train/kernels/conv.h"
#include "train/layer.h"

namespace winnow::train {

/// Convolution -> batch norm -> max-pool -> activation; winners may also be chosen before the max-pool. The other activations
/// never fall, so they commute with it and are always applied to the smaller, pooled tensor.
///
/// Filters that share their masks leave whole rows of weights out, and then all of the rest goes over the other rows alone.
/// Where few inputs are active instead, the convolution and its gradients go over those alone. Where winners choose, few
/// positions of the map get a gradient from above; what batch norm adds to all the others is one term per channel
/// (train/batch_norm.h).
class ConvLayer final : public Layer {
 public:
  ConvLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in);

  void forward(const Flow& in, Flow& out, const Pass& pass) override;
  void backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) override;

 protected:
  std::vector<uint32_t> places(const LayerTensors& tensors, size_t& size) override;

 private:
  void reserve(size_t samples);
  void convolve(const Flow& in, size_t sample, Mode mode);
  void poolForward(Flow& out, size_t sample, int worker);
  void listActive(Flow& out, size_t sample, int worker);
  void gatherTouched(const Flow& out, size_t sample);
  void gradientOfMap(size_t sample);
  float* gradientOfPool(Flow& out, size_t sample);
  float* unpooled(size_t sample) { return activeInputs_ ? unpooled_.data() + sample * mapSize_ : gradient(sample); }
  void gradientOfDenseWeights(const Flow& in, size_t samples);
  void gradientsOfActive(Flow& in, size_t samples, bool inputGradient);
  void listRows(const LayerTensors& tensors);
  ConvRows rows(int begin, int end) const { return {end - begin, rowPlace_.data() + begin, rowOffset_.data() + begin}; }
  void transpose();

  float* map(size_t sample) { return map_.data() + sample * mapSize_; }
  float* gradient(size_t sample) { return gradient_.data() + sample * gradientSize_; }

  ConvSizes sizes_;
  bool early_;  // winners before the max-pool
  std::optional<ActiveInputLists> activeInputs_;
  double activeMost_;  // fraction of the inputs that can be active
  std::vector<int> rowPlace_, rowOffset_;  // the weight rows that exist: see ConvRows
  size_t mapSize_, gradientSize_;
  // Of the gradient: one plane of all lanes and no margin, or as sparse convolutions read it.
  int planeLanes_, planeColumns_, margin_;
  Floats map_;           // [sample] the normalised convolution
  Floats gradient_;      // [sample] the gradient of the convolution
  Floats unpooled_;      // [sample] the gradient before batch norm, where it cannot stand in gradient_
  std::vector<uint8_t> place_;       // [sample] which of its window each pooled value was
  std::vector<ConvTap> taps_;
  std::vector<int> tapChannel_;  // what taps_ point into
  Floats transposed_;

  // Winners: where they were in the map before the pool, and the places of the map that get a gradient.
  std::vector<uint32_t> winner_, winnerCount_;     // [sample][most], [sample]
  std::vector<uint32_t> touched_, touchedCount_;   // [sample][most], [sample]
  Floats touchedGradient_;             // [sample][most]
  struct Worker {
    Floats masked;    // the map with nothing but winners
    std::vector<uint8_t> passed;  // by pooled value: whether a winner passed
  };
  std::vector<Worker> workers_;
};

}  // namespace winnow::train
