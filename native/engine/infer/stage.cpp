#include "infer/stage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "core/limits.h"

namespace winnow {

namespace {

constexpr float INFINITE = std::numeric_limits<float>::infinity();

/// b = exp(beta (target - d)), single precision, by channel (patent, equation 2).
std::vector<float> boostFactors(const KWinners& winners, const LayerShape& shape, const std::vector<float>& dutyCycle) {
  const uint32_t tensor = shape.activeSize();
  uint32_t size = tensor;
  switch (winners.selection.kind) {
    case SelectionKind::local:
      size = shape.channels;
      break;
    case SelectionKind::perChannel:
      size = shape.activeHeight * shape.activeWidth;
      break;
    case SelectionKind::volume:
      size = winners.selection.channels * winners.selection.height * winners.selection.width;
      break;
    case SelectionKind::group:
      size = winners.selection.size;
      break;
    default:
      break;
  }
  const double target = static_cast<double>(winnersAmong(winners.count, size)) / std::max(1u, size);
  std::vector<float> factors(dutyCycle.size());
  for (size_t c = 0; c < factors.size(); c++)
    factors[c] = static_cast<float>(std::exp(winners.boosting.strength * (target - dutyCycle[c])));
  return factors;
}

/// Order [channel][row][column] from memory order.
template <typename Visit>
void forEachPlace(const TensorLayout& layout, Visit&& visit) {
  for (uint32_t c = 0, at = 0; c < layout.channels; c++)
    for (uint32_t y = 0; y < layout.height; y++)
      for (uint32_t x = 0; x < layout.width; x++, at++)
        visit(at, c * layout.channelStride + y * layout.rowStride + x * layout.columnStride);
}

}  // namespace

void findActive(Activations& activations, uint32_t size) {
  makeRoom(activations.active, size);
  makeRoom(activations.activeValues, size);
  uint32_t count = 0;
  for (uint32_t i = 0; i < size; i++) {
    activations.active[count] = i;
    activations.activeValues[count] = activations.values[i];
    count += activations.values[i] != 0;
  }
  activations.count = count;
}

Stage::Stage(const LayerSpec& layer, const LayerShape& shape, const LayerTensors& tensors, const Stage* previous, Isa isa,
             FirstLayer kind, const Quantisation* quantisation)
    : activation_(layer.activation.kind), slope_(static_cast<float>(layer.activation.slope)), topK_(topKKernelsFor(isa)),
      int8_(int8KernelsFor(isa)) {
  if (quantisation) shift_ = quantisation->shift;
  const bool first = previous == nullptr, sparse = previous && previous->isSparse();
  const TensorLayout input =
      previous ? previous->output() : TensorLayout::channelsFirst(shape.inputChannels, shape.inputHeight, shape.inputWidth);
  if (first && kind == FirstLayer::streamed) {
    if (!streamConvFits(layer, shape)) throw std::invalid_argument("the first layer does not take a stream");
    products_ = makeStreamConv(layer, shape, tensors, isa);
  } else if (layer.type == LayerType::linear)
    products_ = makeScatterLinear(shape, tensors, input, first, isa);
  else if (quantisation && first && denseConv8Fits(layer, shape, isa))
    products_ = makeDenseConv8(shape, tensors, isa);
  else if (first && blockConvFits(layer, shape, tensors))
    products_ = makeBlockConv(layer, shape, tensors, isa);
  else if (!sparse && input.columnStride == 1)
    products_ = makePatchConv(layer, shape, tensors, first, isa);
  else if (previous->offersBits() && bitConvFits(layer, shape, tensors))
    products_ = makeBitConv(layer, shape, tensors, quantisation != nullptr, isa);
  else
    products_ = makeSparseConv(layer, shape, tensors, input, quantisation != nullptr, isa);
  layout_ = products_->layout();
  pool_ = layer.activationBeforePool ? layer.pool : 1;
  const bool channelsLast = layout_.columnStride != 1;
  output_ = channelsLast ? TensorLayout::channelsLast(shape.channels, shape.outputHeight, shape.outputWidth)
                         : TensorLayout::channelsFirst(shape.channels, shape.outputHeight, shape.outputWidth);
  const auto places = placesOf(layout_);
  if (channelsLast)
    for (const Place& place : places) channelOf_.push_back(place.channel);
  if (activation_ == ActivationKind::kWinners) {
    const KWinners& winners = layer.activation.winners;
    if (winners.selection.kind == SelectionKind::global)
      globalK_ = winnersAtInference(winnersAmong(winners.count, layout_.size()), winners.kInferenceFactor, layout_.size());
    selector_.emplace(winners.selection, winners.count, layout_, winners.kInferenceFactor);
    const bool boosted = quantisation ? !quantisation->rankFactor.empty()
                                      : winners.boosting.atInference && winners.boosting.strength > 0;
    if (boosted) {
      const auto factors = quantisation ? quantisation->rankFactor : boostFactors(winners, shape, tensors.dutyCycle);
      boost_.resize(channelsLast && shape.channels % BLOCK == 0 ? shape.channels : places.size());
      for (size_t i = 0; i < boost_.size(); i++) boost_[i] = factors[places[i].channel];
    }
  }
}

bool Stage::offersBits() const {
  return globalK_ && pool_ == 1 && layout_.columnStride != 1 && layout_.channels % BLOCK == 0 &&
         layout_.channels <= BITS_CHANNELS_MAX;
}

Stage::Counts Stage::run(const Activations& in, Activations& out, StageScratch& scratch, InputForm wanted,
                         StageTrace* trace) const {
  const uint32_t size = layout_.size();
  const bool asBits = wanted == InputForm::bits || wanted == InputForm::byteBits;
  auto& room = asBits ? out.values : scratch.values;
  makeRoom(room, size + BLOCK);
  if (wanted == InputForm::byteBits) makeRoom(out.bytes, size + BLOCK);
  float* values = room.data();
  Counts counts{0, products_->run(in, scratch.products, values)};
  if (shift_) int8_.requantise(values, roundUp(size, BLOCK), *shift_, wanted == InputForm::byteBits ? out.bytes.data() : nullptr);
  if (asBits) {
    counts.active = markWinners(scratch, values, out);
    if (!trace) return counts;
  }
  counts.active = activate(scratch, values);
  const bool winners = selector_.has_value();
  if (trace) {
    trace->winners.clear();
    if (winners) {
      std::vector<bool> won(size);
      for (uint32_t i = 0; i < counts.active; i++) won[scratch.winners[i]] = true;
      forEachPlace(layout_, [&](uint32_t at, uint32_t memory) {
        if (won[memory]) trace->winners.push_back(at);
      });
    } else {
      forEachPlace(layout_, [&](uint32_t at, uint32_t memory) {
        if (values[memory] != 0) trace->winners.push_back(at);
      });
    }
  }
  if (winners && pool_ == 1 && wanted == InputForm::list && !trace) {
    makeRoom(out.active, counts.active);
    makeRoom(out.activeValues, counts.active);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < counts.active; i++) {
      const uint32_t winner = scratch.winners[i];
      out.active[kept] = winner;
      out.activeValues[kept] = values[winner];
      kept += values[winner] != 0;
    }
    out.count = kept;
    return counts;
  }
  if (winners) {
    auto& only = scratch.boosted;
    makeRoom(only, size);
    std::fill_n(only.begin(), size, 0.0f);
    for (uint32_t i = 0; i < counts.active; i++) only[scratch.winners[i]] = values[scratch.winners[i]];
    values = only.data();
  }
  if (pool_ > 1) {
    pool(scratch, values, out);
  } else {
    makeRoom(out.values, size);
    std::copy(values, values + size, out.values.begin());
  }
  if (wanted == InputForm::list) findActive(out, output_.size());
  if (trace) {
    trace->output.resize(output_.size());
    forEachPlace(output_, [&](uint32_t at, uint32_t memory) { trace->output[at] = out.values[memory]; });
  }
  return counts;
}

