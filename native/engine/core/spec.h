#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace winnow {

// The network as data: the mirror of src/shared/network.ts and of the shapes in src/worker/network/model.ts.

/// Added to the variance by every batch norm.
constexpr float BATCH_NORM_EPSILON = 1e-5f;

enum class SelectionKind { global, local, perChannel, volume, group, threshold };

/// Among which units winners compete.
struct Selection {
  SelectionKind kind = SelectionKind::global;
  /// The box of `volume`.
  uint32_t channels = 0, height = 0, width = 0;
  /// The run of `group`.
  uint32_t size = 0;
  /// The bound of `threshold`.
  double value = 0;
};

/// k as a number, or a fraction of the competition's size.
struct WinnerCount {
  std::optional<uint32_t> k;
  double percentOn = 0;
};

struct Boosting {
  double strength = 0;
  double strengthFactor = 1;
  uint32_t dutyCyclePeriod = 1000;
  bool atInference = false;
};

struct KWinners {
  Selection selection;
  WinnerCount count;
  double kInferenceFactor = 1;
  Boosting boosting;
};

enum class ActivationKind { none, relu, leakyRelu, kWinners };

struct Activation {
  ActivationKind kind = ActivationKind::none;
  double slope = 0;
  KWinners winners;
};

enum class LayerType { conv, linear };

struct LayerSpec {
  LayerType type = LayerType::linear;
  std::string name;
  double weightDensity = 1;
  bool batchNorm = false;
  Activation activation;
  /// Filters of a convolution, units of a linear layer.
  uint32_t channels = 1;
  /// Convolution only; a linear layer keeps the defaults.
  uint32_t kernel = 1;
  uint32_t pool = 1;
  bool activationBeforePool = false;
  /// Linear only.
  double dropout = 0;
};

struct NetworkSpec {
  std::string name;
  uint32_t inputChannels = 1, inputHeight = 1, inputWidth = 1;
  std::vector<LayerSpec> layers;

  uint32_t inputSize() const { return inputChannels * inputHeight * inputWidth; }
};

/// Sizes that follow from a layer's place in its network.
struct LayerShape {
  uint32_t inputChannels, inputHeight, inputWidth;
  /// Before pooling.
  uint32_t channels, height, width;
  /// After pooling (a pool that does not divide drops the rest); equal to the above for a linear layer, whose height and width
  /// are 1.
  uint32_t outputHeight, outputWidth;
  /// Weights of one filter or unit, on the mask or not.
  uint32_t fanIn;
  /// The tensor that the activation works on.
  uint32_t activeHeight, activeWidth;

  uint32_t inputSize() const { return inputChannels * inputHeight * inputWidth; }
  uint32_t outputSize() const { return channels * outputHeight * outputWidth; }
  uint32_t activeSize() const { return channels * activeHeight * activeWidth; }
};

/// The numbers of one layer. Convolution weights `[out][in][row][column]`, linear weights `[out][in]`, zeros off the mask.
struct LayerTensors {
  std::vector<float> weight;
  /// Empty where every weight exists.
  std::vector<uint8_t> mask;
  std::vector<float> bias;
  /// Running statistics; empty without batch norm.
  std::vector<float> mean, variance;
  /// Empty without k-winners.
  std::vector<float> dutyCycle;
};

/// Shapes of all layers. @throws std::invalid_argument when a layer does not fit its input
std::vector<LayerShape> shapesOf(const NetworkSpec& spec);

/// Nearest integer, halves to the even one; the rounding of every count in a spec.
int64_t roundHalfEven(double value);

/// Weights that exist of one filter or unit: fanIn - roundHalfEven(fanIn x (1 - density)).
uint32_t connectionsPerUnit(uint32_t fanIn, double density);

/// Winners of one competition among `size` units, before any inference factor; at most `size`.
uint32_t winnersAmong(const WinnerCount& count, uint32_t size);

/// k at inference: round(k x factor), at most `size`.
uint32_t winnersAtInference(uint32_t k, double factor, uint32_t size);

/// @throws std::invalid_argument when a tensor's length is not what its layer's shape says
void checkTensors(const NetworkSpec& spec, const std::vector<LayerTensors>& layers);

}  // namespace winnow
