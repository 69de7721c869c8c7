// SPDX-License-Identifier: MIT
#include "fs/daemon/prefetch_job.h"

#include "fs/attributes.h"

#include <pthread.h>

#include <algorithm>

namespace skymount::fs {
namespace {

// Files at once. The connections that an archive allows are limited elsewhere; three files keep them busy when they
// are small, and one large file uses several by itself.
constexpr unsigned kFilesAtOnce = 3;
// A file that changes while it is brought is begun anew so often.
constexpr int kVersions = 2;
// A write that takes longer does not come any more.
constexpr std::chrono::seconds kWriting{3};

std::string text_of_bytes(std::uint64_t bytes) {
  return std::to_string(bytes) + " bytes";
}

}  // namespace

PrefetchJob::PrefetchJob(const Namespace& tree, cache::BlockCache& blocks, std::uint64_t room, Wish wish)
    : tree_(tree), blocks_(blocks), room_(room), wish_(std::move(wish)) {
  threads_.emplace_back([this] { search(); });
  for (unsigned i = 0; i < kFilesAtOnce; ++i) threads_.emplace_back([this] { work(); });
}

PrefetchJob::~PrefetchJob() {
  stop();
  for (std::thread& thread : threads_) thread.join();
}

void PrefetchJob::stop() {
  stop_.request_stop();
}

void PrefetchJob::search() {
  pthread_setname_np(pthread_self(), "prefetch find");
  TreeWalk walk(tree_,
                {[this](Place file) { found(std::move(file)); },
                 [this](const std::string& path, const Error& error) {
                   std::lock_guard lock(mutex_);
                   ++files_;
                   ++failed_;
                   news_.push_back({path, Outcome::State::failed, 0, 0, error});
                 }},
                stop_.get_token());
  for (const std::string& path : wish_.paths) walk.walk(path);
  std::lock_guard lock(mutex_);
  searching_ = false;
  wake_.notify_all();
}

void PrefetchJob::found(Place place) {
  const KnownSize known = known_size(place);
  std::lock_guard lock(mutex_);
  ++files_;
  total_ += known.size;
  guessed_ += known.exact ? 0 : 1;
  queue_.push_back({std::move(place), known.size, known.exact});
  wake_.notify_one();
}

void PrefetchJob::work() {
  pthread_setname_np(pthread_self(), "prefetch");
  for (;;) {
    std::optional<Found> file;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, stop_.get_token(), [this] { return !queue_.empty() || !searching_; });
      if (stop_.stop_requested() || queue_.empty()) return;
      file = std::move(queue_.front());
      queue_.pop_front();
      running_[file->place.path] = Running{std::nullopt, file->size, 0, file->exact};
    }
    finish(*file, bring(file->place));
  }
}

PrefetchJob::Outcome PrefetchJob::bring(const Place& place) {
  for (int version = 1;; ++version) {
    Result<Outcome> outcome = bring_once(place);
    if (outcome) return std::move(*outcome);
    const bool again = outcome.error().code() == Code::stale && version < kVersions && !stop_.stop_requested();
    if (!again) return {place.path, Outcome::State::failed, 0, 0, std::move(outcome).error()};
  }
}

Result<PrefetchJob::Outcome> PrefetchJob::bring_once(const Place& place) {
  FetchContext ctx;
  ctx.priority = Priority::prefetch;
  ctx.cause = "prefetch " + place.path;
  ctx.stop = stop_.get_token();
  vo::Sources& sources = place.archive->sources;
  // Opening brings the first bytes already.
  const cache::ContentId old = sources.content_id(*place.entry, known_size(place).version);
  const std::uint64_t old_bytes = old.version.empty() ? 0 : blocks_.cached_bytes(old);
  Result<std::shared_ptr<cache::ContentReader>> reader = sources.open(*place.entry, ctx, Namespace::renewal_of(place));
  if (!reader) return fail(std::move(reader).error());
  const cache::ContentId id = (*reader)->id();
  const std::uint64_t size = (*reader)->size();
  const std::uint64_t before = id == old ? old_bytes : 0;
  if (Result<void> room = make_room(size); !room) return fail(std::move(room).error());
  note_open(place.path, id, size, before);
  if (!blocks_.has_all(id, size)) {
    if (Result<std::uint64_t> all = blocks_.complete((*reader)->source(), ctx); !all)
      return fail(std::move(all).error());
  }
  const std::uint64_t after = settled(id, size);
  if (after < size)
    return fail(Code::no_space, "only " + text_of_bytes(after) + " of " + std::to_string(size) +
                                    " could be kept in the cache; is its disk full?");
  if (wish_.pin) blocks_.pin(id, true);
  return Outcome{place.path, before >= size ? Outcome::State::here : Outcome::State::fetched, size,
                 after - std::min(before, after), std::nullopt};
}

