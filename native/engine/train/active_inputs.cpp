#include "train/active_inputs.h"

#include <algorithm>

namespace winnow::train {

void ActiveInputLists::reserve(size_t samples, uint32_t most) {
  most_ = most;
  if (value_.size() >= samples * most_) return;
  value_.resize(samples * most_);
  channelValue_.resize(samples * most_);
  row_.resize(samples * most_);
  column_.resize(samples * most_);
  starts_.resize(samples * static_cast<size_t>(sizes_.inHeight * sizes_.inWidth + 1));
  channelStarts_.resize(samples * static_cast<size_t>(sizes_.inLanes + 1));
}

void ActiveInputLists::fill(const Flow& in, size_t sample, bool byChannel) {
  const uint32_t* index = in.actives(sample);
  const uint32_t count = in.activeCount[sample], lanes = in.lanes;
  const float* x = in.values(sample);
  const uint32_t positions = in.height * in.width;
  float* value = value_.data() + sample * most_;
  uint32_t* starts = starts_.data() + sample * (positions + 1);
  uint32_t at = 0;
  for (uint32_t position = 0; position < positions; position++) {
    starts[position] = at;
    const uint32_t end = (position + 1) * lanes;
    for (; at < count && index[at] < end; at++) value[at] = x[index[at]];
  }
  starts[positions] = at;
  if (!byChannel) return;

  // A counting sort: the order of positions stays within each channel.
  uint32_t* channelStarts = channelStarts_.data() + sample * (lanes + 1);
  std::fill(channelStarts, channelStarts + lanes + 1, 0u);
  uint16_t* row = row_.data() + sample * most_;
  uint16_t* column = column_.data() + sample * most_;
  float* channelValue = channelValue_.data() + sample * most_;
  for (uint32_t position = 0; position < positions; position++)
    for (uint32_t i = starts[position]; i < starts[position + 1]; i++) channelStarts[index[i] - position * lanes]++;
  uint32_t total = 0;
  for (uint32_t lane = 0; lane <= lanes; lane++) {
    const uint32_t here = lane < lanes ? channelStarts[lane] : 0;
    channelStarts[lane] = total;
    total += here;
  }
  for (uint32_t y = 0, position = 0; y < in.height; y++)
    for (uint32_t x0 = 0; x0 < in.width; x0++, position++)
      for (uint32_t i = starts[position]; i < starts[position + 1]; i++) {
        const uint32_t to = channelStarts[index[i] - position * lanes]++;
        row[to] = static_cast<uint16_t>(y);
        column[to] = static_cast<uint16_t>(x0);
        channelValue[to] = value[i];
      }
  // Filling moved every start to the next one's place.
  for (uint32_t lane = lanes; lane > 0; lane--) channelStarts[lane] = channelStarts[lane - 1];
  channelStarts[0] = 0;
}

ActiveInputs ActiveInputLists::view(const Flow& in, size_t sample) const {
  return {in.actives(sample),
          value_.data() + sample * most_,
          starts_.data() + sample * static_cast<size_t>(sizes_.inHeight * sizes_.inWidth + 1),
          channelStarts_.data() + sample * static_cast<size_t>(sizes_.inLanes + 1),
          row_.data() + sample * most_,
          column_.data() + sample * most_,
          channelValue_.data() + sample * most_};
}

}  // namespace winnow::train
