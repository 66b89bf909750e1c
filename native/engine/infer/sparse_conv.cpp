#include <algorithm>

#include "infer/products.h"

namespace winnow {

namespace {

/// Below this share of blocks that exist, lists beat gathering.
constexpr double LISTS_BELOW = 0.7;
/// Entries of lists that are worth their memory: 8 MB.
constexpr uint64_t LIST_ENTRIES_MAX = 2'097'152;

/// Entries that an 8-bit gathering may read behind the last.
constexpr uint32_t GATHER_SPARE = 3;

/// Winners add their products to sums[position][lane].
///
/// An input reaches up to kernel x kernel positions, fewer near the edges. Inputs whose row and column have the same taps in
/// reach are of one class, of which there are at most (2 kernel - 1)^2: for every (input channel, class) there is a list of the
/// runs of weights that exist and lie in reach, so that nothing is tested in the inner loop. Where weights leave hardly any
/// block empty, lists would say nothing: there every output position gathers all weights of the inputs in its reach.
class SparseConvProducts : public Products {
 public:
  SparseConvProducts(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in,
                     bool quantised, Isa isa)
      : scatter_(scatterKernelsFor(isa)),
        conv_(sparseConvKernelsFor(isa)),
        int8_(int8KernelsFor(isa)),
        shape_(shape),
        kernel_(layer.kernel),
        pool_(layer.activationBeforePool ? 1 : layer.pool),
        lanes_(roundUp(shape.channels, BLOCK)),
        affine_(tensors, shape.channels) {
    const bool channelsLast = in.channelStride == 1 && in.columnStride != 1;
    const uint32_t plane = shape.inputHeight * shape.inputWidth;
    // Either way of counting is right where one of the two divisors is 1; the reciprocal is not exact for 1.
    channelsLast_ = channelsLast ? shape.inputChannels > 1 : plane == 1;
    divisor_ = channelsLast_ ? shape.inputChannels : plane;
    reciprocal_ = UINT64_MAX / divisor_ + 1;
    classify();
    inBytes_ = quantised && int8_.gather != nullptr && lanes_ % GATHER8_LANES == 0;
    if (inBytes_)
      packBytes(tensors);
    else
      pack(tensors);
    count(tensors);
  }

  TensorLayout layout() const override {
    return TensorLayout::channelsLast(shape_.channels, shape_.activeHeight, shape_.activeWidth);
  }
  InputForm reads() const override { return InputForm::list; }

  uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const override {
    makeRoom(scratch.sums, static_cast<size_t>(shape_.height) * shape_.width * lanes_);
    makeRoom(scratch.list, in.count);
    makeRoom(scratch.position, in.count);
    makeRoom(scratch.base, in.count);
    uint64_t multiplies = 0;
    for (uint32_t i = 0; i < in.count; i++) {
      const auto unit = static_cast<uint32_t>((static_cast<unsigned __int128>(reciprocal_) * in.active[i]) >> 64);
      const uint32_t rest = in.active[i] - unit * divisor_;
      const uint32_t channel = channelsLast_ ? rest : unit, position = channelsLast_ ? unit : rest;
      scratch.list[i] = channel * classes_ + classOf_[position];
      scratch.position[i] = position;
      scratch.base[i] = inLists_ ? ownRun_[position] : (channel * kernel_ + columnAt_[position]) * lanes_;
      multiplies += reached_[scratch.list[i]];
    }
    if (inLists_)
      scatter(in, scratch);
    else
      gather(in, scratch);
    conv_.pool(scratch.sums.data(), lanes_, shape_.channels, shape_.height, shape_.width, pool_, affine_.scale.data(),
               affine_.shift.data(), out);
    return multiplies;
  }

