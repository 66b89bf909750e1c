#include "core/isa.h"

#include <algorithm>
#include <stdexcept>

namespace winnow {

std::string_view nameOf(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::neon:
      return "neon";
    default:
      return "portable";
  }
}

std::optional<Isa> isaNamed(std::string_view name) {
  for (Isa isa : {Isa::avx512, Isa::avx2, Isa::neon, Isa::portable})
    if (nameOf(isa) == name) return isa;
  return std::nullopt;
}

const std::vector<Isa>& availableIsas() {
  static const std::vector<Isa> available = [] {
    std::vector<Isa> found;
#if WINNOW_HAS_AVX512 || WINNOW_HAS_AVX2
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
#if WINNOW_HAS_AVX512
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi2"))
      found.push_back(Isa::avx512);
#endif
#if WINNOW_HAS_AVX2
    if (avx2) found.push_back(Isa::avx2);
#endif
#endif
#if WINNOW_HAS_NEON
    found.push_back(Isa::neon);
#endif
    found.push_back(Isa::portable);
    return found;
  }();
  return available;
}

Isa chooseIsa(const std::optional<std::string>& name) {
  const auto& available = availableIsas();
  if (!name) return available.front();
  const auto isa = isaNamed(*name);
  if (!isa) throw std::invalid_argument("unknown instruction set: " + *name);
  if (std::find(available.begin(), available.end(), *isa) == available.end())
    throw std::invalid_argument("this machine has no " + *name);
  return *isa;
}

}  // namespace winnow
