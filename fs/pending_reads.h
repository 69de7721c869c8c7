// SPDX-License-Identifier: MIT
//
// Reads that a download will answer, from a thread that does not belong to the filesystem and may outlive it. They are
// known here by number, so that whoever comes after the end finds nothing.
#pragma once

#include "cache/base/bytes.h"
#include "fs/waiting.h"

#include <condition_variable>
#include <mutex>
#include <unordered_map>

namespace skymount::fs {

/// Thread-safe.
class PendingReads {
 public:
  using Caller = std::shared_ptr<Waiting<SharedBytes>>;

  std::uint64_t add(Caller caller);
  /// Hands the caller to `work`, once; not at all after close(), which waits for work that runs.
  void take(std::uint64_t number, const std::function<void(const Caller&)>& work);
  /// Whoever still waits is told that the mount is closing.
  void close();

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::uint64_t next_ = 1;
  unsigned working_ = 0;
  bool closed_ = false;
  std::unordered_map<std::uint64_t, Caller> callers_;
};

}  // namespace skymount::fs
