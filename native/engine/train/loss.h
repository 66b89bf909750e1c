#pragma once
#include <cstdint>

#include "train/layout.h"

namespace winnow::train {

/// What the network should have said for one sample: a class, or a distribution over classes (then `distribution` is set).
struct Target {
  int32_t label = 0;
  const float* distribution = nullptr;
};

struct SampleLoss {
  double loss;
  bool correct;
};

/// Log-softmax and negative log-likelihood of one sample.
/// @param gradient receives (softmax x sum(target) - target) / batch
SampleLoss crossEntropy(const float* logits, uint32_t classes, const Target& target, size_t batch, float* gradient);

}  // namespace winnow::train
