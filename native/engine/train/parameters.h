#pragma once
#include <cstdint>
#include <vector>

#include "core/isa.h"
#include "core/spec.h"
#include "core/threads.h"
#include "train/layout.h"

namespace winnow::train {

/// The weights and biases of one layer in the trainer's own layout, their gradients and the optimiser's velocities.
/// "Outside" means the order of LayerTensors: [unit][in][row][column].
class Parameters {
 public:
  /// Where the outside weight lies inside, or NOWHERE for one that has no place (it is off a sparse layer's mask).
  static constexpr uint32_t NOWHERE = 0xffffffff;

  /// @param units outputs of the layer  @param fanIn weights of each
  Parameters(Isa isa, uint32_t units, uint32_t fanIn);

  /// Takes weights, mask and biases; velocities become zero.
  /// @param places by outside index  @param size of the inside weights (a multiple of PAD)
  void load(const LayerTensors& tensors, std::vector<uint32_t> places, size_t size);
  void save(LayerTensors& tensors) const;

  /// Velocities in the outside order, weights on the mask and then biases: what a resumed run needs.
  std::vector<float> velocities() const;
  size_t velocityCount() const;
  void restoreVelocities(const float* values);

  /// One optimiser step.
  void update(const Step& step, ThreadPool& pool);

  Floats weight, gradient;
  Floats bias, biasGradient;  // padded

 private:
  Isa isa_;
  uint32_t units_, fanIn_;
  std::vector<uint8_t> outsideMask_;  // empty where all exist
  std::vector<uint32_t> places_;
  Floats mask_;  // inside, 0 or 1; empty where nothing is to be kept at zero
  Floats velocity_, biasVelocity_;
};

}  // namespace winnow::train
