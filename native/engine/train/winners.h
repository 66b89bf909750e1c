#pragma once
#include <vector>

#include "core/select.h"
#include "core/spec.h"
#include "core/isa.h"
#include "train/layout.h"

namespace winnow::train {

/// What batches are run for: training chooses k winners and counts them, inference k x kInferenceFactor.
enum class Mode { training, inference };

/// The k-winners activation of one layer: chosen on boosted values, passed unboosted, with the duty cycles that boost.
///
///   b = exp(strength (target - duty)),  duty <- (duty (P - B) + positive wins) / P,  P = max(B, min(period, samples seen))
///
/// by channel; the wins of a convolution's channel are divided by its positions (patent, equations 1 to 3).
class Winners {
 public:
  Winners(Isa isa, const KWinners& spec, uint32_t channels, uint32_t height, uint32_t width);

  void load(const LayerTensors& tensors) { duty_ = tensors.dutyCycle; }
  void save(LayerTensors& tensors) const { tensors.dutyCycle = duty_; }

  /// Winners of one sample at most, in either mode.
  uint32_t most() const;

  /// Prepares a batch: the boost factors of now, the counters at zero.
  void begin(Mode mode, float boostScale, int workers);

  /// Chooses the winners of one sample.
  /// @param values [row][column][lane]  @param winners receives positions, ascending  @returns how many
  uint32_t select(const float* values, uint32_t* winners, int worker);

  /// Ends a training batch: the duty cycles learn its wins.
  /// @param seen samples seen so far, with this batch
  void end(size_t samples, uint64_t seen);

 private:
  struct Worker {
    Selector::Scratch scratch;
    Floats boosted;
    std::vector<uint32_t> wins;
  };

  Isa isa_;
  KWinners spec_;
  uint32_t channels_, lanes_, positions_;
  Selector training_, inference_;
  double target_;
  std::vector<float> duty_;
  Floats boost_;
  bool boosted_ = false;
  Mode mode_ = Mode::training;
  std::vector<Worker> workers_;
};

}  // namespace winnow::train
