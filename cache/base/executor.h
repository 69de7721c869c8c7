// SPDX-License-Identifier: MIT
//
// A bounded pool of threads with a queue. Threads start when work comes and end with the pool. Jobs that nobody wants any
// more find out by their own stop token; the pool knows nothing of that.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace skymount {

/// Thread-safe. The destructor drops jobs that have not begun and waits for those that have.
class Executor {
 public:
  using Job = std::function<void()>;
  Executor(std::string name, std::size_t max_threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// Queues `job`; after shutdown() it is destroyed unrun (a parked request then replies by its destructor).
  void submit(Job job);
  /// Drops what has not begun. Idempotent.
  void shutdown();
  /// shutdown(), and waits for what has begun. Not from one of its own jobs.
  void finish();
  std::size_t queued() const;

 private:
  void work();

  const std::string name_;
  const std::size_t max_threads_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool closing_ = false;
};

}  // namespace skymount
