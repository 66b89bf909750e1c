#include "train/conv_layer.h"

#include <algorithm>
#include <cstring>

#include "train/kernels/norm.h"
#include "train/kernels/pool.h"

namespace winnow::train {

namespace {

/// Weight rows per task of the dense weight gradient: several register tiles.
constexpr int WEIGHT_ROWS = 36;
/// Input channels per task of the gradients of active inputs.
constexpr int CHANNELS = 8;
/// With at most this many times as large a fraction of inputs active as of weight rows there, going over the active inputs alone
/// is faster.
constexpr double ACTIVE_MOST = 0.4;
/// With at most this fraction of a tap's inputs there, their gradients are computed apart and then added one by one.
constexpr double FEW_INPUTS = 0.5;

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
  activeMost_ = in.sparse ? static_cast<double>(in.most) / static_cast<double>(in.size()) : 1;
  mapSize_ = static_cast<size_t>(sizes_.outHeight * sizes_.outWidth * sizes_.outLanes);
}

/// Finds the weight rows that exist, and with them which way of convolving is the faster one.
void ConvLayer::listRows(const LayerTensors& tensors) {
  const int taps = sizes_.kernel * sizes_.kernel;
  const auto fanIn = static_cast<size_t>(shape_.fanIn);
  rowPlace_.clear();
  rowOffset_.clear();
  for (int tap = 0; tap < taps; tap++)
    for (int channel = 0; channel < sizes_.inChannels; channel++) {
      bool exists = tensors.mask.empty();
      for (size_t unit = 0, at = static_cast<size_t>(channel * taps + tap); unit < shape_.channels && !exists;
           unit++, at += fanIn)
        exists = tensors.mask[at] != 0;
      if (!exists) continue;
      rowPlace_.push_back(tap * sizes_.inLanes + channel);
      rowOffset_.push_back(((tap / sizes_.kernel) * sizes_.inWidth + tap % sizes_.kernel) * sizes_.inLanes + channel);
    }
  const double existing = static_cast<double>(rowPlace_.size()) / (taps * sizes_.inChannels);
  activeInputs_.reset();
  if (activeMost_ <= ACTIVE_MOST * existing) activeInputs_.emplace(sizes_);
  planeLanes_ = activeInputs_ ? planeLanes(sizes_.outLanes) : sizes_.outLanes;
  margin_ = activeInputs_ ? sizes_.kernel - 1 : 0;
  planeColumns_ = sizes_.outWidth + 2 * margin_;
  gradientSize_ = static_cast<size_t>(sizes_.outHeight * planeColumns_ * sizes_.outLanes);
  map_.clear();
}

std::vector<uint32_t> ConvLayer::places(const LayerTensors& tensors, size_t& size) {
  listRows(tensors);
  const uint32_t taps = spec_.kernel * spec_.kernel, lanes = padded(shape_.channels),
                 inLanes = static_cast<uint32_t>(sizes_.inLanes);
  std::vector<uint32_t> result;
  for (uint32_t unit = 0; unit < shape_.channels; unit++)
    for (uint32_t channel = 0; channel < shape_.inputChannels; channel++)
      for (uint32_t tap = 0; tap < taps; tap++) result.push_back((tap * inLanes + channel) * lanes + unit);
  size = static_cast<size_t>(taps) * inLanes * lanes;
  return result;
}

void ConvLayer::reserve(size_t samples) {
  if (map_.size() >= samples * mapSize_) return;
  map_.resize(samples * mapSize_);
  gradient_.assign(samples * gradientSize_, 0);  // margins stay zero
  if (activeInputs_ && !winners_) unpooled_.resize(samples * mapSize_);
  place_.resize(samples * shape_.outputHeight * shape_.outputWidth * static_cast<size_t>(sizes_.outLanes));
  workers_.resize(static_cast<size_t>(pool_.threads()));
  if (winners_) {
    const size_t most = winners_->most();
    winner_.resize(samples * most);
    winnerCount_.resize(samples);
    touched_.resize(samples * most);
    touchedCount_.resize(samples);
    touchedGradient_.resize(samples * most);
  }
  if (early_)
    for (auto& worker : workers_) {
      worker.masked.resize(mapSize_);
      worker.passed.resize(place_.size() / samples);
    }
  if (norm_) norm_->reserve(samples);
}

void ConvLayer::convolve(const Flow& in, size_t sample, Mode mode) {
  if (!activeInputs_) {
    convKernelsFor(isa_).forward(sizes_, rows(0, static_cast<int>(rowPlace_.size())), in.values(sample), parameters.weight.data(),
                                 parameters.bias.data(), map(sample));
    return;
  }
  activeInputs_->fill(in, sample, mode == Mode::training);
  sparseConvKernelsFor(isa_).forward(sizes_, activeInputs_->view(in, sample), parameters.weight.data(), parameters.bias.data(),
                                     map(sample));
}

/// Lists the pooled values that a winner passed, in order.
void ConvLayer::listActive(Flow& out, size_t sample, int worker) {
  const uint8_t* place = place_.data() + sample * out.size();
  const uint32_t* winner = winner_.data() + sample * winners_->most();
  uint32_t* touched = touched_.data() + sample * winners_->most();
  auto& passed = workers_[static_cast<size_t>(worker)].passed;
  std::fill(passed.begin(), passed.end(), uint8_t{0});
  const uint32_t lanes = out.lanes, pool = spec_.pool;
  for (uint32_t i = 0, position = 0; i < winnerCount_[sample]; position++) {
    const uint32_t row = position / shape_.width, column = position % shape_.width;
    const bool pooled = row / pool < out.height && column / pool < out.width;
    const uint32_t cell = (row / pool * out.width + column / pool) * lanes;
    const auto here = static_cast<uint8_t>(row % pool * pool + column % pool);
    for (; i < winnerCount_[sample] && winner[i] < (position + 1) * lanes; i++) {
      const uint32_t lane = winner[i] - position * lanes;
      if (pooled) passed[cell + lane] |= place[cell + lane] == here;
    }
  }
  uint32_t* active = out.actives(sample);
  uint32_t found = 0;
  for (uint32_t row = 0, cell = 0; row < out.height; row++)
    for (uint32_t column = 0; column < out.width; column++)
      for (uint32_t lane = 0; lane < lanes; lane++, cell++) {
        if (!passed[cell]) continue;
        const uint32_t y = row * pool + place[cell] / pool, x = column * pool + place[cell] % pool;
        touched[found] = (y * shape_.width + x) * lanes + lane;
        active[found++] = cell;
      }
  touchedCount_[sample] = found;
  out.activeCount[sample] = found;
}

void ConvLayer::poolForward(Flow& out, size_t sample, int worker) {
  const float* from = map(sample);
  if (early_) {
    uint32_t* winner = winner_.data() + sample * winners_->most();
    const uint32_t count = winners_->select(from, winner, worker);
    winnerCount_[sample] = count;
    auto& masked = workers_[static_cast<size_t>(worker)].masked;
    std::fill(masked.begin(), masked.end(), 0.0f);
    for (uint32_t i = 0; i < count; i++) masked[winner[i]] = from[winner[i]];
    from = masked.data();
  }
  if (spec_.pool == 1)
    std::memcpy(out.values(sample), from, mapSize_ * sizeof(float));
  else
    poolKernelsFor(isa_).forward(poolSizes(spec_, shape_, sizes_.outLanes), from, out.values(sample),
                                 place_.data() + sample * out.size());
  if (early_) listActive(out, sample, worker);
}

void ConvLayer::forward(const Flow& in, Flow& out, const Pass& pass) {
  const int positions = sizes_.outHeight * sizes_.outWidth;
  reserve(pass.samples);
  if (activeInputs_) activeInputs_->reserve(pass.samples, in.most);
  if (winners_) winners_->begin(pass.mode, pass.boostScale, pool_.threads());
  const bool batchStatistics = norm_ && pass.mode == Mode::training;
  if (batchStatistics) {
    pool_.run(pass.samples, [&](size_t sample, int) {
      convolve(in, sample, pass.mode);
      norm_->measure(sample, map(sample), positions);
    });
    norm_->merge(pass.samples, positions);
  } else if (norm_) {
    norm_->useRunning();
  }
  pool_.run(pass.samples, [&](size_t sample, int worker) {
    if (!batchStatistics) convolve(in, sample, pass.mode);
    if (norm_) norm_->normalise(map(sample), positions);
    poolForward(out, sample, worker);
    if (!early_) activate(out, sample, worker);
  });
  if (winners_) winners_->end(pass.samples, pass.seen);
}

/// The gradient of the active outputs, with the places of the map that they came from.
void ConvLayer::gatherTouched(const Flow& out, size_t sample) {
  const uint32_t* active = out.actives(sample);
  const float* from = out.gradients(sample);
  float* to = touchedGradient_.data() + sample * winners_->most();
  for (uint32_t i = 0; i < out.activeCount[sample]; i++) to[i] = from[active[i]];
  if (early_) return;
  const uint8_t* place = place_.data() + sample * out.size();
  uint32_t* touched = touched_.data() + sample * winners_->most();
  const uint32_t lanes = out.lanes, pool = spec_.pool;
  const uint32_t count = out.activeCount[sample];
  for (uint32_t i = 0, position = 0; i < count; position++) {
    const uint32_t corner = position / out.width * pool * shape_.width + position % out.width * pool;
    for (; i < count && active[i] < (position + 1) * lanes; i++) {
      const uint32_t cell = pool == 1 ? 0 : place[active[i]];
      touched[i] = (corner + cell / pool * shape_.width + cell % pool) * lanes + active[i] - position * lanes;
    }
  }
  touchedCount_[sample] = out.activeCount[sample];
}

/// Without winners: the gradient of the normalised map from that of the output.
float* ConvLayer::gradientOfPool(Flow& out, size_t sample) {
  activateBackward(out, sample);
  float* to = unpooled(sample);
  if (spec_.pool == 1) {
    std::memcpy(to, out.gradients(sample), mapSize_ * sizeof(float));
    return to;
  }
  if (shape_.height % spec_.pool != 0 || shape_.width % spec_.pool != 0) std::fill(to, to + mapSize_, 0.0f);
  poolKernelsFor(isa_).backward(poolSizes(spec_, shape_, sizes_.outLanes), out.gradients(sample),
                                place_.data() + sample * out.size(), to);
  return to;
}

/// The gradient of the convolution of one sample, once the sums of the batch are known.
void ConvLayer::gradientOfMap(size_t sample) {
  const int lanes = sizes_.outLanes, width = sizes_.outWidth, row = width * lanes;
  const size_t plane = gradientSize_ / static_cast<size_t>(lanes / planeLanes_);
  const float* from = winners_ ? nullptr : unpooled(sample);
  for (int lane = 0; lane < lanes; lane += planeLanes_)
    for (int y = 0; y < sizes_.outHeight; y++) {
      float* to = gradient(sample) + static_cast<size_t>(lane / planeLanes_) * plane +
                  static_cast<size_t>((y * planeColumns_ + margin_) * planeLanes_);
      const float* dy = from ? from + y * row : nullptr;
      if (norm_) {
        norm_->backward(dy, map(sample) + y * row, width, lane, planeLanes_, to);
      } else if (!dy) {
        std::fill(to, to + width * planeLanes_, 0.0f);
      } else if (to != dy) {
        for (int x = 0; x < width; x++) std::copy_n(dy + x * lanes + lane, planeLanes_, to + x * planeLanes_);
      }
    }
  if (!winners_) return;
  const uint32_t* touched = touched_.data() + sample * winners_->most();
  const float* touchedGradient = touchedGradient_.data() + sample * winners_->most();
  for (uint32_t i = 0; i < touchedCount_[sample]; i++) {
    const int at = static_cast<int>(touched[i]), lane = at % lanes, y = at / row, x = at % row / lanes;
    gradient(sample)[static_cast<size_t>(lane / planeLanes_) * plane +
                     static_cast<size_t>((y * planeColumns_ + margin_ + x) * planeLanes_ + lane % planeLanes_)] +=
        norm_ ? norm_->share(touchedGradient[i], static_cast<uint32_t>(lane)) : touchedGradient[i];
  }
}

/// Lays the weights out as the gradient of the inputs reads them.
void ConvLayer::transpose() {
  const auto taps = static_cast<size_t>(sizes_.kernel * sizes_.kernel), outs = static_cast<size_t>(shape_.channels),
             inLanes = static_cast<size_t>(sizes_.inLanes), outLanes = static_cast<size_t>(sizes_.outLanes);
  taps_.assign(taps, {});
  tapChannel_.resize(rowPlace_.size());
  transposed_.assign(taps * outs * inLanes, 0);
  for (size_t tap = 0, row = 0; tap < taps; tap++) {
    int* channel = tapChannel_.data() + row;
    int count = 0;
    for (; row < rowPlace_.size() && static_cast<size_t>(rowPlace_[row]) < (tap + 1) * inLanes; row++)
      channel[count++] = rowPlace_[row] % sizes_.inLanes;
    const int fewLanes = static_cast<int>(padded(static_cast<uint32_t>(count)));
    const bool few = count <= FEW_INPUTS * sizes_.inChannels && fewLanes <= CONV_FEW_LANES;
    const int lanes = few ? fewLanes : sizes_.inLanes;
    float* to = transposed_.data() + tap * outs * inLanes;
    taps_[tap] = {count == 0 ? 0 : lanes, to, count, few ? channel : nullptr};
    for (int i = 0; i < count; i++) {
      const float* from = parameters.weight.data() + (tap * inLanes + static_cast<size_t>(channel[i])) * outLanes;
      const int lane = few ? i : channel[i];
      for (size_t out = 0; out < outs; out++) to[out * static_cast<size_t>(lanes) + static_cast<size_t>(lane)] = from[out];
    }
  }
}

void ConvLayer::gradientOfDenseWeights(const Flow& in, size_t samples) {
  const int count = static_cast<int>(rowPlace_.size());
  const auto lanes = static_cast<size_t>(sizes_.outLanes);
  pool_.run(static_cast<size_t>((count + WEIGHT_ROWS - 1) / WEIGHT_ROWS), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * WEIGHT_ROWS, end = std::min(count, begin + WEIGHT_ROWS);
    for (int row = begin; row < end; row++)
      std::fill_n(parameters.gradient.data() + static_cast<size_t>(rowPlace_[static_cast<size_t>(row)]) * lanes, lanes, 0.0f);
    for (size_t sample = 0; sample < samples; sample++)
      convKernelsFor(isa_).backwardWeight(sizes_, rows(begin, end), in.values(sample), gradient(sample),
                                          parameters.gradient.data());
  });
}

