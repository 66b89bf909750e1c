#pragma once
#include <optional>

#include "infer/products.h"

namespace winnow {

/// Memory that one thread needs for a whole network.
struct StageScratch {
  ProductsScratch products;
  Selector::Scratch selector;
  AlignedVector<float> values, boosted, ranking;
  std::vector<uint32_t> winners;
  Activations between[2];
};

/// A layer seen from inside, in the order [channel][row][column].
struct StageTrace {
  /// Ascending.
  std::vector<uint32_t> winners;
  std::vector<float> output;
};

/// What a layer of an 8-bit network has beside its weights (docs/quantisation.md). All numbers are whole and below 2^24, so
/// that single precision holds them exactly and sums do not depend on their order.
struct Quantisation {
  /// Of the sums; none in the last layer, whose sums are the result.
  std::optional<uint32_t> shift;
  /// By channel; empty where winners are not boosted.
  std::vector<float> rankFactor;
};

/// How windows come: each on its own, or as a stream (infer/stream.h).
enum class FirstLayer { single, streamed };

/// One layer ready to run: products, activation, pool. Does not change once made; several threads may share it.
class Stage {
 public:
  /// @param previous the stage before; null for the first
  Stage(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, const Stage* previous, Isa isa,
        FirstLayer kind = FirstLayer::single, const Quantisation* quantisation = nullptr);

  /// The memory layout of the output, after activation and pool.
  const TensorLayout& output() const { return output_; }
  InputForm reads() const { return products_->reads(); }
  /// Whether most of the output is zero.
  bool isSparse() const { return selector_.has_value(); }
  /// Whether the output can be given as bits.
  bool offersBits() const;

  struct Counts {
    uint32_t active;
    uint64_t multiplies;
  };
  /// @param wanted what the next stage reads @param trace may be null
  Counts run(const Activations& in, Activations& out, StageScratch& scratch, InputForm wanted, StageTrace* trace) const;

 private:
  uint32_t activate(StageScratch& scratch, float* values) const;
  Ranking rankingOf(const float* values) const;
  uint32_t listWinners(StageScratch& scratch, const float* values) const;
  uint32_t markWinners(StageScratch& scratch, const float* values, Activations& out) const;
  void breakTies(uint32_t* units, uint32_t tied, uint32_t wanted) const;
  void pool(StageScratch& scratch, const float* values, Activations& out) const;

  ActivationKind activation_;
  float slope_;
  std::unique_ptr<Products> products_;
  /// Of the tensor that the activation works on.
  TensorLayout layout_;
  TensorLayout output_;
  /// Side of a max-pool after the activation; 1 is none.
  uint32_t pool_;
  std::optional<Selector> selector_;
  /// Winners of the one competition of a global selection, which has a kernel of its own.
  std::optional<uint32_t> globalK_;
  const TopKKernels& topK_;
  const Int8Kernels& int8_;
  std::optional<uint32_t> shift_;
  /// By memory index, where channels come last.
  std::vector<uint16_t> channelOf_;
  /// By memory index or, where channels come last and fill blocks, by channel; empty where winners are chosen on plain values.
  std::vector<float> boost_;
};

/// Fills `active` from the first `size` of `values`.
void findActive(Activations& activations, uint32_t size);

}  // namespace winnow
