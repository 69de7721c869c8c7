// SPDX-License-Identifier: MIT
//
// Keeps the cache below its size: evicts the contents that were used least recently, never one that is pinned or at
// work.
#pragma once

#include "cache/block_store.h"

#include <condition_variable>
#include <thread>

namespace skymount::cache {

/// Thread-safe. Its thread ends with it.
class Janitor {
 public:
  /// Removes a content unless it is at work; true when it is gone. Called from the janitor's thread.
  using Evict = std::function<bool(const std::string& hex)>;
  /// The time of last use of a content that is open, newer than what the index says; 0 when it is not open.
  using UsedMs = std::function<std::int64_t(const std::string& hex)>;

  Janitor(std::shared_ptr<BlockStore> store, std::uint64_t max_bytes, Evict evict, UsedMs used);
  ~Janitor();
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  /// Ends its thread; nothing is evicted any more. Idempotent; not to be called from two threads at once.
  void stop();
  /// To be called after bytes were stored. Cheap.
  void look();

 private:
  void work();
  void clean();

  const std::shared_ptr<BlockStore> store_;
  const std::uint64_t max_bytes_;
  const Evict evict_;
  const UsedMs used_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool wanted_ = false, closing_ = false;
  std::thread thread_;
};

}  // namespace skymount::cache