/// Applies ReLU and the like in place, or finds the winners; returns how many units are active.
uint32_t Stage::activate(StageScratch& scratch, float* values) const {
  const uint32_t size = layout_.size();
  if (globalK_) return listWinners(scratch, values);
  if (selector_) {
    makeRoom(scratch.winners, std::max(1u, selector_->most()));
    const float* deciding = values;
    if (!boost_.empty()) {
      makeRoom(scratch.boosted, size);
      const auto period = static_cast<uint32_t>(boost_.size());
      for (uint32_t start = 0; start < size; start += period)
        for (uint32_t i = 0; i < period; i++) scratch.boosted[start + i] = values[start + i] * boost_[i];
      deciding = scratch.boosted.data();
    }
    return selector_->select(deciding, scratch.winners.data(), scratch.selector);
  }
  if (activation_ != ActivationKind::none) {
    // Without a branch: signs cannot be foreseen.
    if (activation_ == ActivationKind::relu)
      for (uint32_t i = 0; i < size; i++) values[i] = std::max(values[i], 0.0f);
    else
      for (uint32_t i = 0; i < size; i++) values[i] = std::max(values[i], 0.0f) + slope_ * std::min(values[i], 0.0f);
  }
  uint32_t active = 0;
  for (uint32_t i = 0; i < size; i++) active += values[i] != 0;
  return active;
}

