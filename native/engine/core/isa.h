#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// Instruction sets that kernels are compiled for, best first.
enum class Isa { avx512, avx2, neon, portable };

std::string_view nameOf(Isa isa);
std::optional<Isa> isaNamed(std::string_view name);

/// What this machine can run and this build contains, best first; never empty (`portable` is always there).
const std::vector<Isa>& availableIsas();

/// The one asked for, or the best if none is. @throws std::invalid_argument when unknown or not available here
Isa chooseIsa(const std::optional<std::string>& name);

}  // namespace winnow

// Kernels: every */kernels/*.cpp is compiled once per instruction set with WINNOW_ISA defined as its name, and puts
// everything into namespace winnow::WINNOW_ISA (a table of function pointers is the usual export). In the family's header
//
//   struct ConvKernels { void (*forward)(...); };
//   WINNOW_KERNELS(ConvKernels, convKernels)
//
// declares `winnow::<isa>::convKernels` for each, and `winnow::convKernelsFor(isa)` that picks one at run time.
//
// Within a room's own namespace (winnow::train and so on) the names of its families cannot meet another room's.
//
// A kernel file must not instantiate templates or inline functions of the standard library or of shared headers: the
// linker keeps one copy of those for the whole program, and it may be the copy compiled for AVX-512.
#if WINNOW_HAS_AVX512
#define WINNOW_IF_AVX512(...) __VA_ARGS__
#else
#define WINNOW_IF_AVX512(...)
#endif
#if WINNOW_HAS_AVX2
#define WINNOW_IF_AVX2(...) __VA_ARGS__
#else
#define WINNOW_IF_AVX2(...)
#endif
#if WINNOW_HAS_NEON
#define WINNOW_IF_NEON(...) __VA_ARGS__
#else
#define WINNOW_IF_NEON(...)
#endif

#define WINNOW_KERNELS(Type, name)                                 \
  namespace portable {                                             \
  extern const Type name;                                          \
  }                                                                \
  WINNOW_IF_AVX512(namespace avx512 { extern const Type name; })   \
  WINNOW_IF_AVX2(namespace avx2 { extern const Type name; })       \
  WINNOW_IF_NEON(namespace neon { extern const Type name; })       \
  [[maybe_unused]] static const Type& name##For(Isa isa) {         \
    switch (isa) {                                                 \
      WINNOW_IF_AVX512(case Isa::avx512 : return avx512::name;)    \
      WINNOW_IF_AVX2(case Isa::avx2 : return avx2::name;)          \
      WINNOW_IF_NEON(case Isa::neon : return neon::name;)          \
      default:                                                     \
        return portable::name;                                     \
    }                                                              \
  }
