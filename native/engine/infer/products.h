#pragma once
#include <memory>

#include "core/isa.h"
#include "core/select.h"
#include "core/spec.h"
#include "infer/activations.h"
#include "infer/aligned.h"
#include "infer/kernels.h"

namespace winnow {

/// What the first layer of a stream remembers from one window to the next.
struct StreamMemory {
  /// The network sees factor x value + offset.
  float factor = 1, offset = 0;
  /// Of sums; 0 before the first window.
  uint32_t columns = 0;
  /// Where the window's first column of sums lies: they go round.
  uint32_t first = 0;
  /// Whether there has been a window.
  bool known = false;
  /// [column][row]
  AlignedVector<float> window;
  /// [slot][pooled row][lane]
  AlignedVector<float> sums, pairs;
  AlignedVector<float> scale, shift;
  /// By column of the window: whether it differs from what it was.
  std::vector<uint8_t> fresh;

  uint32_t slotOf(uint32_t column) const { return (first + column) % columns; }
};

/// Memory that one thread needs while a layer multiplies.
struct ProductsScratch {
  AlignedVector<float> sums, patches, rows;
  AlignedVector<uint8_t> bytes, patches8;
  std::vector<uint32_t> list, base, entries, position, starts;
  std::vector<float> entryValues;
  StreamMemory stream;
};

/// The multiplying part of a layer: weights, bias, batch norm, and for a convolution the max-pool that may be taken before
/// anything else happens to the sums. Batch norm has no affine parameters, so its scale is positive and the pool may go first.
class Products {
 public:
  virtual ~Products() = default;

  /// Where the results lie in memory: the tensor that the activation works on.
  virtual TensorLayout layout() const = 0;
  virtual InputForm reads() const = 0;
  /// @param out receives layout().size() values, and up to BLOCK floats of rubbish behind them
  /// @returns products of an existing weight and an input that is not zero; in the first layer every weight at every position
  virtual uint64_t run(const Activations& in, ProductsScratch& scratch, float* out) const = 0;
};

/// Scale and shift of a layer's sums, by channel or unit, padded to whole blocks: (sum + bias - mean) / sqrt(variance + eps).
struct Affine {
  AlignedVector<float> scale, shift;
  Affine(const LayerTensors& tensors, uint32_t channels);
};

/// A convolution whose input is dense: the first layer, and those that follow a layer without winners.
/// @param in the input's layout, channels first
std::unique_ptr<Products> makePatchConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, bool first,
                                        Isa isa);
/// A convolution of winners. @param in the memory layout of its input @param quantised whether all numbers are of 8 bits
std::unique_ptr<Products> makeSparseConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors,
                                         const TensorLayout& in, bool quantised, Isa isa);
/// The first layer, where its filters share taps in blocks.
bool blockConvFits(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors);
std::unique_ptr<Products> makeBlockConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa);

/// The first layer of a stream of windows.
bool streamConvFits(const LayerSpec& layer, const LayerShape& shape);
std::unique_ptr<Products> makeStreamConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, Isa isa);

/// A convolution of winners that are given as bits, where all filters share their taps.
bool bitConvFits(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors);
std::unique_ptr<Products> makeBitConv(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors,
                                      bool quantised, Isa isa);

/// @param in the memory layout of its input @param first whether zero inputs are counted too
std::unique_ptr<Products> makeScatterLinear(const LayerShape& shape, const LayerTensors& tensors, const TensorLayout& in,
                                            bool first, Isa isa);

/// The 8-bit first layer where the instruction set has a kernel for its shape. Its input is whole numbers, 0 to 255.
bool denseConv8Fits(const LayerSpec& layer, const LayerShape& shape, Isa isa);
std::unique_ptr<Products> makeDenseConv8(const LayerShape& shape, const LayerTensors& tensors, Isa isa);

/// Whether weight `at` exists.
inline bool exists(const LayerTensors& tensors, size_t at) { return tensors.mask.empty() || tensors.mask[at] != 0; }

}  // namespace winnow
