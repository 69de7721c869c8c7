// SPDX-License-Identifier: MIT
//
// The door of the cache: finds the content a call is about and passes it on. Contents stay open for a while after their
// last use; the janitor and drop() are the only ones who remove what is stored.
//
// Lock order: this map, then a content, then the store and the index.
#include "cache/block_cache.h"

#include <unistd.h>

#include <algorithm>
#include <unordered_map>

#include "cache/base/log.h"
#include "cache/granule.h"
#include "cache/janitor.h"
#include "cache/live_content.h"
#include "cache/lmdb.h"

namespace skymount::cache {
namespace {

// Open contents hold a file descriptor each; the usual limit is 1024 for the process.
constexpr std::size_t kOpenContents = 128;
// A transfer is told to end when the cache closes; one that does not is left behind after this.
constexpr std::chrono::seconds kClosingGrace{2};

// What a download under way holds at most: the pieces that the network brought and those that wait for the disk.
constexpr std::uint64_t kPerDownload = 3_MiB;

/// A quarter of the memory for what is fetched ahead; the kernel's requests and readers' buffers have the last one.
unsigned most_ahead(const BlockCacheOptions& options) {
  return static_cast<unsigned>(std::clamp<std::uint64_t>(options.memory_bytes / 4 / kPerDownload, 4, 256));
}

/// An eighth for what came last.
std::uint64_t recent_bytes(const BlockCacheOptions& options) {
  return options.memory_bytes / 8;
}

class Blocks final : public BlockCache {
 public:
  Blocks(const BlockCacheOptions& options, std::shared_ptr<Lmdb> lmdb, std::shared_ptr<BlockStore> store)
      : room_(std::max(options.max_bytes, options.memory_bytes / 2)),
        lmdb_(std::move(lmdb)),
        shared_(std::make_shared<CacheShared>(store, options.fetch_threads_per_archive, most_ahead(options),
                                              recent_bytes(options))),
        janitor_(std::make_shared<Janitor>(
            store, options.max_bytes,
            Janitor::Work{[this](const std::string& hex, std::uint64_t bytes) { return evict(hex, bytes); },
                          [this](const std::string& hex) { return used_ms(hex); }, [this] { mend(); }})) {
    shared_->stored = [weak = std::weak_ptr(janitor_)] {
      if (const auto janitor = weak.lock()) janitor->look();
    };
  }
  ~Blocks() override;

  std::optional<SharedBytes> read_cached(const ContentId& id, ByteRange range) override {
    return content(id)->read_cached(range);
  }
  Result<SharedBytes> read(const std::shared_ptr<ByteSource>& source, ByteRange range, ByteRange fetch_hint,
                           const FetchContext& ctx) override {
    return content(source->id(), source->size())->read(source, range, fetch_hint, ctx);
  }
  bool when_here(const ContentId& id, ByteRange range, const FetchContext& ctx, Then then) override {
    return content(id)->when_here(range, ctx, std::move(then));
  }
  void prefetch(const std::shared_ptr<ByteSource>& source, ByteRange range, const FetchContext& ctx) override {
    content(source->id(), source->size())->prefetch(source, range, ctx);
  }
  std::optional<std::uint64_t> worth_asking(const ContentId& id) override { return content(id)->worth_asking(); }
  Result<std::uint64_t> complete(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx) override {
    return content(source->id(), source->size())->complete(source, ctx);
  }
  void begin(const std::shared_ptr<ByteSource>& source, const FetchContext& ctx) override {
    content(source->id(), source->size())->begin(source, ctx);
  }
  void put(const ContentId& id, std::uint64_t offset, ByteView bytes, std::uint64_t size) override {
    content(id, size)->put(offset, bytes, size);
  }
  bool has_all(const ContentId& id, std::uint64_t size) override {
    if (cached_bytes(id) >= size) return true;
    return !shared_->store->nothing_in_memory() && content(id)->has_all(size);
  }
  std::shared_ptr<void> hold(const ContentId& id) override { return BlockStore::hold(shared_->store, id.hex()); }
  std::uint64_t room() const override { return room_; }
  std::uint64_t cached_bytes(const ContentId& id) const override { return shared_->store->bytes_of(id.hex()); }
  void drop(const ContentId& id) override { remove(id.hex(), /*also_at_work=*/true); }
  void pin(const ContentId& id, bool pinned) override { content(id)->pin(pinned); }
  Verified verify(std::stop_token stop) override;
  std::optional<Kept> kept(const ContentId& id) const override;
  Verified verify(const ContentId& id, std::stop_token stop) override;
  bool clear(const ContentId& id) override;
  Pinned pinned() const override;
  std::uint64_t unpin_all() override;
  std::vector<Running> running() const override;
  std::uint64_t clear() override;
  Stat stat() const override;
  void on_trouble(std::function<void(const Error&)> told) override { shared_->store->on_trouble(std::move(told)); }
  void flush() override {
    if (auto flushed = lmdb_->flush(); !flushed) log(LogLevel::error, flushed.error().what());
  }

