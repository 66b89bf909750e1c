#include "train/batch_norm.h"

#include <algorithm>
#include <cmath>

#include "train/kernels/norm.h"

namespace winnow::train {

namespace {

/// Share of the newest batch in the running statistics (the published networks' default).
constexpr double RUNNING_MOMENTUM = 0.1;

}  // namespace

BatchNorm::BatchNorm(Isa isa, uint32_t channels)
    : isa_(isa),
      channels_(channels),
      lanes_(padded(channels)),
      runningMean_(channels, 0.0f),
      runningVariance_(channels, 1.0f),
      mean_(lanes_),
      scale_(lanes_),
      constant_(lanes_),
      factor_(lanes_) {}

void BatchNorm::load(const LayerTensors& tensors) {
  runningMean_ = tensors.mean;
  runningVariance_ = tensors.variance;
}

void BatchNorm::save(LayerTensors& tensors) const {
  tensors.mean = runningMean_;
  tensors.variance = runningVariance_;
}

void BatchNorm::reserve(size_t parts) {
  if (partA_.size() >= parts * lanes_) return;
  partA_.resize(parts * lanes_);
  partB_.resize(parts * lanes_);
}

void BatchNorm::measure(size_t part, const float* z, int positions) {
  normKernelsFor(isa_).moments(z, positions, static_cast<int>(lanes_), partA_.data() + part * lanes_,
                               partB_.data() + part * lanes_);
}

void BatchNorm::merge(size_t parts, int positions) {
  for (uint32_t c = 0; c < channels_; c++) {
    // Chan's update of mean and sum of squared differences, part by part.
    double mean = 0, m2 = 0, count = 0;
    for (size_t part = 0; part < parts; part++) {
      const double difference = partA_[part * lanes_ + c] - mean, total = count + positions;
      mean += difference * positions / total;
      m2 += partB_[part * lanes_ + c] + difference * difference * count * positions / total;
      count = total;
    }
    mean_[c] = static_cast<float>(mean);
    scale_[c] = static_cast<float>(1 / std::sqrt(m2 / count + BATCH_NORM_EPSILON));
    runningMean_[c] = static_cast<float>((1 - RUNNING_MOMENTUM) * runningMean_[c] + RUNNING_MOMENTUM * mean);
    // One value has no unbiased variance: the running one is left as it is.
    if (count > 1)
      runningVariance_[c] =
          static_cast<float>((1 - RUNNING_MOMENTUM) * runningVariance_[c] + RUNNING_MOMENTUM * m2 / (count - 1));
  }
}

void BatchNorm::useRunning() {
  for (uint32_t c = 0; c < channels_; c++) {
    mean_[c] = runningMean_[c];
    scale_[c] = static_cast<float>(1 / std::sqrt(static_cast<double>(runningVariance_[c]) + BATCH_NORM_EPSILON));
  }
}

void BatchNorm::normalise(float* z, int positions) const {
  normKernelsFor(isa_).normalise(z, positions, static_cast<int>(lanes_), mean_.data(), scale_.data());
}

void BatchNorm::sum(size_t part, const float* dy, const float* normal, int positions) {
  normKernelsFor(isa_).sums(dy, normal, positions, static_cast<int>(lanes_), partA_.data() + part * lanes_,
                            partB_.data() + part * lanes_);
}

void BatchNorm::mergeSums(size_t parts, int positions) {
  const double count = static_cast<double>(parts) * positions;
  for (uint32_t c = 0; c < channels_; c++) {
    double sum = 0, dot = 0;
    for (size_t part = 0; part < parts; part++) {
      sum += partA_[part * lanes_ + c];
      dot += partB_[part * lanes_ + c];
    }
    constant_[c] = static_cast<float>(-sum / count * scale_[c]);
    factor_[c] = static_cast<float>(-dot / count * scale_[c]);
  }
}

void BatchNorm::sumFew(size_t part, const uint32_t* place, const float* dy, size_t count, const float* normal) {
  float* sum = partA_.data() + part * lanes_;
  float* dot = partB_.data() + part * lanes_;
  std::fill(sum, sum + lanes_, 0.0f);
  std::fill(dot, dot + lanes_, 0.0f);
  for (size_t i = 0; i < count; i++) {
    const uint32_t lane = place[i] % lanes_;
    sum[lane] += dy[i];
    dot[lane] += dy[i] * normal[place[i]];
  }
}

void BatchNorm::backward(const float* dy, const float* normal, int positions, float* to) const {
  backward(dy, normal, positions, 0, static_cast<int>(lanes_), to);
}

void BatchNorm::backward(const float* dy, const float* normal, int positions, int begin, int count, float* to) const {
  normKernelsFor(isa_).combine(normal + begin, dy ? dy + begin : nullptr, positions, count, static_cast<int>(lanes_),
                               constant_.data() + begin, factor_.data() + begin, scale_.data() + begin, to, count);
}

}  // namespace winnow::train
