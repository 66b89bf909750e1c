#pragma once
#include "core/spec.h"

namespace winnow {

// The largest networks that the engine takes; the same limits as src/shared/network.ts and src/worker/network/shapes.ts.
constexpr uint32_t LAYERS_MAX = 16;
constexpr uint32_t CHANNELS_MAX = 1024;
constexpr uint32_t UNITS_MAX = 8192;
constexpr uint32_t KERNEL_MAX = 15;
constexpr uint32_t POOL_MAX = 8;
/// Values of a layer's input or output, before pooling.
constexpr uint64_t TENSOR_VALUES_MAX = 1'048'576;
/// Weights of a whole network, on masks or not.
constexpr uint64_t NETWORK_WEIGHTS_MAX = 33'554'432;
/// Rows or columns of a tensor: positions are held in 16 bits.
constexpr uint32_t SIDE_MAX = 65'535;

/// Refuses a spec whose sizes could overflow or exhaust memory, before anything is computed from them.
/// @throws std::invalid_argument
void checkLimits(const NetworkSpec& spec);

/// Refuses numbers that are not finite, negative variances and weights off their mask. The lengths must be right already.
/// @throws std::invalid_argument
void checkNumbers(const NetworkSpec& spec, const std::vector<LayerTensors>& layers);

}  // namespace winnow
