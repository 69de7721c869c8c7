// SPDX-License-Identifier: MIT
//
// Bytes of many files, kept on disk in granules, fetched when missing. Every read of remote data in the mount ends
// here.
//
// A read names a source and a range. Granules on disk are verified and returned; missing ones are fetched by transfers
// that all waiting readers share (two readers of one range cause one fetch). Everything a source delivers is kept, also
// beyond what was asked.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/bytes.h"
#include "cache/base/fetch_context.h"
#include "cache/base/result.h"
#include "cache/byte_source.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace skymount::cache {

class Lmdb;

struct BlockCacheOptions {
  std::filesystem::path dir;                 ///< 0700; created when missing
  std::uint64_t max_bytes = 50'000'000'000;  ///< on disk; the janitor evicts least recently used contents above it
  std::uint64_t memory_bytes = 256ULL * 1024 * 1024;  ///< budget for bytes in flight
  unsigned fetch_threads_per_archive = 4;  ///< parallel transfers of one archive; one archive never waits for another
};

/// Thread-safe.
class BlockCache {
 public:
  static Result<std::unique_ptr<BlockCache>> open(BlockCacheOptions options, std::shared_ptr<Lmdb> lmdb);
  virtual ~BlockCache() = default;

  /// What is already on disk, or nothing when any byte of it is missing or fails its checksum. Never waits for network.
  virtual std::optional<SharedBytes> read_cached(const ContentId& id, ByteRange range) = 0;

  /// `range` of the file, fetched where missing. `range` must lie inside the size (the caller clips at end of file).
  /// Waits at most until ctx.deadline (timed_out) or ctx.stop (cancelled); the transfer goes on while others wait for
  /// it. `fetch_hint` is how much may be fetched in one go when this range is missing: at least range, in file bounds.
  virtual Result<SharedBytes> read(const std::shared_ptr<ByteSource>& source, ByteRange range, ByteRange fetch_hint,
                                   const FetchContext& ctx) = 0;

  /// For who must not wait. True: `range` is on its way, and `then` is called once, on the thread that brings it: with
  /// the bytes, or with nothing when they will not come that way after all, or when ctx.stop says that nobody wants
  /// them. It must not block. False: `then` is not called, and read() is to be asked.
  using Then = std::function<void(std::optional<SharedBytes>)>;
  virtual bool when_here(const ContentId& id, ByteRange range, const FetchContext& ctx, Then then) = 0;

  /// Starts fetching what is missing of `range`, waits for nothing.
  virtual void prefetch(const std::shared_ptr<ByteSource>& source, ByteRange range, const FetchContext& ctx) = 0;

  /// How much is worth asking for in one request: with more, the round trip that it costs would not matter less, as far
  /// as its transfers have shown. Nothing before the first one.
  virtual std::optional<std::uint64_t> worth_asking(const ContentId& id) = 0;

  /// For whole_only() sources: has the one download running or done. complete() waits for its end and gives the exact
  /// size; begin() only starts it. Both join a download that already runs.
  virtual Result<std::uint64_t> complete(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx) = 0;
  virtual void begin(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx) = 0;

  /// Keeps bytes that came by the way (the first range of an open). `size`: exact size of the file.
  virtual void put(const ContentId& id, std::uint64_t offset, ByteView bytes, std::uint64_t size) = 0;

  /// True when every byte is here, on disk or in memory, as far as the index knows.
  virtual bool has_all(const ContentId& id, std::uint64_t size) = 0;
  /// While the result lives, the content is neither evicted nor does it leave memory before contents that nobody holds:
  /// for what its origin cannot send again. It may outlive the cache.
  [[nodiscard]] virtual std::shared_ptr<void> hold(const ContentId& id) = 0;
  /// The most that one content can have here: the limit on disk or what memory takes, whichever is more.
  virtual std::uint64_t room() const = 0;

  /// Bytes of this content on disk.
  virtual std::uint64_t cached_bytes(const ContentId& id) const = 0;
  /// Forgets a content (its origin holds another version, or its bytes proved wrong).
  virtual void drop(const ContentId& id) = 0;

  /// A pinned content is never evicted; drop() still removes it.
  virtual void pin(const ContentId& id, bool pinned) = 0;

  struct Verified {
    std::uint64_t contents = 0, bytes = 0, damaged_bytes = 0;
  };
  /// Reads all that is on disk and compares checksums; what is damaged is forgotten, and fetched again when it is read.
  virtual Verified verify(std::stop_token stop) = 0;
  /// Removes all that is neither pinned nor in use just now. Returns the bytes that were freed.
  virtual std::uint64_t clear() = 0;

  struct Stat {
    std::uint64_t bytes = 0, contents = 0, hits = 0, misses = 0, fetched_bytes = 0, running_transfers = 0;
    std::string trouble;  ///< why nothing is kept just now (a full disk), in words; empty when all is well
  };
  virtual Stat stat() const = 0;
  /// `told` hears of such trouble, once until it was over and not each minute; an empty one ends that. It must not call
  /// the cache, and is not called any more once this returned.
  virtual void on_trouble(std::function<void(const Error&)> told) = 0;
  /// One content as it is kept.
  struct Kept {
    std::optional<std::uint64_t> size;  ///< of the whole file
    std::uint64_t bytes = 0;            ///< of it on disk
    bool pinned = false;
  };
  /// Nothing when no byte of it was ever kept.
  virtual std::optional<Kept> kept(const ContentId& id) const = 0;
  /// verify() of one content.
  virtual Verified verify(const ContentId& id, std::stop_token stop) = 0;
  /// clear() of one content: true when it is gone.
  virtual bool clear(const ContentId& id) = 0;
  struct Pinned {
    std::uint64_t contents = 0, bytes = 0;
  };
  virtual Pinned pinned() const = 0;
  /// Takes the pin off all contents; returns how many had one.
  virtual std::uint64_t unpin_all() = 0;

  /// What is being fetched of one content just now.
  struct Running {
    std::string archive, cause;           ///< for whom: "open /gavo/.../x.fits"
    std::uint64_t done = 0;               ///< bytes that came, of those asked for
    std::optional<std::uint64_t> wanted;  ///< bytes asked for; nothing while the end is unknown
    std::optional<std::uint64_t> size;    ///< of the file
    double bytes_per_second = 0;          ///< since each transfer began
    std::chrono::milliseconds running_for{0};
    unsigned transfers = 0, queued = 0;  ///< that run; that wait for a thread
  };
  virtual std::vector<Running> running() const = 0;

  /// Writes what is buffered; called before unmount returns.
  virtual void flush() = 0;
};

}  // namespace skymount::cache
