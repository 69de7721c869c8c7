// SPDX-License-Identifier: MIT
//
// Granules on disk: one sparse file per content under blocks/, one record per extent in the index. What is read from
// disk is compared with its checksum, so data need not be synced before its record: a lost write is found, and fetched
// again.
#pragma once

#include "cache/base/byte_range.h"
#include "cache/base/result.h"
#include "cache/base/synchronized.h"
#include "cache/content_id.h"
#include "cache/direct_writes.h"
#include "cache/disk_walks.h"
#include "cache/extent_record.h"
#include "cache/lmdb.h"
#include "cache/memory_shelf.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <stop_token>
#include <vector>

namespace skymount::cache {

/// The whole shelf. Thread-safe.
class BlockStore {
 public:
  /// `dir` exists (Lmdb::open made it). `memory_bytes`: for granules that the disk does not take.
  /// Granules go to memory, too, that would make it hold more than `max_bytes` on disk.
  static Result<std::shared_ptr<BlockStore>> open(const std::filesystem::path& dir, std::shared_ptr<Lmdb> lmdb,
                                                  std::uint64_t memory_bytes, std::uint64_t max_bytes);

  /// What is remembered of one content.
  struct File {
    std::optional<std::uint64_t> size;
    std::int64_t used_ms = 0;  ///< wall time of the last use, since 1970
    bool pinned = false;       ///< never evicted
    std::string archive, identity;
    Bytes encoded() const;
    static std::optional<File> decoded(ByteView bytes);
  };
  std::optional<File> file(const std::string& hex) const;
  void put_file(const std::string& hex, const File& file);
  void each_file(const std::function<bool(const std::string& hex, const File&)>& visit) const;

  /// Bytes on disk: of all contents, and of one.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t bytes_of(const std::string& hex) const;
  std::uint64_t contents() const;

  /// Forgets a content. Readers that have its file open keep what they have. Returns the file under its last name, for
  /// the caller to unlink outside of its locks; empty when there is none.
  [[nodiscard]] std::filesystem::path remove(const std::string& hex);
  /// Forgets the last extents of a content, `bytes` or a little more, and returns what of its file is to be given back
  /// with give_back(), outside of the caller's locks. Nobody writes it meanwhile.
  [[nodiscard]] std::vector<ByteRange> trim(const std::string& hex, std::uint64_t bytes);
  void give_back(const std::string& hex, const std::vector<ByteRange>& ranges) const;

  /// Removes files that no record knows and that no process has open: left by a crash, or by a record that could not be
  /// written. False when one was so new that its record may be on its way: to be called again in a while.
  bool sweep();
  /// The contents that have a file.
  std::vector<std::string> on_disk() const;
  /// The index lost what was written to it since the last recount().
  bool index_lost_something() const;
  void recount();

  /// While the result lives, granules of this content leave memory last, and held() says that nobody is to evict it.
  [[nodiscard]] static std::shared_ptr<void> hold(const std::shared_ptr<BlockStore>& store, std::string hex);
  bool held(const std::string& hex) const { return shelf_.held(hex); }
  bool nothing_in_memory() const { return shelf_.empty(); }

  /// While set, new granules go to memory instead of disk.
  void set_over_limit(bool over) { over_limit_ = over; }
  /// Bytes that went to memory since the last call because of `max_bytes`: somebody is to make room.
  std::uint64_t take_refused() { return refused_.exchange(0); }
  bool refused() const { return refused_ != 0; }

  /// What keeps bytes from being kept, in words; empty: nothing.
  std::string trouble() const;
  /// `told` hears of such trouble once, until it was over; nobody with an empty one. Not called any more once this
  /// returned.
  void on_trouble(std::function<void(const Error&)> told);

  /// Nothing can be kept on disk just now, so fetching ahead would be waste.
  bool full() const;

