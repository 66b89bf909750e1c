#include "train/loss.h"

#include <algorithm>
#include <cmath>

namespace winnow::train {

SampleLoss crossEntropy(const float* logits, uint32_t classes, const Target& target, size_t batch, float* gradient) {
  const float largest = *std::max_element(logits, logits + classes);
  double sum = 0;
  for (uint32_t c = 0; c < classes; c++) sum += std::exp(static_cast<double>(logits[c]) - largest);
  const double logSum = largest + std::log(sum);
  const auto wanted = [&](uint32_t c) {
    return target.distribution ? static_cast<double>(target.distribution[c])
                               : static_cast<double>(c == static_cast<uint32_t>(target.label));
  };
  double loss = 0, mass = 0;
  for (uint32_t c = 0; c < classes; c++) {
    const double share = wanted(c);
    mass += share;
    if (share != 0) loss -= share * (logits[c] - logSum);
  }
  for (uint32_t c = 0; c < classes; c++)
    gradient[c] = static_cast<float>((std::exp(logits[c] - logSum) * mass - wanted(c)) / static_cast<double>(batch));
  const auto said = static_cast<int32_t>(std::max_element(logits, logits + classes) - logits);
  const float* distribution = target.distribution;
  const auto label =
      distribution ? static_cast<int32_t>(std::max_element(distribution, distribution + classes) - distribution) : target.label;
  return {loss, said == label};
}

}  // namespace winnow::train
