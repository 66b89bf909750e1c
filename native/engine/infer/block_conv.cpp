#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

/// Multiplies that a block of filters may do in vain, as a multiple of those that exist, before patches are faster.
constexpr double VAIN_AT_MOST = 1.25;

/// The taps that any filter of a block has.
std::vector<uint32_t> tapsOf(const LayerShape& shape, const LayerTensors& tensors, uint32_t block) {
  std::vector<uint32_t> taps;
  for (uint32_t slot = 0; slot < shape.fanIn; slot++)
    for (uint32_t lane = 0; lane < BLOCK; lane++)
      if (exists(tensors, static_cast<size_t>(block * BLOCK + lane) * shape.fanIn + slot)) {
        taps.push_back(slot);
        break;
      }
  return taps;
}

class BlockConvProducts : public Products {
 public:
  BlockConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa)
      : kernels_(blockConvKernelsFor(isa)), shape_(shape), pool_(layer.activationBeforePool ? 1 : layer.pool),
        affine_(tensors, shape.channels) {
    const uint32_t kernel = layer.kernel;
    starts_.push_back(0);
    for (uint32_t block = 0; block < shape.channels / BLOCK; block++) {
      for (uint32_t slot : tapsOf(shape, tensors, block)) {
        const uint32_t kx = slot % kernel, ky = slot / kernel % kernel, channel = slot / (kernel * kernel);
        tapAt_.push_back((channel * shape.inputHeight + ky) * shape.inputWidth + kx);
        for (uint32_t lane = 0; lane < BLOCK; lane++) {
          const size_t at = static_cast<size_t>(block * BLOCK + lane) * shape.fanIn + slot;
          weights_.push_back(tensors.weight[at]);
          existing_ += exists(tensors, at);
        }
      }
      starts_.push_back(static_cast<uint32_t>(tapAt_.size()));
    }
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::values; }

  uint64_t run(const Activations& in, ProductsScratch&, float* out) const override {
    const BlockConv conv{shape_.activeHeight, shape_.activeWidth, shape_.inputWidth, pool_, pool_,
                         shape_.channels,     starts_.data(),     tapAt_.data(),     weights_.data(),
                         affine_.scale.data(), affine_.shift.data()};
    kernels_.run(conv, in.values.data(), out);
    return existing_ * shape_.height * shape_.width;
  }

 private:
  const BlockConvKernels& kernels_;
  LayerShape shape_;
  uint32_t pool_;
  Affine affine_;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, tapAt_;
  AlignedVector<float> weights_;
};

}  // namespace

bool blockConvFits(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors) {
  if (shape.channels % BLOCK != 0 || (layer.pool > 2 && !layer.activationBeforePool)) return false;
  size_t existing = 0, done = 0;
  for (size_t at = 0; at < tensors.weight.size(); at++) existing += exists(tensors, at);
  for (uint32_t block = 0; block < shape.channels / BLOCK; block++) done += tapsOf(shape, tensors, block).size() * BLOCK;
  return static_cast<double>(done) <= VAIN_AT_MOST * static_cast<double>(existing);
}

std::unique_ptr<Products> makeBlockConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa) {
  return std::make_unique<BlockConvProducts>(layer, shape, tensors, isa);
}

}  // namespace winnow
