// SPDX-License-Identifier: MIT
//
// What keeps the store honest: disk space without a record is given back, and a disk that takes nothing is said.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cache/base/log.h"
#include "cache/block_store.h"
#include "cache/granule.h"

namespace skymount::cache {
namespace {

// A record is committed 100 ms after its bytes; on a busy disk it takes longer.
constexpr std::chrono::seconds kRecordOnItsWay{2};
// After a failure the disk is tried again so often; in between, granules go to memory without asking it.
constexpr std::int64_t kTryAgainMs = 1000;
// A disk that is full, has room and is full again is said so often.
constexpr std::int64_t kTellEveryMs = 60'000;

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

/// A filesystem that cannot do it keeps the space until the content goes as a whole.
void punch(int fd, ByteRange range) {
  static_cast<void>(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(range.offset),
                                static_cast<off_t>(range.length)));
}

template <class F>
void each_block_file(const std::filesystem::path& blocks, F&& visit) {
  std::error_code bad;
  for (std::filesystem::recursive_directory_iterator it(blocks, bad), end; !bad && it != end; it.increment(bad)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) visit(it->path());
  }
}

bool is_young(const std::filesystem::path& path) {
  std::error_code bad;
  const auto written = std::filesystem::last_write_time(path, bad);
  return !bad && written > std::filesystem::file_time_type::clock::now() - kRecordOnItsWay;
}

}  // namespace

bool BlockStore::sweep() {
  bool all = true;
  each_block_file(blocks_, [&](const std::filesystem::path& path) {
    const auto known = [&] { return lmdb_->get(Lmdb::Db::files, path.filename().string()).has_value(); };
    if (known()) return;
    if (path.extension() == ".gone") {  // remove() was about to unlink it
      ::unlink(path.c_str());
      return;
    }
    if (is_young(path)) {
      all = false;
      return;
    }
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return;
    const Descriptor file(fd);
    // Whoever has it open holds this lock shared, and will make the record, or closes it.
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0 && !known()) ::unlink(path.c_str());
  });
  return all;
}

std::vector<std::string> BlockStore::on_disk() const {
  std::vector<std::string> out;
  each_block_file(blocks_, [&](const std::filesystem::path& path) {
    if (!path.has_extension()) out.push_back(path.filename().string());
  });
  return out;
}

bool BlockStore::index_lost_something() const {
  return lmdb_->losses().count != losses_seen_;
}

void BlockStore::recount() {
  const Lmdb::Losses losses = lmdb_->losses();
  if (losses_seen_.exchange(losses.count) != losses.count) {
    disk_failed_at_ = std::max<std::int64_t>(1, steady_ms());
    tell(losses.why + "; what it was to remember is forgotten");
  }
  const std::uint64_t before = bytes_;  // what is added from here on stays added
  std::uint64_t counted = 0;
  each_file([&](const std::string& hex, const File&) {
    counted += bytes_of(hex);
    return true;
  });
  if (before > counted) take_off(before - counted);
}

void BlockStore::give_back(const std::string& hex, const std::vector<ByteRange>& ranges) const {
  const int fd = ::open(path_of(hex).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return;
  const Descriptor file(fd);
  for (const ByteRange range : ranges) punch(fd, range);
}

void StoredContent::free_unrecorded() {
  const std::unique_lock no_write(writing_);
  if (retired_) return;
  {
    std::lock_guard lock(mutex_);
    if (file_.used_ms != 0 && !store_->file(hex_)) store_->put_file(hex_, file_);  // that was lost, too
  }
  const auto file = descriptor(false);
  struct stat now = {};
  if (!file || ::fstat(file->get(), &now) != 0) return;
  // Another process may be between a write and its record: its readers will find a wrong checksum, and fetch again.
  for (off_t at = 0; (at = ::lseek(file->get(), at, SEEK_DATA)) >= 0;) {
    const std::uint64_t extent = static_cast<std::uint64_t>(at) / kExtentSize;
    const ExtentRecord record = load(extent);
    ByteRange run{extent * kExtentSize, 0};
    for (std::size_t index = 0; index < kGranulesPerExtent; ++index) {
      if (!record.present[index]) {
        run.length += kGranuleSize;
        continue;
      }
      if (!run.empty()) punch(file->get(), run);
      run = {extent * kExtentSize + (index + 1) * kGranuleSize, 0};
    }
    if (!run.empty()) punch(file->get(), run);
    at = static_cast<off_t>((extent + 1) * kExtentSize);
  }
}

bool BlockStore::takes_writes(std::uint64_t bytes) const {
  if (over_limit_ || bytes_ + writing_ + bytes > max_bytes_) return false;
  return disk_failed_at_ == 0 || steady_ms() - disk_failed_at_ > kTryAgainMs;
}

/// Room for what is about to be written, also when several write at once: to be taken off writing_ when it is counted.
bool BlockStore::reserve(std::uint64_t bytes) {
  if (!takes_writes(bytes)) return false;
  if (bytes_ + writing_.fetch_add(bytes) + bytes <= max_bytes_) return true;
  writing_ -= bytes;
  return false;
}

bool BlockStore::full() const {
  return !takes_writes(kGranuleSize);
}

void BlockStore::disk_failed(int why, const std::string& path) {
  disk_failed_at_ = std::max<std::int64_t>(1, steady_ms());
  const bool no_room = why == ENOSPC || why == EDQUOT || why == EFBIG;
  tell((no_room ? "the cache's disk is full: " : "the cache's disk takes nothing: ") + path + ": " +
       std::strerror(why) + "; reads go on uncached; make room there, or run skymount cache clear");
}

void BlockStore::disk_works() {
  if (disk_failed_at_.load(std::memory_order_relaxed) == 0) return;
  disk_failed_at_ = 0;
  trouble_.with([](Trouble& trouble) { trouble.words.clear(); });
}

void BlockStore::tell(std::string words) {
  trouble_.with([&](Trouble& trouble) {
    const bool over = trouble.words.empty();
    const std::int64_t now = steady_ms();
    trouble.words = std::move(words);
    if (!over || (trouble.told_at != 0 && now - trouble.told_at < kTellEveryMs)) return;
    trouble.told_at = now;
    log(LogLevel::warning, trouble.words);
    if (trouble.told) trouble.told(Error(Code::no_space, trouble.words));
  });
}

std::string BlockStore::trouble() const {
  return trouble_.with([](const Trouble& trouble) { return trouble.words; });
}

void BlockStore::on_trouble(std::function<void(const Error&)> told) {
  trouble_.with([&](Trouble& trouble) {
    trouble.told = std::move(told);
    // It may have begun before anybody listened.
    if (trouble.told && !trouble.words.empty()) trouble.told(Error(Code::no_space, trouble.words));
  });
}

}  // namespace skymount::cache
