#include <cstring>

#include "binding/bindings.h"

namespace winnow {

namespace {

Napi::Object objectFrom(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), std::string(what) + " is not an object");
  return value.As<Napi::Object>();
}

double number(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsNumber()) throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a number");
  return value.As<Napi::Number>().DoubleValue();
}

uint32_t count(const Napi::Object& from, const char* key) {
  const double value = number(from, key);
  if (!(value >= 0 && value <= 1e9) || value != static_cast<uint32_t>(value))
    throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a count");
  return static_cast<uint32_t>(value);
}

uint32_t positive(const Napi::Object& from, const char* key) {
  const uint32_t value = count(from, key);
  if (value == 0) throw Napi::TypeError::New(from.Env(), std::string(key) + " is zero");
  return value;
}

bool flag(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsBoolean()) throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a boolean");
  return value.As<Napi::Boolean>();
}

std::string text(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsString()) throw Napi::TypeError::New(from.Env(), std::string(key) + " is not a string");
  return value.As<Napi::String>();
}

Selection selectionFrom(const Napi::Object& from) {
  const std::string kind = text(from, "kind");
  Selection selection;
  if (kind == "global") {
    selection.kind = SelectionKind::global;
  } else if (kind == "local") {
    selection.kind = SelectionKind::local;
  } else if (kind == "perChannel") {
    selection.kind = SelectionKind::perChannel;
  } else if (kind == "volume") {
    selection.kind = SelectionKind::volume;
    selection.channels = positive(from, "channels");
    selection.height = positive(from, "height");
    selection.width = positive(from, "width");
  } else if (kind == "group") {
    selection.kind = SelectionKind::group;
    selection.size = positive(from, "size");
  } else if (kind == "threshold") {
    selection.kind = SelectionKind::threshold;
    selection.value = number(from, "value");
  } else {
    throw Napi::TypeError::New(from.Env(), "unknown selection: " + kind);
  }
  return selection;
}

Activation activationFrom(const Napi::Object& from) {
  const std::string kind = text(from, "kind");
  Activation activation;
  if (kind == "none") {
    activation.kind = ActivationKind::none;
  } else if (kind == "relu") {
    activation.kind = ActivationKind::relu;
  } else if (kind == "leakyRelu") {
    activation.kind = ActivationKind::leakyRelu;
    activation.slope = number(from, "slope");
  } else if (kind == "kWinners") {
    activation.kind = ActivationKind::kWinners;
    KWinners& winners = activation.winners;
    winners.selection = selectionFrom(objectFrom(from.Get("selection"), "selection"));
    const auto k = objectFrom(from.Get("count"), "count");
    if (k.Has("k"))
      winners.count.k = count(k, "k");
    else
      winners.count.percentOn = number(k, "percentOn");
    winners.kInferenceFactor = number(from, "kInferenceFactor");
    const auto boosting = objectFrom(from.Get("boosting"), "boosting");
    winners.boosting.strength = number(boosting, "strength");
    winners.boosting.strengthFactor = number(boosting, "strengthFactor");
    winners.boosting.dutyCyclePeriod = positive(boosting, "dutyCyclePeriod");
    winners.boosting.atInference = flag(boosting, "atInference");
  } else {
    throw Napi::TypeError::New(from.Env(), "unknown activation: " + kind);
  }
  return activation;
}

LayerSpec layerFrom(const Napi::Object& from) {
  LayerSpec layer;
  const std::string type = text(from, "type");
  layer.name = text(from, "name");
  layer.weightDensity = number(from, "weightDensity");
  layer.batchNorm = flag(from, "batchNorm");
  layer.activation = activationFrom(objectFrom(from.Get("activation"), "activation"));
  if (type == "conv") {
    layer.type = LayerType::conv;
    layer.channels = positive(from, "channels");
    layer.kernel = positive(from, "kernel");
    layer.pool = positive(from, "pool");
    layer.activationBeforePool = flag(from, "activationBeforePool");
  } else if (type == "linear") {
    layer.type = LayerType::linear;
    layer.channels = positive(from, "units");
    layer.dropout = number(from, "dropout");
  } else {
    throw Napi::TypeError::New(from.Env(), "unknown layer type: " + type);
  }
  return layer;
}