void ConvLayer::gradientsOfActive(Flow& in, size_t samples, bool inputGradient) {
  const SparseConvKernels& kernels = sparseConvKernelsFor(isa_);
  const int taps = sizes_.kernel * sizes_.kernel;
  pool_.run(static_cast<size_t>((sizes_.inChannels + CHANNELS - 1) / CHANNELS), [&](size_t task, int) {
    const int begin = static_cast<int>(task) * CHANNELS, end = std::min(sizes_.inChannels, begin + CHANNELS);
    for (int tap = 0; tap < taps; tap++)
      std::fill_n(parameters.gradient.data() +
                  static_cast<size_t>(tap * sizes_.inLanes + begin) * static_cast<size_t>(sizes_.outLanes),
                  static_cast<size_t>((end - begin) * sizes_.outLanes), 0.0f);
    for (size_t sample = 0; sample < samples; sample++) {
      const ActiveInputs active = activeInputs_->view(in, sample);
      kernels.backwardWeight(sizes_, active, gradient(sample), begin, end, parameters.gradient.data());
      if (inputGradient)
        kernels.backwardData(sizes_, active, gradient(sample), parameters.weight.data(), begin, end, in.gradients(sample));
    }
  });
}

void ConvLayer::backward(Flow& in, Flow& out, const Pass& pass, bool inputGradient) {
  const int positions = sizes_.outHeight * sizes_.outWidth;
  pool_.run(pass.samples, [&](size_t sample, int) {
    if (winners_) {
      gatherTouched(out, sample);
      if (norm_)
        norm_->sumFew(sample, touched_.data() + sample * winners_->most(), touchedGradient_.data() + sample * winners_->most(),
                      touchedCount_[sample], map(sample));
    } else {
      const float* dy = gradientOfPool(out, sample);
      if (norm_) norm_->sum(sample, dy, map(sample), positions);
    }
  });
  if (norm_) norm_->mergeSums(pass.samples, positions);
  const bool denseInputGradient = inputGradient && !activeInputs_;
  if (denseInputGradient) transpose();
  pool_.run(pass.samples, [&](size_t sample, int) {
    gradientOfMap(sample);
    if (denseInputGradient)
      convKernelsFor(isa_).backwardData(sizes_, taps_.data(), gradient(sample), in.gradients(sample));
  });
  if (activeInputs_)
    gradientsOfActive(in, pass.samples, inputGradient);
  else
    gradientOfDenseWeights(in, pass.samples);
  // Behind a batch norm the bias has no effect, so no gradient.
  std::fill(parameters.biasGradient.begin(), parameters.biasGradient.end(), 0.0f);
  if (norm_) return;
  const int rows = sizes_.outHeight * planeColumns_;  // margins are zero
  for (size_t sample = 0; sample < pass.samples; sample++)
    for (int lane = 0; lane < sizes_.outLanes; lane += planeLanes_)
      normKernelsFor(isa_).total(gradient(sample) + static_cast<ptrdiff_t>(rows) * lane, rows, planeLanes_,
                                 parameters.biasGradient.data() + lane);
}

}  // namespace winnow::train