 private:
  friend class StoredContent;
  BlockStore(std::filesystem::path blocks, std::shared_ptr<Lmdb> lmdb, std::uint64_t memory_bytes,
             std::uint64_t max_bytes);
  std::filesystem::path path_of(const std::string& hex) const { return blocks_ / hex.substr(0, 2) / hex; }
  void disk_failed(int why, const std::string& path);
  void disk_works();
  void tell(std::string words);
  bool takes_writes(std::uint64_t bytes) const;
  bool reserve(std::uint64_t bytes);
  void take_off(std::uint64_t bytes);

  const std::filesystem::path blocks_;
  const std::shared_ptr<Lmdb> lmdb_;
  const std::uint64_t max_bytes_;
  MemoryShelf shelf_;
  DirectWrites direct_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> writing_{0};  // on their way to the disk, not part of bytes_ yet
  std::atomic<bool> over_limit_{false};
  std::atomic<std::int64_t> disk_failed_at_{0};  // steady milliseconds; 0: never, or it works again
  std::atomic<std::uint64_t> losses_seen_{0};
  std::atomic<std::uint64_t> refused_{0};
  struct Trouble {
    std::string words;
    std::int64_t told_at = 0;  // steady milliseconds
    std::function<void(const Error&)> told;
  };
  Synchronized<Trouble> trouble_;
};

/// An open file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  /// The same file, written past the page cache; -1 where that cannot be. Thread-safe.
  int direct() const;

 private:
  const int fd_;
  mutable std::once_flag direct_once_;
  mutable int direct_fd_ = -1;
};

/// One content of the store. Thread-safe. Ranges begin at a granule and end at one, or at the end of the file.
class StoredContent {
 public:
  StoredContent(std::shared_ptr<BlockStore> store, const ContentId& id);
  StoredContent(std::shared_ptr<BlockStore> store, std::string hex, BlockStore::File file);

  const std::string& hex() const { return hex_; }
  std::optional<std::uint64_t> size() const;
  /// Only the first one counts: another size is another content, and its owner drops this one.
  void set_size(std::uint64_t size);

  /// The granules of `range` that are not here, merged.
  std::vector<ByteRange> missing(ByteRange range) const;
  /// Nothing of `range` is missing. Looks no further than the first granule that is: a size is the server's word.
  bool holds(ByteRange range) const;
  /// Copies `range` to `out`. False when a granule is missing or fails its checksum; such a granule is then missing.
  bool read(ByteRange range, std::byte* out);
  /// Keeps whole granules (the last one may end at the end of the file). What disk does not take goes to memory.
  /// `fast`: they come as fast as a disk writes, and go there past the page cache.
  void write(std::uint64_t offset, ByteView bytes, bool fast = false);
  /// Remembers that it was used just now.
  void touch();
  void pin(bool pinned);
  struct Verified {
    std::uint64_t bytes = 0, damaged = 0;
  };
  /// Reads all of it that is on disk. What fails its checksum is then missing.
  Verified verify(std::stop_token stop);
  /// Gives back what its file holds without a record, because that was lost or never made.
  void free_unrecorded();
  /// Before its removal: waits for a write that runs, and keeps nothing more.
  void retire();

 private:
  ExtentRecord load(std::uint64_t extent) const;
  std::shared_ptr<Descriptor> descriptor(bool create);
  std::uint64_t write_to_disk(std::uint64_t offset, ByteView bytes, bool fast);
  void record(std::uint64_t offset, ByteView bytes);
  void ask_disk_ahead(int fd, ByteRange run);
  std::vector<std::size_t> read_run(ByteRange run, const ExtentRecord& record, std::byte* out);
  void forget(std::uint64_t extent, const std::vector<std::size_t>& granules, ByteRange range);

  const std::shared_ptr<BlockStore> store_;
  const std::string hex_;
  std::shared_mutex writing_;  // shared by writes; taken before mutex_
  std::mutex turn_;            // one write(2) to the file at a time; taken last
  mutable std::mutex mutex_;
  std::shared_ptr<Descriptor> descriptor_;
  BlockStore::File file_;
  std::int64_t remembered_ms_ = 0;  // file_.used_ms as it is in the index
  std::atomic<bool> retired_{false};
  DiskWalks walks_;  // through what is on disk; under mutex_
};

}  // namespace skymount::cache
