#include <algorithm>
#include <cstring>

#include "infer/products.h"

namespace winnow {

namespace {

/// A pool of this many columns: of every two neighbours the larger is kept for the window after the next.
constexpr uint32_t POOL = 2;

/// The first layer of a stream of windows, each of which is the one before moved on by a column (infer/stream.h).
///
///     window   columns  0 1 2 3 4 5 ... 31        [column][row], as the caller scaled them or not
///     sums     column x: the taps of window columns x .. x + 4, every two rows pooled        28 of them
///     pairs    column x: the larger of sums x and x + 1                                       27 of them
///     output   pairs 0, 2, 4 ... 26, scaled and shifted
///
/// A step moves all three by a column. Those pairs that are odd in one window are even in the next, so both are kept.
class StreamConvProducts : public Products {
 public:
  StreamConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa)
      : kernels_(blockConvKernelsFor(isa)), shape_(shape), kernel_(layer.kernel), affine_(tensors, shape.channels) {
    const uint32_t blocks = shape.channels / BLOCK;
    one_.assign(shape.channels, 1);
    none_.assign(shape.channels, 0);
    total_.assign(shape.channels, 0);
    starts_.push_back(0);
    for (uint32_t block = 0; block < blocks; block++) {
      for (uint32_t slot = 0; slot < shape.fanIn; slot++) {
        uint32_t there = 0;
        for (uint32_t lane = 0; lane < BLOCK; lane++) there += exists(tensors, at(block, lane, slot));
        existing_ += there;
        if (there == 0) continue;
        // Columns are what is side by side here: the window lies on its side.
        tapAt_.push_back(slot % kernel_ * shape.inputHeight + slot / kernel_);
        for (uint32_t lane = 0; lane < BLOCK; lane++) {
          weights_.push_back(tensors.weight[at(block, lane, slot)]);
          total_[block * BLOCK + lane] += weights_.back();
        }
      }
      starts_.push_back(static_cast<uint32_t>(tapAt_.size()));
    }
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::values; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    StreamMemory& memory = scratch.stream;
    const uint32_t lanes = shape_.channels, rows = shape_.activeHeight, columnFloats = rows * lanes;
    const uint64_t done = advance(in.values.data(), memory);
    // scale x (factor x sum + offset x (sum of weights)) + shift, by channel
    makeRoom(memory.scale, lanes);
    makeRoom(memory.shift, lanes);
    for (uint32_t c = 0; c < lanes; c++) {
      memory.scale[c] = affine_.scale[c] * memory.factor;
      memory.shift[c] = static_cast<float>(static_cast<double>(affine_.scale[c]) * memory.offset * total_[c] + affine_.shift[c]);
    }
    for (uint32_t px = 0; px < shape_.activeWidth; px++)
      kernels_.scaled(memory.pairs.data() + static_cast<size_t>(memory.slotOf(px * POOL)) * columnFloats, rows, lanes,
                      memory.scale.data(), memory.shift.data(), out + static_cast<size_t>(px) * lanes,
                      shape_.activeWidth * lanes);
    return done;
  }

 private:
  size_t at(uint32_t block, uint32_t lane, uint32_t slot) const {
    return static_cast<size_t>(block * BLOCK + lane) * shape_.fanIn + slot;
  }

  /// Moves the memory on to this window and computes the columns of sums that see something new. @returns products
  uint64_t advance(const float* window, StreamMemory& memory) const {
    const uint32_t height = shape_.inputHeight, width = shape_.inputWidth, columns = shape_.width;
    const uint32_t columnFloats = shape_.activeHeight * shape_.channels;
    if (memory.columns != columns) {
      memory.columns = columns;
      memory.first = 0;
      memory.known = false;
      memory.window.assign(static_cast<size_t>(width) * height, 0);
      memory.sums.assign(static_cast<size_t>(columns) * columnFloats, 0);
      memory.pairs.assign(static_cast<size_t>(columns) * columnFloats, 0);
      memory.fresh.assign(width, 0);
    }
    memory.first = (memory.first + 1) % columns;
    std::memmove(memory.window.data(), memory.window.data() + height, static_cast<size_t>(width - 1) * height * sizeof(float));
    for (uint32_t x = 0; x < width; x++) {
      float* column = memory.window.data() + static_cast<size_t>(x) * height;
      bool same = memory.known && x + 1 < width;
      for (uint32_t y = 0; y < height; y++) same &= column[y] == window[y * width + x];
      memory.fresh[x] = !same;
      if (!same)
        for (uint32_t y = 0; y < height; y++) column[y] = window[y * width + x];
    }
    memory.known = true;
    uint64_t computed = 0;
    bool before = false;
    for (uint32_t x = 0; x < columns; x++) {
      const bool now = std::any_of(memory.fresh.begin() + x, memory.fresh.begin() + x + kernel_,
                                   [](uint8_t fresh) { return fresh != 0; });
      float* sums = memory.sums.data() + static_cast<size_t>(memory.slotOf(x)) * columnFloats;
      if (now) {
        const BlockConv conv{1, shape_.activeHeight, height, 1, POOL, shape_.channels, starts_.data(), tapAt_.data(),
                             weights_.data(), one_.data(), none_.data()};
        kernels_.run(conv, memory.window.data() + static_cast<size_t>(x) * height, sums);
        computed++;
      }
      if (x > 0 && (now || before)) {
        const size_t previous = static_cast<size_t>(memory.slotOf(x - 1)) * columnFloats;
        kernels_.larger(memory.sums.data() + previous, sums, columnFloats, memory.pairs.data() + previous);
      }
      before = now;
    }
    return computed * existing_ * shape_.height;
  }

  const BlockConvKernels& kernels_;
  LayerShape shape_;
  uint32_t kernel_;
  Affine affine_;
  uint64_t existing_ = 0;
  std::vector<uint32_t> starts_, tapAt_;
  AlignedVector<float> weights_, one_, none_;
  /// Of a filter's weights.
  std::vector<double> total_;
};

}  // namespace

bool streamConvFits(const LayerSpec& layer, const LayerShape& shape) {
  return layer.type == LayerType::conv && shape.inputChannels == 1 && shape.channels % BLOCK == 0 && layer.pool == POOL &&
         !layer.activationBeforePool && shape.height % POOL == 0 && shape.width % POOL == 0;
}

std::unique_ptr<Products> makeStreamConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa) {
  return std::make_unique<StreamConvProducts>(layer, shape, tensors, isa);
}

}  // namespace winnow
