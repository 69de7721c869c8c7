// SPDX-License-Identifier: MIT
//
// Granules that the disk did not take (full, or over the cache's limit), kept in memory until newer ones push them out.
// With it a scan of a large file, or a small computed answer, still works when nothing can be written.
#pragma once

#include "cache/base/bytes.h"

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace skymount::cache {

/// Thread-safe.
class MemoryShelf {
 public:
  explicit MemoryShelf(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  void put(const std::string& content, std::uint64_t granule, ByteView bytes);
  /// Null when it is not here (any more).
  std::shared_ptr<const Bytes> get(const std::string& content, std::uint64_t granule) const;
  void erase(const std::string& content);
  /// Granules of a held content are pushed out only when there are no others. Holds are counted.
  void hold(const std::string& content);
  void release(const std::string& content);
  bool held(const std::string& content) const;
  /// Cheap enough for the fast path: true nearly always.
  bool empty() const;

 private:
  using Key = std::pair<std::string, std::uint64_t>;
  using Slots = std::map<Key, std::shared_ptr<const Bytes>>;
  void forget(Slots::iterator slot);
  void push_out_one();

  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  Slots slots_;
  std::list<Key> oldest_first_;
  std::map<std::string, unsigned> holds_;
  std::uint64_t bytes_ = 0;
};

}  // namespace skymount::cache
