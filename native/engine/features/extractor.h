#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/threads.h"
#include "features/spectrum.h"

namespace winnow {

/// Meyda's own (symmetric Hann) or the published one (periodic Hann, for Slaney's bank).
enum class FrameWindow { symmetricHann, periodicHann };

/// How a clip of 16,000 samples becomes a run of frames; see FeatureSpec in src/shared/features.ts.
enum class Framing { stream, centred };

struct ExtractorSettings {
  FrameWindow window;
  Framing framing;
  double floorDb;
};

/// Sound to 32 x 32 windows in dB for many clips at once; agrees with the Meyda module within 0.01 dB.
class Extractor {
 public:
  /// @param bank `[band][bin]`, 32 x 1025, not negative
  Extractor(const ExtractorSettings& settings, const float* bank, Isa isa);

  struct Request {
    /// `[clip][samplesPerClip]`
    const float* samples;
    size_t count;
    /// 16,000, or with stream framing 17,920
    size_t samplesPerClip;
    /// Time-stretch rate by clip, positive; null for none.
    const float* stretch;
    /// Frames by clip that the spectrogram is moved later; null for none.
    const int32_t* shift;
    int threads;
  };

  /// @param out `[clip][band][frame]` in dB below each window's largest power
  /// @throws std::invalid_argument for sizes that are no clip's
  void extract(const Request& request, float* out);

 private:
  /// What one thread works in.
  struct Workspace {
    std::vector<float> run, scratch, power, changed;
  };

  const float* frameRun(const float* samples, size_t count, Workspace& work) const;
  void change(Workspace& work, double rate, int shift) const;
  void toDecibels(float* window) const;
  void clip(const Request& request, size_t index, Workspace& work, float* out) const;

  ExtractorSettings settings_;
  const SpectrumKernels& kernels_;
  std::vector<float> bank_, window_, twiddleRe_, twiddleIm_;
  std::vector<unsigned short> reversed_;
  std::vector<BandRow> rows_;
  SpectrumTables tables_;
  std::unique_ptr<ThreadPool> pool_;
  std::vector<Workspace> workspaces_;
};

}  // namespace winnow
