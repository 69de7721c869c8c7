// SPDX-License-Identifier: MIT
//
// The readers of one archive: one for all that have a version open, and what may only happen once nobody has it open.
#pragma once

#include "cache/block_cache.h"
#include "cache/content_reader.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace skymount::vo {

/// Thread-safe. Readers may outlive it, but not the block cache.
class OpenReaders : public std::enable_shared_from_this<OpenReaders> {
 public:
  using Reader = std::shared_ptr<cache::ContentReader>;

  explicit OpenReaders(cache::BlockCache& blocks) : blocks_(blocks) {}

  /// The open reader of this version; null when there is none.
  Reader find(const cache::ContentId& id);
  /// The same, made on `source` when there is none.
  Reader find_or_make(const std::shared_ptr<cache::ByteSource>& source, std::uint64_t size);
  /// Whoever has it open keeps it; the next open gets another.
  void disown(const cache::ContentId& id);
  /// Keeps a reader open for some seconds though nobody has it.
  void keep(Reader reader);

  /// Counts as a user while the result lives.
  [[nodiscard]] std::shared_ptr<void> use(const cache::ContentId& id);
  /// A reader of it or a use() lives.
  bool in_use(const cache::ContentId& id) const;
  /// Removes its cached bytes, now or when its last user leaves; unless keep_bytes() comes first.
  void drop_when_unused(const cache::ContentId& id);
  void keep_bytes(const cache::ContentId& id);

 private:
  struct Kept {
    std::chrono::steady_clock::time_point until;
    Reader reader;
  };
  void left(const cache::ContentId& id);
  void let_go_of_kept();

  cache::BlockCache& blocks_;
  mutable std::mutex mutex_;  // no reader may end under it
  std::map<std::string, std::weak_ptr<cache::ContentReader>> readers_;
  std::map<std::string, unsigned> users_;
  std::set<std::string> superseded_;
  std::deque<Kept> kept_;  // oldest first
};

}  // namespace skymount::vo