 private:
  void scatter(const Activations& in, ProductsScratch& scratch) const {
    std::fill_n(scratch.sums.begin(), static_cast<size_t>(shape_.height) * shape_.width * lanes_, 0.0f);
    makeRoom(scratch.entries, static_cast<size_t>(in.count + 1) * longest_ + LIST_SPARE);
    makeRoom(scratch.entryValues, scratch.entries.size());
    const ScatterLists lists{listStart_.data(), list_.data(), longest_};
    const uint32_t entries = scatter_.expand(lists, scratch.list.data(), scratch.base.data(), in.activeValues.data(), in.count,
                                             scratch.entries.data(), scratch.entryValues.data());
    scatter_.add(scratch.entries.data(), scratch.entryValues.data(), entries, runBlocks_, weights_.data(), scratch.sums.data());
  }

  /// Sorts the active inputs by position (their order within one stays) and has every output position gather them.
  void gather(const Activations& in, ProductsScratch& scratch) const {
    const uint32_t plane = shape_.inputHeight * shape_.inputWidth;
    scratch.starts.assign(plane + 2, 0);
    makeRoom(scratch.entries, in.count + GATHER_SPARE);
    makeRoom(scratch.entryValues, in.count);
    makeRoom(scratch.bytes, in.count + GATHER_SPARE);
    // Counts two places on: after the running sum and the moves, starts[p] is where position p begins.
    uint32_t* next = scratch.starts.data() + 1;
    for (uint32_t i = 0; i < in.count; i++) next[scratch.position[i] + 1]++;
    for (uint32_t p = 0; p < plane; p++) next[p + 1] += next[p];
    for (uint32_t i = 0; i < in.count; i++) {
      const uint32_t position = scratch.position[i], at = next[position]++;
      scratch.entries[at] = scratch.base[i];
      if (inBytes_)
        scratch.bytes[at] = static_cast<uint8_t>(in.activeValues[i]);
      else
        scratch.entryValues[at] = in.activeValues[i];
    }
    if (inBytes_) {
      std::fill_n(scratch.entries.begin() + in.count, GATHER_SPARE, 0u);
      const GatherConv8 conv{shape_.height, shape_.width, shape_.inputWidth, lanes_, kernel_,
                             static_cast<size_t>(shape_.inputChannels) * kernel_ * lanes_, bytes_.data() + bytesMargin()};
      int8_.gather(conv, scratch.starts.data(), scratch.entries.data(), scratch.bytes.data(), scratch.sums.data());
      return;
    }
    const GatherConv conv{shape_.height, shape_.width, shape_.inputWidth, lanes_, kernel_,
                          static_cast<size_t>(shape_.inputChannels) * kernel_ * lanes_, weights_.data()};
    conv_.gather(conv, scratch.starts.data(), scratch.entries.data(), scratch.entryValues.data(), scratch.sums.data());
  }

  /// Taps in reach of an input, along one side: those from first to last.
  struct Reach {
    uint32_t first, last;
    bool operator==(const Reach&) const = default;
  };

  void classify() {
    const auto classesOf = [&](uint32_t inputSide, uint32_t side, std::vector<Reach>& reaches) {
      std::vector<uint32_t> of(inputSide);
      for (uint32_t at = 0; at < inputSide; at++) {
        const Reach reach{at < side ? 0 : at - side + 1, std::min(kernel_ - 1, at)};
        if (reaches.empty() || !(reaches.back() == reach)) reaches.push_back(reach);
        of[at] = static_cast<uint32_t>(reaches.size()) - 1;
      }
      return of;
    };
    const auto rowOf = classesOf(shape_.inputHeight, shape_.height, rowReach_);
    const auto columnOf = classesOf(shape_.inputWidth, shape_.width, columnReach_);
    classes_ = static_cast<uint32_t>(rowReach_.size() * columnReach_.size());
    for (uint32_t y = 0; y < shape_.inputHeight; y++)
      for (uint32_t x = 0; x < shape_.inputWidth; x++)
        classOf_.push_back(static_cast<uint16_t>(rowOf[y] * columnReach_.size() + columnOf[x]));
  }

