#pragma once
#include <vector>

#include "core/isa.h"
#include "core/spec.h"
#include "train/layout.h"

namespace winnow::train {

/// Batch normalisation without affine parameters: (z - mean) / sqrt(variance + 1e-5), over samples and positions, in training
/// with the batch's own statistics (biased variance), at inference with the running ones (momentum 0.1, unbiased variance).
///
/// Statistics are gathered by part (a sample, or the whole batch of a linear layer) and merged in the order of the parts.
class BatchNorm {
 public:
  BatchNorm(Isa isa, uint32_t channels);

  void load(const LayerTensors& tensors);
  void save(LayerTensors& tensors) const;

  /// Room for the statistics of this many parts.
  void reserve(size_t parts);

  // Forward: `measure` every part, `merge` once, `normalise` every part.
  void measure(size_t part, const float* z, int positions);
  /// @param positions of each part
  void merge(size_t parts, int positions);
  void useRunning();
  void normalise(float* z, int positions) const;

  // Backward: `sum` every part, `mergeSums` once, `backward` every part. The gradient of z is
  //   (dy - mean(dy) - normal mean(dy normal)) / deviation
  // so where dy is mostly zero, only the first term is: `sumFew` and `share` take it apart from the rest.
  void sum(size_t part, const float* dy, const float* normal, int positions);
  void sumFew(size_t part, const uint32_t* place, const float* dy, size_t count, const float* normal);
  void mergeSums(size_t parts, int positions);
  /// to = gradient of z; to may be dy. Where dy is null the first term is left out: `share` gives it for one value.
  void backward(const float* dy, const float* normal, int positions, float* to) const;
  /// The same for lanes begin..begin+count, written without the others.
  void backward(const float* dy, const float* normal, int positions, int begin, int count, float* to) const;
  float share(float dy, uint32_t lane) const { return dy * scale_[lane]; }

 private:
  Isa isa_;
  uint32_t channels_, lanes_;
  std::vector<float> runningMean_, runningVariance_;
  Floats partA_, partB_;  // [part][lane]: mean and m2 forward, sum and dot backward
  Floats mean_, scale_;   // what normalise uses
  Floats constant_, factor_;  // what the gradient has for all values: constant + factor normal
};

}  // namespace winnow::train
