#include <algorithm>
#include <cstring>
#include <memory>

#include "binding/bindings.h"
#include "train/trainer.h"

namespace winnow {

namespace {

/// Most threads of one trainer.
constexpr double THREADS_MAX = 256;

double numberOf(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsNumber()) throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a number");
  return value.As<Napi::Number>().DoubleValue();
}

train::SkipOptions skipOption(const Napi::Object& options) {
  train::SkipOptions skip;
  const Napi::Value given = options.Get("skip");
  if (given.IsUndefined()) return skip;
  if (!given.IsObject() || !given.As<Napi::Object>().Get("layers").IsArray())
    throw Napi::TypeError::New(options.Env(), "skip has no list of layers");
  const auto from = given.As<Napi::Object>();
  skip.dropout = numberOf(from, "dropout");
  const auto layers = from.Get("layers").As<Napi::Array>();
  for (uint32_t i = 0; i < layers.Length(); i++) {
    const Napi::Value layer = layers.Get(i);
    if (!layer.IsNumber()) throw Napi::TypeError::New(options.Env(), "a layer of skip is not a number");
    skip.layers.push_back(layer.As<Napi::Number>().Uint32Value());
  }
  return skip;
}

/// NativeTrainer of src/worker/network/native.ts.
class TrainerBinding : public Napi::ObjectWrap<TrainerBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Trainer",
                       {InstanceMethod<&TrainerBinding::setLayers>("setLayers"),
                        InstanceMethod<&TrainerBinding::getLayers>("getLayers"),
                        InstanceMethod<&TrainerBinding::getState>("getState"),
                        InstanceMethod<&TrainerBinding::setState>("setState"),
                        InstanceMethod<&TrainerBinding::train>("train"), InstanceMethod<&TrainerBinding::logits>("logits"),
                        InstanceMethod<&TrainerBinding::getSkip>("getSkip"),
                        InstanceMethod<&TrainerBinding::resetSkip>("resetSkip"),
                        InstanceMethod<&TrainerBinding::timings>("timings")});
  }

  explicit TrainerBinding(const Napi::CallbackInfo& call) : ObjectWrap(call) {
    guarded(call.Env(), [&] {
      const NetworkSpec spec = specFrom(call[0]);
      if (!call[1].IsObject()) throw Napi::TypeError::New(call.Env(), "options is not an object");
      const auto options = call[1].As<Napi::Object>();
      const double threads = numberOf(options, "threads"), seed = numberOf(options, "seed");
      if (!(threads >= 1 && threads <= THREADS_MAX)) throw Napi::RangeError::New(call.Env(), "threads is not in 1..256");
      trainer_ = std::make_unique<train::Trainer>(spec, static_cast<uint64_t>(static_cast<int64_t>(seed)),
                                                  static_cast<int>(threads), chooseIsa(isaOption(options)), skipOption(options));
    });
  }

 private:
  Napi::Value setLayers(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
      trainer_->setLayers(layersFrom(call[0], trainer_->spec()));
      return call.Env().Undefined();
    });
  }

  Napi::Value getLayers(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&]() -> Napi::Value { return layersTo(call.Env(), trainer_->layers()); });
  }

  Napi::Value getState(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&]() -> Napi::Value {
      const auto state = trainer_->state();
      auto bytes = Napi::Uint8Array::New(call.Env(), state.size());
      std::memcpy(bytes.Data(), state.data(), state.size());
      return bytes;
    });
  }

  Napi::Value setState(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
      if (!call[0].IsTypedArray() || call[0].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        throw Napi::TypeError::New(call.Env(), "state is not a Uint8Array");
      const auto bytes = call[0].As<Napi::Uint8Array>();
      trainer_->setState(bytes.Data(), bytes.ElementLength());
      return call.Env().Undefined();
    });
  }

  Napi::Value train(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const train::Samples samples = samplesFrom(call[0], call[1]);
      if (!call[2].IsTypedArray() || call[2].As<Napi::TypedArray>().TypedArrayType() != napi_uint32_array)
        throw Napi::TypeError::New(env, "order is not a Uint32Array");
      const auto indices = call[2].As<Napi::Uint32Array>();
      const std::vector<uint32_t> order(indices.Data(), indices.Data() + indices.ElementLength());
      if (!call[3].IsNumber() || !(call[3].As<Napi::Number>().DoubleValue() >= 1))
        throw Napi::TypeError::New(env, "batchSize is not a positive number");
      if (!call[4].IsObject()) throw Napi::TypeError::New(env, "step is not an object");
      const auto from = call[4].As<Napi::Object>();
      train::Step step;
      step.learningRate = static_cast<float>(numberOf(from, "learningRate"));
      step.momentum = static_cast<float>(numberOf(from, "momentum"));
      step.weightDecay = static_cast<float>(numberOf(from, "weightDecay"));
      step.boostScale = static_cast<float>(numberOf(from, "boostScale"));
      const auto done = trainer_->train(samples, order, call[3].As<Napi::Number>().Uint32Value(), step);
      auto result = Napi::Object::New(env);
      result["loss"] = Napi::Number::New(env, done.loss);
      result["correct"] = Napi::Number::New(env, static_cast<double>(done.correct));
      return result;
    });
  }

  train::Samples samplesFrom(const Napi::Value& windows, const Napi::Value& targets) const {
    const FloatView view = floatsFrom(windows, "windows");
    const size_t size = trainer_->spec().inputSize();
    if (view.size % size != 0) throw Napi::RangeError::New(windows.Env(), "windows is no whole number of inputs");
    train::Samples samples;
    samples.windows = view.data;
    samples.count = view.size / size;
    if (!targets.IsTypedArray()) throw Napi::TypeError::New(windows.Env(), "targets is not a typed array");
    size_t wanted = samples.count;
    const auto array = targets.As<Napi::TypedArray>();
    if (array.TypedArrayType() == napi_int32_array) {
      samples.labels = targets.As<Napi::Int32Array>().Data();
    } else if (array.TypedArrayType() == napi_float32_array) {
      samples.distributions = targets.As<Napi::Float32Array>().Data();
      wanted *= trainer_->classes();
    } else {
      throw Napi::TypeError::New(windows.Env(), "targets is neither an Int32Array nor a Float32Array");
    }
    if (array.ElementLength() != wanted) throw Napi::RangeError::New(windows.Env(), "targets do not fit the windows");
    return samples;
  }

  Napi::Value logits(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const FloatView view = floatsFrom(call[0], "windows");
      if (!call[1].IsNumber()) throw Napi::TypeError::New(env, "count is not a number");
      const double count = call[1].As<Napi::Number>().DoubleValue();
      if (!(count >= 0) || count * trainer_->spec().inputSize() > static_cast<double>(view.size))
        throw Napi::RangeError::New(env, "count is more than there are windows");
      const auto values = trainer_->logits(view.data, static_cast<size_t>(count));
      auto result = Napi::Float32Array::New(env, values.size());
      if (!values.empty()) std::memcpy(result.Data(), values.data(), values.size() * sizeof(float));
      return result;
    });
  }

  Napi::Value getSkip(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&]() -> Napi::Value {
      if (!call[0].IsNumber()) throw Napi::TypeError::New(call.Env(), "layer is not a number");
      const auto weights = trainer_->skipWeights(call[0].As<Napi::Number>().Uint32Value());
      auto result = Napi::Float32Array::New(call.Env(), weights.size());
      std::copy(weights.begin(), weights.end(), result.Data());
      return result;
    });
  }

  Napi::Value resetSkip(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&] {
      trainer_->resetSkips();
      return call.Env().Undefined();
    });
  }

  Napi::Value timings(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    auto result = Napi::Object::New(env);
    result["forward"] = Napi::Number::New(env, trainer_->timings().forward);
    result["backward"] = Napi::Number::New(env, trainer_->timings().backward);
    result["update"] = Napi::Number::New(env, trainer_->timings().update);
    return result;
  }

  std::unique_ptr<train::Trainer> trainer_;
};

}  // namespace

void registerTrainer(Napi::Env env, Napi::Object exports) { exports["Trainer"] = TrainerBinding::define(env); }

}  // namespace winnow
