#include "infer/stream.h"

#include <cmath>
#include <stdexcept>

namespace winnow {

bool Stream::fits(const NetworkSpec& spec) {
  return !spec.layers.empty() && streamConvFits(spec.layers.front(), shapesOf(spec).front());
}

Stream::Stream(const NetworkSpec& spec, const std::vector<LayerTensors>& layers, Isa isa)
    : network_(spec, layers, isa, FirstLayer::streamed) {}

void Stream::step(const float* window, float factor, float offset, float* logits, uint32_t* active, uint32_t* multiplies) {
  if (!std::isfinite(offset) || !std::isfinite(factor) || factor <= 0)
    throw std::invalid_argument("a scale is not a positive finite number");
  scratch_.products.stream.factor = factor;
  scratch_.products.stream.offset = offset;
  network_.runOne(window, scratch_, logits, active, multiplies);
}

}  // namespace winnow
