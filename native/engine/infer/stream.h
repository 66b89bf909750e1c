#pragma once
#include "infer/network.h"

namespace winnow {

/// A network that hears a stream of windows, each of which is the one before moved on by a column. What the first layer made of
/// columns that are still there is reused.
///
/// Features are scaled by window: dB against the window's own maximum, standardised. What the network sees is then
/// factor x value + offset of values that do not depend on the window, and convolution is linear: the first layer convolves the
/// values, and applies factor and offset to its sums. The window's floor cuts values off, and moves with its maximum; therefore
/// nothing is taken for granted: the values of every column are compared with what they were, and a column that differs is
/// computed afresh. After a gap in the stream all columns differ, and all is computed.
class Stream {
 public:
  /// Whether the first layer of such a network can be reused.
  static bool fits(const NetworkSpec& spec);

  /// @throws std::invalid_argument for a spec or tensors that cannot be right, or that do not fit
  Stream(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, Isa isa);

  Isa isa() const { return network_.isa(); }
  uint32_t inputSize() const { return network_.inputSize(); }
  uint32_t classes() const { return network_.classes(); }
  uint32_t layers() const { return network_.layers(); }

  /// @param window [row][column] @param factor positive
  /// @param logits [class] @param active [layer] @param multiplies [layer] products that were computed in this step
  /// @throws std::invalid_argument for a number that is not finite, or a factor that is not positive
  void step(const float* window, float factor, float offset, float* logits, uint32_t* active, uint32_t* multiplies);

 private:
  Network network_;
  StageScratch scratch_;
};

}  // namespace winnow
