#pragma once
#include <vector>

#include "train/kernels/sparse_conv.h"
#include "train/layout.h"

namespace winnow::train {

/// The active inputs of every sample of a batch, ordered as the sparse convolutions want them.
class ActiveInputLists {
 public:
  explicit ActiveInputLists(const ConvSizes& sizes) : sizes_(sizes) {}

  void reserve(size_t samples, uint32_t most);

  /// Takes one sample's list from the flow. @param byChannel whether the second order (for gradients) is needed too
  void fill(const Flow& in, size_t sample, bool byChannel);

  ActiveInputs view(const Flow& in, size_t sample) const;

 private:
  ConvSizes sizes_;
  size_t most_ = 0;
  Floats value_, channelValue_;
  std::vector<uint32_t> starts_, channelStarts_;
  std::vector<uint16_t> row_, column_;
};

}  // namespace winnow::train