  template <typename Visit>
  void forEachClass(Visit&& visit) const {
    for (uint32_t channel = 0; channel < shape_.inputChannels; channel++)
      for (const Reach& rows : rowReach_)
        for (const Reach& columns : columnReach_) visit(channel, rows, columns);
  }

  void pack(const LayerTensors& tensors) {
    const uint32_t blocks = lanes_ / BLOCK;
    const auto weightAt = [&](uint32_t slot, uint32_t lane) {
      return lane < shape_.channels ? tensors.weight[static_cast<size_t>(lane) * shape_.fanIn + slot] : 0;
    };
    std::vector<uint8_t> exists(static_cast<size_t>(shape_.fanIn) * blocks, 0);
    for (uint32_t slot = 0; slot < shape_.fanIn; slot++)
      for (uint32_t lane = 0; lane < shape_.channels; lane++)
        if (weightAt(slot, lane) != 0) exists[static_cast<size_t>(slot) * blocks + lane / BLOCK] = 1;
    const auto existing = static_cast<uint64_t>(std::count(exists.begin(), exists.end(), 1));
    // The longest run of blocks that always exist together.
    runBlocks_ = 1;
    for (uint32_t run : {2u, 4u}) {
      if (blocks % run != 0) break;
      bool together = true;
      for (size_t at = 0; at < exists.size(); at += run)
        together &= std::all_of(exists.begin() + at, exists.begin() + at + run, [&](uint8_t is) { return is == exists[at]; });
      if (!together) break;
      runBlocks_ = run;
    }
    const uint64_t sumRuns = static_cast<uint64_t>(shape_.height) * shape_.width * blocks / runBlocks_;
    inLists_ = static_cast<double>(existing) < LISTS_BELOW * static_cast<double>(exists.size()) &&
               existing * classes_ < LIST_ENTRIES_MAX && existing / runBlocks_ < LIST_RUNS_MAX && sumRuns < LIST_RUNS_MAX;
    for (uint32_t y = 0; y < shape_.inputHeight; y++)
      for (uint32_t x = 0; x < shape_.inputWidth; x++) {
        ownRun_.push_back((y * shape_.width + x) * blocks / runBlocks_);
        columnAt_.push_back(x);
      }
    if (inLists_)
      packLists(exists, weightAt);
    else
      packRows(weightAt);
  }

  template <typename WeightAt>
  void packLists(const std::vector<uint8_t>& exists, const WeightAt& weightAt) {
    const uint32_t runs = lanes_ / BLOCK / runBlocks_, runLanes = BLOCK * runBlocks_;
    std::vector<uint32_t> stored(static_cast<size_t>(shape_.fanIn) * runs);
    uint32_t next = 0;
    for (uint32_t slot = 0; slot < shape_.fanIn; slot++)
      for (uint32_t run = 0; run < runs; run++) {
        if (!exists[(static_cast<size_t>(slot) * runs + run) * runBlocks_]) continue;
        stored[static_cast<size_t>(slot) * runs + run] = next++;
        for (uint32_t lane = 0; lane < runLanes; lane++) weights_.push_back(weightAt(slot, run * runLanes + lane));
      }
    listStart_.push_back(0);
    forEachClass([&](uint32_t channel, const Reach& rows, const Reach& columns) {
      for (uint32_t ky = rows.first; ky <= rows.last; ky++)
        for (uint32_t kx = columns.first; kx <= columns.last; kx++)
          for (uint32_t run = 0; run < runs; run++) {
            const size_t slot = (static_cast<size_t>(channel) * kernel_ + ky) * kernel_ + kx;
            if (!exists[(slot * runs + run) * runBlocks_]) continue;
            // Once the input's own run is added, the lower half is the run of sums, and nothing is carried into the upper one.
            const uint32_t down = (ky * shape_.width + kx) * runs - run;
            list_.push_back((stored[slot * runs + run] << 16) - down);
          }
      listStart_.push_back(static_cast<uint32_t>(list_.size()));
      longest_ = std::max(longest_, listStart_.back() - listStart_[listStart_.size() - 2]);
    });
    list_.resize(list_.size() + longest_ + LIST_SPARE);
  }

