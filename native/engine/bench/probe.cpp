#include "bench/probe.h"

#include <algorithm>
#include <chrono>

#include "bench/kernels.h"
#include "core/threads.h"
#include "infer/aligned.h"

namespace winnow {

namespace {

using Clock = std::chrono::steady_clock;

/// A round must be long against the clock and the start of threads, and short against a time slice of the scheduler.
constexpr double ROUND_SECONDS = 0.8e-3;
constexpr int ROUNDS = 60;
/// Sizes that lie well within the first, second and third cache of processors in use.
constexpr uint64_t READ_BYTES[] = {16u << 10, 256u << 10, 4u << 20};
/// And one well outside of all, shared out among the threads.
constexpr uint64_t MEMORY_BYTES = 64u << 20;
constexpr uint64_t MEMORY_BYTES_LEAST = 8u << 20;
/// Of the largest size one pass takes milliseconds.
constexpr int READ_ROUNDS_LARGE = 6;
constexpr uint64_t LARGE_BYTES = 1u << 20;

/// The most that `work(thread, rounds)` gets done per second, in whatever it counts, by all threads together.
template <typename Work>
double best(ThreadPool& pool, int rounds, Work&& work) {
  // How much lasts one round is found without the other threads: waking them may take longer than the work.
  const auto alone = [&](uint32_t amount) {
    double least = 1;
    for (int attempt = 0; attempt < 3; attempt++) {
      const auto start = Clock::now();
      work(size_t{0}, amount);
      least = std::min(least, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return least;
  };
  uint32_t amount = 1;
  while (amount < 1u << 30 && alone(amount) < ROUND_SECONDS) amount *= 2;
  std::vector<double> done(pool.threads());
  double most = 0;
  for (int round = 0; round < rounds; round++) {
    const auto start = Clock::now();
    pool.run(done.size(), [&](size_t task, int) { done[task] = static_cast<double>(work(task, amount)); });
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    double sum = 0;
    for (double part : done) sum += part;
    most = std::max(most, sum / seconds);
  }
  return most;
}

}  // namespace

Probe probe(Isa isa, int threads) {
  const ProbeKernels& kernels = probeKernelsFor(isa);
  ThreadPool pool(threads);
  // Factors that neither grow without bound nor die away; one line of the cache apart, so that threads do not share one.
  struct alignas(128) Sinks {
    float floats[32];
    int32_t integers[32];
  };
  std::vector<Sinks> sinks(threads);
  for (auto& sink : sinks) {
    std::fill(std::begin(sink.floats), std::end(sink.floats), 0.5f);
    std::fill(std::begin(sink.integers), std::end(sink.integers), 0x01010101);
  }
  Probe found{};
  found.multiplyAdds = best(pool, ROUNDS, [&](size_t thread, uint32_t rounds) {
    auto* sink = sinks[thread].floats;
    std::fill(sink, sink + 32, 0.5f);
    return kernels.multiplyAdd(rounds, sink);
  });
  if (kernels.multiplyAdd8) {
    found.multiplyAdds8 = best(pool, ROUNDS, [&](size_t thread, uint32_t rounds) {
      auto* sink = sinks[thread].integers;
      std::fill(sink, sink + 32, 0x01010101);
      return kernels.multiplyAdd8(rounds, sink);
    });
  }
  std::vector<AlignedVector<float>> memory(threads);
  std::vector<uint64_t> sizes(std::begin(READ_BYTES), std::end(READ_BYTES));
  sizes.push_back(std::max(MEMORY_BYTES / threads / MEMORY_BYTES_LEAST, uint64_t{1}) * MEMORY_BYTES_LEAST);
  for (const uint64_t bytes : sizes) {
    const size_t count = bytes / sizeof(float);
    for (auto& part : memory) part.assign(count, 1.0f);
    const double perSecond = best(pool, bytes > LARGE_BYTES ? READ_ROUNDS_LARGE : ROUNDS, [&](size_t thread, uint32_t passes) {
      float sum = 0;
      for (uint32_t pass = 0; pass < passes; pass++) sum += kernels.read(memory[thread].data(), count);
      sinks[thread].floats[0] = sum;
      return bytes * passes;
    });
    found.reads.push_back({bytes, perSecond});
  }
  return found;
}

}  // namespace winnow