 private:
  struct Open {
    std::shared_ptr<LiveContent> content;
    std::int64_t used_ms = 0;
  };
  std::shared_ptr<LiveContent> content(const ContentId& id);
  std::shared_ptr<LiveContent> content(const ContentId& id, std::optional<std::uint64_t> size);
  void close_oldest(std::unordered_map<std::string, Open>& open);
  bool evict(const std::string& hex, std::uint64_t bytes);
  bool trim(const std::string& hex, std::uint64_t bytes);
  void mend();
  bool evict(const std::string& hex) { return !shared_->store->held(hex) && remove(hex, /*also_at_work=*/false); }
  bool remove(const std::string& hex, bool also_at_work);
  std::int64_t used_ms(const std::string& hex) const;

  const std::uint64_t room_;
  const std::shared_ptr<Lmdb> lmdb_;
  const std::shared_ptr<CacheShared> shared_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Open> open_;
  std::shared_ptr<Janitor> janitor_;  // last: its thread ends before the rest goes
};

std::int64_t wall_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Blocks::~Blocks() {
  janitor_->stop();
  shared_->closing = true;
  std::vector<std::shared_ptr<LiveContent>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [hex, open] : open_) all.push_back(open.content);
  }
  for (const auto& content : all) content->stop();
  shared_->scheduler.shutdown(kClosingGrace);
  flush();
}

std::shared_ptr<LiveContent> Blocks::content(const ContentId& id) {
  std::string hex = id.hex();
  std::lock_guard lock(mutex_);
  const auto found = open_.find(hex);
  if (found != open_.end()) {
    found->second.used_ms = wall_ms();
    return found->second.content;
  }
  if (open_.size() >= kOpenContents) close_oldest(open_);
  auto made = std::make_shared<LiveContent>(shared_, id);
  open_[std::move(hex)] = {made, wall_ms()};
  return made;
}

/// The same for somebody who knows the size. Another size in the same version means other bytes: what is stored is
/// forgotten.
std::shared_ptr<LiveContent> Blocks::content(const ContentId& id, std::optional<std::uint64_t> size) {
  std::shared_ptr<LiveContent> found = content(id);
  const auto known = found->size();
  if (!size || !known || *size == *known) return found;
  log(LogLevel::warning, "a file of " + printable(id.archive) + " was " + std::to_string(*known) + " bytes and is " +
                             std::to_string(*size) + " in the same version; its cached bytes are dropped");
  drop(id);
  return content(id);
}

/// Lets go of the longer unused half of those that nobody uses now.
void Blocks::close_oldest(std::unordered_map<std::string, Open>& open) {
  std::vector<std::pair<std::int64_t, std::string>> unused;
  for (const auto& [hex, entry] : open) {
    if (entry.content.use_count() == 1) unused.emplace_back(entry.used_ms, hex);
  }
  std::sort(unused.begin(), unused.end());
  unused.resize((unused.size() + 1) / 2);
  for (const auto& [used, hex] : unused) open.erase(hex);
}

bool Blocks::remove(const std::string& hex, bool also_at_work) {
  std::unique_lock lock(mutex_);  // nobody may open it between the check and the removal
  const auto found = open_.find(hex);
  if (found != open_.end()) {
    // Whoever holds it is in the middle of a call; a transfer holds it, too.
    if (!also_at_work && found->second.content.use_count() > 1) return false;
    found->second.content->retire();
    open_.erase(found);
  }
  const std::filesystem::path file = shared_->store->remove(hex);
  lock.unlock();
  if (!file.empty()) ::unlink(file.c_str());  // of gigabytes, this takes its time
  return true;
}

/// At least `bytes` of it, and no more than it takes: of one huge file the beginning stays.
bool Blocks::evict(const std::string& hex, std::uint64_t bytes) {
  if (shared_->store->bytes_of(hex) <= bytes + kExtentSize) return evict(hex);
  return !shared_->store->held(hex) && trim(hex, bytes);
}

bool Blocks::trim(const std::string& hex, std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  const auto found = open_.find(hex);
  if (found != open_.end()) {
    if (found->second.content.use_count() > 1) return false;
    open_.erase(found);
  }
  const std::vector<ByteRange> ranges = shared_->store->trim(hex, bytes);
  lock.unlock();
  shared_->store->give_back(hex, ranges);  // what came there meanwhile fails its checksum, and is fetched again
  return true;
}

