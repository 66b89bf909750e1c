#pragma once
#include <optional>

#include "train/batch_product.h"
#include "train/kernels/sparse_linear.h"
#include "train/layer.h"

namespace winnow::train {

/// Linear -> batch norm -> dropout (in training) -> activation.
///
/// Where few weights exist, only those are stored and multiplied: by input where few inputs are active too, so that only products
/// of both are computed; otherwise by unit (BatchProduct).
class LinearLayer final : public Layer {
 public:
  LinearLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in, uint32_t index);

  void forward(const Flow& in, Flow& out, const Pass& pass) override;
  void backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) override;

 protected:
  std::vector<uint32_t> places(const LayerTensors& tensors, size_t& size) override;

 private:
  uint32_t inside(uint32_t outside) const;
  std::vector<uint32_t> placesByInput(const LayerTensors& tensors, size_t& size);
  void product(const Flow& in, const Pass& pass);
  void gradients(Flow& in, const float* gradient, const Pass& pass, bool inputGradient);
  void dropOut(Flow& out, const Pass& pass, size_t sample);
  SparseWeights sparseWeights() const { return {starts_.data(), unit_.data(), parameters.weight.data()}; }

  uint32_t index_;
  uint32_t inputPositions_, inputChannels_, inputLanes_;
  uint32_t lanes_;
  bool sparse_;  // few weights and few active inputs
  std::optional<BatchProduct> batch_;  // few weights alone
  std::vector<uint32_t> starts_;  // sparse: where the weights of each input begin
  std::vector<uint16_t> unit_;    // sparse: where each weight leads
  Floats normal_;     // [sample][lane] after batch norm
  Floats kept_;       // [sample][lane] 0 where dropped out, else 1 / (1 - dropout)
};

}  // namespace winnow::train
