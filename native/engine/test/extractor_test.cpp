#include <cmath>
#include <numbers>
#include <stdexcept>

#include "core/random.h"
#include "features/extractor.h"
#include "test/check.h"

using namespace winnow;

namespace {

constexpr size_t CLIP = 16000;
constexpr size_t WINDOW = 17920;
constexpr size_t VALUES = static_cast<size_t>(MEL_BANDS) * FRAMES;

/// 32 adjoining rectangles of 32 bins.
std::vector<float> rectangles() {
  std::vector<float> bank(static_cast<size_t>(MEL_BANDS) * SPECTRUM_BINS, 0);
  for (size_t band = 0; band < MEL_BANDS; band++)
    for (size_t i = 0; i < 32; i++) bank[band * SPECTRUM_BINS + band * 32 + i] = 1;
  return bank;
}

/// |DFT|^2 of one windowed frame, straight from the definition, summed over each band.
std::vector<double> bandPowers(const float* frame, double period) {
  std::vector<double> bands(MEL_BANDS, 0);
  for (int bin = 0; bin < 1024; bin++) {
    double re = 0, im = 0;
    for (int i = 0; i < FRAME_LENGTH; i++) {
      const double windowed = frame[i] * (0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / period));
      re += windowed * std::cos(2 * std::numbers::pi * bin * i / FRAME_LENGTH);
      im += windowed * std::sin(2 * std::numbers::pi * bin * i / FRAME_LENGTH);
    }
    bands[static_cast<size_t>(bin / 32)] += re * re + im * im;
  }
  return bands;
}

std::vector<float> noise(size_t length) {
  Random random(7);
  std::vector<float> samples(length);
  for (float& sample : samples) sample = random.uniform() - 0.5f;
  return samples;
}

std::vector<float> extract(Extractor& extractor, const std::vector<float>& samples, size_t perClip, int threads,
                           const float* stretch = nullptr, const int32_t* shift = nullptr) {
  std::vector<float> out(samples.size() / perClip * VALUES);
  extractor.extract({samples.data(), samples.size() / perClip, perClip, stretch, shift, threads}, out.data());
  return out;
}

}  // namespace

TEST("features: the transform is the discrete Fourier transform, on every instruction set") {
  const auto samples = noise(WINDOW);
  const auto bank = rectangles();
  for (const Isa isa : availableIsas()) {
    Extractor extractor({FrameWindow::periodicHann, Framing::stream, 200}, bank.data(), isa);
    const auto window = extract(extractor, samples, WINDOW, 1);
    // Everything is relative to the window's largest power: two frames are compared by their differences.
    const auto first = bandPowers(samples.data(), FRAME_LENGTH);
    const auto last = bandPowers(samples.data() + 31 * HOP, FRAME_LENGTH);
    const double reference = window[0] - 10 * std::log10(first[0]);
    for (size_t band = 0; band < MEL_BANDS; band++) {
      CHECK_NEAR(window[band * FRAMES], 10 * std::log10(first[band]) + reference, 1e-3);
      CHECK_NEAR(window[band * FRAMES + 31], 10 * std::log10(last[band]) + reference, 1e-3);
    }
  }
}

TEST("features: the number of threads changes no bit") {
  const auto samples = noise(5 * CLIP);
  const auto bank = rectangles();
  Extractor extractor({FrameWindow::symmetricHann, Framing::centred, 80}, bank.data(), availableIsas().front());
  const float stretch[] = {1, 0.8f, 1.2f, 1, 0.9f};
  const int32_t shift[] = {0, 3, -8, 40, -40};
  const auto one = extract(extractor, samples, CLIP, 1, stretch, shift);
  const auto four = extract(extractor, samples, CLIP, 4, stretch, shift);
  CHECK(one == four);
}

TEST("features: silence is 0 dB everywhere; content moved out leaves silence") {
  const auto bank = rectangles();
  Extractor extractor({FrameWindow::symmetricHann, Framing::stream, 80}, bank.data(), availableIsas().front());
  for (const float value : extract(extractor, std::vector<float>(CLIP, 0), CLIP, 1)) CHECK(value == 0);
  const int32_t away = 32;
  for (const float value : extract(extractor, noise(CLIP), CLIP, 1, nullptr, &away)) CHECK(value == 0);
}

TEST("features: what is no clip is refused") {
  const auto bank = rectangles();
  Extractor extractor({FrameWindow::symmetricHann, Framing::centred, 80}, bank.data(), availableIsas().front());
  const auto refuses = [&](size_t perClip, const float* stretch) {
    try {
      extract(extractor, noise(perClip), perClip, 1, stretch);
      return false;
    } catch (const std::invalid_argument&) {
      return true;
    }
  };
  const float zero = 0, none = NAN;
  CHECK(refuses(WINDOW, nullptr));
  CHECK(refuses(100, nullptr));
  CHECK(refuses(CLIP, &zero));
  CHECK(refuses(CLIP, &none));
}