Ranking Stage::rankingOf(const float* values) const {
  return {values, boost_.empty() ? nullptr : boost_.data(), layout_.size(), static_cast<uint32_t>(boost_.size())};
}

/// The global winners, as a list: ascending where the order of a sum's terms shows in its last digit.
uint32_t Stage::listWinners(StageScratch& scratch, const float* values) const {
  const uint32_t size = layout_.size(), k = *globalK_;
  if (k == 0) return 0;
  makeRoom(scratch.winners, size + BLOCK);
  makeRoom(scratch.ranking, std::max(size + 4 * BLOCK, TOP_K_SCRATCH));
  const Ranking ranking = rankingOf(values);
  const Edge edge = topK_.edge(ranking, k, shift_.has_value(), scratch.ranking.data());
  uint32_t* winners = scratch.winners.data();
  if (edge.above + edge.tied == k) return topK_.list(ranking, edge.value, INFINITE, winners);
  const float over = topK_.next(edge.value);
  const uint32_t above = topK_.list(ranking, over, INFINITE, winners);
  breakTies(winners + above, topK_.list(ranking, edge.value, over, winners + above), k - above);
  // Sums of whole numbers are exact.
  if (!shift_) std::sort(winners, winners + k);
  return k;
}

/// The global winners, as bits.
uint32_t Stage::markWinners(StageScratch& scratch, const float* values, Activations& out) const {
  const uint32_t size = layout_.size(), channels = layout_.channels, k = *globalK_;
  makeRoom(out.bits, size / channels);
  if (k == 0) {
    std::fill_n(out.bits.begin(), size / channels, 0);
    return 0;
  }
  makeRoom(scratch.ranking, std::max(size + 4 * BLOCK, TOP_K_SCRATCH));
  const Ranking ranking = rankingOf(values);
  const Edge edge = topK_.edge(ranking, k, shift_.has_value(), scratch.ranking.data());
  if (edge.above + edge.tied == k) {
    topK_.bits(ranking, channels, edge.value, out.bits.data());
    return k;
  }
  const float over = topK_.next(edge.value);
  topK_.bits(ranking, channels, over, out.bits.data());
  // Ties at zero may win, and are no active inputs.
  if (edge.value == 0) return k;
  makeRoom(scratch.winners, size + BLOCK);
  uint32_t* tied = scratch.winners.data();
  breakTies(tied, topK_.list(ranking, edge.value, over, tied), k - edge.above);
  for (uint32_t i = 0; i < k - edge.above; i++) out.bits[tied[i] / channels] |= uint64_t{1} << (tied[i] % channels);
  return k;
}

/// Brings to the front those of the tied units that win: the first in the order [channel][row][column].
void Stage::breakTies(uint32_t* units, uint32_t tied, uint32_t wanted) const {
  if (channelOf_.empty() || wanted >= tied) return;
  std::array<uint32_t, CHANNELS_MAX> counts;
  std::fill_n(counts.begin(), layout_.channels, 0u);
  for (uint32_t i = 0; i < tied; i++) counts[channelOf_[units[i]]]++;
  // All of the first channels win, and of one channel the first, which come first in memory too.
  uint32_t last = 0, left = wanted;
  while (counts[last] < left) left -= counts[last++];
  uint32_t kept = 0;
  for (uint32_t i = 0; kept < wanted; i++) {
    const uint32_t channel = channelOf_[units[i]];
    if (channel > last || (channel == last && left == 0)) continue;
    left -= channel == last;
    units[kept++] = units[i];
  }
}

/// Max-pool with stride equal to its side; rows and columns that do not fill a window are left out.
void Stage::pool(StageScratch&, const float* values, Activations& out) const {
  makeRoom(out.values, output_.size());
  for (uint32_t c = 0; c < output_.channels; c++)
    for (uint32_t y = 0; y < output_.height; y++)
      for (uint32_t x = 0; x < output_.width; x++) {
        const float* corner =
            values + c * layout_.channelStride + y * pool_ * layout_.rowStride + x * pool_ * layout_.columnStride;
        float largest = *corner;
        for (uint32_t dy = 0; dy < pool_; dy++)
          for (uint32_t dx = 0; dx < pool_; dx++)
            largest = std::max(largest, corner[dy * layout_.rowStride + dx * layout_.columnStride]);
        out.values[c * output_.channelStride + y * output_.rowStride + x * output_.columnStride] = largest;
      }
}

}  // namespace winnow
