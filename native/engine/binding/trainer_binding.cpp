#include "binding/bindings.h"

namespace winnow {

void registerTrainer(Napi::Env, Napi::Object) {}

}  // namespace winnow
