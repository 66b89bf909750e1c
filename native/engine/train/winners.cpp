#include "train/winners.h"

#include <algorithm>
#include <cmath>

#include "train/kernels/norm.h"

namespace winnow::train {

namespace {

/// Units that compete with each other (of a full competition, where the last ones may be smaller).
uint32_t competitionSize(const Selection& selection, uint32_t channels, uint32_t height, uint32_t width) {
  switch (selection.kind) {
    case SelectionKind::local:
      return channels;
    case SelectionKind::perChannel:
      return height * width;
    case SelectionKind::volume:
      return std::min(selection.channels, channels) * std::min(selection.height, height) * std::min(selection.width, width);
    case SelectionKind::group:
      return std::min(selection.size, channels * height * width);
    default:
      return channels * height * width;
  }
}

}  // namespace

Winners::Winners(Isa isa, const KWinners& spec, uint32_t channels, uint32_t height, uint32_t width)
    : isa_(isa),
      spec_(spec),
      channels_(channels),
      lanes_(padded(channels)),
      positions_(height * width),
      training_(spec.selection, spec.count, TensorLayout::padded(channels, height, width, lanes_)),
      inference_(spec.selection, spec.count, TensorLayout::padded(channels, height, width, lanes_), spec.kInferenceFactor),
      duty_(channels, 0.0f),
      boost_(lanes_, 1.0f) {
  const uint32_t size = competitionSize(spec.selection, channels, height, width);
  target_ = static_cast<double>(winnersAmong(spec.count, size)) / size;
}

uint32_t Winners::most() const { return std::max(training_.most(), inference_.most()); }

void Winners::begin(Mode mode, float boostScale, int workers) {
  mode_ = mode;
  if (workers_.size() < static_cast<size_t>(workers)) workers_.resize(static_cast<size_t>(workers));
  for (auto& worker : workers_) {
    worker.wins.assign(lanes_, 0);
    worker.boosted.resize(static_cast<size_t>(positions_) * lanes_);
  }
  const Boosting& boosting = spec_.boosting;
  const double strength = mode == Mode::training || boosting.atInference ? boosting.strength * boostScale : 0;
  boosted_ = strength != 0;
  if (!boosted_) return;
  for (uint32_t c = 0; c < channels_; c++) boost_[c] = static_cast<float>(std::exp(strength * (target_ - duty_[c])));
}

uint32_t Winners::select(const float* values, uint32_t* winners, int worker) {
  Worker& own = workers_[static_cast<size_t>(worker)];
  const float* deciding = values;
  if (boosted_) {
    normKernelsFor(isa_).scale(values, static_cast<int>(positions_), static_cast<int>(lanes_), boost_.data(), own.boosted.data());
    deciding = own.boosted.data();
  }
  if (mode_ == Mode::inference) return inference_.select(deciding, winners, own.scratch);
  const uint32_t count = training_.select(deciding, winners, own.scratch);
  uint32_t position = 0;  // the first place of the winner's position: they ascend, so no division is needed
  for (uint32_t i = 0; i < count; i++) {
    while (winners[i] - position >= lanes_) position += lanes_;
    own.wins[winners[i] - position] += values[winners[i]] > 0;
  }
  return count;
}

void Winners::end(size_t samples, uint64_t seen) {
  if (mode_ != Mode::training) return;
  const double batch = static_cast<double>(samples);
  const double span = std::max(batch, static_cast<double>(std::min<uint64_t>(spec_.boosting.dutyCyclePeriod, seen)));
  for (uint32_t c = 0; c < channels_; c++) {
    uint64_t wins = 0;
    for (const Worker& worker : workers_) wins += worker.wins[c];
    duty_[c] = static_cast<float>((duty_[c] * (span - batch) + static_cast<double>(wins) / positions_) / span);
  }
}

}  // namespace winnow::train
