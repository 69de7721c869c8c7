// SPDX-License-Identifier: MIT
#include "cache/janitor.h"

#include <pthread.h>

#include <algorithm>

namespace skymount::cache {
namespace {

// Cleaning begins before the limit is reached, so that new bytes find room meanwhile, and goes on until there is enough
// that it does not run again at once.
constexpr double kCleanAbove = 0.95, kCleanTo = 0.9;
// While nothing more can be evicted it looks again this often, because contents stop being used without a sign.
constexpr std::chrono::milliseconds kLookAgain{500};
// A file without a record may be one whose record is on its way; records that were lost are noticed so soon when no new
// bytes come. Nothing is lost by waiting but space.
constexpr std::chrono::seconds kSweepAgain{5}, kLookForLosses{60};
// It looks at each file of the cache, and the index of a full disk may lose something at each commit.
constexpr std::chrono::seconds kMendEvery{30};

std::uint64_t part_of(std::uint64_t bytes, double part) {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * part);
}

}  // namespace

Janitor::Janitor(std::shared_ptr<BlockStore> store, std::uint64_t max_bytes, Work work)
    : store_(std::move(store)),
      max_bytes_(max_bytes),
      clean_above_(part_of(max_bytes, kCleanAbove)),
      work_(std::move(work)) {
  thread_ = std::thread([this] { run(); });
}

Janitor::~Janitor() {
  stop();
}

void Janitor::stop() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Janitor::look() {
  if (store_->bytes() <= clean_above_ && !store_->refused() && !store_->index_lost_something()) return;
  std::lock_guard lock(mutex_);
  wanted_ = true;
  wake_.notify_one();
}

void Janitor::run() {
  pthread_setname_np(pthread_self(), "cache janitor");
  swept_ = store_->sweep();
  look();
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (!wake_.wait_for(lock, swept_ ? kLookForLosses : kSweepAgain, [&] { return wanted_ || closing_; })) {
      lock.unlock();
      if (!swept_) swept_ = store_->sweep();
      look();
      lock.lock();
      continue;
    }
    if (closing_) return;
    wanted_ = false;
    lock.unlock();
    mend();
    const bool done = clean();
    lock.lock();
    if (store_->bytes() <= clean_above_ && !store_->index_lost_something()) continue;
    wake_.wait_for(lock, kLookAgain, [&] { return closing_; });
    if (!done) wanted_ = true;
  }
}

void Janitor::mend() {
  const auto now = std::chrono::steady_clock::now();
  if (!store_->index_lost_something() || (mended_ && now - *mended_ < kMendEvery)) return;
  mended_ = now;
  work_.mend();
}

/// False when something was in the way that may not stay there: a content at work.
bool Janitor::clean() {
  const std::uint64_t refused = store_->take_refused();
  if (store_->bytes() <= clean_above_ && refused == 0) {
    store_->set_over_limit(false);
    return true;
  }
  struct Candidate {
    std::int64_t used_ms;
    std::string hex;
  };
  std::vector<Candidate> candidates;
  store_->each_file([&](const std::string& hex, const BlockStore::File& file) {
    if (!file.pinned) candidates.push_back({std::max(file.used_ms, work_.used_ms(hex)), hex});
    return true;
  });
  std::sort(candidates.begin(), candidates.end(), [](const auto& a, const auto& b) { return a.used_ms < b.used_ms; });
  // Large pieces find no room long before the limit is reached.
  const std::uint64_t target = part_of(max_bytes_, kCleanTo) - std::min(refused, max_bytes_ / 10);
  bool done = true;
  for (const Candidate& candidate : candidates) {
    const std::uint64_t bytes = store_->bytes();
    if (bytes <= target) break;
    if (!work_.evict(candidate.hex, bytes - target)) done = false;
  }
  // What is left is at work. New bytes then stay in memory, so that one huge file cannot fill the disk.
  store_->set_over_limit(store_->bytes() > max_bytes_);
  return done;
}

}  // namespace skymount::cache
