// SPDX-License-Identifier: MIT
//
// Fetches ahead for one open file: what its access pattern and its layout make likely. What it has begun for a scan
// that is over, or for a file that is closed, it stops.
#pragma once

#include "cache/access_pattern.h"
#include "cache/block_cache.h"
#include "cache/layout_hint.h"

#include <map>
#include <mutex>

namespace skymount::cache {

/// Thread-safe. Never waits for the network.
class Prefetcher {
 public:
  /// `cache` outlives it; `hint` may be null.
  Prefetcher(std::shared_ptr<ByteSource> source, std::uint64_t size, BlockCache& cache,
             std::shared_ptr<const LayoutHint> hint);
  ~Prefetcher();

  struct Advice {
    ByteRange fetch;             ///< what to fetch in one go should the read be missing
    bool look_at_bytes = false;  ///< the layout may tell more: call seen() with what was read
  };
  /// Whether on_read(range) wants to know the file's head first: call head() with its first bytes, as far as they are
  /// here. True once.
  bool wants_head(ByteRange range);
  void head(ByteView bytes);
  /// Takes note of a read and starts what it makes worth having.
  Advice on_read(ByteRange range);
  /// Starts what the file's structure makes likely after these bytes.
  void seen(std::uint64_t offset, ByteView bytes);

 private:
  void start(const std::vector<ByteRange>& ranges, std::stop_token stop);

  const std::shared_ptr<ByteSource> source_;
  const std::uint64_t size_;
  BlockCache& cache_;
  const std::shared_ptr<const LayoutHint> hint_;
  std::stop_source closed_;
  std::mutex mutex_;
  AccessPattern pattern_;
  std::map<std::uint64_t, std::stop_source> running_;  // by stream
  bool head_seen_ = false;
};

}  // namespace skymount::cache
