// SPDX-License-Identifier: MIT
//
// One content in use: what of it is stored, what is on its way, and who waits for which bytes. Here two readers of one
// range become one fetch.
//
// What came last is in memory, in chunks: a reader whose bytes lie in one of them gets a view of it. For any other it
// has a buffer: granules that are stored are read from disk into it, the others are awaited from transfers, whose
// pieces are copied into it as they come, so a reader gets its bytes even when the disk takes none. The lock is never
// held across a fetch, a wait, or a read of the disk.
#pragma once

#include "cache/base/range_set.h"
#include "cache/block_cache.h"
#include "cache/block_store.h"
#include "cache/transfer.h"

#include <condition_variable>
#include <list>
#include <map>

namespace skymount::cache {

/// What all contents of a cache share. It outlives the cache while a download that does not end still uses it.
struct CacheShared {
  CacheShared(std::shared_ptr<BlockStore> block_store, unsigned threads, unsigned most_ahead,
              std::uint64_t recent_bytes)
      : store(std::move(block_store)),
        threads_per_archive(threads),
        chunks(recent_bytes / 2),
        recent(recent_bytes),
        scheduler(most_ahead) {}
  const std::shared_ptr<BlockStore> store;
  const unsigned threads_per_archive;
  ChunkPool chunks;
  RecentChunks recent;
  DownloadScheduler scheduler;
  std::function<void()> stored = [] {};  ///< called after bytes were written; set before any use
  std::atomic<bool> closing{false};
  std::atomic<std::uint64_t> hits{0}, misses{0}, fetched_bytes{0}, running{0};
};

/// Thread-safe.
class LiveContent : public std::enable_shared_from_this<LiveContent> {
 public:
  LiveContent(std::shared_ptr<CacheShared> shared, const ContentId& id)
      : shared_(std::move(shared)), stored_(shared_->store, id) {}
  ~LiveContent() { shared_->recent.erase(this); }
  LiveContent(const LiveContent&) = delete;
  LiveContent& operator=(const LiveContent&) = delete;

  // As in BlockCache.
  std::optional<SharedBytes> read_cached(ByteRange range);
  Result<SharedBytes> read(const std::shared_ptr<ByteSource>& source, ByteRange range, ByteRange fetch_hint,
                           const FetchContext& ctx);
  bool when_here(ByteRange range, const FetchContext& ctx, BlockCache::Then then);
  void prefetch(const std::shared_ptr<ByteSource>& source, ByteRange range, const FetchContext& ctx);
  Result<std::uint64_t> complete(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx);
  void begin(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx);
  std::optional<std::uint64_t> worth_asking() const;
  void put(std::uint64_t offset, ByteView bytes, std::uint64_t size);

  /// What its transfers do just now; nothing without one.
  std::optional<BlockCache::Running> running() const;
  /// A transfer or a reader is at work.
  bool busy() const;
  std::optional<std::uint64_t> size() const { return stored_.size(); }
  bool has_all(std::uint64_t size) const { return stored_.size() == size && all_stored(); }
  void pin(bool pinned) { stored_.pin(pinned); }
  void free_unrecorded() { stored_.free_unrecorded(); }
  /// Keeps nothing more; what runs, runs to its end for those who wait.
  void retire() { stored_.retire(); }
  /// Ends all transfers and gives `cancelled` to those who wait.
  void stop();
  /// A transfer's work, on a thread of the scheduler.
  void run(const std::shared_ptr<Transfer>& transfer);
  /// As in Download.
  std::uint64_t spare_bytes(const Transfer& transfer) const;
  void give_way(Transfer& transfer);

 private:
  using TransferPtr = std::shared_ptr<Transfer>;
  using SourcePtr = std::shared_ptr<ByteSource>;

  /// Somebody who waits, and where the bytes go.
  struct Reader {
    Reader() = default;
    Reader(ByteRange range, std::optional<std::uint64_t> size);
    std::byte* at(std::uint64_t offset);
    SharedBytes bytes() const;

    ByteRange wanted;                  ///< what is asked for
    ByteRange outer;                   ///< the granules around it; `out` has room for them
    std::optional<SharedBytes> whole;  ///< all that is wanted, as it lies in a chunk
    std::shared_ptr<std::byte[]> out;  ///< made when the first byte is copied into it, under the lock
    bool until_end = false;            ///< waits for the end of a transfer, not for bytes
    RangeSet filled;                   ///< bytes that are in `out`
    RangeSet awaited;                  ///< bytes that a transfer is to copy into `out`
    std::vector<TransferPtr> on;       ///< transfers it waits for
    std::optional<Error> error;
    std::condition_variable_any wake;
    bool complete() const { return !until_end && (whole || filled.contains(wanted)); }
    bool settled() const { return complete() || error || on.empty(); }
  };

