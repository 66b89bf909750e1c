// Batch normalisation and element-wise passes. `count`, `lanes` are multiples of 16, so of every vector's width.
#include "train/kernels/norm.h"

#include "train/kernels/tile.h"

namespace winnow::train::WINNOW_ISA {

namespace {

void moments(const float* z, int positions, int lanes, float* mean, float* m2) {
  const float share = 1.0f / static_cast<float>(positions);
  for (int lane = 0; lane < lanes; lane += LANES) {
    Vec sum = zero();
    for (int p = 0; p < positions; p++) sum += load(z + static_cast<ptrdiff_t>(p) * lanes + lane);
    const Vec centre = sum * share;
    // The rounding of the mean is measured by the sum of differences, and taken out of both.
    Vec rest = zero(), squares = zero();
    for (int p = 0; p < positions; p++) {
      const Vec difference = load(z + static_cast<ptrdiff_t>(p) * lanes + lane) - centre;
      rest += difference;
      squares += difference * difference;
    }
    store(mean + lane, centre + rest * share);
    store(m2 + lane, maximum(squares - rest * rest * share, zero()));
  }
}

void normalise(float* z, int positions, int lanes, const float* mean, const float* scale) {
  for (int p = 0; p < positions; p++)
    for (int lane = 0; lane < lanes; lane += LANES, z += LANES) store(z, (load(z) - load(mean + lane)) * load(scale + lane));
}

void sums(const float* dy, const float* normal, int positions, int lanes, float* sum, float* dot) {
  for (int lane = 0; lane < lanes; lane += LANES) {
    Vec total = zero(), product = zero();
    for (int p = 0; p < positions; p++) {
      const Vec gradient = load(dy + static_cast<ptrdiff_t>(p) * lanes + lane);
      total += gradient;
      product += gradient * load(normal + static_cast<ptrdiff_t>(p) * lanes + lane);
    }
    store(sum + lane, total);
    store(dot + lane, product);
  }
}

void combine(const float* normal, const float* dy, int positions, int lanes, int step, const float* a, const float* b,
             const float* c, float* to, int toStep) {
  for (int p = 0; p < positions; p++, normal += step, to += toStep) {
    if (dy) {
      for (int lane = 0; lane < lanes; lane += LANES)
        store(to + lane, load(a + lane) + load(b + lane) * load(normal + lane) + load(c + lane) * load(dy + lane));
      dy += step;
    } else {
      for (int lane = 0; lane < lanes; lane += LANES) store(to + lane, load(a + lane) + load(b + lane) * load(normal + lane));
    }
  }
}

void scale(const float* from, int positions, int lanes, const float* factor, float* to) {
  for (int p = 0; p < positions; p++)
    for (int lane = 0; lane < lanes; lane += LANES, from += LANES, to += LANES) store(to, load(from) * load(factor + lane));
}

void total(const float* dy, int positions, int lanes, float* total) {
  for (int lane = 0; lane < lanes; lane += LANES) {
    Vec sum = load(total + lane);
    for (int p = 0; p < positions; p++) sum += load(dy + static_cast<ptrdiff_t>(p) * lanes + lane);
    store(total + lane, sum);
  }
}

void leaky(float* value, int count, float slope) {
  for (int i = 0; i < count; i += LANES) {
    const Vec x = load(value + i);
    store(value + i, x > zero() ? x : x * slope);
  }
}

void leakyBackward(const float* value, float* gradient, int count, float slope) {
  for (int i = 0; i < count; i += LANES) {
    const Vec g = load(gradient + i);
    store(gradient + i, load(value + i) > zero() ? g : g * slope);
  }
}

}  // namespace

extern const NormKernels normKernels{moments, normalise, sums, combine, scale, total, leaky, leakyBackward};

}  // namespace winnow::train::WINNOW_ISA
