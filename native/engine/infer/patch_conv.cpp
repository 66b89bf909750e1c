#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

class PatchConvProducts : public Products {
 public:
  PatchConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, bool first, Isa isa)
      : kernels_(patchConvKernelsFor(isa)),
        shape_(shape),
        kernel_(layer.kernel),
        pool_(layer.activationBeforePool ? 1 : layer.pool),
        first_(first),
        affine_(tensors, shape.channels) {
    const uint32_t positions = shape.activeHeight * shape.activeWidth, grid = kernel_ + pool_ - 1;
    stride_ = roundUp(positions, BLOCK) + BLOCK;
    phaseWidth_ = (shape.inputWidth + pool_ - 1) / pool_ + BLOCK;
    starts_.push_back(0);
    for (uint32_t c = 0; c < shape.channels; c++) {
      const size_t filter = static_cast<size_t>(c) * shape.fanIn;
      for (uint32_t slot = 0; slot < shape.fanIn; slot++) {
        existing_ += exists(tensors, filter + slot);
        if (tensors.weight[filter + slot] == 0) continue;
        const uint32_t kx = slot % kernel_, ky = slot / kernel_ % kernel_, channel = slot / (kernel_ * kernel_);
        tapAt_.push_back(((channel * grid + ky) * grid + kx) * stride_);
        tapWeight_.push_back(tensors.weight[filter + slot]);
      }
      starts_.push_back(static_cast<uint32_t>(tapAt_.size()));
    }
    countSlots(tensors);
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsFirst(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::values; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    lay(in.values.data(), scratch);
    const uint32_t grid = kernel_ + pool_ - 1;
    const PatchConv conv{shape_.activeHeight * shape_.activeWidth, stride_,          shape_.channels,       pool_,
                         grid * stride_,                           starts_.data(),   tapAt_.data(),         tapWeight_.data(),
                         affine_.scale.data(),                     affine_.shift.data()};
    kernels_.run(conv, scratch.patches.data(), out);
    return multiplies(in);
  }

 private:
  uint64_t multiplies(const Activations& in) const {
    if (first_) return existing_ * shape_.height * shape_.width;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < shape_.inputSize(); i++)
      if (in.values[i] != 0) sum += reached_[i];
    return sum;
  }

  /// Lays the grid vectors: the input's columns are first dealt out by their remainder modulo the pool, so that a grid
  /// vector's row is a run of memory.
  void lay(const float* input, ProductsScratch& scratch) const {
    const uint32_t height = shape_.inputHeight, width = shape_.inputWidth, grid = kernel_ + pool_ - 1;
    const uint32_t rows = shape_.activeHeight, columns = shape_.activeWidth;
    makeRoom(scratch.rows, static_cast<size_t>(height) * pool_ * phaseWidth_ + BLOCK);
    makeRoom(scratch.patches, static_cast<size_t>(shape_.inputChannels) * grid * grid * stride_ + BLOCK);
    for (uint32_t c = 0; c < shape_.inputChannels; c++) {
      for (uint32_t y = 0; y < height; y++) {
        const float* from = input + (static_cast<size_t>(c) * height + y) * width;
        float* to = scratch.rows.data() + static_cast<size_t>(y) * pool_ * phaseWidth_;
        for (uint32_t phase = 0; phase < pool_; phase++, to += phaseWidth_)
          for (uint32_t x = phase, i = 0; x < width; x += pool_, i++) to[i] = from[x];
      }
      for (uint32_t gy = 0; gy < grid; gy++)
        for (uint32_t gx = 0; gx < grid; gx++) {
          float* vector = scratch.patches.data() + static_cast<size_t>((c * grid + gy) * grid + gx) * stride_;
          for (uint32_t py = 0; py < rows; py++) {
            const size_t row = (static_cast<size_t>(py) * pool_ + gy) * pool_ + gx % pool_;
            kernels_.copyRow(scratch.rows.data() + row * phaseWidth_ + gx / pool_, vector + py * columns, columns);
          }
        }
    }
  }

  /// How many products each input takes part in, for layers whose zero inputs are not counted.
  void countSlots(const LayerTensors& tensors) {
    if (first_) return;
    reached_.assign(shape_.inputSize(), 0);
    for (uint32_t slot = 0; slot < shape_.fanIn; slot++) {
      uint32_t existing = 0;
      for (uint32_t c = 0; c < shape_.channels; c++) existing += exists(tensors, static_cast<size_t>(c) * shape_.fanIn + slot);
      const uint32_t kx = slot % kernel_, ky = slot / kernel_ % kernel_, channel = slot / (kernel_ * kernel_);
      for (uint32_t y = 0; y < shape_.height; y++)
        for (uint32_t x = 0; x < shape_.width; x++)
          reached_[(static_cast<size_t>(channel) * shape_.inputHeight + y + ky) * shape_.inputWidth + x + kx] += existing;
    }
  }

  const PatchConvKernels& kernels_;
  LayerShape shape_;
  uint32_t kernel_, pool_;
  bool first_;
  Affine affine_;
  uint32_t stride_ = 0, phaseWidth_ = 0;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, tapAt_, reached_;
  std::vector<float> tapWeight_;
};

}  // namespace

std::unique_ptr<Products> makePatchConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, bool first,
                                        Isa isa) {
  return std::make_unique<PatchConvProducts>(layer, shape, tensors, first, isa);
}

}  // namespace winnow
