#pragma once
#include <cstdint>
#include <vector>

#include "core/select.h"
#include "infer/aligned.h"

namespace winnow {

/// What a layer takes of the one before.
enum class InputForm {
  /// `values`, zeros too.
  values,
  /// `active` and `activeValues`: the units that are not zero, and what they are.
  list,
  /// `bits` of the units that are not zero, and `values`, which are right at these alone.
  bits,
  /// The same with `bytes` for values.
  byteBits,
};

/// What flows from layer to layer, for one window, in the form that the next layer reads.
struct Activations {
  /// In the memory order of the layout, and at least as long.
  AlignedVector<float> values;
  AlignedVector<uint8_t> bytes;
  /// Indices into `values`, ascending, and the values there, side by side.
  std::vector<uint32_t> active;
  std::vector<float> activeValues;
  uint32_t count = 0;
  /// By position of a layout whose channels come last: the channels, the first as the lowest bit.
  std::vector<uint64_t> bits;
};

/// Makes room without ever giving any back: working memory is used by layers of different sizes in turn, and growing
/// again would clear it each time.
template <typename Vector>
void makeRoom(Vector& vector, size_t size) {
  if (vector.size() < size) vector.resize(size);
}

/// Where (channel, row, column) of a memory index lies.
struct Place {
  uint16_t channel, row, column;
};

/// The place of every memory index of a layout.
std::vector<Place> placesOf(const TensorLayout& layout);

}  // namespace winnow
