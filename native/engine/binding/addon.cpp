#include "binding/bindings.h"
#include "core/isa.h"
#include "core/threads.h"

namespace winnow {

namespace {

Napi::Value info(const Napi::CallbackInfo& call) {
  const Napi::Env env = call.Env();
  const auto& isas = availableIsas();
  auto available = Napi::Array::New(env, isas.size());
  for (size_t i = 0; i < isas.size(); i++)
    available[static_cast<uint32_t>(i)] = Napi::String::New(env, std::string(nameOf(isas[i])));
  auto result = Napi::Object::New(env);
  result["isa"] = Napi::String::New(env, std::string(nameOf(isas.front())));
  result["available"] = available;
  result["cores"] = Napi::Number::New(env, coreCount());
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports["info"] = Napi::Function::New(env, info, "info");
  registerNetwork(env, exports);
  registerStream(env, exports);
  registerTrainer(env, exports);
  registerExtractor(env, exports);
  registerProbe(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(winnow, initialise)

}  // namespace winnow
