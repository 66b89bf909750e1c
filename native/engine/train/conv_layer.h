#pragma once
#include "train/kernels/conv.h"
#include "train/layer.h"

namespace winnow::train {

/// Convolution -> batch norm -> max-pool -> activation; winners may also be chosen before the max-pool. The other activations
/// never fall, so they commute with it and are always applied to the smaller, pooled tensor.
class ConvLayer final : public Layer {
 public:
  ConvLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in);

  void forward(const Flow& in, Flow& out, const Pass& pass) override;
  void backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) override;

 protected:
  std::vector<uint32_t> places(size_t& size) const override;

 private:
  void reserve(size_t samples);
  void poolForward(Flow& out, size_t sample, int worker);
  void poolBackward(Flow& out, size_t sample);
  void transpose();

  size_t mapSize() const { return static_cast<size_t>(sizes_.outHeight) * sizes_.outWidth * static_cast<size_t>(sizes_.outLanes); }

  ConvSizes sizes_;
  bool early_;                       // winners before the max-pool
  std::vector<int> rowOffset_;       // where a weight row's input lies, by (tap, in)
  std::vector<float> map_;           // [sample] the normalised convolution
  std::vector<float> gradient_;      // [sample] its gradient
  std::vector<uint8_t> place_;       // [sample] which of its window each pooled value was
  std::vector<uint32_t> winner_;     // [sample][most] where winners before the pool were
  std::vector<uint32_t> winnerCount_;
  std::vector<std::vector<float>> masked_;  // [worker] the map with nothing but winners
  std::vector<float> transposed_;    // [tap][out][in lane]
};

}  // namespace winnow::train