  /// Somebody who does not wait, and whom to call when the bytes are in the transfer's chunk.
  struct Watcher {
    ByteRange wanted;
    TransferPtr on;
    BlockCache::Then then;
    std::optional<SharedBytes> bytes;
    std::optional<std::stop_callback<std::function<void()>>> on_stop;  ///< takes the lock; never destroyed under it
  };
  using WatcherPtr = std::shared_ptr<Watcher>;
  using Watchers = std::vector<WatcherPtr>;

  /// What is to be done about transfers once the lock is free.
  struct Errands {
    std::vector<TransferPtr> submit, promote, stop;
  };
  void do_errands(Errands errands);

  // A bite of a granule that is not whole yet.
  struct Partial {
    Bytes bytes;
    RangeSet have;
  };

  // live_content.cc: the readers' side. Those with Errands are called under the lock.
  std::optional<SharedBytes> in_one_chunk(ByteRange range) const;
  std::vector<ByteRange> gather(Reader& reader, RangeSet& gaps) const;
  void fill_from_memory(Reader& reader, ByteRange range) const;
  void attach(Reader& reader, const std::vector<ByteRange>& gaps, const SourcePtr& source, ByteRange hint,
              const FetchContext& ctx, Errands& todo);
  void join(Reader& reader, const TransferPtr& transfer, const FetchContext& ctx, Errands& todo);
  bool cut_short(const TransferPtr& transfer, ByteRange wanted);
  TransferPtr extend_queued(ByteRange range, const SourcePtr& source);
  TransferPtr whole_transfer(const SourcePtr& source, const FetchContext& ctx, Errands& todo);
  TransferPtr new_transfer(const SourcePtr& source, ByteRange range, bool whole, const FetchContext& ctx,
                           Errands& todo);
  DownloadLane lane_for(const ByteSource& source, bool whole) const;
  std::vector<ByteRange> unfetched(ByteRange range) const;
  bool wait(std::unique_lock<std::mutex>& lock, Reader& reader, const FetchContext& ctx);
  void leave(Reader& reader, Errands& todo);
  Result<std::uint64_t> complete_ranges(const SourcePtr& source, std::uint64_t size, const FetchContext& ctx);
  Error gave_up(ByteRange range, const FetchContext& ctx) const;
  bool all_stored() const;

  // watchers.cc: those who do not wait. They are called without the lock.
  TransferPtr bringer_of(ByteRange range) const;
  void watcher_left(const WatcherPtr& watcher);
  Watchers take_watchers(const Transfer& transfer, bool ended);
  static void call(const Watchers& watchers);

  // live_content_transfers.cc: the transfers' side.
  std::optional<ByteRange> start(const TransferPtr& transfer);
  void become_whole(Transfer& transfer) const;
  Result<void> take(const TransferPtr& transfer, std::uint64_t offset, ByteView piece);
  void restart_at(const TransferPtr& transfer, std::uint64_t offset);
  Result<void> accept(Transfer& transfer, ByteView piece);
  void deliver(const Transfer& transfer, ByteRange came);
  static void copy_awaited(Reader& reader, ByteRange came, ByteView bytes);
  void keep(Assembly& assembly, bool last);
  std::uint64_t keep(std::uint64_t base, ByteView bytes, bool last);
  void set_aside(Assembly& assembly);
  void add_partial(std::uint64_t offset, ByteView bytes);
  void learn_size(std::uint64_t size);
  Result<void> outcome(const TransferPtr& transfer, Result<void> fetched);
  bool comes_fast() const;
  void note_pace(std::uint64_t bytes, std::chrono::duration<double> to_first, std::chrono::duration<double> after);
  void finish(const TransferPtr& transfer, const Result<void>& result);
  void owner_left(const TransferPtr& transfer);

  const std::shared_ptr<CacheShared> shared_;
  StoredContent stored_;
  mutable std::mutex mutex_;
  std::list<TransferPtr> transfers_;
  std::list<Reader*> readers_;
  std::list<WatcherPtr> watchers_;
  std::atomic<std::uint64_t> worth_asking_{0};                           // 0: not known yet
  std::chrono::duration<double> shortest_wait_ = std::chrono::hours(1);  // for a first byte
  std::string read_for_;                                                 // the cause of the last read that missed
  std::map<std::uint64_t, Partial> partials_;                            // by the granule's offset
};

}  // namespace skymount::cache
