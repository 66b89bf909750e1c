#include <algorithm>
#include <memory>

#include "binding/bindings.h"
#include "core/threads.h"
#include "features/extractor.h"

namespace winnow {

namespace {

std::string text(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsString()) throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a string");
  return value.As<Napi::String>();
}

/// The parts of a FeatureSpec that change how features are made; the rest of it is fixed.
ExtractorSettings settingsFrom(const Napi::Value& value) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "spec is not an object");
  const auto spec = value.As<Napi::Object>();
  const std::string bank = text(spec, "melBank");
  const std::string framing = text(spec, "framing");
  const Napi::Value floor = spec.Get("floorDb");
  if (bank != "meyda" && bank != "slaney") throw Napi::TypeError::New(value.Env(), "unknown mel bank: " + bank);
  if (framing != "stream" && framing != "centred") throw Napi::TypeError::New(value.Env(), "unknown framing: " + framing);
  if (!floor.IsNumber()) throw Napi::TypeError::New(value.Env(), "floorDb is not a number");
  return {bank == "meyda" ? FrameWindow::symmetricHann : FrameWindow::periodicHann,
          framing == "stream" ? Framing::stream : Framing::centred, floor.As<Napi::Number>().DoubleValue()};
}

class ExtractorBinding : public Napi::ObjectWrap<ExtractorBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Extractor", {InstanceMethod<&ExtractorBinding::extract>("extract")});
  }

  explicit ExtractorBinding(const Napi::CallbackInfo& call) : Napi::ObjectWrap<ExtractorBinding>(call) {
    guarded(call.Env(), [&] {
      const FloatView bank = floatsFrom(call[1], "melBank");
      if (bank.size != static_cast<size_t>(MEL_BANDS) * SPECTRUM_BINS)
        throw Napi::RangeError::New(call.Env(), "melBank has not 32 x 1025 values");
      extractor_ = std::make_unique<Extractor>(settingsFrom(call[0]), bank.data, chooseIsa(isaOption(call[2])));
    });
  }

 private:
  Napi::Value extract(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const FloatView samples = floatsFrom(call[0], "samples");
      if (!call[1].IsNumber() || !call[2].IsNumber()) throw Napi::TypeError::New(env, "count and samplesPerClip are numbers");
      const int64_t count = call[1].As<Napi::Number>().Int64Value();
      const int64_t perClip = call[2].As<Napi::Number>().Int64Value();
      if (count < 0 || perClip <= 0 || samples.size % static_cast<size_t>(perClip) != 0 ||
          samples.size / static_cast<size_t>(perClip) != static_cast<size_t>(count))
        throw Napi::RangeError::New(env, "samples has not count x samplesPerClip values");
      Extractor::Request request{samples.data, static_cast<size_t>(count), static_cast<size_t>(perClip), nullptr, nullptr,
                                 coreCount()};
      if (call[3].IsObject()) options(call[3].As<Napi::Object>(), request);
      auto out = Napi::Float32Array::New(env, request.count * MEL_BANDS * FRAMES);
      extractor_->extract(request, out.Data());
      return out;
    });
  }

  static void options(const Napi::Object& from, Extractor::Request& request) {
    const Napi::Value stretch = from.Get("stretch");
    if (!stretch.IsUndefined()) {
      const FloatView rates = floatsFrom(stretch, "stretch");
      if (rates.size != request.count) throw Napi::RangeError::New(from.Env(), "stretch has not one value per clip");
      request.stretch = rates.data;
    }
    const Napi::Value shift = from.Get("shift");
    if (!shift.IsUndefined()) {
      if (!shift.IsTypedArray() || shift.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
        throw Napi::TypeError::New(from.Env(), "shift is not an Int32Array");
      const auto frames = shift.As<Napi::Int32Array>();
      if (frames.ElementLength() != request.count) throw Napi::RangeError::New(from.Env(), "shift has not one value per clip");
      request.shift = frames.Data();
    }
    const Napi::Value threads = from.Get("threads");
    if (threads.IsNumber()) request.threads = std::clamp(threads.As<Napi::Number>().Int32Value(), 1, THREADS_MAX);
  }

  static constexpr int THREADS_MAX = 256;
  std::unique_ptr<Extractor> extractor_;
};

}  // namespace

void registerExtractor(Napi::Env env, Napi::Object exports) { exports["Extractor"] = ExtractorBinding::define(env); }

}  // namespace winnow
