#pragma once
#include <vector>

#include "core/spec.h"

namespace winnow::train {

/// A network before training: weights and biases uniform in +-1/sqrt(fan-in) (Kaiming with a = sqrt(5), on the full fan-in),
/// masks with the same number of weights in every unit, drawn without replacement; running mean 0 and variance 1, duty
/// cycles 0. The same seed gives the same network everywhere.
std::vector<LayerTensors> initialLayers(const NetworkSpec& spec, uint64_t seed);

}  // namespace winnow::train
