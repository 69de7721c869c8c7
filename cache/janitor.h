// SPDX-License-Identifier: MIT
//
// Keeps the cache below its size: evicts the contents that were used least recently, never one that is pinned or at
// work.
#pragma once

#include "cache/block_store.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace skymount::cache {

/// Thread-safe. Its thread ends with it.
class Janitor {
 public:
  /// Called from the janitor's thread.
  struct Work {
    /// Removes at least so many bytes of a content, or all of it, unless it is at work; true when that is done.
    std::function<bool(const std::string& hex, std::uint64_t bytes)> evict;
    /// The time of last use of a content that is open, newer than what the index says; 0 when it is not open.
    std::function<std::int64_t(const std::string& hex)> used_ms;
    /// Gives disk space back that no record knows.
    std::function<void()> mend;
  };

  Janitor(std::shared_ptr<BlockStore> store, std::uint64_t max_bytes, Work work);
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  /// Ends its thread; nothing is evicted any more. Idempotent; not to be called from two threads at once.
  void stop();
  /// To be called after bytes were stored. Cheap.
  void look();

 private:
  void run();
  void mend();
  bool clean();
  // Its thread's own:
  bool swept_ = false;
  std::optional<std::chrono::steady_clock::time_point> mended_;

  const std::shared_ptr<BlockStore> store_;
  const std::uint64_t max_bytes_;
  const std::uint64_t clean_above_;
  const Work work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false, closing_ = false;
  std::thread thread_;
};

}  // namespace skymount::cache
