#pragma once
#include <napi.h>

#include <optional>
#include <string>
#include <vector>

#include "core/spec.h"

namespace winnow {

// Each binding puts its class into the add-on's exports. The add-on may be loaded by several threads of one process:
// no binding keeps state outside its instances.
void registerNetwork(Napi::Env env, Napi::Object exports);
void registerStream(Napi::Env env, Napi::Object exports);
void registerTrainer(Napi::Env env, Napi::Object exports);
void registerExtractor(Napi::Env env, Napi::Object exports);
void registerProbe(Napi::Env env, Napi::Object exports);

// Conversions from what src/shared/network.ts and src/worker/network/model.ts declare. All throw Napi::TypeError (or
// std::invalid_argument from the core) on anything else.
NetworkSpec specFrom(const Napi::Value& value);
std::vector<LayerTensors> layersFrom(const Napi::Value& value, const NetworkSpec& spec);
Napi::Array layersTo(Napi::Env env, const std::vector<LayerTensors>& layers);

/// The `isa` of an options object, if it is there.
std::optional<std::string> isaOption(const Napi::Value& options);

/// A Float32Array as a view; the array must outlive it.
struct FloatView {
  const float* data;
  size_t size;
};
FloatView floatsFrom(const Napi::Value& value, const char* what);

/// Runs `body`, turning any C++ exception into a JavaScript one.
template <typename Body>
auto guarded(Napi::Env env, Body&& body) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw Napi::Error::New(env, error.what());
  }
}

}  // namespace winnow
