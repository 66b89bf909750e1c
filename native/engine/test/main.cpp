#include <cstdio>
#include <cstring>

#include "test/check.h"

namespace winnow::test {

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

}  // namespace winnow::test

/// Runs all tests, or those whose name contains the first argument. The status is the number that failed, at most 100.
int main(int argc, char** argv) {
  int ran = 0, failed = 0;
  for (const auto& test : winnow::test::tests()) {
    if (argc > 1 && !std::strstr(test.name.c_str(), argv[1])) continue;
    ran++;
    try {
      test.body();
      std::printf("ok    %s\n", test.name.c_str());
    } catch (const std::exception& error) {
      failed++;
      std::printf("FAIL  %s\n      %s\n", test.name.c_str(), error.what());
    }
  }
  std::printf("%d tests, %d failed\n", ran, failed);
  return ran == 0 ? 1 : failed > 100 ? 100 : failed;
}
