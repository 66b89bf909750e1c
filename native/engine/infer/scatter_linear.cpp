#include <algorithm>
#include <cstring>

#include "infer/products.h"

namespace winnow {

namespace {

/// A block of 16 costs about as much as this many single weights (measured); columns whose blocks hold more are stored in blocks.
constexpr double BLOCK_COST_IN_SINGLES = 2.3;

class ScatterLinearProducts : public Products {
 public:
  ScatterLinearProducts(const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in, bool first, Isa isa)
      : kernels_(scatterLinearKernelsFor(isa)), shape_(shape), first_(first), affine_(tensors, shape.channels) {
    // Columns in the order of the input's memory.
    std::vector<uint32_t> slots(in.size());
    for (uint32_t c = 0, slot = 0; c < in.channels; c++)
      for (uint32_t y = 0; y < in.height; y++)
        for (uint32_t x = 0; x < in.width; x++, slot++)
          slots[c * in.channelStride + y * in.rowStride + x * in.columnStride] = slot;
    reached_.assign(shape.fanIn, 0);
    for (uint32_t i = 0; i < shape.fanIn; i++)
      for (uint32_t unit = 0; unit < shape.channels; unit++)
        reached_[i] += exists(tensors, static_cast<size_t>(unit) * shape.fanIn + slots[i]);
    for (uint32_t count : reached_) existing_ += count;
    pack(tensors, slots);
  }

  TensorLayout layout() const override { return TensorLayout::channelsFirst(shape_.channels, 1, 1); }
  bool readsActive() const override { return true; }

  void run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    const uint32_t padded = roundUp(shape_.channels, BLOCK);
    scratch.sums.assign(padded, 0);
    const ScatterLinear linear{starts_.data(), units_.data(), weights_.data()};
    (inBlocks_ ? kernels_.blocks : kernels_.singles)(linear, in.active.data(), in.activeValues.data(), in.count, scratch.sums.data());
    kernels_.finish(scratch.sums.data(), affine_.scale.data(), affine_.shift.data(), padded);
    std::memcpy(out, scratch.sums.data(), shape_.channels * sizeof(float));
  }

  uint64_t multiplies(const Activations& in) const override {
    if (first_) return existing_;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < in.count; i++) sum += reached_[in.active[i]];
    return sum;
  }

 private:
  void pack(const LayerTensors& tensors, const std::vector<uint32_t>& slots) {
    const uint32_t padded = roundUp(shape_.channels, BLOCK);
    std::vector<float> column(padded);
    const auto read = [&](uint32_t slot) {
      for (uint32_t unit = 0; unit < shape_.channels; unit++)
        column[unit] = tensors.weight[static_cast<size_t>(unit) * shape_.fanIn + slot];
    };
    const auto isEmpty = [&](uint32_t first) {
      return std::all_of(column.begin() + first, column.begin() + first + BLOCK, [](float weight) { return weight == 0; });
    };
    size_t singles = 0, blocks = 0;
    for (uint32_t slot : slots) {
      read(slot);
      singles += column.size() - static_cast<size_t>(std::count(column.begin(), column.end(), 0.0f));
      for (uint32_t first = 0; first < padded; first += BLOCK) blocks += !isEmpty(first);
    }
    inBlocks_ = static_cast<double>(blocks) * BLOCK_COST_IN_SINGLES < static_cast<double>(singles);
    starts_.push_back(0);
    for (uint32_t slot : slots) {
      read(slot);
      if (inBlocks_) {
        for (uint32_t first = 0; first < padded; first += BLOCK) {
          if (isEmpty(first)) continue;
          units_.push_back(static_cast<uint16_t>(first / BLOCK));
          weights_.insert(weights_.end(), column.begin() + first, column.begin() + first + BLOCK);
        }
      } else {
        for (uint32_t unit = 0; unit < shape_.channels; unit++) {
          if (column[unit] == 0) continue;
          units_.push_back(static_cast<uint16_t>(unit));
          weights_.push_back(column[unit]);
        }
      }
      starts_.push_back(static_cast<uint32_t>(units_.size()));
    }
  }

  const ScatterLinearKernels& kernels_;
  LayerShape shape_;
  bool first_, inBlocks_ = false;
  Affine affine_;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, reached_;
  std::vector<uint16_t> units_;
  AlignedVector<float> weights_;
};

}  // namespace

std::unique_ptr<Products> makeScatterLinear(const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in, bool first,
                                            Isa isa) {
  return std::make_unique<ScatterLinearProducts>(shape, tensors, in, first, isa);
}

}  // namespace winnow
