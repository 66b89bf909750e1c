#pragma once
#include <functional>
#include <vector>

#include "core/threads.h"
#include "train/kernels/batch_linear.h"
#include "train/layout.h"
#include "train/parameters.h"

namespace winnow::train {

/// The product of a linear layer of which few weights exist, while any input may be active: its work grows with the weights that
/// exist. They are stored by unit; each meets all samples of the mini-batch at once, in tensors turned so that samples are
/// neighbours.
class BatchProduct {
 public:
  /// @param inputs of the tensor that is read, with its padding
  BatchProduct(Isa isa, ThreadPool& pool, uint32_t units, size_t inputs)
      : kernels_(batchLinearKernelsFor(isa)), pool_(pool), units_(units), inputs_(inputs) {}

  /// For Layer::places: lays out the weights that exist. @param inside where an outside input lies in the tensor that is read
  std::vector<uint32_t> places(const LayerTensors& tensors, uint32_t fanIn, const std::function<uint32_t(uint32_t)>& inside,
                               size_t& size);

  /// y [sample][lane] = weight . x + bias; keeps x for the gradients.
  void forward(const Flow& in, size_t samples, const Parameters& parameters, float* y, size_t lanes);
  /// dy [sample][lane] -> gradients of the weights and, where asked for, of the inputs, for the samples of the last forward pass.
  void backward(Flow& in, const float* dy, size_t lanes, size_t samples, Parameters& parameters, bool inputGradient);

 private:
  UnitWeights weights(const Parameters& parameters) const { return {starts_.data(), input_.data(), parameters.weight.data()}; }
  template <typename Body>
  void forUnits(Body&& body);

  const BatchLinearKernels& kernels_;
  ThreadPool& pool_;
  uint32_t units_;
  size_t inputs_;
  std::vector<uint32_t> starts_, input_;
  Floats x_, dx_;  // [input][sample]
  Floats y_;       // [unit][sample], forward the output and backward its gradient
};

}  // namespace winnow::train
