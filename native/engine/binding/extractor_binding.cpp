#include "binding/bindings.h"

namespace winnow {

void registerExtractor(Napi::Env, Napi::Object) {}

}  // namespace winnow
