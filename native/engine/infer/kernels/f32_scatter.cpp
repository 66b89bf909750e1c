#include "infer/kernels.h"
#include "kernels/vector.h"

// What sparse convolutions and linear layers have in common: the products of active inputs and the blocks of weights that
// exist, one run after the other.

namespace winnow::WINNOW_ISA {

namespace {

/// As many entries at a time as short lists are long, on the machines that can.
constexpr int COPIED = LANES < 8 ? LANES : 8;
typedef uint32_t Entries __attribute__((vector_size(COPIED * 4), aligned(4), may_alias));
typedef float Values __attribute__((vector_size(COPIED * 4), aligned(4), may_alias));

uint32_t expand(const ScatterLists& lists, const uint32_t* list, const uint32_t* base, const float* values, uint32_t count,
                uint32_t* outEntries, float* outValues) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t start = lists.starts[list[i]], end = lists.starts[list[i] + 1];
    const Entries moved = Entries{} + base[i];
    const Values value = values[i] - Values{};
    // Always as far as the longest list goes: what is too much, the next list overwrites.
    for (uint32_t n = 0; n < lists.longest; n += COPIED) {
      *reinterpret_cast<Entries*>(outEntries + at + n) = *reinterpret_cast<const Entries*>(lists.entries + start + n) + moved;
      *reinterpret_cast<Values*>(outValues + at + n) = value;
    }
    at += end - start;
  }
  return at;
}

/// Entries that a weight is fetched ahead of its use; fewer than LIST_SPARE.
constexpr uint32_t AHEAD = 32;

template <int BLOCKS>
inline __attribute__((always_inline)) void addRuns(const uint32_t* entries, const float* values, uint32_t count,
                                                   const float* weights, float* sums) {
  constexpr uint32_t RUN = BLOCKS * BLOCK;
  constexpr int STEPS = RUN / LANES;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t entry = entries[i];
    // Weights of sparse linear layers are met once and in no order that the processor could foresee.
    if (BLOCKS == 1) __builtin_prefetch(weights + (entries[i + AHEAD] >> 16) * RUN);
    const Vec value = splat(values[i]);
    const float* from = weights + (entry >> 16) * RUN;
    float* to = sums + (entry & 0xffff) * RUN;
    for (int n = 0; n < STEPS; n++) store(to + n * LANES, load(to + n * LANES) + value * load(from + n * LANES));
  }
}

/// The hot loop of sparse layers: bound by storing the sums, a register every second cycle on most machines.
void add(const uint32_t* entries, const float* values, uint32_t count, uint32_t blocks, const float* weights, float* sums) {
  if (blocks == 4)
    addRuns<4>(entries, values, count, weights, sums);
  else if (blocks == 2)
    addRuns<2>(entries, values, count, weights, sums);
  else
    addRuns<1>(entries, values, count, weights, sums);
}

}  // namespace

extern const ScatterKernels scatterKernels = {expand, add};

}  // namespace winnow::WINNOW_ISA
