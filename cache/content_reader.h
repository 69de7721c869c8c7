// SPDX-License-Identifier: MIT
//
// One open file: knows its exact size and its readers' pattern, reads through the block cache, and fetches ahead of a
// scan.
#pragma once

#include "cache/block_cache.h"
#include "cache/layout_hint.h"

#include <memory>

namespace skymount::cache {

/// Thread-safe. Shared by all handles that are open on one content, so that their patterns are seen together.
/// Its destructor stops the prefetches that nobody waits for.
class ContentReader {
 public:
  /// `hint` may be null. `cache` outlives the reader.
  ContentReader(std::shared_ptr<ByteSource> source, std::uint64_t exact_size, BlockCache& cache,
                std::shared_ptr<const LayoutHint> hint = nullptr);
  ~ContentReader();

  std::uint64_t size() const { return size_; }
  const ContentId& id() const { return source_->id(); }
  const std::shared_ptr<ByteSource>& source() const { return source_; }

  /// The end of the farthest byte that was read so far.
  std::uint64_t farthest() const;

  /// The bytes if they are all here; never waits for the network. Clipped at end of file: exactly
  /// min(length, size - offset) bytes or nothing. Feeds the pattern, may start a prefetch.
  std::optional<SharedBytes> try_read(ByteRange range);
  /// As BlockCache::when_here, for a read that try_read() had nothing for.
  bool when_here(ByteRange range, const FetchContext& ctx, BlockCache::Then then);
  /// The same, fetching what is missing. Never a short read except at end of file.
  Result<SharedBytes> read(ByteRange range, const FetchContext& ctx);
  /// The same for our own look at a file: it is no part of its readers' pattern, and nothing is fetched beyond it.
  Result<SharedBytes> read_alone(ByteRange range, const FetchContext& ctx);
  /// Starts fetching what is missing of `range`, waits for nothing.
  void fetch_ahead(ByteRange range, const FetchContext& ctx);

 private:
  class Impl;
  std::shared_ptr<ByteSource> source_;
  std::uint64_t size_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace skymount::cache
