#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

class ScatterConvProducts : public Products {
 public:
  ScatterConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in, Isa isa)
      : kernels_(scatterConvKernelsFor(isa)),
        shape_(shape),
        pool_(layer.activationBeforePool ? 1 : layer.pool),
        lanes_(roundUp(shape.channels, BLOCK)),
        affine_(tensors, shape.channels),
        places_(placesOf(in)) {
    pack(layer.kernel, tensors);
    count(layer.kernel, tensors);
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  bool readsActive() const override { return true; }

  void run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    scratch.sums.assign(static_cast<size_t>(shape_.height) * shape_.width * lanes_, 0);
    scratch.places.resize(in.count);
    for (uint32_t i = 0; i < in.count; i++) {
      const Place place = places_[in.active[i]];
      scratch.places[i] = {place.channel, place.row, place.column};
    }
    const ScatterConv conv{shape_.height, shape_.width, lanes_, starts_.data(), blocks_.data(), weights_.data()};
    kernels_.run(conv, scratch.places.data(), in.activeValues.data(), in.count, scratch.sums.data());
    kernels_.pool(scratch.sums.data(), lanes_, shape_.channels, shape_.height, shape_.width, pool_, affine_.scale.data(),
                  affine_.shift.data(), out);
  }

  uint64_t multiplies(const Activations& in) const override {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < in.count; i++) sum += reached_[in.active[i]];
    return sum;
  }

 private:
  void pack(uint32_t kernel, const LayerTensors& tensors) {
    starts_.push_back(0);
    for (uint32_t channel = 0; channel < shape_.inputChannels; channel++) {
      for (uint32_t ky = 0; ky < kernel; ky++)
        for (uint32_t kx = 0; kx < kernel; kx++)
          for (uint32_t lane = 0; lane < lanes_; lane += BLOCK) {
            const size_t slot = (static_cast<size_t>(channel) * kernel + ky) * kernel + kx;
            float block[BLOCK] = {};
            bool any = false;
            for (uint32_t i = 0; i < BLOCK && lane + i < shape_.channels; i++) {
              block[i] = tensors.weight[static_cast<size_t>(lane + i) * shape_.fanIn + slot];
              any |= block[i] != 0;
            }
            if (!any) continue;
            blocks_.push_back({static_cast<uint16_t>(ky), static_cast<uint16_t>(kx), lane});
            weights_.insert(weights_.end(), block, block + BLOCK);
          }
      starts_.push_back(static_cast<uint32_t>(blocks_.size()));
    }
  }

  /// How many products each input takes part in: existing weights of its channel whose tap reaches an output position.
  void count(uint32_t kernel, const LayerTensors& tensors) {
    reached_.assign(places_.size(), 0);
    std::vector<uint32_t> existing(static_cast<size_t>(shape_.fanIn), 0);
    for (uint32_t c = 0; c < shape_.channels; c++)
      for (uint32_t slot = 0; slot < shape_.fanIn; slot++) existing[slot] += exists(tensors, static_cast<size_t>(c) * shape_.fanIn + slot);
    for (size_t i = 0; i < places_.size(); i++) {
      const Place place = places_[i];
      for (uint32_t ky = 0; ky < kernel; ky++)
        for (uint32_t kx = 0; kx < kernel; kx++)
          if (place.row - ky < shape_.height && place.column - kx < shape_.width)
            reached_[i] += existing[(static_cast<size_t>(place.channel) * kernel + ky) * kernel + kx];
    }
  }

  const ScatterConvKernels& kernels_;
  LayerShape shape_;
  uint32_t pool_, lanes_;
  Affine affine_;
  std::vector<Place> places_;
  std::vector<uint32_t> starts_, reached_;
  std::vector<ScatterBlock> blocks_;
  AlignedVector<float> weights_;
};

}  // namespace

std::unique_ptr<Products> makeScatterConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors,
                                          const TensorLayout& in, Isa isa) {
  return std::make_unique<ScatterConvProducts>(layer, shape, tensors, in, isa);
}

}  // namespace winnow
