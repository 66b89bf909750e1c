#include "core/threads.h"

#include <algorithm>

#ifdef __linux__
#include <sched.h>
#endif

namespace winnow {

namespace {

/// How often a waiting thread looks again before it sleeps: some tens of microseconds, the usual gap between two rounds.
constexpr int SPINS = 2000;

void pauseOnce() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

int coreCount() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPool::ThreadPool(int threads) {
  for (int worker = 1; worker < threads; worker++) workers_.emplace_back([this, worker] { work(worker); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::takeTasks(int worker) {
  try {
    for (size_t task; (task = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;) call_(context_, task, worker);
  } catch (...) {
    std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
  }
}

void ThreadPool::start(Call call, void* context, size_t tasks) {
  {
    std::lock_guard lock(mutex_);
    call_ = call;
    context_ = context;
    tasks_ = tasks;
    failure_ = nullptr;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  takeTasks(0);
  for (int spins = 0; busy_.load(std::memory_order_acquire) != 0;)
    if (++spins < SPINS)
      pauseOnce();
    else
      std::this_thread::yield();
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::work(int worker) {
  unsigned seen = 0;
  for (;;) {
    for (int spins = 0; spins < SPINS && round_.load(std::memory_order_acquire) == seen && !ending_; spins++) pauseOnce();
    if (round_.load(std::memory_order_acquire) == seen) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return ending_ || round_.load(std::memory_order_acquire) != seen; });
    }
    if (ending_) return;
    seen++;
    takeTasks(worker);
    busy_.fetch_sub(1, std::memory_order_release);
  }
}

}  // namespace winnow
