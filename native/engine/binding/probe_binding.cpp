#include "bench/probe.h"
#include "binding/bindings.h"

namespace winnow {

namespace {

constexpr int THREADS_MAX = 256;

/// probe({ isa?, threads })
Napi::Value probeCall(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  return guarded(env, [&]() -> Napi::Value {
    if (!call[0].IsObject()) throw Napi::TypeError::New(env, "options is not an object");
    const Napi::Value threads = call[0].As<Napi::Object>().Get("threads");
    if (!threads.IsNumber()) throw Napi::TypeError::New(env, "threads is not a number");
    const int wanted = threads.As<Napi::Number>().Int32Value();
    if (wanted < 1 || wanted > THREADS_MAX) throw Napi::RangeError::New(env, "threads lies between 1 and 256");
    const Probe found = probe(chooseIsa(isaOption(call[0])), wanted);
    auto result = Napi::Object::New(env);
    result["multiplyAddsPerSecond"] = Napi::Number::New(env, found.multiplyAdds);
    if (found.multiplyAdds8 > 0) result["multiplyAdds8PerSecond"] = Napi::Number::New(env, found.multiplyAdds8);
    auto reads = Napi::Array::New(env, found.reads.size());
    for (uint32_t i = 0; i < found.reads.size(); i++) {
      auto read = Napi::Object::New(env);
      read["bytes"] = Napi::Number::New(env, static_cast<double>(found.reads[i].bytes));
      read["bytesPerSecond"] = Napi::Number::New(env, found.reads[i].bytesPerSecond);
      reads[i] = read;
    }
    result["reads"] = reads;
    return result;
  });
}

}  // namespace

void registerProbe(Napi::Env env, Napi::Object exports) { exports["probe"] = Napi::Function::New(env, probeCall, "probe"); }

}  // namespace winnow
