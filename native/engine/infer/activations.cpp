#include "infer/activations.h"

namespace winnow {

std::vector<Place> placesOf(const TensorLayout& layout) {
  std::vector<Place> places(layout.size());
  for (uint32_t c = 0; c < layout.channels; c++)
    for (uint32_t y = 0; y < layout.height; y++)
      for (uint32_t x = 0; x < layout.width; x++)
        places[c * layout.channelStride + y * layout.rowStride + x * layout.columnStride] = {
            static_cast<uint16_t>(c), static_cast<uint16_t>(y), static_cast<uint16_t>(x)};
  return places;
}

}  // namespace winnow
