#include <algorithm>
#include <cstring>

#include "infer/products.h"

namespace winnow {

namespace {

constexpr uint32_t KERNEL = 5;
constexpr uint32_t PATCH_BYTES = DENSE_CONV8_QUADS * 4;

/// Every position's 25 inputs are laid side by side, so that four taps are one load.
class DenseConv8Products : public Products {
 public:
  DenseConv8Products(const LayerShape& shape, const LayerTensors& tensors, Isa isa) : kernels_(int8KernelsFor(isa)), shape_(shape) {
    const uint32_t lanes = shape.channels;
    weights_.assign(static_cast<size_t>(lanes) * PATCH_BYTES, 0);
    for (uint32_t c = 0; c < lanes; c++) {
      bias_.push_back(static_cast<int32_t>(tensors.bias[c]));
      for (uint32_t tap = 0; tap < shape.fanIn; tap++) {
        const size_t at = static_cast<size_t>(c) * shape.fanIn + tap;
        existing_ += exists(tensors, at);
        const size_t block = c / BLOCK, lane = c % BLOCK;
        weights_[((block * DENSE_CONV8_QUADS + tap / 4) * BLOCK + lane) * 4 + tap % 4] = static_cast<int8_t>(tensors.weight[at]);
      }
    }
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::values; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    const uint32_t width = shape_.inputWidth;
    makeRoom(scratch.bytes, shape_.inputSize() + 8);
    makeRoom(scratch.patches8, static_cast<size_t>(shape_.height) * shape_.width * PATCH_BYTES + 8);
    for (uint32_t i = 0; i < shape_.inputSize(); i++) scratch.bytes[i] = static_cast<uint8_t>(in.values[i]);
    uint8_t* to = scratch.patches8.data();
    for (uint32_t y = 0; y < shape_.height; y++)
      for (uint32_t x = 0; x < shape_.width; x++, to += PATCH_BYTES)
        // Eight bytes are as fast as five; the rows that follow overwrite the rest, and the last three have no weight.
        for (uint32_t ky = 0; ky < KERNEL; ky++) std::memcpy(to + ky * KERNEL, scratch.bytes.data() + (y + ky) * width + x, 8);
    const DenseConv8 conv{shape_.height, shape_.width, shape_.channels, weights_.data(), bias_.data()};
    kernels_.denseConv(conv, scratch.patches8.data(), out);
    return existing_ * shape_.height * shape_.width;
  }

 private:
  const Int8Kernels& kernels_;
  LayerShape shape_;
  uint64_t existing_ = 0;
  AlignedVector<int8_t> weights_;
  std::vector<int32_t> bias_;
};

}  // namespace

bool denseConv8Fits(const LayerSpec& layer, const LayerShape& shape, Isa isa) {
  return int8KernelsFor(isa).denseConv != nullptr && layer.type == LayerType::conv && layer.kernel == KERNEL && layer.pool == 2 &&
         !layer.activationBeforePool && shape.inputChannels == 1 && shape.channels % BLOCK == 0;
}

std::unique_ptr<Products> makeDenseConv8(const LayerShape& shape, const LayerTensors& tensors, Isa isa) {
  return std::make_unique<DenseConv8Products>(shape, tensors, isa);
}

}  // namespace winnow
