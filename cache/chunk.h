// SPDX-License-Identifier: MIT
//
// Memory into which a download is written, once: readers are answered from it while it fills and for a while after, and
// what goes to disk is written from it. The memory comes from a pool, because making the pages of 256 MiB anew costs as
// much as copying them.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"
#include "cache/granule.h"

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace skymount::cache {

// Two of the kernel's readahead requests: each lies within one chunk and is answered without a copy. One stroke to the
// disk, few system calls and index changes. Whole granules, and a whole number of them in an extent.
inline constexpr std::uint64_t kChunkSize = 256 * 1024;

/// A stretch of a file between two multiples of kChunkSize. Bytes below `filled` never change, so that they may be read
/// while the rest comes; who guards `filled` is its owner's business.
struct Chunk {
  std::uint64_t base = 0;  ///< where in the file
  std::uint64_t room = 0;  ///< bytes that it can take
  std::uint64_t filled = 0;
  std::shared_ptr<std::byte[]> memory;

  ByteRange range() const { return {base, filled}; }
  ByteView view(ByteRange part) const { return {memory.get() + (part.offset - base), part.length}; }
};
using ChunkPtr = std::shared_ptr<Chunk>;

/// The bytes, when one chunk has all of them.
inline std::optional<SharedBytes> part_of(const ChunkPtr& chunk, ByteRange range) {
  if (!chunk || !chunk->range().contains(range)) return std::nullopt;
  return SharedBytes(chunk->memory, chunk->view(range));
}

/// Thread-safe. Chunks may outlive it.
class ChunkPool {
 public:
  /// Memory of at most `spare_bytes` waits here to be used again.
  explicit ChunkPool(std::uint64_t spare_bytes);
  /// An empty chunk that begins at `offset` and takes `wanted` bytes, or less: none reaches beyond the next multiple of
  /// kChunkSize.
  ChunkPtr chunk_at(std::uint64_t offset, std::uint64_t wanted);

 private:
  struct Spare;
  std::shared_ptr<Spare> spare_;
};

/// The chunks that came last, of all contents: a reader who follows a download is answered from here instead of from
/// the disk. First in, first out. Thread-safe.
class RecentChunks {
 public:
  explicit RecentChunks(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// `content` is any address that stands for it, until erase(). The chunk is not filled any further.
  void put(const void* content, ChunkPtr chunk);
  std::optional<SharedBytes> find(const void* content, ByteRange range) const;
  /// What is here of `range`, piece by piece, in order.
  std::vector<ChunkPtr> within(const void* content, ByteRange range) const;
  void erase(const void* content);

 private:
  using Key = std::pair<const void*, std::uint64_t>;
  using Chunks = std::map<Key, ChunkPtr>;
  Chunks::const_iterator at_or_before(const Key& key) const;

  const std::uint64_t max_bytes_;
  mutable std::mutex mutex_;
  Chunks chunks_;
  std::list<Key> oldest_first_;
  std::uint64_t bytes_ = 0;
};

}  // namespace skymount::cache