std::vector<float> floatsCopied(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (value.IsUndefined()) return {};
  const FloatView view = floatsFrom(value, key);
  return {view.data, view.data + view.size};
}

Napi::Float32Array floatsTo(Napi::Env env, const std::vector<float>& values) {
  auto array = Napi::Float32Array::New(env, values.size());
  if (!values.empty()) std::memcpy(array.Data(), values.data(), values.size() * sizeof(float));
  return array;
}

}  // namespace

FloatView floatsFrom(const Napi::Value& value, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array)
    throw Napi::TypeError::New(value.Env(), std::string(what) + " is not a Float32Array");
  const auto array = value.As<Napi::Float32Array>();
  return {array.Data(), array.ElementLength()};
}

std::optional<std::string> isaOption(const Napi::Value& options) {
  if (options.IsUndefined()) return std::nullopt;
  const Napi::Value isa = objectFrom(options, "options").Get("isa");
  if (isa.IsUndefined()) return std::nullopt;
  if (!isa.IsString()) throw Napi::TypeError::New(options.Env(), "isa is not a string");
  return isa.As<Napi::String>().Utf8Value();
}

NetworkSpec specFrom(const Napi::Value& value) {
  const auto from = objectFrom(value, "spec");
  NetworkSpec spec;
  spec.name = text(from, "name");
  const auto input = objectFrom(from.Get("input"), "input");
  spec.inputChannels = positive(input, "channels");
  spec.inputHeight = positive(input, "height");
  spec.inputWidth = positive(input, "width");
  const Napi::Value layers = from.Get("layers");
  if (!layers.IsArray()) throw Napi::TypeError::New(from.Env(), "layers is not an array");
  const auto array = layers.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) spec.layers.push_back(layerFrom(objectFrom(array.Get(i), "layer")));
  shapesOf(spec);
  return spec;
}

std::vector<LayerTensors> layersFrom(const Napi::Value& value, const NetworkSpec& spec) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "layers is not an array");
  const auto array = value.As<Napi::Array>();
  std::vector<LayerTensors> layers(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    const auto from = objectFrom(array.Get(i), "layer");
    layers[i].weight = floatsCopied(from, "weight");
    layers[i].bias = floatsCopied(from, "bias");
    layers[i].mean = floatsCopied(from, "mean");
    layers[i].variance = floatsCopied(from, "variance");
    layers[i].dutyCycle = floatsCopied(from, "dutyCycle");
    const Napi::Value mask = from.Get("mask");
    if (!mask.IsUndefined()) {
      if (!mask.IsTypedArray() || mask.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
        throw Napi::TypeError::New(value.Env(), "mask is not a Uint8Array");
      const auto bytes = mask.As<Napi::Uint8Array>();
      layers[i].mask.assign(bytes.Data(), bytes.Data() + bytes.ElementLength());
    }
  }
  checkTensors(spec, layers);
  return layers;
}

Napi::Array layersTo(Napi::Env env, const std::vector<LayerTensors>& layers) {
  auto array = Napi::Array::New(env, layers.size());
  for (size_t i = 0; i < layers.size(); i++) {
    const LayerTensors& layer = layers[i];
    auto object = Napi::Object::New(env);
    object["weight"] = floatsTo(env, layer.weight);
    if (!layer.mask.empty()) {
      auto mask = Napi::Uint8Array::New(env, layer.mask.size());
      std::memcpy(mask.Data(), layer.mask.data(), layer.mask.size());
      object["mask"] = mask;
    }
    object["bias"] = floatsTo(env, layer.bias);
    if (!layer.mean.empty()) {
      object["mean"] = floatsTo(env, layer.mean);
      object["variance"] = floatsTo(env, layer.variance);
    }
    if (!layer.dutyCycle.empty()) object["dutyCycle"] = floatsTo(env, layer.dutyCycle);
    array[static_cast<uint32_t>(i)] = object;
  }
  return array;
}

}  // namespace winnow
