#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

/// Above this share of weights that exist, gathering is faster: so many rows take longer to read off than to add.
constexpr double BITS_BELOW = 0.5;

/// Whether the slot has a weight in all filters, or in none.
bool isShared(const LayerShape& shape, const LayerTensors& tensors, uint32_t slot) {
  for (uint32_t filter = 1; filter < shape.channels; filter++)
    if (exists(tensors, static_cast<size_t>(filter) * shape.fanIn + slot) != exists(tensors, slot)) return false;
  return true;
}

/// Winners given as bits, and filters that share their taps (BitConv).
class BitConvProducts : public Products {
 public:
  BitConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, bool quantised, Isa isa)
      : kernels_(bitConvKernelsFor(isa)),
        shape_(shape),
        kernel_(layer.kernel),
        pool_(layer.activationBeforePool ? 1 : layer.pool),
        inBytes_(quantised && kernels_.run8 != nullptr && shape.channels % GATHER8_LANES == 0),
        affine_(tensors, shape.channels) {
    for (uint32_t ky = 0; ky < kernel_; ky++)
      for (uint32_t kx = 0; kx < kernel_; kx++) addTap(tensors, ky, kx);
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return inBytes_ ? InputForm::byteBits : InputForm::bits; }

  uint64_t run(const Activations& in, ProductsScratch&, float* out) const override {
    const BitConv conv{shape_.height,   shape_.width, shape_.inputWidth, shape_.inputChannels,
                       pool_,           shape_.channels, taps_.data(),   static_cast<uint32_t>(taps_.size()),
                       valueAt_.data()};
    const uint64_t rows =
        inBytes_ ? kernels_.run8(conv, in.bits.data(), in.bytes.data(), bytes_.data(), affine_.shift.data(), out)
                 : kernels_.run(conv, in.bits.data(), in.values.data(), weights_.data(), affine_.scale.data(),
                                affine_.shift.data(), out);
    return rows * shape_.channels;
  }

 private:
  void addTap(const LayerTensors& tensors, uint32_t ky, uint32_t kx) {
    const uint32_t firstRow = static_cast<uint32_t>(valueAt_.size());
    uint64_t mask = 0;
    for (uint32_t channel = 0; channel < shape_.inputChannels; channel++) {
      const uint32_t slot = (channel * kernel_ + ky) * kernel_ + kx;
      if (!exists(tensors, slot)) continue;
      mask |= uint64_t{1} << channel;
      valueAt_.push_back((ky * shape_.inputWidth + kx) * shape_.inputChannels + channel);
      for (uint32_t at = 0; at < shape_.channels; at++) {
        if (inBytes_)
          bytes_.push_back(static_cast<int8_t>(tensors.weight[static_cast<size_t>(lane8At(at)) * shape_.fanIn + slot]));
        else
          weights_.push_back(tensors.weight[static_cast<size_t>(at) * shape_.fanIn + slot]);
      }
    }
    if (mask == 0) return;
    const uint32_t bits = static_cast<uint32_t>(valueAt_.size()) - firstRow;
    if (taps_.empty() || used_ == PACKED_TAPS || firstRow - taps_.back().firstRow + bits > BITS_CHANNELS_MAX) {
      taps_.push_back({});
      taps_.back().firstRow = firstRow;
      used_ = 0;
    }
    PackedTaps& taps = taps_.back();
    taps.mask[used_] = mask;
    taps.position[used_] = ky * shape_.inputWidth + kx;
    taps.shift[used_++] = firstRow - taps.firstRow;
  }

  const BitConvKernels& kernels_;
  LayerShape shape_;
  uint32_t kernel_, pool_;
  bool inBytes_;
  Affine affine_;
  std::vector<PackedTaps> taps_;
  /// Taps of the last word.
  uint32_t used_ = 0;
  std::vector<uint32_t> valueAt_;
  AlignedVector<float> weights_;
  AlignedVector<int8_t> bytes_;
};

}  // namespace

bool bitConvFits(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors) {
  // Products of positions that no pool window looks at would be missed in the count.
  if (!layer.activationBeforePool && (shape.height % layer.pool != 0 || shape.width % layer.pool != 0)) return false;
  if (shape.channels % BLOCK != 0 || shape.inputChannels > BITS_CHANNELS_MAX || tensors.mask.empty()) return false;
  uint32_t rows = 0;
  for (uint32_t slot = 0; slot < shape.fanIn; slot++) {
    if (!isShared(shape, tensors, slot)) return false;
    rows += exists(tensors, slot);
  }
  return rows > 0 && rows <= BIT_ROWS_MAX && rows <= BITS_BELOW * shape.fanIn;
}

std::unique_ptr<Products> makeBitConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors,
                                      bool quantised, Isa isa) {
  return std::make_unique<BitConvProducts>(layer, shape, tensors, quantised, isa);
}

}  // namespace winnow
