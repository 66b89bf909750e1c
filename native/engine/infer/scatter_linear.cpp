#include <algorithm>
#include <cstring>

#include "infer/products.h"

namespace winnow {

namespace {

/// A block of 16 costs about as much as this many single weights (measured); columns whose blocks hold more are stored in blocks.
constexpr double BLOCK_COST_IN_SINGLES = 2.3;
/// Columns of at most this many blocks are copied side by side before they are added (ScatterLists).
constexpr uint32_t SHORT_COLUMN = 32;

class ScatterLinearProducts : public Products {
 public:
  ScatterLinearProducts(const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in, bool first, Isa isa)
      : kernels_(scatterLinearKernelsFor(isa)), scatter_(scatterKernelsFor(isa)), shape_(shape), first_(first),
        affine_(tensors, shape.channels) {
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
  InputForm reads() const override { return InputForm::list; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    const uint32_t padded = roundUp(shape_.channels, BLOCK);
    makeRoom(scratch.sums, padded);
    std::fill_n(scratch.sums.begin(), padded, 0.0f);
    if (wholeColumns_) {
      kernels_.few(weights_.data(), padded, in.active.data(), in.activeValues.data(), in.count, scratch.sums.data());
    } else if (!entries_.empty()) {
      makeRoom(scratch.entries, static_cast<size_t>(in.count + 1) * longest_ + LIST_SPARE);
      makeRoom(scratch.entryValues, scratch.entries.size());
      makeRoom(scratch.base, in.count);
      std::fill_n(scratch.base.begin(), in.count, 0u);
      const ScatterLists lists{starts_.data(), entries_.data(), longest_};
      const uint32_t entries = scatter_.expand(lists, in.active.data(), scratch.base.data(), in.activeValues.data(), in.count,
                                               scratch.entries.data(), scratch.entryValues.data());
      scatter_.add(scratch.entries.data(), scratch.entryValues.data(), entries, 1, weights_.data(), scratch.sums.data());
    } else {
      const ScatterLinear linear{starts_.data(), units_.data(), weights_.data()};
      const auto columns = inBlocks_ ? kernels_.blocks : kernels_.singles;
      columns(linear, in.active.data(), in.activeValues.data(), in.count, scratch.sums.data());
    }
    kernels_.finish(scratch.sums.data(), affine_.scale.data(), affine_.shift.data(), padded);
    std::memcpy(out, scratch.sums.data(), shape_.channels * sizeof(float));
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
    wholeColumns_ = padded <= FEW_UNITS && blocks * 2 > slots.size() * (padded / BLOCK);
    inBlocks_ = static_cast<double>(blocks) * BLOCK_COST_IN_SINGLES < static_cast<double>(singles);
    starts_.push_back(0);
    for (uint32_t slot : slots) {
      read(slot);
      if (wholeColumns_) {
        weights_.insert(weights_.end(), column.begin(), column.end());
        continue;
      }
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
      longest_ = std::max(longest_, starts_.back() - starts_[starts_.size() - 2]);
    }
    if (wholeColumns_ || !inBlocks_ || longest_ > SHORT_COLUMN || units_.size() >= LIST_RUNS_MAX) return;
    for (size_t b = 0; b < units_.size(); b++) entries_.push_back(static_cast<uint32_t>(b) << 16 | units_[b]);
    entries_.resize(entries_.size() + longest_ + LIST_SPARE);
  }

  const ScatterLinearKernels& kernels_;
  const ScatterKernels& scatter_;
  LayerShape shape_;
  bool first_, wholeColumns_ = false, inBlocks_ = false;
  Affine affine_;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, reached_;
  std::vector<uint16_t> units_;
  uint32_t longest_ = 0;
  /// The same as ScatterLists takes them; empty for long columns and single weights.
  std::vector<uint32_t> entries_;
  AlignedVector<float> weights_;
};

}  // namespace

std::unique_ptr<Products> makeScatterLinear(const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in,
                                            bool first, Isa isa) {
  return std::make_unique<ScatterLinearProducts>(shape, tensors, in, first, isa);
}

}  // namespace winnow
