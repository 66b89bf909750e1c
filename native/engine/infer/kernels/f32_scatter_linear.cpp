#include "infer/kernels.h"
#include "kernels/vector.h"

// Linear layers: each active input adds its column of weights.

namespace winnow::WINNOW_ISA {

namespace {

constexpr int STEPS = BLOCK / LANES;

/// Columns of single weights that are fetched ahead of their use, and how much of each.
constexpr uint32_t AHEAD = 2, LINES = 6, FLOATS_PER_LINE = 16;

void blocks(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums) {
  for (uint32_t i = 0; i < count; i++) {
    const Vec value = splat(values[i]);
    const uint32_t end = linear.starts[inputs[i] + 1];
    for (uint32_t b = linear.starts[inputs[i]]; b < end; b++) {
      float* to = sums + linear.units[b] * BLOCK;
      const float* weights = linear.weights + static_cast<size_t>(b) * BLOCK;
      for (int n = 0; n < STEPS; n++) store(to + n * LANES, load(to + n * LANES) + value * load(weights + n * LANES));
    }
  }
}

void singles(const ScatterLinear& linear, const uint32_t* inputs, const float* values, uint32_t count, float* sums) {
  for (uint32_t i = 0; i < count; i++) {
    const float value = values[i];
    const uint32_t end = linear.starts[inputs[i] + 1];
    // Columns are met once and in no order that the processor could foresee.
    const uint32_t coming = linear.starts[inputs[i + AHEAD < count ? i + AHEAD : i]];
    for (uint32_t line = 0; line < LINES; line++) __builtin_prefetch(linear.weights + coming + line * FLOATS_PER_LINE);
    for (uint32_t line = 0; line < LINES / 2; line++) __builtin_prefetch(linear.units + coming + line * 2 * FLOATS_PER_LINE);
    for (uint32_t w = linear.starts[inputs[i]]; w < end; w++) sums[linear.units[w]] += value * linear.weights[w];
  }
}

/// Several sums of every unit, so that no product waits for the one before.
template <uint32_t UNITS>
inline __attribute__((always_inline)) void addColumns(const float* columns, const uint32_t* inputs, const float* values,
                                                      uint32_t count, float* sums) {
  constexpr int VECTORS = UNITS / LANES, CHAINS = VECTORS >= 4 ? 1 : 4 / VECTORS;
  Vec sum[CHAINS][VECTORS];
  for (int c = 0; c < CHAINS; c++)
    for (int v = 0; v < VECTORS; v++) sum[c][v] = zero();
  const auto add = [&](uint32_t i, int chain) {
    for (int v = 0; v < VECTORS; v++)
      sum[chain][v] += splat(values[i]) * load(columns + static_cast<size_t>(inputs[i]) * UNITS + v * LANES);
  };
  uint32_t i = 0;
  for (; i + CHAINS <= count; i += CHAINS)
    for (int c = 0; c < CHAINS; c++) add(i + c, c);
  for (; i < count; i++) add(i, 0);
  for (int v = 0; v < VECTORS; v++) {
    for (int c = 1; c < CHAINS; c++) sum[0][v] += sum[c][v];
    store(sums + v * LANES, sum[0][v]);
  }
}

void few(const float* columns, uint32_t units, const uint32_t* inputs, const float* values, uint32_t count, float* sums) {
  if (units == BLOCK)
    addColumns<BLOCK>(columns, inputs, values, count, sums);
  else
    addColumns<2 * BLOCK>(columns, inputs, values, count, sums);
}

void finish(float* sums, const float* scale, const float* shift, uint32_t units) {
  for (uint32_t unit = 0; unit < units; unit += LANES)
    store(sums + unit, load(scale + unit) * load(sums + unit) + load(shift + unit));
}

}  // namespace

extern const ScatterLinearKernels scatterLinearKernels = {blocks, singles, few, finish};

}  // namespace winnow::WINNOW_ISA
