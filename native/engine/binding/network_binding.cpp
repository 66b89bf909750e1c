#include "binding/bindings.h"

namespace winnow {

void registerNetwork(Napi::Env, Napi::Object) {}

}  // namespace winnow
