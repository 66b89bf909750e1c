#pragma once
#include <cstddef>
#include <new>
#include <vector>

namespace winnow {

/// A cache line, and the widest register.
constexpr size_t LINE_BYTES = 64;

template <typename T>
struct LineAllocator {
  using value_type = T;
  LineAllocator() = default;
  template <typename U>
  LineAllocator(const LineAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t(LINE_BYTES))); }
  void deallocate(T* at, size_t) { ::operator delete(at, std::align_val_t(LINE_BYTES)); }
  template <typename U>
  bool operator==(const LineAllocator<U>&) const {
    return true;
  }
};

/// A vector that begins on a cache line, so that a block of weights never straddles two.
template <typename T>
using AlignedVector = std::vector<T, LineAllocator<T>>;

}  // namespace winnow
