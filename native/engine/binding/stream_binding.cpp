#include <memory>

#include "binding/bindings.h"
#include "infer/stream.h"

namespace winnow {

namespace {

class StreamBinding : public Napi::ObjectWrap<StreamBinding> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Stream",
                       {StaticMethod<&StreamBinding::fits>("fits"), InstanceMethod<&StreamBinding::step>("step"),
                        InstanceAccessor<&StreamBinding::isa>("isa")});
  }

  explicit StreamBinding(const Napi::CallbackInfo& call) : Napi::ObjectWrap<StreamBinding>(call) {
    guarded(call.Env(), [&] {
      const NetworkSpec spec = specFrom(call[0]);
      stream_ = std::make_unique<Stream>(spec, layersFrom(call[1], spec), chooseIsa(isaOption(call[2])));
    });
  }

 private:
  /// fits(spec)
  static Napi::Value fits(const Napi::CallbackInfo& call) {
    return guarded(call.Env(), [&]() -> Napi::Value { return Napi::Boolean::New(call.Env(), Stream::fits(specFrom(call[0]))); });
  }

  Napi::Value isa(const Napi::CallbackInfo& call) { return Napi::String::New(call.Env(), std::string(nameOf(stream_->isa()))); }

  /// step(window, factor, offset)
  Napi::Value step(const Napi::CallbackInfo& call) {
    const Napi::Env env = call.Env();
    return guarded(env, [&]() -> Napi::Value {
      const FloatView window = floatsFrom(call[0], "window");
      if (window.size != stream_->inputSize())
        throw Napi::RangeError::New(env, "window has not " + std::to_string(stream_->inputSize()) + " values");
      if (!call[1].IsNumber() || !call[2].IsNumber()) throw Napi::TypeError::New(env, "factor and offset are numbers");
      auto logits = Napi::Float32Array::New(env, stream_->classes());
      auto active = Napi::Uint32Array::New(env, stream_->layers()), multiplies = Napi::Uint32Array::New(env, stream_->layers());
      stream_->step(window.data, call[1].As<Napi::Number>().FloatValue(), call[2].As<Napi::Number>().FloatValue(), logits.Data(),
                    active.Data(), multiplies.Data());
      auto object = Napi::Object::New(env);
      object["logits"] = logits;
      object["active"] = active;
      object["multiplies"] = multiplies;
      return object;
    });
  }

  std::unique_ptr<Stream> stream_;
};

}  // namespace

void registerStream(Napi::Env env, Napi::Object exports) { exports["Stream"] = StreamBinding::define(env); }

}  // namespace winnow
