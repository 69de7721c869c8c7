// SPDX-License-Identifier: MIT
//
// One thread that ends waiting when its time is up, however busy the threads are that should have ended it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace skymount::fs {

/// Thread-safe.
class Deadlines {
 public:
  using Steady = std::chrono::steady_clock;
  Deadlines();
  ~Deadlines();
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  /// Calls `expired` once at `when`, on the deadlines' own thread; it must be quick. Not called any more after the
  /// destructor began. Hold weak pointers in it: it is kept until its time.
  void at(Steady::time_point when, std::function<void()> expired);

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<Steady::time_point, std::function<void()>> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace skymount::fs
