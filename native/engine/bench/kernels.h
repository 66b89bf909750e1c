#pragma once
#include <stddef.h>
#include <stdint.h>

#include "core/isa.h"

namespace winnow {

/// What an instruction set can do at most: loops that do nothing else, without a dependency that would slow them down.
struct ProbeKernels {
  /// @returns float32 multiply-adds done in `rounds`; @param sink receives what keeps the compiler from leaving them out
  uint64_t (*multiplyAdd)(uint32_t rounds, float* sink);
  /// Of 8-bit integers, summed in 32 bits; null where the instruction set has nothing for it.
  uint64_t (*multiplyAdd8)(uint32_t rounds, int32_t* sink);
  /// Reads `count` floats, a multiple of PROBE_READ_FLOATS, once.
  float (*read)(const float* from, size_t count);
};
constexpr size_t PROBE_READ_FLOATS = 128;
WINNOW_KERNELS(ProbeKernels, probeKernels)

}  // namespace winnow
