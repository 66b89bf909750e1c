#pragma once
#include <memory>

#include "core/threads.h"
#include "infer/stage.h"

namespace winnow {

/// A trained network, ready to infer. Windows are independent of each other: results do not depend on the batch or on the
/// number of threads.
///
///     window --> stage 1 --> stage 2 --> ... --> logits
///                  |           |
///                  |       winners only     sums += weight x value, non-zero weights only
///                  |           |
///                 pool, batch norm          (largest sum) x scale + shift
///                  |           |
///                winners     winners        the few that go on
///
/// The first stage's input is dense: its weights alone are sparse. Every later stage is given the winners of the one before and
/// touches nothing but their rows of weights. How numbers lie in memory is drawn in infer/kernels.h.
class Network {
 public:
  struct Result {
    /// [window][class]
    std::vector<float> logits;
    /// [window][layer]
    std::vector<uint32_t> active, multiplies;
    /// [window][layer]; empty unless asked for
    std::vector<StageTrace> traces;
  };

  /// @throws std::invalid_argument for a spec or tensors that cannot be right
  Network(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, Isa isa, FirstLayer first = FirstLayer::single);

  /// An 8-bit network: weights of -127 to 127, biases in units of the sums, no batch norm; inputs are whole numbers of 0 to 255
  /// and logits are the last layer's sums, exact.
  /// @throws std::invalid_argument also where a sum could reach 2^24
  Network(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, const std::vector<Quantisation>& quantisation,
          Isa isa);

  Isa isa() const { return isa_; }
  uint32_t inputSize() const { return inputSize_; }
  uint32_t classes() const { return stages_.back().output().size(); }
  uint32_t layers() const { return static_cast<uint32_t>(stages_.size()); }

  /// One call at a time.
  /// @param windows [window][channel][row][column]
  /// @throws std::invalid_argument for an input that is not finite
  Result run(const float* windows, size_t count, int threads, bool trace);

  /// Where the time goes: seconds of each layer for one window, the median over all windows and rounds, on this thread.
  /// @param count at least 1 @param rounds at least 1
  std::vector<double> profile(const float* windows, size_t count, uint32_t rounds);

  /// One window with the caller's memory.
  /// @param traces by layer; null where nobody asks @param seconds by layer; null where nobody asks
  /// @throws std::invalid_argument for an input that is not finite
  void runOne(const float* window, StageScratch& scratch, float* logits, uint32_t* active, uint32_t* multiplies,
              StageTrace* traces = nullptr, double* seconds = nullptr) const;

 private:
  void build(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, const std::vector<Quantisation>* quantisation,
             FirstLayer first);

  Isa isa_;
  uint32_t inputSize_;
  std::vector<Stage> stages_;
  std::unique_ptr<ThreadPool> pool_;
  std::vector<StageScratch> scratch_;
};

}  // namespace winnow