  template <typename WeightAt>
  void packRows(const WeightAt& weightAt) {
    for (uint32_t ky = 0; ky < kernel_; ky++)
      for (uint32_t channel = 0; channel < shape_.inputChannels; channel++)
        for (uint32_t kx = 0; kx < kernel_; kx++)
          for (uint32_t lane = 0; lane < lanes_; lane++)
            weights_.push_back(weightAt((channel * kernel_ + ky) * kernel_ + kx, lane));
  }

  /// Weights that may be read on either side, for inputs in other columns than the run's.
  size_t bytesMargin() const { return static_cast<size_t>(shape_.inputWidth) * lanes_; }

  void packBytes(const LayerTensors& tensors) {
    bytes_.assign(static_cast<size_t>(shape_.fanIn) * lanes_ + 2 * bytesMargin(), 0);
    int8_t* to = bytes_.data() + bytesMargin();
    for (uint32_t ky = 0; ky < kernel_; ky++)
      for (uint32_t channel = 0; channel < shape_.inputChannels; channel++)
        for (uint32_t kx = 0; kx < kernel_; kx++)
          for (uint32_t at = 0; at < lanes_; at++, to++) {
            const uint32_t lane = lane8At(at);
            const size_t slot = (static_cast<size_t>(channel) * kernel_ + ky) * kernel_ + kx;
            if (lane < shape_.channels)
              *to = static_cast<int8_t>(tensors.weight[static_cast<size_t>(lane) * shape_.fanIn + slot]);
          }
    for (uint32_t y = 0; y < shape_.inputHeight; y++)
      for (uint32_t x = 0; x < shape_.inputWidth; x++) columnAt_.push_back(x);
  }

  /// How many products an input of each channel and class takes part in.
  void count(const LayerTensors& tensors) {
    std::vector<uint32_t> existing(shape_.fanIn, 0);
    for (uint32_t c = 0; c < shape_.channels; c++)
      for (uint32_t slot = 0; slot < shape_.fanIn; slot++)
        existing[slot] += exists(tensors, static_cast<size_t>(c) * shape_.fanIn + slot);
    forEachClass([&](uint32_t channel, const Reach& rows, const Reach& columns) {
      uint32_t sum = 0;
      for (uint32_t ky = rows.first; ky <= rows.last; ky++)
        for (uint32_t kx = columns.first; kx <= columns.last; kx++)
          sum += existing[(static_cast<size_t>(channel) * kernel_ + ky) * kernel_ + kx];
      reached_.push_back(sum);
    });
  }

  const ScatterKernels& scatter_;
  const SparseConvKernels& conv_;
  const Int8Kernels& int8_;
  LayerShape shape_;
  uint32_t kernel_, pool_, lanes_;
  Affine affine_;
  /// An input's memory index is (unit, rest) = (index / divisor, index mod divisor): channel and position, or the reverse.
  bool channelsLast_;
  uint32_t divisor_;
  uint64_t reciprocal_;
  std::vector<Reach> rowReach_, columnReach_;
  uint32_t classes_ = 0;
  std::vector<uint16_t> classOf_;
  /// By position: the run of sums at the input's own row and column (of the output's width).
  std::vector<uint32_t> ownRun_, columnAt_;
  std::vector<uint32_t> reached_;
  bool inLists_ = false, inBytes_ = false;
  uint32_t runBlocks_ = 1, longest_ = 0;
  std::vector<uint32_t> listStart_, list_;
  AlignedVector<float> weights_;
  AlignedVector<int8_t> bytes_;
};

}  // namespace

std::unique_ptr<Products> makeSparseConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors,
                                          const TensorLayout& in, bool quantised, Isa isa) {
  return std::make_unique<SparseConvProducts>(layer, shape, tensors, in, quantised, isa);
}

}  // namespace winnow
