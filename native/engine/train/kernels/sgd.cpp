// The optimiser's step. `count` is a multiple of 16.
#include "train/kernels/sgd.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

template <bool MASKED, bool MOMENTUM>
void updateAll(float* weight, const float* gradient, float* velocity, const float* mask, size_t count, float rate, float momentum,
               float decay) {
  for (size_t i = 0; i < count; i += LANES) {
    const Vec w = load(weight + i);
    Vec g = load(gradient + i) + w * decay;
    if constexpr (MASKED) g *= load(mask + i);
    if constexpr (MOMENTUM) {
      g += load(velocity + i) * momentum;
      store(velocity + i, g);
    }
    store(weight + i, w - g * rate);
  }
}

void update(float* weight, const float* gradient, float* velocity, const float* mask, size_t count, float rate, float momentum,
            float decay) {
  if (mask && momentum != 0) updateAll<true, true>(weight, gradient, velocity, mask, count, rate, momentum, decay);
  else if (mask) updateAll<true, false>(weight, gradient, velocity, mask, count, rate, momentum, decay);
  else if (momentum != 0) updateAll<false, true>(weight, gradient, velocity, mask, count, rate, momentum, decay);
  else updateAll<false, false>(weight, gradient, velocity, mask, count, rate, momentum, decay);
}

}  // namespace

extern const SgdKernels sgdKernels{update};

}  // namespace winnow::train::WINNOW_ISA
