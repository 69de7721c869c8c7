// SPDX-License-Identifier: MIT
//
// One thread that ends waiting when its time is up, however busy the threads are that should have ended it.
#pragma once

#include "fs/waiting_list.h"

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

  /// Everybody who waits for such a time, or for something better to come first.
  WaitingList& callers() { return callers_; }

 private:
  void run();
  WaitingList callers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<Steady::time_point, std::function<void()>> waiting_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace skymount::fs
