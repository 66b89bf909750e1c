#include "features/extractor.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace winnow {
namespace {

constexpr int HALF = FRAME_LENGTH / 2;
constexpr int HALF_BITS = 10;
static_assert(1 << HALF_BITS == HALF);

constexpr size_t CLIP_SAMPLES = 16000;
constexpr size_t STREAM_SAMPLES = FRAME_LENGTH + (FRAMES - 1) * HOP;
constexpr size_t STREAM_MARGIN = (STREAM_SAMPLES - CLIP_SAMPLES) / 2;
constexpr size_t CENTRED_MARGIN = FRAME_LENGTH / 2;
/// Powers below count as this much, as published.
constexpr float POWER_MIN = 1e-10f;

std::vector<BandRow> bandRows(const std::vector<float>& bank) {
  std::vector<BandRow> rows;
  for (int band = 0; band < MEL_BANDS; band++) {
    const float* row = bank.data() + static_cast<size_t>(band) * SPECTRUM_BINS;
    int first = 0, end = SPECTRUM_BINS;
    while (first < end && row[first] == 0) first++;
    while (end > first && row[end - 1] == 0) end--;
    rows.push_back({first, end - first, row + first});
  }
  return rows;
}

}  // namespace

Extractor::Extractor(const ExtractorSettings& settings, const float* bank, Isa isa)
    : settings_(settings),
      kernels_(spectrumKernelsFor(isa)),
      bank_(bank, bank + static_cast<size_t>(MEL_BANDS) * SPECTRUM_BINS),
      window_(FRAME_LENGTH),
      twiddleRe_(HALF),
      twiddleIm_(HALF),
      reversed_(HALF),
      rows_(bandRows(bank_)),
      tables_{window_.data(), twiddleRe_.data(), twiddleIm_.data(), reversed_.data()} {
  const double period = settings.window == FrameWindow::symmetricHann ? FRAME_LENGTH - 1 : FRAME_LENGTH;
  for (int i = 0; i < FRAME_LENGTH; i++)
    window_[i] = static_cast<float>(0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / period));
  for (int i = 0; i < HALF; i++) {
    const double angle = 2 * std::numbers::pi * i / FRAME_LENGTH;
    twiddleRe_[i] = static_cast<float>(std::cos(angle));
    twiddleIm_[i] = static_cast<float>(-std::sin(angle));
    int reversed = 0;
    for (int bit = 0; bit < HALF_BITS; bit++) reversed |= ((i >> bit) & 1) << (HALF_BITS - 1 - bit);
    reversed_[i] = static_cast<unsigned short>(reversed);
  }
}

/// The samples that the frames are taken from, every HOP from the first one; at least STREAM_SAMPLES of them.
const float* Extractor::frameRun(const float* samples, size_t count, Workspace& work) const {
  if (settings_.framing == Framing::stream && count == STREAM_SAMPLES) return samples;
  const size_t margin = settings_.framing == Framing::stream ? STREAM_MARGIN : CENTRED_MARGIN;
  work.run.assign(CLIP_SAMPLES + 2 * margin, 0);
  float* clip = work.run.data() + margin;
  std::copy_n(samples, CLIP_SAMPLES, clip);
  if (settings_.framing == Framing::centred)
    for (size_t i = 1; i <= margin; i++) {
      clip[-static_cast<ptrdiff_t>(i)] = samples[i];
      clip[CLIP_SAMPLES - 1 + i] = samples[CLIP_SAMPLES - 1 - i];
    }
  return work.run.data();
}

/// Phase-vocoder stretch by `rate`, move by `shift` frames, fix to 32 frames: each output frame takes the magnitudes between
/// two neighbours of the original, interpolated linearly, or zeros. Phases do not matter to mel power, so none are made.
void Extractor::change(Workspace& work, double rate, int shift) const {
  const int stretched = static_cast<int>(std::ceil(FRAMES / rate));
  int before[FRAMES];
  float share[FRAMES];
  for (int frame = 0; frame < FRAMES; frame++) {
    const int from = frame - shift;
    const bool inside = frame < stretched && from >= 0 && from < stretched;
    const double time = from * rate;
    before[frame] = inside ? static_cast<int>(time) : -1;
    share[frame] = inside ? static_cast<float>(time - std::floor(time)) : 0;
  }
  work.changed.resize(work.power.size());
  float magnitude[FRAMES + 1];
  magnitude[FRAMES] = 0;
  for (size_t bin = 0; bin < SPECTRUM_BINS; bin++) {
    const float* power = work.power.data() + bin * FRAMES;
    float* out = work.changed.data() + bin * FRAMES;
    for (int frame = 0; frame < FRAMES; frame++) magnitude[frame] = std::sqrt(power[frame]);
    for (int frame = 0; frame < FRAMES; frame++) {
      const int at = before[frame];
      const float mixed = at < 0 ? 0 : (1 - share[frame]) * magnitude[at] + share[frame] * magnitude[at + 1];
      out[frame] = mixed * mixed;
    }
  }
  std::swap(work.power, work.changed);
}

void Extractor::toDecibels(float* window) const {
  constexpr int VALUES = MEL_BANDS * FRAMES;
  const float largest = std::max(POWER_MIN, *std::max_element(window, window + VALUES));
  const float reference = 10 * std::log10(largest);
  const float floor = static_cast<float>(-settings_.floorDb);
  for (int i = 0; i < VALUES; i++) window[i] = std::max(10 * std::log10(std::max(window[i], POWER_MIN)) - reference, floor);
}

void Extractor::clip(const Request& request, size_t index, Workspace& work, float* out) const {
  work.scratch.resize(kernels_.scratch);
  work.power.resize(static_cast<size_t>(SPECTRUM_BINS) * FRAMES);
  const float* run = frameRun(request.samples + index * request.samplesPerClip, request.samplesPerClip, work);
  kernels_.power(tables_, run, work.scratch.data(), work.power.data());
  const float rate = request.stretch ? request.stretch[index] : 1;
  const int shift = request.shift ? request.shift[index] : 0;
  if (rate != 1 || shift != 0) change(work, rate, shift);
  kernels_.weigh(rows_.data(), work.power.data(), out);
  toDecibels(out);
}

void Extractor::extract(const Request& request, float* out) {
  const bool sized = request.samplesPerClip == CLIP_SAMPLES ||
                     (settings_.framing == Framing::stream && request.samplesPerClip == STREAM_SAMPLES);
  if (!sized) throw std::invalid_argument("a clip has 16000 samples, or with stream framing 17920");
  for (size_t i = 0; request.stretch && i < request.count; i++)
    if (!(request.stretch[i] > 0.01f && request.stretch[i] < 100)) throw std::invalid_argument("stretch rate out of range");
  if (!pool_ || pool_->threads() != request.threads) {
    pool_ = std::make_unique<ThreadPool>(std::max(1, request.threads));
    workspaces_.resize(static_cast<size_t>(pool_->threads()));
  }
  pool_->run(request.count, [&](size_t index, int worker) {
    clip(request, index, workspaces_[static_cast<size_t>(worker)], out + index * MEL_BANDS * FRAMES);
  });
}

}  // namespace winnow
