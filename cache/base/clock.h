// SPDX-License-Identifier: MIT
//
// Wall time, passed in: a test that waits a day for a listing to expire advances a ManualClock.
// Budgets of single calls (FetchContext::deadline) use std::chrono::steady_clock directly, because they bound real waiting.
#pragma once

#include <atomic>
#include <chrono>

namespace skymount {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start = WallTime(std::chrono::hours(24 * 365 * 50))) : now_(start.time_since_epoch().count()) {}
  WallTime now() const override { return WallTime(std::chrono::milliseconds(now_.load())); }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
};

}  // namespace skymount
