#pragma once
#include "train/layer.h"

namespace winnow::train {

/// Linear -> batch norm -> dropout (in training) -> activation.
class LinearLayer final : public Layer {
 public:
  LinearLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in, uint32_t index);

  void forward(const Flow& in, Flow& out, const Pass& pass) override;
  void backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) override;

 protected:
  std::vector<uint32_t> places(size_t& size) const override;

 private:
  void dropOut(Flow& out, const Pass& pass, size_t sample);

  uint32_t index_;
  uint32_t inputHeight_, inputWidth_, inputChannels_, inputLanes_;
  std::vector<float> normal_;  // [sample][lane] after batch norm
  std::vector<float> kept_;    // [sample][lane] 0 where dropped out, else 1 / (1 - dropout)
};

}  // namespace winnow::train
