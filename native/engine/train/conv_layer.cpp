#include "train/conv_layer.h"

#include <algorithm>
#include <cstring>

#include "train/kernels/norm.h"
#include "train/kernels/pool.h"

namespace winnow::train {

namespace {

/// Weight rows per task of the weight gradient: several register tiles.
constexpr int WEIGHT_ROWS = 36;

PoolSizes poolSizes(const LayerSpec& spec, const LayerShape& shape, int lanes) {
  return {static_cast<int>(shape.width), static_cast<int>(spec.pool), static_cast<int>(shape.outputHeight),
          static_cast<int>(shape.outputWidth), lanes};
}

}  // namespace

ConvLayer::ConvLayer(Isa isa, ThreadPool& pool, const LayerSpec& spec, const LayerShape& shape, const Flow& in)
    : Layer(isa, pool, spec, shape), early_(winners_ && spec.activationBeforePool && spec.pool > 1) {
  sizes_ = {static_cast<int>(shape.inputHeight), static_cast<int>(shape.inputWidth), static_cast<int>(shape.inputChannels),
            static_cast<int>(in.lanes),          static_cast<int>(spec.kernel),      static_cast<int>(shape.height),
            static_cast<int>(shape.width),       static_cast<int>(shape.channels),   static_cast<int>(padded(shape.channels))};
  for (int tap = 0; tap < sizes_.kernel * sizes_.kernel; tap++)
    for (int channel = 0; channel < sizes_.inChannels; channel++)
      rowOffset_.push_back(((tap / sizes_.kernel) * sizes_.inWidth + tap % sizes_.kernel) * sizes_.inLanes + channel);
}

std::vector<uint32_t> ConvLayer::places(size_t& size) const {
  const uint32_t taps = spec_.kernel * spec_.kernel, lanes = padded(shape_.channels);
  std::vector<uint32_t> result;
  for (uint32_t unit = 0; unit < shape_.channels; unit++)
    for (uint32_t channel = 0; channel < shape_.inputChannels; channel++)
      for (uint32_t tap = 0; tap < taps; tap++) result.push_back((tap * shape_.inputChannels + channel) * lanes + unit);
  size = static_cast<size_t>(taps) * shape_.inputChannels * lanes;
  return result;
}

void ConvLayer::reserve(size_t samples) {
  if (map_.size() >= samples * mapSize()) return;
  map_.resize(samples * mapSize());
  gradient_.resize(samples * mapSize());
  place_.resize(samples * shape_.outputHeight * shape_.outputWidth * static_cast<size_t>(sizes_.outLanes));
  winnerCount_.resize(samples);
  if (winners_) winner_.resize(samples * winners_->most());
  masked_.resize(static_cast<size_t>(pool_.threads()));
  if (early_)
    for (auto& map : masked_) map.resize(mapSize());
  if (norm_) norm_->reserve(samples);
}

void ConvLayer::poolForward(Flow& out, size_t sample, int worker) {
  const float* from = map_.data() + sample * mapSize();
  if (early_) {
    uint32_t* winner = winner_.data() + sample * winners_->most();
    const uint32_t count = winners_->select(from, winner, worker);
    winnerCount_[sample] = count;
    auto& masked = masked_[static_cast<size_t>(worker)];
    std::fill(masked.begin(), masked.end(), 0.0f);
    for (uint32_t i = 0; i < count; i++) masked[winner[i]] = from[winner[i]];
    from = masked.data();
  }
  if (spec_.pool == 1)
    std::memcpy(out.values(sample), from, mapSize() * sizeof(float));
  else
    poolKernelsFor(isa_).forward(poolSizes(spec_, shape_, sizes_.outLanes), from, out.values(sample),
                                 place_.data() + sample * out.size());
}

void ConvLayer::forward(const Flow& in, Flow& out, const Pass& pass) {
  const ConvKernels& kernels = convKernelsFor(isa_);
  const int positions = sizes_.outHeight * sizes_.outWidth;
  reserve(pass.samples);
  if (winners_) winners_->begin(pass.mode, pass.boostScale, pool_.threads());
  const bool batchStatistics = norm_ && pass.mode == Mode::training;
  const auto convolve = [&](size_t sample) {
    kernels.forward(sizes_, in.values(sample), parameters.weight.data(), parameters.bias.data(), map_.data() + sample * mapSize());
  };
  if (batchStatistics) {
    pool_.run(pass.samples, [&](size_t sample, int) {
      convolve(sample);
      norm_->measure(sample, map_.data() + sample * mapSize(), positions);
    });
    norm_->merge(pass.samples, positions);
  } else if (norm_) {
    norm_->useRunning();
  }
  pool_.run(pass.samples, [&](size_t sample, int worker) {
    if (!batchStatistics) convolve(sample);
    if (norm_) norm_->normalise(map_.data() + sample * mapSize(), positions);
    poolForward(out, sample, worker);
    if (!early_) activate(out, sample, worker);
  });
  if (winners_) winners_->end(pass.samples, pass.seen);
}

void ConvLayer::poolBackward(Flow& out, size_t sample) {
  float* to = gradient_.data() + sample * mapSize();
  const float* from = out.gradients(sample);
  if (early_) {
    // Only a winner that is also the largest of its window passed anything on.
    const uint8_t* place = place_.data() + sample * out.size();
    const uint32_t* winner = winner_.data() + sample * winners_->most();
    const uint32_t lanes = out.lanes, pool = spec_.pool;
    std::fill(to, to + mapSize(), 0.0f);
    for (uint32_t i = 0; i < winnerCount_[sample]; i++) {
      const uint32_t lane = winner[i] % lanes, position = winner[i] / lanes;
      const uint32_t row = position / shape_.width, column = position % shape_.width;
      if (row / pool >= out.height || column / pool >= out.width) continue;
      const uint32_t cell = (row / pool * out.width + column / pool) * lanes + lane;
      if (place[cell] == row % pool * pool + column % pool) to[winner[i]] = from[cell];
    }
    return;
  }
  activateBackward(out, sample);
  if (spec_.pool == 1) {
    std::memcpy(to, from, mapSize() * sizeof(float));
    return;
  }
  if (shape_.height % spec_.pool != 0 || shape_.width % spec_.pool != 0) std::fill(to, to + mapSize(), 0.0f);
  poolKernelsFor(isa_).backward(poolSizes(spec_, shape_, sizes_.outLanes), from, place_.data() + sample * out.size(), to);
}

void ConvLayer::transpose() {
  const size_t taps = spec_.kernel * spec_.kernel, outs = shape_.channels, lanes = static_cast<size_t>(sizes_.inLanes),
               ins = shape_.inputChannels, outLanes = static_cast<size_t>(sizes_.outLanes);
  transposed_.assign(taps * outs * lanes, 0);
  for (size_t tap = 0; tap < taps; tap++)
    for (size_t in = 0; in < ins; in++)
      for (size_t out = 0; out < outs; out++)
        transposed_[(tap * outs + out) * lanes + in] = parameters.weight[(tap * ins + in) * outLanes + out];
}

void ConvLayer::backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) {
  const ConvKernels& kernels = convKernelsFor(isa_);
  const int positions = sizes_.outHeight * sizes_.outWidth;
  pool_.run(pass.samples, [&](size_t sample, int) {
    poolBackward(out, sample);
    if (norm_) norm_->sum(sample, gradient_.data() + sample * mapSize(), map_.data() + sample * mapSize(), positions);
  });
  if (norm_) norm_->mergeSums(pass.samples, positions);
  if (inputGradient) transpose();
  pool_.run(pass.samples, [&](size_t sample, int) {
    float* gradient = gradient_.data() + sample * mapSize();
    if (norm_) norm_->backward(gradient, map_.data() + sample * mapSize(), positions);
    if (inputGradient) kernels.backwardData(sizes_, gradient, transposed_.data(), in.gradients(sample));
  });
  const int rows = static_cast<int>(rowOffset_.size());
  pool_.run(static_cast<size_t>((rows + WEIGHT_ROWS - 1) / WEIGHT_ROWS), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * WEIGHT_ROWS, end = std::min(rows, begin + WEIGHT_ROWS);
    const auto lanes = static_cast<size_t>(sizes_.outLanes);
    std::fill(parameters.gradient.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(begin) * lanes),
              parameters.gradient.begin() + static_cast<ptrdiff_t>(static_cast<size_t>(end) * lanes), 0.0f);
    for (size_t sample = 0; sample < pass.samples; sample++)
      kernels.backwardWeight(sizes_, in.values(sample), gradient_.data() + sample * mapSize(), rowOffset_.data(), begin, end,
                             parameters.gradient.data());
  });
  // Behind a batch norm the bias has no effect, so no gradient.
  std::fill(parameters.biasGradient.begin(), parameters.biasGradient.end(), 0.0f);
  if (!norm_)
    for (size_t sample = 0; sample < pass.samples; sample++)
      normKernelsFor(isa_).total(gradient_.data() + sample * mapSize(), positions, sizes_.outLanes, parameters.biasGradient.data());
}

}  // namespace winnow::train
