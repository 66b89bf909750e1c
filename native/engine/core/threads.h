#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace winnow {

/// A pool of threads that stay. One caller at a time; the caller works too.
///
/// Results must not depend on which thread does what: a task writes only what belongs to it, and whatever is summed
/// across tasks is summed afterwards in the order of the tasks. Then the number of threads cannot change a bit.
class ThreadPool {
 public:
  /// @param threads workers, the caller included; at least 1
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls `body(task, worker)` for each task of 0..tasks-1, worker in 0..threads-1; returns when all are done.
  /// The first exception of a task is thrown here, after the others have finished.
  template <typename Body>
  void run(size_t tasks, Body&& body) {
    if (tasks == 0) return;
    if (workers_.empty() || tasks == 1) {
      for (size_t task = 0; task < tasks; task++) body(task, 0);
      return;
    }
    using Plain = std::remove_reference_t<Body>;
    start([](void* context, size_t task, int worker) { (*static_cast<Plain*>(context))(task, worker); },
          const_cast<void*>(static_cast<const void*>(&body)), tasks);
  }

 private:
  using Call = void (*)(void*, size_t, int);
  void start(Call call, void* context, size_t tasks);
  void work(int worker);
  void takeTasks(int worker);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<unsigned> round_{0};
  std::atomic<bool> ending_{false};
  std::atomic<int> busy_{0};
  std::atomic<size_t> next_{0};
  Call call_ = nullptr;
  void* context_ = nullptr;
  size_t tasks_ = 0;
  std::exception_ptr failure_;
};

/// Cores that this process may use.
int coreCount();

}  // namespace winnow
