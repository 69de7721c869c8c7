// SPDX-License-Identifier: MIT
//
// One content on disk: reading with checksums, writing, and what the index says of it.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>

#include "cache/base/log.h"
#include "cache/base/range_set.h"
#include "cache/block_store.h"

namespace skymount::cache {
namespace {

// How old the remembered time of use may get: precise enough for LRU over days, and a scan does not write each second.
constexpr std::int64_t kTouchEveryMs = 30'000;

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::size_t index_in_extent(std::uint64_t offset) {
  return offset % kExtentSize / kGranuleSize;
}

/// The part of `range` that lies in the extent where it begins.
ByteRange in_first_extent(ByteRange range) {
  return range.intersection({range.offset - range.offset % kExtentSize, kExtentSize});
}

std::uint64_t sum_of(ByteView bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

/// Calls `visit(granule)` for each granule of `range`, the last of which may be short.
template <class F>
void each_granule(ByteRange range, F&& visit) {
  for (std::uint64_t at = range.offset; at < range.end(); at += kGranuleSize) {
    visit(ByteRange{at, std::min(kGranuleSize, range.end() - at)});
  }
}

}  // namespace

Descriptor::~Descriptor() {
  if (direct_fd_ >= 0) ::close(direct_fd_);
  ::close(fd_);
}

int Descriptor::direct() const {
  std::call_once(direct_once_, [this] {
    // By its number: the file may have lost its name.
    direct_fd_ = ::open(("/proc/self/fd/" + std::to_string(fd_)).c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC);
  });
  return direct_fd_;
}

StoredContent::StoredContent(std::shared_ptr<BlockStore> store, const ContentId& id)
    : store_(std::move(store)), hex_(id.hex()) {
  file_ = store_->file(hex_).value_or(BlockStore::File{std::nullopt, 0, false, id.archive, id.identity});
  remembered_ms_ = file_.used_ms;
}

StoredContent::StoredContent(std::shared_ptr<BlockStore> store, std::string hex, BlockStore::File file)
    : store_(std::move(store)), hex_(std::move(hex)), file_(std::move(file)), remembered_ms_(file_.used_ms) {}

std::optional<std::uint64_t> StoredContent::size() const {
  std::lock_guard lock(mutex_);
  return file_.size;
}

void StoredContent::set_size(std::uint64_t size) {
  std::lock_guard lock(mutex_);
  if (file_.size || retired_) return;
  file_.size = size;
  file_.used_ms = remembered_ms_ = wall_ms();
  store_->put_file(hex_, file_);
}

void StoredContent::pin(bool pinned) {
  std::lock_guard lock(mutex_);
  if (retired_ || file_.pinned == pinned) return;
  file_.pinned = pinned;
  file_.used_ms = remembered_ms_ = wall_ms();
  store_->put_file(hex_, file_);
}

StoredContent::Verified StoredContent::verify(std::stop_token stop) {
  Verified out;
  const std::uint64_t size = this->size().value_or(0);  // without a size, a download was cut off; reading it will tell
  Bytes buffer(std::min(size, kExtentSize));
  for (std::uint64_t at = 0; at < size && !stop.stop_requested(); at += kExtentSize) {
    const ByteRange extent{at, std::min(kExtentSize, size - at)};
    RangeSet absent;
    for (const ByteRange gap : missing(extent)) absent.add(gap);
    for (const ByteRange run : absent.missing_from(extent)) {
      out.bytes += run.length;
      if (read(run, buffer.data())) continue;
      for (const ByteRange gap : missing(run)) out.damaged += gap.length;
    }
  }
  return out;
}

void StoredContent::retire() {
  std::unique_lock no_write(writing_);
  retired_ = true;
}

void StoredContent::touch() {
  std::lock_guard lock(mutex_);
  file_.used_ms = wall_ms();
  if (retired_ || !file_.size || file_.used_ms - remembered_ms_ < kTouchEveryMs) return;
  remembered_ms_ = file_.used_ms;
  // Another process may have pinned it meanwhile.
  if (const std::optional<BlockStore::File> now = store_->file(hex_)) file_.pinned = now->pinned;
  store_->put_file(hex_, file_);
}

ExtentRecord StoredContent::load(std::uint64_t extent) const {
  const std::optional<Bytes> bytes = store_->lmdb_->get(Lmdb::Db::extents, extent_key(hex_, extent));
  return bytes ? ExtentRecord::decoded(*bytes) : ExtentRecord{};
}

std::vector<ByteRange> StoredContent::missing(ByteRange range) const {
  std::vector<ByteRange> out;
  const bool shelf = !store_->shelf_.empty();
  while (!range.empty()) {
    const ByteRange part = in_first_extent(range);
    const ExtentRecord record = load(part.offset / kExtentSize);
    each_granule(part, [&](ByteRange granule) {
      if (record.present[index_in_extent(granule.offset)]) return;
      if (shelf && store_->shelf_.get(hex_, granule.offset)) return;
      if (!out.empty() && out.back().end() == granule.offset) {
        out.back().length += granule.length;
      } else {
        out.push_back(granule);
      }
    });
    range = {part.end(), range.end() - part.end()};
  }
  return out;
}

bool StoredContent::holds(ByteRange range) const {
  while (!range.empty()) {
    const ByteRange part = in_first_extent(range);
    if (!missing(part).empty()) return false;
    range = {part.end(), range.end() - part.end()};
  }
  return true;
}

std::shared_ptr<Descriptor> StoredContent::descriptor(bool create) {
  std::lock_guard lock(mutex_);
  struct stat at = {};
  // A file without a name was removed by another process; what is written there would be lost.
  if (descriptor_ && create && ::fstat(descriptor_->get(), &at) == 0 && at.st_nlink == 0) descriptor_ = nullptr;
  if (descriptor_) return descriptor_;
  const std::filesystem::path path = store_->path_of(hex_);
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0);
  int fd = ::open(path.c_str(), flags, 0600);
  if (fd < 0 && errno == ENOENT && create) {
    ::mkdir(path.parent_path().c_str(), 0700);
    fd = ::open(path.c_str(), flags, 0600);
  }
  // Shared by all that have it open, in any process: BlockStore::sweep() leaves such a file alone.
  if (fd >= 0) static_cast<void>(::flock(fd, LOCK_SH | LOCK_NB));
  if (fd < 0) {
    if (create) store_->disk_failed(errno, path.string());
    return nullptr;
  }
  // Only what is asked for, and what DiskWalks foresees: the kernel would read up to megabytes around a random read.
  static_cast<void>(::posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
  return descriptor_ = std::make_shared<Descriptor>(fd);
}

void StoredContent::ask_disk_ahead(int fd, ByteRange run) {
  ByteRange wanted;
  {
    std::lock_guard lock(mutex_);
    wanted = walks_.on_read(run);
  }
  if (wanted.empty()) return;
  // Two requests, so that this read does not wait for all of it. Advice: should it fail, reads wait for the disk.
  for (const ByteRange range : {run, wanted}) {
    static_cast<void>(
        ::posix_fadvise(fd, static_cast<off_t>(range.offset), static_cast<off_t>(range.length), POSIX_FADV_WILLNEED));
  }
}

/// Reads granules that the record calls present; returns those whose checksum is wrong.
std::vector<std::size_t> StoredContent::read_run(ByteRange run, const ExtentRecord& record, std::byte* out) {
  std::uint64_t got = 0;
  if (const auto file = descriptor(false)) {
    ask_disk_ahead(file->get(), run);
    while (got < run.length) {
      const ssize_t n = ::pread(file->get(), out + got, run.length - got, static_cast<off_t>(run.offset + got));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      got += static_cast<std::uint64_t>(n);
    }
  }
  std::vector<std::size_t> bad;
  each_granule(run, [&](ByteRange granule) {
    const std::size_t index = index_in_extent(granule.offset);
    const std::uint64_t at = granule.offset - run.offset;
    if (at + granule.length > got || sum_of({out + at, granule.length}) != record.sums[index]) bad.push_back(index);
  });
  return bad;
}

void StoredContent::forget(std::uint64_t extent, const std::vector<std::size_t>& granules, ByteRange range) {
  log(LogLevel::warning, "cache: " + std::to_string(granules.size()) + " damaged piece(s) of " + hex_ + " at bytes " +
                             std::to_string(range.offset) + "-" + std::to_string(range.end() - 1) + ", fetched again");
  ExtentRecord change;
  for (const std::size_t index : granules) change.remove(index);
  store_->lmdb_->merge(Lmdb::Db::extents, extent_key(hex_, extent), change.encoded(), ExtentRecord::merged);
  store_->take_off(granules.size() * kGranuleSize);
}

bool StoredContent::read(ByteRange range, std::byte* out) {
  bool all = true;
  while (!range.empty()) {
    const ByteRange part = in_first_extent(range);
    const std::uint64_t extent = part.offset / kExtentSize;
    const ExtentRecord record = load(extent);
    std::vector<std::size_t> bad;
    ByteRange run{part.offset, 0};
    const auto finish_run = [&] {
      if (run.empty()) return;
      const auto wrong = read_run(run, record, out + (run.offset - part.offset));
      bad.insert(bad.end(), wrong.begin(), wrong.end());
    };
    each_granule(part, [&](ByteRange granule) {
      if (record.present[index_in_extent(granule.offset)]) {
        run.length += granule.length;
        return;
      }
      finish_run();
      run = {granule.end(), 0};
      const auto kept = store_->shelf_.get(hex_, granule.offset);
      if (kept && kept->size() == granule.length) {
        std::memcpy(out + (granule.offset - part.offset), kept->data(), granule.length);
      } else {
        all = false;
      }
    });
    finish_run();
    if (!bad.empty()) {
      forget(extent, bad, part);
      all = false;
    }
    out += part.length;
    range = {part.end(), range.end() - part.end()};
  }
  return all;
}

/// Returns how many bytes are on disk now: all, or whole granules of their beginning.
std::uint64_t StoredContent::write_to_disk(std::uint64_t offset, ByteView bytes, bool fast) {
  const auto file = descriptor(true);
  if (!file) return 0;
  const std::uint64_t begin = offset;
  // The kernel lets one thread write to a file at a time, and the others spin for it: they use up the processor that
  // the download needs. Here they sleep.
  std::lock_guard turn(turn_);
  if (fast) {
    const std::uint64_t direct = store_->direct_.write(file->direct(), offset, bytes);
    offset += direct;
    bytes = bytes.subspan(direct);
  }
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      store_->disk_failed(n < 0 ? errno : ENOSPC, store_->path_of(hex_).string());
      return granule_floor(offset) - begin;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  store_->disk_works();
  return offset - begin;
}

void StoredContent::record(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ByteRange part = in_first_extent({offset, bytes.size()});
    const std::uint64_t extent = part.offset / kExtentSize;
    const ExtentRecord before = load(extent);
    ExtentRecord change;
    each_granule(part, [&](ByteRange granule) {
      const std::size_t index = index_in_extent(granule.offset);
      change.add(index, sum_of(bytes.subspan(granule.offset - part.offset, granule.length)));
      if (!before.present[index]) store_->bytes_ += granule.length;
    });
    store_->lmdb_->merge(Lmdb::Db::extents, extent_key(hex_, extent), change.encoded(), ExtentRecord::merged);
    offset += part.length;
    bytes = bytes.subspan(part.length);
  }
}

void StoredContent::write(std::uint64_t offset, ByteView bytes, bool fast) {
  std::shared_lock writing(writing_);
  if (bytes.empty() || retired_) return;
  {
    std::lock_guard lock(mutex_);
    if (file_.used_ms == 0) {  // the first bytes of a content whose size is not known yet
      file_.used_ms = remembered_ms_ = wall_ms();
      store_->put_file(hex_, file_);
    }
  }
  std::uint64_t kept = 0;
  if (const std::uint64_t size = bytes.size(); store_->reserve(size)) {
    kept = write_to_disk(offset, bytes, fast);
    if (kept > 0) record(offset, bytes.first(kept));
    store_->writing_ -= size;
  } else if (store_->bytes() + size > store_->max_bytes_) {
    store_->refused_ += size;
  }
  offset += kept;
  bytes = bytes.subspan(kept);
  each_granule({offset, bytes.size()}, [&](ByteRange granule) {
    store_->shelf_.put(hex_, granule.offset, bytes.subspan(granule.offset - offset, granule.length));
  });
}

}  // namespace skymount::cache
