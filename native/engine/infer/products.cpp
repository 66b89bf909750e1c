#include "infer/products.h"

#include <cmath>

namespace winnow {

Affine::Affine(const LayerTensors& tensors, uint32_t channels)
    : scale(roundUp(channels, BLOCK)), shift(roundUp(channels, BLOCK)) {
  for (uint32_t c = 0; c < channels; c++) {
    const bool normed = !tensors.mean.empty();
    const double factor = normed ? 1 / std::sqrt(static_cast<double>(tensors.variance[c]) + BATCH_NORM_EPSILON) : 1;
    scale[c] = static_cast<float>(factor);
    shift[c] = static_cast<float>((tensors.bias[c] - (normed ? static_cast<double>(tensors.mean[c]) : 0)) * factor);
  }
}

}  // namespace winnow
