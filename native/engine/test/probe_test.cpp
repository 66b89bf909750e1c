#include "bench/probe.h"
#include "test/check.h"

namespace winnow::test {

TEST("the probe measures every instruction set") {
  for (const Isa isa : availableIsas()) {
    const Probe found = probe(isa, 1);
    CHECK(found.multiplyAdds > 0);
    CHECK(found.reads.size() == 4);
    for (size_t i = 0; i < found.reads.size(); i++) {
      CHECK(found.reads[i].bytesPerSecond > 0);
      if (i > 0) CHECK(found.reads[i].bytes > found.reads[i - 1].bytes);
    }
  }
}

}  // namespace winnow::test
