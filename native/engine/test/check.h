#pragma once
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// A test is a function with a name; a failed check throws.

namespace winnow::test {

struct Test {
  std::string name;
  std::function<void()> body;
};

std::vector<Test>& tests();

struct Register {
  Register(const char* name, std::function<void()> body) { tests().push_back({name, std::move(body)}); }
};

}  // namespace winnow::test

#define WINNOW_JOIN2(a, b) a##b
#define WINNOW_JOIN(a, b) WINNOW_JOIN2(a, b)
#define TEST(name)                                                                                         \
  static void WINNOW_JOIN(test_, __LINE__)();                                                              \
  static const ::winnow::test::Register WINNOW_JOIN(register_, __LINE__)(name, WINNOW_JOIN(test_, __LINE__)); \
  static void WINNOW_JOIN(test_, __LINE__)()

#define CHECK(condition)                                                                                       \
  do {                                                                                                         \
    if (!(condition)) throw std::runtime_error(std::string(__FILE__ ":") + std::to_string(__LINE__) + ": " #condition); \
  } while (false)

#define CHECK_NEAR(a, b, tolerance)                                                                                      \
  do {                                                                                                                   \
    const double left_ = (a), right_ = (b);                                                                              \
    if (!(left_ - right_ <= (tolerance) && right_ - left_ <= (tolerance))) {                                             \
      std::ostringstream text_;                                                                                          \
      text_ << __FILE__ << ":" << __LINE__ << ": " #a " = " << left_ << ", " #b " = " << right_;                         \
      text_ << ", tolerance " << (tolerance);                                                                            \
      throw std::runtime_error(text_.str());                                                                             \
    }                                                                                                                    \
  } while (false)
