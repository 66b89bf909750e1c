#include <algorithm>
#include <cstring>
#include <memory>

#include "binding/bindings.h"
#include "infer/network.h"

namespace winnow {

namespace {

constexpr int THREADS_MAX = 256;
constexpr int ROUNDS_MAX = 100'000;

template <typename Array, typename T>
Array arrayTo(Napi::Env env, const std::vector<T>& values) {
  auto array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

class NetworkBinding : public Napi::ObjectWrap<NetworkBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Network",
                       {InstanceMethod<&NetworkBinding::run>("run"), InstanceMethod<&NetworkBinding::profile>("profile"),
                        InstanceAccessor<&NetworkBinding::isa>("isa")});
  }

  explicit NetworkBinding(const Napi::CallbackInfo& call) : Napi::ObjectWrap<NetworkBinding>(call) {
    guarded(call.Env(), [&] {
      const NetworkSpec spec = specFrom(call[0]);
      network_ = std::make_unique<Network>(spec, layersFrom(call[1], spec), chooseIsa(isaOption(call[2])));
    });
  }

 private:
  Napi::Value isa(const Napi::CallbackInfo& call) { return Napi::String::New(call.Env(), std::string(nameOf(network_->isa()))); }

  Napi::Value run(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const FloatView windows = floatsFrom(call[0], "windows");
      if (!call[1].IsNumber() || !call[2].IsNumber()) throw Napi::TypeError::New(env, "count and threads are numbers");
      const int64_t count = call[1].As<Napi::Number>().Int64Value();
      checkCount(env, windows, count);
      const int threads = std::clamp(call[2].As<Napi::Number>().Int32Value(), 1, THREADS_MAX);
      const bool trace = call[3].ToBoolean();
      const Network::Result result = network_->run(windows.data, static_cast<size_t>(count), threads, trace);
      auto object = Napi::Object::New(env);
      object["logits"] = arrayTo<Napi::Float32Array>(env, result.logits);
      object["active"] = arrayTo<Napi::Uint32Array>(env, result.active);
      object["multiplies"] = arrayTo<Napi::Uint32Array>(env, result.multiplies);
      if (trace) object["traces"] = tracesTo(env, result.traces, static_cast<uint32_t>(count));
      return object;
    });
  }

  /// profile(windows, count, rounds)
  Napi::Value profile(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const FloatView windows = floatsFrom(call[0], "windows");
      if (!call[1].IsNumber() || !call[2].IsNumber()) throw Napi::TypeError::New(env, "count and rounds are numbers");
      const int64_t count = call[1].As<Napi::Number>().Int64Value();
      checkCount(env, windows, count);
      const auto rounds = static_cast<uint32_t>(std::clamp(call[2].As<Napi::Number>().Int32Value(), 1, ROUNDS_MAX));
      const std::vector<double> seconds = network_->profile(windows.data, static_cast<size_t>(count), rounds);
      return arrayTo<Napi::Float64Array>(env, seconds);
    });
  }

  void checkCount(Napi::Env env, const FloatView& windows, int64_t count) const {
    const size_t perWindow = network_->inputSize();
    if (count < 0 || windows.size % perWindow != 0 || windows.size / perWindow != static_cast<size_t>(count))
      throw Napi::RangeError::New(env, "windows has not count x " + std::to_string(perWindow) + " values");
  }

  Napi::Array tracesTo(Napi::Env env, const std::vector<StageTrace>& traces, uint32_t count) {
    auto windows = Napi::Array::New(env, count);
    for (uint32_t window = 0, at = 0; window < count; window++) {
      auto layers = Napi::Array::New(env, network_->layers());
      for (uint32_t layer = 0; layer < network_->layers(); layer++, at++) {
        auto object = Napi::Object::New(env);
        object["winners"] = arrayTo<Napi::Uint32Array>(env, traces[at].winners);
        object["output"] = arrayTo<Napi::Float32Array>(env, traces[at].output);
        layers[layer] = object;
      }
      windows[window] = layers;
    }
    return windows;
  }

  std::unique_ptr<Network> network_;
};

}  // namespace

void registerNetwork(Napi::Env env, Napi::Object exports) { exports["Network"] = NetworkBinding::define(env); }

}  // namespace winnow
