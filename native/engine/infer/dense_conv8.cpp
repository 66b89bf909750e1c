#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

constexpr uint32_t TAPS = DENSE_CONV8_KERNEL * DENSE_CONV8_KERNEL, QUAD = 4;

class DenseConv8Products : public Products {
 public:
  DenseConv8Products(const LayerShape& shape, const LayerTensors& tensors, Isa isa)
      : kernels_(int8KernelsFor(isa)), shape_(shape) {
    for (uint32_t c = 0; c < shape.channels; c++) bias_.push_back(static_cast<int32_t>(tensors.bias[c]));
    starts_.push_back(0);
    for (uint32_t block = 0; block < shape.channels; block += BLOCK) {
      // Every quad begins at a tap that the ones before do not hold.
      for (uint32_t tap = 0; tap < TAPS;) {
        if (!anyHas(tensors, block, tap)) {
          tap++;
          continue;
        }
        quadAt_.push_back(tap);
        for (uint32_t lane = 0; lane < BLOCK; lane++)
          for (uint32_t i = tap; i < tap + QUAD; i++) weights_.push_back(weightAt(tensors, block + lane, i));
        tap += QUAD;
      }
      starts_.push_back(static_cast<uint32_t>(quadAt_.size()));
    }
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::values; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    makeRoom(scratch.bytes, shape_.inputSize() + 8);
    makeRoom(scratch.patches8, static_cast<size_t>(shape_.height) * shape_.width * DENSE_CONV8_PATCH + 8);
    const DenseConv8 conv{shape_.height, shape_.width,   shape_.channels, starts_.data(),
                          quadAt_.data(), weights_.data(), bias_.data()};
    kernels_.denseConv(conv, in.values.data(), scratch.bytes.data(), scratch.patches8.data(), out);
    return existing_ * shape_.height * shape_.width;
  }

 private:
  bool anyHas(const LayerTensors& tensors, uint32_t block, uint32_t tap) {
    uint32_t there = 0;
    for (uint32_t lane = 0; lane < BLOCK; lane++) there += exists(tensors, static_cast<size_t>(block + lane) * TAPS + tap);
    return there > 0;
  }

  int8_t weightAt(const LayerTensors& tensors, uint32_t filter, uint32_t tap) {
    if (tap >= TAPS) return 0;
    const size_t at = static_cast<size_t>(filter) * TAPS + tap;
    existing_ += exists(tensors, at);
    return static_cast<int8_t>(tensors.weight[at]);
  }

  const Int8Kernels& kernels_;
  LayerShape shape_;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, quadAt_;
  AlignedVector<int8_t> weights_;
  std::vector<int32_t> bias_;
};

}  // namespace

bool denseConv8Fits(const LayerSpec& layer, const LayerShape& shape, Isa isa) {
  return int8KernelsFor(isa).denseConv != nullptr && layer.type == LayerType::conv && layer.kernel == DENSE_CONV8_KERNEL &&
         layer.pool == 2 && !layer.activationBeforePool && shape.inputChannels == 1 && shape.channels % BLOCK == 0;
}

std::unique_ptr<Products> makeDenseConv8(const LayerShape& shape, const LayerTensors& tensors, Isa isa) {
  return std::make_unique<DenseConv8Products>(shape, tensors, isa);
}

}  // namespace winnow
