#pragma once
#include <cstdint>
#include <vector>

#include "core/select.h"

namespace winnow {

/// What flows from layer to layer, for one window.
///
///     values   [memory order of `layout`]       every unit, zeros too
///     active   indices into `values`, ascending  the units that are not zero
///
/// Which of the two is filled follows from who reads it: a layer that multiplies only non-zero inputs takes `active` and
/// `activeValues` (the numbers at those indices, side by side), one that expects a dense input takes `values`.
struct Activations {
  /// At least as long as the layout's size.
  std::vector<float> values;
  std::vector<uint32_t> active;
  std::vector<float> activeValues;
  uint32_t count = 0;
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