/// Bytes on disk, once those that came are written: readers have them a moment before the disk.
std::uint64_t PrefetchJob::settled(const cache::ContentId& id, std::uint64_t size) const {
  std::uint64_t bytes = blocks_.cached_bytes(id);
  auto changed = std::chrono::steady_clock::now();
  while (bytes < size && !stop_.stop_requested() && std::chrono::steady_clock::now() - changed < kWriting) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const std::uint64_t now = blocks_.cached_bytes(id);
    if (now != bytes) changed = std::chrono::steady_clock::now();
    bytes = now;
  }
  return bytes;
}

/// What a job has brought must not be evicted by what it brings next.
Result<void> PrefetchJob::make_room(std::uint64_t size) {
  if (size > room_)
    return fail(Code::too_large, "the file has " + text_of_bytes(size) + " and a prefetch may fill " +
                                     std::to_string(room_) + " of the cache; raise [cache] size in skymount.toml");
  std::lock_guard lock(mutex_);
  if (taken_ + size > room_)
    return fail(Code::no_space, "its " + text_of_bytes(size) + " do not fit beside the " + std::to_string(taken_) +
                                    " that this prefetch holds already (" + std::to_string(room_) +
                                    " at most); raise [cache] size in skymount.toml");
  taken_ += size;
  return {};
}

void PrefetchJob::note_open(const std::string& path, const cache::ContentId& id, std::uint64_t size,
                            std::uint64_t before) {
  std::lock_guard lock(mutex_);
  Running& running = running_[path];
  total_ = total_ - std::min(total_, running.size) + size;
  guessed_ -= running.exact ? 0 : 1;
  running = {id, size, before, true};
}

void PrefetchJob::finish(const Found& file, Outcome outcome) {
  std::lock_guard lock(mutex_);
  const auto it = running_.find(file.place.path);
  if (it != running_.end()) {
    if (outcome.state == Outcome::State::failed) total_ -= std::min(total_, it->second.size);
    guessed_ -= it->second.exact ? 0 : 1;
    running_.erase(it);
  }
  if (stop_.stop_requested() && outcome.state == Outcome::State::failed) return;  // nobody listens any more
  fetched_ += outcome.state == Outcome::State::fetched ? 1 : 0;
  here_ += outcome.state == Outcome::State::here ? 1 : 0;
  failed_ += outcome.state == Outcome::State::failed ? 1 : 0;
  done_bytes_ += outcome.size;
  fetched_bytes_ += outcome.fetched;
  news_.push_back(std::move(outcome));
}

PrefetchJob::Progress PrefetchJob::progress() {
  Progress out;
  std::map<std::string, Running> running;
  {
    std::lock_guard lock(mutex_);
    out.searching = searching_;
    out.over = !searching_ && queue_.empty() && running_.empty();
    out.files = files_;
    out.fetched = fetched_;
    out.here = here_;
    out.failed = failed_;
    out.bytes = done_bytes_;
    out.total_bytes = total_;
    out.fetched_bytes = fetched_bytes_;
    out.estimated = guessed_ > 0;
    out.news = std::exchange(news_, {});
    running = running_;
  }
  std::vector<cache::BlockCache::Running> transfers;
  for (const auto& [path, file] : running) {
    std::uint64_t here = 0;
    if (file.id) {
      here = std::min(blocks_.cached_bytes(*file.id), file.size);
      out.fetched_bytes += here - std::min(file.before, here);
    } else {  // not open yet: an answer without length comes whole before that
      if (transfers.empty()) transfers = blocks_.running();
      for (const auto& transfer : transfers)
        if (transfer.cause == "prefetch " + path) here = transfer.done;
      out.fetched_bytes += here;
    }
    out.bytes += here;
    out.running.push_back({path, here, file.size, file.exact});
  }
  return out;
}

}  // namespace skymount::fs
