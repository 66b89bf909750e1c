#include <algorithm>
#include <cstring>
#include <memory>

#include "binding/bindings.h"
#include "infer/network.h"

namespace winnow {

namespace {

constexpr int THREADS_MAX = 256;
constexpr double SHIFT_MAX = 30;
constexpr int ROUNDS_MAX = 100'000;

template <typename Array, typename T>
Array arrayTo(Napi::Env env, const std::vector<T>& values) {
  auto array = Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(T));
  return array;
}

/// The layers of a quantised model (src/worker/network/quantised.ts): bytes become whole numbers in single precision.
void quantisedFrom(const Napi::Value& value, const NetworkSpec& spec, std::vector<LayerTensors>& layers,
                   std::vector<Quantisation>& quantisation) {
  const Napi::Env env = value.Env();
  if (!value.IsArray()) throw Napi::TypeError::New(env, "layers is not an array");
  const auto array = value.As<Napi::Array>();
  if (array.Length() != spec.layers.size()) throw Napi::RangeError::New(env, "the number of layers is not the spec's");
  const auto typed = [&](const Napi::Object& from, const char* key, napi_typedarray_type type) {
    const Napi::Value found = from.Get(key);
    if (!found.IsTypedArray() || found.As<Napi::TypedArray>().TypedArrayType() != type)
      throw Napi::TypeError::New(env, std::string(key) + " is not an array of its type");
    return found;
  };
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value item = array.Get(i);
    if (!item.IsObject()) throw Napi::TypeError::New(env, "layer is not an object");
    const auto from = item.As<Napi::Object>();
    LayerTensors tensors;
    Quantisation numbers;
    const auto weight = typed(from, "weight", napi_int8_array).As<Napi::Int8Array>();
    tensors.weight.assign(weight.Data(), weight.Data() + weight.ElementLength());
    const auto bias = typed(from, "bias", napi_int32_array).As<Napi::Int32Array>();
    tensors.bias.assign(bias.Data(), bias.Data() + bias.ElementLength());
    if (!from.Get("mask").IsUndefined()) {
      const auto mask = typed(from, "mask", napi_uint8_array).As<Napi::Uint8Array>();
      tensors.mask.assign(mask.Data(), mask.Data() + mask.ElementLength());
    }
    if (!from.Get("rankFactor").IsUndefined()) {
      const auto factor = typed(from, "rankFactor", napi_uint8_array).As<Napi::Uint8Array>();
      numbers.rankFactor.assign(factor.Data(), factor.Data() + factor.ElementLength());
      if (numbers.rankFactor.size() != spec.layers[i].channels)
        throw Napi::RangeError::New(env, "rankFactor has not one value per unit");
    }
    if (spec.layers[i].activation.kind == ActivationKind::kWinners) tensors.dutyCycle.assign(spec.layers[i].channels, 0);
    if (i + 1 < array.Length()) {
      const Napi::Value shift = from.Get("shift");
      if (!shift.IsNumber() || shift.As<Napi::Number>().DoubleValue() < 0 || shift.As<Napi::Number>().DoubleValue() > SHIFT_MAX)
        throw Napi::RangeError::New(env, "shift lies outside 0 to 30");
      numbers.shift = shift.As<Napi::Number>().Uint32Value();
    }
    layers.push_back(std::move(tensors));
    quantisation.push_back(std::move(numbers));
  }
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
      NetworkSpec spec = specFrom(call[0]);
      const bool quantised = call[2].IsObject() && call[2].As<Napi::Object>().Get("quantised").ToBoolean();
      if (quantised) {
        for (LayerSpec& layer : spec.layers) layer.batchNorm = false;
        std::vector<LayerTensors> layers;
        std::vector<Quantisation> quantisation;
        quantisedFrom(call[1], spec, layers, quantisation);
        network_ = std::make_unique<Network>(spec, layers, quantisation, chooseIsa(isaOption(call[2])));
        return;
      }
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