/// After the index lost records: what has none is given back, and counted anew.
void Blocks::mend() {
  if (shared_->store->index_lost_something()) {
    for (const std::string& hex : shared_->store->on_disk()) {
      std::shared_ptr<LiveContent> live;
      {
        std::lock_guard lock(mutex_);
        const auto found = open_.find(hex);
        if (found != open_.end()) live = found->second.content;
      }
      if (live) {
        live->free_unrecorded();
      } else if (const std::optional<BlockStore::File> file = shared_->store->file(hex)) {
        StoredContent(shared_->store, hex, *file).free_unrecorded();
      }
    }
    shared_->store->recount();
  }
  shared_->store->sweep();
}

std::int64_t Blocks::used_ms(const std::string& hex) const {
  std::lock_guard lock(mutex_);
  const auto found = open_.find(hex);
  return found == open_.end() ? 0 : found->second.used_ms;
}

BlockCache::Verified Blocks::verify(std::stop_token stop) {
  Verified out;
  shared_->store->each_file([&](const std::string& hex, const BlockStore::File& file) {
    StoredContent stored(shared_->store, hex, file);
    const StoredContent::Verified found = stored.verify(stop);
    ++out.contents;
    out.bytes += found.bytes;
    out.damaged_bytes += found.damaged;
    return !stop.stop_requested();
  });
  return out;
}

std::uint64_t Blocks::clear() {
  std::vector<std::string> all;
  shared_->store->each_file([&](const std::string& hex, const BlockStore::File& file) {
    if (!file.pinned) all.push_back(hex);
    return true;
  });
  std::uint64_t freed = 0;
  for (const std::string& hex : all) {
    const std::uint64_t bytes = shared_->store->bytes_of(hex);
    if (evict(hex)) freed += bytes;
  }
  mend();
  return freed;
}

std::optional<BlockCache::Kept> Blocks::kept(const ContentId& id) const {
  const std::string hex = id.hex();
  const std::optional<BlockStore::File> file = shared_->store->file(hex);
  if (!file) return std::nullopt;
  return Kept{file->size, shared_->store->bytes_of(hex), file->pinned};
}

BlockCache::Verified Blocks::verify(const ContentId& id, std::stop_token stop) {
  const std::string hex = id.hex();
  const std::optional<BlockStore::File> file = shared_->store->file(hex);
  if (!file) return {};
  const StoredContent::Verified found = StoredContent(shared_->store, hex, *file).verify(std::move(stop));
  return {1, found.bytes, found.damaged};
}

bool Blocks::clear(const ContentId& id) {
  const std::string hex = id.hex();
  const std::optional<BlockStore::File> file = shared_->store->file(hex);
  return file && !file->pinned && evict(hex);
}

BlockCache::Pinned Blocks::pinned() const {
  Pinned out;
  shared_->store->each_file([&](const std::string& hex, const BlockStore::File& file) {
    if (!file.pinned) return true;
    ++out.contents;
    out.bytes += shared_->store->bytes_of(hex);
    return true;
  });
  return out;
}

std::uint64_t Blocks::unpin_all() {
  std::vector<std::pair<std::string, BlockStore::File>> all;
  shared_->store->each_file([&](const std::string& hex, const BlockStore::File& file) {
    if (file.pinned) all.emplace_back(hex, file);
    return true;
  });
  for (auto& [hex, file] : all) {
    std::lock_guard lock(mutex_);
    const auto found = open_.find(hex);
    if (found != open_.end()) {
      found->second.content->pin(false);  // it remembers its own record
    } else {
      file.pinned = false;
      shared_->store->put_file(hex, file);
    }
  }
  return all.size();
}

std::vector<BlockCache::Running> Blocks::running() const {
  std::vector<std::shared_ptr<LiveContent>> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [hex, open] : open_) all.push_back(open.content);
  }
  std::vector<Running> out;
  for (const auto& content : all) {
    if (std::optional<Running> now = content->running()) out.push_back(std::move(*now));
  }
  return out;
}

BlockCache::Stat Blocks::stat() const {
  Stat out;
  out.bytes = shared_->store->bytes();
  out.contents = shared_->store->contents();
  out.hits = shared_->hits;
  out.misses = shared_->misses;
  out.fetched_bytes = shared_->fetched_bytes;
  out.running_transfers = shared_->running;
  out.trouble = shared_->store->trouble();
  return out;
}

}  // namespace

Result<std::unique_ptr<BlockCache>> BlockCache::open(BlockCacheOptions options, std::shared_ptr<Lmdb> lmdb) {
  // Half of the memory for granules that the disk does not take, the rest for buffers of transfers and replies.
  auto store = BlockStore::open(options.dir, lmdb, options.memory_bytes / 2, options.max_bytes);
  if (!store) return fail(std::move(store).error());
  return std::unique_ptr<BlockCache>(std::make_unique<Blocks>(options, std::move(lmdb), std::move(*store)));
}

}  // namespace skymount::cache
